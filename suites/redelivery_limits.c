/* Redelivery that does not end, and a refusal while the message is still on its way. */
#define CHAPTER "redelivery"
#include "suites/steps.h"

/* The text would have a message that nobody ever acknowledges go to a queue of dead letters after
   some deliveries, and gives 5 as an example: no number to be held to. Until then it is itself,
   marked; then it is gone from its queue, whole. */
WIRE_CASE(never_settled, .title = "a message refused twenty times stays whole, or leaves its queue",
          .rules = "basic.deliver.01")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    PUBLISH(c, 1, S("poison"), .routing_key = q);
    for (unsigned round = 0; round < 20; round++) {
        const struct m_basic_get_ok *got;
        struct next n;

        SEND(c, 1, basic_get, .queue = q);
        n = NEXT(c);
        CHECK(n.kind == GOT_FRAME && n.frame.method && n.frame.args, "an answer to basic.get");
        if (n.frame.method->id == M_basic_get_empty) {
            CHECK(round > 1, "it has left its queue after %u deliveries", round);
            return;
        }
        CHECK(n.frame.method->id == M_basic_get_ok, "wanted get-ok or get-empty");
        got = n.frame.args;
        CHECK(got->redelivered == (round > 0), "redelivered is wrong in round %u", round);
        SEND(c, 1, basic_reject, .delivery_tag = got->delivery_tag, .requeue = true);
        CHECK(NEXT(c).frame.body_size == 6, "the header of six octets");
        CHECK(str_eq(NEXT(c).frame.payload, S("poison")), "the body as it was published");
        await_queue(t, c, 1, q, 1, 0);
    }
    INFO("a message refused twenty times stays in its queue; the text gives 5 as an example");
}

/* The rest of a content whose method and header were read: body frames up to its size, or fewer and
   then an empty one, which is how a server breaks off. */
static bool comes_whole(struct t *t, struct peer *c, struct str body)
{
    size_t at = 0;

    while (at < body.n) {
        struct next n = NEXT(c);

        CHECK(n.kind == GOT_FRAME && n.frame.type == FRAME_BODY && n.frame.channel == 1,
              "body frames up to the announced size");
        if (n.frame.payload.n == 0)
            return false;
        CHECK(n.frame.payload.n <= body.n - at, "no more octets than announced");
        CHECK(str_eq(n.frame.payload, ((struct str){ body.p + at, n.frame.payload.n })),
              "the octets that were published");
        at += n.frame.payload.n;
    }
    return true;
}

/* The refusal is on the wire before the body is: what the socket has taken up is far less. */
static void refused_amid(struct t *t, const struct trace *trace)
{
    const struct trace_event *refusal = trace_find(trace, NULL, 'C', M_basic_reject), *last = NULL;

    for (size_t i = 0; i < trace->n; i++)
        if (trace->at[i].kind == TRACE_FRAME && trace->at[i].who == 'S' &&
            trace->at[i].frame.type == FRAME_BODY)
            last = &trace->at[i];
    CHECK(refusal && last && refusal < last, "the refusal goes out amid the delivery");
}

/* A client that reads slowly refuses while it reads. The server should take the refusal in while
   it is sending: another consumer then has the message before the first, which wants no more, has
   read to its end. What the first gets is the whole body, or as much as was sent and an empty
   frame. */
WIRE_CASE(reject_amid_delivery, .title = "a reject while the message is still being delivered",
          .rules = "basic.reject.01", .revision = 2)
{
    struct peer *c = OPEN(.small_window = true), *other = OPEN();
    struct str q = NAME("q"), body = repeated(t, 'x', 3000000);
    const struct m_basic_deliver *d;
    struct next n;

    CALL(other, 1, queue_declare, .queue = q);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("slow"));
    PUBLISH(other, 1, body, .routing_key = q);
    n = NEXT(c);
    CHECK(n.kind == GOT_FRAME && n.frame.method && n.frame.method->id == M_basic_deliver,
          "wanted basic.deliver");
    d = n.frame.args;
    CHECK(NEXT(c).frame.body_size == body.n, "the header announces the body");
    t_stop_reading(t, c, true);
    CONSUME(other, 1, .queue = q, .consumer_tag = S("next"));
    SEND(c, 1, basic_cancel, .consumer_tag = S("slow"), .no_wait = true);
    SEND(c, 1, basic_reject, .delivery_tag = d->delivery_tag, .requeue = true);
    n = t_next(HERE, other, 2000, false);
    if (n.kind == GOT_SILENCE)
        WEAK("a reject is not processed while its message is being sent");
    t_stop_reading(t, c, false);
    if (!comes_whole(t, c, body))
        INFO("the delivery was cut short by an empty body frame");
    if (n.kind == GOT_SILENCE)
        n = NEXT(other);
    CHECK(n.kind == GOT_FRAME && n.frame.method && n.frame.method->id == M_basic_deliver,
          "the refused message goes to the other consumer");
    CHECK(((const struct m_basic_deliver *)n.frame.args)->redelivered, "it is not marked");
    CHECK(NEXT(other).frame.body_size == body.n, "the header announces the body");
    CHECK(comes_whole(t, other, body), "the whole body");
    refused_amid(t, TRACE(c));
    STEP("the channel works");
    QUIET(c, 1);
    SEND(other, 1, basic_ack, .delivery_tag = 1);
    CALL(other, 1, queue_delete, .queue = q);
}
