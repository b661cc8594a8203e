# The plots: SVG without a script, light or dark as whoever looks at it. Included: jq -L reports.
include "bench-common";

def width: 860;
def label_width: 250;
def bar_height: 15;
def esc: tostring | @html;
def r: . * 10 | round / 10;

def style: "<style>
.bench { --ink: #1b1f24; --quiet: #59626d; --line: #dce1e6; --b0: #1f5fa8; --b1: #c2571a; --b2: #1a7544; --b3: #7a4fb0; font: 12px system-ui, sans-serif; }
@media screen and (prefers-color-scheme: dark) { .bench { --ink: #e4e8ec; --quiet: #9aa4af; --line: #2f363e; --b0: #7fb2ee; --b1: #f0955a; --b2: #4cc38a; --b3: #b99aec; } }
.bench text { fill: var(--ink); } .bench .quiet { fill: var(--quiet); } .bench .grid { stroke: var(--line); } .bench .aim { stroke: var(--ink); stroke-width: 2; }
.bench .b0 { --c: var(--b0); } .bench .b1 { --c: var(--b1); } .bench .b2 { --c: var(--b2); } .bench .b3 { --c: var(--b3); }
.bench rect { fill: var(--c); } .bench polyline { fill: none; stroke: var(--c); stroke-width: 2; } .bench circle { fill: var(--c); }
.bench .head { font-weight: 600; font-size: 13.5px; }
</style>";

def text($x; $y; $anchor; $class): "<text x=\"\($x | r)\" y=\"\($y | r)\" text-anchor=\"\($anchor)\"\(if $class == "" then "" else " class=\"\($class)\"" end)>\(esc)</text>";
def line($x1; $y1; $x2; $y2; $class): "<line x1=\"\($x1 | r)\" y1=\"\($y1 | r)\" x2=\"\($x2 | r)\" y2=\"\($y2 | r)\" class=\"\($class)\"/>";
def title($words): "<title>\($words | esc)</title>";

# A scale by powers of ten: from the one below the least to the one above the most.
def scale($x0; $x1): map(select(. and . > 0)) | (if length == 0 then [1] else . end)
    | {from: (min | log10 | floor), to: (max | log10 | ceil), x0: $x0, x1: $x1}
    | if .to == .from then .to += 1 else . end;
def at($s): (log10 - $s.from) / ($s.to - $s.from) * ($s.x1 - $s.x0) + $s.x0;
def power: if . >= 0 then reduce range(.) as $i (1; . * 10) else 1 / reduce range(- .) as $i (1; . * 10) end;
def tick: if . >= 1000 then brief else tostring end;

def legend($brokers; $y): $brokers | to_entries
    | map((label_width + .key * 150) as $x | "<g class=\"b\(.key % 4)\"><rect x=\"\($x)\" y=\"\($y - 10)\" width=\"12\" height=\"12\"/>"
        + (.value | text($x + 18; $y; "start"; "")) + "</g>") | join("");

# {rows: [[cell of each broker]], brokers, unit, y}: a group of bars for each row.
def bars($brokers; $unit; $y0):
    . as $groups | ([$groups[][] | .value, .target | values] | scale(label_width; width - 60)) as $s
    | ($brokers | length) as $k | ($k * bar_height + 12) as $step | ($y0 + 8 + ($groups | length) * $step) as $bottom
    | [range($s.from; $s.to + 1) | power as $v | ($v | at($s)) as $x | line($x; $y0; $x; $bottom; "grid"), ($v | tick | text($x; $bottom + 14; "middle"; "quiet"))],
      ["\($unit)" | text(width; $bottom + 14; "end"; "quiet")],
      [$groups | to_entries[] | .key as $g | .value as $cells | ($y0 + 8 + $g * $step) as $y
        | ($cells[0].title | text(label_width - 10; $y + $k * bar_height / 2 + 4; "end"; "")),
          ($cells[] | (.broker as $b | $brokers | index($b)) as $i | select(.value and .value > 0) | (.value | at($s)) as $x | ($y + $i * bar_height) as $by
            | "<g class=\"b\($i % 4)\"><rect x=\"\($s.x0)\" y=\"\($by | r)\" width=\"\([1, $x - $s.x0] | max | r)\" height=\"\(bar_height - 2)\">\(title("\(.title), \(.broker): \(.value | short) \($unit), \(.least | short) to \(.most | short) in \(.rounds) rounds"))</rect>"
              + (.target as $aim | (if $aim and ($aim | at($s)) > $x and ($aim | at($s)) < $x + 40 then ($aim | at($s)) else $x end) as $tx
                    | .value | short | text($tx + 5; $by + 11; "start"; "")) + "</g>"),
          ($cells[] | select(.target) | (.target | at($s)) as $x
            | "<g>\(title("at most \(.target)"))" + line($x; $y - 3; $x; $y + $k * bar_height + 1; "aim") + "</g>")]
    | join("");
def bars_height($k): length * ($k * bar_height + 12) + 36;

def panel_width: 395;
def panel_height: 190;
def curve_titles: {"curve-queues": "queues", "curve-connections": "connections, one of them busy", "curve-bindings": "bindings of a topic exchange", "curve-waiting": "messages waiting in the queue"};

# One curve: its lines, for each broker one.
def panel($brokers; $x0; $y0): . as $lines
    | ([$lines[].points[].n] | scale($x0 + 45; $x0 + panel_width - 20)) as $sx
    | ([$lines[].points[].us] | scale($y0 + panel_height; $y0 + 22)) as $sy
    | (curve_titles[.[0].work] // .[0].work | text($x0; $y0 + 4; "start"; "head")),
      (range($sy.from; $sy.to + 1) | power as $v | ($v | at($sy)) as $y | line($sx.x0; $y; $sx.x1; $y; "grid"), ($v | tick | text($sx.x0 - 6; $y + 4; "end"; "quiet"))),
      ([$lines[].points[].n] | unique[] | . as $n | at($sx) as $x | ($n | tick | text($x; $y0 + panel_height + 16; "middle"; "quiet"))),
      ($lines[] | (.broker as $b | $brokers | index($b)) as $i
        | "<g class=\"b\($i % 4)\"><polyline points=\"\([.points[] | "\(.n | at($sx) | r),\(.us | at($sy) | r)"] | join(" "))\"/>"
          + ([.broker as $b | .points[] | "<circle cx=\"\(.n | at($sx) | r)\" cy=\"\(.us | at($sy) | r)\" r=\"3.5\">\(title("\($b), \(.n): \(.us | short) us"))</circle>"] | join(""))
          + (.points[-1].us as $us | $us | short | text($sx.x1 + 4; ($us | at($sy)) - 8; "end"; "")) + "</g>");

def svg($height): "<svg class=\"bench\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \($height | ceil)\" width=\"\(width)\" height=\"\($height | ceil)\" role=\"img\">" + style + . + "</svg>";

def bars_plot($part; $unit): [.brokers[].name] as $brokers | [.summary[] | select(.part == $part and .value)] | by_row
    | select(length > 0) | . as $rows | {height: (30 + bars_height($brokers | length)),
        svg: (legend($brokers; 14) + ($rows | [bars($brokers; $unit; 26)] | join("")))};

def curves_plot: [.brokers[].name] as $brokers | [(curve_titles | keys_unsorted[]) as $w | [.curves[] | select(.work == $w and (.points | length) > 1)] | select(length > 0)]
    | select(length > 0) | . as $panels | {height: (30 + (($panels | length) / 2 | ceil) * (panel_height + 50)),
        svg: (legend($brokers; 14) + ([range($panels | length) as $i | $panels[$i] | panel($brokers; 20 + ($i % 2) * (panel_width + 30); 44 + ($i / 2 | floor) * (panel_height + 50))] | join("")))};

def plots: [
    (bars_plot("cost"; "us") | . + {head: "Processor time of the broker, microseconds each (shorter is better; the mark is the reference broker's target)"}),
    (bars_plot("latency"; "us") | . + {head: "Latency, microseconds (shorter is better)"}),
    (curves_plot | . + {head: "What a message costs among many, microseconds (flat is good)"}),
    (bars_plot("rate"; "a second") | . + {head: "How many a second (longer is better)"})
];

# One below the other.
def picture: reduce plots[] as $p ({y: 0, svg: ""};
        .svg += "<g transform=\"translate(0 \(.y))\">" + ($p.head | text(0; 16; "start"; "head"))
            + "<g transform=\"translate(0 30)\">" + $p.svg + "</g></g>"
        | .y += $p.height + 50)
    | .y as $height | .svg | svg($height);
