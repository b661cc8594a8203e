/* Publishing: messages that must not wait, exchanges that take none, publishers that are too fast.
 */
#define CHAPTER "publish"
#include "suites/steps.h"

/* A consumer whose window is full is not ready: 313. Brokers that do not have the flag say 540
   (errata 48). None may let the message wait in silence. */
WIRE_CASE(immediate_busy,
          .title = "immediate with a busy consumer is returned, with a free one not",
          .rules = "constant.no-consumers basic.publish.immediate.01")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    CALL(c, 2, basic_qos, .prefetch_count = 1);
    CONSUME(c, 2, .queue = q);
    PUBLISH(c, 1, S("keeps it busy"), .routing_key = q);
    DELIVERED(c, 2, S("keeps it busy"));
    PUBLISH(c, 1, S("now"), .routing_key = q, .immediate = true);
    if (!SERVED(c, basic_return, NOT_IMPLEMENTED)) {
        WEAK("errata 48: immediate is refused with 540");
        undisturbed(t, &w);
        return;
    }
    CHECK(NEXT(c).frame.body_size == 3, "the header of what was published");
    CHECK(str_eq(NEXT(c).frame.payload, S("now")), "the body of what was published");
    PUBLISH(c, 1, S("at once"), .routing_key = q, .immediate = true);
    RETURNED(c, 1, S("at once"), .reply_code = EQ(NO_CONSUMERS), .exchange = IS(S("")),
             .routing_key = IS(q));
    QUIET_QUEUE(c, 1, q);
    SEND(c, 2, basic_ack, .delivery_tag = 1);
    QUIET_QUEUE(c, 2, q);
    PUBLISH(c, 1, S("free"), .routing_key = q, .immediate = true);
    DELIVERED(c, 2, S("free"), .delivery_tag = EQ(2));
    QUIET(c, 1);
}

/* Without the flag a message waits for its consumer, whether there is none or a busy one. */
WIRE_CASE(not_immediate, .title = "without immediate a message waits for a consumer",
          .rules = "basic.publish.immediate.doc-queued")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    PUBLISH(c, 1, S("1"), .routing_key = q);
    QUIET(c, 1);
    await_queue(t, c, 1, q, 1, 0);
    CALL(c, 2, basic_qos, .prefetch_count = 1);
    CONSUME(c, 2, .queue = q);
    DELIVERED(c, 2, S("1"));
    PUBLISH(c, 1, S("2"), .routing_key = q);
    QUIET(c, 1);
    await_queue(t, c, 1, q, 1, 1);
    SEND(c, 2, basic_ack, .delivery_tag = 1);
    DELIVERED(c, 2, S("2"), .redelivered = EQ(0));
}

/* An exchange may refuse basic content with 540, on the channel as the rule words it or on the
   connection as the code is classed (errata 10). One that does not, routes it. */
WIRE_CASE(exchange_takes_basic, .title = "an exchange takes basic content, or refuses it with 540",
          .rules = "basic.publish.exchange.03")
{
    static const char *const types[] = { "direct", "fanout", "topic", "headers" };
    struct witness w = witness(t);

    for (size_t i = 0; i < 4; i++) {
        struct peer *c = OPEN();
        struct str x = t_name(t, types[i]), q = DECLARE(c, 1, .exclusive = true)->queue;

        STEP("%s", types[i]);
        CALL(c, 1, exchange_declare, .exchange = x, .type = str_of(types[i]));
        CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("k"));
        PUBLISH(c, 1, S("basic"), .exchange = x, .routing_key = S("k"));
        SEND(c, 1, channel_flow, .active = true);
        if (either(t, c,
                   (struct either){ M_channel_flow_ok, .channel_code = NOT_IMPLEMENTED,
                                    .connection_code = NOT_IMPLEMENTED }) == ACCEPTED)
            GET(c, 1, q, S("basic"), .exchange = IS(x));
        else
            INFO("a %s exchange refuses basic content", types[i]);
        CALL(w.c, 1, exchange_delete, .exchange = x);
        undisturbed(t, &w);
    }
}

/* Whatever Flow was sent is answered until Declare-Ok is there. */
static void answer_flow(struct t *t, struct peer *c, struct str q)
{
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    for (;;) {
        struct next n = NEXT(c);

        CHECK(n.kind == GOT_FRAME && n.frame.method && n.frame.args, "channel.flow or declare-ok");
        if (n.frame.method->id == M_queue_declare_ok)
            return;
        CHECK(n.frame.method->id == M_channel_flow && n.frame.channel == 1,
              "channel.flow on the publisher's channel");
        SEND(c, 1, channel_flow_ok,
             .active = ((const struct m_channel_flow *)n.frame.args)->active);
    }
}

/* Transient messages as fast as the socket takes them, then persistent ones: the specification's
   scenario of an overflow. A server may ask for a pause by channel.flow; nothing that was sent may
   be missing. */
WIRE_CASE(fast_publisher, .title = "a fast publisher is throttled by channel.flow, or not",
          .rules = "basic.03 channel.flow.throttling")
{
    enum { N = 3000 };
    struct peer *c = OPEN(), *other = OPEN();
    struct str q = NAME("q"), body = repeated(t, 'x', 1000);
    size_t asked;

    CALL(other, 1, queue_declare, .queue = q);
    for (uint8_t mode = 1; mode <= 2; mode++) {
        STEP("delivery-mode %u", mode);
        for (int i = 0; i < N; i++)
            PUBLISH_WITH(c, 1, PROPS(.delivery_mode = mode), body, .routing_key = q);
        answer_flow(t, c, q);
        await_queue(t, other, 1, q, N * mode, 0);
    }
    asked = trace_count(TRACE(c), 'S', M_channel_flow);
    if (asked)
        INFO("the broker sent channel.flow %zu times", asked);
    CALL(other, 1, queue_delete, .queue = q);
}
