/* Queues: binding, unbinding, purging, deleting. */
#define CHAPTER "queue"
#include "fixtures/harness/case.h"
#include "suites/steps.h"

static struct peer *bound(struct t *t, struct str q, struct str x, struct str key)
{
    struct peer *c = OPEN();

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"));
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = key);
    return c;
}

WIRE_CASE(bind_missing, .title = "binding needs a queue and an exchange that are there",
          .rules = "queue.bind.queue.must-exist queue.bind.exchange.exchange-existence")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    SEND(c, 1, queue_bind, .queue = NAME("nobody"), .exchange = S("amq.direct"),
         .routing_key = S("k"));
    REFUSED(c, 1, NOT_FOUND, queue_bind);
    SEND(c, 1, queue_bind, .queue = NAME("q"), .exchange = NAME("nobody"), .routing_key = S("k"));
    REFUSED(c, 1, NOT_FOUND, queue_bind);
    STEP("neither was created");
    SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    SEND(c, 1, exchange_declare, .exchange = NAME("nobody"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    CALL(c, 1, queue_bind, .queue = NAME("q"), .exchange = S("amq.direct"),
         .routing_key = NAME("q"));
}

/* A queue may be bound to several exchanges, and to one by several keys. */
WIRE_CASE(bind_many, .title = "one queue bound to four exchanges",
          .rules = "queue.bind.binding-count queue.bind.chassis-server")
{
    static const char *const names[] = { "a", "b", "c", "d" };
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 0; i < 4; i++) {
        CALL(c, 1, exchange_declare, .exchange = t_name(t, names[i]), .type = S("fanout"));
        CALL(c, 1, queue_bind, .queue = q, .exchange = t_name(t, names[i]));
    }
    for (int i = 0; i < 4; i++) {
        PUBLISH(c, 1, str_of(names[i]), .exchange = t_name(t, names[i]));
        GET(c, 1, q, str_of(names[i]), .message_count = EQ(0));
        CALL(c, 1, exchange_delete, .exchange = t_name(t, names[i]));
    }
}

/* An empty key is a key when the queue is named. */
WIRE_CASE(bind_empty_key, .title = "binding with an empty key",
          .rules = "queue.bind.routing-key.doc-empty-key")
{
    struct peer *c = bound(t, NAME("q"), NAME("x"), S(""));

    PUBLISH(c, 1, S("empty"), .exchange = NAME("x"), .routing_key = S(""));
    PUBLISH(c, 1, S("name"), .exchange = NAME("x"), .routing_key = NAME("q"));
    GET(c, 1, NAME("q"), S("empty"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = NAME("x"));
}

/* Unbinding takes exactly the binding named, when the answer comes. */
WIRE_CASE(unbind, .title = "unbind removes one binding and leaves the others",
          .rules = "queue.unbind.doc-effect queue.unbind.routing-key.doc-exact "
                   "queue.unbind.chassis-server transport.sync.after")
{
    struct peer *c = bound(t, NAME("q"), NAME("x"), S("1"));
    struct str q = NAME("q"), x = NAME("x");

    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("2"));
    CALL(c, 1, queue_unbind, .queue = q, .exchange = x, .routing_key = S("1"));
    PUBLISH(c, 1, S("1"), .exchange = x, .routing_key = S("1"));
    PUBLISH(c, 1, S("2"), .exchange = x, .routing_key = S("2"));
    GET(c, 1, q, S("2"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* Bindings with other arguments are other bindings. */
WIRE_CASE(bind_arguments, .title = "bindings that differ in arguments alone are two",
          .rules = "queue.bind.arguments.doc-distinct queue.unbind.routing-key.doc-exact")
{
    struct peer *c = bound(t, NAME("q"), NAME("x"), S("k"));
    struct str q = NAME("q"), x = NAME("x");

    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("k"),
         .arguments = TABLE(ARG("n", INT32(1))));
    CALL(c, 1, queue_unbind, .queue = q, .exchange = x, .routing_key = S("k"));
    PUBLISH(c, 1, S("by the other"), .exchange = x, .routing_key = S("k"));
    GET(c, 1, q, S("by the other"), .message_count = EQ(0));
    CALL(c, 1, queue_unbind, .queue = q, .exchange = x, .routing_key = S("k"),
         .arguments = TABLE(ARG("n", INT32(1))));
    PUBLISH(c, 1, S("by none"), .exchange = x, .routing_key = S("k"));
    GET_EMPTY(c, 1, q);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* 404, or unbind-ok as if it had been bound (RabbitMQ, errata 44). */
WIRE_CASE(unbind_missing, .title = "unbinding what is not bound",
          .rules = "queue.unbind.01 queue.unbind.queue.must-exist queue.unbind.exchange.must-exist "
                   "ext.queues.unbind-idempotent")
{
    struct peer *c = bound(t, NAME("q"), NAME("x"), S("k"));
    const struct str queues[] = { NAME("nobody"), NAME("q") };
    const struct str exchanges[] = { NAME("x"), NAME("nobody") };

    for (int i = 0; i < 2; i++) {
        STEP(i == 0 ? "no such queue" : "no such exchange");
        SEND(c, 1, queue_unbind, .queue = queues[i], .exchange = exchanges[i],
             .routing_key = S("k"));
        if (either(t, c, (struct either){ M_queue_unbind_ok, .channel_code = NOT_FOUND }) ==
            ACCEPTED)
            WEAK("unbind-ok although there was nothing to unbind (errata 44)");
    }
    PUBLISH(c, 1, S("still bound"), .exchange = NAME("x"), .routing_key = S("k"));
    GET(c, 1, NAME("q"), S("still bound"));
    CALL(c, 1, exchange_delete, .exchange = NAME("x"));
}

/* ---- Purge ------------------------------------------------------------------------- */

/* Purging empties the queue of what is ready; what a consumer holds is not the queue's. */
WIRE_CASE(purge, .title = "purge counts and removes the ready messages only",
          .rules = "queue.purge.doc-effect queue.purge-ok.message-count.doc queue.purge.02 "
                   "queue.purge.chassis-server")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 1; i <= 5; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    GET(c, 1, q, S("1"));
    GET(c, 1, q, S("2"));
    SEND(c, 2, queue_purge, .queue = q);
    RECV(c, 2, queue_purge_ok, .message_count = EQ(3));
    GET_EMPTY(c, 2, q);
    SEND(c, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    QUIET(c, 1);
    await_queue(t, c, 2, q, 1, 0);
    GET(c, 2, q, S("1"), .redelivered = EQ(1), .message_count = EQ(0));
    SEND(c, 1, basic_ack, .delivery_tag = 2);
    QUIET(c, 1);
}

WIRE_CASE(purge_missing, .title = "purge of a missing queue",
          .rules = "queue.purge.queue.must-exist")
{
    struct peer *c = OPEN();

    SEND(c, 1, queue_purge, .queue = NAME("nobody"));
    REFUSED(c, 1, NOT_FOUND, queue_purge);
}

/* ---- Delete ------------------------------------------------------------------------ */

/* Messages, bindings and the name are gone; a new queue of that name starts with nothing. */
WIRE_CASE(delete, .title = "delete removes the queue with its messages and bindings",
          .rules = "queue.delete.chassis-server queue.delete-ok.message-count.doc "
                   "model.binding.dies-with-queue transport.visibility.consistent")
{
    struct peer *c = bound(t, NAME("q"), NAME("x"), S("k")), *other = OPEN();
    struct str q = NAME("q"), x = NAME("x");

    for (int i = 0; i < 4; i++)
        PUBLISH(c, 1, S("m"), .exchange = x, .routing_key = S("k"));
    SEND(c, 1, queue_delete, .queue = q);
    RECV(c, 1, queue_delete_ok, .message_count = EQ(4));
    SEND(other, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(other, 1, NOT_FOUND, queue_declare);
    CHECK(DECLARE(c, 1, .queue = q, .exclusive = true)->message_count == 0, "it starts empty");
    PUBLISH(c, 1, S("not bound"), .exchange = x, .routing_key = S("k"));
    GET_EMPTY(c, 1, q);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* 404, or delete-ok as if it had been there (RabbitMQ, errata 44). */
WIRE_CASE(delete_missing, .title = "delete of a missing queue",
          .rules = "queue.delete.queue.must-exist ext.queues.delete-idempotent")
{
    struct peer *c = OPEN();

    SEND(c, 1, queue_delete, .queue = NAME("nobody"));
    if (either(t, c, (struct either){ M_queue_delete_ok, .channel_code = NOT_FOUND }) == ACCEPTED)
        WEAK("delete-ok for a queue that was not there (errata 44)");
    QUIET(c, 1);
}

WIRE_CASE(delete_if_unused, .title = "delete if-unused spares a queue with a consumer",
          .rules = "queue.delete.if-unused.in-use queue.delete.if-unused.doc-unused")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("me"));
    SEND(c, 2, queue_delete, .queue = q, .if_unused = true);
    REFUSED(c, 2, PRECONDITION_FAILED, queue_delete);
    PUBLISH(c, 1, S("still here"), .routing_key = q);
    DELIVERED(c, 1, S("still here"), .consumer_tag = IS(S("me")));
    CALL(c, 1, basic_cancel, .consumer_tag = S("me"));
    CALL(c, 2, queue_delete, .queue = q, .if_unused = true);
    SEND(c, 2, queue_declare, .queue = q, .passive = true);
    REFUSED(c, 2, NOT_FOUND, queue_declare);
}

WIRE_CASE(delete_if_empty, .title = "delete if-empty spares a queue with messages",
          .rules = "queue.delete.if-empty.not-empty queue.delete.if-empty.doc-empty")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    PUBLISH(c, 1, S("kept"), .routing_key = q);
    SEND(c, 1, queue_delete, .queue = q, .if_empty = true);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_delete);
    GET(c, 1, q, S("kept"), .redelivered = EQ(0));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, queue_delete, .queue = q, .if_empty = true);
    RECV(c, 1, queue_delete_ok, .message_count = EQ(0));
}

/* What a consumer of the deleted queue still holds can be acknowledged, to no effect. */
WIRE_CASE(delete_unacked, .title = "acknowledging after the queue was deleted",
          .rules = "queue.delete.doc-consumers-cancelled basic.ack.chassis-server")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    PUBLISH(c, 1, S("m"), .routing_key = q);
    GET(c, 1, q, S("m"));
    CALL(c, 2, queue_delete, .queue = q);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET(c, 1);
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(bind_missing, .title = "binding needs a queue and an exchange that are there",
            .rules = "queue.bind.queue.must-exist queue.bind.exchange.exchange-existence")
{
    struct session *s = SESSION();

    DO_REFUSED(s, 1, NOT_FOUND, queue_bind, .queue = NAME("nobody"), .exchange = S("amq.direct"),
               .routing_key = S("k"));
    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO_REFUSED(s, 1, NOT_FOUND, queue_bind, .queue = NAME("q"), .exchange = NAME("nobody"),
               .routing_key = S("k"));
}

CLIENT_CASE(purge, .title = "purge counts and removes the ready messages",
            .rules = "queue.purge.doc-effect queue.purge-ok.message-count.doc")
{
    struct session *s = SESSION();
    const struct m_queue_purge_ok *ok;

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    for (int i = 0; i < 3; i++)
        PUB(s, 1, S("m"), .routing_key = NAME("q"));
    ok = DO(s, 1, queue_purge, .queue = NAME("q"));
    CHECK(ok->message_count == 3, "purged %u of three", ok->message_count);
    FETCH_EMPTY(s, 1, NAME("q"));
}

CLIENT_CASE(delete_if_empty, .title = "delete if-empty spares a queue with messages",
            .rules = "queue.delete.if-empty.not-empty")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, S("m"), .routing_key = NAME("q"));
    DO_REFUSED(s, 1, PRECONDITION_FAILED, queue_delete, .queue = NAME("q"), .if_empty = true);
    FETCH(s, 1, NAME("q"), S("m"));
}
