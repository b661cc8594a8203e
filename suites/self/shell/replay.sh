# tools/amqproof replay: what a case has left is held again, with nothing but that file: a broker that is
# wrong in the same way fails, one that is right passes, and what cannot be held is one clear line.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs suites replay refbroker refbroker-faulty faultproxy handshake free-port

amqproof=tools/amqproof
unset AMQPROOF_FAULT AMQPROOF_FAULTS AMQPROOF_INNER

# Of each kind one, on the way from a broker that is right.
cat >"$work/wrong.faults" <<'END'
fault wrong-code
  on S channel.close if reply-code=404 set reply-code=403
fault no-answer
  on S queue.purge-ok drop
fault extra-frame
  on S queue.purge-ok duplicate
fault wrong-field
  on S queue.purge-ok set message-count+=1
fault ends
  on C queue.purge close fin
fault wrong-body
  on S body set body="x"
fault wrong-property
  on S header if content-type="application/octet-stream" set content-type="text/wrong"
fault wrong-after-octets
  on S connection.close if reply-code=501 set reply-code=502
fault tags-jump
  on S basic.deliver set delivery-tag+=1
fault weighed
  on S header set weight=1
fault answers-twice
  on S channel.close-ok duplicate
fault answers-otherwise
  on C queue.purge answer S . queue.unbind-ok
END

with() { # FAULT COMMAND...: behind the proxy with one of these
    fault=$1
    shift
    AMQPROOF_FAULTS=$work/wrong.faults AMQPROOF_FAULT=$fault "$@"
}

# record NAME FAULT CASE BROKER: $work/NAME.frames is what the case left.
record() {
    rm -rf "$work/run"
    $amqproof run --broker "$4" --only "$3" --out "$work/run" --events-only --jobs 1 --deadline-ms 1500 >"$work/said" 2>&1 || :
    mv "$work/run/frames"/*.frames "$work/$1.frames" 2>/dev/null
    [ -s "$work/$1.frames" ]
    result $? "$1: $3 leaves its conversation" "$work/said"
}

replay() { # NAME BROKER [DEADLINE]
    $amqproof replay "$work/$1.frames" --deadline-ms "${3:-1500}" --broker "$2"
}

# judged NAME WORD STATUS BROKER: the last line begins with that word.
judged() {
    status=0 deadline=1500
    [ "$2" != pass ] || deadline=5000 # nothing is waited for in vain: a busy machine may take its time
    replay "$1" "$4" "$deadline" >"$work/said" 2>&1 || status=$?
    same "$1: a broker that $5 is told '$2'" "$2 $3" "$(tail -n 1 "$work/said" | cut -d ' ' -f 1) $status"
    [ "$(tail -n 1 "$work/said" | cut -d ' ' -f 1)" = "$2" ] || sed 's/^/    # /' "$work/said" | tail -n 20
}

both() { # FAULT CASE
    with "$1" record "$1" "$1" "$2" faulty
    with "$1" judged "$1" fail 1 faulty "is wrong in this way"
    judged "$1" pass 0 reference "is right"
}

both wrong-code queue/passive_missing
both no-answer queue/purge
both extra-frame queue/purge
both wrong-field queue/purge
both ends queue/purge
both wrong-body consume/get
both wrong-property durability/whole_message_graceful
both wrong-after-octets framing/oversize_announced
grep -q '^b C - octets "\\x01\\x00\\x01\\xff\\xff\\xff\\xff"$' "$work/wrong-after-octets.frames"
result $? "octets that are no frame are in the file as they were said" "$work/wrong-after-octets.frames"
both answers-otherwise queue/purge
both tags-jump consume/delivers
both weighed consume/cancel
both answers-twice consume/exclusive
same "what breaks an invariant is judged by it" "header-weight reply-order" \
    "$(sed -n 's/^#! invariant //p' "$work/weighed.frames" "$work/answers-twice.frames" | paste -sd ' ' -)"

# Faults of state, and a restart in the middle.
of_state() { # FAULT CASE
    AMQPROOF_FAULT=$1 record "$1" "$1" "$2" reference
    AMQPROOF_FAULT=$1 judged "$1" fail 1 reference "is wrong in this way"
    judged "$1" pass 0 reference "is right"
}
of_state ack_all ack/zero_alone
cp "$work/ack_all.frames" "$work/silence.frames"
of_state get_newest consume/get
of_state requeued_last redelivery/goes_to_other
of_state confirms_last confirm/queue_deleted
of_state queues_forgotten durability/server_named_kill

# ---- what the file says, and how it is shown ------------------------------------------------

same "the file says what was judged" "case rule verdict step as broken wanted got" \
    "$(sed -n 's/^#! \([a-z]*\).*/\1/p' "$work/silence.frames" | grep -v pause | paste -sd ' ' -)"
replay silence reference >"$work/said" 2>&1 || :
same "the conversation is shown, no wider than a terminal" yes \
    "$(LC_ALL=C.UTF-8 awk '/^$/ { exit } { n++; gsub(/…/, "."); if (length($0) > 80) wide = 1 } END { print (!wide && n > 20 ? "yes" : "no") }' "$work/said")"
same "then what was wanted, what came then, and what now" "wanted then now pass" \
    "$(sed '1,/^$/d' "$work/said" | cut -d ' ' -f 1 | paste -sd ' ' -)"

# A recording by words alone: another answer leaves it before they can be judged.
sed 's/^#! wanted .*/#! wanted the third of them is Tuesday/; s/^#! got .*/#! got not so: third == TUESDAY/' \
    "$work/silence.frames" >"$work/words.frames"
AMQPROOF_FAULT=ack_all judged words fail 1 reference "does the same again"
sed 's/^S 1 body "[^"]*"/S 1 body "never"/' "$work/words.frames" >"$work/other.frames"
judged other differs 1 reference "says something else before"
same "and it says where, and what" yes \
    "$(tail -n 1 "$work/said" | grep -q "other.frames:[0-9]*: body: recorded \"never\", here" && echo yes)"

# ---- a broker that runs already, of which nothing is kept ------------------------------------

AMQPROOF_PORT=$("$build/free-port") AMQPROOF_DATA=$work/data
export AMQPROOF_PORT AMQPROOF_DATA
mkdir "$AMQPROOF_DATA"
adapter=$root/broker-under-test/reference/adapter
clean_up="$adapter kill"
succeeds "a broker is started" "$adapter" start
url=amqp://guest:guest@127.0.0.1:$AMQPROOF_PORT
for time in first second; do
    succeeds "by URL, the $time time: the first has left nothing behind" $amqproof replay "$work/wrong-field.frames" --url "$url"
done
succeeds "in another virtual host" $amqproof replay "$work/wrong-field.frames" --url "$url/amqproof"
refuses "a restart needs an adapter" 2 "queues_forgotten.frames:[0-9]*: the broker was restarted here" \
    $amqproof replay "$work/queues_forgotten.frames" --url "$url"
clean_up=:
succeeds "the broker is stopped" "$adapter" stop
refuses "nobody at the URL" 3 "Connection refused" $amqproof replay "$work/ack_all.frames" --url "$url"

# ---- usage ------------------------------------------------------------------------------------

bad() { # LINE: the file with this line added at its end
    cat "$work/silence.frames" >"$work/bad.frames"
    printf '%s\n' "$1" >>"$work/bad.frames"
    number=$(wc -l <"$work/bad.frames")
}
unreadable() { # NAME LINE WHAT
    bad "$2"
    refuses "$1" 2 "bad.frames:$number: $3" $amqproof replay "$work/bad.frames" --broker reference
}
unreadable "a method that is none" 'C 1 queue.destroy' "column 5: no method 'queue.destroy'"
unreadable "behind a connection's letter" 'a C 1 queue.declare queu="x"' "column 19: no field 'queu'"
unreadable "a mark that is none" '#! colour red' "no such mark: 'colour'"
unreadable "a pause that is no number" '#! pause long' "column 1: a number expected"
unreadable "two broken places" '#! broken' "'broken' a second time"
printf '# nothing\n' >"$work/bad.frames"
refuses "a file without frames" 2 "bad.frames: no frames in it" $amqproof replay "$work/bad.frames" --broker reference
grep -v '^#!' "$work/silence.frames" >"$work/bad.frames"
refuses "frames that no case has left" 2 "no verdict in it" $amqproof replay "$work/bad.frames" --broker reference
grep -v '^#! broken' "$work/silence.frames" >"$work/bad.frames"
refuses "a failure without its place" 2 "where it broke" $amqproof replay "$work/bad.frames" --broker reference
refuses "no file" 2 "no file given" $amqproof replay --broker reference
refuses "a file that is not there" 2 "no such file" $amqproof replay "$work/none.frames" --broker reference
refuses "a folder" 2 "Is a directory" $amqproof replay "$work" --broker reference
refuses "two files" 2 "one file at a time" $amqproof replay "$work/a" "$work/b" --broker reference
refuses "no broker" 2 "which broker?" $amqproof replay "$work/silence.frames"
refuses "two brokers" 2 "one of --broker, --url and --adapter" \
    $amqproof replay "$work/silence.frames" --broker reference --url "$url"
refuses "an unknown broker" 2 "no broker 'rabbit'" $amqproof replay "$work/silence.frames" --broker rabbit
refuses "no AMQP URL" 2 "not an AMQP URL" $amqproof replay "$work/silence.frames" --url http://localhost
refuses "an unknown option" 2 "unknown option '--fast'" $amqproof replay --fast
refuses "a deadline that is no number" 2 "--deadline-ms" $amqproof replay "$work/silence.frames" --url "$url" --deadline-ms soon
finish
