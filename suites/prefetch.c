/* Prefetch: how many unacknowledged messages a consumer may hold, and who gets the next one.
   The window is measured in the capture as well: an invariant looks at every instant. */
#define CHAPTER "prefetch"
#include "suites/steps.h"

/* The most deliveries that were unacknowledged at once, as the capture saw it. Acks count from
   the moment the client sent them. Single acks only. */
static unsigned most_outstanding(const struct trace *trace, uint16_t channel)
{
    unsigned held = 0, most = 0;

    for (size_t i = 0; i < trace->n; i++) {
        const struct frame *f = &trace->at[i].frame;

        if (trace->at[i].kind != TRACE_FRAME || f->channel != channel || !f->method)
            continue;
        if (f->method->id == M_basic_deliver)
            held++;
        else if (f->method->id == M_basic_ack)
            held--;
        if (held > most)
            most = held;
    }
    return most;
}

/* A window of three: three arrive, the fourth waits for an ack, and one ack frees one. */
WIRE_CASE(window, .title = "prefetch-count 3: never more than three unacknowledged",
          .rules = "basic.qos.prefetch-count.01 basic.qos.doc-qos-ok", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 10);
    CALL(c, 1, basic_qos, .prefetch_count = 3);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 3);
    await_queue(t, c, 1, q, 7, -1);
    SEND(c, 1, basic_ack, .delivery_tag = 2);
    numbers_delivered(t, c, 1, 4, 4);
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    SEND(c, 1, basic_ack, .delivery_tag = 3);
    numbers_delivered(t, c, 1, 5, 6);
    await_queue(t, c, 1, q, 4, -1);
    CHECK(most_outstanding(TRACE(c), 1) == 3, "the capture shows %u at once",
          most_outstanding(TRACE(c), 1));
}

/* The smallest window is a strict alternation of delivery and ack. */
WIRE_CASE(one_by_one, .title = "prefetch-count 1 delivers one at a time, in order",
          .rules = "basic.qos.prefetch-count.01 model.queue.fifo-single-reader", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, basic_qos, .prefetch_count = 1);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    publish_numbers(t, c, q, 1, 20);
    for (int i = 1; i <= 20; i++) {
        numbers_delivered(t, c, 1, i, i);
        if (i % 5 == 0)
            QUIET_QUEUE(c, 1, q);
        SEND(c, 1, basic_ack, .delivery_tag = (uint64_t)i);
    }
    QUIET_QUEUE(c, 1, q);
    CHECK(most_outstanding(TRACE(c), 1) == 1, "the capture shows %u at once",
          most_outstanding(TRACE(c), 1));
}

/* Acknowledging several at once frees as many places. */
WIRE_CASE(multiple_frees, .title = "a multiple ack frees the whole window",
          .rules = "basic.qos.prefetch-count.01 basic.ack.multiple.doc-upto", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 12);
    CALL(c, 1, basic_qos, .prefetch_count = 4);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 4);
    SEND(c, 1, basic_ack, .delivery_tag = 3, .multiple = true);
    numbers_delivered(t, c, 1, 5, 7);
    await_queue(t, c, 1, q, 5, -1);
    SEND(c, 1, basic_ack, .delivery_tag = 0, .multiple = true);
    numbers_delivered(t, c, 1, 8, 11);
    await_queue(t, c, 1, q, 1, -1);
}

/* A message refused is settled too, requeued or not. */
WIRE_CASE(reject_frees, .title = "reject and nack free places in the window",
          .rules = "basic.qos.prefetch-count.01 basic.reject.requeue.doc-discard "
                   "ext.nack.multiple",
          .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 6);
    CALL(c, 1, basic_qos, .prefetch_count = 2);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 2);
    SEND(c, 1, basic_reject, .delivery_tag = 1);
    numbers_delivered(t, c, 1, 3, 3);
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, basic_nack, .delivery_tag = 3, .multiple = true);
    numbers_delivered(t, c, 1, 4, 5);
    await_queue(t, c, 1, q, 1, -1);
}

/* What is recovered is no longer held, so it has room to come again. */
WIRE_CASE(recover_frees, .title = "basic.recover frees the window it empties",
          .rules = "basic.qos.prefetch-count.01 basic.recover.01 "
                   "basic.recover.requeue.doc-requeue",
          .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 4);
    CALL(c, 1, basic_qos, .prefetch_count = 2);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 2);
    CALL(c, 1, basic_recover, .requeue = true);
    for (int i = 1; i <= 2; i++)
        DELIVERED(c, 1, TEXT("%d", i), .redelivered = EQ(1), .delivery_tag = EQ(i + 2));
    await_queue(t, c, 1, q, 2, -1);
    SEND(c, 1, basic_ack, .delivery_tag = 4, .multiple = true);
    for (int i = 3; i <= 4; i++)
        DELIVERED(c, 1, TEXT("%d", i), .redelivered = EQ(0), .delivery_tag = EQ(i + 2));
}

/* Zero is no limit at all. */
WIRE_CASE(zero, .title = "prefetch-count 0 is no limit",
          .rules = "basic.qos.prefetch-count.doc-zero basic.qos.prefetch-size.doc-zero",
          .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 300);
    CALL(c, 1, basic_qos, .prefetch_count = 0);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 300);
    await_queue(t, c, 1, q, 0, -1);
}

/* A consumer that never acknowledges is never held back. */
WIRE_CASE(no_ack_unlimited, .title = "prefetch does not hold back a no-ack consumer",
          .rules = "basic.qos.doc-no-ack-ignored basic.09", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 20);
    CALL(c, 1, basic_qos, .prefetch_count = 2);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"), .no_ack = true);
    numbers_delivered(t, c, 1, 1, 20);
    await_queue(t, c, 1, q, 0, -1);
}

/* What was fetched with Get is not held against the window of a consumer that comes later, and
   Get itself knows no window. */
WIRE_CASE(get_unlimited, .title = "prefetch does not limit basic.get",
          .rules = "basic.get.doc-get-ok basic.qos.doc-qos-ok ext.qos.get-unaffected",
          .revision = 2)
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (uint16_t channel = 1; channel <= 2; channel++) {
        STEP(channel == 1 ? "global clear" : "global set");
        publish_numbers(t, c, q, 1, 6);
        await_queue(t, c, channel, q, 6, 0);
        CALL(c, channel, basic_qos, .prefetch_count = 1, .global = channel == 2);
        for (int i = 1; i <= 4; i++)
            GET(c, channel, q, TEXT("%d", i), .delivery_tag = EQ(i), .message_count = EQ(6 - i));
        CONSUME(c, channel, .queue = q, .consumer_tag = S("c"));
        numbers_delivered(t, c, channel, 5, 5);
        GET(c, channel, q, S("6"), .delivery_tag = EQ(6), .message_count = EQ(0));
        GET_EMPTY(c, channel, q);
        CALL(c, channel, basic_cancel, .consumer_tag = S("c"));
    }
}

/* One slow worker keeps its one task; two fast ones share the other tasks, each never with more
   than one. All windows are measured in the captures. */
WIRE_CASE(slow_and_fast, .title = "one slow and two fast workers with prefetch 1",
          .rules = "basic.qos.prefetch-count.01 model.queue.single-recipient", .revision = 2)
{
    struct peer *boss = OPEN(), *slow = OPEN(), *fast[2] = { OPEN(), OPEN() };
    struct str q = NAME("q");
    unsigned done[2] = { 0, 0 };

    CALL(boss, 1, queue_declare, .queue = q);
    CALL(slow, 1, basic_qos, .prefetch_count = 1);
    CONSUME(slow, 1, .queue = q, .consumer_tag = S("slow"));
    publish_numbers(t, boss, q, 0, 0);
    DELIVERED(slow, 1, S("0"));
    for (int i = 0; i < 2; i++) {
        CALL(fast[i], 1, basic_qos, .prefetch_count = 1);
        CONSUME(fast[i], 1, .queue = q, .consumer_tag = S("fast"));
    }
    publish_numbers(t, boss, q, 1, 30);
    for (unsigned rounds = 0; done[0] + done[1] < 30; rounds++) {
        CHECK(rounds < 500, "only %u and %u of 30 tasks were handed out", done[0], done[1]);
        for (int i = 0; i < 2; i++)
            if (deliveries_now(t, fast[i], q) > 0)
                SEND(fast[i], 1, basic_ack, .delivery_tag = ++done[i]);
    }
    CHECK(done[0] >= 5 && done[1] >= 5, "shared as %u and %u", done[0], done[1]);
    QUIET_QUEUE(slow, 1, q);
    SEND(slow, 1, basic_ack, .delivery_tag = 1);
    CALL(boss, 1, queue_delete, .queue = q);
    CHECK(most_outstanding(TRACE(slow), 1) == 1, "the slow worker held more than one task");
    for (int i = 0; i < 2; i++)
        CHECK(most_outstanding(TRACE(fast[i]), 1) == 1, "a fast worker held more than one task");
}

/* A full window passes the turn on; it does not stop the queue. */
WIRE_CASE(full_window_skipped, .title = "a consumer with a full window is passed over",
          .rules = "basic.qos.prefetch-count.01 model.queue.round-robin", .revision = 2)
{
    struct peer *a = OPEN(), *b = OPEN();
    struct str q = NAME("q");

    CALL(a, 1, queue_declare, .queue = q);
    CALL(a, 1, basic_qos, .prefetch_count = 2);
    CALL(b, 1, basic_qos, .prefetch_count = 5);
    CONSUME(a, 1, .queue = q, .consumer_tag = S("a"));
    CONSUME(b, 1, .queue = q, .consumer_tag = S("b"));
    publish_numbers(t, a, q, 1, 8);
    DELIVERED(a, 1, S("1"), .delivery_tag = EQ(1));
    DELIVERED(b, 1, S("2"), .delivery_tag = EQ(1));
    DELIVERED(a, 1, S("3"), .delivery_tag = EQ(2));
    for (int i = 4; i <= 7; i++)
        DELIVERED(b, 1, TEXT("%d", i), .delivery_tag = EQ(i - 2));
    await_queue(t, b, 1, q, 1, -1);
    QUIET_QUEUE(a, 1, q);
    SEND(a, 1, basic_ack, .delivery_tag = 1);
    DELIVERED(a, 1, S("8"), .delivery_tag = EQ(3));
    CALL(a, 1, queue_delete, .queue = q);
}

/* Closing the channel of a full consumer gives its messages to the others, in their old order. */
WIRE_CASE(window_given_back, .title = "a closed channel's window goes to the next consumer",
          .rules = "transport.closure.redelivery basic.qos.prefetch-count.01", .revision = 2)
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    publish_numbers(t, c, q, 1, 5);
    CALL(c, 1, basic_qos, .prefetch_count = 3);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    numbers_delivered(t, c, 1, 1, 3);
    CALL(c, 2, basic_qos, .prefetch_count = 4);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, 5, 0);
    CONSUME(c, 2, .queue = q, .consumer_tag = S("next"));
    for (int i = 1; i <= 4; i++)
        DELIVERED(c, 2, TEXT("%d", i), .redelivered = EQ(i <= 3), .delivery_tag = EQ(i));
    await_queue(t, c, 2, q, 1, -1);
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(window, .title = "prefetch-count 3: never more than three unacknowledged",
            .rules = "basic.qos.prefetch-count.01")
{
    struct session *s = SESSION();
    struct delivery last;

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO(s, 1, basic_qos, .prefetch_count = 3);
    DO(s, 1, basic_consume, .queue = NAME("q"));
    for (int i = 1; i <= 5; i++)
        PUB(s, 1, TEXT("%d", i), .routing_key = NAME("q"));
    CONSUMED(s, S("1"));
    CONSUMED(s, S("2"));
    last = CONSUMED(s, S("3"));
    want_quiet(t, s, 1, NAME("q"));
    SAY(s, 1, basic_ack, .delivery_tag = last.delivery_tag, .multiple = true);
    CONSUMED(s, S("4"));
    CONSUMED(s, S("5"));
    want_quiet(t, s, 1, NAME("q"));
}

CLIENT_CASE(zero, .title = "prefetch-count 0 is no limit",
            .rules = "basic.qos.prefetch-count.doc-zero")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    for (int i = 1; i <= 100; i++)
        PUB(s, 1, TEXT("%d", i), .routing_key = NAME("q"));
    DO(s, 1, basic_qos, .prefetch_count = 0);
    DO(s, 1, basic_consume, .queue = NAME("q"));
    for (int i = 1; i <= 100; i++)
        CONSUMED(s, TEXT("%d", i));
    want_quiet(t, s, 1, NAME("q"));
}
