# The reference broker for its operator: settings, signals, service manager, status, metrics, definitions.
# shellcheck shell=sh disable=SC2016,SC2119,SC2120 # run later; start takes options or none
. suites/self/shell/lib.sh

needs refbroker handshake free-port

reference='broker-under-test/reference'
broker=$build/refbroker
clean_up='stop'
conf=$work/conf data=$work/data log=$work/log

# ---- One table of settings ------------------------------------------------------------------

"$broker" --help >"$work/help"
"$broker" --settings conf >"$work/settings.conf"
"$broker" --settings man >"$work/settings.man"
sed '1,/^\.SH SETTINGS/d; /^\.SH FILES/,$d' $reference/refbroker.1 | sed '/^Lines of the form/d' >"$work/page.man"
succeeds "the example file is the table" diff "$work/settings.conf" $reference/refbroker.conf.example
succeeds "the manual page's settings are the table" diff "$work/settings.man" "$work/page.man"
sed -n 's/^#\([a-z][^ ]*\) =.*/\1/p' "$work/settings.conf" >"$work/keys"
same "--help has the same keys" "$(paste -sd ' ' "$work/keys")" \
    "$(sed -n 's/^  \([a-z][^ ]*\) =.*/\1/p' "$work/help" | paste -sd ' ' -)"
options() { grep -oE -e '--[a-z-]+' | sort -u | paste -sd ' ' -; }
same "the manual page has the options of --help, and no others" "$("$broker" status --help | cat - "$work/help" | options)" \
    "$(sed 's/\\-/-/g; s/^\.[BI]* *//' $reference/refbroker.1 | options)"
same "the README sends people to the example file" yes "$(grep -q 'refbroker\.conf\.example' $reference/README.md && echo yes)"
fails "no other form of settings" "$broker" --settings json
sed 's/^#\([a-z]\)/\1/; /^[a-z].*=$/d' "$work/settings.conf" >"$conf"

# What is wrong with a file: one line, where it stands, what is allowed.
wrong() { # LINE PATTERN
    printf '# settings\n%s\n' "$1" >"$work/wrong"
    refuses "settings: '$1'" 2 "wrong:2: $2" "$broker" --data "$work/none" --config "$work/wrong"
}
wrong 'hartbeat = 5' "unknown key 'hartbeat'"
wrong 'heartbeat = 65536' "heartbeat: '65536' is not allowed; 0 to 65535 seconds"
wrong 'heartbeat = -1' "heartbeat: '-1' is not allowed"
wrong 'heartbeat =' "heartbeat: '' is not allowed"
wrong 'heartbeat = 5s' "heartbeat: '5s' is not allowed"
wrong 'frame_max = 4095' "frame_max: '4095' is not allowed; 4096 to "
wrong 'max_message_size = 8GiB' "max_message_size: '8GiB' is not allowed"
wrong 'max_message_size = 99999999999GiB' "max_message_size: "
wrong 'max_message_size = 1XB' "max_message_size: "
wrong 'log.level = loud' "log.level: 'loud' is not allowed; error or warning or info or debug"
wrong 'default_user =' "default_user: '' is not allowed"
wrong 'heartbeat 5' "'heartbeat 5': no '='"
refuses "settings: a file that is not there" 2 "none: No such file" "$broker" --data "$work/none" --config "$work/none"
same "and nothing was made" no "$([ -e "$work/none" ] && echo yes || echo no)"

# ---- A broker to ask ------------------------------------------------------------------------

start() { # OPTION...
    port=$(AMQPROOF_PORT=${metrics:-} "$build/free-port")
    "$broker" --data "$data" --listen "127.0.0.1:$port" "$@" 2>"$log" &
    pid=$!
    "$build/handshake" --port "$port" --within 20 --pid $pid
}
stop() { # its exit code is left in $code
    code=0
    [ -z "${pid:-}" ] || { { kill "$pid" 2>/dev/null || :; } && wait "$pid" || code=$?; }
    pid=
}
# until_true SECONDS COMMAND...: what others see happens a moment later.
until_true() {
    tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
of() { # JQ: over the status
    "$broker" status --data "$data" --json | jq -r "$1"
}
logged() { grep -qE "$1" "$log"; }
amqp() { # TOOL OPTION...
    tool=$1
    shift
    "amqp-$tool" -u "amqp://127.0.0.1:$port" "$@"
}

refuses "status: no broker there" 3 "no broker runs on this folder" "$broker" status --data "$work"
refuses "status: no folder there" 3 "none: no broker runs" "$broker" status --data "$work/none"
refuses "status: --data is missing" 2 "data DIR is missing" "$broker" status
refuses "status: a word too many" 2 "what for" "$broker" status --data "$work" now

metrics=$("$build/free-port")
printf 'prometheus.tcp.port = %s\n' "$metrics" >>"$conf"
succeeds "a broker with the example's settings, all of them set" start --config "$conf" --definitions broker-under-test/definitions.json
same "a log line: time, level, who, text" 0 \
    "$(grep -vcE '^[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z (error|warning|info|debug) (broker|conn/[0-9]+) [^ ]' "$log")"
fails "a password that is wrong" "$build/handshake" --port "$port" --password "$(printf 'x\001\ny\\z')"
fails "a vhost with odd letters" "$build/handshake" --port "$port" --vhost "$(printf 'a\nb')"
same "a log line is one line whatever peers say" 0 "$(grep -vcE '^[0-9-]{10}T.*Z (error|warning|info|debug) (broker|conn/[0-9]+) ' "$log")"
succeeds "a refused login is logged" until_true 5 logged 'warning conn/[0-9]+ .*login was refused'

amqp declare-queue -q jobs -d >"$work/said"
for i in 1 2 3; do amqp publish -r jobs -b "$i" -p; done
amqp get -q jobs >"$work/said"
same "status: what is there, and what went by" "1 2 3 1 jobs / true 2" \
    "$(of '"\(.totals.queues) \(.messages.ready) \(.messages.published) \(.messages.delivered) \(.queues[0] | "\(.name) \(.vhost) \(.durable) \(.ready)")"')"
same "status: rates are those since it was asked last" 0 "$(of .messages.rates.published)"
same "status: the socket is its owner's alone" 600 "$(stat -c %a "$data/refbroker.sock")"
same "status: the store is well" ok "$(of .store.state)"
amqp-consume -u "amqp://127.0.0.1:$port" -q jobs -p 1 sleep 30 >/dev/null 2>&1 &
consumer=$!
succeeds "status: a consumer appears" until_true 10 sh -c "'$broker' status --data '$data' --json | jq -e '.queues[0].consumers == 1 and .messages.unacked == 1 and (.connections | map(select(.user == \"guest\" and .vhost == \"/\" and .channels == 1 and .state == \"running\")) | length == 1)'"
succeeds "status: the table says so too" sh -c "'$broker' status --data '$data' | grep -qE '^jobs  .* 1  .* 1  .* 1 '"
kill "$consumer"
wait "$consumer" 2>/dev/null || :

# ---- /metrics -------------------------------------------------------------------------------

scrape() { curl -sS --max-time 10 "http://127.0.0.1:$metrics/$1" -o "$work/scrape" -w '%{http_code} %{content_type}'; }
same "metrics: 200 and the type" "200 text/plain; version=0.0.4" "$(scrape metrics)"
# Name, labels, value; TYPE and HELP before their metric, each once; no metric twice; ends in a newline.
cat >"$work/format.awk" <<'AWK'
/^# TYPE / { if (NF != 4 || $4 !~ /^(counter|gauge|untyped)$/ || $3 in type) bad($0); type[$3] = $4; next }
/^# HELP / { if (NF < 4 || $3 in help) bad($0); help[$3] = 1; next }
!/^[a-zA-Z_:][a-zA-Z0-9_:]*({[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*})? [0-9]+$/ { bad($0); next }
{
    name = $1
    sub(/{.*/, "", name)
    if (!(name in type) || !(name in help) || $1 in seen) bad($0)
    if (type[name] == "counter" && name !~ /_total$/) bad($0)
    seen[$1] = 1
    n++
}
function bad(line) { print "bad: " line; wrong = 1 }
END { if (n < 30) bad("only " n " metrics"); exit wrong }
AWK
succeeds "metrics: the format" awk -f "$work/format.awk" "$work/scrape"
value() { sed -n "s/^$1 //p" "$work/scrape"; }
same "metrics: they count" "1 2 3 3" \
    "$(value rabbitmq_queues) $(value rabbitmq_queue_messages) $(value 'rabbitmq_global_messages_received_total{protocol="amqp091"}') $(value 'rabbitmq_global_messages_routed_total{protocol="amqp091"}')"
same "metrics: logins that were refused" yes "$([ "$(value rabbitmq_auth_attempts_failed_total)" -ge 1 ] && echo yes)"
same "metrics: nothing else is there" "404 text/plain" "$(scrape queues)"
same "metrics: on loopback alone" "127.0.0.1:$metrics" "$(ss -Htln "sport = :$metrics" | awk '{ print $4 }')"

# ---- SIGHUP ---------------------------------------------------------------------------------

sed -i 's/^log.level = .*/log.level = debug/; s/^heartbeat = .*/heartbeat = 7/; s/^prometheus.tcp.ip = .*/prometheus.tcp.ip = ::1/' "$conf"
kill -HUP "$pid"
succeeds "reload: what holds now" until_true 5 logged 'reload: log.level: info -> debug: now'
succeeds "reload: what holds for new connections" logged 'reload: heartbeat: 60 -> 7: for new connections'
succeeds "reload: what needs a restart" logged 'reload: prometheus.tcp.ip: 127.0.0.1 -> ::1: needs a restart'
same "reload: and nothing else" 3 "$(grep -c 'reload: .* -> ' "$log")"
"$build/handshake" --port "$port"
succeeds "reload: the level is in force" until_true 5 logged ' debug conn/'
sed -i 's/^heartbeat = .*/heartbeat = seven/; s/^frame_max = .*/frame_max = 8192/' "$conf"
kill -HUP "$pid"
succeeds "reload: a wrong file is told" until_true 5 logged "error broker reload: .*/conf:[0-9]*: heartbeat: 'seven' is not allowed"
same "reload: and nothing of it is taken" 3 "$(grep -c 'reload: .* -> ' "$log")"
stop
same "SIGTERM: exit code 0, and the socket is gone" "0 no" "$code $([ -e "$data/refbroker.sock" ] && echo yes || echo no)"

# A broker that was killed leaves its socket behind.
sed -i 's/^heartbeat = .*/heartbeat = 7/' "$conf"
succeeds "a start" start
kill -KILL "$pid"
wait "$pid" 2>/dev/null || :
succeeds "after SIGKILL: a start over the socket that was left" start
same "and it answers" 2 "$(of .messages.ready)"
stop

# ---- The service manager ----------------------------------------------------------------------

told() { grep -q "$1" "$work/told"; }
manager() { # socat's address; what the broker is given
    : >"$work/told"
    socat -u "$1" "OPEN:$work/told,append" &
    manager=$!
    until_true 5 grep -q "$3" /proc/net/unix
    NOTIFY_SOCKET=$2
    export NOTIFY_SOCKET
    start
    unset NOTIFY_SOCKET
    succeeds "$4: ready, and where" until_true 5 told "^STATUS=listening on port $port"
    kill -HUP "$pid"
    succeeds "$4: reloading, and when" until_true 5 told '^MONOTONIC_USEC=[0-9]'
    stop
    succeeds "$4: stopping" until_true 5 told '^STOPPING=1'
    same "$4: all of it, in order" "READY=1 RELOADING=1 READY=1 STOPPING=1" \
        "$(grep -E '^(READY|RELOADING|STOPPING)=' "$work/told" | paste -sd ' ' -)"
    kill "$manager" 2>/dev/null || :
    wait "$manager" 2>/dev/null || :
}
manager "UNIX-RECV:$work/notify" "$work/notify" "$work/notify" "NOTIFY_SOCKET, a path"
manager "ABSTRACT-RECV:amqproof-$$" "@amqproof-$$" "@amqproof-$$" "NOTIFY_SOCKET, abstract"

# ---- Definitions ------------------------------------------------------------------------------

hash() { # ALGORITHM PASSWORD: as RabbitMQ has them, salt first
    { printf 'salt' && printf 'salt%s' "$2" | openssl dgst "-$1" -binary; } | base64 -w 0
}
cat >"$work/made.json" <<END
{
  "rabbit_version": "3.10.8", "global_parameters": [{"name": "cluster_name", "value": "here"}], "policies": [], "parameters": [],
  "users": [
    {"name": "md", "password_hash": "$(hash md5 five)", "hashing_algorithm": "rabbit_password_hashing_md5", "tags": ["monitoring", "policymaker"], "limits": {}},
    {"name": "sha", "password_hash": "$(hash sha512 more)", "hashing_algorithm": "rabbit_password_hashing_sha512", "tags": "management", "limits": {}},
    {"name": "plain", "password": "text", "tags": []}
  ],
  "vhosts": [{"name": "/", "limits": [], "metadata": {"description": "", "tags": []}}, {"name": "other \"one\""}],
  "permissions": [
    {"user": "md", "vhost": "/", "configure": "^md-", "write": ".*", "read": ""},
    {"user": "sha", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
    {"user": "plain", "vhost": "/", "configure": "^(?!amq\\\\.)\\\\w+", "write": ".*", "read": ".*"}
  ],
  "topic_permissions": [],
  "queues": [
    {"name": "kept", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {"x-max-priority": 5, "x-queue-type": "classic", "note": {"deep": [1, true, 2.5, "text"]}}},
    {"name": "passing", "vhost": "/", "durable": false, "auto_delete": true, "arguments": {}}
  ],
  "exchanges": [
    {"name": "topics", "vhost": "/", "type": "topic", "durable": true, "auto_delete": false, "internal": false, "arguments": {"alternate-exchange": "amq.fanout"}},
    {"name": "inner", "vhost": "/", "type": "headers", "durable": true, "auto_delete": false, "internal": true, "arguments": {}}
  ],
  "bindings": [
    {"source": "topics", "vhost": "/", "destination": "kept", "destination_type": "queue", "routing_key": "a.*.#", "arguments": {}},
    {"source": "topics", "vhost": "/", "destination": "inner", "destination_type": "exchange", "routing_key": "b", "arguments": {}},
    {"source": "inner", "vhost": "/", "destination": "kept", "destination_type": "queue", "routing_key": "", "arguments": {"x-match": "all", "n": 1}}
  ]
}
END
# Everything but the order, and what RabbitMQ says more (types, limits) or less: internal exchanges.
alike() {
    jq -S '{users, vhosts: [.vhosts[] | {name}], permissions, queues, exchanges, bindings}
        | .users |= map(del(.limits)) | .queues |= map(del(.type))
        | .exchanges |= map(select(.internal | not) | del(.internal)) | map_values(sort)' "$1"
}
export_to() { "$broker" definitions --data "$data" >"$1"; }
data=$work/first
succeeds "definitions: a file of RabbitMQ's form" start --definitions "$work/made.json"
for who in md:five sha:more plain:text; do
    succeeds "definitions: ${who%:*} logs in" "$build/handshake" --port "$port" --user "${who%:*}" --password "${who#*:}"
done
fails "definitions: and not with the hash" "$build/handshake" --port "$port" --user md --password "$(hash md5 five)"
succeeds "definitions: Perl's patterns" amqp-declare-queue -u "amqp://plain:text@127.0.0.1:$port" -q word -d
amqp-delete-queue -u "amqp://plain:text@127.0.0.1:$port" -q word >/dev/null
export_to "$work/first.json"
same "definitions: what was there is exported" "$(jq -S '[.queues, .exchanges, .bindings, .permissions] | map(sort)' "$work/made.json")" \
    "$(jq -S '[.queues, .exchanges, .bindings, (.permissions | map(select(.user != "guest")))] | map(sort)' "$work/first.json")"
stop
data=$work/second
succeeds "definitions: the export is a file to start with" start --definitions "$work/first.json"
export_to "$work/second.json"
succeeds "definitions: exported again it is the same, octet by octet" cmp "$work/first.json" "$work/second.json"
kill -HUP "$pid"
until_true 5 logged 'reload: done'
export_to "$work/again.json"
succeeds "definitions: and the same after a reload" cmp "$work/first.json" "$work/again.json"
stop
succeeds "definitions: the store has them" start
export_to "$work/stored.json"
same "definitions: all that is durable" "$(jq '.queues |= map(select(.durable))' "$work/first.json" | alike /dev/stdin)" "$(alike "$work/stored.json")"
stop
sed 's/_md5/_md4/' "$work/made.json" >"$work/wrong.json"
data=$work/third
refuses "definitions: a hash of an unknown kind" 3 'users\[0\]: hashing_algorithm is none of' "$broker" --data "$data" --definitions "$work/wrong.json"
sed 's/"\^md-"/"(md"/' "$work/made.json" >"$work/wrong.json"
refuses "definitions: a pattern that is none" 3 'permissions\[0\]: one of its patterns is no regular expression' "$broker" --data "$data" --definitions "$work/wrong.json"

# RabbitMQ reads what we write, we read what it writes, and nothing is lost on the way.
ctl() { # VERB...: of the node of its adapter, which no epmd knows
    HOME=$AMQPROOF_DATA/home ERL_FLAGS="-erl_epmd_port $(cat "$AMQPROOF_DATA/dist") -start_epmd false -dist_listen false" \
        escript "$1" --longnames -n "amqproof$AMQPROOF_PORT@127.0.0.1" "$2" "$3"
}
rabbitmqctl=
for each in /usr/lib/rabbitmq/lib/rabbitmq_server-*/escript/rabbitmqctl; do [ ! -f "$each" ] || rabbitmqctl=$each; done
if [ -n "$rabbitmqctl" ]; then
    AMQPROOF_PORT=$("$build/free-port") AMQPROOF_DATA=$work/rabbitmq AMQPROOF_VERSION=
    export AMQPROOF_PORT AMQPROOF_DATA AMQPROOF_VERSION
    mkdir "$AMQPROOF_DATA"
    rabbitmq='broker-under-test/rabbitmq/adapter'
    clean_up='stop; $rabbitmq stop'
    succeeds "RabbitMQ starts" $rabbitmq start
    succeeds "RabbitMQ takes our export" ctl "$rabbitmqctl" import_definitions "$work/first.json"
    for who in md:five sha:more plain:text; do
        succeeds "RabbitMQ lets ${who%:*} in" "$build/handshake" --port "$AMQPROOF_PORT" --user "${who%:*}" --password "${who#*:}"
    done
    succeeds "RabbitMQ exports" ctl "$rabbitmqctl" export_definitions "$work/rabbit.json"
    $rabbitmq stop
    # Its own users and vhosts, of the adapter, are there as well.
    only='def ours: map(select((.user // .name // "") | startswith("amqproof") or . == "guest" | not));
        .users |= ours | .permissions |= ours | .vhosts |= map(select(.name != "amqproof"))'
    jq "$only" "$work/first.json" | alike /dev/stdin >"$work/a"
    jq "$only" "$work/rabbit.json" | alike /dev/stdin >"$work/b"
    succeeds "RabbitMQ's export is ours" diff "$work/a" "$work/b"
    data=$work/fourth
    succeeds "we take RabbitMQ's export" start --definitions "$work/rabbit.json"
    export_to "$work/back.json"
    stop
    # It leaves out internal exchanges, and not their bindings, which then lead nowhere.
    jq '.bindings |= map(select(.source != "inner" and .destination != "inner"))' "$work/rabbit.json" | alike /dev/stdin >"$work/a"
    alike "$work/back.json" >"$work/b"
    succeeds "and export the same" diff "$work/a" "$work/b"
else
    for what in starts "takes our export" exports; do skip "RabbitMQ $what" "it is not installed"; done
fi

finish
