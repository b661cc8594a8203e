# A matrix as Markdown; jq -r -f reports/matrix-markdown.jq <matrix.json

def text: gsub("\\|"; "\\|") | gsub("\n"; " ") | gsub("(?<c>[_*<])"; "\\\(.c)");
def cell: if . == null then "–" elif .link == "" then .caption else "[\(.caption)](\(.link))" end;
def line: "| " + join(" | ") + " |";

# What was seen stands below a case, once for all who saw the same.
def seen($columns): [range(.cells | length) as $i | .cells[$i] | select(. != null and .seen != "") | {name: $columns[$i].name, seen}]
    | group_by(.seen)[] | "  - \(map(.name) | join(", ")): \(.[0].seen | text)";

. as $m
| "### \([.columns[].name] | join(", "))", "",
  "\(.differing) of \(.of) \(.by) differ"
  + (if .only == "all" then "; all are here." else "; the others are left out." end)
  + (if .editions > 1 then " The runs are of \(.editions) editions of the cases." else "" end), "",
  ([(if .by == "rules" then "rule" else "case" end)] + [.columns[].name | text] | line),
  ([ "---" ] + [.columns[] | "---"] | line),
  (.rows[] | [.id | "`\(.)`"] + [.cells[] | cell] | line),
  ([.rows[] | select(any(.cells[]; . != null and .seen != ""))] | select(length > 0) | "", "What was seen:", "",
   (.[] | "- `\(.id)`: \(.title | text)", seen($m.columns)))
