# run --profile: the time of a run is accounted for, on the terminal and in run.json.
# shellcheck shell=sh disable=SC2016
. suites/self/shell/lib.sh

needs suites refbroker handshake free-port

out=$work/run
of() { # JQ: over the profile
    jq -r ".profile | $1" "$out/run.json"
}

refuses "no profile of a run without reports" 2 "--profile" tools/amqproof run --profile --events-only --out "$out"

succeeds "a run that says where its time went" \
    tools/amqproof run --only 'channel/*' --only durability/bindings_kill --profile --out "$out"
sed -n "/^where the time went/,\$p" "$work/said" >"$work/table"
same "every phase of it was timed" "calibration kill normal prepare report restart start stop" \
    "$(of '[.phases[].name] | unique | join(" ")')"
same "nothing took no time at all but what is done at once" yes \
    "$(of 'if all(.phases[] | select(.name | IN("normal", "kill", "restart", "start", "report")); .ms > 0) then "yes" else "no" end')"
same "the runner's phases follow one another" yes \
    "$(of '[.phases[] | select(.begun_ms and .name != "restart")] | . as $p
        | if all(range(1; length); $p[.].begun_ms >= $p[. - 1].begun_ms + $p[. - 1].ms - 2) then "yes" else "no" end')"
same "a restart is part of the group that asked for it" yes \
    "$(of '(.phases[] | select(.name == "kill")) as $k | .phases[] | select(.name == "restart")
        | if .begun_ms >= $k.begun_ms and .begun_ms + .ms <= $k.begun_ms + $k.ms + 2 then "yes" else "no" end')"
same "and all of it is not longer than the run" yes \
    "$(jq -r '([.profile.phases[] | select(.begun_ms and .name != "restart") | .ms] | add) as $sum | if $sum <= .ms + 10 and $sum > 0 then "yes" else "no" end' "$out/run.json")"
same "each case is in its chapter's sum" "$(jq '.counts.runs' "$out/run.json")" "$(of '[.chapters[].cases] | add')"
same "no part is longer than the whole" yes \
    "$(of 'if all(.chapters[]; .capture_ms <= .ms + 10 * .cases and .longest_ms <= .ms) then "yes" else "no" end')"
same "the one that waited for the restart is the kill's path" durability/bindings_kill \
    "$(of '.paths[] | select(.group == "kill") | [.longest[].id] | join(" ")')"
same "a path is not longer than its group" yes \
    "$(of '.phases as $p | if all(.paths[]; . as $path | $p[] | select(.name == $path.group) | .ms + 10 >= $path.ms) then "yes" else "no" end')"
same "run.json keeps to its schema" "" \
    "$(jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq "$out/run.json")"
same "the terminal has it: phases, chapters, the path" "1 1 1 1" \
    "$(grep -c '^where the time went' "$work/table") $(grep -c '^reports written' "$work/table") $(grep -c '^channel  ' "$work/table") $(grep -c '^critical path' "$work/table")"
same "no wider than a terminal" yes "$(awk 'length($0) > 80 { wide = 1 } END { print wide ? "no" : "yes" }' "$work/table")"

succeeds "a run that was not asked" tools/amqproof run --only channel/open --only channel/close --out "$out"
same "is silent, and knows all but its reports" "0 no" \
    "$(grep -c '^where the time went' "$work/said") $(of 'if any(.phases[]; .name == "report") then "yes" else "no" end')"
succeeds "what nobody ran has no profile" sh -c 'printf "%s\n" "$1" | jq -nR -f reports/run.jq | jq -r -L reports -f reports/profile.jq | grep -qx "no profile: no case was run"' sh \
    "$(head -n 1 "$out/events.ndjson")"
finish
