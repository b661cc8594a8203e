# Brokers of other versions: what get-broker refuses, and the adapter over those that are here.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs handshake free-port
adapter=broker-under-test/rabbitmq/adapter

refuses "get-broker of nothing names those there are" 2 "rabbitmq:3.8 rabbitmq:3.10 rabbitmq:4.0 rabbitmq:4.3" tools/get-broker
refuses "a version that no suite has" 2 "no broker 'rabbitmq:9.9'; there are: rabbitmq:3.8" tools/get-broker rabbitmq:9.9
refuses "before anything is fetched" 2 "no broker 'nobody:1'" tools/get-broker rabbitmq:3.8 nobody:1
refuses "the adapter says how to get what is not here" 1 "RabbitMQ 3.1 is not installed, nor fetched; tools/get-broker rabbitmq:3.1" \
    env AMQPROOF_VERSION=3.1 $adapter describe
installed=$(env -u AMQPROOF_VERSION $adapter describe | sed -n 's/^version=//p')
same "the installed one by the beginning of its version" "$installed" "$(AMQPROOF_VERSION=${installed%.*} $adapter describe | sed -n 's/^version=//p')"

fetched=
for home in build/brokers/rabbitmq-*; do [ ! -d "$home" ] || fetched="$fetched ${home##*-}"; done
[ -n "$fetched" ] || skip "the versions that were fetched" "tools/get-broker fetched none"
for version in $fetched; do
    AMQPROOF_VERSION=${version%.*} AMQPROOF_DATA=$work/$version
    AMQPROOF_PORT=$("$build/free-port")
    export AMQPROOF_VERSION AMQPROOF_DATA AMQPROOF_PORT
    clean_up="$adapter kill"
    same "$version: says so" "version=$version" "$($adapter describe | grep '^version=')"
    succeeds "$version: start" $adapter start
    succeeds "$version: the reader may enter /" "$build/handshake" --port "$AMQPROOF_PORT" --user amqproof-reader --password reader
    refuses "$version: and not amqproof" 1 "refuses user 'amqproof-reader' on vhost 'amqproof'" \
        "$build/handshake" --port "$AMQPROOF_PORT" --user amqproof-reader --password reader --vhost amqproof
    same "$version: it is that version" yes \
        "$(AMQPROOF_URL=amqp://127.0.0.1:$AMQPROOF_PORT broker-under-test/url/adapter describe | grep -qx "version=$version" && echo yes)"
    succeeds "$version: kill" $adapter kill
    succeeds "$version: start after the kill" $adapter start
    succeeds "$version: stop" $adapter stop
    clean_up=:
done
finish
