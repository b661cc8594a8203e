# attack.json -> the table, 80 columns wide: jq -r -f reports/attack.jq attack.json

def left($n): .[:$n] | . + " " * ($n - length);
def right($n): " " * ([0, $n - length] | max) + .;
# 1234567 -> "1,234,567"
def grouped: round | tostring | [while(length > 0; .[:-3])] | map(.[-3:]) | reverse | join(",");
# 6726770688 -> "6,727M"
def counted: if . >= 10000000 then (. / 1000000 | grouped) + "M" else grouped end;
def mib: if . < 0 then "?" else . / 1048576 | round | tostring end;
def micro: if . >= 100000 then "\(. / 1000 | round)m" else grouped end;
def milli: if . < 0 then "never" else . * 10 | round / 10 | tostring end;

def amiss: [
    (if .fault != "" then .fault else empty end),
    (if .alive then empty else "the broker is gone, or serves nobody" end),
    (if .bounded then empty else "memory above the mark" end),
    (if .fault != "" or .served then empty elif .newcomer_ms < 0 then "a newcomer was not served"
        else "\(.during_us.missing) messages of the bystander are missing" end),
    (if .recovered then empty else "not all came back: \(.after.memory - .before.memory | mib) MiB, "
        + "\(.after.fds - .before.fds) descriptors, \(.after.threads - .before.threads) threads more" end),
    .demands[]
];

def line: . as $r | (.attack | left(15)) + (.count | counted | right(10))
    + (.height.memory | mib | right(6)) + (.after.memory | mib | right(6))
    + (.calm_us.p99 | micro | right(8)) + (.during_us.p99 | micro | right(9))
    + (if .calm_us.p99 > 0 then (.during_us.p99 / .calm_us.p99 * 10 | round / 10 | tostring) else "?" end | right(6))
    + (.newcomer_ms | milli | right(8))
    + "  " + (if .holds then "held" elif (amiss | length) == 0 then "slow" else "NOT" end),
    (amiss[] | "    " + .[:76]);

"\(.broker.product) \(.broker.version)"
    + (if .mark > 0 then ", memory mark \(.mark | mib) MiB" else "" end)
    + (if .quick then ", quick: latency is not judged" else "" end)
    + "; load \(.machine.load) on \(.machine.cores) cores",
"",
"                            memory, MiB  bystander p99, us    newcomer",
"attack              count  most after    calm   during ratio      ms",
(.results[] | line),
"",
"\([.results[] | select(.holds)] | length) of \(.results | length) held"
