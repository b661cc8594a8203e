# Several runs side by side -> one object; jq -n -L reports --slurpfile runs FILES --argjson reports [LINK or ""]
#   --arg by cases|rules --arg only differences|all --rawfile base rules.tsv --rawfile extensions … -f matrix.jq
#
# A row is a case, or a rule with the worst of its cases. It differs where somebody's verdict, or what was
# seen, is another; who has no such case differs, too.
include "common";
include "rulebook";
include "compare-common";

# Two runs of the same broker have to be told apart.
def column_names: [.[] | broker_name] as $names
    | [range(length) as $i | $names[$i]
       + if ([$names[] | select(. == $names[$i])] | length) == 1 then ""
         else " (\([$names[:$i + 1][] | select(. == $names[$i])] | length))" end];

def tone: standing as $s | if $s == "red" then "red" elif $s == "skipped" then "none"
    elif .verdict == "pass" then "pass" else "note" end;
def link($report): if $report == "" then "" else "\($report)#\(.id)" end;
def cell($report): if . == null then null
    else {id, verdict, tone: tone, caption: caption, standing: standing, seen: seen_words, outcome: outcome, link: link($report)} end;
# What has to be alike for two brokers to be alike.
def alike: if . == null then null else [.standing, .verdict, .outcome] end;

def by_case($columns):
    ([$columns[].cases[]] | unique_by(.id))[] as $case
    | {id: $case.id, title: $case.title, group: ($case.id | split("/")[0]), level: $case.level,
       cells: [$columns[] | .report as $r | .by_id[$case.id] | cell($r)]};

# Of the cases of a rule the one that says most.
def said_most: if . == null then null
    else (map(.verdict) | worst) as $worst | [.[] | select(.verdict == $worst)] | max_by([.red, outcome != ""]) end;
def by_rule($columns):
    (($base | base_rules) + ($extensions | extension_rules) | map({key: .id, value: .}) | from_entries) as $book
    | ([$columns[].cases[].rules[]] | unique)[] as $rule
    | {id: $rule, title: ($book[$rule].expected // ""), group: ($book[$rule].class // ($rule | split(".")[0])), level: ($book[$rule].level // ""),
       cells: [$columns[] | .report as $r | .by_rule[$rule] | said_most | cell($r)]};

[range($runs | length) as $i | $runs[$i] | {
    report: $reports[$i], name: ($runs | column_names[$i]), started, headline: headline, verdict, counts, edition,
    cases: (.cases | map(whole))}
 | .by_id = (.cases | map({key: .id, value: .}) | from_entries)
 | .by_rule = (reduce .cases[] as $c ({}; reduce $c.rules[] as $r (.; .[$r] += [$c])))] as $columns
| [(if $by == "rules" then by_rule($columns) else by_case($columns) end)
   | .differs = (.cells | map(alike) | unique | length > 1)] as $rows
| {
    by: $by, only: $only, of: ($rows | length), differing: ($rows | map(select(.differs)) | length),
    columns: [$columns[] | {name, report, started, headline, verdict, cases: (.cases | length), counts: (.cases | group_by(.verdict)
        | map({key: .[0].verdict, value: length}) | from_entries)}],
    editions: ([$columns[].edition] | unique | length),
    rows: [$rows[] | select($only == "all" or .differs)]
  }
