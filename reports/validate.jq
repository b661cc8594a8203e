# Does a run file keep to its schema? One line for each place that does not; nothing if all do.
#   jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq run.json
#
# As much of JSON Schema as ours uses. A word that is not known here is an error, so that
# nothing in the schema is believed to be checked and is not.

def known: ["$schema", "$ref", "$defs", "title", "type", "required", "properties", "additionalProperties", "items",
    "enum", "const", "pattern", "minimum"];

def json_type: type as $t | if $t == "number" and . == floor then ["number", "integer"] else [$t] end;

def wrong($where; $what): "\($where): \($what), not \(tojson | .[0:60])";

def check($s; $where; $root):
    . as $v
    | ($s | keys[] | select(. as $k | known | index($k) | not) | "schema at \($where): '\(.)' is not known here"),
      (select($s["$ref"]) | check($root["$defs"][$s["$ref"] | ltrimstr("#/$defs/")]; $where; $root)),
      (select($s.type) | ([$s.type] | flatten) as $want
       | select(any(json_type[]; . as $t | $want | index($t)) | not) | wrong($where; $want | join(" or "))),
      (select($s.enum) | select([. == $s.enum[]] | any | not) | wrong($where; "one of \($s.enum | join(", "))")),
      (select($s | has("const")) | select(. != $s.const) | wrong($where; $s.const | tojson)),
      (select($s.minimum and type == "number") | select(. < $s.minimum) | wrong($where; "at least \($s.minimum)")),
      (select($s.pattern and type == "string") | select(test($s.pattern) | not) | wrong($where; "like \($s.pattern)")),
      (select(type == "array" and $s.items) | range(length) as $i | $v[$i] | check($s.items; "\($where)[\($i)]"; $root)),
      (select(type == "object")
       | (($s.required // [])[] as $k | select(has($k) | not) | "\($where): \($k) is missing"),
         (keys[] as $k | $v[$k]
          | if $s.properties[$k]? then check($s.properties[$k]; "\($where).\($k)"; $root)
            elif $s.additionalProperties == false then "\($where): \($k) is not in the schema"
            elif ($s.additionalProperties | type) == "object" then
                check($s.additionalProperties; "\($where).\($k)"; $root)
            else empty end));

check($schema[0]; "run"; $schema[0]),
(select(has("cases")) | (if .counts.planned != (.cases | length) then "run: \(.counts.planned) planned, \(.cases | length) reported" else empty end),
(.cases[] | select((.verdicts | add) != .runs) | "run: \(.id): \(.runs) runs, other verdicts"),
(.cases | group_by(.id)[] | select(length > 1) | "run: \(.[0].id) is there \(length) times"))
