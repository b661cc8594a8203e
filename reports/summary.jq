# run.json -> summary.md; jq -r -L reports -f reports/summary.jq run.json
include "common";

def cell: gsub("[|]"; "\\|") | gsub("[\n\r\t]+"; " ") | gsub("<"; "&lt;");
def first_line: split("\n")[0] // "";
def fence: if test("```") then "````" else "```" end;

def row: . as $cases | "| \($cases[0].chapter) | \(length) | "
    + ([verdicts[] as $v | [$cases[] | select(.verdict == $v)] | length
        | if . == 0 then "" else tostring end] | join(" | "))
    + " | \(map(.ms // 0) | add | seconds) |";

def failure:
    "", "### \(.id): \(caption)", "", "\(.title | cell) (`\(.rules | join("`, `"))`)", "",
    ([reason, .step, .conversation] | map(select(. != "")) | join("\n\n")
     | fence as $f | $f + "text\n" + . + "\n" + $f),
    (select(.rerun != "") | "", "Again: `\(.rerun)`");

"# amqproof: \(headline)", "", explanation, "",
"| chapter | cases | \(verdicts | join(" | ")) | s |", "|---|" + "---:|" * (verdicts | length + 2),
(.cases | group_by(.chapter)[] | row),
(.cases | map(select(.red)) | select(length > 0) | "", "## Red", (.[] | failure)),
(.ledger | select(length > 0) | "", "## Ledger", "",
    (.[] | "- line \(.line): `\(.case | cell)` is \(.state) (\(.reason | cell))")),
(.cases | map(select(.ledger == "matched")) | select(length > 0) | "", "## Excused", "",
    (.[] | "- `\(.id)`: \(.ledger_reason | cell) (\(.ledger_source | cell))")),
(.cases | map(select(.red | not) | select(.verdict == "weak" or .verdict == "info" or .verdict == "unsupported"))
    | map(select(.ledger != "matched")) | select(length > 0) | "", "## Noted", "",
    (.[] | "- \(.verdict): `\(.id)` \(reason | first_line | cell)")),
(select(repeated) | "", "## Stability", "",
    (unstable_cases | if length == 0 then "No verdict changed from run to run."
        else .[] | "- unstable: `\(.id)`, \(verdict_counts)" end),
    "", "| margin | case |", "|---:|---|", (smallest_margins[] | "| \(.min_margin | percent) | `\(.id)` |")),
(.merged // [] | select(length > 0) | "", "Made of \(length) runs: \(map((if .shard == "" then "" else "shard \(.shard), " end) + "seed \(.seed), exit \(.exit)") | join("; "))."),
"", "Seed \(.seed), edition `\(.edition)`, \(.machine.system) \(.machine.release) \(.machine.arch), "
    + "\(.machine.cores) cores, captured by \(.capture.mode), \(.ms | seconds) s, amqproof \(.amqproof)."
