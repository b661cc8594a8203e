/* Durability: what is still there when the broker comes back, and what is not.
   Each case is told twice: the broker is stopped in good order, and it is killed. */
#define CHAPTER "durability"
#include "fixtures/harness/case.h"

/* A confirmed publish: when this returns the broker has taken responsibility. */
static void confirmed(struct t *t, struct peer *c, uint64_t number, struct str exchange,
                      struct str key, struct properties *props, struct str body)
{
    uint64_t settled = 0;

    PUBLISH_WITH(c, 1, props, body, .exchange = exchange, .routing_key = key);
    while (settled < number)
        settled = RECV(c, 1, basic_ack, .delivery_tag = AT_MOST(number))->delivery_tag;
}

#define PERSISTENT PROPS(.delivery_mode = 2)
#define TRANSIENT  PROPS(.delivery_mode = 1)

/* ---- Things declared ------------------------------------------------------------- */

/* A durable queue is there again, under its name, and takes messages. */
ACROSS_RESTART(durable_queue, .title = "a durable queue survives",
               .rules = "queue.declare.durable.persistence")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    broker_restart(t, kind);
    c = OPEN();
    CHECK(DECLARE(c, 1, .queue = q, .passive = true)->message_count == 0, "it is empty");
    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    PUBLISH(c, 1, S("after"), .routing_key = q);
    GET(c, 1, q, S("after"));
    CALL(c, 1, queue_delete, .queue = q);
}

/* A queue that is not durable is gone, and with it what it held. */
ACROSS_RESTART(transient_queue, .title = "a transient queue is gone",
               .rules = "queue.declare.durable.doc-transient-purged")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q);
    PUBLISH_WITH(c, 1, PERSISTENT, S("lost with its queue"), .routing_key = q);
    QUIET_QUEUE(c, 1, q);
    broker_restart(t, kind);
    c = OPEN();
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    CHECK(DECLARE(c, 1, .queue = q)->message_count == 0, "a queue of that name starts empty");
    CALL(c, 1, queue_delete, .queue = q);
}

/* An exclusive queue goes with its connection, whatever its durable flag said. */
ACROSS_RESTART(exclusive_queue, .title = "an exclusive queue is gone",
               .rules = "queue.declare.exclusive.doc-deleted-on-close "
                        "ext.queues.exclusive-durable")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CALL(c, 1, queue_declare, .queue = NAME("durable"), .exclusive = true, .durable = true);
    broker_restart(t, kind);
    c = OPEN();
    SEND(c, 1, queue_declare, .queue = NAME("q"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    SEND(c, 1, queue_declare, .queue = NAME("durable"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

/* Durable exchanges survive with their type; transient ones do not. */
ACROSS_RESTART(exchanges, .title = "durable exchanges survive, transient ones do not",
               .rules = "exchange.declare.durable.doc-survives "
                        "exchange.declare.durable.doc-transient-purged")
{
    static const char *const types[] = { "direct", "fanout", "topic", "headers" };
    struct peer *c = OPEN();

    for (size_t i = 0; i < 4; i++)
        CALL(c, 1, exchange_declare, .exchange = t_name(t, types[i]), .type = str_of(types[i]),
             .durable = true);
    CALL(c, 1, exchange_declare, .exchange = NAME("transient"), .type = S("direct"));
    broker_restart(t, kind);
    c = OPEN();
    for (size_t i = 0; i < 4; i++) {
        STEP("durable %s exchange", types[i]);
        CALL(c, 1, exchange_declare, .exchange = t_name(t, types[i]), .passive = true);
        CALL(c, 1, exchange_declare, .exchange = t_name(t, types[i]), .type = str_of(types[i]),
             .durable = true);
    }
    STEP("transient exchange");
    SEND(c, 1, exchange_declare, .exchange = NAME("transient"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    for (size_t i = 0; i < 4; i++)
        CALL(c, 1, exchange_delete, .exchange = t_name(t, types[i]));
}

/* What a durable queue was declared with is remembered: an equal declare is accepted, an
   unequal one refused. */
ACROSS_RESTART(queue_properties, .title = "a durable queue keeps flags and arguments",
               .rules = "queue.declare.durable.persistence queue.declare.passive.equivalent",
               .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");
    struct table arguments = TABLE(ARG("x-max-length", INT32(7)), ARG("x-note", STR("kept")));

    CALL(c, 1, queue_declare, .queue = q, .durable = true, .auto_delete = true,
         .arguments = arguments);
    broker_restart(t, kind);
    c = OPEN();
    CALL(c, 1, queue_declare, .queue = q, .passive = true);
    CALL(c, 1, queue_declare, .queue = q, .durable = true, .auto_delete = true,
         .arguments = arguments);
    SEND(c, 1, queue_declare, .queue = q, .durable = true, .auto_delete = true,
         .arguments = TABLE(ARG("x-max-length", INT32(8)), ARG("x-note", STR("kept"))));
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    SEND(c, 1, queue_declare, .queue = q, .auto_delete = true, .arguments = arguments);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    CALL(c, 1, queue_delete, .queue = q);
}

/* What a durable exchange was declared with is remembered, too. */
ACROSS_RESTART(exchange_properties, .title = "a durable exchange keeps flags and arguments",
               .rules = "exchange.declare.durable.doc-survives "
                        "exchange.declare.passive.equivalent",
               .revision = 2)
{
    struct peer *c = OPEN();
    struct str x = NAME("x");
    struct table arguments = TABLE(ARG("alternate-exchange", STR("amq.fanout")));

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .auto_delete = true, .internal = true, .arguments = arguments);
    broker_restart(t, kind);
    c = OPEN();
    CALL(c, 1, exchange_declare, .exchange = x, .passive = true);
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .auto_delete = true, .internal = true, .arguments = arguments);
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .auto_delete = true, .internal = true);
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_declare);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* A name that the broker made up is as durable as one of ours, and is never made up again. */
ACROSS_RESTART(server_named, .title = "a durable queue named by the server survives",
               .rules = "queue.declare.durable.persistence queue.declare.queue.default-name")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .durable = true)->queue;

    broker_restart(t, kind);
    c = OPEN();
    CALL(c, 1, queue_declare, .queue = q, .passive = true);
    for (int i = 0; i < 400; i++)
        SEND(c, 1, queue_declare, .auto_delete = true, .exclusive = true);
    for (int i = 0; i < 400; i++)
        CHECK(!str_eq(RECV(c, 1, queue_declare_ok)->queue, q), "the same name twice");
    CALL(c, 1, queue_delete, .queue = q);
}

/* Deleting is as durable as declaring. */
ACROSS_RESTART(deleted_stays_deleted, .title = "what was deleted does not come back",
               .rules = "queue.declare.durable.persistence exchange.declare.durable.doc-survives")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .durable = true);
    CALL(c, 1, exchange_declare, .exchange = NAME("x"), .type = S("fanout"), .durable = true);
    CALL(c, 1, queue_bind, .queue = NAME("q"), .exchange = NAME("x"));
    CALL(c, 1, confirm_select);
    confirmed(t, c, 1, NAME("x"), S(""), PERSISTENT, S("deleted with its queue"));
    CALL(c, 1, queue_delete, .queue = NAME("q"));
    CALL(c, 1, exchange_delete, .exchange = NAME("x"));
    broker_restart(t, kind);
    c = OPEN();
    SEND(c, 1, queue_declare, .queue = NAME("q"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    SEND(c, 1, exchange_declare, .exchange = NAME("x"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    CHECK(DECLARE(c, 1, .queue = NAME("q"), .durable = true)->message_count == 0,
          "a queue of that name starts empty");
    CALL(c, 1, queue_delete, .queue = NAME("q"));
}

/* ---- Bindings -------------------------------------------------------------------- */

/* A durable queue stays bound to a durable exchange: same keys, same arguments, and no more. */
ACROSS_RESTART(bindings, .title = "bindings between durable things survive",
               .rules = "queue.bind.durable-exchange")
{
    struct peer *c = OPEN();
    struct str q = NAME("q"), direct = NAME("direct"), headers = NAME("headers");

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, exchange_declare, .exchange = direct, .type = S("direct"), .durable = true);
    CALL(c, 1, exchange_declare, .exchange = headers, .type = S("headers"), .durable = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = direct, .routing_key = S("kept"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = direct, .routing_key = S("unbound"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = headers,
         .arguments = TABLE(ARG("x-match", STR("all")), ARG("n", INT32(1))));
    CALL(c, 1, queue_unbind, .queue = q, .exchange = direct, .routing_key = S("unbound"));
    broker_restart(t, kind);
    c = OPEN();
    PUBLISH(c, 1, S("kept"), .exchange = direct, .routing_key = S("kept"));
    PUBLISH(c, 1, S("unbound"), .exchange = direct, .routing_key = S("unbound"));
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("n", INT32(2)))), S("2"), .exchange = headers);
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("n", INT32(1)))), S("1"), .exchange = headers);
    GET(c, 1, q, S("kept"));
    GET(c, 1, q, S("1"), .message_count = EQ(0));
    CALL(c, 1, queue_delete, .queue = q);
    CALL(c, 1, exchange_delete, .exchange = direct);
    CALL(c, 1, exchange_delete, .exchange = headers);
}

/* A durable queue may be bound to a transient exchange; that binding ends with the exchange, also
   for a new exchange of the same name. */
ACROSS_RESTART(binding_to_transient, .title = "bindings to a transient exchange end with it",
               .rules = "queue.bind.transient-exchange "
                        "exchange.declare.durable.doc-transient-purged")
{
    struct peer *c = OPEN();
    struct str q = NAME("q"), x = NAME("x");

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = x);
    broker_restart(t, kind);
    c = OPEN();
    CALL(c, 1, queue_declare, .queue = q, .passive = true);
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    PUBLISH(c, 1, S("not bound any more"), .exchange = x);
    GET_EMPTY(c, 1, q);
    CALL(c, 1, queue_delete, .queue = q);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* The same between two exchanges. */
ACROSS_RESTART(exchange_bindings, .title = "exchange bindings between durable exchanges survive",
               .rules = "ext.e2e.bind-ok exchange.declare.durable.doc-survives")
{
    struct peer *c = OPEN();
    struct str q = NAME("q"), from = NAME("from"), to = NAME("to");

    CALL(c, 1, queue_declare, .queue = q, .durable = true);
    CALL(c, 1, exchange_declare, .exchange = from, .type = S("topic"), .durable = true);
    CALL(c, 1, exchange_declare, .exchange = to, .type = S("fanout"), .durable = true);
    CALL(c, 1, exchange_bind, .source = from, .destination = to, .routing_key = S("a.#"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = to);
    broker_restart(t, kind);
    c = OPEN();
    PUBLISH(c, 1, S("by both"), .exchange = from, .routing_key = S("a.b"));
    PUBLISH(c, 1, S("by none"), .exchange = from, .routing_key = S("b"));
    GET(c, 1, q, S("by both"), .message_count = EQ(0));
    CALL(c, 1, queue_delete, .queue = q);
    CALL(c, 1, exchange_delete, .exchange = from);
    CALL(c, 1, exchange_delete, .exchange = to);
}
