# faults.json -> one page without script: survivors first, each row with all that went red.
def row_of_fault:
    "<tr id=\"\(.name | @html)\" class=\"\(.state)\"><td><a href=\"#\(.name | @html)\">\(.name | @html)</a><br><small>\(.kind)\(if .real != [] then ", \(.real | join(" ") | @html)" else "" end)</small></td>"
    + "<td>\(.what | @html)<br><small>\(.rules | join(" ") | @html)</small></td><td><b>\(.state)</b>\(if .weakly then "<br><small>weakly: a SHOULD</small>" else "" end)</td><td>"
    + (if .by + .also + .ended == [] then (.reason | @html)
       else "<details><summary>\(.by | length) for its reason, \(.also | length) besides, of \(.ran)</summary>"
        + ((.by | map("<a href=\"#\(. | @html)\"><b>\(. | @html)</b></a>")) + (.also | map("<a href=\"#\(. | @html)\">\(. | @html)</a>")) + (.ended | map("<i>\(. | @html)</i>")) | join(" "))
        + "</details>" + (.reason | @html) end)
    + "</td></tr>";
def row_of_case:
    "<tr id=\"\(.id | @html)\" class=\"\(if .faults == [] then "survives" else "seen" end)\"><td><a href=\"#\(.id | @html)\">\(.id | @html)</a></td><td>\(.rules | join(" ") | @html)</td><td>"
    + (if .faults == [] then "<b>unproven</b>" else "<details><summary>\(.faults | length)</summary>\(.faults | map("<a href=\"#\(. | @html)\">\(. | @html)</a>") | join(" "))</details>" end) + "</td></tr>";

"<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Planted faults</title>\n<style>"
+ ":root{color-scheme:light dark;--line:#8884;--bad:#c62828;--good:#2e7d32;--dim:#6b6b6b}"
+ "@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#81c784;--dim:#aaa}}"
+ "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}"
+ "table{border-collapse:collapse;width:100%}td,th{border-top:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
+ "thead th{position:sticky;top:0;background:Canvas}small{color:var(--dim)}a{color:inherit}td a{text-decoration:none}td a:hover{text-decoration:underline}"
+ "tr:target{outline:2px solid Highlight}.seen b,.excused b{color:var(--good);font-weight:600}.survives td b,.other-reason td b,.ended td b,.spread td b,.stale td b{color:var(--bad)}"
+ "summary{cursor:pointer}</style>\n",
"<h1>Planted faults, and who sees them</h1>",
"<p><b>\(.counts.seen) of \(.counts.faults) faults are seen</b> behind \(.broker | @html), \(.counts.weakly) of them by a missed SHOULD alone, \(.counts.excused) excused with a reason, \(.counts.open) open."
+ (if .whole then " \(.counts.unproven) of \(.cases | length) cases are unproven; \(.counts.bare_rules) MUST rules have no fault that was seen." else "" end) + "</p>",
"<table><thead><tr><th style=\"width:17rem\">fault<th>what is wrong, and the rules it breaks<th style=\"width:6rem\">state<th style=\"width:24rem\">red cases</thead><tbody>",
(.faults[] | row_of_fault), "</tbody></table>",
(select(.whole) | "<h2>Cases</h2><table><thead><tr><th>case<th>rules<th style=\"width:30rem\">faults that it sees</thead><tbody>", (.cases[] | row_of_case), "</tbody></table>",
  (select(.bare_rules != []) | "<h2>MUST rules without a fault that was seen</h2><p>", (.bare_rules | map(@html) | join("<br>")))),
"<p><small>made \(.made)</small></html>"
