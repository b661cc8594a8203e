/* Queues: arguments that extensions gave a meaning, where that meaning is none. */
#define CHAPTER "queue"
#include "suites/steps.h"

/* A bit may be there and be false: then it is as if it were not there, and each reader gets its
   share. */
WIRE_CASE(false_argument, .title = "x-single-active-consumer false: readers share the queue",
          .rules = "ext.sac.one-active")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true,
         .arguments = TABLE(ARG("x-single-active-consumer", BOOL(0))));
    for (uint16_t channel = 1; channel <= 2; channel++)
        CONSUME(c, channel, .queue = q, .no_ack = true);
    PUBLISH(c, 1, S("1"), .routing_key = q);
    PUBLISH(c, 1, S("2"), .routing_key = q);
    DELIVERED(c, 1, S("1"));
    DELIVERED(c, 2, S("2"));
}

/* Whoever waits for a message gets the next one, whatever its priority. */
WIRE_CASE(levels_wake_reader, .title = "a reader waits at a queue with ten levels",
          .rules = "ext.priority.x-max-priority")
{
    static const uint8_t priorities[] = { 0, 9, 5, 0 };
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true,
         .arguments = TABLE(ARG("x-max-priority", INT32(9))));
    CONSUME(c, 1, .queue = q, .no_ack = true);
    for (int i = 0; i < 4; i++) {
        QUIET(c, 1);
        PUBLISH_WITH(c, 1, PROPS(.priority = priorities[i]), TEXT("%d", i), .routing_key = q);
        DELIVERED(c, 1, TEXT("%d", i));
    }
}

/* Messages that die go to an exchange; if that is not there they are gone, and nobody is blamed. */
WIRE_CASE(dead_letters_to_nobody, .title = "a dead letter exchange that is not there",
          .rules = "ext.dlx.missing-exchange-dropped")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true,
         .arguments = TABLE(ARG("x-dead-letter-exchange", LONGSTR(NAME("nobody")))));
    PUBLISH(c, 1, S("dies"), .routing_key = q);
    GET(c, 1, q, S("dies"));
    SEND(c, 1, basic_reject, .delivery_tag = 1, .requeue = false);
    QUIET(c, 1);
    GET_EMPTY(c, 1, q);
}
