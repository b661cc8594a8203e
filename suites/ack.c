/* Acknowledging: one, several, all. Refusing and recover are in ack_refuse.c. */
#define CHAPTER "ack"
#include "fixtures/harness/case.h"
#include "suites/holding.h"

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
    STEP("everything may be nothing at all");
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

/* A tag that is settled names nothing, with multiple as well: what is below it is held on. */
WIRE_CASE(settled_multiple, .title = "basic.ack multiple of a tag that is settled is refused",
          .rules = "basic.ack.multiple.exists")
{
    struct peer *c = holding(t, NAME("q"), 3);

    SEND(c, 1, basic_ack, .delivery_tag = 2);
    QUIET(c, 1);
    SEND(c, 1, basic_ack, .delivery_tag = 2, .multiple = true);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    left_over(t, c, NAME("q"), "1 3");
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

/* However many queues a channel is served by, the tags are of one row, and each names one message.
 */
WIRE_CASE(two_queues, .title = "deliveries from two queues have tags of one row",
          .rules = "domain.delivery-tag.non-zero basic.ack.multiple.doc-upto")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q[] = { NAME("a"), NAME("b") };

    for (int i = 0; i < 2; i++) {
        CALL(c, 1, queue_declare, .queue = q[i], .exclusive = true);
        CONSUME(c, 1, .queue = q[i], .consumer_tag = q[i]);
    }
    for (int i = 0; i < 4; i++) {
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q[i % 2]);
        DELIVERED(c, 1, TEXT("%d", i), .consumer_tag = IS(q[i % 2]), .delivery_tag = EQ(i + 1));
    }
    SEND(c, 1, basic_ack, .delivery_tag = 2);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q[0], 2, 0);
    await_queue(t, c, 2, q[1], 1, 0);
    GET(c, 2, q[1], S("3"), .redelivered = EQ(1));
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
