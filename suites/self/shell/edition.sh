# A case that changes what it judges does not keep its revision.
# shellcheck shell=sh
. suites/self/shell/lib.sh
needs suites

tree=$work/tree table=$work/tree/fixtures/spec/editions.tsv
mkdir -p "$tree/fixtures/spec"
cp -R tools suites "$tree/"
edition() {
    "$tree/tools/amqproof" edition "$@"
}
change() { # FILE SED-SCRIPT: in a fresh copy of the suites
    rm -r "$tree/suites"
    cp -R suites "$tree/"
    sed "$2" "suites/$1" >"$tree/suites/$1"
    ! cmp -s "suites/$1" "$tree/suites/$1" || echo "not ok - the change to $1 changes nothing"
}
red() { # NAME PATTERN: exit 1, and it says why
    status=0
    edition >"$work/said" 2>&1 || status=$?
    [ "$status" -eq 1 ] && grep -q -e "$2" "$work/said"
    result $? "$1" "$work/said"
}

all=$("$build/suites" --list | wc -l)
same "without a file every case is new" "$all cases: $all new, 0 with a new revision, 0 gone; tools/amqproof edition --write takes them in" "$(edition)"
succeeds "--write takes them in" edition --write
same "then nothing is new" "$all cases: 0 new, 0 with a new revision, 0 gone" "$(edition)"
same "the file has a line for each" "$all" "$(sed 1,2d "$table" | grep -c "$(printf '\t1\t\|\t[0-9]*\t')")"

change heartbeat.c 's|^{$|{ /* another   word */|'
succeeds "comments and blanks are no change" edition
change heartbeat.c '/^WIRE_CASE(silence,/,/^}/s|^}|    (void)0;\n}|'
red "another body is one" '^heartbeat/silence: the case is another, its revision is still 1$'
refuses_to_write() {
    ! edition --write >/dev/null && grep -q '^heartbeat/silence' "$table"
}
before=$(cksum <"$table")
succeeds "--write does not take it in" refuses_to_write
same "and leaves the file as it was" "$before" "$(cksum <"$table")"
change steps.c 's|^{$|{\n    (void)0;|'
red "another helper is one, in whatever file" 'a helper of it is another, its revision is still 1$'

cp suites/heartbeat.c "$tree/suites/" && cp suites/steps.c "$tree/suites/"
awk -F '\t' -v OFS='\t' '$1 == "heartbeat/silence" { $2 = 0; $3 = "otherwise" }
    $1 == "heartbeat/sent" { next } { print } END { print "heartbeat/forgotten", 1, 0, 0 }' "$table" >"$work/older"
cp "$work/older" "$table"
same "new cases, new revisions and cases that went" \
    "$all cases: 1 new, 1 with a new revision, 1 gone; tools/amqproof edition --write takes them in" "$(edition)"
awk -F '\t' -v OFS='\t' '$1 == "heartbeat/silence" { $2 = 7 } { print }' "$work/older" >"$table"
red "a revision does not fall" '^heartbeat/silence: its revision fell from 7 to 1$'
rm "$tree/suites/heartbeat.c"
refuses "a case without a source" 4 'no source for heartbeat/' edition
refuses "what it does not know" 2 'takes --write or nothing' edition --force
finish
