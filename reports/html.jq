# run.json -> report.html; jq -r -L reports --rawfile page reports/report.html -f reports/html.jq run.json
#
# Everything is in the page before any script runs; the script only hides rows.
include "common";

def h: tostring | @html;
def tone: if .red then "red" elif .verdict == "pass" then "pass" elif .verdict == "unsupported" then "none" else "note" end;
def anchor: .id;

def facts: [
    ["broker", "\(broker_name) at \(.broker.host):\(.broker.port)"],
    ["started", "\(.started), \(if .ms == null then "not finished" else "\(.ms | seconds) s" end)"],
    ["seed", "\(.seed)"], ["edition", .edition], ["amqproof", .amqproof],
    (select(repeated) | ["runs", "\(.counts.runs), \(.counts.unstable) cases unstable"]),
    (.options.segmentation | strings | select(. != "whole") | ["segments", .]),
    ["machine", "\(.machine.system) \(.machine.release) \(.machine.arch), \(.machine.cores) cores"],
    ["capture", .capture.mode + (if .capture.why == "" then "" else ": " + .capture.why end)],
    (.restarts[] | ["restart", "\(.kind), \(.cases) case\(if .cases == 1 then "" else "s" end), \(.ms | seconds) s\(if .ok then "" else ", failed: " + .message end)"])
  ] | map("<div><dt>\(.[0] | h)</dt><dd>\(.[1] | h)</dd></div>") | join("\n");

def bar: . as $cases | [["pass", "note", "none", "red"][] as $t
    | ($cases | map(select(tone == $t)) | length) as $n | select($n > 0)
    | "<i class=\"\($t)\" style=\"flex:\($n)\" title=\"\($n) \($t)\"></i>"] | "<span class=\"bar\">\(join(""))</span>";

def chapters: [verdicts[] as $v | select(any(.cases[]; .verdict == $v)) | $v] as $columns
    | "<table class=\"chapters\"><thead><tr><th>chapter</th><th></th><th>cases</th>"
      + ($columns | map("<th>\(.)</th>") | join("")) + "<th>s</th></tr></thead><tbody>",
      (.cases | group_by(.chapter)[] | . as $cases
       | "<tr><th>\(.[0].chapter | h)</th><td>\(bar)</td><td>\(length)</td>"
         + ([$columns[] as $v | [$cases[] | select(.verdict == $v)] | length
             | if . == 0 then "<td></td>" else "<td>\(.)</td>" end] | join(""))
         + "<td>\(map(.ms // 0) | add | seconds)</td></tr>"),
      "</tbody></table>";

def block(name): select(. != "") | "<p class=\"name\">\(name)</p><pre>\(h)</pre>";

def evidence:
    # a plain pass is a row; its conversation is in run.json and in its capture
    (select(.verdict != "pass" or .red) | (reason | block("what happened")), (.step | block("step")),
        (.conversation | block("conversation"))),
    (select(.runs > 1) | "\(.runs) runs: \(verdict_counts)" + (if .min_margin then ", smallest margin \(.min_margin | percent)" else "" end) | block("runs")),
    (.ledger_reason | block("ledger")), (.rerun | block("again")),
    (select(.capture != "") | "<p><a href=\"\(.capture | @uri | gsub("%2F"; "/"))\">\(.capture | h)</a></p>");

def failure:
    "<article id=\"red:\(anchor | h)\"><h3><b class=\"\(tone)\">\(caption | h)</b> \(anchor | h)</h3>",
    "<p>\(.title | h) <span class=\"quiet\">\(.level | h) \(.rules | join(" ") | h) · \(.file | h):\(.line)</span></p>",
    evidence, "</article>";

def row:
    "<tr data-tone=\"\(tone)\" data-verdict=\"\(.verdict)\"><td><b class=\"\(tone)\">\(caption | h)</b></td>"
    + "<td><details><summary>\(anchor | h)</summary><p>\(.title | h)</p>"
    + "<p class=\"quiet\">\(.rules | join(" ") | h) · \(.file | h):\(.line)</p>",
    (if .red then "<p><a href=\"#red:\(anchor | @uri)\">in full above</a></p>" else evidence end),
    "</details></td><td>\(.level | h)</td><td>\(reason | split("\n")[0] // "" | h)</td><td>\(.ms // "" | h)</td></tr>";

def main:
    "<header class=\"\(if .verdict == "conforms" then "pass" else "red" end)\"><h1>\(headline | h)</h1>",
    "<p>\(explanation | h)</p></header>",
    "<dl>\(facts)</dl>",
    "<h2>Chapters</h2>", "<div class=\"wide\">", chapters, "</div>",
    (.cases | map(select(.red)) | select(length > 0) | "<h2>Red</h2>", (.[] | failure)),
    (.ledger | select(length > 0) | "<h2>Ledger</h2><ul>",
        (.[] | "<li>line \(.line): \(.case | h) is \(.state | h) (\(.reason | h))</li>"), "</ul>"),
    (select(repeated) | "<h2>Stability</h2>",
        (unstable_cases | if length == 0 then "<p>No verdict changed from run to run.</p>"
            else "<ul>", (.[] | "<li>\(.id | h): \(verdict_counts | h)</li>"), "</ul>" end),
        "<table><thead><tr><th>margin</th><th>case</th></tr></thead><tbody>",
        (smallest_margins[] | "<tr><td>\(.min_margin | percent)</td><td>\(.id | h)</td></tr>"), "</tbody></table>"),
    "<h2>All cases</h2>", "<form hidden><input type=\"search\" placeholder=\"id, rule, text\" aria-label=\"search\">",
    ([.cases[].verdict] | unique | map("<label><input type=\"checkbox\" value=\"\(.)\" checked> \(.)</label>") | join("\n")),
    "</form>", "<div class=\"wide\"><table class=\"cases\"><thead><tr><th>verdict</th><th>case</th><th>level</th><th>why</th><th>ms</th></tr></thead><tbody>",
    (.cases[] | row), "</tbody></table></div>";

# "<" is all that could end a script element, and JSON can write it otherwise.
def embedded: tojson | gsub("<"; "\\u003c");

. as $run
| ([$run | main] | join("\n")) as $main
| $page | split("@@MAIN@@") | join($main) | split("@@TITLE@@") | join($run | headline | h)
| split("@@RUN@@") | join($run | embedded)
