# run.json -> run.sarif (SARIF 2.1.0); jq -L reports --rawfile base … --rawfile extensions … -f reports/sarif.jq
#   run.json, with rules.tsv and extensions.tsv
#
# A result is what the broker did: a deviation, with what the ledger excuses as suppressed; a SHOULD that was
# missed; what was noted where the text is silent. That a case was not reached, that the harness failed or that
# the ledger does not hold says nothing about the broker, and is a notification of the invocation.
include "common";
include "rulebook";

def severity: if . == "SHOULD" or . == "SHOULD NOT" then "warning" elif . == "MAY" then "note" else "error" end;

def level_of:
    if .verdict == "info" then "note"
    elif .verdict == "weak" then "warning"
    elif .verdict == "fail" then .level | severity
    else "error" end; # died and hung, whatever was asked; a verdict that changes

def is_ours: .verdict == "not-reached" or .verdict == "harness-fault";
def is_ledgers: .ledger == "stale" and (.unstable | not);
def is_result: (is_ours or is_ledgers | not)
    and (.red or .ledger == "matched" or .verdict == "weak" or .verdict == "info");

# A case may prove several rules: the one that gives it its level stands for it. One without a rule is its own.
def cited: if .rules == [] then [.id] else .rules end;
def main_rule($book): .level as $level | first(cited[] | select($book[.].level == $level)) // cited[0];

# $cases prove it. What no table has is what its first case says it is.
def rule($book; $cases):
    . as $id | ($cases | map(.id)) as $proved
    | ($book[$id] // ($cases[0] | {level, expected: .title, place: "in no table of rules", extension: true})) as $rule
    | ($rule | if .extension then .place else "\(.class) \(.place)" end) as $where
    | "\($rule.level) \($rule.expected)" as $asked
    | {
        id: $id,
        shortDescription: {text: $rule.expected},
        fullDescription: {text: $rule.expected},
        help: {
            text: "\($asked)\nWhere: \($where)\nProved by: \($proved | join(", "))\nMore: tools/amqproof explain \($id)",
            markdown: "\($asked)\n\n- where: \($where)\n- proved by: \($proved | map("`\(.)`") | join(", "))\n- more: `tools/amqproof explain \($id)`"
        },
        defaultConfiguration: {level: ($rule.level | severity)},
        properties: {tags: ["amqp-0-9-1", ($rule.class // empty)], level: $rule.level}
      };

def location: {physicalLocation: {artifactLocation: {uri: (.file | split("/") | map(@uri) | join("/"))}, region: {startLine: .line}}};

# The first line of a message is what a list of results shows.
def text: (reason | if . == "" then "" else "\n\(.)" end) as $why
    | {text: "\(.id): \(caption). \(.title)\($why)\(if .rerun == "" then "" else "\nagain: \(.rerun)" end)"};

def result($book; $index):
    main_rule($book) as $rule
    | {
        ruleId: $rule, ruleIndex: $index[$rule],
        level: level_of, message: text, locations: [location],
        partialFingerprints: {"case/v1": .id, "seen/v1": .fingerprint},
        properties: {case: .id, verdict, rules, red, capture, rerun}
      }
    | .partialFingerprints |= with_entries(select(.value != ""));
def suppressed: if .ledger == "matched" and (.red | not)
    then {suppressions: [{kind: "external", status: "accepted", justification: "\(.ledger_reason) (\(.ledger_source))"}]} else {} end;

def notification: {level: "error", message: text, locations: [location]};
def unknown_line: {level: "error", message: {text: "ledger line \(.line): \(.case) is \(.state) (\(.reason))"}};

def invocation:
    {
        executionSuccessful: (.exit == 0 or .exit == 1),
        exitCode: .exit, exitCodeDescription: headline, startTimeUtc: .started
    }
    + (.ms as $ms | if $ms == null then {} else {endTimeUtc: (.started | fromdate + ($ms / 1000 | ceil) | todate)} end)
    + {
        toolExecutionNotifications: [.cases[] | select(is_ours) | notification],
        toolConfigurationNotifications: ([.cases[] | select(is_ledgers) | notification] + [.ledger[] | unknown_line])
      };

(reduce ((($base | base_rules) + ($extensions | extension_rules))[]) as $r ({}; .[$r.id] = $r)) as $book
| (reduce .cases[] as $c ({}; reduce ($c | cited[]) as $r (.; .[$r] += [$c]))) as $citing
| ($citing | keys) as $ids
| (reduce range($ids | length) as $i ({}; .[$ids[$i]] = $i)) as $index
| {
    "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
        tool: {driver: {name: "amqproof", version: .amqproof, rules: [$ids[] | rule($book; $citing[.])]}},
        automationDetails: {id: "amqproof/\(broker_name)/"},
        invocations: [invocation],
        columnKind: "unicodeCodePoints",
        results: [.cases[] | select(is_result) | result($book; $index) + suppressed],
        properties: {broker: broker_name, edition, seed, verdict, started}
    }]
  }
