# The rules, the cases that cite them and what one run saw of both. Included by rules.jq,
# explain.jq and declared.jq: jq -L reports. A rule is covered by its citation, or, where there
# is a run, by a case in it that came to a judgement.

def tsv:
    split("\n") | map(select(. != "" and (startswith("#") | not)) | split("\t"))
    | .[0] as $head | .[1:]
    | map(. as $row | reduce range($head | length) as $i ({}; .[$head[$i]] = ($row[$i] // "")));

def dash: if . == "-" then "" else . end;
def base_rules: tsv | map({
    id, extension: false, class, place: .method_or_section, actor, level, testable,
    why: (.why_if_not_testable | dash), official: (.official_scenario == "y"), expected, rabbitmq: (.rabbitmq | dash)
});
def extension_rules: tsv | map({
    id, extension: true, class: .feature, place: .doc_page, actor: "server", level, testable,
    why: "", official: false, expected, rabbitmq: ""
});

def is_visible: .testable | . == "wire" or . == "capture" or . == "lifecycle";
def levels: ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "documented", "implied"];

# From what one would like best to what counts most.
def grave: ["pass", "info", "unsupported", "weak", "not-reached", "fail", "hung", "died", "harness-fault"];
def is_judged: . == "pass" or . == "info" or . == "weak" or . == "fail";
# Of several: unsupported says nothing where another case was judged.
def worst:
    (map(select(. != "unsupported")) | if length > 0 then . else ["unsupported"] end)
    | max_by(. as $v | grave | index($v));

# {case id: worst verdict of its repeats}
def seen($run): reduce $run.cases[] as $c ({}; .[$c.id] = ([.[$c.id] // empty, $c.verdict] | max_by(. as $v | grave | index($v))));

# $cases as `suites --list-json` has them; $run is null or a run file.
def book($rules; $cases; $run):
    (if $run then seen($run) else {} end) as $seen
    | (reduce $cases[] as $c ({}; reduce ($c.rules[] | select(. != "")) as $r (.; .[$r] += [$c]))) as $by_rule
    | $rules | map(
        ($by_rule[.id] // []) as $citing
        | [$citing[] | $seen[.id] // empty] as $verdicts
        | . + {
            visible: is_visible,
            cases: [$citing[].id],
            chapters: ([$citing[].chapter] | unique),
            verdict: (if $verdicts | length > 0 then $verdicts | worst else null end),
            covered: (if $run then any($verdicts[]; is_judged) else ($citing | length) > 0 end)
          });

def pad($n): tostring | . + " " * ($n - length);
def lpad($n): tostring | " " * ($n - length) + .;
# Words in lines of at most $width, those after the first behind $indent blanks.
def wrap($width; $indent):
    reduce (split(" ")[] | select(. != "")) as $word ([""];
        if .[-1] == "" then .[-1] = $word
        elif (.[-1] + $word | length) < $width - $indent then .[-1] += " " + $word
        else . + [$word] end)
    | join("\n" + " " * $indent);
