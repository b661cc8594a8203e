# report.html as a browser shows it: filters, every verdict, the drawn conversation, keys, widths, colours.
# shellcheck shell=sh
. suites/self/shell/lib.sh
. suites/self/shell/browser.sh

template=reports/report.html

# ---- colours: no browser is needed ------------------------------------------------------

same "every ink is legible on every ground, light and dark" "" "$(too_pale "$template")"
sed 's/--red: #[0-9a-f]*/--red: #ffcccc/' "$template" >"$work/pale.html"
[ "$(too_pale "$work/pale.html" | wc -l)" -ge 3 ]
result $? "an ink that is too pale is found"

command -v chromium >/dev/null || {
    skip "the page in a browser" "chromium is not installed"
    finish
    exit 0
}

# ---- pages to look at -------------------------------------------------------------------

# Every verdict, and conversations: two connections with the frame that is wrong, silence, very many frames.
page_of_all() {
    mkdir "$work/all"
    jq -c --arg opened 'C - protocol-header "AMQP\x00\x00\x09\x01"
S 0 connection.start version-minor=9
C 0 connection.start-ok mechanism="PLAIN"
S 0 connection.tune frame-max=131072
C 0 connection.tune-ok frame-max=131072
C 0 connection.open virtual-host="/"
S 0 connection.open-ok' '
        def by($c): split("\n") | map("\($c) \(.)") | join("\n");
        if .event != "result" then .
        elif .id == "queue/passive_missing" then
            .conversation = ($opened | by("a")) + "\n" + ($opened | by("b")) + "\nb C 1 channel.open\nb S 1 channel.open-ok"
                + "\nb C 1 queue.declare queue=\"amqproof.1f3a-00ff.queue-passive_missing.q\" arguments={x:S:\"a b\", y:F:{z:I:1}}"
                + "\nb S 1 queue.declare-ok queue=\"amqproof.1f3a-00ff.queue-passive_missing.q\" message-count=7\na C - close fin\nb C - close fin"
            | .message = "wanted  b S 1 queue.declare-ok queue=\"amqproof.1f3a-00ff.queue-passive_missing.q\" message-count=2|3"
                + "\ngot     b S 1 queue.declare-ok queue=\"amqproof.1f3a-00ff.queue-passive_missing.q\" message-count=7\nwhen    twice"
        elif .id == "queue/passive_missing/client" then .conversation = $opened + "\nC 1 channel.open\nS 1 channel.open-ok\nC - close fin"
            | .message = "wanted  S 1 basic.ack\ngot     nothing (within 5003 ms) </script><b>bold</b>"
        elif .id == "routing/fanout" then .conversation = ([range(300) | "C 1 basic.publish routing-key=\"k\(.)\"\nC 1 header class=basic size=1\nC 1 body \"x\""] | join("\n"))
        elif .id == "ack/unknown_tag" then .conversation = ([range(300) | "C 1 basic.ack delivery-tag=\(.)"] | join("\n"))
        else . end' reports/sample/events.ndjson >"$work/all/events.ndjson"
    tools/amqproof report "$work/all" >/dev/null
}

page_of_many() { # N cases, one in ten of them red, each with some thirty frames
    mkdir "$work/many"
    jq -c --argjson n "$1" 'def name($i): "chapter\($i % 40)/case_\($i)";
        ([range(30) | "S 1 basic.deliver consumer-tag=\"c\" delivery-tag=\(.) exchange=\"\" routing-key=\"some.queue.or.other\""] | join("\n")) as $said
        | if .event == "plan" then .cases[0] as $c | .planned = $n
            | .cases = [range($n) as $i | $c + {id: name($i), chapter: "chapter\($i % 40)"}]
        elif .event == "result" and .id == "connection/header_mismatch" then range($n) as $i | .id = name($i) | .conversation = $said + "\nC 1 basic.ack delivery-tag=\($i)"
            | if $i % 10 == 0 then .verdict = "fail" | .red = true | .message = "wanted  S 1 basic.deliver delivery-tag=31\ngot     nothing (within 5 ms)" else . end
        elif .event == "result" then empty else . end' reports/sample/events.ndjson >"$work/many/events.ndjson"
    tools/amqproof report "$work/many" >/dev/null
}

page_of_all
look all 1200 'verdict=fail,weak&level=SHOULD' '
same("an address selects before anybody clicks", idsOf(c => c.verdict === "weak" && c.level === "SHOULD"), shown());
for (const verdict of ["pass", "fail", "weak", "info", "unsupported", "not-reached", "died", "hung", "harness-fault"]) {
    go("verdict=" + verdict);
    check("there is a case that ends " + verdict, shown() !== "");
    same("verdict " + verdict, idsOf(c => c.verdict === verdict), shown());
}
go("verdict=red");
same("verdict red", idsOf(c => c.red), shown());
go("verdict=excused");
same("verdict excused", idsOf(c => c.ledger === "matched" && !c.red), shown());
go("verdict=fail,died");
same("two verdicts", idsOf(c => ["fail", "died"].includes(c.verdict)), shown());
go("chapter=queue");
same("chapter", idsOf(c => c.chapter === "queue"), shown());
same("how many are shown", "4 of 14", one("output").value);
same("headings of groups in which nothing is shown are hidden", "red queue", every(".group").filter(g => g.offsetParent).map(g => g.firstChild.textContent.split(" ")[0]).join(" "));
go("level=documented");
same("level", idsOf(c => c.level === "documented"), shown());
go("text=K17%20ROUTING");
same("text: each word, in frames too", "routing/fanout", shown());
go("text=nobody-says-this");
check("nothing is like that, and it says so", shown() === "" && one(".empty").offsetParent);
go("%E0%A4%A&verdict=none&level=%zz");
check("a spoilt address is survived", true);
go("");
same("no filter", idsOf(() => true), shown());

one("[name=verdict][value=died]").click();
same("a click selects", "ack/unknown_tag", shown());
same("and is in the address", "#verdict=died", location.hash);
go(one("nav a").hash.slice(1));
same("chapters lead to their cases", idsOf(c => c.chapter === "ack"), shown());

for (const c of run.cases) {
    go(c.id);
    const d = detail(c.id);
    check(c.verdict + " " + c.id + " opens by its address", d && d.offsetParent);
    check("with its rules, the command and " + (c.capture ? "its capture" : "no capture"), c.rules.every(r => d.textContent.includes(r))
        && d.textContent.includes(c.rerun) && (!c.capture || one("a[download]", d).getAttribute("href") === c.capture));
    check("with its conversation", c.conversation === "" ? d.textContent.includes("nothing was said") : one(".seq .frame", d));
}
check("what a broker says never becomes markup", detail("queue/passive_missing/client").textContent.includes("<\/script><b>bold</b>"));
check("a rule says what it asks", detail("queue/passive_missing").textContent.includes(asked.rules["queue.declare.passive.passive"].expected));
check("the reason in the ledger", detail("consume/exclusive_twice").textContent.includes("answers 405 where the text asks for 403"));
check("errata are explained", Object.keys(asked.errata).join() === "17" && detail("consume/exclusive_twice").textContent.includes(asked.errata[17].topic));
check("the page fits", fits());

let d = detail("queue/passive_missing");
let broke = every(".broke", d);
same("one frame is marked", 1, broke.length);
check("the one that was got, from the server", broke[0].matches(".s2c") && one(".at", broke[0]).textContent.startsWith("queue.declare-ok"));
same("with the field that is wrong", "message-count=7", every(".off", broke[0]).map(e => e.textContent).join());
check("what was wanted, and when, beside it", broke[0].textContent.includes("message-count=2|3") && broke[0].textContent.includes("twice"));
same("how connections open is folded away, once for each", 2, every(".aside button", d).length);
const lives = every(".life", d);
same("a lifeline for each connection and one for the broker", 3, lives.length);
const from = every(".c2s .arrow", d)[0].getBoundingClientRect(), to = one(".s2c .arrow", d).getBoundingClientRect();
check("arrows run from lifeline to lifeline", near(from.left, middle(lives[1])) && near(from.right, middle(lives[2])) && near(to.left, from.left));
check("names are shortened and explained", d.textContent.includes("queue=\"~q\"") && d.textContent.includes("~ stands for amqproof.1f3a-00ff.queue-passive_missing."));
check("a table is one field", every(".say i", d).some(e => e.textContent === "arguments=" && e.nextSibling.textContent === "{x:S:\"a b\", y:F:{z:I:1}}"));
const folded = every(".frame", d).length;
one(".aside button", d).click();
same("a click unfolds", folded + 12, every(".frame", d).length);
one("details.raw", d).open = true;
one("details.raw", d).dispatchEvent(new Event("toggle"));
same("the text as it is in the run", run.cases.find(c => c.id === "queue/passive_missing").conversation, one(".raw pre", d).textContent);

broke = every(".broke", detail("queue/passive_missing/client"));
check("silence is marked where it was, before the end", broke.length === 1 && broke[0].textContent.includes("nothing (within 5003 ms)")
    && broke[0].previousElementSibling.textContent.includes("channel.open-ok") && broke[0].nextElementSibling.textContent.includes("close"));
same("content is on the arrow of its method", 3, every(".say > div", one(".c2s", detail("routing/fanout"))).length);
check("what passed is cut, and says so", detail("routing/fanout").textContent.includes("lines, not in this page"));
check("what did not is all there", run.cases.find(c => c.id === "ack/unknown_tag").conversation.split("\n").length === 300);
check("but its middle is folded", every(".frame", detail("ack/unknown_tag")).length < 200 && detail("ack/unknown_tag").textContent.includes("frames between"));
every(".open th a").forEach(a => a.click());
check("a click on what is open closes it", !one(".detail") && one(".why").offsetParent);

go("");
document.activeElement.blur();
const links = every(".cases th a"), at = () => links.indexOf(document.activeElement);
press("j"); press("j");
same("j goes to the next case", 1, at());
press("k");
same("k goes back", 0, at());
go("verdict=info,weak,fail");
document.activeElement.blur();
press("j"); press("j"); press("j");
check("j passes over what is hidden", document.activeElement.closest("tr").offsetParent !== null && at() > 2);
go("");
document.activeElement.blur();
press("n");
same("n finds what is red", "red", document.activeElement.closest("tr").dataset.tone);
press("/");
check("/ searches", document.activeElement === one("[name=text]"));
press("j");
check("a letter in the search is a letter", document.activeElement === one("[name=text]"));
press("Escape");
check("Escape leaves the search", document.activeElement !== one("[name=text]"));
press("?");
check("? tells the keys", one("#keys").open && one("#keys").textContent.includes("next red case"));
one("#keys").close();
dispatchEvent(new Event("beforeprint"));
same("on paper what is red is open", idsOf(c => c.red), every(".open").map(r => r.id).sort().join(" "));
'

look all 400 'queue/passive_missing' '
check("narrow: the case of the address is open", detail("queue/passive_missing").offsetParent);
check("narrow: nothing sticks out", fits());
document.body.style.width = "400px"; // browsers do not make their windows that narrow
check("narrow: nor of 400", innerWidth < 600 && document.body.scrollWidth <= 400);
check("narrow: the chapters are folded", !one(".chapters").open);
'

page_of_many 2000
look many 1200 '' '
same("2000 cases", 2000, every(".cases tr[id]").length);
const nodes = every("*").length;
check("at most 16 elements a case: " + nodes, nodes < 16 * 2000);
const begin = performance.now();
go("text=delivery-tag%3D1234");
same("a search through all frames", "chapter34/case_1234", shown());
go("verdict=red");
same("200 of them are red", 200, shown().split(" ").length);
go("chapter20/case_60");
const took = Math.round(performance.now() - begin);
check("search, filter and a case within 5 s", took < 5000);
check("a case that is opened adds little", every("*").length - nodes < 1000 && detail("chapter20/case_60"));
'
# What is said often is there once: 2000 times 3 kB of frames.
[ "$(wc -c <"$work/many/report.html")" -lt 5000000 ]
result $? "2000 cases in less than 5 MB"
same "nothing is fetched" 0 "$(grep -cE '<(link|img|script src|iframe)|@import|url\(' "$template")"
finish
