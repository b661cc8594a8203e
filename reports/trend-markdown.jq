# A history as Markdown; jq -r -L reports -f reports/trend-markdown.jq <trend.json
include "trend-words";

def md: gsub("(?<c>[\\\\`*_\\[\\]<>|])"; "\\\(.c)");
def linked: if .link == "" then .name | md else "[\(.name | md)](\(.link))" end;

.brokers[] as $b
| "## \($b.name | md): \($b | headline_of)", "", ($b | span), "",
  "| run | cases | red | rate | seconds | |", "|---|---|---|---|---|---|",
  ($b.runs[] | "| \(linked) | \(.cases) | \(.red) | \(rate_words) | \((.ms // 0) / 100 | round / 10) | \(oddity) |"),
  ($b | classes[] | "", "**\(.name)** (\(.cases | length)): \(.about)", "",
      (.cases[] | "- `\(.id)` \(.says | md) `\(.marks)`")),
  (select([$b | classes[]] != []) | "", "`\(legend)`"),
  ""
