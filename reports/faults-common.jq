# What the fault reports say alike.

# A case's red that its own judgement made: not a hang, a crash, or a fault of ours.
def is_assertion: .verdict == "fail" or .verdict == "weak";

# Does this red case see the fault for its reason? A fault made by rule from the tables breaks
# whatever it breaks; one written by a person names what.
def for_its_reason($fault; $case):
    if $fault.ends then true
    elif is_assertion | not then false
    elif $fault.kind == "table" or $fault.rules == [] then true
    else any($case.rules[]; . as $r | $fault.rules | index($r)) end;

# A shell pattern as a regular expression over the whole of a word.
def as_regex: "^" + (gsub("(?<c>[.+^$(){}|\\\\\\[\\]])"; "\\\(.c)") | gsub("\\*"; ".*") | gsub("\\?"; ".")) + "$";
def selects($case): as_regex as $p | ($case.id | test($p)) or ($case.chapter | test($p));
