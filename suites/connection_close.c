/* Entering a virtual host, and the end of a connection: Open, Close, Close-Ok. */
#define CHAPTER "connection"
#include "suites/steps.h"

/* ---- Open ---------------------------------------------------------------------------- */

/* The two connections are refused side by side: a refusal may take its time. */
static void vhosts_refused(struct t *t, struct str one, struct str other)
{
    struct witness w = witness(t);
    struct peer *a = up_to_open(t, &w, as_offered(&w)), *b = up_to_open(t, &w, as_offered(&w));

    SEND(a, 0, connection_open, .virtual_host = one);
    SEND(b, 0, connection_open, .virtual_host = other);
    STEP("the first");
    ENDS_SILENTLY(a);
    STEP("the second");
    ENDS_SILENTLY(b);
    undisturbed(t, &w);
}

WIRE_CASE(vhost_unknown, .slow = true,
          .title = "Open of a virtual host that is not there is refused",
          .rules = "constant.invalid-path transport.negotiation.silent-close-before-open "
                   "ext.access.vhost-missing")
{
    struct witness w = witness(t);

    vhosts_refused(t, NAME("nowhere"), glued(t, w.vhost, S("x")));
}

WIRE_CASE(vhost_illegal, .slow = true,
          .title = "Open of a virtual host of 0 or of 128 octets is refused",
          .rules = "domain.path.assert-notnull domain.path.assert-length "
                   "transport.negotiation.silent-close-before-open")
{
    vhosts_refused(t, S(""), repeated(t, 'v', 128));
}

/* Two virtual hosts are two worlds: the same name is two queues. */
WIRE_CASE(vhost_separation, .title = "virtual hosts share nothing",
          .rules = "connection.open.virtual-host.separation model.vhost.namespace",
          .needs = "vhosts")
{
    struct peer *here = OPEN(), *there = OPEN(.vhost = S("amqproof"));

    DECLARE(here, 1, .queue = NAME("q"), .exclusive = true);
    SEND(there, 1, queue_declare, .queue = NAME("q"), .passive = true);
    REFUSED(there, 1, NOT_FOUND, queue_declare);
    DECLARE(there, 1, .queue = NAME("q"), .exclusive = true);
    PUBLISH(here, 1, S("here"), .routing_key = NAME("q"));
    GET(here, 1, NAME("q"), S("here"));
    GET_EMPTY(there, 1, NAME("q"));
    CALL(here, 1, queue_delete, .queue = NAME("q"));
    PUBLISH(there, 1, S("there"), .routing_key = NAME("q"));
    GET(there, 1, NAME("q"), S("there"));
}

/* Known, logged in, and yet not let in. */
WIRE_CASE(vhost_denied, .slow = true,
          .title = "Open by a user without rights in the virtual host is refused",
          .rules = "connection.open.virtual-host.security ext.access.vhost-denied",
          .needs = "users")
{
    struct witness w = witness(t);
    struct peer *c = up_to_start(t);

    CALL(c, 0, connection_start_ok, .mechanism = S("PLAIN"), .response = S("\0amqproof-none\0none"),
         .locale = S("en_US"));
    SEND(c, 0, connection_tune_ok, .channel_max = w.offer.channel_max,
         .frame_max = w.offer.frame_max);
    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    ENDS_SILENTLY(c);
    undisturbed(t, &w);
}

WIRE_CASE(open_twice, .title = "a second Open on an open connection: 503 or 504",
          .rules = "connection.open.doc-twice connection.close.doc-ids "
                   "connection.close-ok.chassis-server transport.exceptions.connection-level")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    REFUSED_HARD_ONE_OF(c, connection_open, COMMAND_INVALID, CHANNEL_ERROR);
    undisturbed(t, &w);
}

/* The text says what the two reserved fields hold, not what follows if they hold more. */
WIRE_CASE(open_reserved_fields, .title = "Open with its reserved fields filled",
          .rules = "connection.open.reserved-fields")
{
    struct witness w = witness(t);
    struct peer *c = up_to_open(t, &w, as_offered(&w));

    SEND(c, 0, connection_open, .virtual_host = w.vhost, .reserved_1 = S("capabilities"),
         .reserved_2 = true);
    if (SERVED(c, connection_open_ok, END_OF_STREAM, SYNTAX_ERROR, COMMAND_INVALID, NOT_ALLOWED))
        CALL(c, 1, channel_open);
    else
        INFO("the reserved fields of Open must be empty");
    undisturbed(t, &w);
}

/* ---- Close by the client ---------------------------------------------------------------- */

/* Close-Ok was the last that the broker said. Who hears it may close the socket, and does. */
static void last_words(struct t *t, struct peer *c)
{
    const struct trace *trace;
    const struct trace_event *last = NULL;

    t_drop_fin(t, c);
    trace = TRACE(c);
    for (size_t i = 0; i < trace->n; i++)
        if (trace->at[i].who == 'S' && trace->at[i].octets.n)
            last = &trace->at[i];
    CHECK(last && last == trace_find(trace, NULL, 'S', M_connection_close_ok),
          "the last frame is Close-Ok, and the only one");
}

/* Consumers are gone with the connection. */
WIRE_CASE(close, .title = "Close gets Close-Ok, and then nothing",
          .rules = "connection.close.doc-close-ok connection.close.chassis-server "
                   "transport.close.handshake transport.close.must-answer "
                   "transport.closure.states")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channels = 3);

    DECLARE(c, 2, .queue = NAME("q"), .auto_delete = true);
    CONSUME(c, 3, .queue = NAME("q"));
    CALL(c, 0, connection_close, .reply_code = REPLY_SUCCESS, .reply_text = S("Goodbye"));
    last_words(t, c);
    await_no_queue(t, w.c, 1, NAME("q"));
}

/* A client may close for a reason of its own, and may blame a method of the broker. */
WIRE_CASE(close_with_reason, .title = "Close with a reason gets Close-Ok all the same",
          .rules = "connection.close.doc-close-ok transport.close.must-answer")
{
    struct peer *c = OPEN();

    CALL(c, 0, connection_close, .reply_code = INTERNAL_ERROR, .reply_text = S("it is me"),
         .class_id = 60, .method_id = 60);
    last_words(t, c);
}

WIRE_CASE(close_without_channels, .title = "a connection that never had a channel closes",
          .rules = "connection.close.doc-close-ok transport.close.handshake")
{
    struct peer *c = OPEN(.channels = NO_CHANNEL);

    CALL(c, 0, connection_close, .reply_code = REPLY_SUCCESS, .reply_text = S("Goodbye"));
    last_words(t, c);
}

/* What was said before Close counts. */
WIRE_CASE(close_after_publish, .title = "a message published right before Close is not lost",
          .rules = "transport.close.handshake transport.order.methods")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    DECLARE(w.c, 1, .queue = NAME("q"));
    CORK(c);
    PUBLISH(c, 1, S("last words"), .routing_key = NAME("q"));
    SEND(c, 0, connection_close, .reply_code = REPLY_SUCCESS, .reply_text = S("Goodbye"));
    UNCORK(c);
    RECV(c, 0, connection_close_ok);
    last_words(t, c);
    await_queue(t, w.c, 1, NAME("q"), 1, 0);
    GET(w.c, 1, NAME("q"), S("last words"));
    CALL(w.c, 1, queue_delete, .queue = NAME("q"));
}

/* Before Open-Ok there is nothing to close in good order; what a broker does is recorded. */
WIRE_CASE(close_in_handshake, .title = "Close instead of Open is answered, or ends the connection",
          .rules = "transport.close.must-answer")
{
    struct witness w = witness(t);
    struct peer *c = up_to_open(t, &w, as_offered(&w));

    SEND(c, 0, connection_close, .reply_code = REPLY_SUCCESS, .reply_text = S("changed my mind"));
    if (!SERVED(c, connection_close_ok, END_OF_STREAM, COMMAND_INVALID, CHANNEL_ERROR))
        INFO("Close before Open-Ok is refused");
    undisturbed(t, &w);
}

/* ---- Close by the broker ------------------------------------------------------------------ */

/* Once the broker has sent Close it hears Close-Ok and Close, nothing else. */
WIRE_CASE(deaf_after_close, .title = "after the broker's Close other methods are discarded",
          .rules = "connection.close.stability connection.close-ok.doc-release "
                   "domain.reply-code.doc-known-code domain.reply-text.assert-notnull "
                   "transport.errors.code-and-text")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    RECV(c, 0, connection_close, .reply_code = ONE_OF(COMMAND_INVALID, CHANNEL_ERROR),
         .reply_text = NONEMPTY);
    SEND(c, 1, queue_declare, .queue = NAME("late"));
    SEND(c, 0, connection_close_ok);
    HANGUP(c);
    never_declared(t, &w, NAME("late"));
    undisturbed(t, &w);
}

/* Both sides close at once: each answers the other, nobody waits for ever. */
WIRE_CASE(close_crosses_close, .title = "crossing Closes are both answered",
          .rules = "connection.close.stability transport.close.simultaneous "
                   "transport.close.must-answer")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    CORK(c);
    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    SEND(c, 0, connection_close, .reply_code = REPLY_SUCCESS, .reply_text = S("Goodbye"));
    UNCORK(c);
    RECV(c, 0, connection_close, .reply_code = ONE_OF(COMMAND_INVALID, CHANNEL_ERROR));
    if (SERVED(c, connection_close_ok, END_OF_STREAM)) {
        SEND(c, 0, connection_close_ok);
        HANGUP(c);
    } else {
        WEAK("errata 42: the stream ends without an answer to a crossing Close");
    }
    undisturbed(t, &w);
}

/* Close-Ok answers Close; said out of the blue it is a method out of order. */
WIRE_CASE(close_ok_unasked, .title = "Close-Ok that answers nothing is refused",
          .rules = "connection.doc-grammar-out-of-order transport.close.handshake")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    SEND(c, 0, connection_close_ok);
    REFUSED_HARD_ONE_OF(c, connection_close_ok, COMMAND_INVALID, CHANNEL_ERROR, UNEXPECTED_FRAME);
    undisturbed(t, &w);
}

/* ---- The application's view -------------------------------------------------------- */

CLIENT_CASE(handshake, .title = "log in, open channels, close",
            .rules = "connection.doc-grammar-order connection.open.doc-open-ok "
                     "connection.close.doc-close-ok")
{
    struct session *a = SESSION(.channels = 2), *b = SESSION();

    DO(a, 2, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(a, 2, S("hello"), .routing_key = NAME("q"));
    FETCH(a, 2, NAME("q"), S("hello"));
    LEAVE(a);
    DO_REFUSED(b, 1, NOT_FOUND, queue_declare, .queue = NAME("q"), .passive = true);
    LEAVE(b);
}

CLIENT_CASE(vhost_separation, .title = "virtual hosts share nothing",
            .rules = "connection.open.virtual-host.separation", .needs = "vhosts")
{
    struct session *here = SESSION(), *there = SESSION(.vhost = S("amqproof"));

    DO(here, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO_REFUSED(there, 1, NOT_FOUND, queue_declare, .queue = NAME("q"), .passive = true);
    DO(there, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(here, 1, S("here"), .routing_key = NAME("q"));
    FETCH(here, 1, NAME("q"), S("here"));
    FETCH_EMPTY(there, 1, NAME("q"));
}
