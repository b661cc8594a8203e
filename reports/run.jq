# events.ndjson -> run.json; jq -nR -f reports/run.jq <events.ndjson
#
# A runner that was killed leaves a stream without its end, perhaps with half a line. Every case
# that was planned is in the report all the same: what has no result is our own fault.

def empty_counts: {
    planned: 0, pass: 0, fail: 0, weak: 0, info: 0, unsupported: 0,
    "not-reached": 0, died: 0, hung: 0, "harness-fault": 0, red: 0, excused: 0, unstable: 0, runs: 0
};

def missing: {
    verdict: "harness-fault", red: true,
    message: "no verdict: the runner ended before this case did",
    step: "", fingerprint: "", close: "", conversation: "", notes: [], assertions: 0, margin: null,
    ms: null, capture: "", frames: "", ledger: "none", ledger_reason: "", ledger_source: "", rerun: ""
};

# A case stands in the report once, however often it ran: with the worst that came of it.
def severity: {"pass": 0, "info": 1, "unsupported": 2, "weak": 3, "not-reached": 4, "fail": 5, "hung": 6,
    "died": 7, "harness-fault": 8}[.];

def fold: . as $runs
    # a deviation that the ledger calls intermittent comes and goes as it says
    | map(select(.verdict != "not-reached" and .ledger != "matched")) as $judged
    | (max_by([.red, (.verdict | severity), -.repeat])) as $worst
    | (($judged | map(.verdict) | unique | length > 1) and ($judged | all(.red) | not)) as $unstable
    | $worst + {
        red: ($worst.red or $unstable),
        runs: ($runs | length),
        verdicts: ($runs | group_by(.verdict) | map({key: .[0].verdict, value: length}) | from_entries),
        unstable: $unstable,
        min_margin: ($runs | map(select(.red | not) | .margin | numbers) | min)
      };

def count: reduce .[] as $c (empty_counts;
    .planned += 1 | .runs += $c.runs | .[$c.verdict] += 1
    | if $c.red then .red += 1 else . end
    | if $c.unstable then .unstable += 1 else . end
    | if $c.ledger == "matched" and ($c.red | not) then .excused += 1 else . end);

# From what the runner said of itself, and from nothing better than harness-fault if it could not.
def verdict($closing):
    if $closing == null then "harness-fault"
    elif $closing.interrupted then "interrupted"
    else {"0": "conforms", "1": "does-not-conform", "3": "unreachable"}[$closing.exit | tostring]
        // "harness-fault"
    end;

# Runs that were merged may each be well and differ from one another.
def agreed($cases): if . != null and .exit == 0 and any($cases[]; .red) then .exit = 1 else . end;

# ---- where the time went ------------------------------------------------------------------

def own_ms: .said_ms - .begun_ms - .waited_ms;

def times_of_chapters: group_by(.chapter) | map(max_by(own_ms) as $longest | {chapter: .[0].chapter, cases: length,
    ms: (map(own_ms) | add), capture_ms: (map(.capture_ms) | add), leaving_ms: (map(.ended_ms - .said_ms) | add),
    longest: $longest.id, longest_ms: ($longest | own_ms)}) | sort_by(-.ms);

# Whose verdict made the slot free in which the next one began: from the last of a group back to its first.
def path: . as $all | [(max_by(.said_ms) // empty) | recurse(. as $next | [$all[] | select(.said_ms <= $next.begun_ms)] | max_by(.said_ms) // empty)];

def path_of($group): .name as $name | $group | path
    | {group: $name, cases: length, ms: (map(own_ms) | add // 0), longest: (sort_by(-own_ms)[:3] | map({id, ms: own_ms}))};

def profile:
    [.[] | select(.event == "timing")] as $cases | [.[] | select(.event == "phase")] as $phases
    | if $cases == [] then null
      else {
        phases: ($phases | map(del(.event))),
        chapters: ($cases | times_of_chapters),
        paths: [$phases[] | .name as $name | [$cases[] | select(.group == $name)] as $group | select($group != []) | path_of($group)]
      } end;

[inputs | fromjson? | objects] as $events
| (first($events[] | select(.event == "plan")) // null) as $plan
| (last($events[] | select(.event == "end")) // null) as $closing
| if $plan == null then error("no plan among the events: nothing to report") else . end
| (reduce ($events[] | select(.event == "result")) as $r ({}; .["\($r.id) \($r.repeat)"] = $r)) as $results
| [$plan.cases[] | . as $case
   | [range(1; ($plan.options.repeat // 1) + 1) as $n
      | $case + {repeat: $n} + ($results["\($case.id) \($n)"] // missing) | del(.event)] | fold] as $cases
| ($closing | agreed($cases)) as $closing
| {
    schema: 1,
    amqproof: $plan.amqproof,
    edition: $plan.edition,
    started: $plan.started,
    ms: $closing.ms,
    verdict: verdict($closing),
    exit: ($closing.exit // 4),
    broker: $plan.broker,
    options: $plan.options,
    seed: $plan.seed,
    run: $plan.run,
    machine: $plan.machine,
    capture: $plan.capture,
    calibration: $plan.calibration,
    counts: ($cases | count),
    restarts: [$events[] | select(.event == "restart") | del(.event)],
    ledger: [$events[] | select(.event == "ledger") | del(.event)],
    profile: ($events | profile),
    cases: $cases
  }
  + (if $plan.merged then {merged: $plan.merged} else {} end)
