# run.json -> what matrix and compare need of it, one case a line; jq -r -L reports -f reports/baseline.jq run.json
#
# What is usual is left out, and compare-common.jq knows what that is. No path, address or seed of the
# machine that ran it, no text of a broker that differs from run to run.
include "compare-common";

def kept:
    whole | . as $case
    | {id, title, rules, level, revision, verdict, red, fingerprint,
       notes: (if .verdict == "info" then .notes | unique else [] end),
       message: (if .fingerprint == "" and fails then .message | split("\n")[0] // ""
           elif .fingerprint | contains("%") then "weak: \(seen_words)"
           else "" end),
       ledger, ledger_reason: (if .ledger == "stale" then .ledger_reason else "" end),
       unstable, verdicts, ms: (own_ms | coarse)}
    | (if .verdicts | length == 1 then del(.verdicts) else . end)
    | with_entries(select(.key as $k | .value != (usual + {revision: null})[$k]));

{
    schema, times: "coarse", amqproof, edition, started, verdict, exit,
    broker: {adapter: (.broker.adapter // "" | split("/") | .[-2] // .[-1]), describe: (.broker.describe | {product, version})},
    options: {only: [], skip: [], segmentation: .options.segmentation, strict: .options.strict},
    counts
} as $head
| ([$head | to_entries[] | "\(.key | tojson): \(.value | tojson),"] | "{" + join("\n") + "\n\"cases\": ["),
  ([.cases | sort_by(.id)[] | kept | tojson] | join(",\n")),
  "]}"
