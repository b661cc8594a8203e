/* Contents: a method, its header, its body, in this order and nothing in between. Bodies that
   have to arrive as they were sent are in the first half, faults in framing_content_faults.c. */
#define CHAPTER "framing"
#include "suites/steps.h"

static struct str queue(struct t *t, struct peer *c)
{
    return DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
}

/* ---- How a body may be cut ------------------------------------------------------------ */

/* The same octets in one frame, in two, in frames of one octet each, with empty ones between. */
WIRE_CASE(body_cut_at_will, .title = "a body may be cut into frames at will",
          .rules = "transport.content.split-optional transport.content.split-handled "
                   "transport.content.body-size")
{
    struct peer *c = OPEN();
    struct str q = queue(t, c), body = S("the quick brown fox");

    for (size_t size = 1; size <= body.n; size++) {
        STEP("frames of %zu octets", size);
        SEND(c, 1, basic_publish, .routing_key = q);
        HEADER(c, 1, body.n, NULL);
        for (size_t at = 0; at < body.n; at += size)
            BODY(c, 1, ((struct str){ body.p + at, at + size < body.n ? size : body.n - at }));
        GET(c, 1, q, body);
    }
}

/* The text lets frames be cut at will and does not forbid a cut of nothing. */
WIRE_CASE(body_with_empty_frames, .title = "empty body frames amid others",
          .rules = "transport.content.empty-body-frame transport.content.split-handled")
{
    struct peer *c = OPEN();
    struct str q = queue(t, c);

    CORK(c);
    SEND(c, 1, basic_publish, .routing_key = q);
    HEADER(c, 1, 4, NULL);
    BODY(c, 1, S(""));
    BODY(c, 1, S("ab"));
    BODY(c, 1, S(""));
    BODY(c, 1, S("cd"));
    SEND(c, 1, channel_flow, .active = true);
    UNCORK(c);
    if (SERVED(c, channel_flow_ok, FRAME_ERROR, UNEXPECTED_FRAME))
        GET(c, 1, q, S("abcd"));
    else
        INFO("empty body frames are refused");
}

/* Size 0: the message is complete with its header, the next method may follow at once. */
WIRE_CASE(body_of_nothing, .title = "a message without a body needs no body frame",
          .rules = "transport.content.body-size-zero")
{
    struct peer *c = OPEN();
    struct str q = queue(t, c);

    SEND(c, 1, basic_publish, .routing_key = q);
    HEADER(c, 1, 0, NULL);
    SEND(c, 1, basic_publish, .routing_key = q);
    HEADER(c, 1, 0, PROPS(.message_id = S("second")));
    PUBLISH(c, 1, S("third"), .routing_key = q);
    GET(c, 1, q, S(""), .message_count = EQ(2));
    WANT_PROPS(GET(c, 1, q, S("")), .message_id = IS(S("second")));
    GET(c, 1, q, S("third"), .message_count = EQ(0));
}

CLIENT_CASE(body_of_nothing, .title = "a message without a body",
            .rules = "transport.content.body-size-zero")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, S(""), .routing_key = NAME("q"));
    PUB(s, 1, S("something"), .routing_key = NAME("q"));
    FETCH(s, 1, NAME("q"), S(""));
    FETCH(s, 1, NAME("q"), S("something"));
}

static struct str every_octet(struct t *t, size_t n)
{
    char *p = arena_alloc(t_arena(t), n);

    for (size_t i = 0; i < n; i++)
        p[i] = (char)(i % 256 ^ i / 256);
    return (struct str){ p, n };
}

/* 206 ends frames, and "AMQP" begins connections: not in a body. */
WIRE_CASE(body_of_any_octets, .title = "a body of any octets comes back unchanged",
          .rules = "conventions.body-opaque model.message.body-unmodified "
                   "transport.content.body-size")
{
    struct peer *c = OPEN();
    struct str q = queue(t, c);
    const struct str bodies[] = { every_octet(t, 256),
                                  repeated(t, '\xce', 100),
                                  S("\xce\x01\0\x01\0\0\0\x04\0\x14\0\x28\xce"),
                                  S("AMQP\0\0\x09\x01"),
                                  S("\0"),
                                  every_octet(t, 1000003) };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        STEP("body %zu of %zu octets", i, bodies[i].n);
        PUBLISH(c, 1, bodies[i], .routing_key = q);
        GET(c, 1, q, bodies[i]);
    }
}

CLIENT_CASE(body_of_any_octets, .title = "a body of any octets comes back unchanged",
            .rules = "conventions.body-opaque model.message.body-unmodified")
{
    struct session *s = SESSION();
    struct str body = every_octet(t, 300001);

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, body, .routing_key = NAME("q"));
    PUB(s, 1, S("\0\xce\0"), .routing_key = NAME("q"));
    FETCH(s, 1, NAME("q"), body);
    FETCH(s, 1, NAME("q"), S("\0\xce\0"));
}

/* ---- Side by side ------------------------------------------------------------------------ */

/* Two channels speak in turn, frame by frame, and a third asks something in between. */
WIRE_CASE(contents_interleaved, .title = "contents of several channels, frame by frame in turn",
          .rules = "transport.content.cross-channel transport.channel.independent")
{
    struct peer *c = OPEN(.channels = 3);
    struct str q = queue(t, c);

    SEND(c, 1, basic_publish, .routing_key = q);
    SEND(c, 2, basic_publish, .routing_key = q);
    HEADER(c, 2, 6, PROPS(.message_id = S("of channel 2")));
    HEADER(c, 1, 8, PROPS(.message_id = S("of channel 1")));
    BODY(c, 1, S("odd "));
    QUIET(c, 3);
    BODY(c, 2, S("even"));
    BODY(c, 2, S("!!"));
    await_queue(t, c, 3, q, 1, 0);
    WANT_PROPS(GET(c, 3, q, S("even!!"), .message_count = EQ(0)),
               .message_id = IS(S("of channel 2")));
    BODY(c, 1, S("ones"));
    await_queue(t, c, 3, q, 1, 0);
    WANT_PROPS(GET(c, 3, q, S("odd ones"), .message_count = EQ(0)),
               .message_id = IS(S("of channel 1")));
}

/* Heartbeats belong to the connection and may stand anywhere between frames. */
WIRE_CASE(heartbeat_amid_content, .title = "heartbeats between the frames of a content",
          .rules = "transport.heartbeat.midcontent transport.heartbeat.unsupported-discard")
{
    struct peer *c = OPEN();
    struct str q = queue(t, c);

    SEND(c, 1, basic_publish, .routing_key = q);
    HEARTBEAT(c);
    HEADER(c, 1, 4, NULL);
    HEARTBEAT(c);
    BODY(c, 1, S("he"));
    HEARTBEAT(c);
    BODY(c, 1, S("re"));
    GET(c, 1, q, S("here"));
}

/* Whoever goes in the middle of a message has not said it. */
WIRE_CASE(content_lost_halfway, .title = "a message cut short by the end of the stream is none",
          .rules = "transport.content.incomplete transport.closure.states")
{
    struct peer *other = OPEN(), *c;
    struct str q = DECLARE(other, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str mark = NAME("mark"); /* is gone as soon as the broker has noticed the end */

    CONSUME(other, 1, .queue = q, .no_ack = true);
    for (int i = 0; i < 2; i++) {
        c = OPEN();
        DECLARE(c, 1, .queue = mark, .auto_delete = true);
        CONSUME(c, 1, .queue = mark);
        SEND(c, 1, basic_publish, .routing_key = q);
        HEADER(c, 1, 10, NULL);
        BODY(c, 1, S("12345"));
        if (i)
            t_drop_rst(t, c);
        else
            t_drop_fin(t, c);
        await_no_queue(t, other, 1, mark);
    }
    QUIET_QUEUE(other, 1, q);
}

/* ---- The broker's own frames --------------------------------------------------------- */

static void framed(struct t *t, const struct trace_event *e, uint8_t type, uint16_t channel)
{
    struct cur c = cur_of(e->octets);

    CHECK(cur_u(&c, 1) == type, "the type octet is %u", type);
    CHECK(cur_u(&c, 2) == channel, "the channel is %u", channel);
    CHECK(cur_u(&c, 4) == e->octets.n - FRAME_OVERHEAD, "the size is that of the payload");
    CHECK((uint8_t)e->octets.p[e->octets.n - 1] == 0xce, "the last octet is ce");
}

static const struct trace_event *next_said(struct t *t, const struct trace *trace,
                                           const struct trace_event *e)
{
    while (++e < trace->at + trace->n)
        if (e->who == 'S' && e->kind == TRACE_FRAME)
            return e;
    FAIL("the capture ends in the middle of a delivery");
}

/* Octet by octet as the capture has it: type, channel, size, payload, end; method, header, body. */
WIRE_CASE(delivery_octets, .title = "the octets of a delivery",
          .rules = "constant.frame-method constant.frame-header constant.frame-body "
                   "constant.frame-end transport.framing.layout transport.framing.size-field "
                   "transport.method.layout transport.content.method-then-header "
                   "transport.types.integers-big-endian transport.content.weight-zero "
                   "transport.framing.frame-types transport.framing.channel-range "
                   "transport.framing.frame-end")
{
    struct peer *c = OPEN(.channels = 2);
    const struct trace *trace;
    const struct trace_event *e;

    queue(t, c);
    CONSUME(c, 2, .queue = NAME("q"), .consumer_tag = S("tag"), .no_ack = true);
    PUBLISH(c, 1, S("hello"), .routing_key = NAME("q"));
    DELIVERED(c, 2, S("hello"));
    trace = TRACE(c);
    e = trace_find(trace, NULL, 'S', M_basic_deliver);
    framed(t, e, 1, 2);
    CHECK(str_eq(first_octets(payload_of(e->octets), 17),
                 S("\0\x3c\0\x3c\x03tag\0\0\0\0\0\0\0\x01\0")),
          "class 60, method 60, consumer-tag, delivery-tag 1, redelivered 0");
    e = next_said(t, trace, e);
    framed(t, e, 2, 2);
    CHECK(str_eq(first_octets(payload_of(e->octets), 12), S("\0\x3c\0\0\0\0\0\0\0\0\0\x05")),
          "class 60, weight 0, body size 5");
    e = next_said(t, trace, e);
    framed(t, e, 3, 2);
    CHECK(str_eq(payload_of(e->octets), S("hello")), "the body");
}

/* ---- Properties on the wire ---------------------------------------------------------------- */

static void same_properties(struct t *t, const struct properties *sent,
                            const struct properties *got)
{
    for (size_t i = 0; i < wire_properties_n; i++) {
        const struct field_info *f = &wire_properties[i];
        bool named, same;

        if (wire_width(f->type)) {
            named = wire_number(f, sent) != 0;
            same = wire_number(f, sent) == wire_number(f, got);
        } else if (f->type == T_table) {
            named = wire_table_of(f, sent).n > 0;
            same = table_eq(wire_table_of(f, sent), wire_table_of(f, got));
        } else {
            named = wire_str(f, sent).n > 0;
            same = str_eq(wire_str(f, sent), wire_str(f, got));
        }
        CHECK(wire_has(f, got) == named && same, "%s comes back as it was sent", f->name);
    }
}

/* Each property alone, then all of them: whoever loses count of the flags mixes them up. */
WIRE_CASE(property_flags, .title = "each property alone, and all together",
          .rules = "transport.content.property-order model.message.header-unmodified "
                   "transport.types.timestamp")
{
    const struct properties *const each[] = {
        PROPS(.content_type = S("text/plain")),
        PROPS(.content_encoding = S("gzip")),
        PROPS(.headers = TABLE(ARG("a", STR("b")))),
        PROPS(.delivery_mode = 1),
        PROPS(.priority = 7),
        PROPS(.correlation_id = S("c")),
        PROPS(.reply_to = S("r")),
        PROPS(.expiration = S("86400000")),
        PROPS(.message_id = S("m")),
        PROPS(.timestamp = 0x123456789a),
        PROPS(.type = S("t")),
        PROPS(.app_id = S("a")),
        PROPS(.content_type = S("text/plain"), .content_encoding = S("gzip"),
              .headers = TABLE(ARG("a", STR("b"))), .delivery_mode = 2, .priority = 9,
              .correlation_id = S("c"), .reply_to = S("r"), .expiration = S("86400000"),
              .message_id = S("m"), .timestamp = 1, .type = S("t"), .app_id = S("a")),
    };
    struct peer *c = OPEN();
    struct str q = queue(t, c);

    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        struct content got;

        STEP("properties %zu", i);
        PUBLISH_WITH(c, 1, each[i], S("body"), .routing_key = q);
        got = GET(c, 1, q, S("body"));
        same_properties(t, each[i], &got.properties);
    }
}
