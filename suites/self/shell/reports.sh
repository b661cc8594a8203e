# The reports are functions of the event stream, whatever state that is in.
# shellcheck shell=sh
. suites/self/shell/lib.sh

sample=reports/sample/events.ndjson
run=$work/run
mkdir "$run"
cp "$sample" "$run/"

invalid() { # RUN.JSON: what is wrong with it
    jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq "$1"
}
get() { # FILTER: from run.json
    jq -r "$1" "$run/run.json"
}

succeeds "a run is folded and reported" tools/amqproof report "$run"
same "the run file keeps to the schema" "" "$(invalid "$run/run.json")"
same "every planned case is there" "$(jq -r 'select(.event == "plan") | .planned' "$sample")" "$(get '.cases | length')"
same "our own fault outweighs everything" harness-fault "$(get .verdict)"
same "a known deviation is excused, not red" "1 6" "$(get '"\(.counts.excused) \(.counts.red)"')"

# A validator that finds nothing anywhere would pass, too.
for mutation in '.cases[0].verdict = "fine"' '.ms = "1"' '.surplus = 1' 'del(.seed)' '.cases[1].line = 0' \
    '.cases[2].id = "Queue"' '.cases[3].rules = [1]' '.cases += [.cases[0]]' '.counts.pass = -1'; do
    jq "$mutation" "$run/run.json" >"$work/mutant.json"
    [ -n "$(invalid "$work/mutant.json")" ]
    result $? "the schema rejects $mutation"
done

succeeds "junit.xml is well-formed" xmllint --noout "$run/junit.xml"
same "junit.xml counts as run.json does" "14 2 4 2" "$(xmllint --xpath \
    'concat(/*/@tests, " ", /*/@failures, " ", /*/@errors, " ", /*/@skipped)' "$run/junit.xml")"
same "junit.xml has a failure for each red case" "$(get .counts.red)" \
    "$(grep -cE '^ *<(failure|error) ' "$run/junit.xml")"
same "run.tap numbers its tests as planned" "$(sed -n 's/^1\.\.//p' "$run/run.tap")" \
    "$(grep -cE '^(not )?ok [0-9]+ - ' "$run/run.tap")"
same "run.tap is red where the run is" "$(get .counts.red)" "$(grep -c '^not ok' "$run/run.tap")"
same "run.tap skips what is unsupported" 1 "$(grep -c '^ok .* # SKIP' "$run/run.tap")"
same "summary.md has a line for each chapter" "$(get '[.cases[].chapter] | unique | length')" \
    "$(grep -cE '^\| [a-z]+ \| [0-9]+ ' "$run/summary.md")"
same "summary.md shows each red case" "$(get .counts.red)" "$(grep -c '^### ' "$run/summary.md")"

page=$run/report.html
same "report.html: no text of a broker ends a script" 2 "$(grep -c '</script>' "$page")"
same "report.html embeds the run as it is" "$(jq -cS . "$run/run.json")" \
    "$(sed -n 's|.*<script type="application/json" id="run">\(.*\)</script>|\1|p' "$page" | jq -cS .)"
same "report.html has a row for each case" "$(get '.cases | length')" "$(grep -c '^<tr data-tone' "$page")"
same "report.html needs nothing from elsewhere" 0 "$(grep -ciE '(src|href)="?(https?:)?//' "$page")"
same "report.html is filled in everywhere" 0 "$(grep -c '@@[A-Z]*@@' "$page")"

# A runner that is killed leaves half a line.
head -c 9000 "$sample" >"$run/events.ndjson"
succeeds "a torn stream is reported" tools/amqproof report "$run"
same "torn: the run file keeps to the schema" "" "$(invalid "$run/run.json")"
same "torn: every planned case has a verdict" 14 "$(get '[.cases[].verdict | strings] | length')"
same "torn: what has none is our fault, and red" "$(get '[.cases[] | select(.ms == null)] | length')" \
    "$(get '[.cases[] | select(.verdict == "harness-fault" and .red)] | length')"
same "torn: the run is one that proves nothing" "harness-fault 4 null" "$(get '"\(.verdict) \(.exit) \(.ms)"')"

jq -c 'if .event == "plan" then .options.repeat = 2 | .planned = 28
    elif .event == "result" then (., .repeat = 2) | .verdict = "pass" | .red = false | .ledger = "none"
    elif .event == "end" then .exit = 0 elif .event == "ledger" then empty else . end' "$sample" >"$run/events.ndjson"
succeeds "a repeated run is reported" tools/amqproof report "$run"
same "repeated: each case once, with both runs" "14 28 14 2" \
    "$(get '"\(.cases | length) \(.counts.runs) \(.cases | unique_by(.id) | length) \(.cases[0].verdicts.pass)"')"
same "repeated: all green is one that conforms" "conforms 0 14 0" \
    "$(get '"\(.verdict) \(.exit) \(.counts.pass) \(.counts.red)"')"
same "repeated: junit.xml counts a case once" "14 14" "$(xmllint --xpath 'string(/*/@tests)' "$run/junit.xml") $(grep -c '<testcase ' "$run/junit.xml")"
same "repeated: run.tap numbers a case once" 1..14 "$(sed -n 2p "$run/run.tap")"
same "repeated: the page has a row for each case" 14 "$(grep -c '^<tr data-tone' "$page")"
same "repeated: the run file keeps to the schema" "" "$(invalid "$run/run.json")"
same "repeated: the page says so" 1 "$(grep -c '<h1>RabbitMQ 3.10.8 conforms</h1>' "$page")"
same "repeated: nothing is red in junit.xml" 0 "$(grep -cE '<(failure|error) ' "$run/junit.xml")"

# A verdict that changes is red, and told; one that is red each time is just red.
jq -c '(if .event == "result" then [(.repeat = 1), (.repeat = 2)][] else . end)
    | if .event == "plan" then .options.repeat = 2 | .planned = 28
    elif .event == "result" then .red = false | .ledger = "none" | .margin = 0.5 | .message = ""
        | .verdict = (if .id == "queue/passive_missing" and .repeat == 2 then "weak" else "pass" end)
        | if .id == "ack/multiple" then .verdict = (if .repeat == 1 then "fail" else "died" end) | .red = true else . end
        | if .id == "queue/server_named" and .repeat == 1 then .margin = 0.125 else . end
    elif .event == "end" then .exit = 1 elif .event == "ledger" then empty else . end' "$sample" >"$run/events.ndjson"
succeeds "an unstable run is reported" tools/amqproof report "$run"
same "unstable: the worst of its runs stands for a case" "weak true true died true false" "$(get '[.cases[]
    | select(.id == "queue/passive_missing" or .id == "ack/multiple") | "\(.verdict) \(.red) \(.unstable)"] | join(" ")')"
same "unstable: counted once" "1 2 28" "$(get '"\(.counts.unstable) \(.counts.red) \(.counts.runs)"')"
same "unstable: the smallest margin of a case" 0.125 "$(get '.cases[] | select(.id == "queue/server_named") | .min_margin')"
same "unstable: the summary says so" 1 "$(grep -c '^- unstable: .queue/passive_missing., 1 pass, 1 weak$' "$run/summary.md")"
same "unstable: and what came nearest to its deadline" '| 13 % | queue/server_named |' "$(sed -n '/^|---:|---|$/{n;p;}' "$run/summary.md" | tr -d '`')"
same "unstable: the page says so" 1 "$(grep -c '<li>queue/passive_missing: 1 pass, 1 weak</li>' "$page")"
same "unstable: a failure in junit.xml" 1 "$(grep -c '<failure type="unstable: 1 pass, 1 weak"' "$run/junit.xml")"
same "unstable: the run file keeps to the schema" "" "$(invalid "$run/run.json")"

: >"$run/events.ndjson"
refuses "an empty stream is nothing to report" 4 "no plan" tools/amqproof report "$run"
refuses "a folder without a run" 2 "no events.ndjson" tools/amqproof report "$work"
refuses "a folder that is not there" 2 "no such folder" tools/amqproof report "$work/none"
finish
