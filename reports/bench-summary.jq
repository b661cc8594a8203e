# What was measured -> bench.json: medians, targets met or missed, curves.
#   jq -L reports --rawfile rows reports/bench-rows.tsv -f reports/bench-summary.jq measured.json
include "bench-common";

def table: [$rows | split("\n")[] | select(. != "" and (startswith("#") | not)) | split("\t")
    | {part: .[0], work: .[1], figure: .[2], target: (.[3] | if . == "-" then null else tonumber end), title: .[4]}];

def us_each: if .broker_us and .units > 0 then .broker_us / .units else null end;

# The points of a curve, each in the median of its rounds.
def points: group_by(.point) | map({n: .[0].point, us: (map(us_each | values) | median)}) | map(select(.us));
def growth: if length < 2 or .[0].us == 0 then null else .[-1].us / .[0].us end;
def curves: [(.results | map(select(.point and (.error | not))) | group_by([.work, .broker])[])
    | {work: .[0].work, broker: .[0].broker, points: points} | .growth = (.points | growth)];

def latencies: {p50: ["latency_us", "p50"], p99: ["latency_us", "p99"], "p99.9": ["latency_us", "p99.9"],
    c50: ["confirm_us", "p50"], c99: ["confirm_us", "p99"], "c99.9": ["confirm_us", "p99.9"]};

# One measurement's figure; null: not known.
def figure($what):
    if $what == "cost" then us_each
    elif $what == "rate" then (if .seconds > 0 then .units / .seconds else null end)
    elif latencies[$what] then getpath(latencies[$what])
    elif $what == "each" then (if .memory_after and .units > 0 then (.memory_after - .memory_before) / .units / 1024 else null end)
    elif $what == "peak" then (.memory_peak | values / 1048576) // null
    elif $what == "seconds" then .seconds
    else null end;

# A backlog is at its height in its second half, if not in its first.
def rows_of($work): if $work == "backlog" then map(select(.work == "backlog-out")) else map(select(.work == $work)) end;

def verdict($target): if $target == null then "none" elif . == null then "unknown" elif . <= $target then "met" else "missed" end;

def share(us): if .broker_us and .broker_us > 0 and .generator_us then us / .broker_us * 100 else null end;

def summary($curves): . as $all | [table[] as $row | $all.brokers[].name as $broker
    | ($row.target | if ($broker | is_ours) then . else null end) as $target
    | [$all.results[] | select(.broker == $broker and (.error | not))] | rows_of($row.work)
    | select(length > 0)
    | if $row.figure == "growth" then
        [first($curves[] | select(.work == $row.work and .broker == $broker) | .growth | values)] as $values
        | {values: $values, generator: null, own: null}
      else {values: map(figure($row.figure) | values), generator: (map(share(.generator_us) | values) | median),
            own: (map(share(.generator_user_us) | values) | median)} end
    | {part: $row.part, work: $row.work, figure: $row.figure, title: $row.title, broker: $broker,
        value: (.values | median), least: (.values | min), most: (.values | max), rounds: (.values | length),
        generator: (if $row.figure == "cost" then .generator else null end),
        generator_own: (if $row.figure == "cost" then .own else null end), target: $target}
    | .verdict = (.value | verdict($target))];

curves as $curves | . + {summary: summary($curves), curves: $curves}
