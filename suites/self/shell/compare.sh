# Run beside run: compare, matrix and baseline, over runs that are made up, and the baselines there are.
# shellcheck shell=sh disable=SC2016 # texts of jq
. suites/self/shell/lib.sh
. suites/self/shell/made-up.sh

compare() { tools/amqproof compare "$@"; }
matrix() { tools/amqproof matrix "$@"; }
baseline() { tools/amqproof baseline "$@"; }

# exit class:case,… of OLD NEW
found() {
    status=0
    compare "$work/$1" "$work/$2" --json >"$work/found.json" 2>&1 || status=$?
    echo "$status $(jq -r '[.differences[] | "\(.class):\(.id | ltrimstr("queue/case_"))"] | join(",")' "$work/found.json")"
}

run_of plain .
same "what is made up is a run file" "" "$(invalid plain)"

# ---- each class, and its mirror

# both NAME OLD NEW THERE BACK: what is found there, and on the way back.
both() {
    same "$1" "$4" "$(found "$2" "$3")"
    same "$1, the other way round" "$5" "$(found "$3" "$2")"
}
run_of fails 'at(3; fail("404"))'
same "a run that fails is a run file, too" "" "$(invalid fails)"
both "newly failing, and fixed" plain fails "1 failing:3" "0 fixed:3"
run_of died 'at(3; .verdict = "died" | .red = true)'
both "died is failing" plain died "1 failing:3" "0 fixed:3"
both "failed and died are two verdicts" fails died "5 verdict:3" "5 verdict:3"
run_of excused 'at(3; fail("404") | excused)'
both "a known deviation is one that fails" plain excused "1 failing:3" "0 fixed:3"
both "red, and was known" excused fails "1 failing:3" "0 fixed:3"
run_of stale 'at(3; .red = true | .ledger = "stale" | .ledger_reason = "known")'
both "a stale ledger line is no failure of the broker" plain stale "0 " "0 "
both "and what it excused is fixed" excused stale "0 fixed:3" "1 failing:3"
run_of unstable 'at(3; .red = true | .unstable = true | .verdicts = {pass: 1, weak: 1})'
both "a verdict that changes from run to run is failing" plain unstable "1 failing:3" "0 fixed:3"
run_of skips 'at(3; unsupported)'
both "newly skipped, and no longer" plain skips "5 skipped:3" "0 judged:3"
both "a failure that is skipped is not fixed" fails skips "5 skipped:3" "1 failing:3"
run_of less 'map(select(.id != "queue/case_3"))'
both "vanished, and new" plain less "1 vanished:3" "0 new:3"
both "new, and it fails" less fails "5 new:3" "1 vanished:3"
run_of weak 'at(3; .verdict = "weak" | .fingerprint = "so")'
both "another verdict, neither fails" plain weak "5 verdict:3" "5 verdict:3"
run_of other 'at(3; fail("405"))'
both "another outcome of the same verdict" fails other "5 outcome:3" "5 outcome:3"
run_of says 'at(3; info("a"))' && run_of says_not 'at(3; info("b"))'
both "what is only noted is an outcome, too" says says_not "5 outcome:3" "5 outcome:3"
run_of revised 'at(3; .revision = 2)'
both "another revision" plain revised "5 changed:3" "5 changed:3"
run_of revised_fails 'at(3; .revision = 2 | fail("404"))'
both "another revision that fails is newly failing" plain revised_fails "1 failing:3" "0 fixed:3"
same "and says which" "queue/case_3: pass, now fail (revision 1, now 2)" "$(compare "$work/plain" "$work/revised_fails" | sed -n 's/^  \(queue.case_3: .*\)/\1/p')"
run_of elsewhere 'map(.message = "other words" | .conversation = "C 1 otherwise" | .ms += 400 | .close = "rst")'
both "words, close and a little time are none" plain elsewhere "0 " "0 "

# ---- slower: by the clock of all

run_of slow 'at(3; .ms = 600)'
both "three times as long, and half a second" plain slow "5 slower:3" "0 faster:3"
run_of slow_short 'at(3; .ms = 519)'
both "499 ms more are none" plain slow_short "0 " "0 "
run_of long 'at(3; .ms = 2000)' && run_of longer 'at(3; .ms = 5999)' && run_of longest 'at(3; .ms = 6000)'
both "less than three times is none" long longer "0 " "0 "
both "three times is" long longest "5 slower:3" "0 faster:3"
run_of machine 'map(.ms = 104) | at(3; .ms = 2900)' && run_of here 'map(.ms = 20) | at(3; .ms = 200)'
both "a machine five times slower excuses" here machine "0 " "0 "
run_of waits 'map(.ms = 104) | at(3; .ms = 200)'
both "and a faster one accuses nobody who only waits" waits here "0 " "0 "
run_of barrier 'at(3; .group = "kill" | .ms = 9000)' && run_of barrier_short 'at(3; .group = "kill")'
both "who waits for others at a restart is not slow" barrier barrier_short "0 " "0 "
run_of bytes 'at(3; .ms = 9000)' '.options.segmentation = "byte"'
both "nor are other segments" plain bytes "0 " "0 "

# ---- X and X; A and B, B and A

run_of all 'at(1; fail("404")) | at(2; fail("404") | excused) | at(4; unsupported) | at(5; .verdict = "weak" | .fingerprint = "w")
    | at(6; .revision = 2) | at(7; info("a")) | at(8; .ms = 900) | at(10; unsupported) | map(select(.id != "queue/case_9"))'
run_of much 'at(4; fail("404")) | at(3; fail("404")) | at(7; info("b")) | at(2; unsupported) | at(11; .ms = 700) | at(12; .verdict = "died" | .red = true)
    | map(select(.id != "queue/case_13"))'
same "compare(X,X) is empty" "0 " "$(for run in plain all much fails; do found "$run" "$run"; done | sort -u)"
found all much >/dev/null
cp "$work/found.json" "$work/there.json"
same "every class is there" "failing vanished skipped verdict outcome changed slower fixed judged new faster" \
    "$(jq -r '[.classes[].class] - [.classes[].class as $c | select(.counts[$c] == 0) | $c] | join(" ")' "$work/there.json")"
found much all >/dev/null
mirrored='{"failing": ["fixed", "skipped"], "fixed": ["failing"], "skipped": ["judged", "failing"], "judged": ["skipped"], "vanished": ["new"], "new": ["vanished"],
    "verdict": ["verdict"], "outcome": ["outcome"], "changed": ["changed"], "slower": ["faster"], "faster": ["slower"]}'
same "compare(A,B) mirrors compare(B,A)" true "$(jq --argjson mirror "$mirrored" --slurpfile back "$work/found.json" '
    (.differences | map({key: .id, value: .}) | from_entries) as $there | ($back[0].differences | map({key: .id, value: .}) | from_entries) as $back
    | ($there | keys) == ($back | keys) and ([$there[] | . as $t | $back[.id] | .old == $t.new and .new == $t.old and
        (.class as $c | $mirror[$t.class] | index($c) != null)] | all)' "$work/there.json")"
same "and names both" true "$(jq --slurpfile back "$work/found.json" '.old == $back[0].new and .new == $back[0].old' "$work/there.json")"

# ---- what a person reads

compare "$work/plain" "$work/fails" >"$work/text" || :
same "the first line names what is worse" "1 newly failing: queue/case_3" "$(sed 1q "$work/text")"
same "what came stands below its case" "      404" "$(sed -n '/^  queue.case_3: pass, now fail$/{n;p;}' "$work/text")"
compare "$work/all" "$work/much" >"$work/text" || :
same "the first line names all that fit" "3 newly failing: queue/case_12, queue/case_3, queue/case_4" "$(sed 1q "$work/text")"
run_of ruin 'map(fail("404 \("x" * 200)"))'
compare "$work/plain" "$work/ruin" >"$work/ruin.text" || :
same "and how many are left" "30 newly failing: queue/case_0, queue/case_1, queue/case_10 and 27 more" "$(sed 1q "$work/ruin.text")"
run_of long_names 'map(.id = "queue/" + "n" * 90 + .id[11:]) | map(fail("x"))' '.broker.describe.product = "P" * 100'
compare "$work/plain" "$work/long_names" >"$work/long.text" || :
same "80 columns" 0 "$(awk 'length > 80' "$work/text" "$work/ruin.text" "$work/long.text" | wc -l)"
same "X and X in one line" "No difference: 30 cases, each as before" "$(compare "$work/plain" "$work/plain" | sed 1q)"
run_of part 'map(select(.id == "queue/case_3"))' '.options.only = ["queue/case_3"] | .verdict = "interrupted"'
compare "$work/plain" "$work/part" >"$work/text" || :
same "another selection is said" 1 "$(grep -c '^     another selection: all cases, now --only queue/case_3$' "$work/text")"
same "so is a run that came to no end" 1 "$(grep -c '^     the new run proves little: Interrupted while judging Made-up 1.2$' "$work/text")"
run_of edited . '.edition = "fnv1a64:10"'
same "so is another edition" 1 "$(compare "$work/plain" "$work/edited" | grep -c '^     another edition of the cases')"
run_of twice 'map(.ms = 1000) | at(3; .ms = 9000)'
same "and how much slower all is" 1 "$(run_of once 'map(.ms = 500)' && compare "$work/once" "$work/twice" | grep -c '^     the middle case takes 2 times as long as before$')"
compare "$work/all" "$work/much" --markdown >"$work/md" || :
same "Markdown: the first line, and each difference" "### 3 newly failing: queue/case\\_12, queue/case\\_3, queue/case\\_4 $(jq '.differences | length' "$work/there.json")" \
    "$(sed 1q "$work/md") $(grep -c '^- .queue/case_[0-9]*. ' "$work/md")"

# ---- baselines

baseline "$work/all" -o "$work/all.json" >"$work/said"
same "a baseline is the run, to compare" "0 0" "$(compare "$work/all.json" "$work/all" --json | jq -r '"\(.exit) \(.differences | length)"')"
same "and the other way round" "0 0" "$(compare "$work/all" "$work/all.json" --json | jq -r '"\(.exit) \(.differences | length)"')"
same "to the matrix as well" "0" "$(matrix "$work/all" "$work/all.json" --all -o "$work/two.md" | sed 's/.*md, \([0-9]*\) of .*/\1/')"
same "without what is bulk, or of one machine" 0 "$(grep -cE 'conversation|nowhere|127[.]0|"seed"|other words' "$work/all.json")"
baseline "$work/all.json" -o "$work/again.json" >"$work/said"
same "of a baseline: itself" "$(cksum <"$work/all.json")" "$(cksum <"$work/again.json")"
jq '.cases |= (reverse | map(.ms |= if . == null then . else . + 7 end | .message = "x"))' "$work/all/run.json" >"$work/shuffled.json"
baseline "$work/shuffled.json" -o "$work/again.json" >"$work/said"
same "order, words and a little time do not change it" "$(cksum <"$work/all.json")" "$(cksum <"$work/again.json")"
run_of half 'at(3; .ms = 501)'
baseline "$work/half" -o "$work/half.json" >"$work/said"
run_of fifth 'at(3; .ms = 190)'
same "a time that is known by its order only accuses nobody" "0 0" "$(compare "$work/half.json" "$work/fifth" --json | jq -r '"\(.exit) \(.counts.faster)"')"
same "but one that is longer by all means does" "5 1" "$(compare "$work/half.json" "$work/longer" --json | jq -r '"\(.exit) \(.counts.slower)"')"
refuses "a part of the cases is no baseline" 2 "its verdict is interrupted" baseline "$work/part" -o "$work/none"
run_of skipped . '.options.skip = ["tx"]'
refuses "nor is one that skipped" 2 "a part of the cases only" baseline "$work/skipped" -o "$work/none"
refuses "nor is one in other segments" 2 "its segments are not whole" baseline "$work/bytes" -o "$work/none"
refuses "a baseline of nothing" 2 "takes a run" baseline
refuses "a baseline of two" 2 "takes one run" baseline "$work/all" "$work/much"
refuses "a baseline that cannot be written" 2 "cannot write" baseline "$work/all" -o "$work/none/at/all.json"
refuses "an option that baseline does not have" 2 "unknown option '--force'" baseline --force
run_of unversioned . 'del(.broker.describe.version)'
refuses "a broker without a version names no file" 2 "no version" baseline "$work/unversioned"

for known in reports/baselines/*.json; do
    kept=${known##*/}
    same "$kept is sorted, and a line a case" "$(jq '.cases | length' "$known")" "$(grep -c '^{"id":' "$known")"
    same "$kept is as baseline would write it" "$(cksum <"$known")" "$(baseline "$known" -o "$work/again.json" >"$work/said" && cksum <"$work/again.json")"
    same "$kept is of all cases, and small" "yes yes" \
        "$(jq -r 'if .options.only == [] and .options.skip == [] and .counts.planned == (.cases | length) then "yes" else "no" end' "$known") $([ "$(wc -c <"$known")" -lt 300000 ] && echo yes)"
done
first=$(baseline --list | sed 1q)
same "a baseline by its name" "0" "$(compare "$first" "$first" --json | jq .exit)"
same "and by the beginning of its version" "0" "$(compare "${first%.*}" "$first" --json | jq .exit)"

# ---- the matrix

run_of linked 'at(3; fail("404 <b>|"))' '.broker.describe.version = "2"'
: >"$work/linked/report.html"
matrix "$work/plain" "$work/linked" -o "$work/m.md" >"$work/said"
same "differences only" "matrix: $work/m.md, 1 of 30 cases differ" "$(cat "$work/said")"
same "a row, its cells, a link to the case" '| `queue/case_3` | pass | [fail](linked/report.html#queue/case_3) |' "$(grep '^| .queue/case_3' "$work/m.md")"
same "what was seen, and by whom" '  - Made-up 2: 404 \<b>\|' "$(tail -n 1 "$work/m.md")"
mkdir "$work/a b" && cp -r "$work/linked" "$work/a b/"
same "a link from elsewhere" '| `queue/case_3` | pass | [fail](../a%20b/linked/report.html#queue/case_3) |' \
    "$(matrix "$work/plain" "$work/a b/linked" -o "$work/all/m.md" >"$work/said" && grep '^| .queue/case_3' "$work/all/m.md")"
same "--all has every row" 30 "$(matrix --all "$work/plain" "$work/linked" | grep -c '^| .queue/case_')"
same "a case that one does not have" '| `queue/case_3` | – | pass |' "$(matrix "$work/less" "$work/plain" | grep '^| .queue/case_3')"
same "the same broker twice" "| case | Made-up 1.2 (1) | Made-up 1.2 (2) |" "$(matrix "$work/less" "$work/plain" | grep '^| case')"
same "nobody differs" 1 "$(matrix "$work/plain" "$work/elsewhere" | grep -c '^0 of 30 cases differ')"
same "other words of a pass are no difference" 0 "$(run_of noted 'at(3; .notes = ["another try"])' && matrix "$work/plain" "$work/noted" | grep -c '^| .queue')"
run_of ruled 'at(3; fail("404") | .rules = ["queue.declare.passive.passive"]) | at(4; fail("405"))' && run_of unruled 'at(3; .rules = ["tx.select.doc-repeat"])'
same "--rules: the worst of a rule's cases" '| `queue.declare.queue.01` | pass | fail |' "$(matrix --rules "$work/plain" "$work/ruled" | grep '^| .queue.declare.queue.01')"
same "--rules: a rule that one does not judge" '| `queue.declare.passive.passive` | – | fail |' "$(matrix --rules "$work/plain" "$work/ruled" | grep '^| .queue.declare.passive')"
same "--rules: in its own column" '| `tx.select.doc-repeat` | – | pass |' "$(matrix --rules "$work/ruled" "$work/unruled" | grep '^| .tx.select')"
same "--rules: what it asks" 1 "$(matrix --rules "$work/plain" "$work/ruled" | grep -c '^- .queue.declare.passive.passive.: Passive Declare')"
matrix "$work/plain" "$work/linked" --all -o "$work/m.html" >"$work/said"
same "HTML: a row for each case" 30 "$(grep -c '^<tr id="queue/case_' "$work/m.html")"
same "HTML: the cell leads to its case" 1 "$(grep -c '<td class="red"><a href="linked/report.html#queue/case_3">fail</a><small>404 &lt;b&gt;|</small></td>' "$work/m.html")"
same "HTML: nothing from elsewhere" 0 "$(grep -ciE '(src|href)="?(https?:)?//|@import|url\(' "$work/m.html")"
sed 's/<!DOCTYPE html>//; s/<meta \([^>]*\)>/<meta \1\/>/; s/<input \([^>]*\)>/<input \1\/>/; s/<form hidden>/<form>/; s/<p class="empty" hidden>/<p>/; /<script>/,/<\/script>/d' "$work/m.html" >"$work/m.xml"
succeeds "HTML: every element is closed" xmllint --noout "$work/m.xml"
same "without a run: the baselines" "$(baseline --list | wc -l)" "$(matrix | sed -n 's/^| case | //p' | tr '|' '\n' | grep -c '[a-z]')"

# ---- no

run_of empty '[]'
refuses "a run without cases proves nothing" 2 "a run without cases" compare "$work/empty" "$work/plain"
refuses "compare without a run" 2 "takes two runs" compare
refuses "compare with one" 2 "takes two runs" compare "$work/plain"
refuses "compare with three" 2 "and not '$work/weak' as well" compare "$work/plain" "$work/less" "$work/weak"
refuses "an option that compare does not have" 2 "unknown option '--html'" compare --html
refuses "a run that is not there" 2 "no such run: $work/none" compare "$work/none" "$work/plain"
refuses "a folder without a run" 2 "no run file" compare "$work/plain" "$work"
refuses "a file that is no run" 2 "not a run file" compare fixtures/spec/rules.tsv "$work/plain"
refuses "a broker without a baseline names those there are" 2 "no such run: nobody:1; baselines: .*reference:" compare nobody:1 "$work/plain"
refuses "a matrix of what is no run" 2 "not a run file" matrix "$work/plain" fixtures/spec/rules.tsv
refuses "a matrix of another kind" 2 "FILE.html or FILE.md" matrix "$work/plain" -o "$work/m.pdf"
refuses "a matrix nowhere" 2 "no such folder" matrix "$work/plain" -o "$work/none/m.md"
refuses "an option that matrix does not have" 2 "unknown option '--json'" matrix --json "$work/plain"
refuses "-o without a value" 2 "needs a value" matrix "$work/plain" -o
finish
