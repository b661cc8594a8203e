# Pages as headless Chromium shows them, for the tests of what draws them. Sourced behind lib.sh.
# shellcheck shell=sh disable=SC2016,SC2154 # texts of scripts; work is of lib.sh

# What each script has to hand: check(), go() to an address, what is shown, press() a key, and middle() of a
# line that was drawn.
helpers='
"use strict";
const tap = document.createElement("pre");
tap.id = "tap";
const runData = document.getElementById("run");
const run = runData && JSON.parse(runData.textContent);
const one = (query, from) => (from || document).querySelector(query);
const every = (query, from) => [...(from || document).querySelectorAll(query)];
const check = (name, ok) => tap.append((ok ? "ok " : "no ") + name + "\n");
const same = (name, wanted, got) => check(name + (String(wanted) === String(got) ? "" : ": wanted " + wanted + ", got " + got), String(wanted) === String(got));
const go = address => { history.replaceState(null, "", "#" + address); dispatchEvent(new HashChangeEvent("hashchange")); };
const shown = () => every(".cases tr[id]").filter(r => r.offsetParent !== null).map(r => r.id).sort().join(" ");
const idsOf = wanted => run.cases.filter(wanted).map(c => c.id).sort().join(" ");
const press = key => (document.activeElement || document.body).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const detail = id => one(".detail", { querySelector: q => { let e = document.getElementById(id).nextElementSibling;
    while (e && !e.id && !e.matches(q)) e = e.nextElementSibling; return e && e.matches(q) ? e : null; } });
const middle = e => { const r = e.getBoundingClientRect(); return r.left + r.width / 2; };
const near = (a, b) => Math.abs(a - b) < 3;
const fits = () => document.scrollingElement.scrollWidth <= innerWidth;
'

# look NAME WIDTH ADDRESS SCRIPT [PAGE]: opens a copy of NAME/PAGE (report.html) at #ADDRESS and runs SCRIPT in it.
# What it checks becomes tests; a word on the console is one that failed.
look() {
    copy=$work/$1/looked-at.html
    {
        sed '/^<\/body>$/,$d' "$work/$1/${5:-report.html}"
        printf '<script>%s\ntry { %s\n} catch (e) { check("the script ended early: " + e, false); }\n' "$helpers" "$4"
        echo 'document.body.append(tap);</script></body></html>'
    } >"$copy"
    timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" --window-size="$2,900" \
        --enable-logging=stderr --log-level=0 --dump-dom "file://$copy#$3" >"$work/dom" 2>"$work/console" || :
    sed -n '/<pre id="tap">/,$ { s/^.*<pre id="tap">//; s|</pre>.*||; /^ok /p; /^no /p; }' "$work/dom" >"$work/lines"
    while read -r said name; do
        [ "$said" = ok ]
        result $? "$1: $name"
    done <"$work/lines"
    ! grep CONSOLE "$work/console" >"$work/why" && [ -s "$work/lines" ]
    result $? "$1, $2 wide: drawn, and the console is silent" "$work/why"
}

# Of each ink on each ground of both schemes: the ratio of WCAG 2, if it is below 4.5.
too_pale() {
    awk '
    function channel(hex, c) {
        c = (16 * (index(digits, substr(hex, 1, 1)) - 1) + index(digits, substr(hex, 2, 1)) - 1) / 255
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ^ 2.4
    }
    function light(hex) {
        return 0.2126 * channel(substr(hex, 1, 2)) + 0.7152 * channel(substr(hex, 3, 2)) + 0.0722 * channel(substr(hex, 5, 2))
    }
    function ratio(a, b) { return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05) }
    BEGIN { digits = "0123456789abcdef" }
    /:root \{/ { scheme++ }
    { line = tolower($0) }
    { while (match(line, /--[a-z]+: #[0-9a-f]+;/)) {
        split(substr(line, RSTART + 2, RLENGTH - 3), colour, ": #")
        shade[scheme, colour[1]] = light(colour[2])
        line = substr(line, RSTART + RLENGTH)
    } }
    END {
        inks = split("ink quiet client pass red note none", ink, " ")
        grounds = split("paper panel wash", ground, " ")
        for (s = 1; s <= 2; s++) for (i = 1; i <= inks; i++) for (g = 1; g <= grounds; g++) {
            if (!((s, ink[i]) in shade) || !((s, ground[g]) in shade)) { print s, ink[i], ground[g], "missing"; continue }
            r = ratio(shade[s, ink[i]], shade[s, ground[g]])
            if (r < 4.5) printf "scheme %d: %s on %s %.2f\n", s, ink[i], ground[g], r
        }
    }' "$1"
}
