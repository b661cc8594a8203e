# Planted faults: what the matrix says of every way in which a fault can be seen, and the command.
# shellcheck shell=sh disable=SC2016 # texts of jq
. suites/self/shell/lib.sh

needs suites faultproxy refbroker refbroker-faulty
faults() { tools/amqproof faults "$@"; }
tab=$(printf '\t')

# ---- the judgement, over made-up results

cases='[{"id": "a/cites", "chapter": "a", "rules": ["r.one"]}, {"id": "b/cites", "chapter": "b", "rules": ["r.one"]},
    {"id": "b/other", "chapter": "b", "rules": ["r.two"]}]'
printf 'id\tclass\tsection\tactor\tlevel\ttestable\nr.one\t-\t-\t-\tMUST\twire\nr.two\t-\t-\t-\tMUST NOT\tcapture\nr.three\t-\t-\t-\tMUST\tuntestable\nr.four\t-\t-\t-\tSHOULD\twire\n' >"$work/rules"

judged() { # FAULT RED [REASONS]: its state; RED: "id verdict", by commas
    printf '%s' "$cases" >"$work/cases"
    jq -n --argjson f "$1" '[{name: "f", kind: "proxy", file: "", rules: ["r.one"], real: [], reds: [], tries: [], ends: false, what: "w"} + $f]' >"$work/catalogue"
    jq -n --arg red "$2" '[{name: "f", kind: "proxy", ran: ["a/cites", "b/cites", "b/other"],
        red: ($red | split(",") | map(select(. != "") | split(" ") | {id: .[0], verdict: .[1], fingerprint: ""}))}]' >"$work/results"
    printf '%s' "${3:-}" >"$work/reasons"
    jq -n -L reports --arg whole y --arg broker x --slurpfile faults "$work/catalogue" --slurpfile cases "$work/cases" \
        --slurpfile results "$work/results" --rawfile reasons "$work/reasons" --rawfile rules "$work/rules" -f reports/faults.jq >"$work/faults.json"
    jq -r '.faults[0].state' "$work/faults.json"
}

same "seen by a case that cites its rule" seen "$(judged '{}' 'a/cites fail')"
same "what it says of the cases" "a/cites b/cites,b/other r.two" \
    "$(jq -r '"\(.faults[0].by | join(",")) \(.unproven | join(",")) \(.bare_rules | join(","))"' "$work/faults.json")"
same "a missed SHOULD is seeing, too" seen "$(judged '{}' 'a/cites weak')"
same "red, but not where its rule is judged" other-reason "$(judged '{}' 'b/other fail')"
same "and no case is proven to cite it" r.one,r.two "$(jq -r '.bare_rules | join(",")' "$work/faults.json")"
same "a fault without rules is seen by any case" seen "$(judged '{"rules": []}' 'b/other fail')"
same "so is one made from the tables" seen "$(judged '{"kind": "table"}' 'b/other fail')"
same "a death proves little" ended "$(judged '{}' 'a/cites died')"
same "a hang neither" ended "$(judged '{}' 'a/cites hung,b/other not-reached')"
same "our own fault not at all" ended "$(judged '{}' 'a/cites harness-fault')"
same "unless the fault is one" seen "$(judged '{"ends": true}' 'a/cites died')"
same "nobody" survives "$(judged '{}' '')"
same "nobody, for a reason" excused "$(judged '{}' '' "f${tab}the text allows it")"
same "a reason for what is seen is stale" stale "$(judged '{}' 'a/cites fail' "f${tab}the text allows it")"
same "a reason for another fault is none" survives "$(judged '{}' '' "g${tab}the text allows it")"
same "red in its chapters" seen "$(judged '{"reds": ["a", "b"]}' 'a/cites fail,b/other fail')"
same "red beyond them" spread "$(judged '{"reds": ["a"]}' 'a/cites fail,b/other fail')"
same "complete only if every case is proven" "false false" \
    "$(judged '{}' 'a/cites fail,b/cites fail' >"$work/state" && jq -r .complete "$work/faults.json") $(judged '{"rules": ["r.one", "r.two"]}' 'a/cites fail,b/cites fail' >"$work/state" && jq -r .complete "$work/faults.json")"
same "and every MUST has its fault" true "$(judged '{"rules": ["r.one", "r.two"]}' 'a/cites fail,b/cites fail,b/other fail' >"$work/state" && jq -r .complete "$work/faults.json")"
for report in markdown html text; do
    succeeds "as $report" jq -r -f "reports/faults-$report.jq" "$work/faults.json"
done

# ---- the tables beside the faults

{
    "$build/refbroker-faulty" --faults | cut -f1
    awk '$1 == "fault" { print $2 }' fixtures/faults/*.faults
    tools/table-faults | awk '$1 == "fault" { print $2 }'
    grep -v '^#' fixtures/faults/store.tsv | cut -f1
} >"$work/names"
same "no two faults have one name" "" "$(sort "$work/names" | uniq -d)"
rows() { grep -v '^#' "$1"; }
same "each fault of a real broker is accounted for, once" "" \
    "$({ sed 1d fixtures/spec/real-faults.tsv | cut -f1; rows fixtures/faults/real.tsv | cut -f1; } | sort | uniq -c | awk '$1 != 2')"
same "by a fault that there is" "" \
    "$(rows fixtures/faults/real.tsv | cut -f2 | grep -vx -e - | sort -u | grep -vxF -f "$work/names")"
same "or by a reason" "" "$(rows fixtures/faults/real.tsv | awk -F '\t' '$2 == "-" && $3 == ""')"
same "a reason that is a gate, if it can be seen in 5 s" "" "$(rows fixtures/faults/real.tsv | awk -F '\t' '
    NR == FNR { soon[$1] = $12 == "y"; next } $2 == "-" && soon[$1] && $3 !~ /^(extension|version) gate: /' fixtures/spec/real-faults.tsv -)"
same "what survives for a reason is a fault that there is" "" \
    "$(rows fixtures/faults/survivors.tsv | cut -f1 | sort | grep -vxF -f "$work/names")"

# ---- the command

refuses "faults that nothing selects" 2 "selects no fault" faults --only no-such-fault --out "$work/out"
refuses "a file that is not there" 2 "no such file" faults --file "$work/none" --out "$work/out"
printf 'fault a\n  on S basic.deliver explode\n' >"$work/bad.faults"
fails "a file with a bad line" faults --file "$work/bad.faults" --out "$work/out"
same "says where" 1 "$(grep -c "bad.faults:2: " "$work/said")"
printf 'fault a\n  rule no.such.rule\n  on S basic.deliver drop\n' >"$work/bad.faults"
refuses "a rule nobody knows" 2 "a: no such rule: no.such.rule" faults --file "$work/bad.faults" --out "$work/out"
refuses "no number of jobs" 2 "--jobs takes" faults --jobs none --out "$work/out"
refuses "a broker nobody knows" 2 "no broker 'none'" faults --broker none --out "$work/out"

cat >"$work/mine.faults" <<END
fault acks-lost
  what  acks never arrive
  rule  basic.ack.multiple.doc-upto
  on    C basic.ack  drop
fault harmless
  what  heartbeats twice
  rule  basic.ack.multiple.doc-zero
  try   ack/multiple_zero
  on    S heartbeat  duplicate
END
status=0
faults --file "$work/mine.faults" --only acks-lost --out "$work/out" >"$work/said" 2>&1 || status=$?
result "$status" "a file of faults, one that is seen" "$work/said"
same "for its reason" "seen true" \
    "$(jq -r '.faults[] | "\(.state) \(.by | index("ack/multiple") != null)"' "$work/out/faults.json")"
stamp=$(stat -c %Y.%i "$work/out/runs/acks-lost.1.json")
faults --file "$work/mine.faults" --only acks-lost --out "$work/out" >"$work/said" 2>&1
same "what was run is not run again" "$stamp" "$(stat -c %Y.%i "$work/out/runs/acks-lost.1.json")"
succeeds "a fault of the broker's state" faults --only ack_all --out "$work/out"
finish
