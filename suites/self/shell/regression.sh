# A regression from end to end: the reference broker with one planted fault, against its committed baseline.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs suites refbroker refbroker-faulty handshake free-port

# As it is. A case that came since the baseline is new and fails nobody.
tools/amqproof run --out "$work/well" >"$work/said" 2>&1
same "without a fault the run is green" 0 $?
status=0
tools/amqproof compare reference "$work/well" >"$work/text" || status=$?
same "and nothing is worse than in the baseline" "0 0" "$(tools/amqproof compare reference "$work/well" --json | jq -r '"\(.counts.failing) \(.counts.vanished)"')"
[ "$status" -ne 1 ]
result $? "so compare does not end with 1" "$work/text"

# A multiple that does not reach: acks settle one delivery too many.
seeded() { # FAULT CASE
    rm -rf "$work/ill"
    AMQPROOF_FAULT=$1 tools/amqproof run --out "$work/ill" >"$work/said" 2>&1 || :
    status=0
    tools/amqproof compare reference "$work/ill" >"$work/text" || status=$?
    same "$1: exit 1" 1 "$status"
    same "$1: the first line names the case" "yes" "$(sed 1q "$work/text" | grep -qE "^[0-9]+ newly failing: .*$2" && echo yes)"
    same "$1: what is newly failing is what is red in the run" "$(jq -r '[.cases[] | select(.red) | .id] | sort | join(" ")' "$work/ill/run.json")" \
        "$(tools/amqproof compare reference "$work/ill" --json | jq -r '[.differences[] | select(.class == "failing") | .id] | sort | join(" ")')"
    same "$1: Markdown says the same first" "### $(sed "1s|,.*||; 1s|_|\\\\_|g; 1q" "$work/text")" "$(tools/amqproof compare reference "$work/ill" --markdown | sed "1s|,.*||; 1q")"
}
seeded ack_all ack/
seeded exclusive_consumer_stays consume/
finish
