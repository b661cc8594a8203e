# tools/bench: every workload gives figures, every message is accounted for, and what is amiss is seen.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs benchmark refbroker handshake free-port

bench=tools/bench
out=$work/bench
of() { # JQ: over the results
    jq -r "[.results[]] | $1" "$out/bench.json"
}

refuses "an unknown option" 2 "unknown option '--fast'" $bench --fast
refuses "an option without its value" 2 "--out needs a value" $bench --out
refuses "an unknown broker names those there are" 2 "no broker 'rabbit'; there are: rabbitmq reference" $bench --brokers rabbit
refuses "the same broker twice" 2 "is there twice" $bench --brokers "reference reference" --out "$out"
refuses "no AMQP URL" 2 "not an AMQP URL" $bench --url http://localhost --out "$out"
refuses "an unknown workload" 2 "no workload 'all'" $bench --only transient-16,all
refuses "no rounds" 2 "--rounds" $bench --rounds 0
refuses "an unknown fault" 2 "--plant" $bench --plant lost
refuses "an --out that cannot be" 2 "cannot write into --out /proc/amqproof" $bench --out /proc/amqproof
refuses "nobody at the URL" 3 "cannot start 'url': .*nobody answers" \
    $bench --url "amqp://127.0.0.1:$("$build/free-port")" --out "$out"

succeeds "a quick run on the reference broker" $bench --quick --out "$out"
cp "$work/said" "$work/table"
same "every workload was measured once" "$($bench --list | sort | paste -sd ' ' -)" "$(of 'map(.work) | sort | join(" ")')"
same "none ended with an error" 0 "$(of 'map(select(.error)) | length')"
same "nothing lost, twice, out of order, altered, or unexpected" 0 \
    "$(of 'map(.lost + .twice + .disordered + .altered + .unexpected) | add')"
same "each queue delivered what it was given, the fanout's ten all of it" yes \
    "$(of 'map(select(.published > 0 and .work != "waiting-1k") | .received == .published * (if .work == "fanout-10" then 10 else 1 end))
        | if length == 7 and all then "yes" else "no" end')"
same "what was to be confirmed was, once each" yes \
    "$(of 'map(select(.confirmed > 0) | .confirmed == .published) | if length == 2 and all then "yes" else "no" end')"
same "processor time of both sides is known" yes "$(of 'map(.broker_us > 0 and .generator_us > 0) | if all then "yes" else "no" end')"
same "percentiles are in order" yes \
    "$(of '.[] | .latency_us | values | if .p50 > 0 and .p50 <= .p99 and .p99 <= ."p99.9" and ."p99.9" <= .most then "yes" else "no" end')"
same "waiting messages take memory" yes \
    "$(of '.[] | select(.work == "waiting-1k") | if .memory_after > .memory_before then "yes" else "no" end')"
same "the table is no wider than a terminal" yes "$(awk 'length($0) > 80 && !/^all of it/ { wide = 1 } END { print wide ? "no" : "yes" }' "$work/table")"
same "and has a line for each workload" 12 "$(grep -c ' reference  ' "$work/table")"
same "and the sum of what was wrong" yes "$(grep -qxF '  0 lost, 0 twice, 0 out of order, 0 altered, 0 unexpected' "$work/table" && echo yes)"

# An instrument that says "none" has to be able to say otherwise.
planted() { # FAULT WORK JQ
    fails "planted: $1 in $2" $bench --quick --only "$2" --plant "$1" --out "$out"
    same "planted: is seen as $1" true "$(of ".[0] | $3")"
}
planted twice transient-16 '.twice == 1 and .lost == 1 and .disordered == 0 and .altered == 0'
planted disordered persistent-1k '.disordered == 1 and .lost == 0 and .twice == 0 and .altered == 0'
planted altered transient-64k '.altered > 0 and .twice == 0 and .disordered == 0'
planted twice topic-1000 '.twice + .lost > 0'
planted altered fanout-10 '.altered == 10 and .lost == 10'

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
same "the broker's process was found" yes "$(of 'map(.broker_us > 0) | if all then "yes" else "no" end')"
fails "a broker that refuses" $bench --quick --only transient-16,queues --out "$out" --url "amqp://amqproof-reader:reader@127.0.0.1:$AMQPROOF_PORT"
same "is quoted" "yes yes" "$(of 'map(.error | if test("channel.close reply-code=403") then "yes" else "no" end) | join(" ")')"
same "also in the table" 2 "$(grep -c "the broker said: S 1 channel.close" "$out/bench.txt")"
succeeds "and is left running" "$adapter" status
clean_up=:
succeeds "until it is stopped" "$adapter" stop
finish
