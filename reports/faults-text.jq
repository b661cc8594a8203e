# faults.json -> what a person at a terminal reads.
def caption: {"survives": "survives", "other-reason": "seen, but by no case that cites its rules", "ended": "seen by a death or a hang alone",
    "not-run": "could not be run",
    "spread": "red beyond its chapters", "stale": "excused, and yet seen"}[.];
def few($n): if length > $n then .[:$n] + ["and \(length - $n) more"] else . end;

(.faults[] | select(.state | IN("seen", "excused") | not)
    | "\(.state | caption): \(.name)\n    \(.what)" + (if .rules != [] then "\n    rule \(.rules | join(" "))" else "" end)
    + (if .also != [] then "\n    red: \(.also | few(4) | join(" "))" else "" end)
    + (if .beyond != [] then "\n    beyond: \(.beyond | join(" "))" else "" end)),
"",
"\(.counts.faults) faults: \(.counts.seen) seen (\(.counts.weakly) by a missed SHOULD alone), \(.counts.excused) excused, \(.counts.open) open.",
(select(.whole) | "\(.cases | length) cases: \(.counts.unproven) of them saw none of these faults.",
    "MUST rules without a fault that was seen: \(.counts.bare_rules)")
