# Results of all phases -> faults.json: the matrix fault x case, survivors, what is unproven.
include "faults-common";

$faults[0] as $faults | $cases[0] as $cases | $results[0] as $results
| ($cases | map({(.id): .}) | add) as $by_id
| ($reasons | split("\n") | map(select(. != "" and (startswith("#") | not)) | split("\t") | {(.[0]): .[1]}) | add // {}) as $reasons
| ($results | map(select(.kind == "clean") | .red[].id) | map({(.): 1}) | add // {}) as $red_anyway
| ($results | map(select(.kind != "clean")) | group_by(.name)
    | map({(.[0].name): {ran: (map(.ran) | add | unique), red: (map(.red) | add | unique_by(.id) | map(select($red_anyway[.id] == null)))}}) | add // {}) as $seen
| [$faults[] | . as $f | ($seen[.name] // {ran: [], red: []}) as $s
    | [$s.red[] | . as $red | select($by_id[$red.id] as $c | $red | for_its_reason($f; $c)) | .id] as $by
    | [$s.red[] | select(is_assertion) | .id] as $reds
    | [$reds[] | $by_id[.].chapter | select(. as $c | $f.reds != [] and ($f.reds | index($c) | not))] as $beyond
    | {name, kind, what, rules, real, ran: ($s.ran | length), by: $by, also: ($reds - $by),
       ended: [$s.red[] | select(is_assertion | not) | .id], beyond: ($beyond | unique), reason: ($reasons[.name] // "")}
    | .weakly = ($by != [] and all($s.red[] | select(.id as $id | $by | index($id)); .verdict == "weak"))
    | .state = if $by != [] and $beyond != [] then "spread"
        elif $by != [] and .reason != "" and $f.kind != "table" then "stale"
        elif $by != [] then "seen"
        elif .reason != "" then "excused"
        elif any($results[]; .name == $f.name and .error) then "not-run"
        elif $reds != [] then "other-reason"
        elif .ended != [] then "ended"
        else "survives" end] as $all
| ([$all[] | . as $f | (.by + .also)[] | {id: ., name: $f.name}] | group_by(.id) | map({(.[0].id): map(.name)}) | add // {}) as $of_case
| ([$all[] | select(.by != []) | .rules[] | {(.): 1}] | add // {}) as $struck
| [$rules | split("\n")[1:][] | select(. != "" and (startswith("#") | not)) | split("\t")
    | select(.[5] != "none" and .[5] != "no" and (.[5] | test("^(wire|capture|lifecycle)$")) and (.[4] | test("^MUST")))
    | .[0] | select($struck[.] == null)] as $bare
| [$cases[] | {id, chapter, rules, faults: ($of_case[.id] // [])}] as $case_rows
| [$case_rows[] | select(.faults == []) | .id] as $unproven
| {schema: 1, broker: $broker, whole: ($whole == "y"), made: (now | todate),
   counts: {faults: ($all | length), seen: ($all | map(select(.state == "seen")) | length),
            weakly: ($all | map(select(.weakly)) | length),
            excused: ($all | map(select(.state == "excused")) | length),
            open: ($all | map(select(.state | IN("seen", "excused") | not)) | length),
            unproven: ($unproven | length), bare_rules: ($bare | length)},
   faults: ($all | sort_by(({"survives": 0, "not-run": 0, "other-reason": 1, "ended": 2, "spread": 3, "stale": 4, "excused": 5, "seen": 6}[.state]), .kind, .name)),
   cases: ($case_rows | sort_by((.faults | length), .id)), unproven: $unproven, bare_rules: $bare}
| .complete = (.counts.open == 0 and ((.whole | not) or (.counts.unproven == 0 and .counts.bare_rules == 0)))
