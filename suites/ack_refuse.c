/* Refusing a message, with and without another chance; recover. */
#define CHAPTER "ack"
#include "fixtures/harness/case.h"
#include "suites/holding.h"
#include "suites/steps.h"

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

/* Neither a tag that was never given out nor tag zero names a message; the refusal settles none. */
WIRE_CASE(reject_unknown, .title = "basic.reject of an unknown tag is refused",
          .rules = "basic.reject.doc-unknown-tag")
{
    struct peer *c = holding(t, NAME("q"), 1);

    SEND(c, 1, basic_reject, .delivery_tag = 2, .requeue = true);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_reject);
    STEP("tag 0");
    await_queue(t, c, 1, NAME("q"), 1, 0);
    GET(c, 1, NAME("q"), S("1"), .redelivered = EQ(1));
    SEND(c, 1, basic_reject, .delivery_tag = 0);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_reject);
    left_over(t, c, NAME("q"), "1");
}

WIRE_CASE(nack_unknown, .title = "basic.nack of an unknown tag is refused",
          .rules = "ext.nack.unknown-tag")
{
    struct peer *c = holding(t, NAME("q"), 2);

    SEND(c, 1, basic_nack, .delivery_tag = 3, .multiple = true, .requeue = true);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_nack);
    STEP("tag 0, one message");
    await_queue(t, c, 1, NAME("q"), 2, 0);
    GET(c, 1, NAME("q"), S("1"), .redelivered = EQ(1));
    SEND(c, 1, basic_nack, .delivery_tag = 0);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_nack);
    left_over(t, c, NAME("q"), "1 2");
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

/* Refused one at a time and in any order, each still goes back to where it was. */
WIRE_CASE(requeue_places, .title = "messages requeued one by one return to their places",
          .rules = "ext.acks.requeue-position ext.ordering.requeue-keeps-place ext.nack.requeue")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 1; i <= 5; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    for (int i = 1; i <= 4; i++)
        GET(c, 1, q, TEXT("%d", i));
    SEND(c, 1, basic_reject, .delivery_tag = 2, .requeue = true);
    SEND(c, 1, basic_nack, .delivery_tag = 4, .requeue = true);
    SEND(c, 1, basic_nack, .delivery_tag = 1, .requeue = true);
    SEND(c, 1, basic_reject, .delivery_tag = 3, .requeue = true);
    await_queue(t, c, 2, q, 5, 0);
    for (int i = 1; i <= 5; i++)
        GET(c, 2, q, TEXT("%d", i), .redelivered = EQ(i <= 4));
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

static void not_implemented(struct t *t, struct peer *c, const struct next *n)
{
    CHECK(((const struct m_connection_close *)n->frame.args)->reply_code == NOT_IMPLEMENTED,
          "wanted recover-ok or connection.close 540");
    WEAK("recover without requeue is refused with 540 (errata 49)");
    SEND(c, 0, connection_close_ok);
    HANGUP(c);
}

/* Without requeue what a consumer was given goes to that consumer again, marked, and none is
   lost. Some requeue all the same, and RabbitMQ ends in 540 (errata 49). */
WIRE_CASE(recover_original,
          .title = "basic.recover without requeue redelivers to the same consumer",
          .rules = "basic.recover.requeue.doc-original basic.recover.01 "
                   "ext.recover.requeue-false-refused")
{
    const struct str wanted[] = { S("1"), S("3") };
    struct peer *c = holding(t, NAME("q"), 3);
    size_t came = 0;
    bool answered = false, to_other = false;

    CONSUME(c, 2, .queue = NAME("q"), .consumer_tag = S("other"));
    SEND(c, 1, basic_ack, .delivery_tag = 2);
    SEND(c, 1, basic_recover, .requeue = false);
    while (came < 2 || !answered) {
        struct next n = NEXT(c);
        enum method_id id = n.frame.method ? n.frame.method->id : M_none;

        CHECK(n.kind == GOT_FRAME, "the connection ended");
        if (id == M_connection_close) {
            not_implemented(t, c, &n);
            return;
        }
        answered |= id == M_basic_recover_ok;
        if (n.frame.type == FRAME_BODY)
            CHECK(came < 2 && str_eq(n.frame.payload, wanted[came++]), "1, then 3, come again");
        if (id != M_basic_deliver)
            continue;
        CHECK(((const struct m_basic_deliver *)n.frame.args)->redelivered, "it is not marked");
        to_other |= n.frame.channel != 1;
    }
    if (to_other)
        WEAK("recover without requeue gave a message to another consumer (errata 49)");
    QUIET_QUEUE(c, 1, NAME("q"));
    QUIET_QUEUE(c, 2, NAME("q"));
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
