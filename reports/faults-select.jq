# The catalogue, and what `--only` says of it (patterns by lines; none: all).
include "faults-common";

($only | split("\n") | map(select(. != "") | as_regex)) as $patterns
| map(select(. as $f | $patterns == [] or any([$f.name, $f.kind] + $f.rules + $f.real | .[]; . as $word | any($patterns[]; . as $p | $word | test($p)))))
