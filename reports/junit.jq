# run.json -> junit.xml; jq -r -L reports -f reports/junit.jq run.json
#
# A suite is a chapter. Excused and weak cases pass, as they do for the exit code; what was seen
# is in their system-out.
include "common";

# XML 1.0 has no way to write most control characters, not even escaped.
def xml: tostring | gsub("[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]"; "\ufffd")
    | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;");
def attribute: xml | gsub("\""; "&quot;") | gsub("\n"; "&#10;") | gsub("\t"; "&#9;");

def ran: if .runs > 1 then "\(.runs) runs: \(verdict_counts)" else "" end;

def said: [reason, ran, .ledger_reason, .step, .conversation,
           (if .rerun == "" then "" else "again: " + .rerun end)]
    | map(select(. != "")) | join("\n\n") | xml;

def outcome:
    if .verdict == "harness-fault" and .red then
        "      <error type=\"harness-fault\" message=\"\(reason | attribute)\">\(said)</error>"
    elif .red then
        "      <failure type=\"\(caption)\" message=\"\(reason | attribute)\">\(said)</failure>"
    elif .verdict == "unsupported" then
        "      <skipped message=\"\(.message | attribute)\"/>"
    elif .verdict != "pass" or .runs > 1 then
        "      <system-out>\(caption | xml)\n\(said)</system-out>"
    else empty end;

def testcase:
    "    <testcase classname=\"\(.chapter | attribute)\" name=\"\(.id | attribute)\" file=\"\(.file | attribute)\""
    + " line=\"\(.line)\" time=\"\(.ms | seconds)\">",
    outcome,
    "    </testcase>";

def tally(f): map(select(f)) | length;
def faults: tally(.verdict == "harness-fault" and .red);
def numbers:
    "tests=\"\(length)\" failures=\"\(tally(.red) - faults)\" errors=\"\(faults)\""
    + " skipped=\"\(tally(.verdict == "unsupported"))\" time=\"\(map(.ms // 0) | add // 0 | seconds)\"";

"<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
"<testsuites name=\"amqproof\" \(.cases | numbers)>",
(. as $run | .cases | group_by(.chapter)[] |
    "  <testsuite name=\"\(.[0].chapter | attribute)\" timestamp=\"\($run.started | rtrimstr("Z") | attribute)\""
    + " hostname=\"\($run.broker.host | tostring | attribute)\" \(numbers)>",
    (.[] | testcase),
    "  </testsuite>"),
"</testsuites>"
