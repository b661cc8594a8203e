# What the comparisons for people say alike. Included by them: jq -L reports.

# The first line: what a reader may read alone. It names what is worse.
def named($width): reduce .[] as $id ({text: "", left: length};
        if .full or (.text + ", " + $id | length) > $width - 14 and .text != "" then .full = true
        else .text += (if .text == "" then "" else ", " end) + $id | .left -= 1 end)
    | .text + (if .left > 0 then " and \(.left) more" else "" end);
def ids($class): [.differences[] | select(.class == $class).id];
def tally: . as $c | [.classes[] | select($c.counts[.class] > 0) | "\($c.counts[.class]) \(.name)"];
def first_line($width):
    . as $c
    | if .differences == [] then "No difference: \(.new.cases) cases, each as before"
      else ([.classes[] | select(.is == "worse" and $c.counts[.class] > 0)][0]) as $worst
        | if $worst == null then tally | join(", ")
          else "\(.counts[$worst.class]) \($worst.name): " as $head
            | $head + (ids($worst.class) | named($width - ($head | length))) end
      end;

def run_line: "\(.name), \(.started | sub("T"; " ") | sub("Z"; " UTC")), \(.cases) cases";

# What has to be known before one believes the rest.
def selection: if .only + .skip == [] then "all cases"
    else [(.only[] | "--only \(.)"), (.skip[] | "--skip \(.)")] | join(" ") end;
def caveats: . as $c | [
    ("old", "new") as $side | $c[$side] | select(.verdict | . == "unreachable" or . == "interrupted" or . == "harness-fault")
        | "the \($side) run proves little: \(.headline)"
  ] + [
    (select((.old | selection) != (.new | selection)) | "another selection: \(.old | selection), now \(.new | selection)"),
    (select(.old.segmentation != .new.segmentation) | "other segments: \(.old.segmentation), now \(.new.segmentation); times are not compared"),
    (select(.old.strict != .new.strict) | "one of the runs is --strict"),
    (select(.old.edition != .new.edition) | "another edition of the cases: \(.counts.changed + .counts.new + .counts.vanished) differ by that or more"),
    (select(.counts.slower + .counts.faster > 0 and (.pace > 1.25 or .pace < 0.8)) | "the middle case takes \(.pace) times as long as before")
  ];

def change:
    if .old == null then .new.caption
    elif .new == null then "was \(.old.caption)"
    elif .class == "slower" or .class == "faster" then "\(.old.ms) ms, now \(.new.ms) ms"
    elif .old.caption == .new.caption then .new.caption
    else "\(.old.caption), now \(.new.caption)" end
    + (if .old != null and .new != null and .old.revision != .new.revision
       then " (revision \(.old.revision), now \(.new.revision))" else "" end);

# What was seen: of what is new or gone one side, of the rest what differs.
def details:
    if .class == "slower" or .class == "faster" or .class == "vanished" then []
    elif .class == "new" then [.new.seen | select(. != "")]
    elif .old.seen == "" or .old.seen == .new.seen then [.new.seen | select(. != "")]
    else [(.old.seen | select(. != "") | "was  \(.)"), (.new.seen | select(. != "") | "now  \(.)")] end;
