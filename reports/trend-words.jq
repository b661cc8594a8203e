# What a history says alike in text, Markdown and HTML. Included by them: jq -L reports.

def plural($n; $word): "\($n) \($word)\(if $n == 1 then "" else "s" end)";
def when: .started | sub("T"; " ") | sub("Z"; " UTC");
def headline_of: . as $b
    | [(select(.broken != []) | plural(.broken | length; "case") + " broken"),
       (select(.flaky != []) | plural(.flaky | length; "case") + " flaky"),
       (select(.mended != []) | plural(.mended | length; "case") + " mended"),
       (select(.excused != []) | plural(.excused | length; "case") + " excused")] as $said
    | if $said == [] then "every case has been good in each run" else $said | join(", ") end;
def span: "\(plural(.runs | length; "run")), \(.runs[0] | when)\(if .runs | length == 1 then "" else " to \(.runs[-1] | when)" end)";

def rate_words: if .rate == null then "-" else (.rate * 1000 | floor / 10) as $p
    | if .rate == 1 then "100 %" else "\($p) %" end end;
# Why a run is not drawn.
def oddity: if .cut then "cut off" elif .part then "a part" else "" end;

def turned: plural(.turns; "turn") as $t
    | "bad in \(.bad) of \(plural(.runs; "run")), \($t)" + (if .unstable > 0 then ", differed within \(plural(.unstable; "run"))" else "" end);
def since: if .good == "" then "bad in each run since \(.since)" else "since \(.since), good in \(.good)" end;
# The classes in the order of their weight, each case with its one line.
def classes: [
    {name: "broken", about: "red in the last run that judged it", cases: [.broken[] | .says = since]},
    {name: "flaky", about: "good and bad by turns, though nothing else changed", cases: [.flaky[] | .says = turned]},
    {name: "excused", about: "the ledger has a line for it", cases: [.excused[] | .says = since]},
    {name: "mended", about: "was bad", cases: [.mended[] | .says = "good since \(.since)"]}
  ] | map(select(.cases != []));
def legend: ". good   F red   x excused   ~ differed within the run   - not judged";
