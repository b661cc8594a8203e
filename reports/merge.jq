# Runs that belong together -> one event stream, or the one line why they do not; jq -nc -L reports
#   --arg ask problem|events -f reports/merge.jq, of objects {name, events}
#
# They are the N shards of one run, or repeats of it, or repeats of all its shards. What came out of the events
# is decided where it always is, in run.jq.
include "common";

def shard: .plan.options.shard // "";
def of: shard | if . == "" then "" else split("/")[1] end;
def words: if . == "" then "none" else . end;

# What has to be the same, and how it is called.
def broker: .plan | if .calibration == null and .broker.describe.product == null then null else broker_name end;
def parts: [
    ["the schema", (.plan.schema | tostring)], ["the version of amqproof", .plan.amqproof], ["the broker", broker], ["the edition", .plan.edition],
    ["--only", (.plan.options.only | join(" ") | words)], ["--skip", (.plan.options.skip | join(" ") | words)],
    ["--repeat", (.plan.options.repeat | tostring)], ["--strict", (.plan.options.strict | tostring)],
    ["--segmentation", .plan.options.segmentation],
    ["the ledger", (.plan.options.ledger // "" | split("/")[-1] // "" | words)],
    ["the number of shards", (of | words)]
  ];

def differing($a):
    ($a | parts) as $want | parts as $got
    | range($want | length) as $i
    | select($want[$i][1] != null and $got[$i][1] != null and $want[$i] != $got[$i])
    | "cannot merge: \(.name) differs from \($a.name) in \($want[$i][0]): \($got[$i][1]), not \($want[$i][1])";

def twice: group_by(.plan | [.run, .started, .seed])[] | select(length > 1)
    | "cannot merge: \(.[0].name) and \(.[1].name) are the same run";

def incomplete:
    (map(shard) | group_by(.) | map({key: .[0], value: length}) | from_entries) as $times
    | (.[0] | of) as $of | select($of != "")
    | ([range(1; ($of | tonumber) + 1) | "\(.)/\($of)"] | map(select($times[.] == null))) as $missing
    | if $missing != [] then "cannot merge: shard \($missing | join(", ")) is missing"
      elif ($times | map(.) | unique | length) > 1 then
        "cannot merge: not each shard is there as often: \($times | to_entries | map("\(.key) \(.value) times") | join(", "))"
      else empty end;

# By construction it cannot be: but then it was not the same program.
def overlapping:
    [group_by(shard)[] | .[0] | shard as $s | .plan.cases[] | {id, s: $s}]
    | group_by(.id)[] | select(length > 1)
    | "cannot merge: \(.[0].id) is in shard \(.[0].s) and in \(.[1].s): another program";

def problem:
    (.[] | select(.plan == null) | "no run was kept in \(.name)"),
    (if any(.[]; .plan == null) then empty else
        (.[0] as $a | .[1:][] | differing($a)), twice, incomplete, overlapping end);

# ---- one stream ---------------------------------------------------------------------------

# Each run's cases go on counting where the run of the same shard before it has ended.
def numbered: . as $runs | [range(length) as $i | $runs[$i]
    | shard as $s | . + {n: ($i + 1), before: ([$runs[:$i][] | select(shard == $s)] | length)}];

def moved($n): if . == "" then . else sub("/"; "/\($n)/") end;
def result($run): .repeat += $run.before * $run.plan.options.repeat
    | .capture |= moved($run.n) | .frames |= moved($run.n);

def plan:
    . as $runs | ([.[].plan.cases[]] | unique_by(.id)) as $cases
    | (map(.before) | max + 1) as $rounds
    | .[0].plan
    | .cases = $cases
    | .started = ([$runs[].plan.started] | min)
    | .options.repeat *= $rounds | .options.shard = ""
    | .planned = ([$runs[].plan.planned] | add)
    | .broker = (first($runs[].plan | select(.calibration != null) | .broker) // .broker)
    | .calibration = (first($runs[].plan.calibration | select(. != null)) // null)
    | .capture = (first($runs[].plan.capture | select(.mode != "none")) // .capture)
    | .merged = [$runs[] | {run: .plan.run, shard: shard, seed: .plan.seed, started: .plan.started,
        ms: .closing.ms, exit: (.closing.exit // 4)}];

# The worst counts; but where one could not reach the broker and another could, something was judged, and what was
# not is red. A run that was cut off has no end, and neither has then the whole.
def closing:
    map(.closing) | select(all(. != null))
    | map(.exit) as $exits
    | {
        event: "end",
        counts: (map(.counts // {} | to_entries[]) | group_by(.key) | map({key: .[0].key, value: (map(.value) | add)}) | from_entries),
        exit: (if any($exits[]; . == 4) then 4 elif all($exits[]; . == 3) then 3 elif any($exits[]; . != 0) then 1 else 0 end),
        interrupted: any(.[]; .interrupted), ms: (map(.ms // 0) | add)
      };

[inputs | {name, plan: (first(.events[] | select(.event == "plan")) // null),
           closing: (last(.events[] | select(.event == "end")) // null), events}]
| if $ask == "problem" then first(problem) // empty
  else
    numbered
    | plan,
      (.[] | . as $run | .events[] | select(.event == "result") | result($run)),
      (.[].events[] | select(.event == "restart")),
      ([.[].events[] | select(.event == "ledger")] | unique_by([.line, .case, .fingerprint])[]),
      closing
  end
