# Fault files -> a line a fault: name, file, rules, real, reds, tries, ends, what and its rules of
# behaviour, by tabs. `faultproxy --check` has read them before: nothing is wrong with them.
function rest() { sub(/^[ \t]*[a-z]+[ \t]*/, ""); gsub(/[ \t]+/, " "); sub(/ #.*/, ""); sub(/ $/, ""); return $0 }
function flush() {
    if (name != "") print name "\t" file "\t" rules "\t" real "\t" reds "\t" tries "\t" ends "\t" what "\t" on
    name = rules = real = reds = tries = ends = what = on = ""
}
function more(list) { return list (list == "" ? "" : " ") rest() }
/^[ \t]*(#|$)/ { next }
$1 == "fault" { flush(); name = $2; file = FILENAME; next }
$1 == "what" { sub(/^[ \t]*what[ \t]*/, ""); what = $0; next }
$1 == "rule" { rules = more(rules); next }
$1 == "real" { real = more(real); next }
$1 == "reds" { reds = more(reds); next }
$1 == "try" { tries = more(tries); next }
$1 == "ends" { ends = "ends"; next }
$1 == "on" { on = on (on == "" ? "" : "; ") rest(); next }
END { flush() }
