# The proxy that misbehaves by rule, and the adapters that put another broker behind it or on a disk
# that forgets: faulty, forgetful.
# shellcheck shell=sh disable=SC2016 # texts of other scripts
. suites/self/shell/lib.sh

needs faultproxy refbroker handshake free-port suites

proxy=$build/faultproxy
handshake=$build/handshake
reference=$root/broker-under-test/reference/adapter
pid=
clean_up='[ -z "$pid" ] || kill "$pid"'

cat >"$work/some.faults" <<'END'
fault repeat
  what  redelivered is 1 on every get
  on    S basic.get-ok  set redelivered=1

fault lost
  what  what is published is lost
  on    C basic.publish +content  drop

fault reset
  what  who gets is reset
  on    C basic.get  close rst

fault ended
  what  who gets is hung up on
  on    C basic.get  close fin

fault late
  what  the answer comes after 300 ms
  on    S basic.get-ok  delay 300

fault hey
  what  the second message is another one
  on    S basic.get-ok +content  nth 2 per proxy  set body="hey" size=3

fault slow
  what  600 octets a second from the start on
  on    S connection.start  throttle 600
END

# ---- the command line, and files of faults

refuses "nothing to do" 2 "listen ADDR:PORT and --to HOST:PORT are needed" "$proxy"
refuses "no broker" 2 "are needed" "$proxy" --listen 127.0.0.1:0
refuses "an unknown option" 2 "unknown option '--loud'" "$proxy" --loud
refuses "an option without its value" 2 "^faultproxy: --listen needs a value$" "$proxy" --listen
refuses "a word too many" 2 "unexpected argument 'more'" "$proxy" --listen 127.0.0.1:0 --to 127.0.0.1:1 more
refuses "no port" 2 "listen 127.0.0.1: it reads ADDR:PORT" "$proxy" --listen 127.0.0.1 --to 127.0.0.1:1
refuses "a port that is none" 2 "to 127.0.0.1:65536: it reads HOST:PORT" "$proxy" --listen 127.0.0.1:0 --to 127.0.0.1:65536
refuses "a name to listen on" 2 "no address of this machine" "$proxy" --listen somewhere:0 --to 127.0.0.1:1
refuses "a seed that is no number" 2 "seed takes a number, not 'x'" "$proxy" --seed x
refuses "a descriptor that is not open" 2 "ready-fd 77: Bad file" "$proxy" --listen 127.0.0.1:0 --to 127.0.0.1:1 --ready-fd 77
refuses "a fault without its file" 2 "fault needs --faults FILE" "$proxy" --listen 127.0.0.1:0 --to 127.0.0.1:1 --fault lost
refuses "a fault that is not there" 2 "no fault 'found' in .*some.faults" \
    "$proxy" --listen 127.0.0.1:0 --to 127.0.0.1:1 --faults "$work/some.faults" --fault found
refuses "a log that cannot be written" 2 "log $work/none/log: No such file" \
    "$proxy" --listen 127.0.0.1:0 --to 127.0.0.1:1 --log "$work/none/log"
refuses "an address of somebody else's" 3 "cannot listen on 192.0.2.77:0: " "$proxy" --listen 192.0.2.77:0 --to 127.0.0.1:1
refuses "--check without a file" 2 "check needs a file" "$proxy" --check
same "--help names every option" "check fault faults help list listen log ready-fd seed to" \
    "$({
        "$proxy" --help
        echo --help
    } | grep -oE -- '--[a-z-]+' | sort -u | cut -c3- | paste -sd ' ' -)"

same "--check counts" "$work/some.faults: 7 faults" "$("$proxy" --check "$work/some.faults")"
same "--list" "lost what is published is lost" "$("$proxy" --list "$work/some.faults" | tr -s ' ' | grep '^lost ')"
sed 's/redelivered=1/redelivery=1/' "$work/some.faults" >"$work/wrong.faults"
refuses "--check says what is wrong, and where" 1 "wrong.faults:3: .*redelivery" "$proxy" --check "$work/wrong.faults"
refuses "a file that is wrong cannot be listed" 1 "wrong.faults:3: " "$proxy" --list "$work/wrong.faults"
refuses "nor armed" 2 "wrong.faults:3: " \
    "$proxy" --listen 127.0.0.1:0 --to 127.0.0.1:1 --faults "$work/wrong.faults" --fault lost
same "of several files each is checked" "1 $work/some.faults: 7 faults" \
    "$(said=$("$proxy" --check "$work/wrong.faults" "$work/some.faults" 2>/dev/null); echo "$? $said")"
refuses "a file that is not there" 1 "none.faults" "$proxy" --check "$work/none.faults"
refuses "a folder" 1 "^$work:1: cannot be read: Is a directory$" "$proxy" --check "$work"
refuses "a file of something else" 1 "README.md:[0-9]*: no fault file: it begins" "$proxy" --check README.md

awk '/^    fault [a-z0-9-]+$/ { on = 1 } on && /^    / { print substr($0, 5) } /^[^ ]/ { on = 0 }' \
    fixtures/faults/README.md >"$work/examples.faults"
succeeds "the language's own examples" "$proxy" --check "$work/examples.faults"

# ---- relaying what is no AMQP: octets and ends

# before PORT [OPTION...]: a proxy in front of that port; $port is its own, $log what it says.
before() {
    to=$1
    shift
    log=$work/proxy.log
    rm -f "$work/ready" "$log"
    mkfifo "$work/ready"
    "$proxy" --listen 127.0.0.1:0 --to "127.0.0.1:$to" --log "$log" --ready-fd 9 "$@" 9>"$work/ready" &
    pid=$!
    read -r port <"$work/ready"
}

after() { # ends it; status is its exit code
    status=0
    kill "$pid" 2>/dev/null
    wait "$pid" || status=$?
    pid=
}

# A listener says on stderr when it is there.
await() { # PATTERN FILE
    tries=400
    until grep -q "$1" "$2" 2>/dev/null || [ "$tries" -eq 0 ]; do
        tries=$((tries - 1))
        sleep 0.02
    done
}

# The proxy hears of an end after the client has gone.
until_ended() { # HOW-MANY
    tries=400
    until [ "$(grep -c " over: " "$log")" -ge "$1" ] || [ "$tries" -eq 0 ]; do
        tries=$((tries - 1))
        sleep 0.02
    done
}

listen() { # ADDRESS... of socat, on port $behind
    behind=$("$build/free-port")
    rm -f "$work/listener"
    socat -d -d -u "$1" "TCP-LISTEN:$behind,bind=127.0.0.1" 2>"$work/listener" &
    listener=$!
    await listening "$work/listener"
}

behind=$("$build/free-port")
socat -t 10 -d -d "TCP-LISTEN:$behind,bind=127.0.0.1" SYSTEM:'wc -c' 2>"$work/listener" &
await listening "$work/listener"
before "$behind"
same "a client's FIN is passed on behind its octets, and the answer comes back" 3000000 \
    "$(head -c 3000000 /dev/zero | timeout 20 socat -t 10 - "TCP:127.0.0.1:$port" | tr -d ' ')"
refuses "nobody can listen where it does" 3 "cannot listen on 127.0.0.1:$port: Address already in use" \
    "$proxy" --listen "127.0.0.1:$port" --to 127.0.0.1:1
await " over: " "$log"
same "the log has both ends" "1 the client sent FIN,1 the server sent FIN" "$(grep FIN "$log" | paste -sd , -)"
after
same "SIGTERM ends it" 0 "$status"

listen SYSTEM:yes
before "$behind"
timeout 20 socat -u "TCP:127.0.0.1:$port" - 2>"$work/client" | head -c 1 >"$work/first"
wait "$listener" || :
same "a client that goes with octets unread resets the broker's end" "y broken" \
    "$(cat "$work/first")$(grep -qE 'Connection reset by peer|Broken pipe' "$work/listener" && echo ' broken')"
same "and the log says so" "1 the client sent RST" "$(grep RST "$log")"
after

behind=$("$build/free-port")
rm -f "$work/listener" # what the last one said
socat -d -d -u "TCP-LISTEN:$behind,bind=127.0.0.1" - 2>"$work/listener" | head -c 1 >"$work/first" &
await listening "$work/listener"
before "$behind"
yes | timeout 20 socat -u - "TCP:127.0.0.1:$port" 2>"$work/client" || :
same "a broker that goes with octets unread resets the client" "1 the server sent RST reset" \
    "$(grep RST "$log")$(grep -qE 'Connection reset by peer|Broken pipe' "$work/client" && echo ' reset')"
timeout 20 socat -d -u "TCP:127.0.0.1:$port" - 2>"$work/client" || :
same "where nobody listens the client is reset" yes \
    "$(grep -q 'Connection reset by peer' "$work/client" && echo yes)"
after

# Who does not read is waited for: the listener cannot say what nobody takes.
listen SYSTEM:'head -c 64000000 /dev/zero; echo done >&2'
before "$behind"
mkfifo "$work/unread"
timeout 20 socat -u "TCP:127.0.0.1:$port" - >"$work/unread" &
reader=$!
exec 8<"$work/unread"
tenths=0
while [ "$tenths" -lt 10 ] && ! grep -q '^done' "$work/listener"; do
    tenths=$((tenths + 1))
    sleep 0.1
done
same "a slow reader slows the other end" "" "$(grep '^done' "$work/listener")"
same "and gets everything" 64000000 "$(wc -c <&8)"
exec 8<&-
wait "$reader" "$listener" || :
after

# ---- in front of a broker

AMQPROOF_DATA=$work/broker AMQPROOF_PORT=$("$build/free-port")
export AMQPROOF_DATA AMQPROOF_PORT
mkdir "$AMQPROOF_DATA"
clean_up="$clean_up; AMQPROOF_DATA=$AMQPROOF_DATA AMQPROOF_PORT=$AMQPROOF_PORT $reference kill"
"$reference" start >"$work/start" 2>&1 || cat "$work/start"
url() { echo "--url=amqp://guest:guest@127.0.0.1:$1/%2f"; }
faulty() { before "$AMQPROOF_PORT" --faults "$work/some.faults" --fault "$1"; }
get() { timeout 20 amqp-get "$(url "$port")" -q jobs 2>&1; }
put() { amqp-publish "$(url "$port")" -r jobs -b "$1"; }

before "$AMQPROOF_PORT"
succeeds "a handshake through it" "$handshake" --port "$port"
same "amqp-declare-queue through it" jobs "$(amqp-declare-queue "$(url "$port")" -q jobs 2>&1)"
put "as it is"
same "amqp-publish and amqp-get through it" "as it is" "$(get)"
until_ended 4
same "nothing was done to it" "" "$(grep -E '^[0-9]+ [-+] |fault' "$log")"
same "the log counts what both said" 4 "$(grep -cE '^[0-9]+ over: ended; the client said ([0-9]+) and got ([0-9]+) octets, the server \2 and \1$' "$log")"
after

put_direct() { amqp-publish "$(url "$AMQPROOF_PORT")" -r jobs -b "$1"; }
put_direct one
faulty repeat
same "a field that is set" "one" "$(get)"
same "the log has the frame before and after" '- S 1 basic.get-ok delivery-tag=1 exchange="" routing-key="jobs"
+ S 1 basic.get-ok delivery-tag=1 redelivered=1 exchange="" routing-key="jobs"' "$(sed -n 's/^[0-9]* \([-+] \)/\1/p' "$log")"
after

for message in one two three; do put_direct "$message"; done
faulty hey
same "a body that is set" "one hey three" "$(get) $(get) $(get)"
same "and the log has the change, and nothing else" '- S 1 body "two"
+ S 1 body "hey"' "$(sed -n 's/^[0-9]* \([-+] \)/\1/p' "$log")"
after

faulty lost
put nothing
same "a message that is dropped" 2 "$(get >/dev/null; echo $?)"
same "the log has what was dropped" "basic.publish header body" "$(sed -n 's/^[0-9]* - C 1 \([a-z.]*\).*/\1/p' "$log" | paste -sd ' ' -)"
after

for end in "reset RST socket error" "ended FIN closed unexpectedly"; do
    faulty "${end%% *}"
    said=$(get) || :
    same "amqp-get meets ${end%% *}" yes "$(echo "$said" | grep -q "${end#* * }" && echo yes || echo "$said")"
    same "and the log says why" 1 "$(grep -c " fault: both sides are ended by $(echo "$end" | cut -d ' ' -f 2)" "$log")"
    after
done

ms() { date +%s%3N; }
takes() { # AT-LEAST MESSAGE
    put_direct "$2"
    begin=$(ms)
    same "amqp-get through '$fault'" "$2" "$(get)"
    took=$(($(ms) - begin))
    [ "$took" -ge "$1" ] || echo "# $took ms"
    [ "$took" -ge "$1" ]
    result $? "which takes its time"
}
for fault in late slow; do
    faulty "$fault"
    takes 300 "$fault"
    after
done

before "$AMQPROOF_PORT"
timeout 20 amqp-consume "$(url "$port")" -q jobs cat >"$work/consumed" 2>&1 &
consumer=$!
await accepted "$log"
put last
await last "$work/consumed"
"$reference" kill
status=0
wait "$consumer" || status=$?
same "the broker's end is the client's, at once" "yes" "$([ "$status" -ne 124 ] && [ "$status" -ne 0 ] && echo yes)"
after

# The README's own example, on ports that are free.
sed -n '/^## For authors of clients/,/^## Reading/{/^```sh$/,/^```$/{/^```/d;p;};}' README.md >"$work/example"
"$reference" start >"$work/start" 2>&1 || cat "$work/start"
before "$AMQPROOF_PORT"
after # its port is free again
sed -i "s/:5672/:$AMQPROOF_PORT/g; s/:5673/:$port/g; s|build/faultproxy|$proxy|" "$work/example"
sed "/ --listen /,\$d" "$work/example" >"$work/example-file"
(cd "$work" && sh -eu example-file) >"$work/said" 2>&1
result $? "README: the file of faults" "$work/said"
sed -n '/ --listen /p' "$work/example" >"$work/example-proxy"
(cd "$work" && exec sh -c "exec $(cat "$work/example-proxy")" 2>"$work/log") &
pid=$!
"$handshake" --port "$port" --within 10
sed '1,/ --listen /d' "$work/example" >"$work/example-client"
same "README: the client's part" "hellohello" "$(sh -eu "$work/example-client" 2>&1 | tr -d '\n' | sed 's/^jobs//')"
same "README: what the log shows" 3 "$(grep -c '^[0-9]* + S 1 ' "$work/log")"
after
"$reference" stop
unset AMQPROOF_DATA AMQPROOF_PORT

# ---- the adapters

contract() { # NAME EXCEPT: a sed script, what it says otherwise
    name=$1 adapter=$root/broker-under-test/$1/adapter
    AMQPROOF_DATA=$work/$name AMQPROOF_PORT=$("$build/free-port")
    export AMQPROOF_DATA AMQPROOF_PORT
    same "$name: answers a made-up verb with 127" 127 "$("$adapter" no-such-verb >/dev/null 2>&1; echo $?)"
    same "$name: describes the broker inside, at its own port" "$("$reference" describe | sed "$2")" \
        "$(env -u AMQPROOF_DATA "$adapter" describe | sed 's| (behind a proxy, nothing armed)$||')"
    mkdir "$AMQPROOF_DATA"
    clean_up="$clean_up; AMQPROOF_DATA=$AMQPROOF_DATA AMQPROOF_PORT=$AMQPROOF_PORT AMQPROOF_FORGET=lose $adapter kill"
    fails "$name: status before start" "$adapter" status
    succeeds "$name: stop before start" "$adapter" stop
    for verb in start status restart status; do succeeds "$name: $verb" "$adapter" "$verb"; done
    succeeds "$name: a handshake" "$handshake" --port "$AMQPROOF_PORT"
    fails "$name: a second start" "$adapter" start
    timeout 20 amqp-consume "$(url "$AMQPROOF_PORT")" -e amq.fanout cat >"$work/consumed" 2>&1 &
    consumer=$!
    await amq.gen "$work/consumed"
    succeeds "$name: kill" "$adapter" kill
    status=0
    wait "$consumer" || status=$?
    same "$name: who was connected knows at once" yes "$([ "$status" -ne 124 ] && [ "$status" -ne 0 ] && echo yes)"
    refuses "$name: nobody is there after the kill" 1 "Connection refused" "$handshake" --port "$AMQPROOF_PORT"
    fails "$name: status after the kill" "$adapter" status
    for verb in start status stop; do succeeds "$name: $verb after the kill" "$adapter" "$verb"; done
    same "$name: logs" yes "$("$adapter" logs | grep -q listening && echo yes)"
    refuses "$name: nobody is there after the stop" 1 "Connection refused" "$handshake" --port "$AMQPROOF_PORT"
    for wrong in none faulty ../reference; do
        AMQPROOF_INNER=$wrong refuses "$name: '$wrong' cannot be inside" 2 "AMQPROOF_INNER" "$adapter" start
    done
}

contract faulty 's|^tls=yes|tls=no|'
AMQPROOF_FORGET=lose contract forgetful ''
adapter=$root/broker-under-test/faulty/adapter
same "faulty: the product says that nothing is armed" "product=amqproof reference broker (behind a proxy, nothing armed)" \
    "$("$adapter" describe | grep '^product=')"
same "faulty: or which fault is" "product=amqproof reference broker (behind a proxy with fault lost)" \
    "$(AMQPROOF_FAULTS=$work/some.faults AMQPROOF_FAULT=lost "$adapter" describe | grep '^product=')"
AMQPROOF_FAULTS=$work/some.faults AMQPROOF_FAULT=lost "$adapter" start
port=$AMQPROOF_PORT
amqp-declare-queue "$(url "$port")" -q jobs >/dev/null
put nothing
same "faulty: the proxy has the fault" 2 "$(get >/dev/null; echo $?)"
AMQPROOF_FAULTS=$work/some.faults AMQPROOF_FAULT=found refuses "faulty: a second start with another" 1 "already running" "$adapter" start
"$adapter" stop
AMQPROOF_FAULTS=$work/some.faults AMQPROOF_FAULT=found fails "faulty: a fault that is not there" "$adapter" start
same "faulty: says so" yes "$(grep -q "no fault 'found'" "$work/said" && echo yes)"
fails "faulty: and leaves nobody behind" "$reference" status
"$adapter" stop

amqproof_run() { tools/amqproof run --only ack/multiple --out "$work/run" "$@" >"$work/said" 2>&1; }
unset AMQPROOF_DATA AMQPROOF_PORT
amqproof_run --broker faulty
result $? "run --broker faulty" "$work/said"
if [ -d /usr/lib/rabbitmq/lib ]; then
    AMQPROOF_INNER=rabbitmq amqproof_run --broker faulty
    result $? "run --broker faulty, RabbitMQ inside" "$work/said"
    same "the ledger is that of the broker inside" "$root/broker-under-test/rabbitmq/ledger.tsv" "$(jq -r .options.ledger "$work/run/run.json")"
else
    skip "run --broker faulty, RabbitMQ inside" "not installed"
    skip "the ledger is that of the broker inside" "not installed"
fi

# ---- what is forgotten

forget() { # MODE; a queue with two messages, fetched from after VERB
    adapter=$root/broker-under-test/forgetful/adapter
    AMQPROOF_FORGET=$1 AMQPROOF_DATA=$work/forget-$1-$2 AMQPROOF_PORT=$("$build/free-port")
    export AMQPROOF_FORGET AMQPROOF_DATA AMQPROOF_PORT
    clean_up="$clean_up; AMQPROOF_FORGET=$1 AMQPROOF_DATA=$AMQPROOF_DATA AMQPROOF_PORT=$AMQPROOF_PORT $adapter kill"
    port=$AMQPROOF_PORT
    mkdir "$AMQPROOF_DATA"
    "$adapter" start
    amqp-declare-queue "$(url "$port")" -d -q jobs >/dev/null
    amqp-publish "$(url "$port")" -r jobs -p -b first
    amqp-publish "$(url "$port")" -r jobs -p -b second
    "$adapter" stop # so that both are on the disk
    [ "$2" = stop ] || {
        "$adapter" start >"$work/said" 2>&1
        amqp-publish "$(url "$port")" -r jobs -p -b third
        "$adapter" "$2"
    }
    status=0
    "$adapter" start >"$work/said" 2>&1 || status=$?
}
gone() { timeout 20 amqp-get "$(url "$port")" -q jobs 2>&1 | grep -c "no queue 'jobs'"; }

forget pretend-fsync stop
same "pretend-fsync: what was stopped is kept" "first" "$(get)"
"$adapter" stop
forget pretend-fsync kill
same "pretend-fsync: of what was killed the last run is missing" "first second 2" "$(get) $(get) $(get >/dev/null; echo $?)"
"$adapter" stop
forget lose stop
same "lose: nothing is left" 1 "$(gone)"
"$adapter" stop
forget cut stop
same "cut: the broker refuses what is left" "1 1" "$status $(grep -c 'damaged' "$work/said")"
if command -v mdb_load >/dev/null; then
    forget reorder stop
    same "reorder: the last comes first" "second first" "$(get) $(get)"
    "$adapter" stop
else
    skip "reorder: the last comes first" "no mdb_load"
fi
AMQPROOF_FORGET=much refuses "forgetful: an unknown mode" 2 "AMQPROOF_FORGET is one of .*, not 'much'" "$adapter" start
AMQPROOF_FORGET='' refuses "forgetful: no mode" 2 "AMQPROOF_FORGET is one of" "$adapter" start
AMQPROOF_FORGET=reorder AMQPROOF_INNER=rabbitmq refuses "forgetful: reorder where records are not known" 127 "unsupported for rabbitmq" "$adapter" start
finish
