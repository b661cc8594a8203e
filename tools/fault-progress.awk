# What fault-run says, a line each -> one line that moves on a terminal, a few elsewhere.
BEGIN { FS = "\t"; begun = now() }
function now(   t) { "date +%s" | getline t; close("date +%s"); return t }
function left(   spent) {
    spent = now() - begun
    if (n < 20 || spent < 5) return ""
    spent = spent / n * (total - n)
    return spent < 90 ? sprintf(", %d s left", spent) : sprintf(", %d min left", spent / 60 + 0.5)
}
{
    n++
    if ($4 == 0 && $2 != "clean") unseen++
    text = sprintf("%s: %d of %d, %d unseen so far%s", title, n, total, unseen, left())
    if (terminal != "") { printf "\r\033[K%s", substr(text, 1, 78); fflush() }
    else if (n % 100 == 0 || n == total) { print text; fflush() }
}
END { if (terminal != "") printf "\r\033[K%s: %d, %d unseen\n", title, n, unseen }
