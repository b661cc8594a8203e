# One node of Debian's RabbitMQ, for the adapters here and in ../rabbitmq-cluster: found, configured,
# launched, ended. Sourced, never run. No epmd, no rabbitmqctl, never the system's service.
#
# Who sources it has set `who` (of messages), and for a node: data, its folder; port; address, where
# it talks to other nodes; dist, the port it does that by; listeners, in Erlang's terms; definitions,
# a file or nothing; more, terms of the rabbit application that only this node has, or nothing; and if
# it has any, plugins, with a blank between.
# shellcheck shell=sh disable=SC2154,SC2034 # set, and used, by who sources it

root=$(cd "${0%/*}/../.." && pwd)
tools=${AMQPROOF_BUILD:-$root/build}
AMQPROOF_VERSION=${AMQPROOF_VERSION:-}

die() {
    echo "$who: $*" >&2
    exit 1
}

# The virtual machine's pid, if it runs and is this folder's. A pid file outlives a crash
# and its number may by then be somebody else's.
pid() {
    p=$(cat "$data/pid" 2>/dev/null) && [ -n "$p" ] || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline" | grep -qF -- " -amqproof_data $data " || return 1
    echo "$p"
}

# A killed process whose parent never waits stays as a zombie: that is gone, too, but not before its last
# thread. One that waits for the disk still holds the lock and the port.
gone() {
    stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) && [ -n "$stat" ] || return 0
    # shellcheck disable=SC2086 # its fields, from the third
    set -- $stat
    [ "$1" = Z ] && [ "${18}" -le 1 ]
}

wait_gone() {
    tries=1200
    until gone "$1"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "process $1 does not end"
        sleep 0.05
    done
}

# in_prefix PREFIX: sets home, erts and version to what is below it, if that is the version asked for.
in_prefix() {
    for home in "$1"/usr/lib/rabbitmq/lib/rabbitmq_server-*; do
        version=${home##*rabbitmq_server-}
        case $version. in "${AMQPROOF_VERSION:+$AMQPROOF_VERSION.}"*) ;; *) continue ;; esac
        for erts in "$1"/usr/lib/erlang/erts-*; do [ ! -x "$erts/bin/erlexec" ] || return 0; done
    done
    return 1
}

# The one that is installed, or, of another version, what tools/get-broker has unpacked.
find_rabbitmq() {
    ! in_prefix "" || return 0
    [ -n "$AMQPROOF_VERSION" ] || die "RabbitMQ is not installed; tools/bootstrap rabbitmq"
    for prefix in "$root"/build/brokers/rabbitmq-*; do ! in_prefix "$prefix" || return 0; done
    die "RabbitMQ $AMQPROOF_VERSION is not installed, nor fetched; tools/get-broker rabbitmq:$AMQPROOF_VERSION"
}

# A folder of its own, as an absolute path that needs no quotes: it goes into Erlang's terms.
folder() { # PATH
    case $1 in *[[:space:]\"\\]*) die "no blanks or quotes in AMQPROOF_DATA: $1" ;; esac
    mkdir -p "$1" && (cd "$1" && pwd)
}

# A broker without plugins needs a third of the applications that are installed beside it,
# and most of a start goes into walking the code path. Prints the rest of the names given.
applications() {
    todo=$* seen=' '
    while [ -n "$todo" ]; do
        app=${todo%% *}
        todo=${todo#"$app"} todo=${todo# }
        case $seen in *" $app "*) continue ;; esac
        seen="$seen$app "
        for dir in "$home/plugins/$app"-[0-9]*; do :; done
        [ -d "$dir" ] || continue # Erlang's own
        echo "$dir"
        todo="${todo:+$todo }$(tr -d ' \n\t' <"$dir/ebin/$app.app" |
            sed -n 's/.*{applications,\[\([^]]*\)\]}.*/\1/p' | tr , ' ')"
    done
}

write_config() {
    mkdir -p "$data/home" "$data/plugins"
    [ -e "$data/plugins/.complete" ] || {
        # shellcheck disable=SC2086 # a name each
        applications rabbit rabbitmq_prelaunch ${plugins:-} |
            while read -r dir; do ln -sf "$dir" "$data/plugins/"; done
        : >"$data/plugins/.complete"
    }
    [ -e "$data/home/.erlang.cookie" ] || {
        (umask 077 && printf amqproof >"$data/home/.erlang.cookie")
        chmod 400 "$data/home/.erlang.cookie"
    }
    echo "[$(echo "${plugins:-}" | tr ' ' ,)]." >"$data/enabled_plugins"
    external=
    case " ${plugins:-} " in *" rabbitmq_auth_mechanism_ssl "*) external=", 'EXTERNAL'" ;; esac
    # A user's tags are a list since 3.9.
    case $version:$definitions in
    3.8.*:?*)
        jq '.users[].tags |= if type == "array" then join(",") else . end' "$definitions" >"$data/definitions.json"
        definitions=$data/definitions.json
        ;;
    esac
    terms="${more:+$more, }{load_definitions, \"$definitions\"},"
    [ -n "$definitions" ] || terms=${more:+$more,}
    # Erlang's terms, not rabbitmq.conf: translating that costs a second at each start.
    cat >"$data/advanced.config" <<END
[{rabbit, [
    {tcp_listeners, [$listeners]},
    {auth_mechanisms, ['PLAIN', 'AMQPLAIN', 'RABBIT-CR-DEMO'$external]},
    $terms
    {log, [{file, [{file, "$data/log/rabbit.log"}, {level, info}]}]}
]}].
END
}

environment() {
    cat <<END
HOME=$data/home
ROOTDIR=${erts%/*}
BINDIR=$erts/bin
EMU=beam
PROGNAME=erl
ERL_LIBS=$data/plugins
ERL_EPMD_PORT=1
ERL_CRASH_DUMP=/dev/null
RABBITMQ_HOME=$home
RABBITMQ_NODENAME=amqproof$port@$address
RABBITMQ_USE_LONGNAME=true
RABBITMQ_NODE_IP_ADDRESS=$address
RABBITMQ_NODE_PORT=$port
RABBITMQ_DIST_PORT=$dist
RABBITMQ_PLUGINS_DIR=$data/plugins
RABBITMQ_ENABLED_PLUGINS_FILE=$data/enabled_plugins
RABBITMQ_MNESIA_BASE=$data/db
RABBITMQ_LOG_BASE=$data/log
RABBITMQ_CONF_ENV_FILE=$data/none
RABBITMQ_CONFIG_FILE=$data/none
RABBITMQ_ADVANCED_CONFIG_FILE=$data/advanced.config
RABBITMQ_SCHEMA_DIR=$data/schema
RABBITMQ_GENERATED_CONFIG_DIR=$data/schema
END
}

# Nobody listens on port 1, so no epmd is found; the node's name and -erl_epmd_port stand in
# for it. Once a minute RabbitMQ runs an Erlang whose only purpose is to start one: by the
# environment, which that inherits, it may not. Idle schedulers sleep instead of spinning.
launch() {
    ! p=$(pid) || die "already running as process $p"
    write_config
    logging="-syslog logger [] -syslog syslog_error_logger false"
    case $version in 3.8.*) logging="-lager crash_log false -lager handlers []" ;; esac
    set -f # the values hold nothing to expand
    # shellcheck disable=SC2046,SC2086 # one word each: a path of ours has no blanks
    set -- env "ERL_ZFLAGS=-start_epmd false" $(environment) "$erts/bin/erlexec" \
        -noshell -noinput -boot start_sasl -s rabbit boot -name "amqproof$port@$address" \
        -erl_epmd_port "$dist" -kernel inet_dist_use_interface "{$(echo "$address" | tr . ,)}" \
        -kernel prevent_overlapping_partitions false \
        $logging -amqproof_data "$data" \
        +W w +B i +P 65536 +S 2:2 +SDcpu 1:1 +SDio 2 +sbwt none +sbwtdcpu none +sbwtdio none
    set +f
    rm -f "$data/pid" # of the one before
    # shellcheck disable=SC2016 # for the inner shell; all execs, so its pid stays the broker's
    setsid sh -c 'echo $$ >"$0/pid"; cd "$0"; exec "$@" >>out 2>&1 </dev/null' "$data" "$@" &
    launched=$!
    until [ -s "$data/pid" ] || ! kill -0 "$launched" 2>/dev/null; do sleep 0.01; done
}

# await PID: returns when a handshake with it works.
await() {
    "$tools/handshake" --host "$address" --port "$port" --within 60 --pid "$1" || {
        tail -n 15 "$data/out" >&2
        die "the node did not come up; its log is $data/log/rabbit.log"
    }
}

# end SIGNAL: returns when the process is gone.
end() {
    p=$(pid) || return 0
    kill "-$1" "$p" 2>/dev/null || :
    wait_gone "$p"
}
