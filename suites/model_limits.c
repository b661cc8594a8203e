/* What holds for every class: order among readers, and limits that are not mean. Channels, replies
   and codes are in model.c. */
#define CHAPTER "model"
#include "suites/steps.h"

static int number_in(struct str body)
{
    int n = 0;

    for (size_t i = 0; i < body.n; i++)
        n = n * 10 + (body.p[i] - '0');
    return n;
}

enum { MESSAGES = 100 };

/* What this reader was given, up to a fence: numbers that rise, none of them seen before. */
static int share_of(struct t *t, struct peer *reader, struct str q, bool seen[MESSAGES])
{
    int n = 0, last = -1;

    SEND(reader, 1, queue_declare, .queue = q, .passive = true);
    for (;;) {
        struct next next = NEXT(reader);
        int number;

        CHECK(next.kind == GOT_FRAME, "the connection ended");
        if (next.frame.method && next.frame.method->id == M_queue_declare_ok)
            return n;
        if (next.frame.type != FRAME_BODY)
            continue;
        number = number_in(next.frame.payload);
        CHECK(number > last && number < MESSAGES, "%d comes behind %d", number, last);
        CHECK(!seen[number], "%d comes twice", number);
        seen[number] = true;
        last = number;
        n++;
    }
}

/* Two readers share a queue: among the two the order may differ, but each sees its own part in
   order, and together they get everything once. */
WIRE_CASE(weak_fifo, .title = "two readers of a queue: each message once, each reader in order",
          .rules = "model.queue.weak-fifo", .revision = 3)
{
    struct peer *reader[] = { OPEN(), OPEN() }, *c = OPEN();
    struct str q = NAME("q");
    bool seen[MESSAGES] = { false };
    int first, second;

    CALL(c, 1, queue_declare, .queue = q);
    CONSUME(reader[0], 1, .queue = q);
    CONSUME(reader[1], 1, .queue = q);
    CALL(c, 1, confirm_select);
    for (int i = 0; i < MESSAGES; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    await_confirms(t, c, 1, MESSAGES);
    await_queue(t, c, 1, q, 0, 2);
    first = share_of(t, reader[0], q, seen);
    second = share_of(t, reader[1], q, seen);
    CHECK(first + second == MESSAGES, "%d and %d of %d messages", first, second, MESSAGES);
    CALL(c, 1, queue_delete, .queue = q);
}

/* Two or four times what must be there at least: 16 exchanges, 256 queues, 16 consumers of one
   queue, 4 exchanges bound to one. Refused before that number it is a fault; refused after, it is
   told how many there were. */
static bool refused(struct t *t, struct peer *c, enum method_id ok, int before, int minimum)
{
    struct next n = NEXT(c);

    CHECK(n.kind == GOT_FRAME && n.frame.method, "an answer");
    if (n.frame.method->id == ok)
        return false;
    CHECK(before >= minimum, "%s after %d, at least %d must work", n.frame.method->name, before,
          minimum);
    WEAK("%s after %d: limits are close to the minima", n.frame.method->name, before);
    if (n.frame.method->id == M_connection_close)
        SEND(c, 0, connection_close_ok);
    else
        SEND(c, 1, channel_close_ok);
    return true;
}

WIRE_CASE(generous_queues, .title = "512 queues and 64 consumers, well above the minimum",
          .rules = "model.methods.generous-minima queue.declare.minimum-queues basic.consume.01")
{
    struct peer *c = OPEN();
    struct str last = S("");

    for (int i = 0; i < 512; i++) {
        last = t_name(t, TEXT("q%d", i).p);
        SEND(c, 1, queue_declare, .queue = last, .exclusive = true);
        if (refused(t, c, M_queue_declare_ok, i, 256))
            return;
    }
    for (int i = 0; i < 64; i++) {
        SEND(c, 1, basic_consume, .queue = last, .consumer_tag = TEXT("%d", i), .no_ack = true);
        if (refused(t, c, M_basic_consume_ok, i, 16))
            return;
    }
    for (int i = 0; i < 64; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = last);
    for (int i = 0; i < 64; i++)
        DELIVERED(c, 1, TEXT("%d", i));
}

WIRE_CASE(
    generous_exchanges, .title = "64 exchanges bound to one queue, well above the minimum",
    .rules = "model.methods.generous-minima exchange.declare.minimum queue.bind.binding-count")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    for (int i = 0; i < 64; i++) {
        struct str x = t_name(t, TEXT("x%d", i).p);

        SEND(c, 1, exchange_declare, .exchange = x, .type = S("fanout"), .auto_delete = true);
        if (refused(t, c, M_exchange_declare_ok, i, 16))
            return;
        SEND(c, 1, queue_bind, .queue = q, .exchange = x);
        if (refused(t, c, M_queue_bind_ok, i, 4))
            return;
    }
    for (int i = 0; i < 64; i++)
        PUBLISH(c, 1, TEXT("%d", i), .exchange = t_name(t, TEXT("x%d", i).p));
    for (int i = 0; i < 64; i++)
        GET(c, 1, q, TEXT("%d", i));
    CALL(c, 1, queue_delete, .queue = q);
}
