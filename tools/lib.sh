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
    sed -n '2,${/^#/!q; s/^# \{0,1\}//; p;}' "$1" | awk -f "$root/tools/manual.awk"
}

# Brokers by name: those in this tree that have an adapter.
brokers() {
    for adapter in "$root"/broker-under-test/*/adapter; do
        name=${adapter%/adapter}
        [ ! -x "$adapter" ] || echo "${name##*/}"
    done
}

# option_value NAME COUNT [VALUE]: VALUE, or the one line that it is missing.
option_value() {
    [ "$2" -gt 1 ] || usage_error "$1 needs a value"
    printf '%s\n' "$3"
}

# run_file RUN.JSON|RUN-DIR: its path, if it is the record of a run.
run_file() {
    file=$1
    [ ! -d "$file" ] || file=$file/run.json
    [ -r "$file" ] || usage_error "no run file: $file"
    jq -e '.schema == 1 and (.cases | type == "array") and (.broker | type == "object")' "$file" >/dev/null 2>&1 ||
        usage_error "not a run file: $file"
    printf '%s\n' "$file"
}

# jq_into FILE JQ-ARGUMENT...: whole or not at all.
jq_into() {
    file=$1
    shift
    jq "$@" >"$file.part" || harness_fault "cannot write $file"
    mv "$file.part" "$file"
}

# What every question about rules is answered from: rule_facts FILTER JQ-ARGUMENT...
rule_facts() {
    filter=$1
    shift
    need_program suites
    facts=$("$build/suites" --list-json --rules "$root/fixtures/spec/rules.tsv" |
        jq -rn -L "$root/reports" --rawfile base "$root/fixtures/spec/rules.tsv" \
            --rawfile extensions "$root/fixtures/spec/extensions.tsv" --slurpfile cases /dev/stdin \
            "$@" -f "$root/reports/$filter.jq") || harness_fault "cannot read the rules and cases"
    [ -z "$facts" ] || printf "%s\\n" "$facts"
}

# clean_run DIR: what an earlier run left there, by the names we give.
clean_run() {
    rm -rf "$1/captures" "$1/frames"
    for file in events.ndjson run.json junit.xml run.tap run.sarif summary.md report.html badge.svg broker.log start.log; do
        rm -f "$1/$file"
    done
}
