# What faults name and nobody knows: a line each. Rules and real faults by their tables, chapters
# and cases by what is built.
include "faults-common";

def names: split("\n") | map(select(. != "" and (startswith("#") | not)) | split("\t")[0] | {(.): 1}) | add;

($base + $more | names) as $rules | ($known | names) as $real | $cases[0] as $cases
| ($cases | map(.chapter) | unique) as $chapters
| $faults[0][] | .name as $n
| ((.rules[] | select($rules[.] == null) | "no such rule: \(.)"),
   (.real[] | select($real[.] == null) | "no such fault of a real broker: \(.)"),
   (.reds[] | select(. as $c | $chapters | index($c) | not) | "no such chapter: \(.)"),
   (.tries[] | select(. as $one | any($cases[]; . as $c | $one | selects($c)) | not) | "selects no case: \(.)"))
| "\($n): \(.)"
