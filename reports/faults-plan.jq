# Which cases are run against which fault: lines for tools/fault-run.
#   1: those that cite its rules, and those it asks for; all, if there are none or with --full
#   2: of a fault that nobody saw for its reason, all others
#   3: cases that saw nothing yet, against the faults whose chapters they belong to
include "faults-common";

$faults[0] as $faults | $cases[0] as $cases | $results[0] as $results
| ($cases | map({(.id): .}) | add) as $by_id
| ($results | map(select(.kind != "clean")) | group_by(.name) | map({(.[0].name): {ran: (map(.ran) | add), red: (map(.red) | add)}}) | add // {}) as $seen
| def citing($f): $cases | map(select(any(.rules[]; . as $r | $f.rules | index($r))) | .id);
  def tried($f): $cases | map(. as $c | select(any($f.tries[]; selects($c))) | .id);
  def seen($f): any(($seen[$f.name].red // [])[]; . as $red | $by_id[$red.id] as $c | $red | for_its_reason($f; $c));
  def line($f; $ids): [$f.kind, $f.name, $f.file, ($ids | join(" ")), $f.on] | join("\t");
  if $phase == "1" then
    $faults[] | . as $f | (if $f.kind == "table" and $f.tries != [] then tried($f) else citing($f) + tried($f) | unique end) as $ids
    | line($f; if $full != "" then [] else $ids end)
  elif $phase == "2" then
    $faults[] | . as $f | select(seen($f) | not) | (($seen[$f.name].ran // []) | map({(.): 1}) | add // {}) as $ran
    | ($cases | map(.id | select($ran[.] == null))) as $rest | select($rest != []) | line($f; $rest)
  else
    ([$seen[].red[] | select(is_assertion) | .id] | map({(.): 1}) | add // {}) as $proven
    | ($cases | map(select($proven[.id] == null))) as $unproven
    | $faults[] | . as $f | select($f.kind != "table")
    | ((citing($f) + [($seen[$f.name].red // [])[] | .id]) | map($by_id[.].chapter) | unique) as $near
    | (($seen[$f.name].ran // []) | map({(.): 1}) | add // {}) as $ran
    | ($unproven | map(select(.chapter as $c | $near | index($c)) | .id | select($ran[.] == null))) as $ids
    | select($ids != []) | line($f; $ids)
  end
