# What the reports say alike. Included by them: jq -L reports.

def verdicts: ["pass", "fail", "weak", "info", "unsupported", "not-reached", "died", "hung", "harness-fault"];

def broker_name: (.broker.describe // {}) | "\(.product // "the broker") \(.version // "")" | rtrimstr(" ");

def headline:
    if .verdict == "conforms" then "\(broker_name) conforms"
    elif .verdict == "does-not-conform" then "\(broker_name) does not conform"
    elif .verdict == "unreachable" then "\(broker_name) was not reachable"
    elif .verdict == "interrupted" then "Interrupted while judging \(broker_name)"
    else "Harness fault while judging \(broker_name)"
    end;

def explanation:
    .counts as $n
    | (if $n.excused > 0 then ", \($n.excused) known deviation\(if $n.excused > 1 then "s" else "" end) excused" else "" end) as $excused
    | (if (.options.shard // "") == "" then "" else " in shard \(.options.shard)" end) as $shard
    | (if $n.runs > $n.planned then " in \($n.runs) runs" else "" end) as $runs
    | if .verdict == "conforms" then "None of \($n.planned) cases\($shard) is red\($runs)\($excused)."
      elif .verdict == "does-not-conform" and $n.red == 0 then "The cases pass, but the ledger names what is not there\($excused)."
      elif .verdict == "does-not-conform" then "\($n.red) of \($n.planned) cases\($shard) are red\($runs)\($excused)."
      elif .verdict == "unreachable" then "Nothing could be judged."
      elif .verdict == "interrupted" then "\($n.red) of \($n.planned) cases are red or were not run."
      else "Something of ours failed: this run proves nothing until it is repeated."
      end;

# "4 pass, 1 weak", in the order of the verdicts.
def verdict_counts: .verdicts as $v | [verdicts[] as $k | select($v[$k]) | "\($v[$k]) \($k)"] | join(", ");

# A case's verdict as a person should read it.
def caption:
    if .unstable then "unstable: \(verdict_counts)"
    elif .ledger == "stale" then "stale ledger line"
    elif .ledger == "differs" then "\(.verdict), not as the ledger says"
    elif .ledger == "too-often" then "\(.verdict), oftener than the ledger allows"
    elif .ledger == "matched" then "\(.verdict), excused"
    else .verdict end;

# Why it ended so: never empty for what is not a plain pass.
def reason:
    if .message != "" then .message
    elif (.notes | length) > 0 then .notes | join("\n")
    elif .ledger == "stale" then "ends \(.verdict), and the ledger excuses a deviation: \(.ledger_reason)"
    else "" end;

def seconds: ((. // 0) / 10 | round) / 100;

# What --repeat measures; nothing of a run without it.
def repeated: .counts.runs > .counts.planned;
def unstable_cases: [.cases[] | select(.unstable)];
def smallest_margins: [.cases[] | select(.min_margin != null)] | sort_by(.min_margin, .id) | .[:10];
def percent: . * 100 | round | "\(.) %";

# XML 1.0 has no way to write most control characters, not even escaped.
def xml: tostring | gsub("[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]"; "\ufffd")
    | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;") | gsub("\r"; "&#13;");
def attribute: xml | gsub("\""; "&quot;") | gsub("\n"; "&#10;") | gsub("\t"; "&#9;");
