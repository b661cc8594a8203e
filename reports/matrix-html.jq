# A matrix as one page; jq -r -L reports -f reports/matrix-html.jq <matrix.json
#
# All of it stands in the page before a script runs. The script only hides rows that do not have a text,
# and is not there where nothing can be hidden.
include "common";
include "page";

def style: "
thead th { position: sticky; top: 0; z-index: 1; background: var(--panel); font-weight: 600; }
thead th:first-child { width: 24rem; }
thead small, td small, th small { display: block; color: var(--quiet); font-size: 12.5px; font-weight: 400; }
tbody th code { font: 12.5px/1.5 ui-monospace, \"DejaVu Sans Mono\", Menlo, Consolas, monospace; }
tr.group th { padding-top: 1.1rem; font-weight: 600; } tr.group span { color: var(--quiet); font-weight: 400; }
td b { font-weight: inherit; } td.pass > :first-child { color: var(--pass); } td.red > :first-child { color: var(--red); font-weight: 600; }
td.note > :first-child { color: var(--note); } td.none > :first-child, td.absent { color: var(--none); }
form { display: flex; gap: .8rem; margin: 0 0 .8rem; } output, .empty { color: var(--quiet); }
input { flex: 0 1 24rem; font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: .2rem; padding: .2rem .5rem; }
.wide { overflow-x: auto; } .wide table { min-width: calc(18rem + var(--columns) * 11rem); }
@media (min-width: 60rem) { .wide { overflow: visible; } }
@media (max-width: 60rem) { body { padding: 1rem .8rem; } thead th { position: static; } thead th:first-child { width: 15rem; } }
@media print { form { display: none; } thead th { position: static; } tr { break-inside: avoid; } }
";

def script: "
'use strict';
const form = document.forms[0], rows = [...document.querySelectorAll('tbody tr[id]')];
const groups = [...document.querySelectorAll('tbody')], empty = document.querySelector('.empty');
const texts = rows.map(row => row.textContent.toLowerCase());
function show() {
    const words = form.text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => { row.hidden = !words.every(word => texts[i].includes(word)); if (!row.hidden) shown++; });
    groups.forEach(group => { group.hidden = !group.querySelector('tr[id]:not([hidden])'); });
    form.elements.count.value = shown + ' of ' + rows.length;
    empty.hidden = shown > 0;
}
form.hidden = false;
form.addEventListener('input', show);
form.addEventListener('submit', event => event.preventDefault());
show();
";

def column: "<th scope=\"col\">\(if .report == "" then .name | h else "<a href=\"\(.report | h)\">\(.name | h)</a>" end)"
    + "<small>\(.counts as $n | [verdicts[] as $v | select($n[$v]) | "\($n[$v]) \($v)"] | join(", "))</small>"
    + "<small>\(.started | sub("T"; " ") | sub("Z"; " UTC") | h)</small>"
    + (if .verdict == "conforms" then "" else "<small>\(.headline | h)</small>" end) + "</th>";

def cell:
    if . == null then "<td class=\"absent\">–</td>"
    else "<td class=\"\(.tone)\">"
        + (if .link == "" then "<b>\(.caption | h)</b>" else "<a href=\"\(.link | h)\">\(.caption | h)</a>" end)
        + (if .seen == "" then "" else "<small>\(.seen | h)</small>" end) + "</td>" end;

def row: "<tr id=\"\(.id | h)\"><th scope=\"row\"><code>\(.id | h)</code><small>\(if .level == "" then "" else "\(.level | h) · " end)\(.title | h)</small></th>"
    + (.cells | map(cell) | join("")) + "</tr>";

def group($columns): "<tbody><tr class=\"group\"><th colspan=\"\($columns + 1)\" scope=\"rowgroup\">\(.[0].group | h) <span>\(length)</span></th></tr>",
    (.[] | row), "</tbody>";

([.columns[].name] | join(", ")) as $names
| (.columns | length) as $columns
| page_head($names; style),
  "<header><h1>\(if $columns == 1 then "" else "\($columns) brokers side by side: " end)\(.differing) of \(.of) \(.by) differ</h1>",
  "<p>\($names | h). "
  + (if .only == "all" then "All \(.by) are here" else "What is the same everywhere is left out" end)
  + (if .editions > 1 then "; the runs are of \(.editions) editions of the cases" else "" end) + ".</p></header>",
  "<form hidden><input type=\"search\" name=\"text\" placeholder=\"\(if .by == "rules" then "rule" else "case" end), title, verdict, what was seen\" aria-label=\"text\"><output name=\"count\"></output></form>",
  "<div class=\"wide\" style=\"--columns: \($columns)\"><table><thead><tr><th scope=\"col\">\(if .by == "rules" then "rule" else "case" end)</th>", (.columns[] | column), "</tr></thead>",
  (.rows | group_by(.group)[] | group($columns)),
  "</table></div>", "<p class=\"empty\"\(if .rows == [] then "" else " hidden" end)>No row is like that.</p>",
  "<script>\(script)</script>", "</body>", "</html>"
