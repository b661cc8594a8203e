# The programs that rabbitmq-c ships for the tutorial work unchanged with the reference broker.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs refbroker handshake free-port

adapter="broker-under-test/reference/adapter"
AMQPROOF_DATA=$work/broker
AMQPROOF_PORT=$("$build/free-port")
export AMQPROOF_DATA AMQPROOF_PORT
clean_up="$adapter kill"
broker="--url=amqp://guest:guest@127.0.0.1:$AMQPROOF_PORT/%2f"

get() { # QUEUE WANTED
    same "amqp-get takes '$2' from $1" "$2" "$(amqp-get "$broker" -q "$1" 2>&1)"
}

"$adapter" start >"$work/start" 2>&1 || cat "$work/start"
same "amqp-declare-queue names the queue" task_queue "$(amqp-declare-queue "$broker" -d -q task_queue 2>&1)"
succeeds "amqp-publish to a queue by its name" amqp-publish "$broker" -r task_queue -p -b "a durable task"
succeeds "amqp-publish a second one" amqp-publish "$broker" -r task_queue -p -b "another"
get task_queue "a durable task"

"$adapter" restart
get task_queue "another"
fails "amqp-get from an empty queue" amqp-get "$broker" -q task_queue

for body in one two three; do
    amqp-publish "$broker" -r task_queue -b "$body;"
done
same "amqp-consume hands each message to a command" "one;two;three;" \
    "$(timeout 20 amqp-consume "$broker" -q task_queue -c 3 cat 2>&1)"

# A queue without a name, bound to an exchange. The consumer names it before it binds it; that it consumes,
# which is later, the broker says.
mkfifo "$work/logs"
timeout 20 amqp-consume "$broker" -e amq.topic -r 'old.#' -c 2 cat >"$work/logs" 2>"$work/consumer" &
exec 3<"$work/logs"
tries=200
until "$build/refbroker" status --data "$AMQPROOF_DATA/store" --json |
    jq -e '.queues | any(.consumers == 1)' >/dev/null || [ "$tries" -eq 0 ]; do
    tries=$((tries - 1))
    sleep 0.05
done
amqp-publish "$broker" -e amq.topic -r old.boy.python -b "taken;"
amqp-publish "$broker" -e amq.topic -r new.boy -b "not for it"
amqp-publish "$broker" -e amq.topic -r old -b "taken as well;"
same "amqp-consume from a temporary queue bound by a pattern" "taken;taken as well;" "$(cat <&3)"
exec 3<&-
succeeds "amqp-delete-queue" amqp-delete-queue "$broker" -q task_queue
fails "amqp-get from a queue that is no more" \
    timeout 20 amqp-get "$broker" -q task_queue
finish
