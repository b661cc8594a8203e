# amqproof lint: each poison by its name, other people's clients without an alarm, bad input.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs lint-capture selftest-harness refbroker handshake free-port
amqproof=tools/amqproof
lint() { $amqproof lint "$@"; }

# One capture for each poison: what lint names in it is its invariant and nothing else.
mkdir "$work/poisons"
succeeds "the poisons are written as captures" "$build/selftest-harness" poisons "$work/poisons"
: >"$work/wrong"
poisons=0
for file in "$work"/poisons/*.pcap; do
    poisons=$((poisons + 1)) name=${file##*/} status=0
    lint "$file" >"$work/said" || status=$?
    named=$(sed -n 's/.* violates //p' "$work/said" | sort -u | paste -sd ' ' -)
    [ "$status $named" = "1 ${name%%.*}" ] || echo "$name: exit $status, names '$named'" >>"$work/wrong"
done
[ ! -s "$work/wrong" ] && [ "$poisons" -ge 60 ]
result $? "each of $poisons poisons is called by its name alone" "$work/wrong"
lint --list >"$work/list"
find "$work/poisons" -name '*.pcap' -exec basename {} \; | cut -d. -f1 | sort -u >"$work/poisoned"
same "every invariant but the two on frame-max has a capture" "client-frame-size frame-size" \
    "$(cut -f2 "$work/list" | sort | comm -23 - "$work/poisoned" | paste -sd ' ' -)"
same "at least 30 about servers, 20 about clients" yes \
    "$([ "$(grep -c ^server "$work/list")" -ge 30 ] && [ "$(grep -c ^client "$work/list")" -ge 20 ] && echo yes)"

one=$(find "$work/poisons" -name 'delivery-tags.*' | sort | sed 1q)
lint "$one" >"$work/said" || :
packet=$(sed -n 's/.*: packet \([0-9]*\),.*/\1/p' "$work/said")
same "the packet is the one that tshark shows" "basic.deliver" \
    "$(tshark -r "$one" -Y "frame.number == $packet" -T fields -e amqp.method.method 2>/dev/null | tr ' ' '\n' |
        grep -q '^60' && echo basic.deliver)"
same "a line for what was wrong, what was said, the demand, the rules" "wrong said demand rules" \
    "$(awk '/^    / { print $1 }' "$work/said" | paste -sd ' ' -)"
bad=$(find "$work/poisons" -name 'client-acks.*' | sed 1q)
succeeds "--side server has nothing against a client" lint --side server "$bad"
fails "--side client has" lint --side client "$bad"
same "two files: both are counted" "2 files, 2 connections" "$(lint "$one" "$bad" | sed -n '$s/, [0-9]* packets.*//p')"

refuses "no file" 2 "no capture file" lint
refuses "an unknown option" 2 "unknown option" lint --fast "$one"
refuses "a port that is none" 2 "--port wants a number" lint --port x "$one"
refuses "a side that is none" 2 "--side is server or client" lint --side both "$one"
refuses "a file that is not there" 4 "none.pcap: No such file" lint "$work/none.pcap"
refuses "a file that is no capture" 4 "unknown file format" lint Makefile
refuses "a port where nobody speaks AMQP" 4 "no AMQP 0-9-1 in it" lint --port 1 "$one"
head -c 1500 "$one" >"$work/cut.pcap"
status=0
lint "$work/cut.pcap" >"$work/said" 2>"$work/stderr" || status=$?
same "a capture that is cut: exit and reason" "4 cut off within a packet" \
    "$status $(sed 's/.*: \(cut off within a packet\).*/\1/' "$work/stderr")"

# What a real client and a broker say is no offence, whole or in parts.
dumper=
stop_all() {
    [ -z "$dumper" ] || kill "$dumper" 2>/dev/null || :
    broker-under-test/reference/adapter kill
}
record() { # FILE: all that the clients of Debian's amqp-tools do
    url=amqp://guest:guest@127.0.0.1:$AMQPROOF_PORT
    dumpcap -q -B 64 -i lo -f "tcp port $AMQPROOF_PORT" -w "$1" 2>"$work/dumpcap" &
    dumper=$!
    until grep -q '^File:' "$work/dumpcap"; do kill -0 "$dumper" 2>/dev/null || return 1; done
    {
        amqp-declare-queue --url="$url" -q jobs -d
        for text in one two three; do amqp-publish --url="$url" -r jobs -p -b "$text"; done
        head -c 300000 /dev/zero | amqp-publish --url="$url" -r jobs
        amqp-get --url="$url" -q jobs
        amqp-consume --url="$url" -q jobs -c 2 cat
        amqp-consume --url="$url" -q jobs -c 1 -p 1 cat
        amqp-publish --url="$url" -e nowhere -r x -b refused
        amqp-delete-queue --url="$url" -q jobs
    } >"$work/clients" 2>&1
    # The capture is whole once it has an end of each of the ten connections: by FIN, or by RST of the
    # one that was refused. Each look takes a while; so many are a minute at least.
    for _ in $(seq 200); do
        ended=$(tshark -r "$1" -Y 'tcp.flags.fin == 1 || tcp.flags.reset == 1' -T fields -e tcp.stream 2>/dev/null | sort -u | wc -l)
        [ "$ended" -lt 10 ] || break
    done
    kill -INT "$dumper"
    wait "$dumper" || :
    dumper=
}
if dumpcap -D 2>/dev/null | grep -q '(Loopback)\|[. ]lo\b' && [ "$(id -u)" -eq 0 ]; then
    AMQPROOF_PORT=$("$build/free-port") AMQPROOF_DATA=$work/broker
    export AMQPROOF_PORT AMQPROOF_DATA
    mkdir "$work/broker"
    clean_up=stop_all
    succeeds "a broker for other people's clients" broker-under-test/reference/adapter start
    succeeds "amqp-tools are captured as they work" record "$work/tools.pcapng"
    succeeds "no alarm over amqp-tools" lint --port "$AMQPROOF_PORT" "$work/tools.pcapng"
    same "all ten connections are judged, in full" "10 connections" \
        "$(lint "$work/tools.pcapng" | sed -n '1s/.*, \([0-9]* connections\),.*: 0 violations/\1/p')"
    editcap "$work/tools.pcapng" "$work/holes.pcap" $(seq 5 7 400) 2>/dev/null
    succeeds "nor where packets are missing" lint "$work/holes.pcap"
    same "which is said" yes "$(lint "$work/holes.pcap" | grep -q 'octets are missing; what follows them is judged' && echo yes)"
    editcap -r "$work/tools.pcapng" "$work/later.pcap" 10-400 2>/dev/null
    succeeds "nor from the middle on" lint "$work/later.pcap"
    same "which is said too" yes "$(lint "$work/later.pcap" | grep -q 'joined in mid-stream' && echo yes)"
else
    skip "amqp-tools" "capturing on the loopback device is not permitted"
fi
finish
