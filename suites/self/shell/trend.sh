# Many runs in a row: trend, over runs that are made up.
# shellcheck shell=sh disable=SC2016 # texts of jq
. suites/self/shell/lib.sh
. suites/self/shell/made-up.sh

trend() { tools/amqproof trend "$@"; }

# One more run of the history NAME: a day later than the one before, 30 cases changed by FILTER.
day=10
run_in() { # NAME FILTER [FILTER OF THE RUN]
    day=$((day + 1))
    run_of "$1/day$day" "$2" ".started = \"2026-01-${day}T03:04:05Z\" | ${3:-.}"
}
# What became of case N, of the first broker: the class that it stands in, and its marks.
became() { # HISTORY N
    trend "$work/$1" --json | jq -r --arg id "queue/case_$2" '.brokers[0] as $b
        | ["broken", "flaky", "excused", "mended"] as $classes
        | [$classes[] as $c | $b[$c][] | select(.id == $id) | "\($c) \(.marks)"] | if . == [] then "good" else join(", ") end'
}
ended() { # HISTORY: the exit code
    status=0
    trend "$work/$1" >"$work/text" 2>&1 || status=$?
    echo "$status"
}

# ---- one history, every class

bad='fail("404")'
run_in h "at(1; $bad) | at(6; $bad)"
run_in h "at(4; unsupported) | at(1; $bad)"
run_in h "at(2; $bad) | at(3; $bad | excused) | at(7; .revision = 2)"
run_in h "at(3; $bad | excused) | at(4; $bad) | at(6; $bad) | at(7; .revision = 3 | $bad)"
run_in h "at(2; $bad) | at(3; $bad | excused) | at(4; $bad) | at(5; .unstable = true) | at(7; .revision = 4)"
same "broken: bad at the end, and who was not judged is passed by" "broken .-.FF" "$(became h 4)"
same "flaky: there and back, and bad in the last run all the same" "broken ..F.F, flaky ..F.F" "$(became h 2)"
same "excused: the ledger has it" "excused ..xxx" "$(became h 3)"
same "mended: bad once, never since" "mended FF..." "$(became h 1)"
same "flaky: within one run" "flaky ....~" "$(became h 5 | sed 's/^broken [^,]*, //')"
same "flaky: bad, good, bad, good" "flaky F..F." "$(became h 6)"
same "a new revision each time is not flaky" "mended ...F." "$(became h 7)"
same "all others are good" "good" "$(became h 9)"
same "red in the last run: exit 1" 1 "$(ended h)"
same "the first bad run, and the last good one" "  queue/case_4: since day14, good in day13" "$(grep '^  queue/case_4:' "$work/text" | sed 1q)"
same "the heads in the order of their weight" "broken flaky excused mended" "$(sed -n 's/^\([a-z]*\) ([0-9]*): .*/\1/p' "$work/text" | paste -sd ' ' -)"
same "80 columns" 0 "$(awk 'length > 80' "$work/text" | wc -l)"
same "the rate is of those that were judged" "28 30 0.933" \
    "$(trend "$work/h" --json | jq -r '.brokers[0].runs[4] | "\(.judged - .red) \(.judged) \(.rate * 1000 | floor / 1000)"')"

# ---- what a history is made of

same "runs are ordered by when they began, not by name" "day11 day12 day13" \
    "$(mv "$work/h/day11" "$work/h/z" && trend "$work/h" --json | jq -r '[.brokers[0].runs[:3][].started[8:10] | "day\(.)"] | join(" ")' && mv "$work/h/z" "$work/h/day11")"
same "--last" "day14 day15" "$(trend "$work/h" --last 2 --json | jq -r '[.brokers[0].runs[].name] | join(" ")')"
ln -s day15 "$work/h/latest"
same "a link is no run of its own" 5 "$(trend "$work/h" --json | jq .runs)"
same "runs by their names" 2 "$(trend "$work/h/day12" "$work/h/day13/run.json" --json | jq .runs)"
run_in two "at(1; $bad)" && run_in two . && run_in two "at(1; $bad)" '.broker.describe.product = "Another"' && run_in two . '.broker.describe.product = "Another"'
same "each broker has its own history" "Another 1.2: mended, Made-up 1.2: mended" \
    "$(trend "$work/two" --json | jq -r '[.brokers[] | "\(.name): \(if .flaky == [] and .mended != [] then "mended" else "?" end)"] | join(", ")')"
run_in versions . && run_in versions "at(1; $bad)" '.broker.describe.version = "1.3"' && run_in versions . '.broker.describe.version = "1.4"'
same "another version each time is not flaky" "mended .F." "$(became versions 1)"
same "nothing red at the end, nothing flaky: exit 0" 0 "$(ended versions)"
run_in flakes "at(1; $bad)" && run_in flakes . && run_in flakes "at(1; $bad)" && run_in flakes .
same "flaky only: exit 5" 5 "$(ended flakes)"
run_in parts . && run_in parts 'map(select(.id == "queue/case_3"))' '.options.only = ["queue/case_3"]' && run_in parts "at(1; $bad)" '.verdict = "interrupted"'
same "a part, and a run that was cut off, are marked" "a part, cut off" "$(trend "$work/parts" | sed -n 's/.*seconds$//; s/^  day.*  *[0-9.]* \([ac][a-z ]*\)$/\1/p' | paste -sd , - | sed 's/,/, /')"
same "their cases count" "broken . F" "$(became parts 1)"
long=$(printf '%070d' 0)
run_in "long" "map(.id = \"queue/\" + \"n\" * 90 + .id[11:]) | map(fail(\"x \" * 90))" '.broker.describe.product = "P" * 70' && mv "$work/long/day$day" "$work/long/$long"
same "long names: 80 columns" 0 "$(trend "$work/long" | grep -v nnnn | awk 'length > 80' | wc -l)"

# ---- pages

: >"$work/h/day14/report.html"
mkdir "$work/pages"
for form in md html; do
    status=0
    trend "$work/h" -o "$work/pages/t.$form" >"$work/said" 2>&1 || status=$?
    same "$form is written, with the same exit code" "1 trend: $work/pages/t.$form, 5 runs of 1 broker" "$status $(cat "$work/said")"
done
same "Markdown: a row for each run, with its link" "| [day14](../h/day14/report.html) | 30 | 3 | 90 % | 0 |  |" "$(grep '^| .day14' "$work/pages/t.md")"
same "Markdown: the cases" 1 "$(grep -c '^- .queue/case_4. since day14, good in day13 .\.-\.FF.$' "$work/pages/t.md")"
same "HTML: two plots with a point for each run" 10 "$(grep -o '<circle class="point' "$work/pages/t.html" | wc -l)"
same "HTML: points of red runs are red" 10 "$(grep -o '<circle class="point red"' "$work/pages/t.html" | wc -l)"
same "HTML: a point leads to its report, a mark to its case" "2 1" \
    "$(grep -o '<a href="../h/day14/report.html"><circle' "$work/pages/t.html" | wc -l) $(grep -o '<a href="../h/day14/report.html#queue/case_4"><span class="F">F' "$work/pages/t.html" | wc -l)"
same "HTML: nothing from elsewhere" 0 "$(grep -ciE '(src|href)="?(https?:)?//|@import|url\(|<script' "$work/pages/t.html")"
sed 's/<!DOCTYPE html>//; s/<meta \([^>]*\)>/<meta \1\/>/; s/<col>/<col\/>/g' "$work/pages/t.html" >"$work/t.xml"
succeeds "HTML: every element is closed" xmllint --noout "$work/t.xml"
status=0
trend "$work/parts" -o "$work/pages/p.html" >"$work/said" 2>&1 || status=$?
same "HTML: what is no whole run is hollow" 4 "$(grep -o '<circle class="point odd"' "$work/pages/p.html" | wc -l)"

# ---- no

mkdir "$work/nothing"
refuses "no folder" 2 "takes a folder of runs" trend
refuses "a folder that is not there" 2 "no such run or folder" trend "$work/none"
refuses "a folder without a run" 2 "no run in" trend "$work/nothing"
refuses "a file that is no run" 2 "not a run file" trend fixtures/spec/rules.tsv
refuses "--last of words" 2 "takes a number of runs" trend --last few "$work/h"
refuses "--last without a value" 2 "needs a value" trend "$work/h" --last
refuses "another kind of file" 2 "FILE.html or FILE.md" trend "$work/h" -o "$work/t.pdf"
refuses "a page nowhere" 2 "no such folder" trend "$work/h" -o "$work/none/t.md"
refuses "an option that trend does not have" 2 "unknown option '--html'" trend --html "$work/h"
finish
