# A verb's manual (its leading comment) as a man page: awk -v page=amqproof-run -v command="amqproof run" -v
# date=… -v version=… -f man.awk. The first line is "name ARGUMENTS: what it does."; a line that stands deeper and has
# a gap of two blanks is a term and what is said of it, and goes on below its second column.
function indent(s) { match(s, /^ */); return RLENGTH }
function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    sub(/^[.']/, "\\\\\\&&", s)
    return s
}
function bold_options(s,   out, word) { # each --option and `command` of the text
    out = ""
    while (match(s, /(`[^`]+`|'[a-z][^']*'|--[a-z][a-z-]*)/)) {
        word = substr(s, RSTART, RLENGTH)
        out = out roff(substr(s, 1, RSTART - 1))
        gsub(/[`']/, "", word)
        out = out "\\fB" roff(word) "\\fR"
        s = substr(s, RSTART + RLENGTH)
    }
    s = out roff(s)
    sub(/^[.']/, "\\\\\\&&", s)
    return s
}
# Terms end where two blanks are; without them all of the line is a term.
function gap(s) { return match(s, /[^ ]  +[^ ]/) ? RSTART + RLENGTH - 1 : 0 }
function say(s) { if (s != "") print bold_options(s) }
function section(name) { if (at != name) { print ".SH " name; at = name; body = 0 } }
BEGIN { body = 0 }
NR == 1 {
    line = $0
    sub(/^[a-z-]+/, command, line)
    what = substr(line, index(line, ": ") + 2)
    sub(/[.]$/, "", what)
    synopsis = substr(line, 1, index(line, ": ") - 1)
    printf ".TH %s 1 \"%s\" \"amqproof %s\" \"amqproof\"\n", toupper(page), date, version
    print ".SH NAME\n" roff(page) " \\- " roff(what)
    print ".SH SYNOPSIS"
    rest = substr(synopsis, length(command) + 1)
    print "\\fB" roff(command) "\\fR" roff(rest)
    section("DESCRIPTION")
    next
}
/^ *$/ { if (body) print ".PP"; column = 0; next }
/^Exit: / || / Exit: 0/ && !/^ / {
    if (/^Exit: /) sub(/^Exit: /, "")
    else { before = $0; sub(/ Exit: .*/, "", before); say(before); sub(/^.* Exit: /, "") }
    section("EXIT STATUS")
    exiting = 1
    say($0)
    next
}
indent($0) >= 2 && column && indent($0) >= column - 1 { sub(/^ +/, ""); say($0); body = 1; next }
indent($0) >= 2 {
    term = $0
    column = gap(term)
    sub(/^ +/, "", term)
    if (column) {
        text = substr($0, column)
        term = substr($0, 1, column - 1)
        gsub(/^ +| +$/, "", term)
        print ".TP\n\\fB" roff(term) "\\fR"
        say(text)
    } else print ".RS\n.nf\n" roff(term) "\n.fi\n.RE"
    body = 1
    next
}
{
    # A line of a few words before terms is their heading.
    if (column) print ".PP"
    column = 0
    say($0)
    body = 1
}
END {
    if (page != "amqproof") { print ".SH SEE ALSO"; print ".BR amqproof (1)" }
}
