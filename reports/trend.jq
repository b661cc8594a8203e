# Many runs, each as trend-run.jq leaves it -> one object; jq -n -L reports --slurpfile runs FILE --argjson last N -f trend.jq
include "common";

def bad: .state == "red" or .state == "excused";
def judged: .state != "skipped" and .state != "absent";

# Of the runs of one broker: what became of a case, in their order.
def history($id): [.[] as $run | ($run.by_id[$id] // {state: "absent"})
    | . + {run: $run.name, link: (if $run.link == "" then "" else "\($run.link)#\($id)" end), version: $run.version}];

# Where good and bad took turns although neither the case nor the broker is another.
def turns: [.[] | select(judged)] as $h
    | [range(1; $h | length) as $i | select(($h[$i] | bad) != ($h[$i - 1] | bad)
        and $h[$i].revision == $h[$i - 1].revision and $h[$i].version == $h[$i - 1].version)] | length;

def mark: if .state == "absent" then " " elif .state == "skipped" then "-" elif .unstable then "~"
    elif .state == "red" then "F" elif .state == "excused" then "x" else "." end;

def story($id): history($id) as $h
    | [$h[] | select(judged)] as $j
    | ($j | length) as $n
    | ([range($n) | select($j[.] | bad | not)] | max) as $good
    | {id: $id, title: ([$h[] | select(.title) | .title] | last), marks: ($h | map(mark) | join("")), links: [$h[] | .link // ""],
       runs: $n, bad: ([$j[] | select(bad)] | length), turns: ($h | turns), unstable: ([$h[] | select(.unstable)] | length),
       now: ($j | last)}
    | .flaky = (.turns > 1 or .unstable > 0)
    | .is = (if .now == null then "unjudged" elif .now | bad then "broken" elif .bad > 0 then "mended" else "good" end)
    | .red = (.now != null and .now.state == "red")
    | if .is == "broken" then .since = $j[if $good == null then 0 else $good + 1 end].run
        | .good = (if $good == null then "" else $j[$good].run end) else . end
    | if .is == "mended" then .since = $j[([range($n) | select($j[.] | bad)] | max) + 1].run else . end;

def run_row: {name, link, started, ms, version, part, cut, edition,
    cases: (.cases | length), red: ([.cases[] | select(.state == "red")] | length),
    excused: ([.cases[] | select(.state == "excused")] | length), judged: ([.cases[] | select(judged)] | length)}
  | .rate = (if .judged == 0 then null else (.judged - .red) / .judged end)
  | .whole = ((.part or .cut) | not);

def flicker: [.stories[] | select(.flaky)] | sort_by(-.turns, .id);

[$runs | sort_by(.product, .started) | group_by(.product)[]
 | sort_by(.started, .name) | (if $last > 0 then .[-$last:] else . end)
 | map(.by_id = (.cases | map({key: .id, value: .}) | from_entries)) as $all
 | {name: $all[-1].broker, product: $all[0].product, runs: ($all | map(run_row)),
    stories: [([$all[].cases[].id] | unique)[] as $id | $all | story($id)]}
 | .flaky = flicker
 | .broken = ([.stories[] | select(.is == "broken" and .red)] | sort_by(.id))
 | .excused = ([.stories[] | select(.is == "broken" and (.red | not))] | sort_by(.id))
 | .mended = ([.stories[] | select(.is == "mended" and (.flaky | not))] | sort_by(.id))
 | .good = ([.stories[] | select(.is == "good")] | length)
 | .cases = (.stories | length) | del(.stories)] as $brokers
| {brokers: $brokers, runs: ([$brokers[].runs | length] | add // 0)}
| .exit = (if any(.brokers[]; .broken != []) then 1 elif any(.brokers[]; .flaky != []) then 5 else 0 end)
