# Every adapter keeps the contract of broker-under-test/README.md, its example included.
# shellcheck shell=sh disable=SC2016 # texts of other scripts
. suites/self/shell/lib.sh

needs refbroker handshake free-port

handshake=$build/handshake
fresh() { # NAME: a port and a folder of its own
    AMQPROOF_DATA=$work/$1
    AMQPROOF_PORT=$("$build/free-port")
    export AMQPROOF_DATA AMQPROOF_PORT
    mkdir "$AMQPROOF_DATA"
}
up() { "$handshake" --port "$AMQPROOF_PORT"; }
says_all_keys() { # ADAPTER; `remote` is said only by those that can listen there
    env -u AMQPROOF_DATA -u AMQPROOF_PORT "$1" describe | cut -d= -f1 | grep -vx remote | sort | paste -sd ' ' -
}

contract() { # NAME ADAPTER
    adapter=$2
    fresh "$1"
    clean_up="$adapter kill"
    same "$1: describes itself, also when it is down" "cluster kill policies product restart tls url users version vhosts" \
        "$(says_all_keys "$adapter")"
    same "$1: answers a made-up verb with 127" 127 "$("$adapter" no-such-verb >/dev/null 2>&1; echo $?)"
    fails "$1: status before start" "$adapter" status
    succeeds "$1: stop before start" "$adapter" stop
    succeeds "$1: start" "$adapter" start
    succeeds "$1: a handshake works at once" up
    succeeds "$1: status" "$adapter" status
    succeeds "$1: restart" "$adapter" restart
    succeeds "$1: the same port after the restart" up
    succeeds "$1: kill" "$adapter" kill
    fails "$1: nobody answers after the kill" up
    fails "$1: status after the kill" "$adapter" status
    succeeds "$1: start after the kill" "$adapter" start
    first_port=$AMQPROOF_PORT first_data=$AMQPROOF_DATA
    fresh "$1-beside"
    clean_up="$adapter kill; AMQPROOF_DATA=$first_data AMQPROOF_PORT=$first_port $adapter kill"
    succeeds "$1: a second one beside it" "$adapter" start
    succeeds "$1: which can be stopped" "$adapter" stop
    AMQPROOF_PORT=$first_port AMQPROOF_DATA=$first_data
    succeeds "$1: and leaves the first alone" up
    same "$1: logs" yes "$("$adapter" logs | grep -q . && echo yes)"
    succeeds "$1: stop" "$adapter" stop
    fails "$1: nobody answers after the stop" up
    clean_up=:
}

# What is said besides the contract of every adapter is about a cluster.
cluster() { # NAME ADAPTER
    fresh "$1"
    clean_up="$2 kill"
    nodes() { for n in 1 2 3; do "$handshake" --host "127.0.0.$n" --port "$AMQPROOF_PORT" >/dev/null 2>&1 && printf %s "$n"; done; }
    same "$1: describes three nodes" "3 yes yes" "$("$2" describe | sed -n 's/^nodes=//p' | tr , '\n' | sort -u | wc -l) $(
        "$2" describe | sed -n 's/^cluster=//p; s/^mirrored=//p' | paste -sd ' ' -)"
    succeeds "$1: start" "$2" start
    same "$1: each node serves" 123 "$(nodes)"
    succeeds "$1: a queue of node 3" amqp-declare-queue -u "amqp://127.0.0.3:$AMQPROOF_PORT" -q t.mirrored -d
    same "$1: is led by node 3" 3 "$("$2" leader t.mirrored)"
    refuses "$1: nobody leads what is not there" 1 "no queue 'none'" "$2" leader none
    refuses "$1: there is no node 4" 1 "no node '4'" "$2" node-kill 4
    succeeds "$1: node-kill" "$2" node-kill 3
    same "$1: two nodes serve" 12 "$(nodes)"
    same "$1: and another leads" yes "$(case $("$2" leader t.mirrored) in [12]) echo yes ;; esac)"
    succeeds "$1: node-start" "$2" node-start 3
    same "$1: three nodes serve" 123 "$(nodes)"
    succeeds "$1: partition" "$2" partition 3
    same "$1: the majority serves" 12 "$(nodes)"
    succeeds "$1: heal" "$2" heal
    same "$1: three nodes serve again" 123 "$(nodes)"
    succeeds "$1: restart" "$2" restart
    same "$1: all three, also then" 123 "$(nodes)"
    same "$1: the queue is there again" yes "$(case $("$2" leader t.mirrored) in [123]) echo yes ;; esac)"
    succeeds "$1: kill" "$2" kill
    same "$1: none is left" "" "$(nodes)"
    echo "$AMQPROOF_DATA" >"$work/pattern" # not an argument: grep would find itself
    same "$1: and no process of it" 0 "$(grep -lFf "$work/pattern" /proc/[0-9]*/cmdline 2>/dev/null | wc -l)"
    clean_up=:
}

# What definitions.json promises to cases about permissions.
users() { # NAME ADAPTER
    fresh "$1-users"
    clean_up="$2 kill"
    succeeds "$1: start for its users" "$2" start
    succeeds "$1: guest may enter /" up
    succeeds "$1: guest may enter the vhost amqproof" "$handshake" --port "$AMQPROOF_PORT" --vhost amqproof
    succeeds "$1: the reader may enter /" "$handshake" --port "$AMQPROOF_PORT" --user amqproof-reader --password reader
    refuses "$1: the reader may not enter amqproof" 1 "refuses user 'amqproof-reader' on vhost 'amqproof'" \
        "$handshake" --port "$AMQPROOF_PORT" --user amqproof-reader --password reader --vhost amqproof
    refuses "$1: who may nothing may not enter /" 1 "refuses user 'amqproof-none'" \
        "$handshake" --port "$AMQPROOF_PORT" --user amqproof-none --password none
    refuses "$1: a wrong password" 1 "refuses user 'guest'.*403" "$handshake" --port "$AMQPROOF_PORT" --password wrong
    fails "$1: the reader may not declare" amqp-declare-queue \
        -u "amqp://amqproof-reader:reader@127.0.0.1:$AMQPROOF_PORT" -q amqproof-refused
    # what url/adapter makes of it
    AMQPROOF_URL=amqp://127.0.0.1:$AMQPROOF_PORT
    export AMQPROOF_URL
    succeeds "url: start finds $1" broker-under-test/url/adapter start
    same "url: describes what it found" "$("$2" describe | grep -E '^(product|version)=')" \
        "$(broker-under-test/url/adapter describe | grep -E '^(product|version)=')"
    for verb in stop kill restart no-such-verb; do
        same "url: cannot $verb" 127 "$(broker-under-test/url/adapter "$verb" >/dev/null 2>&1; echo $?)"
    done
    succeeds "$1: and is still there" up
    succeeds "$1: stop" "$2" stop
    refuses "url: start says who does not answer" 1 "127.0.0.1:$AMQPROOF_PORT: nobody answers: Connection refused" \
        broker-under-test/url/adapter start
    clean_up=:
}

# The README's example, with the reference broker in the part of an implementer's.
mkdir "$work/bin"
sed -n '/^```sh$/,/^```$/{/^```/d;p;}' broker-under-test/README.md >"$work/example-adapter"
printf '#!/bin/sh\nexec "%s/refbroker" --listen "127.0.0.1:$2" --data "$4"\n' "$build" >"$work/bin/mybroker"
chmod +x "$work/example-adapter" "$work/bin/mybroker"
succeeds "the example is clean shell" shellcheck -s sh "$work/example-adapter"
same "the example is short" yes "$([ "$(wc -l <"$work/example-adapter")" -le 52 ] && echo yes)"
PATH=$work/bin:$PATH contract example "$work/example-adapter"

contract reference "$root/broker-under-test/reference/adapter"
users reference "$root/broker-under-test/reference/adapter"
if [ -d /usr/lib/rabbitmq/lib ]; then
    contract rabbitmq "$root/broker-under-test/rabbitmq/adapter"
    users rabbitmq "$root/broker-under-test/rabbitmq/adapter"
    fresh rabbitmq-absent
    AMQPROOF_VERSION=0.0.1 refuses "rabbitmq: a version that is not installed" 1 "RabbitMQ 0.0.1 is not installed" \
        broker-under-test/rabbitmq/adapter start
    cluster rabbitmq-cluster "$root/broker-under-test/rabbitmq-cluster/adapter"
else
    skip "rabbitmq: the contract" "not installed"
fi

# LavinMQ is not to be had here: a stand-in, which takes the options that LavinMQ 2 has and no others, and
# is the reference broker behind them. Its HTTP API answers whoever knows guest.
cat >"$work/bin/lavinmq" <<END
#!/bin/sh
case \$1 in
--version) echo 2.4.0 && exit ;;
--help) echo "  -p PORT, --amqp-port=PORT  --mqtt-port=PORT  --metrics-http-port=PORT" && exit ;;
esac
for option; do
    value=\${option#*=}
    case \$option in
    --config=*) grep -qx '\[main\]' "\$value" || exit 2 ;;
    --data-dir=*) data=\$value ;;
    --amqp-bind=*) bind=\$value ;;
    --amqp-port=*) port=\$value ;;
    --http-bind=127.0.0.1 | --http-port=[1-9]* | --mqtt-port=0 | --metrics-http-port=[1-9]*) ;;
    *) echo "Invalid argument: \$option" && exit 1 ;;
    esac
done
# under the name, and with the arguments, that it was called by
setpriv --pdeathsig KILL "$build/refbroker" --listen "\$bind:\$port" --data "\$data" &
trap 'kill -TERM \$!; wait; exit 0' TERM
wait
END
cat >"$work/bin/curl" <<END
#!/bin/sh
echo "\$*" >"$work/curl-said"
END
chmod +x "$work/bin/lavinmq" "$work/bin/curl"
for verb in start stop kill restart status logs describe; do
    AMQPROOF_LAVINMQ=no-lavinmq refuses "lavinmq: $verb, where it is not installed" 1 "LavinMQ is not installed" \
        broker-under-test/lavinmq/adapter "$verb"
done
AMQPROOF_LAVINMQ=no-lavinmq refuses "lavinmq: a run ends in one line" 3 "cannot start 'lavinmq': .*LavinMQ is not installed" \
    tools/amqproof run --broker lavinmq --only tutorial --events-only --out "$work/lavinmq-run"
real_path=$PATH PATH=$work/bin:$PATH
contract lavinmq "$root/broker-under-test/lavinmq/adapter"
fresh lavinmq-versions
AMQPROOF_VERSION=9 refuses "lavinmq: another version than is installed" 1 "LavinMQ 9 is not installed; 2.4.0 is" \
    broker-under-test/lavinmq/adapter start
PATH=$real_path
same "lavinmq: is given the definitions, once it is up" yes \
    "$(grep -q -- "-u guest:guest .*definitions.json http://127.0.0.1:[0-9]*/api/definitions" "$work/curl-said" && echo yes)"
finish
