# The rule book: rules, explain, declared and ledger, over the real tables and a run that is made up.
# shellcheck shell=sh disable=SC2016 # texts of jq
. suites/self/shell/lib.sh

needs suites lint-capture
amqproof=tools/amqproof
rules() { $amqproof rules "$@"; }
explain() { $amqproof explain "$@"; }
declared() { $amqproof declared "$@"; }
ledger() { $amqproof ledger "$@"; }
visible() { # TABLE COLUMN: rows that can be seen from outside
    awk -F '\t' -v c="$2" '$c == "wire" || $c == "capture" || $c == "lifecycle"' "$1" | wc -l
}
base=fixtures/spec/rules.tsv
extensions=fixtures/spec/extensions.tsv

# ---- rules, by citation

total=$(($(wc -l <$base) - 1)) seen=$(visible $base 6)
rules --json >"$work/book.json"
same "every row of rules.tsv is there" "$total $seen" \
    "$(jq -r '"\(.rules | length) \(.totals[-1].visible)"' "$work/book.json")"
same "with the extensions, every row of both" "$((total + $(wc -l <$extensions) - 1)) $((seen + $(visible $extensions 6)))" \
    "$(rules --extensions --json | jq -r '"\(.rules | length) \(.totals[-1].visible)"')"
same "the totals by level add up" true "$(jq '.totals as $t
    | [("rules", "wire", "capture", "lifecycle", "visible", "covered") as $k | $t[:-1] | map(.[$k]) | add == $t[-1][$k]] | all' "$work/book.json")"
$amqproof list --json >"$work/cases.json"
same "a case stands at each rule it names, and nowhere else" true "$(rules --extensions --json | jq --slurpfile cases "$work/cases.json" \
    '([.rules[] | .id as $r | .cases[] | "\(.) \($r)"] | sort) == ([$cases[0][] | .id as $c | .rules[] | "\($c) \(.)"] | sort)')"
rules >"$work/text"
same "the list keeps to 80 columns" 0 "$(rules --extensions | awk 'length > 80' | wc -l)"
same "and has a line for each rule" "$total" "$(grep -cE ' [a-z]+[.][A-Za-z0-9.-]+$' "$work/text")"
same "--chapter by class" tx "$(rules --chapter tx --json | jq -r '[.rules[] | select(.chapters == []).class] | unique | join(" ")')"
same "--level, in any case" "SHOULD NOT" "$(rules --level 'should not' --json | jq -r '[.rules[].level] | unique | join(" ")')"
same "--level=VALUE too" MAY "$(rules --level=MAY --json | jq -r '[.rules[].level] | unique | join(" ")')"

# ---- rules, by what a run saw

# A run of nothing but what is wanted here: a case passes, one fails, one is unsupported, one died.
rule=queue.declare.passive.passive
first=$(jq -r --arg r $rule '.rules[] | select(.id == $r).cases[0]' "$work/book.json")
second=$(jq -r '.rules[] | select(.id == "queue.purge.queue.must-exist").cases[0]' "$work/book.json")
third=$(jq -r '.rules[] | select(.id == "tx.select.doc-repeat").cases[0]' "$work/book.json")
fourth=$(jq -r '.rules[] | select(.id == "basic.publish.exchange.must-exist").cases[0]' "$work/book.json")
result_of() { # ID VERDICT RED FINGERPRINT [VERDICT OF ANOTHER REPEAT]
    jq -n --arg id "$1" --arg v "$2" --argjson red "$3" --arg f "$4" --arg also "${5:-$2}" '
        {id: $id, repeat: 1, verdict: $v, verdicts: {($v): 1, ($also): 1}, red: $red, fingerprint: $f, message: "it\nwas so", notes: [], ledger: "none",
         ledger_reason: "", ledger_source: "", rerun: "tools/amqproof run --only \($id)"}'
}
run_of() { # PRODUCT, results on stdin
    jq -s --arg p "$1" '{schema: 1, broker: {describe: {product: $p, version: "9"}}, options: {ledger: ""}, cases: .}'
}
mkdir "$work/run"
{
    result_of "$first" pass false ""
    result_of "$second" fail true "404 not 403"
    result_of "$third" unsupported false ""
    result_of "$fourth" died true ""
} | run_of "RabbitMQ" >"$work/run/run.json"
verdict_of() { # RULE
    rules --run "$work/run" --json | jq -r --arg r "$1" '.rules[] | select(.id == $r) | "\(.verdict) \(.covered)"'
}
same "a rule whose case passed is covered" "pass true" "$(verdict_of $rule)"
same "so is one whose case failed" "fail true" "$(verdict_of queue.purge.queue.must-exist)"
same "not one whose case is unsupported" "unsupported false" "$(verdict_of tx.select.doc-repeat)"
same "nor one whose case did not come to its end" "died false" "$(verdict_of basic.publish.exchange.must-exist)"
same "nor one whose case was not run" "null false" "$(verdict_of basic.qos.prefetch-count.01)"
status=0
rules --uncovered --run "$work/run/run.json" >"$work/text" || status=$?
same "--uncovered with a run: exit 1, and what was not judged" "1 0 1" \
    "$status $(grep -c " $rule\$" "$work/text") $(grep -c ' tx.select.doc-repeat$' "$work/text")"
same "the verdict is in the line" "died" "$(sed -n 's/^\([a-z]*\) .* basic.publish.exchange.must-exist$/\1/p' "$work/text")"

refuses "an unknown chapter names those there are" 2 "no such rules; chapters: .*queue.* tx" rules --chapter nothing
refuses "an unknown level" 2 "no such rules" rules --level SURELY
refuses "an unknown option of rules" 2 "unknown option '--all'" rules --all
refuses "a run that is not there" 2 "no run file: .*/none.json" rules --run "$work/none.json"
refuses "a folder without a run" 2 "no run file: .*/run.json" rules --run "$work"
refuses "a file that is no run" 2 "not a run file: $base" rules --run $base
printf '{"schema": 1}\n' >"$work/half.json"
refuses "JSON that is no run" 2 "not a run file" rules --run "$work/half.json"
refuses "--run without a value" 2 "--run needs a value" rules --run

# ---- explain

explain "$rule" >"$work/text"
same "a rule: what it asks" yes "$(grep -q '^  asks       Passive Declare' "$work/text" && echo yes)"
same "a rule: place, RabbitMQ's statement, cases, how to run them" "place rabbitmq cases to" \
    "$(awk '$1 == "place" || $1 == "rabbitmq" || $1 == "cases" || /to run them/ { print $1 }' "$work/text" | paste -sd ' ' -)"
same "a rule: each of its cases, with its title" "$(jq -r --arg r $rule '.rules[] | select(.id == $r).cases | length' "$work/book.json")" \
    "$(grep -cE '^    [a-z]+/' "$work/text")"
same "a rule: the errata that its cases name" yes \
    "$(explain exchange.declare.type.typed | grep -q '^  errata 5   *Changing an exchange type' && echo yes)"
same "a rule: the invariant that always holds it" yes \
    "$(explain domain.delivery-tag.non-zero | grep -q '^  always .*delivery tags' && echo yes)"
same "a rule that nobody can see says why" yes "$(explain tx.not-mandatory | grep -q 'not by these cases (client-only)' && echo yes)"
same "an extension names its page" yes "$(explain ext.nack.multiple | grep -q "extension 'nack', docs/nack.md" && echo yes)"
explain "$first" --run "$work/run" >"$work/text"
same "a case: title, rules, place, verdict, how to run it" "$first: proves source verdict to" \
    "$(awk 'NR == 1 || $1 == "proves" && !n++ || $1 == "source" || $1 == "verdict" || /to run it/ { print $1 }' "$work/text" | paste -sd ' ' -)"
same "a case: file and line" "$($amqproof list --json | jq -r --arg id "$first" '.[] | select(.id == $id) | "\(.file):\(.line)"')" \
    "$(sed -n 's/^  source  *//p' "$work/text")"
same "a case that is red: what was wrong, and how to see it again" "because again" \
    "$(explain "$second" --run "$work/run" | awk '$1 == "because" || $1 == "again" { print $1 }' | paste -sd ' ' -)"
storied=$(grep -lE '^/\* .*\*/$' suites/*.c | sed 1q)
named=$(awk -v file="$storied" '/^\/\* .*\*\/$/ { story = $0; at = NR } /^(WIRE|CLIENT)_CASE\(/ && at == NR - 1 { print NR; exit }' "$storied")
case_there=$($amqproof list --json | jq -r --arg f "$storied" --argjson l "${named:-0}" '.[] | select(.file == $f and .line == $l).id')
same "a case: the story above it" "$(sed -n "$((named - 1))s|^/\* *\([^ ]*\) .*|\1|p" "$storied")" \
    "$(explain "$case_there" | sed -n 's/^  story  *\([^ ]*\).*/\1/p')"
same "explain keeps to 80 columns" 0 "$({
    explain "$rule"
    explain "$first" --run "$work/run"
    explain basic.qos.prefetch-count.01
} | awk 'length > 80' | wc -l)"
refuses "an unknown rule names the nearest" 2 "nearest are $rule, " explain queue.declare.pasive.passive
refuses "an unknown case names the nearest" 2 "nearest are $first, " explain "${first}x"
refuses "nothing to explain" 2 "takes a rule or a case" explain
refuses "two to explain" 2 "takes one rule or case" explain $rule "$first"
refuses "explain with a run that is none" 2 "not a run file" explain $rule --run $base

# ---- declared

declared --broker rabbitmq --run "$work/run" --json >"$work/declared.json"
stated_of() { jq -r --arg r "$1" '.rules[] | select(.id == $r) | "\(.stated) \(.measured) \(.differs)"' "$work/declared.json"; }
same "stated ok and seen to fail is a difference" "ok fail stated ok, seen fail" "$(stated_of queue.purge.queue.must-exist)"
same "stated ok and seen to pass is none" "ok pass " "$(stated_of $rule)"
deviating=$(awk -F '\t' '$6 == "wire" && $10 ~ /^deviates/ { print $1 }' $base | while read -r id; do
    jq -r --arg r "$id" '.rules[] | select(.id == $r and .cases != []) | "\(.id) \(.cases[0])"' "$work/book.json"
done | sed 1q)
result_of "${deviating#* }" pass false "" | run_of "RabbitMQ" >"$work/other.json"
same "stated to deviate and seen to pass is one" "stated to deviate, seen pass" "$(declared --broker=rabbitmq --run="$work/other.json" --json |
    jq -r --arg r "${deviating% *}" '.rules[] | select(.id == $r).differs')"
declared --broker rabbitmq --run "$work/run" >"$work/text"
same "differences stand before all else" "$(jq '.differences' "$work/declared.json")" \
    "$(sed '/^\(ok\|partial\|deviates\|unknown\) .* [a-z]*[.]/q' "$work/text" | grep -cE '^[a-z-]+[.].*: stated ')"
same "with the case and what it saw" yes "$(grep -qF "    seen    $second: fail: 404 not 403" "$work/text" && echo yes)"
same "declared keeps to 80 columns" 0 "$(awk 'length > 80' "$work/text" | wc -l)"
refuses "a broker without a statement" 2 "no statement of 'reference'" declared --broker reference --run "$work/run"
refuses "no broker" 2 "wants --broker" declared --run "$work/run"
refuses "no run" 2 "wants --run" declared --broker rabbitmq
run_of "Some broker" </dev/null >"$work/some.json"
refuses "a run of another broker" 2 "that run judged Some broker" declared --broker rabbitmq --run "$work/some.json"
refuses "a run file that is none" 2 "not a run file" declared --broker rabbitmq --run $base

# ---- ledger

lines() { grep -v '^#' || :; }
tab=$(printf '\t')
ledger --from "$work/run" >"$work/first.tsv"
same "a first ledger: what failed, and a person has to say why" "$second${tab}404 not 403${tab}?${tab}?" "$(lines <"$work/first.tsv")"
same "who died is named, and not excused" "# never excused: $fourth (died)" "$(sed -n '/^# never/p' "$work/first.tsv")"
refuses "a runner does not take it so" 2 "first.tsv:[0-9]*: '?' is no excuse" "$build/suites" --port 1 --ledger "$work/first.tsv"
sed "s/?${tab}?/a reason${tab}a source/" "$work/first.tsv" >"$work/filled.tsv"
refuses "filled in, it does: nobody is there" 3 "Connection refused" \
    "$build/suites" --port "$("$build/free-port")" --only "$second" --ledger "$work/filled.tsv" --out "$work/none"
result_of "$second" fail true "one${tab}two" pass | run_of "RabbitMQ" >"$work/at-times.json"
same "what failed in one repeat only is intermittent" "$second${tab}one*two${tab}?${tab}?${tab}intermittent" \
    "$(ledger --from="$work/at-times.json" | lines)"
printf '%s\t404*\twhy\twho\n%s\t*\twhy\twho\n%s\tx\twhy\twho\n%s\tx\twhy\twho\tintermittent\n' "$second" "$first" "$third" "$first" >"$work/known.tsv"
jq --arg known "$work/known.tsv" '.options.ledger = $known
    | (.cases[] | select(.fingerprint == "404 not 403")) |= (.ledger = "matched" | .red = false | .ledger_reason = "why" | .ledger_source = "who")' \
    "$work/run/run.json" >"$work/known.json"
same "what a person wrote stays, what is stale goes, what was not tried stays" \
    "$(sed 2d "$work/known.tsv" | sort)" "$(ledger --from "$work/known.json" | lines | sort)"
same "a run without deviations makes a ledger without lines" "" "$(ledger --from "$work/some.json" | lines)"
refuses "ledger without a run" 2 "wants --from RUN" ledger
refuses "ledger from nowhere" 2 "no run file" ledger --from "$work/none.json"
refuses "ledger from what is no run" 2 "not a run file" ledger --from $base
finish
