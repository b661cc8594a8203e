# One rule, or one case: what it asks, who says so, how to see it. rulebook.jq has the facts.
#   … --slurpfile run … --arg name NAME --rawfile errata … --rawfile invariants … --rawfile ledgers …
#      --slurpfile sources …      {id, story, body} of the cases in question; id and no more if unreadable
# A name that nobody knows yields nothing.
include "rulebook";

def heading($name): "  \($name | pad(11))";
def say($name; $text): select($text != "") | heading($name) + ($text | wrap(80; 13));

# "errata 45, 46" and "errata 3 and 44" in the words of a case are numbers of errata.md.
def errata_numbers: [match("[Ee]rrat(a|um) ([0-9]+(?:(?:, | and )[0-9]+)*)"; "g").captures[1].string
    | match("[0-9]+"; "g").string | tonumber];
def errata_rows: [$errata | split("\n")[] | select(test("^\\| [0-9]+ \\|")) | ltrimstr("| ") | rtrimstr(" |") | split(" | ")
    | {number: (.[0] | tonumber), topic: .[1], readings: .[2], verdict: .[3]}];
def say_errata($numbers):
    errata_rows[] | select(.number as $n | $numbers | index($n))
    | say("errata \(.number)"; "\(.topic): \(.readings). Verdicts: \(.verdict)");

def source($id): first($sources[] | select(.id == $id)) // {};
def repeats($id): [($run[0].cases // [])[] | select(.id == $id)];
def verdict($id): repeats($id) | if length == 0 then null else map(.verdict) | max_by(. as $v | grave | index($v)) end;
def verdict_word($id): if $run == [] then "" else verdict($id) // "not run" end;
def ledger_lines($id): [$ledgers | split("\n")[] | split("\t") | select(.[1] == $id) | {broker: .[0], fingerprint: .[2], reason: .[3], source: .[4]}];
def words($id): (source($id) | "\(.story // "") \(.body // "")"), (ledger_lines($id)[] | "\(.reason) \(.source)");

def place:
    if .extension then "extension '\(.class)', \(.place)"
    elif .class | . == "transport" or . == "model" or . == "conventions" then "AMQP 0-9-1, section \(.place) (\(.class))"
    elif .class == "constant" or .class == "domain" then "AMQP 0-9-1, \(.class) \(.place)"
    else "AMQP 0-9-1, class \(.class), \(.place)" end;

def who: {server: "the server is bound", client: "the client is bound; the server answers a breach",
    both: "the client is bound, and the server must answer a breach", peer: "either side is bound"}[.actor] // .actor;

def case_line: . as $id
    | first($cases[0][] | select(.id == $id)) as $c
    | ("    \($id | pad(34)) \(verdict_word($id))" | rtrimstr(" ") | sub(" +$"; "")),
      "      \($c.title | wrap(80; 6))";

def explain_rule: . as $rule
    | "\(.id): \(.level)", "",
      say("asks"; .expected),
      say("place"; place),
      say("binds"; who),
      say("scenario"; if .official then "one of the specification's own" else "" end),
      say("seen"; if .visible then "from outside, by \(.testable)" else "not by these cases (\(.testable)). \(.why)" end),
      say("rabbitmq"; if .extension then "documented, see \(.place)" else .rabbitmq end),
      say_errata([.cases[] | words(.) | errata_numbers[]] | unique),
      ([$invariants | split("\n")[] | split("\t") | select(length > 3 and (.[2] | split(" ") | index($rule.id)))][]
       | say("always"; "\(.[3]) (\(.[1]), in every capture that is judged)")),
      (.cases[] as $id | ledger_lines($id)[] | say("ledger"; "\(.broker), \($id): \(.reason) (\(.source))")),
      say("verdict"; if $run == [] then "" elif .verdict then .verdict else "not run" end),
      "",
      if .cases == [] then "  no case" + (if .visible then ": nobody proves it" else "" end)
      else "  cases", (.cases[] | case_line), "",
           "  to run them: tools/amqproof run --only \(.id)" end;

def needs: if .needs == [] then "" else .needs | join(", ") end;
def group: {normal: "", alone: "runs alone",
    graceful: "waits for a graceful restart of the broker", kill: "waits until the broker is killed and started again",
    "node-kill": "waits until a node of the cluster is killed, and until it is started again",
    partition: "waits until a node of the cluster is cut off, and until the partition is healed"}[.group];

def explain_case($rules): . as $case
    | "\(.id): \(.title)", "",
      say("story"; source(.id).story // (if source(.id) | has("body") then "" else "\(.file) is not here to be read" end)),
      (.rules[] as $id | first($rules[] | select(.id == $id)) | say("proves"; "\(.id) (\(.level)): \(.expected)")),
      say_errata([words(.id) | errata_numbers[]] | unique),
      say("needs"; needs), say("group"; group),
      say("view"; if .view == "wire" then "wire: frames" else "client: an application on rabbitmq-c" end),
      say("revision"; .revision | tostring),
      say("source"; "\(.file):\(.line)"),
      (ledger_lines(.id)[] | say("ledger"; "\(.broker): \(.fingerprint): \(.reason) (\(.source))")),
      (if $run == [] then empty else
        say("verdict"; verdict_word(.id)),
        (repeats(.id) | map(select(.verdict != "pass")) | first // empty
         | say("because"; .message | gsub("\n"; " / ")), say("again"; .rerun))
      end),
      "",
      "  to run it: tools/amqproof run --only \(.id)";

(($base | base_rules) + ($extensions | extension_rules)) as $all
| book($all; $cases[0]; $run[0]) as $rules
| ($rules[] | select(.id == $name) | explain_rule),
  ($cases[0][] | select(.id == $name) | explain_case($rules))
