# bench.json -> the table, 80 columns wide: jq -r -f reports/bench.jq bench.json

def left($n): .[:$n] | . + " " * ($n - length);
def right($n): " " * ([0, $n - length] | max) + .;
def median: sort | if length == 0 then null else .[length / 2 | floor] end;

# 1234567 -> "1,234,567"
def grouped: round | tostring | [while(length > 0; .[:-3])] | map(.[-3:]) | reverse | join(",");
# Three digits that mean something.
def short:
    if . == null then "?" elif . >= 100 then grouped
    elif . >= 10 then (. * 10 | round) / 10 | tostring | if test("[.]") then . else . + ".0" end
    else (. * 100 | round) / 100 | tostring | if test("[.]") then . else . + "." end | . + "00" | .[:4]
    end;

def titles: {
    "transient-16": "transient 16 B, no ack",
    "transient-1k-ack": "transient 1 KiB, ack each, prefetch 100",
    "transient-64k": "transient 64 KiB, no ack",
    "persistent-1k": "persistent 1 KiB, confirms, ack each",
    "fanout-10": "fanout 1 to 10, 16 B, per delivery",
    "topic-1000": "topic, 1,000 bindings, 16 B",
    "connections": "connection opened and closed",
    "queues": "queue declared and deleted",
    "latency-5000": "latency, 16 B at 5,000 a second",
    "idle-connections": "idle connection",
    "waiting-1k": "persistent 1 KiB waiting"
};
def title: titles[.] // .;

def us_each: if .broker_us and .units > 0 then .broker_us / .units else null end;
def row($title; $broker): ($title | left(39)) + " " + ($broker | left(11));

# The rounds of one workload on one broker.
def cost_row: .title as $title | .rows |
    map(select(.error | not)) as $good
    | ($good | map(us_each | values) | median) as $us
    | ($good | map(.units / .seconds) | median) as $rate
    | ($good | map(select(.broker_us and .broker_us > 0) | .generator_us / .broker_us * 100) | median) as $share
    | row($title; .[0].broker) + ($us | short | right(9)) + ($rate | if . then grouped else "?" end | right(12))
        + ($share | if . then "\(round)%" else "?" end | right(8));
def latency_row: .title as $title | .rows |
    map(select(.latency_us)) as $good
    | row($title; .[0].broker)
        + (["p50", "p99", "p99.9"] | map(. as $p | $good | map(.latency_us[$p]) | median
            | if . then grouped else "?" end | right(9)) | add);
def memory_row: .title as $title | .rows |
    map(select(.memory_after and .units > 0) | {n: .units, grown: (.memory_after - .memory_before)}) as $good
    | row($title; .[0].broker)
        + ($good | map(.grown / .n / 1024) | median | short | right(9))
        + ($good | map(.grown / 1048576) | median | short | right(9))
        + ($good | map(.n) | median | if . then grouped else "?" end | right(11));

# All workloads that $which selects, each title once, a line for each broker.
def part($head; which; line):
    (.brokers | map(.name)) as $order
    | [.results | group_by(.work)[] | select(.[0].work | which)] as $works
    | if ($works | length) == 0 then empty
      else "", $head,
        ((titles | keys_unsorted[]) as $work | $works[] | select(.[0].work == $work) as $lines
         | $order | to_entries[] | .value as $broker | .key as $i
         | [$lines[] | select(.broker == $broker)] | select(length > 0)
         | {rows: ., title: (if $i == 0 then $work | title else "" end)} | line)
      end;

def faults:
    (.brokers[].name) as $broker | [.results[] | select(.broker == $broker)]
    | ([.[] | .published // 0] | add) as $all
    | (map(select(.error) | "  \(.work | title): \(.error)")[:20]) as $errors
    | "\($broker): \($all | grouped) messages published",
      ("  "
        + ([["lost", "lost"], ["twice", "twice"], ["disordered", "out of order"], ["altered", "altered"],
            ["unexpected", "unexpected"]] as $kinds
           | [.[]] as $rows | $kinds | map(.[0] as $k | "\([$rows[] | .[$k] // 0] | add) \(.[1])") | join(", "))),
      $errors[];

def is_memory: . == "idle-connections" or . == "waiting-1k";
def is_latency: . == "latency-5000";

(.brokers | map("\(.name) is \(.product // "?") \(.version // "")") | join("\n")),
"\(.machine.cores) cores, load \(.machine.load) before, median of \([.results[].round] | max // 0) round(s)"
    + (if .quick then "\na quick run: its figures mean little" else "" end),
part(row("broker's processor time, us each"; "broker") + ("us" | right(9)) + ("a second" | right(12)) + ("gen." | right(8));
    (is_latency or . == "idle-connections") | not; cost_row),
part(row("microseconds from sent to received"; "broker") + ("p50" | right(9)) + ("p99" | right(9)) + ("p99.9" | right(9));
    is_latency; latency_row),
part(row("broker's anonymous memory"; "broker") + ("KiB each" | right(9)) + ("MiB" | right(9)) + ("of" | right(11));
    is_memory; memory_row),
"", faults
