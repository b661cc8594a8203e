# tools/attack: every attack is made, judged and over; a broker that grows is seen.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs attacker refbroker handshake free-port

attack=tools/attack
out=$work/attack
of() { # JQ: over the results
    jq -r "[.results[]] | $1" "$out/attack.json"
}

refuses "an unknown option" 2 "unknown option '--hard'" $attack --hard
refuses "an option without its value" 2 "--out needs a value" $attack --out
refuses "an unknown broker names those there are" 2 "no broker 'rabbit'; there are: .*reference" $attack --broker rabbit
refuses "no AMQP URL" 2 "not an AMQP URL" $attack --url http://localhost --out "$out"
refuses "an unknown attack" 2 "no attack 'worst'" $attack --only queues,worst
refuses "a mark that is no number" 2 "--mark" $attack --mark much
refuses "an unknown plant" 2 "--plant" $attack --plant weeds
refuses "an --out that cannot be" 2 "cannot write into --out /proc/amqproof" $attack --out /proc/amqproof
refuses "nobody at the URL" 3 "cannot start 'url': .*nobody answers" \
    $attack --url "amqp://127.0.0.1:$("$build/free-port")" --out "$out"

succeeds "three attacks are held" $attack --quick --only queues,half_frames,flood_16 --out "$out"
cp "$work/said" "$work/table"
same "those, in the order of the list" "queues half_frames flood_16" "$(of 'map(.attack) | join(" ")')"
same "each was established" yes "$(of 'if all(.[]; .count > 0 and .fault == "") then "yes" else "no" end')"
same "the bystander got all of his messages" 0 "$(of 'map(.during_us.missing) | add')"
same "percentiles are in order" yes \
    "$(of 'if all(.[] | .calm_us, .during_us; .p50 > 0 and .p50 <= .p99 and .p99 <= .most) then "yes" else "no" end')"
same "memory is known before, at its height and after" yes \
    "$(of 'if all(.[]; .before.memory > 0 and .height.memory >= .before.memory and .after.memory > 0) then "yes" else "no" end')"
same "the flood was stopped long before its end" yes \
    "$(jq -r 'if .results[2].count * 60 < .mark * 2 then "yes" else "no" end' "$out/attack.json")"
same "the table is no wider than a terminal" yes \
    "$(grep -v '^all of it' "$work/table" | awk 'length($0) > 80 && !/memory mark/ { print "no"; exit } END { print "yes" }' | head -n 1)"

# An instrument that says "held" has to be able to say otherwise.
fails "planted: a broker that does not know its mark" $attack --quick --only flood_16 --plant unmarked --out "$out"
same "planted: is seen by its memory" "false true" "$(of '.[0] | "\(.bounded) \(.alive)"')"

finish
