/* A connection: protocol header, Start, the order of the handshake. What is agreed in Tune is in
   connection_negotiation.c, Open and Close are in connection_close.c, logging in is in auth.c. */
#define CHAPTER "connection"
#include "suites/steps.h"

#include <string.h>

/* ---- Protocol header ------------------------------------------------------------ */

/* The client speaks first. Another connection's whole handshake is the time a broker that
   cannot wait has for its blunder. */
WIRE_CASE(client_speaks_first, .title = "the broker is silent until it has a protocol header",
          .rules = "transport.header.client-first transport.header.accepted "
                   "connection.start.doc-first-method",
          .revision = 2)
{
    struct peer *c = CONNECT();
    struct witness w = witness(t);
    const struct trace *trace;

    RAW(c, PROTOCOL_HEADER);
    RECV(c, 0, connection_start);
    trace = TRACE(c);
    for (size_t i = 0, said = 0; said < 2; i++) {
        const struct trace_event *e = &trace->at[i];

        CHECK(i < trace->n, "the capture holds header and Start");
        if (e->kind == TRACE_OPEN)
            continue;
        CHECK(said || (e->kind == TRACE_HEADER && e->who == 'C'),
              "the first octets of the connection are the client's header");
        CHECK(!said || (e->frame.method && e->frame.method->id == M_connection_start),
              "the first octets of the broker are Start");
        said++;
    }
    undisturbed(t, &w);
}

/* The header that answers an unwelcome one names something the broker does speak. */
static struct str offered_header(struct t *t, struct peer *c)
{
    struct next n = NEXT(c);
    struct str offer;

    CHECK(n.kind == GOT_FRAME && n.frame.type == FRAME_PROTOCOL_HEADER,
          "the answer to an unwelcome header is a header");
    offer = arena_copy(t_arena(t), n.frame.payload);
    for (size_t i = 5; i < offer.n; i++)
        CHECK((uint8_t)offer.p[i] <= 99, "official versions are made of 0 to 99");
    return offer;
}

static void header_refused(struct t *t, struct str unwelcome)
{
    struct witness w = witness(t);
    struct peer *c = CONNECT();
    struct str offer;
    struct next n;

    RAW(c, unwelcome);
    offer = offered_header(t, c);
    HANGUP(c);
    undisturbed(t, &w);
    STEP("what the broker offers it accepts");
    c = CONNECT();
    RAW(c, offer);
    if (str_eq(offer, PROTOCOL_HEADER)) {
        RECV(c, 0, connection_start);
        return;
    }
    WEAK("errata 41: the broker offers another protocol than AMQP 0-9-1");
    n = NEXT(c);
    CHECK(n.kind == GOT_FRAME && str_eq(n.frame.payload, offer), "it is answered by itself");
    n = t_next(HERE, c, 500, false);
    CHECK(n.kind == GOT_FRAME || n.kind == GOT_SILENCE, "the stream goes on");
}

WIRE_CASE(header_of_http, .title = "HTTP gets a protocol header and the end of the stream",
          .rules = "connection.start.protocol-name transport.header.bad-literal "
                   "transport.header.offered-is-valid conventions.version-range",
          .revision = 2)
{
    header_refused(t, S("GET / HTTP/1.1\r\n\r\n"));
}

/* One wrong letter in eight octets. */
WIRE_CASE(header_misspelt, .title = "AMQQ gets a protocol header and the end of the stream",
          .rules = "connection.start.protocol-name transport.header.bad-literal "
                   "transport.header.offered-is-valid",
          .revision = 2)
{
    header_refused(t, S("AMQQ\0\0\x09\x01"));
}

WIRE_CASE(header_lower_case, .title = "amqp gets a protocol header and the end of the stream",
          .rules = "connection.start.protocol-name transport.header.bad-literal "
                   "transport.header.offered-is-valid",
          .revision = 2)
{
    header_refused(t, S("amqp\0\0\x09\x01"));
}

WIRE_CASE(header_protocol_id, .title = "an unknown protocol id gets a protocol header",
          .rules = "transport.header.bad-protocol-id transport.header.offered-is-valid",
          .revision = 2)
{
    header_refused(t, S("AMQP\x05\0\x09\x01"));
}

/* What a client of the future would ask for: it learns what it may ask for today. */
WIRE_CASE(header_version_too_high, .title = "version 9-9-9 gets a protocol header",
          .rules = "transport.header.bad-version connection.start.server-support "
                   "transport.header.offered-is-valid conventions.version-range",
          .revision = 2)
{
    header_refused(t, S("AMQP\0\x09\x09\x09"));
}

WIRE_CASE(header_version_of_255, .title = "version 255-255-255 gets a protocol header",
          .rules = "transport.header.bad-version connection.start.server-support "
                   "transport.header.offered-is-valid conventions.version-range",
          .revision = 2)
{
    header_refused(t, S("AMQP\0\xff\xff\xff"));
}

/* 0-9-1 is neither 0-9, as its first drafts were called, nor a revision that never was. */
WIRE_CASE(header_revision, .title = "0-9-0 and 0-9-2 get a protocol header",
          .rules = "transport.header.bad-version transport.header.offered-is-valid")
{
    STEP("0-9-0");
    header_refused(t, S("AMQP\0\0\x09\0"));
    STEP("0-9-2");
    header_refused(t, S("AMQP\0\0\x09\x02"));
}

/* Seven octets are no header yet, and no reason to give up; the eighth makes it one. */
WIRE_CASE(header_in_pieces, .title = "a protocol header may come octet by octet",
          .rules = "transport.header.pipelined transport.header.truncated "
                   "transport.header.accepted")
{
    struct peer *c = CONNECT();
    struct witness w = witness(t);

    for (size_t i = 0; i < PROTOCOL_HEADER.n; i++) {
        RAW(c, ((struct str){ PROTOCOL_HEADER.p + i, 1 }));
        QUIET(w.c, 1);
    }
    RECV(c, 0, connection_start, .version_major = EQ(0), .version_minor = EQ(9));
}

/* Sockets that say nothing, or half a header, keep nobody waiting. */
WIRE_CASE(silent_sockets, .title = "connections that say nothing do not hold up others",
          .rules = "transport.header.client-first transport.header.truncated")
{
    struct peer *silent = CONNECT(), *half = CONNECT();
    struct witness w;

    RAW(half, S("AMQP"));
    w = witness(t);
    undisturbed(t, &w);
    RAW(silent, PROTOCOL_HEADER);
    RECV(silent, 0, connection_start);
    RAW(half, S("\0\0\x09\x01"));
    RECV(half, 0, connection_start);
}

/* ---- Start ------------------------------------------------------------------------ */

static bool lists(struct str words, struct str word)
{
    for (size_t at = 0; at <= words.n;) {
        const char *end = memchr(words.p + at, ' ', words.n - at);
        size_t n = end ? (size_t)(end - words.p) - at : words.n - at;

        if (str_eq((struct str){ words.p + at, n }, word))
            return true;
        at += n + 1;
    }
    return false;
}

WIRE_CASE(start, .title = "Start: version 0-9, mechanisms with PLAIN, locales with en_US",
          .rules = "connection.start.version-major.doc-range "
                   "connection.start.version-minor.doc-range connection.start.doc-first-method "
                   "connection.start.mechanisms.assert-notnull "
                   "connection.start.mechanisms.doc-list connection.start.locales.assert-notnull "
                   "connection.start.locales.required-support conventions.version-range")
{
    struct peer *c = CONNECT();
    const struct m_connection_start *start;

    RAW(c, PROTOCOL_HEADER);
    start = RECV(c, 0, connection_start, .version_major = EQ(0), .version_minor = EQ(9),
                 .server_properties = NONEMPTY, .mechanisms = NONEMPTY, .locales = NONEMPTY);
    CHECK(lists(start->mechanisms, S("PLAIN")), "mechanisms hold the word PLAIN");
    CHECK(!lists(start->mechanisms, S("")), "mechanisms are separated by single blanks");
    CHECK(lists(start->locales, S("en_US")), "locales hold the word en_US");
    CHECK(!lists(start->locales, S("")), "locales are separated by single blanks");
}

/* Who is there? A SHOULD, field by field; copyright only where there is one to tell of. */
WIRE_CASE(server_properties, .title = "Start tells host, product, version, platform, information",
          .rules = "connection.start.server-properties.required-fields "
                   "domain.peer-properties.doc-table")
{
    static const char *const names[] = { "host", "product", "version", "platform", "information" };
    struct peer *c = CONNECT();
    const struct m_connection_start *start;

    RAW(c, PROTOCOL_HEADER);
    start = RECV(c, 0, connection_start);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct value *v = table_find(start->server_properties, str_of(names[i]));

        if (!v)
            WEAK("server-properties lack a field (host: errata 67): %s", names[i]);
        else
            CHECK(v->tag == 'S' && v->s.n > 0, "%s is a text with something in it", names[i]);
    }
}

/* ---- The order of the handshake ----------------------------------------------------- */

/* Header, Start, Start-Ok, Tune, Tune-Ok, Open, Open-Ok; a connection is open from then on. */
WIRE_CASE(handshake, .title = "the handshake, method by method",
          .rules = "connection.doc-grammar-order connection.start-ok.chassis-server "
                   "connection.tune-ok.chassis-server connection.open.chassis-server "
                   "connection.open.doc-open-ok connection.open-ok.reserved-1 "
                   "transport.close.open-state connection.chassis-server")
{
    struct witness w = witness(t);
    struct peer *c = up_to_open(t, &w, as_offered(&w));

    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    RECV(c, 0, connection_open_ok, .reserved_1 = IS(S("")));
    CALL(c, 1, channel_open);
    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CLOSE(c);
}

/* All a client has left to say once it knows what Tune offers, in one segment. */
WIRE_CASE(handshake_at_once, .title = "Tune-Ok, Open and the first methods in one segment",
          .rules = "connection.doc-grammar-order transport.framing.segmentation "
                   "transport.order.methods")
{
    struct witness w = witness(t);
    struct peer *c = up_to_tune(t, &w);

    CORK(c);
    SEND(c, 0, connection_tune_ok, .channel_max = w.offer.channel_max,
         .frame_max = w.offer.frame_max);
    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    SEND(c, 1, channel_open);
    SEND(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, S("early"), .routing_key = NAME("q"));
    SEND(c, 1, basic_get, .queue = NAME("q"), .no_ack = true);
    UNCORK(c);
    RECV(c, 0, connection_open_ok);
    RECV(c, 1, channel_open_ok);
    RECV(c, 1, queue_declare_ok, .queue = IS(NAME("q")));
    RECV_CONTENT(c, 1, basic_get_ok, S("early"));
}

/* Four steps out of turn, side by side: a refusal may take its time. Nobody gets in without
   having logged in, or without having agreed on the limits. */
WIRE_CASE(handshake_out_of_order, .slow = true,
          .title = "a handshake out of order ends the connection",
          .rules = "connection.doc-grammar-out-of-order "
                   "transport.negotiation.silent-close-before-open")
{
    static const char *const what[] = { "Tune-Ok for Start-Ok", "Open for Start-Ok",
                                        "Open for Tune-Ok", "Start-Ok for Tune-Ok" };
    struct witness w = witness(t);
    struct peer *c[] = { up_to_start(t), up_to_start(t), up_to_tune(t, &w), up_to_tune(t, &w) };

    SEND(c[0], 0, connection_tune_ok, .frame_max = FRAME_MIN_SIZE);
    SEND(c[1], 0, connection_open, .virtual_host = w.vhost);
    SEND(c[2], 0, connection_open, .virtual_host = w.vhost);
    SEND(c[3], 0, connection_start_ok, .mechanism = w.mechanism, .response = w.response,
         .locale = S("en_US"));
    for (size_t i = 0; i < 4; i++) {
        STEP("%s", what[i]);
        ENDS_SILENTLY(c[i]);
    }
    undisturbed(t, &w);
}

/* A connection is not open before its Open-Ok: no channel, and nothing on it. */
WIRE_CASE(open_left_out, .slow = true, .title = "channel.open before Open ends the connection",
          .rules = "connection.doc-grammar-out-of-order transport.close.open-state "
                   "transport.negotiation.silent-close-before-open")
{
    struct witness w = witness(t);
    struct peer *c = up_to_open(t, &w, as_offered(&w));

    CORK(c);
    SEND(c, 1, channel_open);
    SEND(c, 1, queue_declare, .queue = NAME("early"));
    UNCORK(c);
    ENDS_SILENTLY(c);
    never_declared(t, &w, NAME("early"));
    undisturbed(t, &w);
}
