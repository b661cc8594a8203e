/* Scenarios that the specification itself describes beside its rules, run as they are written
   there, where no other chapter has them so. Nothing in them is ours but the names. */
#define CHAPTER "scenario"
#include "suites/steps.h"

/* "A client declares two named queues, one durable and one transient." */
WIRE_CASE(durable_and_transient, .title = "two named queues, one durable and one transient",
          .rules = "queue.declare.durable.types")
{
    struct peer *c = OPEN();

    SEND(c, 1, queue_declare, .queue = NAME("durable"), .durable = true);
    RECV(c, 1, queue_declare_ok, .queue = IS(NAME("durable")));
    SEND(c, 1, queue_declare, .queue = NAME("transient"));
    RECV(c, 1, queue_declare_ok, .queue = IS(NAME("transient")));
    STEP("they are what they were declared as");
    SEND(c, 1, queue_declare, .queue = NAME("durable"));
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    SEND(c, 1, queue_declare, .queue = NAME("transient"), .durable = true);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    CALL(c, 1, queue_delete, .queue = NAME("durable"));
    CALL(c, 1, queue_delete, .queue = NAME("transient"));
}

/* "A client declares two named queues, one exclusive and one non-exclusive." */
WIRE_CASE(exclusive_and_shared, .title = "two named queues, one exclusive and one not",
          .rules = "queue.declare.exclusive.types")
{
    struct peer *c = OPEN(), *other = OPEN();

    SEND(c, 1, queue_declare, .queue = NAME("exclusive"), .exclusive = true);
    RECV(c, 1, queue_declare_ok, .queue = IS(NAME("exclusive")));
    SEND(c, 1, queue_declare, .queue = NAME("shared"));
    RECV(c, 1, queue_declare_ok, .queue = IS(NAME("shared")));
    STEP("they are what they were declared as");
    SEND(other, 1, queue_declare, .queue = NAME("exclusive"), .passive = true);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_declare);
    CALL(other, 1, queue_declare, .queue = NAME("shared"), .passive = true);
    CALL(other, 1, queue_delete, .queue = NAME("shared"));
}

/* Both queues are declared again with auto-delete reversed: ignored, or refused with 406 where a
   redeclare must be equal (errata 7). Neither queue is changed by it. */
WIRE_CASE(auto_delete_reversed, .title = "auto-delete reversed on two existing queues",
          .rules = "queue.declare.auto-delete.pre-existence")
{
    struct peer *c = OPEN();
    struct str names[] = { NAME("explicit"), NAME("auto") };

    for (int i = 0; i < 2; i++)
        CALL(c, 1, queue_declare, .queue = names[i], .auto_delete = i == 1);
    for (int i = 0; i < 2; i++) {
        STEP("auto-delete %d", i == 0);
        SEND(c, 1, queue_declare, .queue = names[i], .auto_delete = i == 0);
        either(t, c, (struct either){ M_queue_declare_ok, .channel_code = PRECONDITION_FAILED });
    }
    for (int i = 0; i < 2; i++) {
        CALL(c, 1, queue_declare, .queue = names[i], .passive = true);
        CONSUME(c, 1, .queue = names[i], .consumer_tag = S("last"));
        CALL(c, 1, basic_cancel, .consumer_tag = S("last"));
    }
    STEP("each goes, or stays, as it was first declared");
    await_no_queue(t, c, 1, names[1]);
    CALL(c, 1, queue_declare, .queue = names[0], .passive = true);
    CALL(c, 1, queue_delete, .queue = names[0]);
}

/* One queue, several bindings to amq.topic, one message that they all match. */
WIRE_CASE(topic_bindings_unique, .title = "a message that matches every binding comes once",
          .rules = "queue.bind.unique")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue, key = NAME("a");
    struct str patterns[] = { key, glued(t, key, S(".#")), glued(t, S("#."), key),
                              glued(t, S("#."), glued(t, key, S(".#"))) };

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        CALL(c, 1, queue_bind, .queue = q, .exchange = S("amq.topic"), .routing_key = patterns[i]);
    PUBLISH(c, 1, S("once"), .exchange = S("amq.topic"), .routing_key = key);
    GET(c, 1, q, S("once"), .message_count = EQ(0));
    GET_EMPTY(c, 1, q);
}

/* Ten messages consumed, every second acknowledged; after a reconnect the others are received. */
WIRE_CASE(half_acknowledged, .title = "half the messages acknowledged: the other half comes again",
          .rules = "basic.10 domain.redelivered.implementation")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q);
    CONSUME(c, 1, .queue = q);
    for (int i = 1; i <= 10; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    for (int i = 1; i <= 10; i++)
        DELIVERED(c, 1, TEXT("%d", i), .delivery_tag = EQ(i), .redelivered = EQ(0));
    for (int i = 2; i <= 10; i += 2)
        SEND(c, 1, basic_ack, .delivery_tag = (uint64_t)i);
    CLOSE(c);
    c = OPEN();
    await_queue(t, c, 1, q, 5, 0);
    CONSUME(c, 1, .queue = q);
    for (int i = 1; i <= 9; i += 2)
        DELIVERED(c, 1, TEXT("%d", i), .redelivered = EQ(1));
    QUIET_QUEUE(c, 1, q);
    CALL(c, 1, queue_delete, .queue = q);
}

/* "The client declares a queue, binds it and publishes some messages into it, then tries to delete
   it setting if-empty to true." */
WIRE_CASE(delete_if_empty_bound, .title = "a bound queue with messages is not deleted if-empty",
          .rules = "queue.delete.if-empty.not-empty")
{
    struct peer *c = OPEN();
    struct str q = NAME("q"), key = NAME("key");

    CALL(c, 1, queue_declare, .queue = q);
    CALL(c, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = key);
    for (int i = 1; i <= 3; i++)
        PUBLISH(c, 1, TEXT("%d", i), .exchange = S("amq.direct"), .routing_key = key);
    await_queue(t, c, 1, q, 3, 0);
    SEND(c, 1, queue_delete, .queue = q, .if_empty = true);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_delete);
    for (int i = 1; i <= 3; i++)
        GET(c, 1, q, TEXT("%d", i), .message_count = EQ(3 - i));
    SEND(c, 1, queue_delete, .queue = q, .if_empty = true);
    RECV(c, 1, queue_delete_ok, .message_count = EQ(0));
}
