# Of one run what a history needs, in one line; jq -c -L reports --arg link PAGE --arg file RUN.JSON -f trend-run.jq RUN.JSON
include "common";
include "compare-common";

{
    name: ($file | split("/") | .[-2] // $file), link: ($link | split("/") | map(@uri) | join("/")), started, ms,
    broker: broker_name, product: (.broker.describe.product // "the broker"), version: (.broker.describe.version // ""), verdict, edition,
    part: ((.options.only // []) + (.options.skip // []) != [] or (.options.shard // "") != ""),
    cut: (.verdict | . != "conforms" and . != "does-not-conform"),
    cases: [.cases[] | whole | {id, title, revision, unstable, caption: caption, seen: seen_words,
        state: (standing | if . == "ok" then "good" elif . == "excused" then "excused" elif . == "skipped" then "skipped" else "red" end)}]
}
