# What the reports of tools/bench say alike. Included by them: jq -L reports.

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
# 1000 -> "1k"
def brief: if . >= 1000000 then "\(. / 1000000 * 10 | round / 10)M" elif . >= 1000 then "\(. / 1000 * 10 | round / 10)k" else tostring end;

def parts: [
    {id: "cost", head: "broker's processor time, us each"},
    {id: "rate", head: "so many a second"},
    {id: "latency", head: "from sent to received, us"},
    {id: "memory", head: "broker's anonymous memory"},
    {id: "start", head: "until it answers"},
    {id: "growth", head: "cost of a message, last / first"}
];

# What a generator may cost beside the cheapest broker; the rest is marked, and said below the table.
def fifth: 20;

def is_ours: . == "reference" or startswith("reference-");

def errors: [.results[] | select(.error)];
def wrong_kinds: [["lost", "lost"], ["twice", "twice"], ["disordered", "out of order"], ["altered", "altered"], ["unexpected", "unexpected"]];
# "0 lost, 0 twice, …" of these results
def wrongs: . as $rows | wrong_kinds | map(.[0] as $k | "\([$rows[] | .[$k] // 0] | add // 0) \(.[1])") | join(", ");
def machine_words: "\(.machine.processor // "" | if . == "" then "" else . + ", " end)\(.machine.cores) cores, load \(.machine.load) before";
def round_words: ([.results[].round] | max // 0) | if . == 1 then "1 round" else "median of \(.) rounds" end;
# "backlog: reference 1,000,000, rabbitmq 100,000 messages"
def backlog_words: .brokers as $brokers | [.results[] | select(.work == "backlog-in" and .units)] as $rows
    | [$brokers[].name as $b | [$rows[] | select(.broker == $b)] | select(length > 0)
        | (map(.units) | median) as $n | (map(.asked) | max) as $asked
        | "\($b) \($n | grouped)" + (if $n < $asked then " of \($asked | grouped), then it took no more" else "" end)]
    | if length == 0 then empty else "Backlog: \(join(", ")) messages." end;

# Rows of the summary -> one list for each line of a table: the same figure of each broker.
def by_row: reduce .[] as $r ([]; if any(.[]; .[0].work == $r.work and .[0].figure == $r.figure)
    then map(if .[0].work == $r.work and .[0].figure == $r.figure then . + [$r] else . end) else . + [[$r]] end);

# What is to be said where the generator spends more than a fifth of what the cheapest broker does.
def cheapest: [.summary[] | select(.value and .generator)] | by_row | map(min_by(.value));
def generator_more: .quick as $quick | [cheapest[] | select(.generator > fifth)] | select(length > 0)
    | ["More than a fifth: sockets and copies cost the kernel the same on both sides.",
       (if $quick then "A quick run is too short to tell what of it is its own."
        else "Outside the kernel the generator spends \(map(.generator_own // 0) | max | round)% of the broker's time at most." end)];
