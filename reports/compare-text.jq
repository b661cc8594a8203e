# A comparison for a terminal 80 wide; jq -r -L reports -f reports/compare-text.jq <compare.json
include "rulebook"; # wrap
include "compare-words";

# A word longer than the line is cut in pieces: nothing of what was seen may be lost.
def folded($width): [splits(" +") | [while(length > 0; .[$width:])[:$width]][]] | join(" ");
def indented($n): (" " * $n) + (folded(80 - $n) | wrap(80; $n));
def entry: ("  \(.id): \(change)" | folded(74) | "  " + wrap(80; 6)), (details[] | indented(6));

. as $c
| first_line(80), "",
  (("old", "new") as $side | "\($side)  \(.[$side] | run_line | folded(75) | wrap(80; 5))"),
  (caveats[] | indented(5)),
  (.classes[] as $class | [.differences[] | select(.class == $class.class)] | select(length > 0)
   | "", "\($class.name) (\(length))", (.[] | entry)),
  (select(.differences != []) | "", "In all: \(tally | join(", "))." | wrap(80; 0))
