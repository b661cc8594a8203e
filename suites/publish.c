/* Publishing: where a message may go, what comes back, and that it arrives as it was sent. */
#define CHAPTER "publish"
#include "suites/steps.h"

/* An exchange that nobody declared costs the channel, and blames the publish. */
WIRE_CASE(missing_exchange, .title = "publish to a missing exchange",
          .rules = "basic.publish.exchange.must-exist")
{
    struct peer *c = OPEN();

    PUBLISH(c, 1, S("lost"), .exchange = NAME("nobody"), .routing_key = S("k"));
    REFUSED(c, 1, NOT_FOUND, basic_publish);
    CALL(c, 1, exchange_declare, .exchange = NAME("nobody"), .type = S("direct"));
    PUBLISH(c, 1, S("dropped"), .exchange = NAME("nobody"), .routing_key = S("k"));
    QUIET(c, 1);
    CALL(c, 1, exchange_delete, .exchange = NAME("nobody"));
}

/* What follows the mistake on the same channel is lost with it, not executed. */
WIRE_CASE(pipelined_after_error, .title = "publishes behind a failing one are discarded",
          .rules = "ext.publishers.pipelined-after-error channel.close.stability")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 2, queue_declare, .queue = q, .exclusive = true);
    CORK(c);
    PUBLISH(c, 1, S("before"), .routing_key = q);
    PUBLISH(c, 1, S("mistake"), .exchange = NAME("nobody"), .routing_key = q);
    PUBLISH(c, 1, S("behind"), .routing_key = q);
    UNCORK(c);
    REFUSED(c, 1, NOT_FOUND, basic_publish);
    GET(c, 2, q, S("before"), .message_count = EQ(0));
}

/* Mandatory and unroutable: it comes back, whole, with a reason. */
WIRE_CASE(mandatory_returned, .title = "an unroutable mandatory message is returned",
          .rules = "basic.publish.mandatory.01 basic.return.doc-fields "
                   "ext.publishers.return-code-312")
{
    struct peer *c = OPEN();
    struct str x = NAME("x");
    struct content m;

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"));
    PUBLISH_WITH(c, 1,
                 PROPS(.content_type = S("text/plain"), .message_id = S("m"), .delivery_mode = 2,
                       .headers = TABLE(ARG("n", INT32(1)))),
                 S("come back"), .exchange = x, .routing_key = S("nowhere"), .mandatory = true);
    m = RETURNED(c, 1, S("come back"), .reply_code = EQ(NO_ROUTE), .reply_text = NONEMPTY,
                 .exchange = IS(x), .routing_key = IS(S("nowhere")));
    WANT_PROPS(m, .content_type = IS(S("text/plain")), .message_id = IS(S("m")),
               .delivery_mode = EQ(2), .headers = EQ_TABLE(TABLE(ARG("n", INT32(1)))),
               .app_id = ABSENT);
    QUIET(c, 1);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* Mandatory and routable: nothing comes back, one copy arrives. */
WIRE_CASE(mandatory_routed, .title = "a routable mandatory message is not returned",
          .rules = "basic.publish.mandatory.01")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, S("m"), .routing_key = NAME("q"), .mandatory = true);
    QUIET(c, 1);
    GET(c, 1, NAME("q"), S("m"), .message_count = EQ(0));
}

/* The default exchange returns too. */
WIRE_CASE(mandatory_default, .title = "a mandatory message for a missing queue is returned",
          .rules = "basic.publish.mandatory.01 basic.publish.exchange.default-exchange")
{
    struct peer *c = OPEN();

    PUBLISH(c, 1, S(""), .routing_key = NAME("nobody"), .mandatory = true);
    RETURNED(c, 1, S(""), .reply_code = EQ(NO_ROUTE), .exchange = IS(S("")),
             .routing_key = IS(NAME("nobody")));
}

/* Not mandatory: it vanishes without a word, and the channel goes on. */
WIRE_CASE(unroutable_dropped, .title = "an unroutable message without mandatory is dropped",
          .rules = "basic.publish.mandatory.doc-drop queue.doc-must-be-bound")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    PUBLISH(c, 1, S("dropped"), .routing_key = NAME("nobody"));
    PUBLISH(c, 1, S("kept"), .routing_key = q);
    QUIET(c, 1);
    GET(c, 1, q, S("kept"), .message_count = EQ(0));
}

/* Immediate with nobody to take it: returned (specification) or refused as not implemented
   (RabbitMQ); never silently queued. */
WIRE_CASE(immediate, .title = "immediate without a ready consumer",
          .rules = "basic.publish.immediate.01 ext.publishers.immediate-refused")
{
    struct peer *c = OPEN();
    struct next n;

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, S("now"), .routing_key = NAME("q"), .immediate = true);
    SEND(c, 1, queue_declare, .queue = NAME("q"), .passive = true);
    n = NEXT(c);
    CHECK(n.kind == GOT_FRAME && n.frame.method, "the connection ended");
    if (n.frame.method->id == M_connection_close) {
        CHECK(((const struct m_connection_close *)n.frame.args)->reply_code == NOT_IMPLEMENTED,
              "wanted 540");
        WEAK("immediate is refused with 540 (errata 48)");
        SEND(c, 0, connection_close_ok);
        HANGUP(c);
        return;
    }
    CHECK(n.frame.method->id == M_basic_return, "wanted basic.return or connection.close 540");
    CHECK(((const struct m_basic_return *)n.frame.args)->reply_code == NO_CONSUMERS,
          "wanted code 313");
    CHECK(NEXT(c).frame.body_size == 3 && str_eq(NEXT(c).frame.payload, S("now")),
          "wanted header and body of what was published");
    CHECK(RECV(c, 1, queue_declare_ok)->message_count == 0, "a returned message is not queued");
}

/* An exchange for other exchanges only. */
WIRE_CASE(internal_exchange, .title = "publish to an internal exchange is refused",
          .rules = "basic.publish.exchange.02 ext.exchanges.internal-publish-refused "
                   "ext.exchanges.internal-via-binding")
{
    struct peer *c = OPEN();
    struct str inside = NAME("inside"), front = NAME("front"), q = NAME("q");

    CALL(c, 1, exchange_declare, .exchange = inside, .type = S("fanout"), .internal = true);
    CALL(c, 1, exchange_declare, .exchange = front, .type = S("fanout"));
    CALL(c, 1, exchange_bind, .source = front, .destination = inside);
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = inside);
    PUBLISH(c, 1, S("straight"), .exchange = inside);
    REFUSED(c, 1, ACCESS_REFUSED, basic_publish);
    PUBLISH(c, 1, S("through the front"), .exchange = front);
    GET(c, 1, q, S("through the front"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = front);
    CALL(c, 1, exchange_delete, .exchange = inside);
}

/* Every property there is comes through, with what it held. */
WIRE_CASE(all_properties, .title = "all properties are delivered unchanged",
          .rules = "basic.content.doc-properties transport.content.property-order "
                   "model.message.header-unmodified")
{
    struct peer *c = OPEN();
    struct content m;
    struct table headers =
        TABLE(ARG("b", BOOL(1)), ARG("i", INT32(-7)), ARG("l", INT64(1)), ARG("s", STR("text")),
              ARG("t", TIME(1700000000)), ARG("d", DECIMAL(2, 314)), ARG("v", VOID_VALUE),
              ARG("f", NESTED(ARG("inner", STR("x")))), ARG("a", ARRAY(INT32(1), STR("two"))));

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH_WITH(c, 1,
                 PROPS(.content_type = S("text/plain"), .content_encoding = S("utf-8"),
                       .headers = headers, .delivery_mode = 2, .priority = 9,
                       .correlation_id = S("corr"), .reply_to = S("reply"),
                       .expiration = S("60000"), .message_id = S("id"), .timestamp = 5000000000,
                       .type = S("type"), .user_id = S("guest"), .app_id = S("app")),
                 S("body"), .routing_key = NAME("q"));
    m = GET(c, 1, NAME("q"), S("body"));
    WANT_PROPS(m, .content_type = IS(S("text/plain")), .content_encoding = IS(S("utf-8")),
               .headers = EQ_TABLE(headers), .delivery_mode = EQ(2), .priority = EQ(9),
               .correlation_id = IS(S("corr")), .reply_to = IS(S("reply")),
               .expiration = IS(S("60000")), .message_id = IS(S("id")), .timestamp = EQ(5000000000),
               .type = IS(S("type")), .user_id = IS(S("guest")), .app_id = IS(S("app")),
               .reserved = ABSENT);
}

/* What was not said stays unsaid; zeros and empty strings that were said stay too. */
WIRE_CASE(absent_properties, .title = "absent properties stay absent, empty ones stay empty",
          .rules = "basic.content.doc-absent-properties transport.content.body-size-zero "
                   "transport.types.table-empty")
{
    struct peer *c = OPEN();
    struct content m;

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, S(""), .routing_key = NAME("q"));
    PUBLISH_WITH(c, 1, PROPS(.has_headers = true, .has_correlation_id = true), S(""),
                 .routing_key = NAME("q"));
    m = GET(c, 1, NAME("q"), S(""));
    WANT_PROPS(m, .content_type = ABSENT, .content_encoding = ABSENT, .headers = ABSENT,
               .delivery_mode = ABSENT, .priority = ABSENT, .correlation_id = ABSENT,
               .reply_to = ABSENT, .expiration = ABSENT, .message_id = ABSENT, .timestamp = ABSENT,
               .type = ABSENT, .user_id = ABSENT, .app_id = ABSENT);
    m = GET(c, 1, NAME("q"), S(""));
    WANT_PROPS(m, .headers = EQ_TABLE(((struct table){ 0 })), .correlation_id = IS(S("")),
               .priority = ABSENT);
}

/* Octets are octets. */
WIRE_CASE(body_octets, .title = "a body of every octet, larger than a frame, arrives unchanged",
          .rules = "model.message.body-unmodified transport.content.split-handled "
                   "transport.content.body-size transport.framing.oversize-sent",
          .revision = 2)
{
    static char octets[300000];
    struct peer *c = OPEN(.frame_max = SMALL_FRAMES);
    struct str body = { octets, sizeof(octets) };

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (char)(i ^ i >> 8);
    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, body, .routing_key = NAME("q"));
    PUBLISH(c, 1, S("next"), .routing_key = NAME("q"));
    GET(c, 1, NAME("q"), body);
    GET(c, 1, NAME("q"), S("next"));
}

/* Bodies that take many frames, one after the other, and each to two queues. */
WIRE_CASE(large_copies, .title = "large messages arrive whole in each of two queues",
          .rules = "model.message-identical-copies model.message.body-unmodified")
{
    static char octets[2][200000];
    struct peer *c = OPEN();
    struct str x = NAME("x");

    for (size_t i = 0; i < sizeof(octets[0]); i++) {
        octets[0][i] = (char)(i * 7 >> 4);
        octets[1][i] = (char)(i * 5 >> 3);
    }
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"), .auto_delete = true);
    CALL(c, 1, queue_declare, .queue = NAME("a"), .exclusive = true);
    CALL(c, 1, queue_declare, .queue = NAME("b"), .exclusive = true);
    CALL(c, 1, queue_bind, .queue = NAME("a"), .exchange = x);
    CALL(c, 1, queue_bind, .queue = NAME("b"), .exchange = x);
    for (int i = 0; i < 2; i++)
        PUBLISH(c, 1, ((struct str){ octets[i], sizeof(octets[i]) }), .exchange = x);
    for (int i = 0; i < 2; i++) {
        GET(c, 1, NAME("a"), ((struct str){ octets[i], sizeof(octets[i]) }));
        GET(c, 1, NAME("b"), ((struct str){ octets[i], sizeof(octets[i]) }));
    }
}

/* Sizes around one frame's payload. */
WIRE_CASE(frame_boundaries, .title = "bodies of about one and two frames",
          .rules = "transport.content.body-size transport.content.max-payload "
                   "transport.framing.max-size-frame",
          .revision = 2)
{
    static char octets[2 * SMALL_FRAMES];
    struct peer *c = OPEN(.frame_max = SMALL_FRAMES);
    size_t full = agreed_frame_max(c) - FRAME_OVERHEAD;
    const size_t sizes[] = { 1, full - 1, full, full + 1, 2 * full - 1, 2 * full, 2 * full + 1 };

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (char)('a' + i % 26);
    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 1, .queue = NAME("q"), .no_ack = true);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct str body = { octets, sizes[i] };

        STEP("%zu octets", sizes[i]);
        PUBLISH(c, 1, body, .routing_key = NAME("q"));
        DELIVERED(c, 1, body, .delivery_tag = EQ(i + 1));
    }
}

/* One publisher, one queue, one consumer: first in, first out. */
WIRE_CASE(order, .title = "messages arrive in the order of publishing",
          .rules = "model.queue.fifo-single-reader transport.order.single-path basic.08")
{
    struct peer *c = OPEN(), *reader = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q);
    for (int i = 0; i < 500; i++) {
        if (i == 250) {
            await_queue(t, c, 1, q, 250, 0);
            CONSUME(reader, 1, .queue = q, .no_ack = true);
        }
        PUBLISH_WITH(c, 1, PROPS(.delivery_mode = (uint8_t)(1 + i % 2)), TEXT("%d", i),
                     .routing_key = q);
    }
    for (int i = 0; i < 500; i++)
        DELIVERED(reader, 1, TEXT("%d", i), .delivery_tag = EQ(i + 1), .redelivered = EQ(0));
    CALL(c, 1, queue_delete, .queue = q);
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(missing_exchange, .title = "publish to a missing exchange",
            .rules = "basic.publish.exchange.must-exist")
{
    struct session *s = SESSION();

    PUB(s, 1, S("lost"), .exchange = NAME("nobody"), .routing_key = S("k"));
    want_channel_closed(t, s, 1, NOT_FOUND);
}

CLIENT_CASE(mandatory_returned, .title = "an unroutable mandatory message is returned",
            .rules = "basic.publish.mandatory.01 basic.return.doc-fields")
{
    struct session *s = SESSION();

    PUB(s, 1, S("come back"), .routing_key = NAME("nobody"), .mandatory = true);
    HEARD(s, 1, basic_return, .reply_code = EQ(NO_ROUTE), .exchange = IS(S("")),
          .routing_key = IS(NAME("nobody")));
}

CLIENT_CASE(all_properties, .title = "properties are delivered unchanged",
            .rules = "basic.content.doc-properties")
{
    struct session *s = SESSION();
    struct delivery d;

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB_WITH(s, 1,
             PROPS(.content_type = S("text/plain"), .delivery_mode = 2, .priority = 1,
                   .correlation_id = S("corr"), .reply_to = S("reply"), .message_id = S("id"),
                   .timestamp = 5, .app_id = S("app"),
                   .headers = TABLE(ARG("n", INT32(1)), ARG("s", STR("x")))),
             S("body"), .routing_key = NAME("q"));
    d = FETCH(s, 1, NAME("q"), S("body"));
    CHECK(str_eq(d.properties.content_type, S("text/plain")), "content-type");
    CHECK(d.properties.delivery_mode == 2 && d.properties.priority == 1, "delivery-mode, priority");
    CHECK(str_eq(d.properties.correlation_id, S("corr")), "correlation-id");
    CHECK(str_eq(d.properties.reply_to, S("reply")), "reply-to");
    CHECK(str_eq(d.properties.message_id, S("id")), "message-id");
    CHECK(d.properties.timestamp == 5 && str_eq(d.properties.app_id, S("app")),
          "timestamp, app-id");
    CHECK(table_eq(d.properties.headers, TABLE(ARG("n", INT32(1)), ARG("s", STR("x")))), "headers");
    CHECK(!d.properties.has_type && !d.properties.has_expiration, "what was not sent is absent");
}

CLIENT_CASE(large, .title = "a message of a megabyte arrives unchanged",
            .rules = "model.message.body-unmodified transport.content.split-handled")
{
    static char octets[1 << 20];
    struct session *s = SESSION();

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (char)(i * 7);
    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, ((struct str){ octets, sizeof(octets) }), .routing_key = NAME("q"));
    FETCH(s, 1, NAME("q"), ((struct str){ octets, sizeof(octets) }));
}
