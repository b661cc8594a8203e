# Faults made from the protocol tables: all there, the same each time, and good for the proxy.
# shellcheck shell=sh disable=SC2016 # texts of awk
. suites/self/shell/lib.sh

needs faultproxy

tables="fixtures/spec/amqp091.def fixtures/spec/rabbitmq.def fixtures/spec/extra.def"
file=$work/table.faults
tools/table-faults >"$file"

succeeds "what is made is a fault file" "$build/faultproxy" --check "$file"
same "the proxy lists as many as were made" "$(grep -c '^fault ' "$file")" "$("$build/faultproxy" --list "$file" | wc -l)"
tools/table-faults >"$work/again"
succeeds "made twice it is the same" cmp "$file" "$work/again"
same "sorted by name" "$(grep '^fault ' "$file" | LC_ALL=C sort)" "$(grep '^fault ' "$file")"
same "no name twice" "" "$(grep '^fault ' "$file" | uniq -d)"

# ---- against the tables

# shellcheck disable=SC2086 # a list of files
methods() { # S2C|C2S: methods of this direction, spelled as in names of faults
    sed -n 's/^METHOD(\([a-z_]*\),.* \(BOTH\|'"$1"'\),.*/\1/p' $tables | tr _ - | LC_ALL=C sort
}
named() { sed -n "s/^fault table-\(.*\)-$1\$/\1/p" "$file" | LC_ALL=C sort; }
methods S2C >"$work/sent"
methods C2S >"$work/heard"

# No case makes a broker send or hear these.
printf '%s\n' basic-nack channel-flow connection-blocked connection-unblocked connection-update-secret-ok >"$work/never-sent"
printf '%s\n' basic-cancel-ok channel-flow-ok connection-update-secret >"$work/never-heard"
same "each method that a broker sends is doubled" "$(LC_ALL=C comm -23 "$work/sent" "$work/never-sent")" "$(named duplicated)"
same "and comes late, unless it is the last that is said" "$(named duplicated | grep -vx connection-close-ok)" "$(named delayed)"
same "each method that it hears is ignored" "$(LC_ALL=C comm -23 "$work/heard" "$work/never-heard")" "$(named ignored)"
same "what is answered for nothing is also done without an answer" "$(named answered)" "$(named unanswered)"

# A method that is sent is lost: under its own name, or as the only answer under that of the request.
lost() { awk '$1 == "on" && $2 == "S" && $NF == "drop" { sub(/[.]/, "-", $3); print $3 }' "$file" | LC_ALL=C sort -u; }
same "each method that it sends is lost" "$(named duplicated)" "$(lost)"

# shellcheck disable=SC2086
fields() { # of what is sent, as METHOD-FIELD
    sed -n 's/^ *FIELD(\([a-z_]*\), [a-z]*, \([a-z_0-9]*\),.*/\1 \2/p' $tables | tr _ - |
        awk 'NR == FNR { sent[$1] = 1; next } $1 in sent { print $1 "-" $2 }' "$work/fields-of" - | LC_ALL=C sort
}
named duplicated >"$work/fields-of"
mutated() {
    sed -n 's/^fault table-\(.*\)-\(empty\|other\|one-more\|zero\|maximum\|flipped\|never\|always\)$/\1/p' "$file" |
        LC_ALL=C sort -u
}
same "each field that it sends is wrong in some way" "$(fields)" "$(mutated)"
same "every fault says what, where to look, and how" "" "$(awk 'BEGIN { RS = ""; FS = "\n" }
    NR > 1 && (!/\n  what  [^\n]+\n/ || !/\n  try   [^\n]+\n/ || !/\n  on    [SC] [^\n]+/) { print $1 }' "$file")"
cut -f1 fixtures/spec/rules.tsv fixtures/spec/extensions.tsv | LC_ALL=C sort >"$work/rules"
same "the rules exist" "" "$(awk '$1 == "rule" { for (i = 2; i <= NF; i++) print $i }' "$file" | LC_ALL=C sort -u |
    LC_ALL=C comm -23 - "$work/rules")"

finish
