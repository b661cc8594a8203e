# What the shell tests share: TAP on stdout, a folder of their own, three ways to demand.
# shellcheck shell=sh
# Sourced from the root of the tree, by tools/check-shell.

root=$PWD
build=${AMQPROOF_BUILD:-$root/build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
export AMQPROOF_BUILD="$build"
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY GITHUB_WORKSPACE # of whoever runs us
work=$(mktemp -d "${TMPDIR:-/tmp}/amqproof-test.XXXXXX")
tests=0 clean_up=:
trap 'eval "$clean_up"; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# needs PROGRAM...: a test that cannot be run is one that failed.
needs() {
    for program; do
        [ -x "$build/$program" ] || {
            echo "not ok - $build/$program is not built"
            exit 1
        }
    done
}

result() { # STATUS NAME [FILE]: FILE says why not
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests - $2"
    else
        echo "not ok $tests - $2"
        [ -z "${3:-}" ] || tail -n 40 "$3" | sed 's/^/    # /'
    fi
}

skip() { # NAME WHY
    tests=$((tests + 1))
    echo "ok $tests - $1 # SKIP $2"
}

# succeeds NAME COMMAND...
succeeds() {
    name=$1
    shift
    status=0
    "$@" >"$work/said" 2>&1 || status=$?
    result "$status" "$name" "$work/said"
}

# fails NAME COMMAND...: says no by itself; a command that is not there has said nothing.
fails() {
    name=$1
    shift
    status=0
    "$@" >"$work/said" 2>&1 || status=$?
    [ "$status" -ne 0 ] && [ "$status" -lt 126 ]
    result $? "$name" "$work/said"
}

# refuses NAME STATUS PATTERN COMMAND...: with that exit code, one line on stderr that has the pattern,
# and nothing on stdout.
refuses() {
    name=$1 want=$2 pattern=$3
    shift 3
    status=0
    "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
    {
        [ "$status" -eq "$want" ] || echo "exit $status, not $want"
        [ "$(wc -l <"$work/stderr")" -eq 1 ] || echo "not one line on stderr"
        grep -q -e "$pattern" "$work/stderr" || echo "no '$pattern' on stderr"
        [ ! -s "$work/stdout" ] || echo "something on stdout"
    } >"$work/why"
    [ -s "$work/why" ] && cat "$work/stderr" "$work/stdout" >>"$work/why"
    [ ! -s "$work/why" ]
    result $? "$name" "$work/why"
}

# same NAME WANTED GOT
same() {
    printf 'wanted %s\ngot    %s\n' "$2" "$3" >"$work/why"
    [ "$2" = "$3" ]
    result $? "$1" "$work/why"
}

finish() {
    echo "1..$tests"
}
