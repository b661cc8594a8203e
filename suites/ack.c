/* Acknowledging: one, several, all; refusing, with and without another chance; recover. */
#define CHAPTER "ack"
#include "fixtures/harness/case.h"
#include "suites/steps.h"

/* A connection of two channels; channel 1 holds messages "1" … "n" of an exclusive queue. */
static struct peer *holding(struct t *t, struct str q, int n)
{
    struct peer *c = OPEN(.channels = 2);

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 1; i <= n; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    for (int i = 1; i <= n; i++)
        DELIVERED(c, 1, TEXT("%d", i), .delivery_tag = EQ(i), .redelivered = EQ(0));
    return c;
}

/* Channel 1 is closed; the queue then holds exactly these messages, a blank between. */
static void left_over(struct t *t, struct peer *c, struct str q, const char *bodies)
{
    int n = 0;

    for (const char *p = bodies; *p; p++)
        n += *p != ' ';
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, n, 0);
    for (const char *p = bodies; *p; p++)
        if (*p != ' ')
            GET(c, 2, q, ((struct str){ p, 1 }), .redelivered = EQ(1));
    GET_EMPTY(c, 2, q);
}

/* An ack settles the one delivery it names. */
WIRE_CASE(
    single, .title = "basic.ack settles one delivery",
    .rules = "basic.ack.chassis-server basic.ack.multiple.doc-upto model.ack.explicit basic.10")
{
    struct peer *c = holding(t, NAME("q"), 5);

    SEND(c, 1, basic_ack, .delivery_tag = 2);
    SEND(c, 1, basic_ack, .delivery_tag = 5);
    QUIET(c, 1);
    left_over(t, c, NAME("q"), "1 3 4");
}

/* With multiple it settles all up to that one, and none behind it. */
WIRE_CASE(multiple, .title = "basic.ack multiple settles every delivery up to the tag",
          .rules = "basic.ack.multiple.doc-upto")
{
    struct peer *c = holding(t, NAME("q"), 5);

    SEND(c, 1, basic_ack, .delivery_tag = 2);
    SEND(c, 1, basic_ack, .delivery_tag = 3, .multiple = true);
    QUIET(c, 1);
    left_over(t, c, NAME("q"), "4 5");
}

/* Tag zero with multiple means everything outstanding. */
WIRE_CASE(multiple_zero, .title = "basic.ack multiple with tag 0 settles everything",
          .rules = "basic.ack.multiple.doc-zero")
{
    struct peer *c = holding(t, NAME("q"), 4);

    SEND(c, 1, basic_ack, .delivery_tag = 0, .multiple = true);
    QUIET(c, 1);
    left_over(t, c, NAME("q"), "");
}

/* Tag zero alone names nothing; the refusal settles nothing. */
WIRE_CASE(zero_alone, .title = "basic.ack of tag 0 without multiple is refused",
          .rules = "basic.ack.multiple.doc-zero-single basic.ack.multiple.exists")
{
    struct peer *c = holding(t, NAME("q"), 2);

    SEND(c, 1, basic_ack, .delivery_tag = 0);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    left_over(t, c, NAME("q"), "1 2");
}

/* A tag that was never given out. */
WIRE_CASE(unknown, .title = "basic.ack of an unknown tag is refused",
          .rules = "basic.ack.multiple.exists")
{
    struct peer *c = holding(t, NAME("q"), 2);

    SEND(c, 1, basic_ack, .delivery_tag = 3);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    left_over(t, c, NAME("q"), "1 2");
}

/* With multiple the tag has to be one that is known as well. */
WIRE_CASE(unknown_multiple, .title = "basic.ack multiple of an unknown tag is refused",
          .rules = "basic.ack.multiple.exists")
{
    struct peer *c = holding(t, NAME("q"), 2);

    SEND(c, 1, basic_ack, .delivery_tag = 3, .multiple = true);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    left_over(t, c, NAME("q"), "1 2");
}

/* Settled is settled: twice is an error, and the neighbour comes back untouched. */
WIRE_CASE(twice, .title = "acknowledging twice is refused", .rules = "basic.ack.multiple.exists")
{
    struct peer *c = holding(t, NAME("q"), 2);

    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET(c, 1);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    left_over(t, c, NAME("q"), "2");
}

/* Tags belong to their channel. */
WIRE_CASE(other_channel, .title = "a delivery tag means nothing on another channel",
          .rules = "domain.delivery-tag.channel-local")
{
    struct peer *c = holding(t, NAME("q"), 1);

    SEND(c, 2, basic_ack, .delivery_tag = 1);
    REFUSED(c, 2, PRECONDITION_FAILED, basic_ack);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET(c, 1);
    left_over(t, c, NAME("q"), "");
}

/* Nothing is outstanding on a no-ack consumer's channel. */
WIRE_CASE(no_ack_consumer, .title = "acknowledging a no-ack delivery is refused",
          .rules = "basic.09 basic.ack.multiple.exists")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 1, .queue = NAME("q"), .consumer_tag = S("c"), .no_ack = true);
    PUBLISH(c, 1, S("1"), .routing_key = NAME("q"));
    DELIVERED(c, 1, S("1"), .delivery_tag = EQ(1));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
}

/* Deliveries and Get-Oks draw from one row of tags: rising, from one, starting anew with the
 * channel. */
WIRE_CASE(tags_rise, .title = "delivery tags rise from 1 on each channel",
          .rules = "domain.delivery-tag.non-zero")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 1; i <= 6; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    GET(c, 1, q, S("1"), .delivery_tag = EQ(1));
    GET(c, 2, q, S("2"), .delivery_tag = EQ(1));
    GET(c, 1, q, S("3"), .delivery_tag = EQ(2));
    CALL(c, 1, basic_qos, .prefetch_count = 1);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    DELIVERED(c, 1, S("4"), .delivery_tag = EQ(3));
    GET(c, 1, q, S("5"), .delivery_tag = EQ(4));
    CALL(c, 2, channel_close, .reply_code = 200, .reply_text = S("done"));
    CALL(c, 2, channel_open);
    await_queue(t, c, 1, q, 2, 1);
    GET(c, 2, q, S("2"), .delivery_tag = EQ(1), .redelivered = EQ(1));
}

/* ---- Refusing a message ------------------------------------------------------------ */

/* Without requeue a rejected message is gone. */
WIRE_CASE(reject_discard, .title = "basic.reject without requeue discards",
          .rules = "basic.reject.requeue.doc-discard basic.reject.chassis-server")
{
    struct peer *c = holding(t, NAME("q"), 3);

    SEND(c, 1, basic_reject, .delivery_tag = 2);
    QUIET(c, 1);
    left_over(t, c, NAME("q"), "1 3");
}

/* With requeue it is there for the next one, marked. */
WIRE_CASE(reject_requeue, .title = "basic.reject with requeue makes the message available again",
          .rules = "basic.reject.02 basic.reject.requeue.doc-requeue")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    PUBLISH(c, 1, S("1"), .routing_key = q);
    PUBLISH(c, 1, S("2"), .routing_key = q);
    GET(c, 1, q, S("1"), .delivery_tag = EQ(1));
    SEND(c, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    QUIET(c, 1);
    await_queue(t, c, 2, q, 2, 0);
    GET(c, 2, q, S("1"), .redelivered = EQ(1));
    GET(c, 2, q, S("2"), .redelivered = EQ(0));
}

/* When another consumer is free, the one that refused does not get the message back. */
WIRE_CASE(reject_to_other, .title = "a rejected message goes to another consumer",
          .rules = "basic.reject.requeue.01 basic.reject.02")
{
    struct peer *a = OPEN(), *b = OPEN();
    struct str q = NAME("q");
    unsigned to_a = 0, to_b = 0;

    CALL(a, 1, queue_declare, .queue = q);
    CONSUME(a, 1, .queue = q, .consumer_tag = S("a"));
    PUBLISH(a, 1, S("1"), .routing_key = q);
    DELIVERED(a, 1, S("1"), .redelivered = EQ(0));
    CONSUME(b, 1, .queue = q, .consumer_tag = S("b"));
    SEND(a, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    for (int i = 0; i < 500 && to_a + to_b == 0; i++) {
        to_a = deliveries_now(t, a, q);
        to_b = deliveries_now(t, b, q);
    }
    CHECK(to_a + to_b == 1, "the message went to a %u times, to b %u times", to_a, to_b);
    if (to_a)
        WEAK("the consumer that refused got it back although another was free (errata 1)");
    CALL(b, 1, queue_delete, .queue = q);
}

WIRE_CASE(reject_unknown, .title = "basic.reject of an unknown tag is refused",
          .rules = "basic.reject.doc-unknown-tag")
{
    struct peer *c = holding(t, NAME("q"), 1);

    SEND(c, 1, basic_reject, .delivery_tag = 2, .requeue = true);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_reject);
    left_over(t, c, NAME("q"), "1");
}

/* RabbitMQ's nack is a reject that can mean several. */
WIRE_CASE(nack_multiple, .title = "basic.nack multiple refuses every delivery up to the tag",
          .rules = "ext.nack.multiple")
{
    struct peer *c = holding(t, NAME("q"), 4);

    SEND(c, 1, basic_nack, .delivery_tag = 3, .multiple = true);
    QUIET(c, 1);
    left_over(t, c, NAME("q"), "4");
}

WIRE_CASE(nack_zero, .title = "basic.nack multiple with tag 0 refuses everything",
          .rules = "ext.nack.multiple-zero")
{
    struct peer *c = holding(t, NAME("q"), 3);

    SEND(c, 1, basic_nack, .delivery_tag = 0, .multiple = true);
    QUIET(c, 1);
    left_over(t, c, NAME("q"), "");
}

/* Requeued messages take their old places, in front of what was published later. */
WIRE_CASE(nack_requeue_order, .title = "requeued messages keep their order",
          .rules = "ext.acks.requeue-position ext.ordering.requeue-keeps-place")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 1; i <= 4; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    for (int i = 1; i <= 3; i++)
        GET(c, 1, q, TEXT("%d", i));
    SEND(c, 1, basic_nack, .delivery_tag = 3, .multiple = true, .requeue = true);
    PUBLISH(c, 1, S("5"), .routing_key = q);
    await_queue(t, c, 2, q, 5, 0);
    for (int i = 1; i <= 5; i++)
        GET(c, 2, q, TEXT("%d", i), .redelivered = EQ(i <= 3));
}

/* ---- Recover ----------------------------------------------------------------------- */

/* Recover with requeue puts back what the channel holds. */
WIRE_CASE(recover_requeue, .title = "basic.recover with requeue redelivers, marked",
          .rules = "basic.recover.01 basic.recover.requeue.doc-requeue "
                   "basic.recover.chassis-server basic.recover.doc-recover-ok")
{
    struct peer *c = holding(t, NAME("q"), 3);

    SEND(c, 1, basic_ack, .delivery_tag = 2);
    SEND(c, 1, basic_recover, .requeue = true);
    RECV(c, 1, basic_recover_ok);
    DELIVERED(c, 1, S("1"), .redelivered = EQ(1), .delivery_tag = EQ(4));
    DELIVERED(c, 1, S("3"), .redelivered = EQ(1), .delivery_tag = EQ(5));
    QUIET_QUEUE(c, 1, NAME("q"));
}

/* With nothing outstanding it is still answered. */
WIRE_CASE(recover_nothing, .title = "basic.recover with nothing outstanding",
          .rules = "basic.recover.doc-recover-ok")
{
    struct peer *c = OPEN();

    CALL(c, 1, basic_recover, .requeue = true);
    QUIET(c, 1);
}

WIRE_CASE(recover_async, .title = "basic.recover-async redelivers without an answer",
          .rules = "basic.recover-async.01 basic.recover-async.chassis-server")
{
    struct peer *c = holding(t, NAME("q"), 1);
    struct next n;

    SEND(c, 1, basic_recover_async, .requeue = true);
    n = NEXT(c);
    CHECK(n.kind == GOT_FRAME && n.frame.method, "the connection ended");
    if (n.frame.method->id == M_connection_close) {
        CHECK(((const struct m_connection_close *)n.frame.args)->reply_code == NOT_IMPLEMENTED,
              "absent methods are refused with 540");
        SEND(c, 0, connection_close_ok);
        HANGUP(c);
        INFO("recover-async is not implemented (errata 38)");
        return;
    }
    CHECK(n.frame.method->id == M_basic_deliver, "wanted the delivery");
    CHECK(((const struct m_basic_deliver *)n.frame.args)->redelivered, "it is not marked");
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(multiple, .title = "basic.ack multiple settles every delivery up to the tag",
            .rules = "basic.ack.multiple.doc-upto")
{
    struct session *s = SESSION(), *other = SESSION();

    DO(other, 1, queue_declare, .queue = NAME("q"));
    for (int i = 1; i <= 4; i++)
        PUB(other, 1, TEXT("%d", i), .routing_key = NAME("q"));
    DO(s, 1, basic_consume, .queue = NAME("q"));
    for (int i = 1; i <= 4; i++)
        CONSUMED(s, TEXT("%d", i));
    SAY(s, 1, basic_ack, .delivery_tag = 3, .multiple = true);
    want_quiet(t, s, 1, NAME("q"));
    LEAVE(s);
    await_ready(t, other, 1, NAME("q"), 1, 0);
    CHECK(FETCH(other, 1, NAME("q"), S("4")).redelivered, "it was delivered before");
    DO(other, 1, queue_delete, .queue = NAME("q"));
}

CLIENT_CASE(unknown, .title = "basic.ack of an unknown tag is refused",
            .rules = "basic.ack.multiple.exists")
{
    struct session *s = SESSION();

    SAY(s, 1, basic_ack, .delivery_tag = 7);
    want_channel_closed(t, s, 1, PRECONDITION_FAILED);
}

CLIENT_CASE(reject_requeue, .title = "basic.reject with requeue makes the message available again",
            .rules = "basic.reject.02 basic.reject.requeue.doc-requeue")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, S("1"), .routing_key = NAME("q"));
    SAY(s, 1, basic_reject, .requeue = true,
        .delivery_tag = FETCH(s, 1, NAME("q"), S("1")).delivery_tag);
    await_ready(t, s, 1, NAME("q"), 1, 0);
    CHECK(FETCH(s, 1, NAME("q"), S("1")).redelivered, "it is not marked");
}

CLIENT_CASE(recover, .title = "basic.recover with requeue redelivers, marked",
            .rules = "basic.recover.01")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, S("1"), .routing_key = NAME("q"));
    DO(s, 1, basic_consume, .queue = NAME("q"));
    CONSUMED(s, S("1"));
    DO(s, 1, basic_recover, .requeue = true);
    CHECK(CONSUMED(s, S("1")).redelivered, "it is not marked");
}
