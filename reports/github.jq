# run.json -> workflow commands of GitHub; jq -r -L reports --arg prefix … -f reports/github.jq run.json, with
#   the way from the root of the repository to ours ("" or "folder/")
#
# GitHub shows ten of a kind of each step. The tenth error names what else is red.
include "common";

def limit: 10;

# One command is one line. What else would disturb a log is shown as a sign.
def data: gsub("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]"; "\ufffd")
    | gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
def cut: if length > 4000 then .[:4000] + "…" else . end;
def property: data | gsub(":"; "%3A") | gsub(","; "%2C");

def command($kind; $properties; $text):
    "::\($kind) \($properties | map("\(.[0])=\(.[1] | tostring | property)") | join(","))::\($text | cut | data)";

def text: [.title, "rules: \(.rules | join(" "))\(if .level == "" then "" else " (\(.level))" end)", reason, .step,
           (if .rerun == "" then "" else "again: " + .rerun end)] | map(select(. != "")) | join("\n");
def annotation($kind): command($kind; [["file", $prefix + .file], ["line", .line], ["title", "\(.id): \(caption)"]]; text);
def others: map(.id) | if length > 40 then .[:40] + ["and \(length - 40) more"] else . end | join(", ");

# [case…] -> at most $room commands.
def annotations($kind; $room):
    if length <= $room then .[] | annotation($kind)
    else (.[:$room - 1][] | annotation($kind)),
        (.[$room - 1:] | command($kind; [["title", "\(length) more"]]; others)) end;

# A line of the ledger that names no case is red as well.
def ledger_error: select(length > 0) | command("error"; [["title", "the ledger names what is not there"]];
    map("line \(.line): \(.case) is \(.state) (\(.reason))") | join("\n"));

def errors:
    if .verdict == "unreachable" then
        command("error"; [["title", headline]]; first(.cases[] | reason | select(. != "")) // explanation)
    else
        [.ledger | ledger_error] as $ledger
        | $ledger[], ([.cases[] | select(.red)] | annotations("error"; limit - ($ledger | length)))
    end;

errors,
([.cases[] | select(.verdict == "weak" and (.red | not) and .ledger != "matched")] | annotations("warning"; limit)),
command("notice"; [["title", headline]]; explanation)
