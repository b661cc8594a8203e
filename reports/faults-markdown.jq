# faults.json -> Markdown: survivors first.
def cell: gsub("\\|"; "\\|");
def few($n): if length > $n then .[:$n] + ["+\(length - $n)"] else . end;

"# Planted faults, and who sees them", "",
"\(.counts.faults) faults behind \(.broker): \(.counts.seen) seen, \(.counts.excused) excused with a reason, \(.counts.open) open.", "",
"| fault | kind | what is wrong | rules | state | seen by | also red |", "|---|---|---|---|---|---|---|",
(.faults[] | "| \(.name) | \(.kind) | \(.what | cell) | \(.rules | join(" ")) | \(.state)\(if .weakly then ", weakly" else "" end) | \(.by | few(6) | join(" ")) | \(.also | few(3) | join(" "))\(if .reason != "" then " \(.reason | cell)" else "" end) |"),
(select(.whole)
| "", "## Cases", "", "| case | faults | which |", "|---|---|---|",
  (.cases[] | "| \(.id) | \(.faults | length) | \(if .faults == [] then "*unproven*" else .faults | few(5) | join(" ") end) |"),
  "", "## MUST rules without a fault that was seen", "", (if .bare_rules == [] then "None." else .bare_rules[] | "- \(.)" end))
