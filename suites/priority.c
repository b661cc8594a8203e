/* Priorities. The class demands two levels at least and allows ten; the field's own text leaves
   them to queues that implement priorities. So a plain queue that keeps to the order of
   publishing has taken the other reading (errata 37); a queue that was declared to have
   priorities has no such way out. */
#define CHAPTER "priority"
#include "suites/steps.h"

static void publish(struct t *t, struct peer *c, struct str q, uint8_t priority, int number)
{
    PUBLISH_WITH(c, 1, PROPS(.has_priority = true, .priority = priority), TEXT("%d", number),
                 .routing_key = q);
}

/* The priority of the next message, and its number among those published. */
static uint8_t next_out(struct t *t, struct peer *c, struct str q, int *number)
{
    struct content m = GET(c, 1, q, ANY_BODY, .redelivered = EQ(0));

    CHECK(m.properties.has_priority, "the priority is lost");
    *number = 0;
    for (size_t i = 0; i < m.body.n; i++)
        *number = *number * 10 + (m.body.p[i] - '0');
    return m.properties.priority;
}

/* Three of priority 0, and one of 9 behind them. */
WIRE_CASE(two_levels, .title = "priority 9 overtakes priority 0",
          .rules = "basic.06 basic.content.priority.doc-range")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    int number, first;

    for (int i = 1; i <= 4; i++)
        publish(t, c, q, i == 4 ? 9 : 0, i);
    await_queue(t, c, 1, q, 4, 0);
    first = next_out(t, c, q, &number) == 9 ? 4 : 1;
    CHECK(number == first, "message %d comes first", number);
    if (first == 1)
        WEAK("errata 37: a plain queue knows no priorities");
    for (int i = 1; i <= 4; i++) {
        if (i == first)
            continue;
        next_out(t, c, q, &number);
        CHECK(number == i, "message %d comes where %d belongs", number, i);
    }
    GET_EMPTY(c, 1, q);
}

/* Ten messages of rising priority come out level by level, the highest first; within a level they
   rise. A level is a rising run, and each run lies below the one before. */
static int levels(struct t *t, struct peer *c, struct str q)
{
    uint8_t out[10], floor = 10;
    int count = 0, number;

    for (int i = 0; i <= 9; i++)
        publish(t, c, q, (uint8_t)i, i);
    await_queue(t, c, 1, q, 10, 0);
    for (int i = 0; i < 10; i++)
        out[i] = next_out(t, c, q, &number);
    for (int i = 0, end; i < 10; i = end) {
        for (end = i + 1; end < 10 && out[end] == out[end - 1] + 1; end++)
            ;
        CHECK(out[end - 1] == floor - 1, "priority %u comes behind %u", out[end - 1], floor);
        floor = out[i];
        count++;
    }
    return count;
}

WIRE_CASE(distinct_levels, .title = "how many levels a plain queue has: one to ten",
          .rules = "basic.07")
{
    struct peer *c = OPEN();
    int n = levels(t, c, DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue);

    if (n < 2)
        INFO("a plain queue has one level; more are allowed, and two demanded elsewhere");
}

/* Declared with ten levels, it has ten; without a priority a message is of the lowest. */
WIRE_CASE(declared_levels, .title = "x-max-priority 9: ten levels, highest first",
          .rules = "ext.priority.x-max-priority ext.priority.missing-is-zero basic.07")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true,
                           .arguments = TABLE(ARG("x-max-priority", INT32(9))))
                       ->queue;
    int n = levels(t, c, q);

    CHECK(n == 10, "%d levels", n);
    PUBLISH(c, 1, S("none"), .routing_key = q);
    publish(t, c, q, 0, 0);
    publish(t, c, q, 1, 1);
    await_queue(t, c, 1, q, 3, 0);
    GET(c, 1, q, S("1"));
    GET(c, 1, q, S("none"));
    GET(c, 1, q, S("0"));
}

/* Whatever comes first: messages of one priority keep their order among themselves. */
static void keeps_order(struct t *t, struct table arguments)
{
    static const uint8_t of[] = { 0, 9, 5, 0, 5, 9, 9, 0, 5, 0, 9, 5 };
    enum { N = sizeof(of) };
    struct peer *c = OPEN();
    struct str q =
        DECLARE(c, 1, .queue = NAME("q"), .exclusive = true, .arguments = arguments)->queue;
    int last[10] = { 0 }, number;

    for (int i = 0; i < N; i++)
        publish(t, c, q, of[i], i + 1);
    await_queue(t, c, 1, q, N, 0);
    for (int i = 0; i < N; i++) {
        uint8_t priority = next_out(t, c, q, &number);

        CHECK(number >= 1 && number <= N && of[number - 1] == priority,
              "message %d with priority %u was not published", number, priority);
        CHECK(number > last[priority], "%d comes behind %d", number, last[priority]);
        last[priority] = number;
    }
    GET_EMPTY(c, 1, q);
    CALL(c, 1, queue_delete, .queue = q);
}

WIRE_CASE(order_within, .title = "messages of one priority keep their order",
          .rules = "transport.order.per-priority")
{
    STEP("a plain queue");
    keeps_order(t, (struct table){ 0 });
    STEP("ten levels");
    keeps_order(t, TABLE(ARG("x-max-priority", INT32(9))));
}
