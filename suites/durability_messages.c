/* Durability of messages: persistent or not, acknowledged, delivered, confirmed or committed. */
#define CHAPTER "durability"
#include "suites/steps.h"

/* A durable queue with n persistent messages "1" … "n", all confirmed. */
static struct peer *filled(struct t *t, struct str q, int n)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, confirm_select);
    for (int i = 1; i <= n; i++)
        PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), TEXT("%d", i), .routing_key = q);
    await_confirms(t, c, 1, (uint64_t)n);
    return c;
}

/* After a kill a broker cannot know whether a message had been on its way to somebody. */
static void holds(struct t *t, enum restart kind, struct str q, int first, int last)
{
    struct peer *c = OPEN();

    for (int i = first; i <= last; i++) {
        struct content m = GET(c, 1, q, TEXT("%d", i), .message_count = EQ(last - i));

        CHECK(kind == KILL || !m.get_ok->redelivered,
              "message %d was never delivered before and is marked as if", i);
    }
    GET_EMPTY(c, 1, q);
    CALL(c, 1, queue_delete, .queue = q);
}

/* Confirmed persistent messages are all there, once each, in order. */
ACROSS_RESTART(confirmed, .title = "confirmed persistent messages survive in order",
               .rules = "basic.01 conventions.persistent-not-lost "
                        "ext.confirms.persistent-after-disk domain.redelivered.doc-meaning",
               .revision = 3)
{
    filled(t, NAME("q"), 50);
    broker_restart(t, kind);
    holds(t, kind, NAME("q"), 1, 50);
}

/* So are many of them: a batch that the broker may still be writing when the last is confirmed. */
ACROSS_RESTART(confirmed_many, .title = "two thousand confirmed messages survive",
               .rules = "conventions.persistent-not-lost ext.confirms.persistent-after-disk "
                        "basic.02",
               .revision = 2)
{
    struct peer *c;

    filled(t, NAME("q"), 2000);
    broker_restart(t, kind);
    c = OPEN();
    CALL(c, 1, basic_qos, .prefetch_count = 500);
    CONSUME(c, 1, .queue = NAME("q"), .consumer_tag = S("c"));
    for (int i = 1; i <= 2000; i++) {
        DELIVERED(c, 1, TEXT("%d", i), .delivery_tag = EQ(i));
        if (i % 250 == 0)
            SEND(c, 1, basic_ack, .delivery_tag = (uint64_t)i, .multiple = true);
    }
    QUIET_QUEUE(c, 1, NAME("q"));
    CALL(c, 1, queue_delete, .queue = NAME("q"));
}

/* The message comes back as it went: properties, headers, key, exchange, octets. */
ACROSS_RESTART(whole_message, .title = "a persistent message survives unaltered",
               .rules = "basic.01 model.message.body-unmodified model.message.header-unmodified",
               .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q"), x = NAME("x");
    struct content m;

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("topic"), .durable = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("#"));
    CALL(c, 1, confirm_select);
    PUBLISH_WITH(
        c, 1,
        PROPS(.delivery_mode = 2, .content_type = S("application/octet-stream"), .priority = 4,
              .message_id = S("m-1"), .timestamp = 4102444800, .type = S("t"), .app_id = S("a"),
              .headers = TABLE(ARG("n", INT64(-5)), ARG("deep", NESTED(ARG("b", BOOL(1)))))),
        S("\0octets\xff\xce"), .exchange = x, .routing_key = S("some.key"));
    await_confirms(t, c, 1, 1);
    broker_restart(t, kind);
    c = OPEN();
    m = GET(c, 1, q, S("\0octets\xff\xce"), .exchange = IS(x), .routing_key = IS(S("some.key")));
    WANT_PROPS(m, .delivery_mode = EQ(2), .content_type = IS(S("application/octet-stream")),
               .priority = EQ(4), .message_id = IS(S("m-1")), .timestamp = EQ(4102444800),
               .type = IS(S("t")), .app_id = IS(S("a")), .correlation_id = ABSENT,
               .headers =
                   EQ_TABLE(TABLE(ARG("n", INT64(-5)), ARG("deep", NESTED(ARG("b", BOOL(1)))))));
    CALL(c, 1, queue_delete, .queue = q);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* One message of a megabyte, and an empty one behind it. */
ACROSS_RESTART(large_and_empty, .title = "a large and an empty persistent message survive",
               .rules = "basic.01 transport.content.body-size-zero", .revision = 2)
{
    static char large[1 << 20];
    struct peer *c = OPEN();
    struct str q = NAME("q"), body = { large, sizeof(large) };

    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)(i * 31 >> 3);
    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, confirm_select);
    PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), body, .routing_key = q);
    PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), S(""), .routing_key = q);
    await_confirms(t, c, 1, 2);
    broker_restart(t, kind);
    c = OPEN();
    GET(c, 1, q, body, .message_count = EQ(1));
    GET(c, 1, q, S(""), .message_count = EQ(0));
    CALL(c, 1, queue_delete, .queue = q);
}

/* Each durable queue that a message was routed to keeps its own copy. */
ACROSS_RESTART(every_queue, .title = "a message routed to two durable queues survives in both",
               .rules = "ext.confirms.all-queues conventions.persistent-not-lost", .revision = 2)
{
    struct peer *c = OPEN();
    struct str x = NAME("x");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"), .durable = true);
    CALL(c, 1, queue_declare, .queue = NAME("a"), .durable = true);
    CALL(c, 1, queue_declare, .queue = NAME("b"), .durable = true);
    CALL(c, 1, queue_bind, .queue = NAME("a"), .exchange = x);
    CALL(c, 1, queue_bind, .queue = NAME("b"), .exchange = x);
    CALL(c, 1, confirm_select);
    PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), S("both"), .exchange = x);
    await_confirms(t, c, 1, 1);
    GET(c, 1, NAME("a"), S("both"), .delivery_tag = EQ(1));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    CALL(c, 1, queue_delete, .queue = NAME("a"));
    broker_restart(t, kind);
    c = OPEN();
    GET(c, 1, NAME("b"), S("both"), .message_count = EQ(0));
    CALL(c, 1, queue_delete, .queue = NAME("b"));
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* The specification lets a broker forget transient messages, even in a durable queue; what it may
   not do is lose a persistent one beside them. */
ACROSS_RESTART(transient_message, .title = "transient messages beside persistent ones",
               .rules = "queue.declare.durable.doc-transient-message basic.01", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");
    uint32_t left;

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, confirm_select);
    PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 1), S("transient"), .routing_key = q);
    PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), S("persistent"), .routing_key = q);
    PUBLISH(c, 1, S("unmarked"), .routing_key = q);
    await_confirms(t, c, 1, 3);
    broker_restart(t, kind);
    c = OPEN();
    left = DECLARE(c, 1, .queue = q, .passive = true)->message_count;
    CHECK(left >= 1, "the persistent message is gone");
    if (left == 1)
        GET(c, 1, q, S("persistent"));
    else
        CHECK(left == 3, "%u of three messages left: some transient ones were lost, some not",
              left);
    CALL(c, 1, queue_delete, .queue = q);
}

/* A message once delivered and not acknowledged is delivered again, and says so. */
ACROSS_RESTART(unacked, .title = "unacknowledged messages come back after the restart",
               .rules = "basic.10 domain.redelivered.implementation "
                        "ext.ordering.requeue-keeps-place",
               .revision = 2)
{
    struct str q = NAME("q");
    struct peer *c = filled(t, q, 4);

    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    DELIVERED(c, 1, S("1"));
    DELIVERED(c, 1, S("2"));
    DELIVERED(c, 1, S("3"));
    DELIVERED(c, 1, S("4"));
    broker_restart(t, kind);
    c = OPEN();
    for (int i = 1; i <= 4; i++) {
        struct content m = GET(c, 1, q, TEXT("%d", i));

        if (!m.get_ok->redelivered)
            WEAK("message %d was delivered before the restart and is not marked so", i);
    }
    STEP("requeued again, they stay in front of what came after the restart");
    PUBLISH(c, 1, S("5"), .routing_key = q);
    await_queue(t, c, 1, q, 1, 0);
    GET(c, 1, q, S("5"), .redelivered = EQ(0));
    SEND(c, 1, basic_nack, .multiple = true, .requeue = true);
    await_queue(t, c, 1, q, 5, 0);
    for (int i = 1; i <= 5; i++)
        GET(c, 1, q, TEXT("%d", i), .redelivered = EQ(1));
    CALL(c, 1, queue_delete, .queue = q);
}

/* What was acknowledged before a graceful stop is gone. A kill may overtake the acknowledgement,
   for nobody confirms those; then the message comes back as a repeat. */
ACROSS_RESTART(acked, .title = "acknowledged messages stay away",
               .rules = "basic.ack.chassis-server model.ack.explicit", .revision = 3)
{
    struct str q = NAME("q");
    struct peer *c = filled(t, q, 4);
    struct content m;

    for (uint64_t i = 1; i <= 3; i++)
        GET(c, 1, q, TEXT("%d", (int)i), .delivery_tag = EQ(i));
    SEND(c, 1, basic_ack, .delivery_tag = 2, .multiple = true);
    QUIET_QUEUE(c, 1, q);
    broker_restart(t, kind);
    c = OPEN();
    m = GET(c, 1, q, ANY_BODY);
    while (kind == KILL && (str_eq(m.body, S("1")) || str_eq(m.body, S("2")))) {
        NOTE("an acknowledgement was overtaken by the kill");
        CHECK(m.get_ok->redelivered, "an acknowledged message came back as a new one");
        m = GET(c, 1, q, ANY_BODY);
    }
    CHECK(str_eq(m.body, S("3")), "wanted the message that was not acknowledged");
    GET(c, 1, q, S("4"), .message_count = EQ(0));
    CALL(c, 1, queue_delete, .queue = q);
}

/* Commit-ok is a promise like a confirm: for publishes and for acknowledgements. */
ACROSS_RESTART(committed, .title = "a committed transaction survives, an open one does not",
               .rules = "tx.commit.doc-effects tx.doc-atomic-single-queue "
                        "conventions.persistent-not-lost",
               .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, tx_select);
    for (int i = 1; i <= 5; i++)
        PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), TEXT("%d", i), .routing_key = q);
    CALL(c, 1, tx_commit);
    PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), S("never committed"), .routing_key = q);
    QUIET(c, 1);
    broker_restart(t, kind);
    holds(t, kind, q, 1, 5);
}

/* Purging removes for good what it counted. */
ACROSS_RESTART(purged, .title = "purged messages stay away", .rules = "queue.purge.doc-effect",
               .revision = 3)
{
    struct str q = NAME("q");
    struct peer *c = filled(t, q, 10);

    SEND(c, 1, queue_purge, .queue = q);
    RECV(c, 1, queue_purge_ok, .message_count = EQ(10));
    PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), S("1"), .routing_key = q);
    RECV(c, 1, basic_ack, .delivery_tag = EQ(11));
    broker_restart(t, kind);
    holds(t, kind, q, 1, 1);
}

/* The same promise to an application. */
CLIENT_ACROSS_RESTART(confirmed, .title = "confirmed persistent messages survive in order",
                      .rules = "basic.01 conventions.persistent-not-lost")
{
    struct session *s = SESSION();
    struct str q = NAME("q");

    DO(s, 1, queue_declare, .queue = q, .durable = true);
    DO(s, 1, confirm_select);
    for (int i = 1; i <= 20; i++)
        PUB_WITH(s, 1, PROPS(.delivery_mode = 2), TEXT("%d", i), .routing_key = q);
    CONFIRMED(s, 1, 20);
    broker_restart(t, kind);
    s = SESSION();
    for (int i = 1; i <= 20; i++)
        FETCH(s, 1, q, TEXT("%d", i));
    FETCH_EMPTY(s, 1, q);
    DO(s, 1, queue_delete, .queue = q);
}
