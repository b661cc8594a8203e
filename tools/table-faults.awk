# The protocol tables -> a fault a line, its lines joined by \001.
#
# Reads rules.tsv and extensions.tsv, for which rules a method or field is about, then the .def
# tables. `met` below says where in the suites a method is seen, and in which direction: what no
# case makes a broker send, or sends it, has nothing to be wrong about.

function met(direction, method, cases) { seen[direction, method] = cases }

BEGIN {
    met("S", "connection.start", "connection/start connection/server_properties auth/plain")
    met("S", "connection.secure", "auth/challenge auth/challenge_failed")
    met("S", "connection.tune", "connection/channel_of_highest_number framing/largest_frame_offered")
    met("S", "connection.open-ok", "connection/handshake connection/handshake/client connection/open_twice")
    met("S", "connection.close", "connection/open_twice connection/vhost_unknown channel/open_twice")
    met("S", "connection.close-ok", "connection/close connection/close_with_reason connection/close_crosses_close")
    met("S", "channel.open-ok", "channel/open channel/open_reserved_field")
    met("S", "channel.flow-ok", "channel/flow_active channel/flow_paused")
    met("S", "channel.close", "channel/error channel/error/client queue/passive_missing")
    met("S", "channel.close-ok", "channel/close channel/close_and_reopen channel/close_crosses_close")
    met("S", "exchange.declare-ok", "exchange/declare_types exchange/no_wait")
    met("S", "exchange.delete-ok", "exchange/delete exchange/no_wait")
    met("S", "exchange.bind-ok", "routing/exchange_to_exchange routing/exchange_chain")
    met("S", "exchange.unbind-ok", "routing/exchange_to_exchange")
    met("S", "queue.declare-ok", "queue/declare queue/declare_ok_names queue/count_is_of_ready queue/server_named")
    met("S", "queue.bind-ok", "queue/bind_default queue/bind_many queue/no_wait_no_reply")
    met("S", "queue.unbind-ok", "queue/unbind queue/unbind_default")
    met("S", "queue.purge-ok", "queue/purge queue/purge/client")
    met("S", "queue.delete-ok", "queue/delete queue/delete_unacked queue/no_wait_no_reply")
    met("S", "basic.qos-ok", "prefetch/qos_ok prefetch/window")
    met("S", "basic.consume-ok", "consume/delivers consume/generated_tags consume/no_wait")
    met("S", "basic.cancel", "consume/cancel_notify consume/cancel_notify/client")
    met("S", "basic.cancel-ok", "consume/cancel consume/cancel_in_flight consume/no_wait")
    met("S", "basic.return", "publish/mandatory_returned publish/mandatory_returned/client publish/immediate")
    met("S", "basic.deliver", "consume/delivers consume/many consume/redelivered_means redelivery/goes_to_other")
    met("S", "basic.get-ok", "consume/get ack/tags_rise publish/order redelivery/get_held")
    met("S", "basic.get-empty", "consume/get queue/purge")
    met("S", "basic.ack", "confirm/each_once confirm/each_once/client confirm/numbers confirm/persistent")
    met("S", "basic.recover-ok", "ack/recover_nothing ack/recover_requeue")
    met("S", "tx.select-ok", "tx/select_twice tx/not_selected")
    met("S", "tx.commit-ok", "tx/commit_publish tx/returns_before_ok")
    met("S", "tx.rollback-ok", "tx/rollback_publish tx/rollback_ack")
    met("S", "confirm.select-ok", "confirm/select_again confirm/select_no_wait")

    met("C", "connection.start-ok", "auth/plain connection/start")
    met("C", "connection.secure-ok", "auth/challenge auth/challenge_failed")
    met("C", "connection.tune-ok", "connection/tune_ok_as_offered connection/tune")
    met("C", "connection.open", "connection/handshake connection/vhost_separation connection/open_twice")
    met("C", "connection.close", "connection/close connection/close_with_reason queue/exclusive_ends redelivery/connection_close")
    met("C", "connection.close-ok", "connection/open_twice channel/open_twice connection/close_crosses_close")
    met("C", "channel.open", "channel/open channel/close_and_reopen")
    met("C", "channel.flow", "channel/flow_active channel/flow_paused")
    met("C", "channel.close", "channel/close channel/close_and_reopen redelivery/channel_close")
    met("C", "channel.close-ok", "channel/error channel/reopen_behind_close_ok channel/deaf_after_close")
    met("C", "exchange.declare", "exchange/declare_types exchange/equivalent exchange/no_wait")
    met("C", "exchange.delete", "exchange/delete exchange/delete_if_unused exchange/no_wait")
    met("C", "exchange.bind", "routing/exchange_to_exchange routing/exchange_chain")
    met("C", "exchange.unbind", "routing/exchange_to_exchange")
    met("C", "queue.declare", "queue/declare queue/server_named queue/passive_missing queue/no_wait")
    met("C", "queue.bind", "queue/bind_default queue/bind_many routing/*")
    met("C", "queue.unbind", "queue/unbind queue/unbind_default routing/topic_unbind")
    met("C", "queue.purge", "queue/purge queue/purge/client")
    met("C", "queue.delete", "queue/delete queue/delete_unacked queue/delete_missing")
    met("C", "basic.qos", "prefetch/window prefetch/one_by_one prefetch/shared_on_channel")
    met("C", "basic.consume", "consume/delivers consume/no_wait queue/auto_delete")
    met("C", "basic.cancel", "consume/cancel consume/cancel_late queue/auto_delete consume/no_wait")
    met("C", "basic.publish", "publish/order consume/get publish/mandatory_returned")
    met("C", "basic.get", "consume/get consume/get_missing queue/purge")
    met("C", "basic.ack", "ack/single ack/multiple ack/unknown ack/twice")
    met("C", "basic.reject", "ack/reject_requeue ack/reject_discard ack/reject_unknown")
    met("C", "basic.nack", "ack/nack_multiple ack/nack_unknown ack/nack_zero")
    met("C", "basic.recover", "ack/recover_requeue ack/recover_original ack/recover/client")
    met("C", "basic.recover-async", "ack/recover_async")
    met("C", "tx.select", "tx/commit_publish tx/uncommitted_ack tx/bad_tag")
    met("C", "tx.commit", "tx/commit_publish tx/commit_ack")
    met("C", "tx.rollback", "tx/rollback_publish tx/rollback_ack")
    met("C", "confirm.select", "confirm/each_once confirm/select_again confirm/not_with_tx")

    # The table calls it asynchronous, the text gives it an answer.
    reply["basic.recover", replies["basic.recover"] = 1] = "basic.recover-ok"
    request["basic.recover-ok"] = "basic.recover"

    # What RabbitMQ adds has its rules elsewhere.
    named["exchange.bind"] = named["exchange.unbind"] = "ext.e2e"
    named["basic.nack"] = "ext.nack"
    named["confirm.select"] = "ext.confirms"
    named["S basic.ack"] = "ext.confirms"
    named["S basic.cancel"] = "ext.consumer-cancel"

    # If these go wrong for everybody, nobody gets in; and five get in before the first case does.
    once = "nth 6 per proxy"
    entrance["connection.start"] = entrance["connection.tune"] = entrance["connection.open-ok"] = 1
    entrance["connection.start-ok"] = entrance["connection.tune-ok"] = entrance["connection.open"] = 1

    # What a broker says anyway, and what it says last of all: not to be had wrong in this way.
    pointless["connection.start", "version-major-zero"] = pointless["connection.close-ok", "delayed"] = 1

    most["octet"] = "255"
    most["short"] = "65535"
    most["long"] = "4294967295"
    most["longlong"] = "18446744073709551615"
}

# ---- the tables

# Rules that a broker can break, and somebody outside can see.
FILENAME ~ /\.tsv$/ {
    split($0, column, "\t")
    if (column[6] ~ /^(wire|capture|lifecycle)$/ && column[4] != "client")
        rule[++rules] = column[1]
    next
}

function arguments() {
    sub(/^[^(]*\(/, "")
    sub(/\).*/, "")
    gsub(/_/, "-")
    return split($0, argument, /, */)
}

# queue-declare-ok -> queue.declare-ok
function dotted(name) { sub(/-/, ".", name); return name }

/^METHOD\(/ {
    arguments()
    name = dotted(argument[1])
    method[++methods] = name
    direction[name] = argument[4]
    content[name] = argument[6] == "CONTENT"
}
/^ *RESPONSE\(/ {
    arguments()
    name = dotted(argument[1])
    reply[name, ++replies[name]] = dotted(argument[2])
    request[dotted(argument[2])] = name
}
/^ *FIELD\(/ {
    arguments()
    name = dotted(argument[1])
    n = ++fields[name]
    type[name, n] = argument[2]
    field[name, n] = argument[3]
    domain[name, n] = argument[4]
    has[name, argument[3]] = 1
}

# ---- which rules a fault breaks

function beginning(prefix,    i, found) {
    for (i = 1; i <= rules; i++)
        if (index(rule[i] ".", prefix ".") == 1)
            found = found " " rule[i]
    return found
}

# Its own, and of an answer those of the request.
function rules_of_method(who, m,    found) {
    if ((who " " m) in named)
        return beginning(named[who " " m])
    found = beginning(m in named ? named[m] : m)
    return m in request ? found rules_of_method("C", request[m]) : found
}

function rules_of_field(m, i,    found) {
    if (("S " m) in named || m == "connection.tune") # whose sixth is met by whatever case
        return rules_of_method("S", m)
    found = beginning(m "." field[m, i])
    if (found == "")
        found = rules_of_method("S", m)
    return domain[m, i] == type[m, i] ? found : found beginning("domain." domain[m, i])
}

# ---- writing

function fault(way, what, who, m, rules_broken, behaviour,    name) {
    if ((m, way) in pointless)
        return
    name = "table-" m "-" way
    gsub(/\./, "-", name)
    printf "fault %s\001  what  %s: %s\001", name, m, what
    if (rules_broken != "")
        printf "  rule %s\001", rules_broken
    printf "  try   %s\001%s\001\n", seen[who, m], behaviour
}

function sent(frames, rest) { return "  on    S " frames "  " rest }
function heard(frames, rest) { return "  on    C " frames "  " rest }
function whole(m) { return m (content[m] ? " +content" : "") (m in entrance ? " " once : "") }

function wrong(m, i, way, what, behaviour) {
    fault(field[m, i] "-" way, field[m, i] " " what, "S", m, rules_of_field(m, i), sent(m, behaviour))
}

function wrong_field(m, i,    f, t, when) {
    f = field[m, i]
    t = type[m, i]
    when = m == "connection.tune" && f != "heartbeat" ? once " " : "" # limits that a broker cannot keep
    if (t == "bit") {
        wrong(m, i, "flipped", "is turned round", "set " f "=!")
        if (f == "no-wait") # which a broker sends in one way only
            return
        wrong(m, i, "never", "is never set", "if " f "=1 set " f "=0")
        wrong(m, i, "always", "is always set", "if " f "=0 set " f "=1")
    } else if (t in most) {
        wrong(m, i, "one-more", "is one too high", when "set " f "+=1")
        wrong(m, i, "zero", "is always 0", "if " f "!=0 set " f "=0")
        wrong(m, i, "maximum", "is always " most[t], "if " f "!=" most[t] " " when "set " f "=" most[t])
    } else if (t == "table") {
        wrong(m, i, "empty", "is empty", "set " f "={}")
    } else {
        if (f !~ /^reserved/) # which is empty anyway
            wrong(m, i, "empty", "is empty", "if " f "!=\"\" set " f "=\"\"")
        wrong(m, i, "other", "says something else", "set " f "=\"another\"")
    }
}

# What is the only answer to a request is dropped under the name of the request.
function only_answer(m) { return m in request && replies[request[m]] == 1 && ("C", request[m]) in seen }

function broker_sends(m,    i, own) {
    own = rules_of_method("S", m)
    for (i = 1; i <= fields[m]; i++)
        wrong_field(m, i)
    if (!only_answer(m))
        fault("dropped", "never sent", "S", m, own, sent(whole(m), "drop"))
    fault("duplicated", "sent twice", "S", m, own, sent(whole(m), "duplicate"))
    fault("delayed", "sent after what should come behind it", "S", m, own,
        content[m] ? sent(whole(m), "swap") : sent(whole(m), "hold until S frame"))
}

# The answer a broker gives that has nothing to say: what it was asked, and zeros.
function empty_answer(m,    r, i, text) {
    for (i = 1; i <= replies[m]; i++)
        if (!content[reply[m, i]])
            r = reply[m, i]
    text = "answer S . " r
    for (i = 1; i <= fields[r]; i++)
        if ((m, field[r, i]) in has && field[r, i] !~ /^reserved/)
            text = text " " field[r, i] "=." field[r, i]
    return text
}

function answered(m,    silent) {
    silent = (m, "no-wait") in has ? "no-wait" : (m, "nowait") in has ? "nowait" : ""
    if (silent == "")
        return heard(whole(m), empty_answer(m))
    return heard(m, "if " silent "=1 drop") "\001" heard(m, "if " silent "=0 " empty_answer(m))
}

function broker_hears(m,    own, i, lines) {
    own = rules_of_method("C", m)
    fault("ignored", "ignored", "C", m, own, heard(whole(m), "drop"))
    if (!replies[m])
        return
    fault("answered", "answered, and has no effect", "C", m, own, answered(m))
    for (i = 1; i <= replies[m]; i++)
        lines = lines (i > 1 ? "\001" : "") sent(whole(reply[m, i]), "drop")
    fault("unanswered", "has its effect, and is not answered", "C", m, own, lines)
}

END {
    for (i = 1; i <= methods; i++) {
        if (direction[method[i]] != "C2S" && ("S", method[i]) in seen)
            broker_sends(method[i])
        if (direction[method[i]] != "S2C" && ("C", method[i]) in seen)
            broker_hears(method[i])
    }
}
