# What a comparison and a matrix know of runs and their cases, be it a run file or a baseline (baseline.jq),
# which leaves out what is usual. Included by them: jq -L reports.
include "common";

# What baseline.jq leaves out.
def usual: {title: "", rules: [], level: "", revision: 1, red: false, fingerprint: "", notes: [], message: "",
    ledger: "none", ledger_reason: "", unstable: false, ms: null, group: "normal"};
def whole: usual + . | .verdicts //= {(.verdict): 1};

def fails: .verdict | . == "fail" or . == "not-reached" or . == "died" or . == "hung" or . == "harness-fault";

# How a case stands: a pass whose ledger line is stale is red in its run, but the broker does well.
def standing:
    if . == null then "absent"
    elif .verdict == "unsupported" then "skipped"
    elif (fails or .ledger != "stale") and .red then "red"
    elif fails then "excused"
    else "ok" end;

# What was seen, in words that stay the same from run to run: a fingerprint, or what was noted.
def outcome:
    if .fingerprint != "" then .fingerprint
    elif .verdict == "info" then [.notes[] | ltrimstr("info: ")] | unique | join("; ")
    else "" end;

# Words for a person: a fingerprint that is a pattern says less than what it stood for, and where nothing
# stable was seen there is the first line of why.
def seen_words: outcome as $o
    | if ($o | contains("%")) then [.message | split("\n")[] | select(startswith("weak: ")) | .[6:]][0] // $o
      elif $o != "" then $o
      else reason | split("\n")[0] // "" end;

# Time that tells of a broker: at a barrier a case waits for all others.
def own_ms: if (.group | IN("graceful", "kill", "node-kill", "partition")) or .verdict == "unsupported" or fails then null else .ms end;

# A baseline has of a time the next above it of 100, 200, 500, 1000, …: seldom another from run to run.
def steps: range(2; 9) as $e | (1, 2, 5) | . * ("1e\($e)" | tonumber);
def coarse: if . == null then null else . as $ms | first(steps | select(. >= $ms)) end;
def below: if . == null then null else . as $ms | [limit(21; steps) | select(. < $ms)] | last // 0 end;
