# What build servers read of a run: JUnit, TAP, SARIF, GitHub's commands, the badge.
# shellcheck shell=sh disable=SC2016 # jq's variables
. suites/self/shell/lib.sh

sample=reports/sample/events.ndjson
run=$work/run
mkdir "$run"

get() { # FILTER: from run.json
    jq -r "$1" "$run/run.json"
}
report() { # NAME FILTER [JQ-ARGUMENT]...: of the sample's events, as the filter has them
    title=$1 filter=$2
    shift 2
    jq -c "$@" "$filter" "$sample" >"$run/events.ndjson"
    succeeds "$title" tools/amqproof report "$run"
}
x() { # XPATH: of junit.xml
    xmllint --xpath "$1" "$run/junit.xml" 2>/dev/null
}
valid_junit() { # FILE
    xmllint --noout --schema reports/junit.xsd "$1"
}
valid_run() {
    jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq "$run/run.json"
}
github() { # [REPOSITORY]: the commands, with nothing before them
    GITHUB_WORKSPACE=${1:-} tools/amqproof report "$run" --github | sed 1d
}

# ---- JUnit ------------------------------------------------------------------------------

report "the sample is reported" .
succeeds "junit.xml keeps to its schema" valid_junit "$run/junit.xml"
counted() { # CASE: the elements of its testcase
    x "//testcase[@name='$1']/*" | sed -n 's/^ *<\([a-z][a-z-]*\)[ />].*/\1/p' | grep -vxE 'properties|property' | paste -sd ' ' -
}
while read -r id want; do
    same "junit.xml: $id is ${want:-passed}" "$want" "$(counted "$id")"
done <<END
connection/header_mismatch
connection/heartbeat_sent system-out
queue/passive_missing failure
queue/name_too_long system-out
consume/priority skipped
consume/exclusive_twice skipped system-out
ack/unknown_tag error
ack/multiple error
durability/kill_confirmed error
routing/topic_table error
END
same "junit.xml: what is excused says why" "known deviation|answers 405 where the text asks for 403 (errata 17)" \
    "$(x 'concat(//testcase[@name="consume/exclusive_twice"]/skipped/@type, "|", //testcase[@name="consume/exclusive_twice"]/skipped/@message)')"
same "junit.xml: the suites count their own" "2 4 2 14" \
    "$(x 'concat(sum(//testsuite/@failures), " ", sum(//testsuite/@errors), " ", sum(//testsuite/@skipped), " ", sum(//testsuite/@tests))')"
property() { # CASE NAME
    x "string(//testcase[@name='$1']/properties/property[@name='$2']/@value)"
}
same "junit.xml has the rules of a case" "queue.declare.durable confirm.select" "$(property durability/kill_confirmed rules)"
same "… its level, verdict and how to run it again" "SHOULD weak tools/amqproof run --broker rabbitmq --only connection/heartbeat_sent" \
    "$(property connection/heartbeat_sent level) $(property connection/heartbeat_sent verdict) $(property connection/heartbeat_sent rerun)"
same "… and each suite the broker" "6 RabbitMQ 3.10.8" \
    "$(x 'count(//testsuite/properties/property[@name="broker"])') $(x 'string(//testsuite/properties/property[@name="broker"]/@value)')"

# A schema that takes everything would be content, too.
while read -r mutation; do
    sed "$mutation" "$run/junit.xml" >"$work/mutant.xml"
    if cmp -s "$run/junit.xml" "$work/mutant.xml"; then result 1 "$mutation changes nothing"; fi
    fails "the schema rejects $mutation" valid_junit "$work/mutant.xml"
done <<'END'
s/name="ack\/multiple"/name="ack\/unknown_tag"/
s/failures="2"/failures="-2"/
s/<error type/<fault type/; s/<.error>/<\/fault>/
s/name="level"/name="rules"/
s/type="unsupported"/type="lazy"/
s/ line="[0-9]*"//
s/timestamp="2025-01-31T12:00:00"/timestamp="today"/
s/value="MUST"/value=""/
s/<skipped \(.*\)\/>/<skipped \1\/><failure type="a" message="b"\/>/
END

# ---- SARIF ------------------------------------------------------------------------------

# One line for each place where GitHub, or the standard, asks for something else.
wrong_sarif() { # FILE
    jq -r '
        def demand(f; $what): if f then empty else $what end;
        demand(.version == "2.1.0"; "version"), demand(.["$schema"] | test("sarif-2.1.0"); "schema"), demand(.runs | length == 1; "runs"),
        (.runs[0] | .tool.driver as $tool
         | demand($tool.name == "amqproof" and ($tool.version | length > 0); "tool"),
           demand([$tool.rules[].id] | length == (unique | length); "rules twice"),
           demand(.automationDetails.id | endswith("/"); "category"),
           ($tool.rules[] | demand(.help.text != "" and .help.markdown != "" and .shortDescription.text != "" and .fullDescription.text != ""; "rule \(.id): help"),
               demand(.defaultConfiguration.level | . == "error" or . == "warning" or . == "note"; "rule \(.id): level")),
           (.results[] | . as $r | demand($tool.rules[.ruleIndex].id == .ruleId; "\(.ruleId): index"),
               demand(.level | . == "error" or . == "warning" or . == "note"; "\(.ruleId): level"), demand(.message.text | length > 0; "\(.ruleId): message")),
           ((.results + .invocations[0].toolExecutionNotifications)[] | .locations[0].physicalLocation
               | demand(.artifactLocation.uri | test("^[A-Za-z0-9._~%/-]+$") and (startswith("/") | not); "uri \(.artifactLocation.uri)"),
                 demand(.region.startLine >= 1; "line")),
           (.invocations[] | demand(.executionSuccessful | type == "boolean"; "successful"),
               demand(.startTimeUtc, .endTimeUtc // .startTimeUtc | test("^[0-9-]{10}T[0-9:]{8}Z$"); "time")))' "$1"
}
s() { # FILTER: of run.sarif
    jq -r ".runs[0] | $1" "$run/run.sarif"
}
same "run.sarif has what the standard and GitHub ask for" "" "$(wrong_sarif "$run/run.sarif")"
for mutation in '.version = "2.0"' '.runs[0].results[0].ruleIndex += 1' '.runs[0].results[0].level = "bad"' '.runs[0].tool.driver.rules[0].help.text = ""' \
    '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri = "/a b"' '.runs[0].tool.driver.rules[1] = .runs[0].tool.driver.rules[0]'; do
    jq "$mutation" "$run/run.sarif" >"$work/mutant.sarif"
    [ -n "$(wrong_sarif "$work/mutant.sarif")" ]
    result $? "a run.sarif is rejected with $mutation"
done
same "run.sarif: a level for each verdict" "ack/multiple error,ack/unknown_tag error,connection/heartbeat_sent warning,consume/exclusive_twice error,queue/name_too_long note,queue/passive_missing error,queue/passive_missing/client error" \
    "$(s '[.results[] | "\(.properties.case) \(.level)"] | sort | join(",")')"
same "run.sarif: what is excused is suppressed, and nothing else" "consume/exclusive_twice answers 405 where the text asks for 403 (errata 17)" \
    "$(s '.results[] | select(.suppressions) | "\(.properties.case) \(.suppressions[0].justification)"')"
same "run.sarif: what says nothing of the broker is a notification" "durability/kill_confirmed routing/topic_table; ledger line 7" \
    "$(s '[.invocations[0].toolExecutionNotifications[].message.text | split(":")[0]] | join(" ")'); $(s '.invocations[0].toolConfigurationNotifications[0].message.text | split(":")[0]')"
same "run.sarif: a result is where its case is" "suites/queue.c:61" \
    "$(s '.results[] | select(.properties.case == "queue/passive_missing") | .locations[0].physicalLocation | "\(.artifactLocation.uri):\(.region.startLine)"')"
report "rules of the tables" 'if .event == "plan" then .cases |= map(.rules = ["domain.redelivered.implementation", "connection.start.protocol-name"] | .level = "MUST")
    elif .event == "result" then .verdict = "fail" | .red = true | .ledger = "none" else . end'
same "run.sarif: the help is what the table says" "$(awk -F'\t' '$1 == "connection.start.protocol-name" { print $5 " " $9 }' fixtures/spec/rules.tsv)" \
    "$(s '.tool.driver.rules[] | select(.id == "connection.start.protocol-name") | .help.text | split("\n")[0]')"
same "run.sarif: a rule is as grave as its level" "connection.start.protocol-name error,domain.redelivered.implementation warning" \
    "$(s '[.tool.driver.rules[] | "\(.id) \(.defaultConfiguration.level)"] | join(",")')"
same "run.sarif: of several rules the one that gives the level" connection.start.protocol-name "$(s '[.results[].ruleId] | unique | join(" ")')"
report "a rule that only should be" 'if .event == "plan" then .cases |= map(.level = (if .chapter == "queue" then "SHOULD" else "MAY" end))
    elif .event == "result" then .verdict = "fail" | .red = true | .ledger = "none" else . end'
same "run.sarif: a level for each strength" "note,warning" "$(s '[.results[].level] | unique | join(",")')"

# ---- TAP --------------------------------------------------------------------------------

# TAP 13: version, plan, numbered tests, each with a block of YAML behind it or none.
wrong_tap() { # FILE
    awk '
        /[\001-\010\013-\037\177]/ { print NR ": control character" }
        NR == 1 { if ($0 != "TAP version 13") print "version"; next }
        NR == 2 { if ($0 !~ /^1\.\.[0-9]+$/) print "plan"; planned = substr($0, 4); next }
        block { if ($0 == "  ...") block = 0; else if ($0 !~ /^  [a-z_]+:( |$)/ && $0 !~ /^    - /) print NR ": no YAML"; next }
        $0 == "  ---" { if (!tested) print NR ": block of nothing"; block = 1; tested = 0; next }
        { line = $0; tested = 1; gsub(/\\#/, "", line); n++ }
        line !~ /^(not )?ok [0-9]+ - [^#]+( # SKIP [^#]*)?$/ { print NR ": no test: " $0; next }
        { sub(/^not /, "", line); split(line, word, " "); if (word[2] != n) print NR ": number" }
        END { if (block) print "open block"; if (n != planned) print "planned " planned ", there are " n }' "$1"
    sed -n 's/^  [a-z_]*: \(..*\)/\1/p; s/^    - //p' "$1" | { jq . >/dev/null; } 2>&1
}
report "the sample, once more" .
same "run.tap is TAP 13" "" "$(wrong_tap "$run/run.tap")"
for mutation in '1d' '2s/14/15/' 's/^ok 2 /ok 3 /' 's/^  \.\.\.$//' 's/message: "/message: /' '$a   ---'; do
    sed "$mutation" "$run/run.tap" >"$work/mutant.tap"
    [ -n "$(wrong_tap "$work/mutant.tap")" ]
    result $? "a run.tap is rejected with $mutation"
done
if command -v prove >/dev/null; then
    same "prove reads what is red in run.tap" "Failed 6/14" "$(prove -e cat "$run/run.tap" 2>&1 | grep -o 'Failed [0-9]*/[0-9]*' | sed 1q)"
else
    skip "prove reads what is red in run.tap" "prove is not installed"
fi

# ---- texts that break formats -----------------------------------------------------------

nasty='"50%, a: b\r\nnext\t\u0000\u0008\u001b[31m\u007f\ufffe ]]> </failure> & \"quoted\" \\ # SKIP\n::error::%0A\n  ...\n  ---\n```\n"'
report "nasty texts are reported" 'if .event == "plan" then .broker.describe.product = $nasty | .cases |= map(.title = $nasty | .file = "a,b:c%.c")
    elif .event == "result" then .message = $nasty | .conversation = $nasty | .step = $nasty | .rerun = $nasty
        | .fingerprint = $nasty | .ledger_reason = $nasty | .notes = [$nasty] else . end' --argjson nasty "$nasty"
same "nasty: the run file keeps to its schema" "" "$(valid_run)"
succeeds "nasty: junit.xml keeps to its schema" valid_junit "$run/junit.xml"
same "nasty: junit.xml says it all the same" \
    "$(printf '%s' "$nasty" | jq -r 'gsub("[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe]"; "\ufffd")' | od -c)" \
    "$(x 'string(//testcase[@name="ack/multiple"]/error/@message)' | od -c)"
same "nasty: run.tap is TAP 13" "" "$(wrong_tap "$run/run.tap")"
same "nasty: run.sarif, too" "" "$(wrong_sarif "$run/run.sarif")"
succeeds "nasty: badge.svg is well-formed" xmllint --noout "$run/badge.svg"
github >"$work/commands"
same "nasty: GitHub has a command a line" 0 "$(grep -cvE '^::(error|warning|notice) [^:]*::' "$work/commands")"
same "nasty: and no character that disturbs a log" 0 "$(LC_ALL=C grep -c "$(printf '[\001-\010\013-\037\177]')" "$work/commands")"
same "nasty: its properties are of one piece" "file=a%2Cb%3Ac%25.c,line=52,title=ack/multiple%3A hung" \
    "$(sed -n 's/^::error \(file=.*ack.multiple.*\)::50%25.*/\1/p' "$work/commands")"
same "nasty: and its message is what was said" "$(printf '%s' "$nasty" | jq -r 'gsub("[\u0000-\u0008\u001b\u007f]"; "\ufffd") + "\nrules: basic.ack.multiple (MUST)"' | od -c)" \
    "$(sed -n 's/^::error file=.*ack.multiple[^:]*::\(.*%0Arules: [^%]*\)%0A.*/\1/p' "$work/commands" |
        sed 's/%0A/\n/g; s/%0D/\r/g; s/%25/%/g' | od -c)"

# ---- GitHub -----------------------------------------------------------------------------

report "what strictness and the ledger make red" 'if .event == "result" then .verdict = "pass" | .red = false | .ledger = "none"
    | if .id == "connection/heartbeat_sent" then .verdict = "weak" | .red = true elif .id == "queue/server_named" then .ledger = "stale" | .red = true | .ledger_reason = "known" else . end
    elif .event == "ledger" then empty else . end'
same "junit.xml: a SHOULD that counts, and a ledger line that does not hold, are failures" "failure failure 2" \
    "$(counted connection/heartbeat_sent) $(counted queue/server_named) $(x 'string(/*/@failures)')"
same "run.sarif: the second is no deviation of the broker" "connection/heartbeat_sent 1" \
    "$(s '[.results[].properties.case] + [.invocations[0].toolConfigurationNotifications | length | tostring] | join(" ")')"
report "the sample again" .
github >"$work/commands"
same "GitHub: what is red is an error, what is weak a warning, the verdict a notice" "7 1 1" \
    "$(for kind in error warning notice; do grep -c "^::$kind " "$work/commands"; done | paste -sd ' ' -)"
same "GitHub: an error leads to the case" "::error file=suites/queue.c,line=61,title=queue/passive_missing%3A fail::passive declare of a missing queue" \
    "$(sed -n '/passive_missing%3A/s/%0A.*//p' "$work/commands")"
same "GitHub: in a repository that has us in a folder, too" "::error file=${root##*/}/suites/queue.c" \
    "$(github "${root%/*}" | sed -n '/passive_missing%3A/s/,line.*//p')"
many='if .event == "plan" then .cases |= [range(25) as $n | .[] | .id += "_\($n)"] | .planned = 350
    elif .event == "result" then range(25) as $n | .id += "_\($n)" | .red = ($red and .verdict != "weak") else . end'
report "a run with very much red" "$many" --argjson red true
github >"$work/commands"
same "GitHub: at most ten of a kind" "10 10 1" "$(for kind in error warning notice; do grep -c "^::$kind " "$work/commands"; done | paste -sd ' ' -)"
same "GitHub: the last says what else there is" "$(get '[.cases[] | select(.red)] | length - 8') more,16 more" \
    "$(sed -n 's/^::[a-z]* title=\([0-9]* more\)::.*/\1/p' "$work/commands" | paste -sd , -)"
report "a broker that is not there" 'if .event == "end" then .exit = 3 elif .event == "result" then .verdict = "not-reached" | .red = true | .message = "nobody answers" elif .event == "ledger" then empty else . end'
same "GitHub: one error for a broker that is not there" "::error title=RabbitMQ 3.10.8 was not reachable::nobody answers" "$(github | grep '^::error')"

step=$work/step-summary
report "the sample for a step" .
echo before >"$step"
GITHUB_STEP_SUMMARY=$step github >/dev/null
same "the step summary is the summary, behind what is there" "$(echo before && cat "$run/summary.md")" "$(cat "$step")"
report "a summary that is too long" 'if .event == "result" then .conversation = ("S 0 connection.open-ok\n" * 20000) else . end'
: >"$step"
GITHUB_STEP_SUMMARY=$step github >/dev/null
[ "$(wc -c <"$run/summary.md")" -gt 1048576 ] && [ "$(wc -c <"$step")" -lt 1048576 ] && [ "$(wc -c <"$step")" -gt 900000 ]
result $? "what GitHub would not take is cut"
same "… says so, and leaves no text open" "0 *Cut here: report.html has the rest.*" \
    "$(($(grep -c '^```' "$step") % 2)) $(tail -n 1 "$step")"

# ---- the badge --------------------------------------------------------------------------

badge() { # FILTER: what it says of the sample's run file, so changed
    jq "$1" "$work/plain.json" | jq -r -L reports -f reports/badge.jq >"$work/badge.svg" &&
        xmllint --xpath 'string(//*[local-name()="text"][2])' "$work/badge.svg"
}
report "the sample for the badge" .
cp "$run/run.json" "$work/plain.json"
unfit() { # a text beyond its field, or an ink too pale for its ground
    tr -d '\n' <"$work/badge.svg" | sed 's/></>\n</g; s/> *</>\n</g' | awk '
        function value(name) { match($0, " " name "=\"[^\"]*\""); return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) }
        function channel(hex, c) {
            c = (16 * (index(digits, substr(hex, 1, 1)) - 1) + index(digits, substr(hex, 2, 1)) - 1) / 255
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ^ 2.4
        }
        function light(hex) { return 0.2126 * channel(substr(hex, 2, 2)) + 0.7152 * channel(substr(hex, 4, 2)) + 0.0722 * channel(substr(hex, 6, 2)) }
        BEGIN { digits = "0123456789abcdef" }
        /<svg/ { total = value("width") + 0 }
        /<path/ { match($0, /M[0-9]+/); middle = substr($0, RSTART + 1, RLENGTH - 1) + 0 }
        /<rect|<path/ { ground[++grounds] = light(value("fill")) }
        /<g / { ink = light(value("fill")) }
        /<text/ { from = value("x") + 0; to = from + value("textLength"); if (++texts == 1 ? to > middle || from < 0 : from < middle || to > total) print "text", texts, from, to }
        END {
            if (texts != 2 || grounds != 2) print "not what is looked for"
            for (i = 1; i <= grounds; i++) if ((ink + 0.05) / (ground[i] + 0.05) < 4.5) print "ground", i, "is too pale"
        }'
}
while IFS='|' read -r want filter; do
    same "the badge says '$want'" "$want" "$(badge "$filter")"
    same "… legibly, and in its field" "" "$(unfit)"
done <<'END'
harness fault|.
conforms|.verdict = "conforms"
none of 14 red|.verdict = "conforms" | .options.only = ["queue"]
none of 14 red|.verdict = "conforms" | .options.shard = "1/3"
6 of 14 red|.verdict = "does-not-conform"
1234 of 9999 red|.verdict = "does-not-conform" | .counts.red = 1234 | .counts.planned = 9999
ledger does not hold|.verdict = "does-not-conform" | .counts.red = 0
not reachable|.verdict = "unreachable"
interrupted|.verdict = "interrupted"
END
sed -i 's/#5c5c5c/#aaaaaa/; s/textLength="[0-9]*"/textLength="300"/' "$work/badge.svg"
same "a badge that is neither is found" 3 "$(unfit | wc -l)"
finish
