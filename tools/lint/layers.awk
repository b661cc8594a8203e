# layers.txt, then C files: names each include that no line of layers.txt allows.
FNR == NR {
    sub(/#.*/, "")
    if ($1 ~ /^</) {
        for (i = 2; i <= NF; i++)
            homes[$1] = homes[$1] " " $i
    } else if (NF) {
        known[$1] = 1
        for (i = 2; i <= NF; i++)
            may[$1, $i] = 1
    }
    next
}

function folder(path) {
    return sub(/\/[^\/]*$/, "", path) ? path : "."
}

function at_home(header, n, list, i) {
    n = split(homes[header], list, " ")
    for (i = 1; i <= n; i++)
        if (index(FILENAME, list[i]) == 1)
            return 1
    return 0
}

function complain(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    bad = 1
}

FNR == 1 && !(folder(FILENAME) in known) {
    complain("the folder " folder(FILENAME) " is not in layers.txt")
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    match($0, /<[^>]*>/)
    header = substr($0, RSTART, RLENGTH)
    if ((header in homes) && !at_home(header))
        complain(header " belongs to" homes[header])
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    from = folder(FILENAME)
    to = part[2] ~ /\// ? folder(part[2]) : from
    if (to != from && !((from, to) in may))
        complain(from " may not include " part[2])
}

END { exit bad }
