# The pages that jq writes, matrix and trend, as a browser shows them.
# shellcheck shell=sh disable=SC2016 # texts of jq and of scripts
. suites/self/shell/lib.sh
. suites/self/shell/browser.sh
. suites/self/shell/made-up.sh

same "every ink is legible on every ground, light and dark" "" "$(too_pale reports/page.jq | grep -v ' client \| wash ')"

command -v chromium >/dev/null || {
    skip "the pages in a browser" "chromium is not installed"
    finish
    exit 0
}

# ---- the matrix: of the committed baselines, and of what is hostile

mkdir "$work/baselines" "$work/made"
tools/amqproof matrix -o "$work/baselines/matrix.html" >/dev/null
rows=$(tools/amqproof matrix | grep -c '^| `')
brokers=$(tools/amqproof baseline --list | wc -l)
for width in 1400 400; do
    look baselines $width '' "
const text = document.forms[0].text, seen = () => every('tbody tr[id]').filter(r => r.offsetParent !== null);
const search = word => { text.value = word; text.dispatchEvent(new Event('input', { bubbles: true })); };
same('$width: every row that differs is shown', $rows, seen().length);
same('$width: a column for each broker', $brokers, every('thead th').length - 1);
check('$width: each cell has a verdict', every('tbody tr[id] td').every(e => e.textContent.trim() !== ''));
search('durability unsupported');
check('$width: words are sought together', seen().every(r => /durability/i.test(r.textContent) && /unsupported/i.test(r.textContent)));
search('no row is like this one');
check('$width: nothing found is said', seen().length === 0 && one('.empty').offsetParent !== null);
same('$width: and counted', '0 of $rows', document.forms[0].elements.count.value);
search('');
same('$width: all are back', $rows, seen().length);
check('$width: nothing sticks out but within its own frame', document.body.scrollWidth <= innerWidth);
check('$width: the heading says what is seen', /^$brokers brokers side by side: $rows of [0-9]+ cases differ\$/.test(one('h1').textContent));
" matrix.html
done
run_of plain . && run_of hostile 'at(3; fail("<script>alert(1)</script>")) | at(4; info("<b>bold</b>")) | at(5; unsupported) | at(6; fail("x" * 300) | excused)
    | at(7; .verdict = "died" | .red = true) | at(8; .verdict = "weak" | .fingerprint = "w")' '.broker.describe.product = "<i>Evil</i>"'
: >"$work/hostile/report.html"
tools/amqproof matrix "$work/plain" "$work/hostile" -o "$work/made/matrix.html" >/dev/null
look made 1200 '' "
same('what a broker says never becomes markup', 0, every('tbody b b, tbody script, h1 i, th i').length);
same('every kind of cell has its tone', 'none,note,pass,red', [...new Set(every('tbody tr[id] td').map(e => e.className))].filter(Boolean).sort().join());
check('a cell leads to its case', one('[id=\"queue/case_3\"] a').getAttribute('href').endsWith('hostile/report.html#queue/case_3'));
check('a long word breaks', document.body.scrollWidth <= innerWidth);
check('the heads stay in view', getComputedStyle(one('thead th')).position === 'sticky');
" matrix.html

# ---- the history

mkdir "$work/history"
for day in 11 12 13 14 15 16; do
    filter=.
    case $day in 12 | 14) filter='at(3; fail("<b>404</b>"))' ;; 16) filter='at(4; fail("<script>x</script>"))' ;; esac
    run_of "runs/$day" "$filter" ".started = \"2026-01-${day}T03:04:05Z\" | .ms = ${day}00"
    : >"$work/runs/$day/report.html"
done
tools/amqproof trend "$work/runs" -o "$work/history/trend.html" >/dev/null || :
for width in 1200 400; do
    look history $width '' "
const boxes = every('svg circle').map(e => e.getBoundingClientRect());
same('$width: a point for each run in both plots', 12, boxes.length);
check('$width: all of them within the page', boxes.every(b => b.left >= 0 && b.right <= innerWidth + 1));
check('$width: from left to right', boxes.slice(1, 6).every((b, i) => b.left > boxes[i].left));
check('$width: a red run lies lower', boxes[1].top > boxes[0].top && near(boxes[0].top, boxes[2].top));
check('$width: a longer run lies higher', boxes[11].top < boxes[6].top);
same('$width: the points that are red', 6, every('circle.red').length);
check('$width: marks lead to their case', one('.marks .F').parentNode.getAttribute('href').includes('/report.html#queue/case_'));
check('$width: what a broker says never becomes markup', every('td b, td script').length === 0);
check('$width: nothing sticks out', document.body.scrollWidth <= innerWidth);
check('$width: the verdict first', one('h2').textContent.includes('1 case broken, 1 case flaky'));
" trend.html
done
finish
