# Text for a terminal 80 wide: what is too long goes on below its own column, and what goes on
# is joined with the line behind it if that stands in the same column.
function indent(s) { match(s, /^ */); return RLENGTH }
# Where text of this line stands that goes on: behind the option of "  --only PATTERN   these".
function column(s,   at) {
    at = indent(s)
    if (match(substr(s, at + 1), /[^ ]  +[^ ]/)) return at + RSTART + RLENGTH - 2
    return at
}
function blanks(n) { return sprintf("%" (n > 0 ? n : "") "s", "") }
function put(s,   at, col) {
    while (length(s) > WIDTH) {
        at = WIDTH + 1
        while (at > 0 && substr(s, at, 1) != " ") at--
        col = column(s)
        if (at <= col + 1) break # a word that fits nowhere
        if (first_col < 0) first_col = col
        print substr(s, 1, at - 1)
        s = blanks(first_col) substr(s, at + 1)
    }
    return s
}
BEGIN { WIDTH = 78; first_col = -1 }
{
    if (held != "" && length($0) && indent($0) == first_col && $0 !~ /^ *(--|[0-9] )/) {
        sub(/^ +/, "")
        held = put(held " " $0)
        next
    }
    if (held != "") print held
    held = ""
    first_col = -1
    held = put($0)
    if (first_col < 0) { print held; held = "" }
}
END { if (held != "") print held }
