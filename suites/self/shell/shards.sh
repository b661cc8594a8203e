# A run in parts, and the whole that is made of them; the examples for build servers, as they are written.
# shellcheck shell=sh disable=SC2016 # jq's variables, and the shell of others
. suites/self/shell/lib.sh

needs suites refbroker handshake free-port
amqproof=tools/amqproof
sample=reports/sample/events.ndjson

# ---- shards of the cases there are ------------------------------------------------------

list() { # OPTION...
    $amqproof list "$@" | cut -f 1
}
list | sort >"$work/whole"
for n in 1 2 3 7; do
    i=0
    : >"$work/shards"
    while [ "$i" -lt "$n" ]; do
        i=$((i + 1))
        list --shard "$i/$n" | sort >"$work/shard-$i"
        cat "$work/shard-$i" >>"$work/shards"
        [ -s "$work/shard-$i" ] || echo "none in $i/$n" >>"$work/shards"
    done
    same "$n shards: each case is in one, and none in two" "" "$(sort "$work/shards" | diff "$work/whole" - | head -n 5)"
    same "$n shards: about as many in each" "" "$(for i in $(seq "$n"); do wc -l <"$work/shard-$i"; done |
        awk -v all="$(wc -l <"$work/whole")" -v n="$n" '$1 < all / n - 1 || $1 > all / n + 1 && $1 > 30')"
done
for kind in graceful kill; do
    same "three shards: the cases of a $kind restart are in one" 1 "$(for i in 1 2 3; do
        $amqproof list --json --shard $i/3 | jq -r --arg kind $kind "\"$i\" as \$i | .[] | select(.group == \$kind) | \$i"
    done | sort -u | wc -l)"
done
same "the same question has the same answer" "$(cat "$work/shard-7")" "$(list --shard 7/7 --only '*' | sort)"
same "of a selection as well" "$(list --only queue | sort)" "$(for i in 1 2 3; do list --only queue --shard $i/3; done | sort)"
for wrong in 0/3 4/3 3 1/ /3 1/3/3 a/b -1/3 '1/ 3' 1/257 ''; do
    refuses "no shard '$wrong'" 2 "shard wants I/N" $amqproof run --shard "$wrong" --out "$work/none"
done
refuses "a shard of nothing" 2 "3/3 has nothing to run: 1 selected" $amqproof run --only ack/multiple --shard=3/3 --out "$work/none"
refuses "a shard without its value" 2 "shard needs a value" $amqproof run --shard
same "none of these left a folder" no "$([ -e "$work/none" ] && echo yes || echo no)"

# ---- merging: made of the sample, so that every verdict is there ------------------------

piece() { # FOLDER I N [FILTER]: of its cases every N-th from the I-th on
    mkdir -p "$work/$1/captures"
    jq -cs --argjson i "$2" --argjson n "$3" '
        (.[0].cases | to_entries | map(select(.key % $n == $i - 1).value)) as $mine | ($mine | map(.id)) as $ids | .[]
        | if .event == "plan" then .run = "abc\($i)" | .started = "2025-01-31T12:00:0\(9 - $i)Z" | .planned = ($mine | length) | .cases = $mine
                | .options.shard = (if $n == 1 then "" else "\($i)/\($n)" end)
          elif .event == "result" then select(.id as $id | $ids | index($id))
          elif .event == "restart" then select($i == 1) else . end' "$sample" | jq -c "${4:-.}" >"$work/$1/events.ndjson"
    jq -r 'select(.event == "result" and .capture != "") | .capture' "$work/$1/events.ndjson" |
        while read -r file; do echo "$1" >"$work/$1/$file"; done
}
merge() { # FOLDER...: status and file of the whole
    for folder; do
        shift
        set -- "$@" "$work/$folder"
    done
    status=0
    $amqproof merge "$@" --out "$work/out" >"$work/said" 2>&1 || status=$?
}
get() { # FILTER
    jq -r "$1" "$work/out/run.json"
}
valid() { # NAME: the run file and junit.xml keep to their schemas
    same "$1: run.json and junit.xml keep to their schemas" "" \
        "$(jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq "$work/out/run.json"
            xmllint --noout --schema reports/junit.xsd "$work/out/junit.xml" 2>&1 | grep -v validates)"
}
for i in 1 2 3; do piece "s$i" $i 3; done
merge s3 s1 s2
same "three shards are merged" 4 "$status"
valid "three shards"
jq -nR -f reports/run.jq "$sample" >"$work/run.json"
what='[.cases | sort_by(.id)[] | del(.capture, .frames)], .counts, .verdict, .exit, (.restarts | sort), .ledger, .edition, .broker'
same "… into what one run would have been" "$(jq -S "$what" "$work/run.json")" "$(jq -S "$what" "$work/out/run.json")"
same "… that knows what it is made of" "abc3 3/3,abc1 1/3,abc2 2/3 2025-01-31T12:00:06Z " \
    "$(get '([.merged[] | "\(.run) \(.shard)"] | join(",")) + " \(.started) \(.options.shard)"')"
same "… with each case's own capture" "" "$(get '.cases[] | select(.capture != "") | "\(.id) \(.capture)"' | while read -r id file; do
    grep -qF "\"$id\"" "$work/$(cat "$work/out/$file")/events.ndjson" || echo "$id $file"
done)"
same "… and every report" "" "$(for file in badge.svg junit.xml report.html run.sarif run.tap summary.md; do [ -s "$work/out/$file" ] || echo "no $file"; done)"
cp "$work/out/run.json" "$work/before.json"
merge s3 s1 s2
same "merged again, it is the same again" "" "$(diff "$work/before.json" "$work/out/run.json")"
cp -R "$work/out" "$work/kept"
merge kept
same "a whole is a run like any other" "4 14" "$status $(get '.cases | length')"

green='if .event == "result" then .verdict = "pass" | .red = false | .ledger = "none" elif .event == "end" then .exit = 0 elif .event == "ledger" then empty else . end'
for i in 1 2; do piece "green$i" $i 2 "$green"; done
merge green1 green2
same "two that conform are one that does" "0 conforms" "$status $(get .verdict)"
piece again1 1 2 "$green | if .event == \"plan\" then .run = \"abc7\" else . end"
piece again2 2 2 "$green | if .event == \"plan\" then .run = \"abc8\" elif .id? == \"ack/multiple\" then .verdict = \"info\" else . end"
merge green1 again1 again2 green2
same "repeats that disagree are red, though each was green" "1 does-not-conform ack/multiple 28" \
    "$status $(get '"\(.verdict) \([.cases[] | select(.unstable) | .id] | join(" ")) \(.counts.runs)"')"
valid "repeats"
piece red2 2 2 "$green | if .event == \"result\" then .verdict = \"fail\" | .red = true elif .event == \"end\" then .exit = 1 else . end"
merge green1 red2
same "one that is red makes the whole red" "1 does-not-conform 7" "$status $(get '"\(.verdict) \(.counts.red)"')"
gone='if .event == "plan" then .calibration = null | .capture.mode = "none" | .broker.describe = {} elif .event == "result" then .verdict = "not-reached" | .red = true elif .event == "end" then .exit = 3 elif .event == "ledger" then empty else . end'
piece gone1 1 2 "$gone"
piece gone2 2 2 "$gone"
merge gone1 green2
same "a shard that reached no broker is red in the whole, whose broker is known" "1 does-not-conform 7 RabbitMQ" \
    "$status $(get '"\(.verdict) \(.counts["not-reached"]) \(.broker.describe.product)"')"
merge gone1 gone2
same "none that reached one: so did the whole not" "3 unreachable" "$status $(get .verdict)"
head -n 4 "$work/green2/events.ndjson" >"$work/torn.ndjson"
mkdir "$work/torn2"
head -c "$(($(wc -c <"$work/torn.ndjson") - 40))" "$work/torn.ndjson" >"$work/torn2/events.ndjson"
merge green1 torn2
same "a shard that was cut off: the whole proves nothing" "4 harness-fault 14" "$status $(get '"\(.verdict) \(.cases | length)"')"
valid "cut off"

# ---- what does not belong together ------------------------------------------------------

rm -rf "$work/out"
no() { # NAME PATTERN FOLDER...
    name=$1 pattern=$2
    shift 2
    for folder; do
        shift
        set -- "$@" "$work/$folder"
    done
    refuses "$name" 2 "$pattern" $amqproof merge "$@" --out "$work/out"
}
while IFS='|' read -r what pattern filter; do
    piece odd 2 2 "$green | if .event == \"plan\" then $filter else . end"
    no "another $what" "odd differs from .*green1 in $pattern" green1 odd
done <<'END'
broker|the broker: LavinMQ 3.10.8, not RabbitMQ 3.10.8|.broker.describe.product = "LavinMQ"
version|the broker: RabbitMQ 4.0, not RabbitMQ 3.10.8|.broker.describe.version = "4.0"
edition|the edition: fnv1a64:00, not|.edition = "fnv1a64:00"
amqproof|the version of amqproof: 9, not|.amqproof = "9"
selection|--only: ack queue, not none|.options.only = ["ack", "queue"]
skip|--skip: tx, not none|.options.skip = ["tx"]
repeat|--repeat: 3, not 1|.options.repeat = 3
strictness|--strict: true, not false|.options.strict = true
segmentation|--segmentation: byte, not whole|.options.segmentation = "byte"
ledger|the ledger: mine.tsv, not ledger.tsv|.options.ledger = "/x/mine.tsv"
number of shards|the number of shards: 3, not 2|.options.shard = "2/3"
END
piece odd 2 2 "$green | if .event == \"plan\" then .options.ledger = \"/elsewhere/ledger.tsv\" else . end"
merge green1 odd
same "a ledger may lie elsewhere" 0 "$status"
rm -rf "$work/out"
no "a shard is missing" "shard 3/3 is missing" s1 s2
no "shards of which one is twice there" "1/2 2 times, 2/2 1 times" green1 again1 green2
no "the same run twice" "green1 and .*green1 are the same run" green1 green1 green2
piece odd 1 2 "$green | if .event == \"plan\" then .run = \"abc9\" | .options.shard = \"2/2\" else . end"
no "shards of other programs" "is in shard 1/2 and in 2/2: another program" green1 odd
mkdir "$work/empty"
no "a folder without a run" "no events.ndjson" empty
: >"$work/empty/events.ndjson"
no "events without a plan" "no run was kept in .*empty" green1 empty green2
no "a folder that is not there" "no such folder" nowhere
same "none of these left a folder" no "$([ -e "$work/out" ] && echo yes || echo no)"
refuses "the whole in the place of a part" 2 "is one of the runs" $amqproof merge "$work/green1" "$work/green2" --out "$work/green1/."
refuses "no place for the whole" 2 "needs --out" $amqproof merge "$work/green1"
refuses "nothing to merge" 2 "takes the folders" $amqproof merge --out "$work/out"
refuses "an option of others" 2 "unknown option '--fast'" $amqproof merge --fast --out "$work/out"

# ---- the examples of the README, as they are written ------------------------------------

# In a tree of stand-ins: what is built is there already, and two cases have to do.
mkdir -p "$work/tree/tools" "$work/bin"
printf '#!/bin/sh\nexit 0\n' | tee "$work/tree/tools/bootstrap" >"$work/bin/make"
cat >"$work/tree/tools/amqproof" <<END
#!/bin/sh
[ "\$1" != run ] || { shift; set -- run --only queue/passive_missing --only ack/multiple "\$@"; }
exec "$root/tools/amqproof" "\$@"
END
chmod +x "$work/tree/tools/bootstrap" "$work/bin/make" "$work/tree/tools/amqproof"
example() { # sh|yaml N: the N-th block of that kind below "In CI"
    sed -n '/^## In CI/,/^## What/p' README.md | awk -v kind="$1" -v n="$2" '
        $0 == "```" { on = 0 } on { print } $0 == "```" kind && ++seen == n { on = 1 }'
}
follow() { # NAME: what is in $work/steps, line by line as a build server runs it
    [ -s "$work/steps" ] || echo false >"$work/steps"
    succeeds "$1" env "PATH=$work/bin:$PATH" sh -euc 'cd "$0" && . "$1"' "$work/tree" "$work/steps"
}
tree=$work/tree
example sh 1 >"$work/steps"
follow "the example for a plain shell runs as written"
same "… and leaves its reports" "conforms 2" "$(jq -r '"\(.verdict) \(.cases | length)"' "$tree/out/ci/run.json")"
rm -rf "$tree/out"
steps() { # JOB: its shell in the example for GitHub
    example yaml 1 | awk -v job="$1" '/^  [a-z]+:$/ { here = $1 == job ":" } here && sub(/^ *- run: /, "")'
}
for shard in 1 2; do
    steps amqp | sed "s/\${{ matrix.shard }}/$shard/g" >"$work/steps"
    follow "the example for GitHub: shard $shard runs as written"
done
steps whole >"$work/steps"
follow "the example for GitHub: and so does the whole"
same "… which has both" "conforms 2 2" "$(jq -r '"\(.verdict) \(.cases | length) \(.merged | length)"' "$tree/out/whole/run.json")"
rm -rf "$tree/out"
echo CI_NODE_INDEX=2 CI_NODE_TOTAL=2 >"$work/steps"
example yaml 2 | sed -n '/^  script:/,/^  artifacts:/s/^    - //p' >>"$work/steps"
follow "the example for GitLab runs as written"
same "… and leaves what its artifacts name" "2/2 1" \
    "$(xmllint --xpath 'concat(//property[@name="shard"]/@value, " ", /*/@tests)' "$tree/out/junit.xml")"
finish
