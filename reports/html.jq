# run.json -> report.html; jq -r -L reports --rawfile page reports/report.html --rawfile base … --rawfile
#   extensions … --rawfile errata … -f reports/html.jq run.json, with rules.tsv, extensions.tsv and errata.md
#
# The table of cases is in the page before any script runs: verdict, title, and why where there is a why. The
# script filters it, and draws a case when it is opened, from the run that is embedded and from what its
# rules ask.
include "common";
include "rulebook";

def h: tostring | @html;
def tone: if .red then "red" elif .verdict == "pass" then "pass" elif .verdict == "unsupported" then "none" else "note" end;
def plain: .verdict == "pass" and (.red | not);

# ---- above the cases ----------------------------------------------------------------------

def facts: [
    ["broker", "\(broker_name) at \(.broker.host):\(.broker.port)"],
    ["started", "\(.started), \(if .ms == null then "not finished" else "\(.ms | seconds) s" end)"],
    ["seed", "\(.seed)"], ["edition", .edition], ["amqproof", .amqproof],
    (select(repeated) | ["runs", "\(.counts.runs), \(.counts.unstable) cases unstable"]),
    (.options.segmentation | strings | ["segments", .]),
    (.options.shard | strings | select(. != "") | ["shard", .]), (.merged // [] | select(length > 0) | ["made of", "\(length) runs"]),
    ["machine", "\(.machine.system) \(.machine.release) \(.machine.arch), \(.machine.cores) cores"],
    ["capture", .capture.mode + (if .capture.why == "" then "" else ": " + .capture.why end)],
    (.calibration | objects | ["deadline", "\(.deadline_ms) ms for an answer, median round trip \(.rtt_ms.median) ms"]),
    (.profile | objects | ["time", (.phases | map(select(.name != "restart" and .ms > 0) | "\(.name) \(.ms | seconds) s") | join(", "))]),
    (.restarts[] | ["restart", "\(.kind), \(.cases) case\(if .cases == 1 then "" else "s" end), \(.ms | seconds) s\(if .ok then "" else ", failed: " + .message end)"])
  ] | map("<div><dt>\(.[0] | h)</dt><dd>\(.[1] | h)</dd></div>") | join("\n");

def about:
    "<details class=\"about\"><summary>\(.broker.host | h):\(.broker.port) · \(.started | sub("T"; " ") | sub("Z"; " UTC") | h) · "
    + "\(if .ms == null then "not finished" else "\(.ms | seconds) s" end) · capture by \(.capture.mode | h) · seed \(.seed)</summary>",
    "<dl>\(facts)</dl></details>";

def ledger_section: select(.ledger != []) | "<h2>Ledger lines that do not hold</h2><ul>",
    (.ledger[] | "<li>line \(.line): \(.case | h) is \(.state | h) (\(.reason | h))</li>"), "</ul>";

def stability_section: select(repeated) | "<h2>Stability</h2>",
    (unstable_cases | if length == 0 then "<p>No verdict changed from run to run.</p>"
        else "<ul>", (.[] | "<li>\(.id | h): \(verdict_counts | h)</li>"), "</ul>" end),
    "<table class=\"margins\"><thead><tr><th>margin</th><th>case</th></tr></thead><tbody>",
    (smallest_margins[] | "<tr><td>\(.min_margin | percent)</td><td>\(.id | h)</td></tr>"), "</tbody></table>";

# ---- the chapters -------------------------------------------------------------------------

def tallies: . as $cases | [verdicts[] as $v | {key: $v, value: ($cases | map(select(.verdict == $v)) | length)}
    | select(.value > 0)] | map("\(.value) \(.key)") | join(", ");

def bar: . as $cases | [["pass", "note", "none", "red"][] as $t
    | ($cases | map(select(tone == $t)) | length) as $n | select($n > 0)
    | "<i class=\"\($t)\" style=\"flex:\($n)\"></i>"] | "<span class=\"bar\">\(join(""))</span>";

def chapter_row($name; $link):
    (map(select(.red)) | length) as $red
    | "<tr title=\"\(tallies); \(map(.ms // 0) | add | seconds) s\"><th scope=\"row\"><a href=\"#\($link)\">\($name | h)</a></th>"
    + "<td>\(bar)</td><td>\(if $red > 0 then "<b class=\"red\">\($red)</b>" else "" end)</td><td>\(length)</td></tr>";

def chapters:
    "<details class=\"chapters\" open><summary>Chapters</summary><table><thead><tr><th>chapter</th><th></th><th>red</th><th>cases</th></tr></thead><tbody>",
    (.cases | group_by(.chapter)[] | chapter_row(.[0].chapter; "chapter=\(.[0].chapter)")),
    (.cases | select(length > 0) | chapter_row("all"; "chapter=")),
    "</tbody></table></details>";

# ---- the cases ----------------------------------------------------------------------------

def option($value; $text): "<option value=\"\($value | h)\">\($text | h)</option>";
def chip($value; $tone; $n): "<label class=\"chip \($tone)\"><input type=\"checkbox\" name=\"verdict\" value=\"\($value)\"> \($value) <b>\($n)</b></label>";

def chips: . as $run | [
    (.counts | select(.red > 0) | chip("red"; "red"; .red)),
    (verdicts[] as $v | [$run.cases[] | select(.verdict == $v)] | select(length > 0)
        | chip($v; (if any(.[]; .red) then "red" else .[0] | tone end); length)),
    (.counts | select(.excused > 0) | chip("excused"; "note"; .excused)),
    (.counts | select(.unstable > 0) | chip("unstable"; "red"; .unstable))
  ] | join("\n");

def filters:
    "<form hidden><div class=\"chips\">\(chips)</div>",
    "<select name=\"chapter\" aria-label=\"chapter\">" + option(""; "every chapter") + ([.cases[].chapter] | unique | map(option(.; .)) | join("")) + "</select>",
    "<select name=\"level\" aria-label=\"level\">" + option(""; "every level")
        + ([levels[] as $l | select(any(.cases[]; .level == $l)) | option($l; $l)] | join("")) + "</select>",
    "<input type=\"search\" name=\"text\" placeholder=\"id, rule, text of a frame   /\" aria-label=\"text\">",
    "<output>\(.cases | length) cases</output><button type=\"reset\">reset</button><button type=\"button\" class=\"keys\" title=\"keys\">?</button></form>";

def first_lines($n): split("\n") | if length > $n then .[:$n] + ["…"] else . end | join("\n");

def why:
    reason as $why
    | "\n<tr class=\"why\"><td></td><td colspan=\"4\">"
    + (if $why == "" then "" else "<pre>\($why | first_lines(12) | h)</pre>" end)
    + (if .ledger == "none" then "" else "<p>ledger: \(.ledger_reason | h)</p>" end)
    + "<small>\(.rules | join(" ") | h) · \(.file | h):\(.line)</small></td></tr>";

# What the filters ask for: what is red is asked for by that name as well.
def kinds: [.verdict, (select(.red) | "red"), (select(.unstable) | "unstable"),
    (select(.ledger == "matched" and (.red | not)) | "excused")] | unique | join(" ");

def row:
    "<tr data-tone=\"\(tone)\" data-is=\"\(kinds)\" data-chapter=\"\(.chapter)\" data-level=\"\(.level)\" id=\"\(.id | h)\"\(if plain then "" else " class=\"told\"" end)>"
    + "<td><b class=\"\(tone)\">\(caption | h)</b></td><th scope=\"row\"><a href=\"#\(.id | h)\">\(.id | h)</a></th>"
    + "<td>\(.title | h)</td><td>\(.level | h)</td><td>\(.ms // "" | h)</td></tr>" + (if plain then "" else why end);

def group($name; $id):
    "<tbody id=\"\($id)\"><tr class=\"group\"><th colspan=\"5\" scope=\"rowgroup\">\($name | h) <span>\(length)</span></th></tr>",
    (.[] | row), "</tbody>";

def table:
    "<table class=\"cases\"><thead><tr><th>verdict</th><th>case</th><th>what it proves</th><th>level</th><th>ms</th></tr></thead>",
    ([.cases[] | select(.red)] | select(length > 0) | group("red"; "verdict=red")),
    (.cases | map(select(.red | not)) | group_by(.chapter)[] | group(.[0].chapter; "chapter=\(.[0].chapter)")),
    "</table><p class=\"empty\" hidden>No case is like that.</p>";

def main:
    "<header class=\"\(if .verdict == "conforms" then "pass" else "red" end)\"><h1>\(headline | h)</h1>",
    "<p>\(explanation | h)</p>", about, "</header>",
    ledger_section, stability_section,
    "<div class=\"columns\"><nav>", chapters, "</nav><main>", filters, table, "</main></div>";

# ---- what the script reads ----------------------------------------------------------------

# A passing case's conversation may be long and is the least looked at: its capture has all of it.
def cut_line: if length > 1500 then "\(.[:1200])… # \(length - 1200) characters more, not in this page" else . end;
def cut: split("\n") | if length > 200 then .[:120] + ["# … \(length - 180) lines, not in this page …"] + .[-60:] else . end
    | map(cut_line) | join("\n");

# Every connection opens with the same words. A line that is often said is in the page once, and
# "@N" stands for it behind the label of its connection.
def connection: if .[0:1] | . >= "a" and . <= "z" then .[0:index(" ") + 1] else "" end;
def often: [.cases[].conversation | split("\n")[] | .[(connection | length):] | select(length > 40)]
    | [group_by(.)[] | select(length > 20) | .[0]];
def pack($index): split("\n")
    | map(connection as $from | $index[.[($from | length):]] as $n | if $n then "\($from)@\($n)" else . end) | join("\n");
def packed($lines):
    (reduce range($lines | length) as $i ({}; .[$lines[$i]] = $i)) as $index
    | .cases |= map(.conversation |= pack($index));

def errata_of($texts): [$texts | match("[Ee]rrat(a|um) ([0-9]+)"; "g").captures[1].string] as $cited
    | reduce ($errata | split("\n")[] | select(test("^\\| [0-9]+ \\|")) | ltrimstr("| ") | rtrimstr(" |") | split(" | ")) as $e ({};
        if any($cited[]; . == $e[0]) then .[$e[0]] = {topic: $e[1], readings: $e[2], verdict: $e[3]} else . end);

def rules_of($cited): reduce ((($base | base_rules) + ($extensions | extension_rules))[] | select($cited[.id])) as $r ({};
    .[$r.id] = ($r | {level, expected, place: (if .extension then .place else "\(.class) \(.place)" end)}));

def asked: {
    rules: rules_of(reduce .cases[].rules[] as $r ({}; .[$r] = true)),
    errata: errata_of([.cases[] | .message, .notes[], .ledger_reason, .ledger_source] | join("\n"))
};

# "<" is all that could end a script element, and JSON can write it otherwise.
def embedded: tojson | gsub("<"; "\\u003c");

# Each @@NAME@@ of the page, once, and none in what comes in its place.
def filled($parts): split("@@") | [range(length) as $i | .[$i] | if $i % 2 == 1 then $parts[.] else . end] | join("");

. as $run
| (.cases |= map(if plain then .conversation |= cut else . end)) as $short
| ($short | often) as $lines
| $page | filled({
    TITLE: ($run | headline | h),
    MAIN: ([$run | main] | join("\n")),
    ASKED: ($run | asked + {lines: $lines} | embedded),
    RUN: ($short | packed($lines) | embedded)
  })
