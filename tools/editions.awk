# Hashes of what each case says: awk -f tools/editions.awk suites/*.h suites/*.c
# -> id TAB hash of its body TAB hash of the helpers that it reaches, by name, directly or not
#
# Blanks and comments do not count. Helpers are looked for in the case's own file, then in files
# that hold no case. A hash here guards against oversight, not against malice.

function ordinals(   i) {
    for (i = 1; i < 256; i++) ord[sprintf("%c", i)] = i
}

# Two polynomial hashes below 2^31, exact in the doubles awk counts with; left in a and b, too.
function hash(s,   i, n) {
    gsub(/ |""/, "", s) # how it is laid out, and where a text is broken
    a = 7; b = 11
    n = length(s)
    for (i = 1; i <= n; i++) {
        a = (a * 257 + ord[substr(s, i, 1)]) % 2147483647
        b = (b * 263 + ord[substr(s, i, 1)]) % 2147483629
    }
    return sprintf("%08x%08x", a, b)
}

function depth_of(line,   copy) {
    gsub(/"([^"\\]|\\.)*"/, "", line)
    gsub(/'([^'\\]|\\.)+'/, "", line)
    copy = line
    return gsub(/[{(]/, "", copy) - gsub(/[})]/, "", line)
}

function define(name) {
    if (name != "") defined[file, name] = defined[file, name] " " items
}

# The names that an item gives to the rest of its file.
function name_item(text,   head, inside, n, words, i) {
    if (text ~ /^#define /) {
        sub(/^#define /, "", text)
        sub(/[^A-Za-z0-9_].*/, "", text)
        define(text)
        return
    }
    if (text ~ /^enum/) {
        inside = text
        gsub(/=[^,}]*/, "", inside)
        n = split(inside, words, /[^A-Za-z0-9_]+/)
        for (i = 1; i <= n; i++) if (words[i] != "enum") define(words[i])
        return
    }
    head = text
    sub(/[({=;].*/, "", head)
    gsub(/\[[^]]*\]/, "", head)
    sub(/ +$/, "", head)
    sub(/.*[^A-Za-z0-9_]/, "", head)
    define(head)
}

function add_case(id) {
    cases[++n_cases] = id
    body_of[id] = body
    file_of[id] = file
    has_cases[file] = 1
}

function end_item(   kind, name, client) {
    items++
    if (match(item, /^(CLIENT_)?(WIRE_CASE|CASE|ACROSS_RESTART|ON_REPLICAS)\( ?[a-z0-9_A-Z]+/)) {
        kind = substr(item, 1, RLENGTH)
        name = kind
        sub(/.*\( ?/, "", name)
        client = kind ~ /^CLIENT/ ? "/client" : ""
        if (kind ~ /ACROSS/) {
            add_case(chapter "/" name "_graceful" client)
            add_case(chapter "/" name "_kill" client)
        } else if (kind ~ /REPLICAS/) {
            add_case(chapter "/" name "_quorum")
            add_case(chapter "/" name "_mirrored")
        } else
            add_case(chapter "/" name client)
        return
    }
    text_of[items] = item
    home_of[items] = file
    name_item(item)
}

function line_of_item(line) {
    gsub(/[ \t]+/, " ", line)
    sub(/^ /, "", line)
    sub(/ $/, "", line)
    if (line == "") return
    depth += depth_of(line)
    if (line == "{" && depth == 1) body = ""
    item = item (item == "" ? "" : " ") line
    body = body " " line
    if (item ~ /^#/ ? line !~ /\\$/ : depth == 0 && line ~ /[;}]$/) {
        end_item()
        item = body = ""
        depth = 0
    }
}

function without_comments(line,   at) {
    if (in_comment) {
        at = index(line, "*/")
        if (!at) return ""
        in_comment = 0
        line = substr(line, at + 2)
    }
    gsub(/\/\*([^*]|\*[^\/])*\*\//, " ", line)
    at = index(line, "/*")
    if (at) {
        in_comment = 1
        line = substr(line, 1, at - 1)
    }
    return line
}

BEGIN { ordinals() }
FNR == 1 { file = FILENAME; item = body = chapter = ""; depth = in_comment = 0; files[++n_files] = file }
/^#define CHAPTER / { chapter = $3; gsub(/"/, "", chapter) }
/^#(include|undef|if|endif|else)/ || /^ *\/\// { next }
{ line_of_item(without_comments($0)) }

# Walks from a text to every helper it names; adds their hashes, in any order the same sum.
function reach(text, home,   n, words, i, k, m, list) {
    n = split(text, words, /[^A-Za-z0-9_]+/)
    for (i = 1; i <= n; i++) {
        list = defined[home, words[i]]
        for (k = 1; list == "" && k <= n_shared; k++) list = defined[shared[k], words[i]]
        m = split(list, numbers, " ")
        while (m > 0) {
            waiting[++n_waiting] = numbers[m]
            m--
        }
    }
}

function helpers_of(id,   number, first, second) {
    n_waiting = 0
    split("", seen)
    reach(body_of[id], file_of[id])
    first = second = 0
    while (n_waiting > 0) {
        number = waiting[n_waiting--]
        if (number in seen) continue
        seen[number] = 1
        if (!(number in first_of)) {
            hash(text_of[number])
            first_of[number] = a
            second_of[number] = b
        }
        first = (first + first_of[number]) % 2147483647
        second = (second + second_of[number]) % 2147483647
        reach(text_of[number], home_of[number])
    }
    return sprintf("%08x%08x", first, second)
}

END {
    for (i = 1; i <= n_files; i++) if (!(files[i] in has_cases)) shared[++n_shared] = files[i]
    for (i = 1; i <= n_cases; i++)
        printf "%s\t%s\t%s\n", cases[i], hash(body_of[cases[i]]), helpers_of(cases[i])
}
