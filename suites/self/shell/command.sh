# tools/amqproof: every bad input is one clear line and its exit code, and whatever ran has a report.
# shellcheck shell=sh disable=SC2016 # texts of other scripts
. suites/self/shell/lib.sh

needs suites refbroker dissect lint-capture handshake free-port

amqproof=tools/amqproof
out="$work/the out"
few=queue # a chapter, and small
cases() { # PATTERN: how many it selects
    $amqproof list --json --only "$1" | jq -s 'flatten | map(.cases? // .) | flatten | length'
}
adapter() { # NAME BODY
    printf '#!/bin/sh\n%s\n' "$2" >"$work/$1"
    chmod +x "$work/$1"
}
planned=$(cases "$few")
[ "$planned" -gt 0 ]
result $? "the chapter '$few' has cases ($planned)"

verbs=$(ls tools/verbs)
same "help names each verb" "$(echo "$verbs" | paste -sd ' ' -)" \
    "$($amqproof help | sed -n 's/^  \([a-z][a-z]*\)  *[^ ].*/\1/p' | grep -vxE 'brokers|exit|tools' | sort | paste -sd ' ' -)"
for verb in $verbs; do
    same "help $verb is what its script says, 80 wide" "$(sed -n '2s/^# //p' "tools/verbs/$verb" | cut -c1-50) 0" \
        "$($amqproof help "$verb" | sed 1q | cut -c1-50) $($amqproof help "$verb" | awk 'length > 80' | wc -l)"
done
refuses "an unknown verb" 2 "no such verb: 'prove'" $amqproof prove
refuses "a verb that is a path" 2 "no such verb" $amqproof ../bootstrap
refuses "help on an unknown verb" 2 "no such verb: 'prove'" $amqproof help prove

run() { $amqproof run --out "$out" "$@"; }
refuses "an unknown option" 2 "unknown option '--fast'" run --fast
refuses "an argument too many" 2 "unexpected argument 'queue'" run queue
refuses "an option without its value" 2 "--only needs a value" run --only
refuses "a flag with a value" 2 "--strict takes no value" run --strict=yes
refuses "two brokers" 2 "one of --broker, --url and --adapter" run --broker reference --broker rabbitmq
refuses "a broker and a URL" 2 "one of --broker, --url and --adapter" run --broker reference --url amqp://localhost
refuses "an unknown broker names those there are" 2 "no broker 'rabbit'; there are: .*rabbitmq.* reference" run --broker rabbit
refuses "a broker that is a path" 2 "no broker '../url'" run --broker ../url
refuses "a pattern that selects nothing" 2 "nothing-like-it" run --only nothing-like-it
refuses "all of it skipped" 2 "amqproof: " run --only "$few" --skip "$few"
refuses "no jobs" 2 "jobs" run --jobs 0
refuses "jobs that are no number" 2 "jobs" run --jobs many
refuses "a negative repeat" 2 "repeat" run --repeat -1
refuses "an --out that is a file" 2 "cannot write into --out" $amqproof run --out tools/amqproof
refuses "an --out that cannot be" 2 "cannot write into --out /proc/amqproof" $amqproof run --out /proc/amqproof
refuses "no AMQP URL" 2 "not an AMQP URL" run --url http://localhost
refuses "an adapter that is not there" 2 "no such adapter" run --adapter "$work/none"
printf '#!/bin/sh\n' >"$work/plain"
refuses "an adapter that is not executable" 2 "not executable" run --adapter "$work/plain"
same "none of these left a folder" no "$([ -e "$out" ] && echo yes || echo no)"
refuses "TLS at a port where nobody is" 3 "no connection by TLS" run --url amqps://127.0.0.1:1 --only "$few"

# All from here on have planned something, so there is a report, and nothing in it is missing.
unjudged() { # NAME
    same "$1: every planned case is reported, as not reached" "$planned $planned unreachable" \
        "$(jq -r '"\(.cases | length) \(.counts["not-reached"]) \(.verdict)"' "$out/run.json")"
    for file in junit.xml report.html run.json run.tap summary.md; do [ -s "$out/$file" ] || echo "no $file"; done >"$work/why"
    [ ! -s "$work/why" ]
    result $? "$1: and the report is whole" "$work/why"
    rm -rf "$out"
}
adapter yes-man 'exit 0'
refuses "an adapter that agrees to everything" 3 "is refused: it exits 0 for a made-up verb" \
    run --adapter "$work/yes-man" --only "$few"
rm -rf "$out"
adapter mute 'case $1 in start) exit 7 ;; describe) echo product=Mute ;; *) exit 127 ;; esac'
refuses "an adapter that fails in silence" 3 "start exited 7 and said nothing" run --adapter "$work/mute" --only "$few"
unjudged "silence"
adapter wordy 'case $1 in start) for n in 1 2 3; do echo "step $n" >&2; done; exit 1 ;; describe) ;; *) exit 127 ;; esac'
status=0
run --adapter "$work/wordy" --only "$few" >"$work/stdout" 2>"$work/stderr" || status=$?
same "an adapter that fails: exit, the line, its last words" \
    "3 amqproof: cannot start '${work##*/}': step 3,    step 1,    step 2" "$status $(paste -sd , "$work/stderr")"
unjudged "last words"

port=$("$build/free-port")
refuses "a port where nobody is" 3 "127.0.0.1:$port: nobody answers: Connection refused" \
    run --url "amqp://127.0.0.1:$port" --only "$few"
unjudged "refused"

# listen COMMAND...: in the background until the next call; returns when the port is taken.
server=
hang_up() { [ -z "$server" ] || { kill "$server" && wait "$server"; server=; } 2>/dev/null; }
clean_up=hang_up
listen() {
    "$@" >/dev/null 2>&1 &
    server=$!
    until ss -Hltn "sport = :$port" | grep -q .; do kill -0 "$server" 2>/dev/null || return 1; done
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key" -out "$work/cert" -subj /CN=localhost -days 1 2>/dev/null
port=$("$build/free-port")
listen openssl s_server -accept "127.0.0.1:$port" -key "$work/key" -cert "$work/cert" -quiet
refuses "a peer that speaks TLS" 3 "speaks TLS" run --url "amqp://127.0.0.1:$port" --only "$few"
unjudged "TLS"
hang_up
port=$("$build/free-port")
listen socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" 'SYSTEM:echo 220 mail.example ESMTP'
refuses "a peer that is no AMQP broker" 3 "no AMQP broker" run --url "amqp://127.0.0.1:$port" --only "$few"
unjudged "no AMQP"
hang_up

# A broker that somebody else runs.
AMQPROOF_PORT=$("$build/free-port") AMQPROOF_DATA=$work/broker
export AMQPROOF_PORT AMQPROOF_DATA
mkdir "$work/broker"
reference=broker-under-test/reference/adapter
clean_up="$reference kill"
succeeds "a broker for what follows" $reference start
refuses "a wrong password" 3 "refuses user 'guest'" run --url "amqp://guest:wrong@127.0.0.1:$AMQPROOF_PORT" --only "$few"
unjudged "wrong password"
refuses "a vhost that is not there" 3 "vhost 'none'" run --url "amqp://127.0.0.1:$AMQPROOF_PORT/none" --only "$few"
unjudged "no vhost"
succeeds "a running broker is judged" run --url "amqp://127.0.0.1:$AMQPROOF_PORT" --only "$few" --only durability
same "lifecycle cases are unsupported by name, all else is judged" "true true 0" "$(jq -r '.cases
    | (map(select(.group == "graceful" or .group == "kill")) | "\(length > 0) \(all(.verdict == "unsupported"))")
      + " \(map(select(.group == "normal" and .verdict == "unsupported")) | length)"' "$out/run.json")"
same "a broker that we did not start is not stopped" 0 "$($reference status >/dev/null; echo $?)"
rm -rf "$out"
$reference stop
clean_up=:

succeeds "run on the reference broker" run --only "$few" --jobs 2 --seed 7
same "it conforms" "conforms $planned 7" "$(jq -r '"\(.verdict) \(.counts.planned) \(.seed)"' "$out/run.json")"
same "the run file keeps to the schema" "" \
    "$(jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq "$out/run.json")"
same "each case left its capture" "$planned" "$(find "$out/captures" -name '*.pcap' -size +0 | wc -l)"
same "the broker's log is kept" yes "$([ -f "$out/broker.log" ] && echo yes)"
succeeds "dissect reads one" sh -c '$0 dissect "$(find "$1" -name "*.pcap" | sed 1q)" | grep -q "connection.open-ok"' $amqproof "$out/captures"
head -c 100 "$(find "$out/captures" -name '*.pcap' | sed 1q)" >"$work/cut.pcap"
refuses "dissect: a capture that is cut" 4 "cut.pcap" $amqproof dissect "$work/cut.pcap"
refuses "dissect: no file named" 2 "no capture file" $amqproof dissect
refuses "dissect: no capture" 4 "tools/amqproof: unknown file format" $amqproof dissect tools/amqproof
refuses "dissect: a file that is not there" 4 "none.pcap" $amqproof dissect "$work/none.pcap"
succeeds "a second run into the same folder" run --only "$few" --shuffle --repeat 2
same "replaces the first" "$planned $((planned * 2))" "$(jq -r '"\(.cases | length) \(.counts.runs)"' "$out/run.json")"
rm -rf "$out"

mkdir "$work/elsewhere"
succeeds "install" tools/install "$work/root" /usr "$build"
installed() { (cd "$work/elsewhere" && env -u AMQPROOF_BUILD "$work/root/usr/bin/amqproof" "$@"); }
succeeds "the installed command runs" installed run --only tx
succeeds "the installed command explains" installed explain tx.select.doc-repeat --run amqproof-runs/latest
succeeds "and lints what it ran" installed lint --side server amqproof-runs/latest/captures/tx.select_twice.pcap
same "and writes where it was called, not where it is installed" yes \
    "$([ -s "$work/elsewhere/amqproof-runs/latest/run.json" ] && [ ! -e "$work/root/usr/lib/amqproof/build/runs" ] && echo yes)"

# What happens while it runs: the broker is killed, the runner is, we are told to stop.
adapter watched 'case $1 in
    start) "$REFERENCE" start && cp "$AMQPROOF_DATA/pid" "$WATCH" ;;
    *) exec "$REFERENCE" "$@" ;;
esac'
REFERENCE=$root/$reference WATCH=$work/pid
export REFERENCE WATCH
in_the_middle() { # KILL-COMMAND: once the first results are there; status is the run's
    rm -rf "$out" "$WATCH"
    # not by run(): the shell around it would be what a signal meets
    $amqproof run --out "$out" --adapter "$work/watched" --only "$few" --only routing --repeat 5 >"$work/said" 2>&1 &
    job=$!
    until [ "$(grep -c '"event":"result"' "$out/events.ndjson" 2>/dev/null)" -ge 3 ] 2>/dev/null; do
        kill -0 "$job" 2>/dev/null || break
    done
    eval "$1"
    status=0
    wait "$job" || status=$?
}
# A zombie that nobody has waited for yet has ended.
runs() { # PID
    state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) && [ "${state%% *}" != Z ]
}
whole() { # NAME: everything planned has a verdict
    same "$1: every planned case has a verdict" "true" \
        "$(jq '(.cases | length) == .counts.planned and (.cases | all(.verdict | type == "string")) and .counts.runs > 100' "$out/run.json")"
    same "$1: the run file keeps to the schema" "" \
        "$(jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq "$out/run.json")"
    fails "$1: no process of ours is left" runs "$(cat "$WATCH")"
}
in_the_middle 'kill -KILL "$(cat "$WATCH")"'
same "a broker killed in mid-run: exit" 1 "$status"
same "a broker killed in mid-run: it died, by name" true "$(jq '.counts.died > 0' "$out/run.json")"
whole "a broker killed in mid-run"
in_the_middle 'kill -KILL "$(pgrep -P "$job" -x suites)"'
same "a runner killed in mid-run: exit" 4 "$status"
same "a runner killed in mid-run: what is missing is our fault" true "$(jq '.counts["harness-fault"] > 0' "$out/run.json")"
whole "a runner killed in mid-run"
in_the_middle 'kill -TERM "$job"'
same "told to stop: exit" 143 "$status"
whole "told to stop"
finish
