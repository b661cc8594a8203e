# A comparison as Markdown; jq -r -L reports -f reports/compare-markdown.jq <compare.json
include "compare-words";

def code: gsub("`"; "'") | gsub("\n"; " ") | "`\(.)`";

"### \(first_line(200) | gsub("_"; "\\_"))", "",
"| | broker | started | cases |", "|---|---|---|---:|",
(("old", "new") as $side | .[$side] | "| \($side) | \(.name) | \(.started | sub("T"; " ") | sub("Z"; " UTC")) | \(.cases) |"), "",
(caveats | select(length > 0) | (.[] | "- \(.)"), ""),
(.classes[] as $class | [.differences[] | select(.class == $class.class)] | select(length > 0)
 | "<details\(if $class.is == "better" then "" else " open" end)><summary>\($class.name) (\(length))</summary>", "",
   (.[] | "- \(.id | code) \(change)", (details[] | "  - \(code)")), "", "</details>", "")
