# run.json -> a first ledger:
#   jq -rn -L reports --slurpfile run RUN.JSON --rawfile known LEDGER -f reports/ledger.jq
#
# What a person has said already stays, unless this run shows it to be stale. What nobody has
# explained yet has '?' for its reason and source, and a runner takes no such line.
include "common";

# A fingerprint is matched as it is or as a pattern: what a cell cannot hold becomes any text.
def fingerprint: gsub("[\t\r\n]+"; "*") | if . == "" then "*" else . end;
def is_deviation: (.verdict == "fail" or .verdict == "weak") and (.red or .ledger == "matched");
# In some of its runs at least: a case stands here once, as the worst of its repeats.
def is_good: [.verdicts // {} | keys[] | select(. == "pass" or . == "info")] | length > 0;
def is_never_excused: .red and (.verdict | . == "died" or . == "hung" or . == "not-reached" or . == "harness-fault");

$run[0] as $r
| ($known | split("\n") | map(select(. != "" and (startswith("#") | not)) | split("\t")
    | {id: .[0], fingerprint: .[1], reason: .[2], source: .[3], intermittent: ((.[4] // "") | startswith("intermittent")), often: .[4]})) as $lines
| [$r.cases[] | {id, bad: [select(is_deviation)], good: is_good}] as $cases
| [$lines[] | . as $line | ([$cases[] | select(.id == $line.id)][0] // {bad: [], good: false}) as $c
    | select(
        ($c.bad == [] and ($c.good | not)) # not judged in this run
        or ($line.intermittent and $c.bad == [])
        or any($c.bad[]; .ledger == "matched" and .ledger_reason == $line.reason and .ledger_source == $line.source))
  ] as $kept
| [$cases[] | . as $c | [.bad[] | select(.ledger != "matched") | .fingerprint | fingerprint] | unique[]
    | {id: $c.id, fingerprint: ., reason: "?", source: "?", intermittent: $c.good}
  ] as $fresh
| "# case\tfingerprint\treason\tsource\t[intermittent]",
  "# Known deviations of \($r | broker_name). A line is a promise: the case runs, and must end exactly so.",
  (select($fresh != []) | "# Say why, and who says so, for each '?': a runner takes no such line."),
  ($kept + $fresh | sort_by(.id, .reason == "?")[]
    | [.id, .fingerprint, .reason, .source] + (if .intermittent then [.often // "intermittent"] else [] end) | join("\t")),
  ([$r.cases[] | select(is_never_excused)] | unique_by(.id)[] | "# never excused: \(.id) (\(.verdict))")
