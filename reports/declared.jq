# What a broker's makers state of each rule beside what a run saw: differences first.
#   … --slurpfile run … --arg form text|json           rulebook.jq has the facts
include "rulebook";
include "common";

# The column begins with one word; what follows is the reason.
def stated: . as $r | ["ok", "partial", "deviates", "unknown"] | map(select(. as $w | $r.rabbitmq | test("^" + $w + "\\b"))) | .[0] // "unknown";
def is_red: . == "fail" or . == "hung" or . == "died" or . == "weak";
def measured: .verdict // "not run";

# ok and seen to fail; said to deviate and seen to hold: both want to be looked at.
def differs:
    if .stated == "ok" and (.measured | is_red) then "stated ok, seen \(.measured)"
    elif .stated == "deviates" and .measured == "pass" then "stated to deviate, seen pass"
    else "" end;

def statement: {id, level, testable, stated: stated, statement: .rabbitmq, measured: measured, cases}
    | . + {differs: differs};

# A failure by its fingerprint, which has both what was asked for and what came.
def what: if .verdict == "fail" and .fingerprint != "" then .fingerprint else reason | split("\n")[0] // "" | ltrimstr("weak: ") end;
def order: [(if .stated == "ok" then 0 else 1 end), .id];
def difference:
    "\(.id): \(.differs)",
    (select(.statement != .stated) | "    stated  " + (.statement | wrap(80; 12))),
    (.cases as $ids | [$run[0].cases[] | select(.id as $i | $ids | index($i)) | select(.verdict | is_red)] | unique_by(.id)[]
     | "    seen    " + ("\(.id): \(.verdict): \(what)" | wrap(80; 12)));
def row: "\(.stated | pad(9)) \(.measured | pad(12)) \(.id)";

def columns: ["pass", "info", "weak", "fail", "hung", "died", "not run"];
def cell($s; $m): map(select(.stated == $s and (.measured as $x | if $m == "not run" then columns[:-1] | index($x) | not else $x == $m end))) | length;
def matrix:
    "stated       pass    info    weak    fail    hung    died   other    all",
    (. as $all | ("ok", "partial", "deviates", "unknown") as $s
     | ($s | pad(9)) + ([columns[] as $m | $all | cell($s; $m) | lpad(8)] | join("")) + ($all | map(select(.stated == $s)) | length | lpad(7)));

[book($base | base_rules; $cases[0]; $run[0])[] | select(.visible or (.rabbitmq | test("^(partial|deviates)"))) | statement] as $all
| ($all | map(select(.differs != "")) | sort_by(order)) as $different
| if $form == "json" then
    {broker: ($run[0] | broker_name), differences: ($different | length),
     rules: ($different + ($all | map(select(.differs == "")) | sort_by(.id)))}
  else
    "\($run[0] | broker_name): what is stated of \($all | length) rules, and what was seen", "",
    ($all | matrix), "",
    "\($different | map(select(.stated == "ok")) | length) stated ok and seen otherwise, "
    + "\($different | map(select(.stated == "deviates")) | length) stated to deviate and seen pass", "",
    ($different[] | difference), (if $different == [] then empty else "" end),
    ($all | map(select(.differs == "")) | sort_by([(.stated | . as $s | ["deviates", "partial", "ok", "unknown"] | index($s)), .id])[] | row)
  end
