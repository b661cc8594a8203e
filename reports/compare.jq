# Two runs -> what is different, one object; jq -n -L reports --slurpfile old OLD --slurpfile new NEW -f reports/compare.jq
#
# A case is in one class at most. Compared the other way round, each difference is there again, old and new
# exchanged, and of the mirrored class.
include "common";
include "compare-common";

# What counts most first; "worse" alone is exit 1, "other" exit 5.
def classes: [
    {class: "failing", is: "worse", name: "newly failing"},
    {class: "vanished", is: "worse", name: "vanished"},
    {class: "skipped", is: "other", name: "newly skipped"},
    {class: "verdict", is: "other", name: "other verdict"},
    {class: "outcome", is: "other", name: "other outcome, same verdict"},
    {class: "changed", is: "other", name: "case changed"},
    {class: "slower", is: "other", name: "slower"},
    {class: "fixed", is: "better", name: "fixed"},
    {class: "judged", is: "better", name: "no longer skipped"},
    {class: "new", is: "better", name: "new"},
    {class: "faster", is: "better", name: "faster"}
];
def rank: {"ok": 0, "skipped": 0, "excused": 1, "red": 2}[.];

def class_of_standing($old; $new):
    if $old == $new then null
    elif $old == "absent" then "new"
    elif $new == "absent" then "vanished"
    elif $new == "skipped" then "skipped"
    elif ($new | rank) > ($old | rank) then "failing"
    elif ($new | rank) < ($old | rank) then "fixed"
    else "judged" end;

# One machine is slower than another, and one broker than another, in everything: how much, is the middle of
# all cases, as a logarithm. Of a few cases it says nothing.
def pace($old; $new):
    [$old[] | . as $o | $new[.id] | select(. != null) | [(own_ms | numbers), ($o | own_ms | numbers)] | select(length == 2)
     | ((.[0] + 1) | log) - ((.[1] + 1) | log)] | sort
    | if length < 20 then 0 else (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2 end;

# Waiting is not work: a slower machine excuses, a faster one does not accuse. The longer time counts with its
# least, as a baseline knows only the order of it.
def much_longer($than; $pace): (own_ms != null) and ($than | own_ms != null)
    and ((([$pace, 0] | max | exp) * ($than | own_ms)) as $fair | .least_ms >= 3 * $fair and .least_ms - $fair >= 500);
def class_of_time($old; $new; $pace):
    if $new | much_longer($old; $pace) then "slower"
    elif $old | much_longer($new; -$pace) then "faster"
    else null end;

def class_of($old; $new; $pace):
    class_of_standing($old | standing; $new | standing)
    // if $old.revision != $new.revision then "changed"
       elif $old.verdict != $new.verdict then "verdict"
       elif ($old | outcome) != ($new | outcome) then "outcome"
       elif $pace == null then null
       else class_of_time($old; $new; $pace) end;

def brief: if . == null then null
    else {verdict, caption: caption, standing: standing, seen: seen_words, revision, ms} end;

def about: {name: broker_name, started, edition, verdict, headline: headline, cases: (.cases | length),
    only: (.options.only // []), skip: (.options.skip // []), segmentation: (.options.segmentation // "whole"),
    strict: (.options.strict // false)};

def exit_code:
    if any(.is == "worse") then 1
    elif any(.is == "other" or (.class == "new" and (.new.standing | . == "red" or . == "excused"))) then 5
    else 0 end;

def by_id: .times as $times
    | [.cases[] | whole | .least_ms = (if $times == "coarse" then .ms | below else .ms end) | {key: .id, value: .}] | from_entries;

$old[0] as $old_run | $new[0] as $new_run
| ($old_run | by_id) as $was | ($new_run | by_id) as $is
| (if ($old_run | about.segmentation) == ($new_run | about.segmentation) then pace($was; $is) else null end) as $pace
| [($was + $is | keys)[] as $id
   | class_of($was[$id]; $is[$id]; $pace) as $class | select($class != null)
   | {class: $class, is: (classes[] | select(.class == $class).is), id: $id, title: ($is[$id] // $was[$id]).title,
      old: ($was[$id] | brief), new: ($is[$id] | brief)}]
| (classes | map(.class)) as $order
| sort_by(.class as $c | $order | index($c)) as $differences
| {
    old: ($old_run | about), new: ($new_run | about),
    exit: ($differences | exit_code),
    pace: (if $pace == null then null else $pace | exp * 100 | round / 100 end),
    counts: (reduce classes[] as $c ({}; .[$c.class] = ($differences | map(select(.class == $c.class)) | length))),
    classes: classes,
    differences: $differences
  }
