# run.json -> run.tap (TAP 13); jq -r -L reports -f reports/tap.jq run.json

# Outside the diagnostics "#" starts a directive; inside them a text is a JSON string, which
# is YAML as well.
include "common";

def plain: gsub("[\\\\]"; "\\\\") | gsub("#"; "\\#") | gsub("[\u0000-\u001f\u007f]"; " ");

def directive:
    if .red then ""
    elif .verdict == "unsupported" then " # SKIP \(.message | plain)"
    else "" end;

def diagnostics:
    select(.red or (.verdict | . != "pass" and . != "unsupported"))
    | "  ---",
      "  verdict: \(caption | tojson)",
      "  rules: \(.rules | tojson)",
      (select(.runs > 1) | "  runs: \(verdict_counts | tojson)"),
      ({message: reason, step, fingerprint, ledger_reason, rerun} | to_entries[] | select(.value != "")
       | "  \(.key): \(.value | tojson)"),
      (select(.red and .conversation != "") | "  conversation:",
       (.conversation | split("\n")[] | "    - \(tojson)")),
      "  ...";

"TAP version 13",
"1..\(.cases | length)",
(.cases | to_entries[] | .key as $i | .value
 | "\(if .red then "not ok" else "ok" end) \($i + 1) - \(.id | plain)\(directive)",
   diagnostics)
