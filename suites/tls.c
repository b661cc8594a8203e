/* AMQP inside TLS: what is said there means what it means outside, however it is cut into records;
   the handshake is bounded and harms nobody else; the end of TLS is the end of the connection.
   The certificates are of this run: tools/make-certs. */
#define CHAPTER "tls"
#include "suites/steps.h"

#include "fixtures/peer/tls.h"

#include <string.h>

/* 200 KiB, so that no record and no frame of the usual size holds it. */
static struct str large(struct t *t)
{
    enum { SIZE = 200 * 1024 };
    char *p = arena_alloc(t_arena(t), SIZE);

    for (size_t i = 0; i < SIZE; i++)
        p[i] = (char)(i * 31 + i / 251);
    return (struct str){ p, SIZE };
}

/* Declares, publishes with a confirm, gets back octet by octet. */
static void whole_conversation(struct t *t, struct peer *c, struct str body)
{
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 2, channel_open);
    CALL(c, 2, confirm_select);
    PUBLISH_WITH(c, 2, PROPS(.content_type = S("application/octet-stream")), body,
                 .routing_key = q);
    RECV(c, 2, basic_ack, .delivery_tag = EQ(1));
    GET(c, 1, q, body);
    CONSUME(c, 1, .queue = q, .no_ack = true);
    PUBLISH(c, 2, S("and one more"), .routing_key = q);
    DELIVERED(c, 1, S("and one more"));
    RECV(c, 2, basic_ack, .delivery_tag = EQ(2));
}

/* The certificate is looked at by every connection here: it comes from this run's authority and is
   for the address that was asked for, or there is no handshake. */
WIRE_CASE(conversation, .needs = "tls",
          .title = "a conversation by TLS: declare, publish 200 KiB, confirm, get, consume",
          .rules = "ext.tls.amqp ext.tls.records ext.tls.server-certificate")
{
    struct peer *c = OPEN(.tls = TLS());

    whole_conversation(t, c, large(t));
    CLOSE(c);
}

CLIENT_CASE(conversation, .needs = "tls",
            .title = "a conversation by TLS: declare, publish 200 KiB, get",
            .rules = "ext.tls.amqp ext.tls.records")
{
    struct session *s = SESSION(.tls = TLS());
    struct str q = NAME("q"), body = large(t);

    DO(s, 1, queue_declare, .queue = q, .exclusive = true);
    DO(s, 1, confirm_select);
    PUB(s, 1, body, .routing_key = q);
    CONFIRMED(s, 1, 1);
    FETCH(s, 1, q, body);
    LEAVE(s);
}

/* ---- versions ---------------------------------------------------------------------- */

static void by_version(struct t *t, enum tls_version v, const char *name)
{
    struct peer *c = OPEN(.tls = TLS(.version = v));

    CHECK(strcmp(t_tls_version(t, c), name) == 0, "%s was spoken", t_tls_version(t, c));
    whole_conversation(t, c, S("short"));
    CLOSE(c);
}

WIRE_CASE(version_1_2, .needs = "tls", .title = "TLS 1.2 is spoken", .rules = "ext.tls.versions")
{
    by_version(t, TLS_1_2, "TLSv1.2");
}

WIRE_CASE(version_1_3, .needs = "tls", .title = "TLS 1.3 is spoken", .rules = "ext.tls.versions")
{
    by_version(t, TLS_1_3, "TLSv1.3");
}

/* RFC 8996: they must not be negotiated. The twin is version_1_2. */
WIRE_CASE(versions_old, .needs = "tls", .title = "TLS 1.0 and 1.1 are refused",
          .rules = "ext.tls.versions-old", .revision = 2)
{
    static const enum tls_version old[] = { TLS_1_0, TLS_1_1 };
    struct witness w = witness(t);

    for (size_t i = 0; i < 2; i++) {
        const char *why = NULL;

        bool spoken = CONNECT(.tls = TLS(.version = old[i]), .tls_trouble = &why) != NULL;

        CHECK(!spoken, "TLS 1.%zu is refused", i);
        CHECK(handshake_refused(why), "TLS 1.%zu is refused by the broker: %s", i, why);
    }
    undisturbed(t, &w);
}

/* ---- records ----------------------------------------------------------------------- */

/* An octet a record, and all of them in one segment; then a record in single octets of TCP. */
WIRE_CASE(records_of_one_octet, .needs = "tls",
          .title = "records of one octet, many in a segment, are what one record is",
          .rules = "ext.tls.records")
{
    struct peer *c = OPEN(.tls = TLS(.record = 1));

    CORK(c);
    PUBLISH(c, 1, S("to nobody"), .routing_key = NAME("nobody"), .mandatory = true);
    SEND(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    UNCORK(c);
    RETURNED(c, 1, S("to nobody"), .reply_code = EQ(NO_ROUTE));
    RECV(c, 1, queue_declare_ok);
    whole_conversation(t, c, S("short"));
    CLOSE(c);
}

WIRE_CASE(records_in_pieces, .needs = "tls",
          .title = "a record that comes octet by octet is what a whole one is",
          .rules = "ext.tls.records")
{
    struct peer *c = OPEN(.tls = TLS(.segment = 1));

    whole_conversation(t, c, S("short"));
    CLOSE(c);
}

WIRE_CASE(frames_in_one_record, .needs = "tls", .title = "many frames in one record are all heard",
          .rules = "ext.tls.records")
{
    struct peer *c = OPEN(.tls = TLS());
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CORK(c);
    publish_numbers(t, c, q, 1, 50);
    SEND(c, 1, basic_consume, .queue = q, .no_ack = true);
    UNCORK(c);
    RECV(c, 1, basic_consume_ok);
    numbers_delivered(t, c, 1, 1, 50);
    CLOSE(c);
}

/* A reader who takes nothing for a while loses nothing by it, and others go on. */
WIRE_CASE(slow_reader, .needs = "tls",
          .title = "a client by TLS that reads late gets all, in order",
          .rules = "ext.tls.records ext.tls.amqp")
{
    struct peer *c = OPEN(.tls = TLS(), .small_window = true), *publisher = OPEN();
    struct str q = NAME("q"), body = large(t);

    CALL(c, 1, queue_declare, .queue = q);
    CONSUME(c, 1, .queue = q, .no_ack = true);
    t_stop_reading(t, c, true);
    CALL(publisher, 1, confirm_select);
    for (int i = 0; i < 20; i++)
        PUBLISH(publisher, 1, body, .routing_key = q);
    await_confirms(t, publisher, 1, 20);
    t_stop_reading(t, c, false);
    for (int i = 1; i <= 20; i++)
        DELIVERED(c, 1, body, .delivery_tag = EQ(i));
    CALL(publisher, 1, queue_delete, .queue = q);
    CLOSE(c);
}

/* ---- strangers at the port ------------------------------------------------------------------ */

/* Takes what comes, an alert perhaps; but no AMQP, and then the end. */
static void ends_without_amqp(struct t *t, struct peer *c)
{
    struct next n = NEXT(c);

    if (n.kind == GOT_FRAME) {
        CHECK(!n.frame.method, "%s, where nobody speaks AMQP", n.frame.method->name);
        n = NEXT(c);
    }
    CHECK(n.kind == GOT_FIN || n.kind == GOT_RST, "the connection goes on");
}

WIRE_CASE(plain_at_tls_port, .needs = "tls",
          .title = "a protocol header at the TLS port is no way in",
          .rules = "ext.tls.plain-refused")
{
    struct witness w = witness(t);
    struct peer *c = CONNECT(.at_tls_port = true);

    RAW(c, PROTOCOL_HEADER);
    ends_without_amqp(t, c);
    CLOSE(OPEN(.tls = TLS()));
    undisturbed(t, &w);
}

/* The first octets of a ClientHello; who does not speak AMQP is told which version to speak. */
WIRE_CASE(tls_at_plain_port, .needs = "tls",
          .title = "a ClientHello at the plain port ends the connection",
          .rules = "ext.tls.hello-at-plain-port")
{
    struct witness w = witness(t);
    struct peer *c = CONNECT();
    struct next n;

    RAW(c, S("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"));
    n = NEXT(c);
    while (n.kind == GOT_FRAME) {
        CHECK(!n.frame.method, "%s", n.frame.method->name);
        n = NEXT(c);
    }
    undisturbed(t, &w);
}

/* ---- handshakes that stand still ------------------------------------------------------------ */

#define HALF_A_HELLO S("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03")

/* A record of 256 octets is announced, and does not come. */
WIRE_CASE(handshake_bounded, .needs = "tls", .slow = true,
          .title = "half a ClientHello and silence: the connection ends",
          .rules = "ext.tls.handshake-bounded")
{
    struct witness w = witness(t);
    struct peer *silent = CONNECT(.at_tls_port = true), *half = CONNECT(.at_tls_port = true);
    struct next n;

    RAW(half, HALF_A_HELLO);
    for (size_t i = 0; i < 2; i++) {
        STEP("%s", i ? "half a ClientHello" : "not an octet");
        n = t_next(HERE, i ? half : silent, 12000, false);
        if (n.kind == GOT_FRAME) /* an alert */
            n = t_next(HERE, i ? half : silent, 12000, false);
        CHECK(n.kind == GOT_FIN || n.kind == GOT_RST, "it goes on after 12 seconds");
    }
    undisturbed(t, &w);
}

WIRE_CASE(handshakes_independent, .needs = "tls",
          .title = "a handshake that stands still keeps nobody waiting",
          .rules = "ext.tls.handshakes-independent")
{
    struct peer *silent = CONNECT(.at_tls_port = true), *half = CONNECT(.at_tls_port = true);

    RAW(half, HALF_A_HELLO);
    for (int i = 0; i < 3; i++)
        CLOSE(OPEN(.tls = TLS()));
    t_drop_fin(t, silent);
    t_drop_fin(t, half);
}

/* ---- the end ----------------------------------------------------------------------- */

/* A server that closes says close_notify before: else nobody can tell its end from a cut. */
WIRE_CASE(goodbye_of_server, .needs = "tls",
          .title = "behind Close-Ok comes close_notify, then the end",
          .rules = "ext.tls.close-notify-sent")
{
    struct peer *c = OPEN(.tls = TLS());

    SEND(c, 0, connection_close, .reply_code = REPLY_SUCCESS);
    RECV(c, 0, connection_close_ok);
    t_tls_goodbye(t, c);
    HANGUP(c);
    if (!t_tls_heard_goodbye(t, c))
        WEAK("the connection ended without close_notify");
}

/* What the client held and owned comes free, though it never said Connection.Close. */
static void leaves_by(struct t *t, void (*go)(struct t *t, struct peer *c))
{
    struct peer *c = OPEN(.tls = TLS()), *other = OPEN();
    struct str own = NAME("own"), shared = NAME("shared");

    CALL(c, 1, queue_declare, .queue = own, .exclusive = true);
    CALL(other, 1, queue_declare, .queue = shared);
    PUBLISH(other, 1, S("held"), .routing_key = shared);
    await_queue(t, other, 1, shared, 1, 0);
    CONSUME(c, 1, .queue = shared);
    DELIVERED(c, 1, S("held"), .redelivered = EQ(0));
    go(t, c);
    await_no_queue(t, other, 1, own);
    await_queue(t, other, 1, shared, 1, 0);
    GET(other, 1, shared, S("held"), .redelivered = EQ(1));
    CALL(other, 1, queue_delete, .queue = shared);
}

static void say_goodbye(struct t *t, struct peer *c)
{
    t_tls_goodbye(t, c);
    HANGUP(c);
}

WIRE_CASE(close_notify, .needs = "tls",
          .title = "close_notify without Connection.Close: the connection is over",
          .rules = "ext.tls.close-notify transport.closure.redelivery")
{
    leaves_by(t, say_goodbye);
}

WIRE_CASE(cut_off, .needs = "tls",
          .title = "FIN without close_notify: what was held comes back, marked",
          .rules = "ext.tls.amqp transport.closure.redelivery")
{
    leaves_by(t, t_drop_fin);
}

WIRE_CASE(reset, .needs = "tls", .title = "RST: what was held comes back, marked",
          .rules = "ext.tls.amqp transport.closure.redelivery")
{
    leaves_by(t, t_drop_rst);
}

WIRE_CASE(guest_from_loopback, .needs = "tls", .title = "PLAIN and guest by TLS from loopback",
          .rules = "ext.tls.amqp ext.access.guest-loopback ext.access.sasl-plain")
{
    struct peer *c = OPEN(.tls = TLS(), .user = S("guest"), .password = S("guest"));

    QUIET(c, 1);
    CLOSE(c);
}
