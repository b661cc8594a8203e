# run.json -> badge.svg; jq -r -L reports -f reports/badge.jq run.json
#
# It says that a broker conforms only where all cases were run.
include "common";

# How wide a sign of Verdana is at 11 px, roughly: textLength makes the text fit whatever font there is.
def width: explode | map([.] | implode
    | if test("[ijl.,:;|!' ]") then 4 elif test("[frt/()-]") then 5 elif test("[mwMW]") then 10.5
      elif test("[A-Z]") then 8 else 7 end) | add | ceil;

def whole: .options.only == [] and .options.skip == [] and (.options.shard // "") == "";
def says:
    .counts as $n
    | if .verdict == "conforms" and whole then "conforms"
      elif .verdict == "conforms" then "none of \($n.planned) red"
      elif .verdict == "does-not-conform" and $n.red == 0 then "ledger does not hold"
      elif .verdict == "does-not-conform" then "\($n.red) of \($n.planned) red"
      elif .verdict == "unreachable" then "not reachable"
      elif .verdict == "interrupted" then "interrupted"
      else "harness fault" end;
def ground: if .verdict == "conforms" then "#226b2f" elif .verdict == "does-not-conform" then "#b3261e" else "#5c5c5c" end;

def words($at; $width; $text):
    "    <text x=\"\($at + 6)\" y=\"14\" textLength=\"\($width)\" lengthAdjust=\"spacingAndGlyphs\">\($text | xml)</text>";

"AMQP 0-9-1" as $left | says as $right | ground as $ground
| (($left | width) + 12) as $middle | ($middle + ($right | width) + 12) as $total
| "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\($total)\" height=\"20\" viewBox=\"0 0 \($total) 20\" role=\"img\" aria-label=\"\($left): \($right)\">",
  "  <title>\(headline | xml): \(explanation | xml)</title>",
  "  <rect width=\"\($total)\" height=\"20\" rx=\"3\" fill=\"\($ground)\"/>",
  "  <path d=\"M\($middle) 0H3a3 3 0 0 0-3 3v14a3 3 0 0 0 3 3h\($middle - 3)z\" fill=\"#444444\"/>",
  "  <g fill=\"#ffffff\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"11\">",
  words(0; $left | width; $left),
  words($middle; $right | width; $right),
  "  </g>",
  "</svg>"
