# Makes the protocol tables of fixtures/spec from Debian's amqp-specs.
#   awk -v want=amqp091|rabbitmq|codes -f tools/spec-tables.awk BASE.xml EXTENDED.xml
# The stripped XML files hold one element a line, which is all this relies on.
# A method that BASE has goes to amqp091.def, one that only EXTENDED has to
# rabbitmq.def; names and directions are EXTENDED's (it un-reserves two bits of
# exchange.declare and lets the server send ack, nack and cancel).

function attr(name,    s) {
    if (!match($0, "[ \t]" name "=\"[^\"]*\""))
        return ""
    s = substr($0, RSTART, RLENGTH)
    sub(/^[^"]*"/, "", s)
    sub(/"$/, "", s)
    return s
}
function ident(s) { gsub(/-/, "_", s); return s }
function flush_method(    dir, i) {
    if (method == "")
        return
    dir = to_server ? (to_client ? "BOTH" : "C2S") : "S2C"
    if ((want == "rabbitmq") == !(method in base)) {
        if (shown != class_name) {
            if (want == "amqp091" || !(class_name in base_class))
                printf "\nCLASS(%s, %s)\n", class_name, class_index
            shown = class_name
        }
        printf "\nMETHOD(%s, %s, %s, %s, %s, %s)\n", method, class_index, method_index, dir, sync, content
        for (i = 1; i <= n; i++)
            print "    " row[i]
        printf "END(%s)\n", method
    }
    method = ""
}

FNR == 1 { file++ }
/<class /      { class_name = ident(attr("name")); class_index = attr("index"); if (file == 1) base_class[class_name] }
/<method /     { name = class_name "_" ident(attr("name")); if (file == 1) base[name] }
file == 1 && want != "codes" { next }

want == "codes" && file == 2 && /<constant / {
    name = attr("name")
    upper = toupper(ident(name))
    kind = attr("class")
    if (name ~ /^frame-(method|header|body|heartbeat)$/)
        printf "FRAME(%s, %s)\n", substr(upper, 7), attr("value")
    else if (kind != "" || name == "reply-success")
        printf "CODE(%s, %s, %s)\n", upper, attr("value"), kind == "hard-error" ? "HARD" : kind == "soft-error" ? "SOFT" : "NONE"
    else if (name ~ /^frame-/)
        printf "LIMIT(%s, %s)\n", upper, attr("value")
}
want == "codes" { next }

/<domain /     { type_of[attr("name")] = attr("type") }
/<method /     {
    flush_method()
    method = name; method_index = attr("index"); n = 0
    sync = attr("synchronous") ? "SYNC" : "ASYNC"
    content = attr("content") ? "CONTENT" : "PLAIN"
    to_server = to_client = 0
}
method != "" && /<chassis name="server"/ { to_server = 1 }
method != "" && /<chassis name="client"/ { to_client = 1 }
method != "" && /<response /  { row[++n] = sprintf("RESPONSE(%s, %s_%s)", method, class_name, ident(attr("name"))) }
/<field /      {
    domain = attr("domain"); if (domain == "") domain = attr("type")
    if (method != "")
        row[++n] = sprintf("FIELD(%s, %s, %s, %s)", method, type_of[domain], ident(attr("name")), ident(domain))
    else if (want == "amqp091")
        property[++properties] = sprintf("PROPERTY(%s, %s, %s)", class_name, type_of[domain], ident(attr("name")))
}
/<\/method>/   { flush_method() }
END {
    if (want == "amqp091") {
        print "\n/* Properties in flag order: the first is bit 15. */"
        for (i = 1; i <= properties; i++)
            print property[i]
    }
}
