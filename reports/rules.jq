# Rules and who proves them, 80 columns; or all that is known of them, with $form == "json".
#   jq -rn -L reports --rawfile base … --rawfile extensions … --slurpfile cases … --slurpfile run …
#      --arg chapter C --arg level L --arg only uncovered|all --arg with base|all --arg form text|json
include "rulebook";

def state:
    if .visible | not then .testable
    elif .cases == [] then "no case"
    elif $run == [] then "covered"
    elif .verdict == null then "not run"
    elif .verdict == "harness-fault" then "our fault"
    else .verdict end;

def row: "\(state | pad(11)) \(.cases | length | if . == 0 then "" else . end | lpad(2)) \(.level | pad(10)) \(.id)";

def total($name): {
    level: $name, rules: length,
    wire: map(select(.testable == "wire")) | length,
    capture: map(select(.testable == "capture")) | length,
    lifecycle: map(select(.testable == "lifecycle")) | length,
    visible: map(select(.visible)) | length,
    covered: map(select(.visible and .covered)) | length
};
def totals: . as $all | [levels[] as $l | $all | map(select(.level == $l)) | select(length > 0) | total($l)] + [total("all")];
def total_row: "\(.level | pad(11)) \(.wire | lpad(6)) \(.capture | lpad(8)) \(.lifecycle | lpad(10)) \(.visible | lpad(9))"
    + " \(.covered | lpad(8)) \(.visible - .covered | lpad(10)) \(.rules - .visible | lpad(10))";

def selected:
    ($chapter | ascii_downcase) as $c | ($level | ascii_upcase) as $l
    | map(select(($c == "" or .class == $c or (.chapters | index($c))) and ($l == "" or (.level | ascii_upcase) == $l)));

def text:
    totals as $totals | $totals[-1] as $all
    | (map(select($only == "all" or (.visible and (.covered | not)))) | sort_by(.extension, .class, .id)[] | row),
      "",
      "level         wire  capture  lifecycle   visible  covered  uncovered  invisible",
      ($totals[] | total_row), "",
      "\($all.rules) rules; of \($all.visible) that can be seen from outside \($all.visible - $all.covered) are "
      + (if $run == [] then "without a case." else "not judged in this run." end);

(($base | base_rules) + (if $with == "all" then $extensions | extension_rules else [] end)) as $rules
| book($rules; $cases[0]; $run[0]) | selected
| if $form == "json" then
    {totals: totals, rules: map(select($only == "all" or (.visible and (.covered | not))))}
  else text end
