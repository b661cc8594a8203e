# run.json -> junit.xml (junit.xsd); jq -r -L reports -f reports/junit.jq run.json
#
# A suite is a chapter. What a build server counts:
#   failure  the case was judged, and the broker is wrong (or the ledger is)
#   error    it came to no judgement: died, hung, not-reached, harness-fault
#   skipped  unsupported; and what the ledger excuses, with its reason, as other tools do with tests that are
#            expected to fail: the run is green, and still nobody reads that the broker does it right
# Weak cases pass, as they do for the exit code; what was seen is in their system-out.
# Properties are one of a name: build servers keep them as a map.
include "common";

def ran: if .runs > 1 then "\(.runs) runs: \(verdict_counts)" else "" end;

def said: [reason, ran, .ledger_reason, .step, .conversation,
           (if .rerun == "" then "" else "again: " + .rerun end)]
    | map(select(. != "")) | join("\n\n") | xml;

def unjudged: .verdict | . == "died" or . == "hung" or . == "not-reached" or . == "harness-fault";
def counted_as:
    if .red and unjudged then "error"
    elif .red then "failure"
    elif .verdict == "unsupported" or .ledger == "matched" then "skipped"
    else "" end;

def outcome:
    counted_as as $kind
    | if $kind == "error" or $kind == "failure" then
        "      <\($kind) type=\"\(caption | attribute)\" message=\"\(reason | attribute)\">\(said)</\($kind)>"
      elif .verdict == "unsupported" then
        "      <skipped type=\"unsupported\" message=\"\(.message | attribute)\"/>"
      elif $kind == "skipped" then
        "      <skipped type=\"known deviation\" message=\"\("\(.ledger_reason) (\(.ledger_source))" | attribute)\"/>",
        "      <system-out>\(caption | xml)\n\(said)</system-out>"
      elif .verdict != "pass" or .runs > 1 then
        "      <system-out>\(caption | xml)\n\(said)</system-out>"
      else empty end;

# [[name, value]…], less those without a value.
def properties($indent): map(select(.[1] != null and .[1] != ""))
    | "\($indent)<properties>",
      (.[] | "\($indent)  <property name=\"\(.[0])\" value=\"\(.[1] | attribute)\"/>"),
      "\($indent)</properties>";

def testcase:
    "    <testcase classname=\"\(.chapter | attribute)\" name=\"\(.id | attribute)\" file=\"\(.file | attribute)\""
    + " line=\"\(.line)\" time=\"\(.ms | seconds)\">",
    ([["title", .title], ["rules", (.rules | join(" "))], ["level", .level], ["verdict", .verdict], ["view", .view],
      ["revision", .revision], ["seen", .fingerprint], ["capture", .capture], ["rerun", .rerun]]
     | properties("      ")),
    outcome,
    "    </testcase>";

def tally($kind): map(select(counted_as == $kind)) | length;
def numbers:
    "tests=\"\(length)\" failures=\"\(tally("failure"))\" errors=\"\(tally("error"))\""
    + " skipped=\"\(tally("skipped"))\" time=\"\(map(.ms // 0) | add // 0 | seconds)\"";

def of_run: [["broker", broker_name], ["at", "\(.broker.host):\(.broker.port)"], ["amqproof", .amqproof], ["edition", .edition],
    ["segmentation", .options.segmentation], ["shard", .options.shard], ["seed", .seed], ["run", .verdict]];

"<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
"<testsuites name=\"amqproof\" \(.cases | numbers)>",
(. as $run | .cases | group_by(.chapter)[] |
    "  <testsuite name=\"\(.[0].chapter | attribute)\" timestamp=\"\($run.started | rtrimstr("Z") | attribute)\""
    + " hostname=\"\($run.broker.host | tostring | attribute)\" \(numbers)>",
    ($run | of_run | properties("    ")),
    (.[] | testcase),
    "  </testsuite>"),
"</testsuites>"
