/* Queues: declaring and asking. Whose they are and how long they live is in queue_life.c. */
#define CHAPTER "queue"
#include "fixtures/harness/case.h"
#include "suites/steps.h"

WIRE_CASE(declare, .title = "declare creates a queue and answers name and counts",
          .rules = "queue.declare.chassis-server queue.declare-ok.queue.doc-name "
                   "queue.declare-ok.message-count.doc queue.declare-ok.consumer-count.doc-active")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    SEND(c, 1, queue_declare, .queue = q);
    RECV(c, 1, queue_declare_ok, .queue = IS(q), .message_count = EQ(0), .consumer_count = EQ(0));
    for (int i = 0; i < 3; i++)
        PUBLISH(c, 1, S("m"), .routing_key = q);
    await_queue(t, c, 1, q, 3, 0);
    SEND(c, 1, queue_declare, .queue = q);
    RECV(c, 1, queue_declare_ok, .queue = IS(q), .message_count = EQ(3), .consumer_count = EQ(0));
    CALL(c, 1, basic_qos, .prefetch_count = 1);
    CONSUME(c, 1, .queue = q);
    DELIVERED(c, 1, S("m"));
    SEND(c, 1, queue_declare, .queue = q);
    RECV(c, 1, queue_declare_ok, .queue = IS(q), .message_count = EQ(2), .consumer_count = EQ(1));
    CALL(c, 1, queue_delete, .queue = q);
}

/* Without a name the broker gives one, each time another. */
WIRE_CASE(server_named, .title = "the broker names queues declared without a name",
          .rules = "queue.declare.queue.default-name queue.declare-ok.queue.doc-name")
{
    struct peer *c = OPEN();
    struct str names[4];

    for (int i = 0; i < 4; i++) {
        names[i] = DECLARE(c, 1, .exclusive = true)->queue;
        CHECK(names[i].n > 0, "the name is empty");
        for (int k = 0; k < i; k++)
            CHECK(!str_eq(names[i], names[k]), "the same name twice");
        CALL(c, 1, queue_declare, .queue = names[i], .passive = true);
        PUBLISH(c, 1, S("m"), .routing_key = names[i]);
        GET(c, 1, names[i], S("m"));
    }
}

/* A blank name later on means the queue declared last on this channel. */
WIRE_CASE(last_declared, .title = "a blank queue name means the last one declared",
          .rules = "ext.queues.server-named-recall queue.bind.routing-key.doc-both-empty")
{
    struct peer *c = OPEN(.channels = 2);
    struct str first = DECLARE(c, 1, .exclusive = true)->queue, last;

    PUBLISH(c, 1, S("0"), .routing_key = first);
    GET(c, 1, S(""), S("0"), .routing_key = IS(first));
    last = DECLARE(c, 1, .queue = NAME("last"), .exclusive = true)->queue;
    PUBLISH(c, 1, S("1"), .routing_key = first);
    PUBLISH(c, 1, S("2"), .routing_key = last);
    GET(c, 1, S(""), S("2"), .routing_key = IS(last));
    CALL(c, 1, queue_bind, .queue = S(""), .exchange = S("amq.direct"), .routing_key = S(""));
    PUBLISH(c, 1, S("by name"), .exchange = S("amq.direct"), .routing_key = last);
    GET(c, 1, last, S("by name"));
    SEND(c, 1, queue_purge, .queue = S(""));
    RECV(c, 1, queue_purge_ok, .message_count = EQ(0));
    CALL(c, 1, queue_delete, .queue = S(""));
    SEND(c, 2, queue_declare, .queue = last, .passive = true);
    REFUSED(c, 2, NOT_FOUND, queue_declare);
    GET(c, 2, first, S("1"));
}

/* On a channel that declared nothing a blank name means nothing (errata 4). */
WIRE_CASE(no_last, .title = "a blank queue name on a channel that declared none",
          .rules = "queue.bind.queue.queue-known queue.unbind.queue.queue-known "
                   "queue.purge.queue.queue-known queue.delete.queue.queue-known")
{
    struct peer *c = OPEN();

    SEND(c, 1, queue_bind, .exchange = S("amq.direct"), .routing_key = S("k"));
    REFUSED(c, 1, NOT_FOUND, queue_bind);
    SEND(c, 1, queue_unbind, .exchange = S("amq.direct"), .routing_key = S("k"));
    REFUSED(c, 1, NOT_FOUND, queue_unbind);
    SEND(c, 1, queue_purge);
    REFUSED(c, 1, NOT_FOUND, queue_purge);
    SEND(c, 1, queue_delete);
    REFUSED(c, 1, NOT_FOUND, queue_delete);
    SEND(c, 1, basic_consume);
    REFUSED(c, 1, NOT_FOUND, basic_consume);
    SEND(c, 1, basic_get);
    REFUSED(c, 1, NOT_FOUND, basic_get);
}

/* Declaring again what is there: the same is accepted, anything else refused, and nothing changes.
 */
WIRE_CASE(equivalent, .title = "redeclare: equal is accepted, unequal refused",
          .rules = "queue.declare.passive.equivalent queue.declare.durable.types", .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q"), mine = NAME("mine");
    struct table one = TABLE(ARG("x-max-length", INT32(10)));

    CALL(c, 1, queue_declare, .queue = q, .durable = true, .arguments = one);
    PUBLISH(c, 1, S("kept"), .routing_key = q);
    CALL(c, 1, queue_declare, .queue = q, .durable = true, .arguments = one);
    STEP("not durable");
    SEND(c, 1, queue_declare, .queue = q, .arguments = one);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    STEP("other argument");
    SEND(c, 1, queue_declare, .queue = q, .durable = true,
         .arguments = TABLE(ARG("x-max-length", INT32(11))));
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    STEP("no argument");
    SEND(c, 1, queue_declare, .queue = q, .durable = true);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    STEP("exclusive");
    SEND(c, 1, queue_declare, .queue = q, .durable = true, .exclusive = true, .arguments = one);
    REFUSED_ONE_OF(c, 1, queue_declare, PRECONDITION_FAILED, RESOURCE_LOCKED);
    STEP("not exclusive");
    CALL(c, 1, queue_declare, .queue = mine, .exclusive = true);
    SEND(c, 1, queue_declare, .queue = mine);
    REFUSED_ONE_OF(c, 1, queue_declare, PRECONDITION_FAILED, RESOURCE_LOCKED);
    STEP("unchanged after the refusals");
    CALL(c, 1, queue_declare, .queue = q, .durable = true, .arguments = one);
    CALL(c, 1, queue_declare, .queue = mine, .exclusive = true);
    GET(c, 1, q, S("kept"));
    CALL(c, 1, queue_delete, .queue = q);
}

/* Auto-delete may be compared (406) or ignored on a redeclare, but never changed (errata 7). */
WIRE_CASE(auto_delete_kept, .title = "redeclare with auto-delete flipped",
          .rules = "queue.declare.auto-delete.pre-existence")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q);
    SEND(c, 1, queue_declare, .queue = q, .auto_delete = true);
    either(t, c, (struct either){ M_queue_declare_ok, .channel_code = PRECONDITION_FAILED });
    STEP("the queue outlives its last consumer, as first declared");
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    CALL(c, 1, basic_cancel, .consumer_tag = S("c"));
    CALL(c, 1, queue_declare, .queue = q, .passive = true);
    CALL(c, 1, queue_delete, .queue = q);
}

/* Arguments are compared by what they mean: order does not count. */
WIRE_CASE(arguments_order, .title = "redeclare with the same arguments in another order",
          .rules = "queue.declare.arguments.doc-semantic")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true,
         .arguments = TABLE(ARG("x-max-length", INT32(10)), ARG("x-expires", INT32(600000))));
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true,
         .arguments = TABLE(ARG("x-expires", INT32(600000)), ARG("x-max-length", INT32(10))));
}

/* Asking for what nobody declared costs the channel, and creates nothing. */
WIRE_CASE(passive_missing, .title = "passive declare of a missing queue",
          .rules = "queue.declare.passive.passive queue.declare.passive.doc-no-change")
{
    struct peer *c = OPEN();

    for (int i = 0; i < 2; i++) {
        SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
        REFUSED(c, 1, NOT_FOUND, queue_declare);
    }
    CALL(c, 1, queue_declare, .queue = NAME("nobody"), .exclusive = true);
    CALL(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
}

/* A passive declare asks for the name; what else it says does not matter. */
WIRE_CASE(passive_ignores, .title = "passive declare ignores the other fields",
          .rules = "queue.declare.passive.doc-no-change")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q);
    SEND(c, 1, queue_declare, .queue = q, .passive = true, .durable = true, .auto_delete = true);
    RECV(c, 1, queue_declare_ok, .queue = IS(q));
    CALL(c, 1, queue_declare, .queue = q);
    CALL(c, 1, queue_delete, .queue = q);
}

WIRE_CASE(reserved_name, .title = "declaring a new amq. queue is refused",
          .rules = "queue.declare.queue.reserved model.naming.amq-prefix")
{
    struct peer *c = OPEN();

    SEND(c, 1, queue_declare, .queue = S("amq.amqproof"));
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    SEND(c, 1, queue_declare, .queue = S("amq.amqproof"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

WIRE_CASE(no_wait, .title = "declare, bind, purge and delete with no-wait are not answered",
          .rules = "queue.declare.chassis-server queue.delete.chassis-server "
                   "domain.no-wait.doc-no-reply")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    SEND(c, 1, queue_declare, .queue = q, .no_wait = true);
    QUIET(c, 1);
    SEND(c, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = q,
         .no_wait = true);
    QUIET(c, 1);
    PUBLISH(c, 1, S("purged"), .exchange = S("amq.direct"), .routing_key = q);
    SEND(c, 1, queue_purge, .queue = q, .no_wait = true);
    await_queue(t, c, 1, q, 0, -1);
    PUBLISH(c, 1, S("m"), .exchange = S("amq.direct"), .routing_key = q);
    GET(c, 1, q, S("m"));
    SEND(c, 1, queue_delete, .queue = q, .no_wait = true);
    QUIET(c, 1);
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

WIRE_CASE(many, .title = "256 queues side by side", .rules = "queue.declare.minimum-queues")
{
    struct peer *c = OPEN();

    for (int i = 0; i < 256; i++)
        SEND(c, 1, queue_declare, .queue = t_name(t, TEXT("q%d", i).p), .exclusive = true);
    for (int i = 0; i < 256; i++)
        RECV(c, 1, queue_declare_ok, .queue = IS(t_name(t, TEXT("q%d", i).p)));
    PUBLISH(c, 1, S("m"), .routing_key = t_name(t, "q200"));
    GET(c, 1, t_name(t, "q200"), S("m"));
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(server_named, .title = "the broker names queues declared without a name",
            .rules = "queue.declare.queue.default-name")
{
    struct session *s = SESSION();
    const struct m_queue_declare_ok *a = DO(s, 1, queue_declare, .exclusive = true);
    const struct m_queue_declare_ok *b = DO(s, 1, queue_declare, .exclusive = true);

    CHECK(a->queue.n > 0 && b->queue.n > 0, "a name is empty");
    CHECK(!str_eq(a->queue, b->queue), "the same name twice");
}

CLIENT_CASE(passive_missing, .title = "passive declare of a missing queue",
            .rules = "queue.declare.passive.passive")
{
    struct session *s = SESSION();

    DO_REFUSED(s, 1, NOT_FOUND, queue_declare, .queue = NAME("nobody"), .passive = true);
    DO(s, 1, queue_declare, .queue = NAME("nobody"), .exclusive = true);
    DO(s, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
}

CLIENT_CASE(equivalent, .title = "redeclare: equal is accepted, unequal refused",
            .rules = "queue.declare.passive.equivalent")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"));
    DO(s, 1, queue_declare, .queue = NAME("q"));
    DO_REFUSED(s, 1, PRECONDITION_FAILED, queue_declare, .queue = NAME("q"), .durable = true);
    DO(s, 1, queue_delete, .queue = NAME("q"));
}
