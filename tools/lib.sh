# What the command and its verbs share. Sourced, never run; sets root and build.
# shellcheck shell=sh

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
case $here in
*/tools/verbs | */tools/lint) root=${here%/tools/*} ;;
*) root=${here%/tools} ;;
esac
build=${AMQPROOF_BUILD:-$root/build}
# Relative to where we are called, and adapters may be called from elsewhere.
case $build in /*) ;; *) build=$PWD/$build ;; esac
export AMQPROOF_BUILD="$build"

# One line, then the exit code the README promises.
usage_error() {
    printf 'amqproof: %s\n' "$*" >&2
    exit 2
}

unreachable() {
    printf 'amqproof: %s\n' "$*" >&2
    exit 3
}

harness_fault() {
    printf 'amqproof: %s\n' "$*" >&2
    exit 4
}

need_program() {
    [ -x "$build/$1" ] || harness_fault "$build/$1 is not built; run 'make' in $root"
}

# The leading comment of a verb's script is its manual.
manual() {
    sed -n '2,${/^#/!q; s/^# \{0,1\}//; p;}' "$1"
}

# Brokers by name: those in this tree that have an adapter.
brokers() {
    for adapter in "$root"/broker-under-test/*/adapter; do
        name=${adapter%/adapter}
        [ ! -x "$adapter" ] || echo "${name##*/}"
    done
}
