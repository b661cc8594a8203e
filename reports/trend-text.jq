# A history for a terminal 80 wide; jq -r -L reports -f reports/trend-text.jq <trend.json
include "rulebook"; # wrap
include "trend-words";

def left($n): if length >= $n then .[:$n - 1] + "+" else . + " " * ($n - length) end;
def right($n): tostring | " " * ([$n - length, 0] | max) + .;
def seconds: . / 100 | round / 10 | tostring | if test("[.]") then . else . + ".0" end;

def run_line: "  \(.name | left(34)) \(.cases | right(5)) \(.red | right(4)) \(rate_words | right(7)) \(.ms // 0 | seconds | right(7)) "
    + oddity;
def bar($longest): ((.ms // 0) * 14 / ([$longest, 1] | max) | ceil) as $n | "#" * $n;

def story: "  " + ("\(.id): \(.says)" | wrap(80; 6));
def marks: .marks[-70:] | "      \(.)";

.brokers[] as $b
| ([$b.runs[] | select(.whole) | .ms // 0] | max) as $longest
| ("\($b.name): \($b | span)" | wrap(80; 2)), "\($b | headline_of)", "",
  "  \("run" | left(34)) cases  red    rate seconds",
  ($b.runs[-30:][] | run_line + (if .whole then bar($longest) else "" end) | sub(" +$"; "")),
  (select(($b.runs | length) > 30) | "  … and \(($b.runs | length) - 30) before these"),
  ($b | classes[] | "", "\(.name) (\(.cases | length)): \(.about)",
      (.cases[] | story, (select(.now.seen != "" and .is == "broken") | "      " + (.now.seen | wrap(80; 6))), marks)),
  (select([$b | classes[]] != []) | "", "  \(legend)"),
  ""
