# bench.json -> the table, 80 columns wide: jq -r -L reports -f reports/bench.jq bench.json
include "bench-common";

def title_width: 35;
def at_once: 2; # brokers beside each other; more of them make more tables

def head_line($names; $part):
    ($part.head | left(title_width)) + ("at most" | right(8)) + ($names | map(.[:11] | right(11)) | add)
        + (" " * 7) + (if $part.id == "cost" then "gen." | right(6) else "" end);

# Who measures costs something too: beside the cheapest broker that is here.
def generator_column: [.[] | select(.value and .generator)] | min_by(.value)
    | if . == null then "" else "\(.generator | round)%\(if .generator > fifth then "*" else " " end)" | right(6) end;

def row_line($names): . as $cells
    | (.[0].title | left(title_width)) + ([.[].target | values][0] | if . then short else "" end | right(8))
        + ($names | map(. as $n | [$cells[] | select(.broker == $n)][0] | if . then .value | short else "" end | right(11)) | add)
        + ([$cells[] | select(.verdict != "none") | .verdict][0] // "" | right(8))
        + (if .[0].figure == "cost" then generator_column else "" end)
    | sub(" +$"; "");

def part_lines($names): . as $all | parts[] as $part
    | [$all.summary[] | select(.part == $part.id and (.broker as $b | $names | index($b)))] | select(length > 0)
    | . as $rows | "", ($names | head_line($names; $part) | sub(" +$"; "")),
      ($rows | by_row[] | row_line($names));

def curve_lines: select(.curves != []) | "", ("a curve's points, us" | left(26)) + ("broker" | left(12)) + "of",
    (.curves[] | (.work | sub("curve-"; "") | left(26)) + (.broker[:11] | left(12))
        + ([.points[] | "\(.n | brief) \(.us | short)"] | join("  ")));

def generator_words: [generator_more] | select(length > 0) | .[0] | "", "* \(.[0])", "  \(.[1])";

def faults:
    (.brokers[].name) as $broker | [.results[] | select(.broker == $broker)]
    | "\($broker): \([.[] | .published // 0] | add // 0 | grouped) messages published",
      "  " + wrongs, (map(select(.error) | "  \(.work): \(.error)")[:20][]);

(.brokers | map("\(.name) is \(.product // "?") \(.version // "")")[]),
machine_words, round_words + (if .quick then "; a quick run: its figures mean little" else "" end),
([.brokers[].name] as $names | range(0; $names | length; at_once) as $i | part_lines($names[$i:$i + at_once])),
curve_lines, generator_words, ([backlog_words] | select(length > 0) | "", .[]),
(.summary | map(select(.verdict != "none")) | select(length > 0)
    | "", "Targets of the reference broker: \(map(select(.verdict == "met")) | length) met, \(map(select(.verdict == "missed")) | length) missed, \(map(select(.verdict == "unknown")) | length) unknown."),
"", faults
