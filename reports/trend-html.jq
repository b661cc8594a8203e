# A history as one page with its plots; jq -r -L reports -f reports/trend-html.jq <trend.json
#
# No script: everything stands in the page, and a point or a mark leads to that run's report.
include "page";
include "trend-words";

def style: "
body { max-width: 76rem; }
section { margin: 0 0 3rem; } h2 { margin: 2rem 0 0; font-size: 1.35rem; } h3 { margin: 1.6rem 0 .3rem; font-size: 1rem; }
h2 + p, h3 span, .legend, figcaption, small { color: var(--quiet); font-weight: 400; }
figure { margin: 1rem 0; } svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); } svg .name { fill: var(--ink); font-weight: 600; }
.grid { stroke: var(--line); } .line { fill: none; stroke: var(--quiet); stroke-width: 1.5; }
.point { fill: var(--pass); } .point.red { fill: var(--red); } .point.odd { fill: none; stroke: var(--none); }
svg a:hover .point, svg a:focus-visible .point { stroke: var(--ink); stroke-width: 2; }
code, .marks { font: 12.5px/1.5 ui-monospace, \"DejaVu Sans Mono\", Menlo, Consolas, monospace; }
.marks { letter-spacing: .12em; white-space: pre-wrap; overflow-wrap: anywhere; } .marks .F, .broken td:first-child { color: var(--red); font-weight: 600; } .marks .x { color: var(--note); }
.marks a { text-decoration: none; } .marks .o { color: var(--pass); } small { display: block; font-size: 12.5px; }
.cases col:first-child { width: 22rem; } .runs th:not(:first-child), .runs td:not(:first-child) { text-align: right; }
.runs col:first-child { width: 24rem; } thead th { background: var(--panel); font-weight: 600; }
.verdict { border-left: 4px solid var(--pass); padding-left: .8rem; } .verdict.red { border-color: var(--red); } .verdict.note { border-color: var(--note); }
details summary { cursor: pointer; color: var(--quiet); }
@media print { details > * { display: table; } }
";

# ---- plots: 960 wide, each run at its own place, whole ones joined by a line ----------------

def number: . * 100 | round / 100;
# Round steps up to $top: at most five lines.
def ticks($top): ($top / 4) as $rough
    | (if $rough <= 0 then 1 else pow(10; $rough | log10 | floor) end) as $e
    | ([1, 2, 2.5, 5, 10][] | . * $e | select(. >= $rough)) as $s | $s;
def step($top): [ticks($top)][0];
def x_of($i; $n): 70 + (if $n < 2 then 430 else $i * 860 / ($n - 1) end) | number;
# Of a number the height in a panel from $low to $high.
def y_of($low; $high; $panel): (if $high == $low then 0.5 else (. - $low) / ($high - $low) end) | $panel.bottom - . * ($panel.bottom - $panel.top) | number;

def point($run; $i; $n; $y; $says):
    "<circle class=\"point\(if $run.whole | not then " odd" elif $run.red > 0 then " red" else "" end)\" cx=\"\(x_of($i; $n))\" cy=\"\($y)\" r=\"4\"><title>\($run.name | h): \($says | h)</title></circle>"
    | if $run.link == "" then . else "<a href=\"\($run.link | h)\">\(.)</a>" end;

# runs -> one panel; f is what is drawn of a run, words how it is said.
def panel($name; $low; $high; $step; $panel; f; words): . as $runs | length as $n
    | "<text class=\"name\" x=\"0\" y=\"\($panel.top - 12)\">\($name | h)</text>",
      (range(0; 9) | $low + . * $step | select(. <= $high + $step / 1000) | . as $v | y_of($low; $high; $panel)
        | "<line class=\"grid\" x1=\"62\" x2=\"940\" y1=\"\(.)\" y2=\"\(.)\"/><text x=\"54\" y=\"\(. + 4)\" text-anchor=\"end\">\($v | number)</text>"),
      "<polyline class=\"line\" points=\"\([range($n) as $i | $runs[$i] | select(.whole) | "\(x_of($i; $n)),\(f | y_of($low; $high; $panel))"] | join(" "))\"/>",
      (range($n) as $i | $runs[$i] as $run | ($run | select(.whole) | f | y_of($low; $high; $panel)) as $y | point($run; $i; $n; $y; $run | words)),
      (range($n) as $i | $runs[$i] as $run | select($run.whole | not) | point($run; $i; $n; $panel.bottom; $run | oddity));

def plot: .runs as $runs | [$runs[] | select(.whole)] as $whole
    | if $whole == [] then "<p>No whole run to draw.</p>" else
      ([$whole[].rate // 1 | . * 100] | min) as $worst
      | (if $worst >= 99.8 then 99 elif $worst >= 95 then 95 elif $worst >= 80 then 80 else 0 end) as $low
      | (([$whole[].ms // 0] | max) / 1000) as $longest | step($longest) as $step
      | ([1, ($longest / $step | ceil)] | max * $step) as $high
      | "<figure><svg viewBox=\"0 0 960 400\" role=\"img\" aria-label=\"pass rate and duration of \($runs | length) runs\">",
        ($runs | panel("pass rate, %"; $low; 100; (100 - $low) / 4; {top: 24, bottom: 170}; (.rate // 1) * 100; "\(rate_words), \(.red) red")),
        ($runs | panel("duration, s"; 0; $high; $step; {top: 224, bottom: 370}; (.ms // 0) / 1000; "\((.ms // 0) / 100 | round / 10) s")),
        "<text x=\"62\" y=\"394\">\($runs[0] | when | h)</text><text x=\"940\" y=\"394\" text-anchor=\"end\">\($runs[-1] | when | h)</text>",
        "</svg><figcaption>A point is a run and leads to its report; red where a case is red; hollow where it was cut off or had a part of the cases.</figcaption></figure>" end;

# ---- cases and runs ---------------------------------------------------------------------

def marks: . as $story
    | [range(.marks | length) as $i | .marks[$i:$i + 1] as $m
       | "<span class=\"\(if $m == "." then "o" elif $m == "F" or $m == "~" then "F" elif $m == "x" then "x" else "n" end)\">\($m)</span>"
       | if $story.links[$i] == "" then . else "<a href=\"\($story.links[$i] | h)\">\(.)</a>" end] | join("");
def case: "<tr><td><code>\(.id | h)</code><small>\(.title | h)</small></td><td>\(.says | h)"
    + (if .now.seen != "" and .is == "broken" then "<small>\(.now.seen | h)</small>" else "" end)
    + "<div class=\"marks\">\(marks)</div></td></tr>";
def class: "<h3>\(.name) \(.cases | length) <span>\(.about | h)</span></h3>",
    "<table class=\"cases \(.name)\"><colgroup><col><col></colgroup><tbody>", (.cases[] | case), "</tbody></table>";

def run: "<tr><td>\(if .link == "" then .name | h else "<a href=\"\(.link | h)\">\(.name | h)</a>" end)</td>"
    + "<td>\(when | h)</td><td>\(.version | h)</td><td>\(.cases)</td><td>\(.red)</td><td>\(rate_words)</td><td>\((.ms // 0) / 100 | round / 10)</td><td>\(oddity)</td></tr>";
def runs: "<details><summary>\(plural(length; "run"))</summary><table class=\"runs\"><colgroup><col></colgroup><thead><tr>"
    + (["run", "began", "version", "cases", "red", "rate", "seconds", ""] | map("<th scope=\"col\">\(.)</th>") | join("")) + "</tr></thead><tbody>",
    (.[] | run), "</tbody></table></details>";

def section: . as $b
    | "<section><div class=\"verdict\(if .broken != [] then " red" elif .flaky != [] then " note" else "" end)\"><h2>\(.name | h): \(headline_of | h)</h2>",
      "<p>\(span | h); \(.good) of \(plural(.cases; "case")) good in each</p></div>", plot,
      (classes[] | class), (select([$b | classes[]] != []) | "<p class=\"legend\">\(legend | h)</p>"), (.runs | runs), "</section>";

"\(plural(.runs; "run")): since when, how often, how long" as $title
| page_head($title; style), "<header><h1>\($title)</h1></header>", (.brokers[] | section), "</body>", "</html>"
