# tools/bench: every workload gives figures, every message is accounted for, and what is amiss is seen.
# shellcheck shell=sh disable=SC2016
. suites/self/shell/lib.sh

needs benchmark refbroker handshake free-port

bench=tools/bench
out=$work/bench
of() { # JQ: over the results
    jq -r "[.results[]] | $1" "$out/bench.json"
}

refuses "an unknown option" 2 "unknown option '--fast'" $bench --fast
refuses "an option without its value" 2 "--out needs a value" $bench --out
refuses "an unknown broker names those there are" 2 "no broker 'rabbit'; there are: .*reference" $bench --brokers rabbit
refuses "the same broker twice" 2 "is there twice" $bench --brokers "reference reference" --out "$out"
refuses "no AMQP URL" 2 "not an AMQP URL" $bench --url http://localhost --out "$out"
refuses "an unknown workload" 2 "no workload 'all'" $bench --only transient-16,all
refuses "no rounds" 2 "--rounds" $bench --rounds 0
refuses "a backlog that is no number" 2 "--backlog" $bench --backlog reference=many
refuses "an unknown fault" 2 "--plant" $bench --plant stolen
refuses "an --out that cannot be" 2 "cannot write into --out /proc/amqproof" $bench --out /proc/amqproof
refuses "nobody at the URL" 3 "cannot start 'url': .*nobody answers" \
    $bench --url "amqp://127.0.0.1:$("$build/free-port")" --out "$out"

succeeds "a quick run on the reference broker" $bench --quick --out "$out"
cp "$work/said" "$work/table"
cp "$out/bench.json" "$out/bench.svg" "$out/bench.html" "$work/"
same "every workload was measured" "$($bench --list | sed 's/^backlog$/backlog-in backlog-out/' | tr ' ' '\n' | sort | paste -sd ' ' -)" \
    "$(of 'map(.work) | unique | join(" ")')"
same "a curve has four points, all else is measured once" yes \
    "$(of 'group_by(.work) | if all(.[]; length == if .[0].point then 4 else 1 end) then "yes" else "no" end')"
same "none ended with an error" 0 "$(of 'map(select(.error)) | length')"
same "nothing lost, twice, out of order, altered, or unexpected" 0 \
    "$(of 'map(.lost + .twice + .disordered + .altered + .unexpected) | add')"
same "each queue delivered what it was given, the fanout's ten all of it" yes \
    "$(of 'map(select(.published > 0 and .work != "backlog-in" and (.point | not)) | .received == .published * (if .work == "fanout-10" then 10 else 1 end))
        | if length == 8 and all then "yes" else "no" end')"
same "the backlog came out as it went in" yes \
    "$(of '(.[] | select(.work == "backlog-in")) as $in | .[] | select(.work == "backlog-out") | if .received == $in.asked and $in.published == $in.asked then "yes" else "no" end')"
same "what was to be confirmed was, once each" yes \
    "$(of 'map(select(.confirmed > 0) | .confirmed == .published) | if length == 3 and all then "yes" else "no" end')"
same "processor time of both sides is known" yes \
    "$(of 'map(select(.work != "start") | .broker_us > 0 and .generator_us > 0) | if all then "yes" else "no" end')"
same "percentiles are in order, of deliveries and of confirms" 3 \
    "$(of '[.[] | .latency_us, .confirm_us | values | select(.p50 > 0 and .p50 <= .p99 and .p99 <= ."p99.9" and ."p99.9" <= .most)] | length')"
same "the height of what waiting messages take is known" yes \
    "$(of '.[] | select(.work == "backlog-in") | if .memory_peak >= .memory_after and .memory_peak >= .memory_before and .memory_before > 0 then "yes" else "no" end')"
same "bench.json keeps to its schema" "" \
    "$(jq -r --slurpfile schema reports/bench.schema.json -f reports/validate.jq "$out/bench.json")"
same "a start takes time, and every row has its figure" 0 "$(jq '[.summary[] | select((.value // 0) <= 0)] | length' "$out/bench.json")"
same "every row of bench-rows.tsv is there" "$(grep -vc '^#' reports/bench-rows.tsv)" "$(jq '.summary | length' "$out/bench.json")"
same "targets are met or missed as the figures say" yes \
    "$(jq -r 'if all(.summary[] | select(.target); .verdict == if .value <= .target then "met" else "missed" end)
        and ([.summary[] | select(.target)] | length) == 15 then "yes" else "no" end' "$out/bench.json")"
same "the table is no wider than a terminal" yes "$(awk 'length($0) > 80 && !/^page: / { wide = 1 } END { print wide ? "no" : "yes" }' "$work/table")"
same "and has a line for each row" 0 "$(sed -n 's/^[a-z].*\t//p' reports/bench-rows.tsv | while read -r title; do grep -cF -- "$title" "$work/table" >/dev/null || echo "$title"; done | wc -l)"
same "and the sum of what was wrong" yes "$(grep -qxF '  0 lost, 0 twice, 0 out of order, 0 altered, 0 unexpected' "$work/table" && echo yes)"
if command -v xmllint >/dev/null; then
    succeeds "the plots are well-formed" xmllint --noout "$out/bench.svg"
    succeeds "so is the page" sh -c 'sed "s/<meta[^>]*>//" "$1" | xmllint --html --noout - 2>&1 | grep -v "Tag .* invalid" | grep "error" && exit 1 || exit 0' sh "$out/bench.html"
else
    skip "the plots and the page are well-formed" "no xmllint"
fi
same "a bar for each cost, latency and rate; four lines for the curves" "$(grep -cE "^(cost|latency|rate)	" reports/bench-rows.tsv) 4" \
    "$(grep -o '<rect [^>]*height="13"' "$out/bench.svg" | wc -l) $(grep -o '<polyline ' "$out/bench.svg" | wc -l)"
same "the page has the plots, and needs nothing from elsewhere" "4 0" \
    "$(grep -o '<svg ' "$out/bench.html" | wc -l) $(grep -cE 'src=|href=|url\(|@@' "$out/bench.html")"

# A target that is missed is said, and asked for it is a no.
summed() { # MICROSECONDS: the same results, had transient-16 cost that
    jq --argjson us "$1" '(.results[] | select(.work == "transient-16") | .broker_us) = .results[0].units * 0 + $us * 20000' "$work/bench.json" |
        jq -L reports --rawfile rows reports/bench-rows.tsv -f reports/bench-summary.jq |
        jq -r '.summary[] | select(.work == "transient-16" and .figure == "cost") | .verdict'
}
same "under the target is met, over it missed" "met missed" "$(summed 0.25) $(summed 0.35)"

grep -v "^#" reports/bench-rows.tsv | awk -F "\t" -v OFS="\t" '$2 == "queues" && $3 == "cost" { $4 = 0.001; print }' >"$work/strict.tsv"
sed "s/0.001/1000000/" "$work/strict.tsv" >"$work/lenient.tsv"
succeeds "no row is more than is asked, and a miss alone is no failure" $bench --quick --only queues --rows "$work/strict.tsv" --out "$out"
same "though it is said" 1 "$(grep -c " missed " "$out/bench.txt")"
fails "unless targets are to be met" $bench --quick --only queues --rows "$work/strict.tsv" --targets --out "$out"
succeeds "as they may be" $bench --quick --only queues --rows "$work/lenient.tsv" --targets --out "$out"
refuses "rows that are not there" 2 "--rows: cannot read" $bench --rows "$work/none.tsv"

# An instrument that says "none" has to be able to say otherwise.
planted() { # FAULT WORK JQ
    fails "planted: $1 in $2" $bench --quick --only "$2" --plant "$1" --out "$out"
    same "planted: is seen as $1" true "$(of ".[0] | $3")"
}
planted lost transient-16 '.lost == 1 and .twice == 0 and .disordered == 0 and .altered == 0'
planted twice transient-16 '.twice == 1 and .lost == 1 and .disordered == 0 and .altered == 0'
planted disordered persistent-1k '.disordered == 1 and .lost == 0 and .twice == 0 and .altered == 0'
planted altered transient-64k '.altered > 0 and .twice == 0 and .disordered == 0'
planted twice topic-1000 '.twice + .lost > 0'
planted altered fanout-10 '.altered == 10 and .lost == 10'
planted altered backlog '.unexpected == 0'
same "the page says so as well" yes "$(grep -q 'Not every message is accounted for' "$out/bench.html" && echo yes)"

# A broker that runs already, and a run that is repeated.
AMQPROOF_PORT=$("$build/free-port") AMQPROOF_DATA=$work/data
export AMQPROOF_PORT AMQPROOF_DATA
mkdir "$AMQPROOF_DATA"
adapter=$root/broker-under-test/reference/adapter
clean_up="$adapter kill"
succeeds "a broker is started" "$adapter" start
succeeds "by URL, three rounds" $bench --quick --rounds 3 --only transient-16,queues --out "$out" --url "amqp://127.0.0.1:$AMQPROOF_PORT"
same "each round is there" "queues 1 2 3, transient-16 1 2 3" \
    "$(of 'group_by(.work) | map(.[0].work + " " + (map(.round | tostring) | join(" "))) | join(", ")')"
same "of which the table has the median" yes \
    "$(jq -r '([.results[] | select(.work == "queues") | .broker_us / .units] | sort | .[1]) as $us
        | .summary[] | select(.work == "queues" and .figure == "cost") | if .value == $us and .rounds == 3 then "yes" else "no" end' "$out/bench.json")"
same "nobody's target but the reference broker's" 0 "$(jq '[.summary[] | select(.target)] | length' "$out/bench.json")"
same "the broker's process was found" yes "$(of 'map(.broker_us > 0) | if all then "yes" else "no" end')"
fails "a broker that refuses" $bench --quick --only transient-16,queues --out "$out" --url "amqp://amqproof-reader:reader@127.0.0.1:$AMQPROOF_PORT"
same "is quoted" "yes yes" "$(of 'map(.error | if test("channel.close reply-code=403") then "yes" else "no" end) | join(" ")')"
same "also in the table" 2 "$(grep -c "the broker said: S 1 channel.close" "$out/bench.txt")"
succeeds "and is left running" "$adapter" status
clean_up=:
succeeds "until it is stopped" "$adapter" stop
finish
