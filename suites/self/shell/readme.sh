# The steps for CI that README shows, run as they are written, in a copy of the tree.
# shellcheck shell=sh disable=SC2016 # what README has
. suites/self/shell/lib.sh

needs suites refbroker handshake free-port

# A checkout, built already: `make all` in it has nothing to do.
mkdir "$work/checkout"
git ls-files -z | xargs -0 cp -a --parents -t "$work/checkout"
ln -s "$build" "$work/checkout/build"
touch -c "$build"

# block LANGUAGE FIRST: the fenced block of that language whose text has FIRST.
block() {
    awk -v fence="\`\`\`$1" -v first="$2" '$0 == fence { text = ""; on = 1; next }
        on && $0 == "```" { if (index(text, first)) { printf "%s", text; exit } on = 0 }
        on { text = text $0 "\n" }' README.md
}
# steps: of a YAML block the commands of `run:` and `script:`.
steps() {
    awk '/^ *- run: / { sub(/^ *- run: /, ""); print; next }
        /^ *script:/ { script = 1; next }
        script && /^ *- / { sub(/^ *- /, ""); print; next }
        { script = 0 }'
}
# taken NAME STATUS: runs what is on stdin, as CI would; the packages are there.
taken() {
    status=0
    (cd "$work/checkout" && env -u AMQPROOF_BUILD sh -e /dev/stdin) >"$work/said" 2>&1 || status=$?
    [ "$status" -eq "$2" ]
    result $? "$1" "$work/said"
}

block sh '--out out/ci' >"$work/shell"
[ -s "$work/shell" ]
result $? "README has the steps for a plain shell"
taken "plain shell: they run as written" 0 <"$work/shell"
same "plain shell: and leave what build servers read" "badge.svg junit.xml run.json run.sarif" \
    "$(find "$work/checkout/out/ci" -maxdepth 1 -type f -printf '%f\n' | grep -xE 'junit.xml|run.sarif|run.json|badge.svg' | sort | paste -sd ' ' -)"

rm -rf "$work/checkout/out"
block yaml 'amqproof merge' | steps >"$work/github"
shards=$(grep -c 'matrix.shard' "$work/github")
same "GitHub: a step that is sharded" 1 "$shards"
for shard in 1 2; do
    sed '/^tools\/bootstrap report/,$d' "$work/github" | sed "s/\${{ matrix.shard }}/$shard/g" >"$work/job"
    taken "GitHub: the job of shard $shard" 0 <"$work/job"
done
sed -n '/^tools\/bootstrap report/,$p' "$work/github" >"$work/job"
taken "GitHub: the job that merges them" 0 <"$work/job"
same "GitHub: the whole has every case" "$(tools/amqproof list | wc -l)" "$(jq '.cases | length' "$work/checkout/out/whole/run.json")"
same "GitHub: what is uploaded is there" yes "$([ -s "$work/checkout/out/whole/run.sarif" ] && echo yes)"

rm -rf "$work/checkout/out"
block yaml CI_NODE_INDEX | steps >"$work/gitlab"
CI_NODE_INDEX=1 CI_NODE_TOTAL=2
export CI_NODE_INDEX CI_NODE_TOTAL
taken "GitLab: a job of two" 0 <"$work/gitlab"
same "GitLab: its JUnit file is where it is said to be" "out/junit.xml" \
    "$(block yaml CI_NODE_INDEX | sed -n 's/.*junit: \([^ ]*\) }.*/\1/p' | while read -r file; do [ ! -s "$work/checkout/$file" ] || echo "$file"; done)"
for tabs in "$(block yaml CI_NODE_INDEX | grep -c '	')" "$(block yaml 'amqproof merge' | grep -c '	')"; do same "YAML has no tabs" 0 "$tabs"; done
finish
