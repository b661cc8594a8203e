/* Queues: each method and its answer, the default exchange's bindings, deleting what would delete
   itself, and fields that mean nothing any more. */
#define CHAPTER "queue"
#include "suites/steps.h"

/* Each method is answered by its own -Ok, on its own channel, and by nothing else. */
WIRE_CASE(grammar, .title = "declare, bind, purge, unbind and delete draw their -Ok",
          .rules = "queue.doc-grammar queue.chassis-server")
{
    struct peer *c = OPEN(.channels = 3);
    struct str q = NAME("q");

    SEND(c, 2, queue_declare, .queue = q, .exclusive = true);
    RECV(c, 2, queue_declare_ok, .queue = IS(q));
    SEND(c, 3, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = q);
    RECV(c, 3, queue_bind_ok);
    SEND(c, 2, queue_purge, .queue = q);
    RECV(c, 2, queue_purge_ok, .message_count = EQ(0));
    SEND(c, 3, queue_unbind, .queue = q, .exchange = S("amq.direct"), .routing_key = q);
    RECV(c, 3, queue_unbind_ok);
    SEND(c, 2, queue_delete, .queue = q);
    RECV(c, 2, queue_delete_ok, .message_count = EQ(0));
    for (uint16_t channel = 1; channel <= 3; channel++)
        QUIET(c, channel);
}

/* ---- The default exchange ------------------------------------------------------------------ */

/* The text makes a server accept a blank name here as the default exchange. RabbitMQ follows AMQP
   0-10, where nobody may bind to it: 403 (errata 52). Either way it goes on routing by name. */
static bool bound_to_default(struct t *t, struct peer *c, struct str q, struct str key)
{
    SEND(c, 1, queue_bind, .queue = q, .exchange = S(""), .routing_key = key);
    return either(t, c, (struct either){ M_queue_bind_ok, .channel_code = ACCESS_REFUSED }) ==
           ACCEPTED;
}

static void still_by_name(struct t *t, struct peer *c, struct str q)
{
    STEP("the default exchange routes by name");
    PUBLISH(c, 1, S("by name"), .routing_key = q, .mandatory = true);
    GET(c, 1, q, S("by name"), .message_count = EQ(0));
}

WIRE_CASE(bind_default, .title = "bind with a blank exchange name means the default exchange",
          .rules = "queue.bind.exchange.default-exchange exchange.default-access "
                   "exchange.default-exchange basic.publish.exchange.default-exchange")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    if (bound_to_default(t, c, q, NAME("key"))) {
        PUBLISH(c, 1, S("by key"), .routing_key = NAME("key"));
        GET(c, 1, q, S("by key"), .message_count = EQ(0));
    } else {
        WEAK("errata 52: queue.bind to the default exchange is refused with 403");
    }
    still_by_name(t, c, q);
}

WIRE_CASE(unbind_default, .title = "unbind with a blank exchange name means the default exchange",
          .rules = "queue.unbind.exchange.default-exchange")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue, key = NAME("key");
    bool bound = bound_to_default(t, c, q, key);

    SEND(c, 1, queue_unbind, .queue = q, .exchange = S(""), .routing_key = key);
    if (either(t, c, (struct either){ M_queue_unbind_ok, .channel_code = ACCESS_REFUSED }) !=
        ACCEPTED) {
        CHECK(!bound, "what could be bound can be unbound");
        WEAK("errata 52: queue.unbind from the default exchange is refused with 403");
    } else {
        PUBLISH(c, 1, S("unbound"), .routing_key = key, .mandatory = true);
        RETURNED(c, 1, S("unbound"), .reply_code = EQ(NO_ROUTE), .routing_key = IS(key));
    }
    still_by_name(t, c, q);
}

/* ---- Auto-delete ------------------------------------------------------------------------ */

/* A queue that goes by itself also goes when told to: before its first consumer, and with one. */
WIRE_CASE(auto_delete_deleted, .title = "an auto-delete queue can be deleted like any other",
          .rules = "queue.declare.auto-delete.doc-explicit-delete")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    for (int consumed = 0; consumed < 2; consumed++) {
        CALL(c, 1, queue_declare, .queue = q, .auto_delete = true);
        if (consumed)
            CONSUME(c, 2, .queue = q, .consumer_tag = S("c"));
        SEND(c, 1, queue_delete, .queue = q);
        RECV(c, 1, queue_delete_ok, .message_count = EQ(0));
        SEND(c, 1, queue_declare, .queue = q, .passive = true);
        REFUSED(c, 1, NOT_FOUND, queue_declare);
    }
}

/* ---- Fields without a meaning ------------------------------------------------------------- */

/* The ticket of a class that is gone: clients send 0, old ones something else. A broker ignores it
   or refuses it; which of the two the text does not say. */
static bool ticket_is_taken(struct t *t, struct peer *c, enum method_id ok)
{
    if (either(t, c,
               (struct either){ ok, .channel_code = ACCESS_REFUSED,
                                .connection_code = SYNTAX_ERROR }) == ACCEPTED)
        return true;
    INFO("a ticket that is not zero is refused");
    return false;
}

WIRE_CASE(ticket, .title = "a ticket that is not zero is ignored, or refused",
          .rules = "queue.reserved-ticket")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = NAME("q");

    SEND(c, 1, queue_declare, .reserved_1 = 0xffff, .queue = q, .exclusive = true);
    if (ticket_is_taken(t, c, M_queue_declare_ok)) {
        SEND(c, 1, queue_bind, .reserved_1 = 1, .queue = q, .exchange = S("amq.direct"),
             .routing_key = q);
        RECV(c, 1, queue_bind_ok);
        PUBLISH(c, 1, S("bound"), .exchange = S("amq.direct"), .routing_key = q);
        GET(c, 1, q, S("bound"));
        CALL(c, 1, queue_unbind, .reserved_1 = 101, .queue = q, .exchange = S("amq.direct"),
             .routing_key = q);
        CALL(c, 1, queue_purge, .reserved_1 = 0x8000, .queue = q);
        CALL(c, 1, queue_delete, .reserved_1 = 206, .queue = q);
        never_declared(t, &w, q);
    }
    undisturbed(t, &w);
}

WIRE_CASE(ticket_of_basic, .title = "publish, consume and get with a ticket that is not zero",
          .rules = "basic.reserved-ticket")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    PUBLISH(c, 1, S("1"), .reserved_1 = 0xffff, .routing_key = q);
    SEND(c, 1, channel_flow, .active = true);
    if (ticket_is_taken(t, c, M_channel_flow_ok)) {
        SEND(c, 1, basic_get, .reserved_1 = 1, .queue = q, .no_ack = true);
        RECV_CONTENT(c, 1, basic_get_ok, S("1"));
        CONSUME(c, 1, .reserved_1 = 206, .queue = q, .no_ack = true);
        PUBLISH(c, 1, S("2"), .reserved_1 = 0x8000, .routing_key = q);
        DELIVERED(c, 1, S("2"));
    }
    undisturbed(t, &w);
}
