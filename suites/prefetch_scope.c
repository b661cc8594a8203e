/* Prefetch: whom a limit binds. The specification shares it on the channel, or with global set on
   the connection; RabbitMQ gives it to each new consumer, or with global set to the channel, and
   says so by the capability per_consumer_qos. A broker is held to what it announces (errata 45,
   46). */
#define CHAPTER "prefetch"
#include "suites/steps.h"

/* The specification shares the limit among the consumers of the channel; RabbitMQ gives each new
   consumer one of its own. Either way nobody holds more than two. */
WIRE_CASE(per_consumer, .title = "global clear: two consumers on one channel",
          .rules = "basic.qos.global.doc-channel basic.qos.prefetch-count.01 "
                   "ext.qos.per-consumer-default",
          .revision = 3)
{
    struct peer *c = OPEN();
    struct str a = NAME("a"), b = NAME("b");
    unsigned more;

    CALL(c, 1, queue_declare, .queue = a, .exclusive = true);
    CALL(c, 1, queue_declare, .queue = b, .exclusive = true);
    publish_numbers(t, c, a, 1, 5);
    publish_numbers(t, c, b, 1, 5);
    CALL(c, 1, basic_qos, .prefetch_count = 2);
    CONSUME(c, 1, .queue = a, .consumer_tag = S("a"));
    numbers_delivered(t, c, 1, 1, 2);
    QUIET_QUEUE(c, 1, a);
    CONSUME(c, 1, .queue = b, .consumer_tag = S("b"));
    more = deliveries_now(t, c, b);
    if (announced(t, c, S("per_consumer_qos")))
        CHECK(more == 2, "the second consumer holds %u of its own two", more);
    else if (more == 2)
        WEAK("each consumer has a window of its own (errata 45)");
    else
        CHECK(more == 0, "the second consumer holds %u of a full window", more);
}

/* With global set the limit is shared by the consumers of the channel (RabbitMQ) or of the
   connection (specification): never more than two between the two of one channel. */
WIRE_CASE(shared_on_channel, .title = "global set: consumers of a channel share one window",
          .rules = "basic.qos.global.doc-connection basic.qos.prefetch-count.01 "
                   "ext.qos.global-channel",
          .revision = 2)
{
    struct peer *c = OPEN();
    struct str a = NAME("a"), b = NAME("b");

    CALL(c, 1, queue_declare, .queue = a, .exclusive = true);
    CALL(c, 1, queue_declare, .queue = b, .exclusive = true);
    publish_numbers(t, c, a, 1, 5);
    publish_numbers(t, c, b, 1, 5);
    CALL(c, 1, basic_qos, .prefetch_count = 2, .global = true);
    CONSUME(c, 1, .queue = a, .consumer_tag = S("a"));
    numbers_delivered(t, c, 1, 1, 2);
    CONSUME(c, 1, .queue = b, .consumer_tag = S("b"));
    QUIET_QUEUE(c, 1, b);
    QUIET_QUEUE(c, 1, a);
    SEND(c, 1, basic_ack, .delivery_tag = 0, .multiple = true);
    RECV_CONTENT(c, 1, basic_deliver, ANY_BODY, .delivery_tag = EQ(3));
    RECV_CONTENT(c, 1, basic_deliver, ANY_BODY, .delivery_tag = EQ(4));
    QUIET_QUEUE(c, 1, a);
    QUIET_QUEUE(c, 1, b);
}

/* Two channels, two windows, one queue. */
WIRE_CASE(two_channels, .title = "the windows of two channels are their own",
          .rules = "basic.qos.prefetch-count.01 model.consumer.channel-owned", .revision = 2)
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, basic_qos, .prefetch_count = 1);
    CALL(c, 2, basic_qos, .prefetch_count = 2);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("one"));
    publish_numbers(t, c, q, 1, 1);
    numbers_delivered(t, c, 1, 1, 1);
    CONSUME(c, 2, .queue = q, .consumer_tag = S("two"));
    publish_numbers(t, c, q, 2, 6);
    DELIVERED(c, 2, S("2"), .delivery_tag = EQ(1), .consumer_tag = IS(S("two")));
    DELIVERED(c, 2, S("3"), .delivery_tag = EQ(2), .consumer_tag = IS(S("two")));
    QUIET_QUEUE(c, 1, q);
    QUIET_QUEUE(c, 2, q);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    DELIVERED(c, 1, S("4"), .delivery_tag = EQ(2), .consumer_tag = IS(S("one")));
    QUIET_QUEUE(c, 2, q);
}

/* A limit raised while consuming counts for the consumer that is there (specification) or for the
   next one (RabbitMQ). Nobody may lose the place he has. */
WIRE_CASE(raised, .title = "prefetch raised while consuming",
          .rules = "basic.qos.doc-until-next basic.qos.prefetch-count.01 "
                   "ext.qos.existing-unaffected",
          .revision = 3)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");
    unsigned more;
    bool per_consumer;

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 9);
    CALL(c, 1, basic_qos, .prefetch_count = 2);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 2);
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, basic_qos, .prefetch_count = 4);
    RECV(c, 1, basic_qos_ok);
    more = deliveries_now(t, c, q);
    CHECK(more == 0 || more == 2, "%u more after the limit went from 2 to 4", more);
    per_consumer = announced(t, c, S("per_consumer_qos"));
    CHECK(more == 0 || !per_consumer, "the consumer that was there is bound by the new limit");
    if (more == 2)
        return;
    if (!per_consumer)
        WEAK("a later qos leaves live consumers as they were (errata 46)");
    STEP("an ack frees one place of two");
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    numbers_delivered(t, c, 1, 3, 3);
    QUIET_QUEUE(c, 1, q);
    STEP("a new consumer has the new limit");
    CALL(c, 1, basic_cancel, .consumer_tag = S("c"));
    CONSUME(c, 1, .queue = q, .consumer_tag = S("later"));
    numbers_delivered(t, c, 1, 4, 7);
    QUIET_QUEUE(c, 1, q);
}

/* Raised for the whole channel, it counts at the next ack at the latest. */
WIRE_CASE(raised_global, .title = "global prefetch raised while consuming",
          .rules = "basic.qos.doc-until-next basic.qos.global.doc-connection", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 9);
    CALL(c, 1, basic_qos, .prefetch_count = 2, .global = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 2);
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, basic_qos, .prefetch_count = 5, .global = true);
    RECV(c, 1, basic_qos_ok);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    numbers_delivered(t, c, 1, 3, 6);
    QUIET_QUEUE(c, 1, q);
}

/* Both kinds of limit at once: neither is ever exceeded. */
WIRE_CASE(both_limits, .title = "a consumer's limit and the channel's hold together",
          .rules = "ext.qos.global-and-consumer basic.qos.prefetch-count.01", .revision = 3)
{
    struct peer *c = OPEN();
    struct str a = NAME("a"), b = NAME("b");

    CALL(c, 1, queue_declare, .queue = a, .exclusive = true);
    CALL(c, 1, queue_declare, .queue = b, .exclusive = true);
    if (!announced(t, c, S("per_consumer_qos")))
        UNSUPPORTED("the broker does not announce per_consumer_qos");
    publish_numbers(t, c, a, 1, 9);
    publish_numbers(t, c, b, 1, 9);
    CALL(c, 1, basic_qos, .prefetch_count = 2);
    CALL(c, 1, basic_qos, .prefetch_count = 3, .global = true);
    CONSUME(c, 1, .queue = a, .consumer_tag = S("a"));
    numbers_delivered(t, c, 1, 1, 2);
    QUIET_QUEUE(c, 1, a);
    CONSUME(c, 1, .queue = b, .consumer_tag = S("b"));
    DELIVERED(c, 1, S("1"), .consumer_tag = IS(S("b")), .delivery_tag = EQ(3));
    QUIET_QUEUE(c, 1, b);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    RECV_CONTENT(c, 1, basic_deliver, ANY_BODY, .delivery_tag = EQ(4));
    QUIET_QUEUE(c, 1, a);
    QUIET_QUEUE(c, 1, b);
}

/* A limit goes with its channel: the next one of that number starts without. */
WIRE_CASE(fresh_channel, .title = "a reopened channel has no prefetch limit",
          .rules = "channel.open.doc-reuse basic.qos.global.doc-channel", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, basic_qos, .prefetch_count = 1);
    CALL(c, 1, basic_qos, .prefetch_count = 1, .global = true);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    CALL(c, 1, channel_open);
    publish_numbers(t, c, q, 1, 5);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 5);
    await_queue(t, c, 1, q, 0, -1);
}
