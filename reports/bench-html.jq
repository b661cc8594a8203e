# bench.json -> bench.html, one file: jq -r -L reports --rawfile page reports/bench.html -f reports/bench-html.jq bench.json
include "bench-common";
include "bench-plots";

def h: tostring | @html;

def verdict_cell: if . == "met" then "<td class=\"pass\">met</td>" elif . == "missed" then "<td class=\"red\">missed</td>"
    elif . == "unknown" then "<td>?</td>" else "<td></td>" end;

def spread: if .rounds > 1 and .least != .most then "<small>\(.least | short) – \(.most | short)</small>" else "" end;

def generator_cell: [.[] | select(.value and .generator)] | min_by(.value)
    | if . == null then "<td></td>" else "<td>\(.generator | round)%\(if .generator > fifth then "*" else "" end)</td>" end;

def row($names): . as $cells | "<tr><th scope=\"row\">\(.[0].title | h)</th><td>\([.[].target | values][0] | if . then short else "" end)</td>"
    + ($names | map(. as $n | [$cells[] | select(.broker == $n)][0] | if . then "<td>\(.value | short)\(spread)</td>" else "<td></td>" end) | add)
    + ([$cells[] | select(.verdict != "none") | .verdict][0] // "none" | verdict_cell)
    + (if .[0].figure == "cost" then generator_cell else "<td></td>" end) + "</tr>";

def table: . as $all | [.brokers[].name] as $names
    | "<table class=\"figures\"><thead><tr><th></th><th>at most</th>\($names | map("<th>\(h)</th>") | add)<th></th><th>gen.</th></tr></thead>",
      (parts[] as $part | [$all.summary[] | select(.part == $part.id)] | select(length > 0)
        | "<tbody><tr class=\"group\"><th colspan=\"\(4 + ($names | length))\">\($part.head | h)</th></tr>", (by_row[] | row($names)), "</tbody>"),
      "</table>";

def notes:
    "<p class=\"quiet\">Each figure is a median, with the least and the most beside it. Processor time is user and system time of the broker's process; rates and latencies share the machine with the generator. <i>gen.</i> is what the generator spends beside the cheapest broker of the row. \([generator_more] | if length > 0 then "* " + (.[0] | join(" ")) else "" end | h)</p>",
    (backlog_words | "<p class=\"quiet\">\(h)</p>");

def account: .results as $all | "<table class=\"account\"><thead><tr><th>every message</th><th>published</th>\(wrong_kinds | map("<th>\(.[1])</th>") | add)</tr></thead><tbody>",
    (.brokers[].name as $b | [$all[] | select(.broker == $b)] as $rows | "<tr><th scope=\"row\">\($b | h)</th><td>\([$rows[].published // 0] | add // 0 | grouped)</td>"
        + (wrong_kinds | map(.[0] as $k | ([$rows[] | .[$k] // 0] | add // 0) | "<td\(if . > 0 then " class=\"red\"" else "" end)>\(grouped)</td>") | add) + "</tr>"),
    "</tbody></table>",
    (errors | select(length > 0) | "<ul class=\"red\">", (.[] | "<li>\(.broker | h), \(.work | h): \(.error | h)</li>"), "</ul>");

def amiss: any(.results[]; .error or any(wrong_kinds[] as $k | .[$k[0]] // 0; . > 0));
def counted($v): [.summary[] | select(.verdict == $v)] | length;

def headline: [.brokers[].name] | if length == 1 then "\(.[0]), measured" else "\(.[:-1] | join(", ")) and \(.[-1]), side by side" end;

def explanation: if amiss then "Not every message is accounted for." else "Every message is accounted for." end
    + (if any(.summary[]; .verdict != "none") then " The reference broker meets \(counted("met")) of its \(counted("met") + counted("missed") + counted("unknown")) targets\(if counted("unknown") > 0 then ", \(counted("unknown")) are not known" else "" end)." else "" end)
    + (if .quick then " A quick run: its figures mean little." else "" end);

def main:
    "<header class=\"\(if amiss then "red" elif any(.summary[]; .verdict == "missed") then "note" else "pass" end)\"><h1>\(headline | h)</h1><p>\(explanation | h)</p>",
    "<p class=\"quiet\">\(.brokers | map("\(.product // .name) \(.version // "")" | h) | join(" · ")) · \(machine_words | h) · \(round_words | h) · \(.time | sub("T"; " ") | sub("Z"; " UTC") | h)</p></header>",
    "<h2>Figures</h2>", table, notes,
    "<h2>Account</h2>", account,
    (plots[] | "<h2>\(.head | h)</h2><figure>\(.height as $height | .svg | svg($height))</figure>");

def filled($parts): split("@@") | [range(length) as $i | .[$i] | if $i % 2 == 1 then $parts[.] else . end] | join("");

. as $run | $page | filled({TITLE: ($run | headline | h), MAIN: ([$run | main] | join("\n"))})
