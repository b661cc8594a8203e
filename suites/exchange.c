/* Exchanges: declaring, asking, deleting, and the names that are taken. */
#define CHAPTER "exchange"
#include "fixtures/harness/case.h"
#include "suites/steps.h"

WIRE_CASE(declare_types, .title = "the four standard types can be declared",
          .rules = "exchange.required-types exchange.recommended-types "
                   "exchange.declare.chassis-server exchange.doc-grammar "
                   "exchange.declare.durable.support exchange.declare.doc-create")
{
    static const char *const types[] = { "direct", "fanout", "topic", "headers" };
    struct peer *c = OPEN();

    for (size_t i = 0; i < 4; i++) {
        STEP("%s", types[i]);
        CALL(c, 1, exchange_declare, .exchange = t_name(t, types[i]), .type = str_of(types[i]));
        CALL(c, 1, exchange_declare, .exchange = t_name(t, types[i]), .passive = true);
        CALL(c, 1, exchange_delete, .exchange = t_name(t, types[i]));
        CALL(c, 1, exchange_declare, .exchange = t_name(t, types[i]), .type = str_of(types[i]),
             .durable = true);
        CALL(c, 1, exchange_delete, .exchange = t_name(t, types[i]));
    }
}

/* Asking for an exchange nobody declared; asking creates nothing. */
WIRE_CASE(passive_missing, .title = "passive declare of a missing exchange",
          .rules = "exchange.declare.passive.not-found exchange.declare.passive.doc-no-change")
{
    struct peer *c = OPEN();

    for (int i = 0; i < 2; i++) {
        SEND(c, 1, exchange_declare, .exchange = NAME("nobody"), .type = S("direct"),
             .passive = true);
        REFUSED(c, 1, NOT_FOUND, exchange_declare);
    }
    CALL(c, 1, exchange_declare, .exchange = NAME("nobody"), .type = S("direct"));
    CALL(c, 1, exchange_declare, .exchange = NAME("nobody"), .passive = true);
    CALL(c, 1, exchange_delete, .exchange = NAME("nobody"));
}

/* A passive declare asks for the name; what else it says does not matter. */
WIRE_CASE(passive_ignores, .title = "passive declare ignores the other fields",
          .rules = "exchange.declare.passive.doc-no-change")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = NAME("q");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"));
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"), .passive = true,
         .durable = true);
    STEP("it is still direct");
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("k"));
    PUBLISH(c, 1, S("other key"), .exchange = x, .routing_key = S("other"));
    PUBLISH(c, 1, S("key"), .exchange = x, .routing_key = S("k"));
    GET(c, 1, q, S("key"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* Declaring again what is there: the same is accepted, anything else refused, and nothing changes.
 */
WIRE_CASE(equivalent, .title = "redeclare: equal is accepted, unequal refused",
          .rules = "exchange.declare.passive.equivalent")
{
    struct peer *c = OPEN();
    struct str x = NAME("x");
    struct table arguments = TABLE(ARG("alternate-exchange", STR("amq.fanout")));

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .arguments = arguments);
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .arguments = arguments);
    STEP("not durable");
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .arguments = arguments);
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_declare);
    STEP("auto-delete");
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .auto_delete = true, .arguments = arguments);
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_declare);
    STEP("internal");
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .internal = true, .arguments = arguments);
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_declare);
    STEP("other argument");
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .arguments = TABLE(ARG("alternate-exchange", STR("amq.topic"))));
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_declare);
    STEP("unchanged after the refusals");
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .arguments = arguments);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* The type is not changed: 406 on the channel or 530 on the connection (errata 5). */
WIRE_CASE(type_changed, .title = "redeclare with another type is refused",
          .rules = "exchange.declare.type.typed exchange.declare.type.doc-change")
{
    struct peer *c = OPEN(), *other = OPEN();
    struct str x = NAME("x"), q = NAME("q");

    CALL(other, 1, exchange_declare, .exchange = x, .type = S("direct"));
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    either(t, c,
           (struct either){ .channel_code = PRECONDITION_FAILED, .connection_code = NOT_ALLOWED });
    STEP("it is still direct");
    CALL(other, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(other, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("k"));
    PUBLISH(other, 1, S("other key"), .exchange = x, .routing_key = S("other"));
    GET_EMPTY(other, 1, q);
    CALL(other, 1, exchange_delete, .exchange = x);
}

/* A type nobody knows: 503 on the connection; later RabbitMQ says 406 on the channel (errata 61).
 */
WIRE_CASE(unknown_type, .title = "an unknown exchange type is refused",
          .rules = "exchange.declare.type.support ext.exchanges.unknown-type")
{
    struct peer *c = OPEN();

    SEND(c, 1, exchange_declare, .exchange = NAME("x"), .type = S("x-amqproof-no-such-type"));
    if (either(t, c,
               (struct either){ .channel_code = PRECONDITION_FAILED,
                                .connection_code = COMMAND_INVALID }) == CHANNEL_REFUSED)
        WEAK("refused with 406 on the channel (errata 61)");
    c = OPEN();
    SEND(c, 1, exchange_declare, .exchange = NAME("x"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
}

/* Names that begin with amq. are the broker's: new ones are refused, its own may be redeclared. */
WIRE_CASE(reserved_name, .title = "declaring a new amq. exchange is refused",
          .rules = "exchange.declare.exchange.reserved model.naming.amq-prefix")
{
    struct peer *c = OPEN();

    SEND(c, 1, exchange_declare, .exchange = S("amq.amqproof"), .type = S("direct"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    SEND(c, 1, exchange_declare, .exchange = S("amq.amqproof"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    CALL(c, 1, exchange_declare, .exchange = S("amq.direct"), .type = S("direct"), .durable = true);
}

/* The nameless exchange cannot be declared, bound to another, or deleted. */
WIRE_CASE(default_untouchable, .title = "the default exchange is no subject of declare or delete",
          .rules = "exchange.default-access exchange.declare.exchange.assert-notnull "
                   "exchange.delete.exchange.assert-notnull")
{
    struct peer *c = OPEN();

    SEND(c, 1, exchange_declare, .exchange = S(""), .type = S("direct"), .durable = true);
    REFUSED_ONE_OF(c, 1, exchange_declare, ACCESS_REFUSED, PRECONDITION_FAILED);
    SEND(c, 1, exchange_delete, .exchange = S(""));
    REFUSED_ONE_OF(c, 1, exchange_delete, ACCESS_REFUSED, PRECONDITION_FAILED, NOT_FOUND);
    STEP("it still routes");
    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, S("m"), .routing_key = NAME("q"));
    GET(c, 1, NAME("q"), S("m"));
}

/* Of amq.match and amq.headers one may be missing (errata 18); what is there stays. */
WIRE_CASE(predeclared_undeletable, .title = "the predeclared exchanges cannot be deleted",
          .rules = "model.exchange.predeclared-undeletable ext.exchanges.amq-undeletable")
{
    static const char *const names[] = { "amq.direct", "amq.fanout", "amq.topic", "amq.match",
                                         "amq.headers" };
    struct peer *c = OPEN();

    for (size_t i = 0; i < 5; i++) {
        STEP("%s", names[i]);
        SEND(c, 1, exchange_declare, .exchange = str_of(names[i]), .passive = true);
        if (either(t, c, (struct either){ M_exchange_declare_ok, .channel_code = NOT_FOUND }) !=
            ACCEPTED)
            continue;
        SEND(c, 1, exchange_delete, .exchange = str_of(names[i]), .if_unused = true);
        REFUSED_ONE_OF(c, 1, exchange_delete, ACCESS_REFUSED, PRECONDITION_FAILED);
        CALL(c, 1, exchange_declare, .exchange = str_of(names[i]), .passive = true);
    }
}

/* Deleting ends the bindings too: a new exchange of that name knows nobody. */
WIRE_CASE(delete, .title = "delete removes the exchange and its bindings",
          .rules = "exchange.delete.chassis-server exchange.delete.doc-bindings-cancelled "
                   "exchange.doc-grammar")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = NAME("q");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x);
    CALL(c, 1, exchange_delete, .exchange = x);
    SEND(c, 1, exchange_declare, .exchange = x, .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    PUBLISH(c, 1, S("to nobody"), .exchange = x);
    GET_EMPTY(c, 1, q);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* 404 (specification) or delete-ok, as if it had been there (RabbitMQ, errata 44). */
WIRE_CASE(delete_missing, .title = "delete of a missing exchange",
          .rules = "exchange.delete.exchange.exists ext.exchanges.delete-idempotent")
{
    struct peer *c = OPEN();

    SEND(c, 1, exchange_delete, .exchange = NAME("nobody"));
    if (either(t, c, (struct either){ M_exchange_delete_ok, .channel_code = NOT_FOUND }) ==
        ACCEPTED)
        WEAK("delete-ok for an exchange that was not there (errata 44)");
    QUIET(c, 1);
}

WIRE_CASE(delete_if_unused, .title = "delete if-unused spares a bound exchange",
          .rules = "exchange.delete.if-unused.in-use exchange.delete.if-unused.doc-unused")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = NAME("q");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x);
    SEND(c, 1, exchange_delete, .exchange = x, .if_unused = true);
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_delete);
    PUBLISH(c, 1, S("still bound"), .exchange = x);
    GET(c, 1, q, S("still bound"));
    CALL(c, 1, queue_unbind, .queue = q, .exchange = x);
    CALL(c, 1, exchange_delete, .exchange = x, .if_unused = true);
    SEND(c, 1, exchange_declare, .exchange = x, .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
}

/* An auto-delete exchange goes with its last binding, not before its first. */
WIRE_CASE(auto_delete, .title = "an auto-delete exchange goes with its last binding",
          .rules = "ext.exchanges.auto-delete ext.exchanges.auto-delete-never-bound")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = NAME("q");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .auto_delete = true);
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, exchange_declare, .exchange = x, .passive = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("1"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("2"));
    CALL(c, 1, queue_unbind, .queue = q, .exchange = x, .routing_key = S("1"));
    CALL(c, 1, exchange_declare, .exchange = x, .passive = true);
    CALL(c, 1, queue_unbind, .queue = q, .exchange = x, .routing_key = S("2"));
    SEND(c, 1, exchange_declare, .exchange = x, .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    STEP("a deleted queue takes the last binding with it");
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"), .auto_delete = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x);
    CALL(c, 1, queue_delete, .queue = q);
    SEND(c, 1, exchange_declare, .exchange = x, .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
}

/* no-wait is not answered, and works. */
WIRE_CASE(no_wait, .title = "declare and delete with no-wait are not answered",
          .rules = "exchange.declare.doc-create domain.no-wait.doc-no-reply")
{
    struct peer *c = OPEN();
    struct str x = NAME("x");

    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .no_wait = true);
    QUIET(c, 1);
    CALL(c, 1, exchange_declare, .exchange = x, .passive = true);
    SEND(c, 1, exchange_delete, .exchange = x, .no_wait = true);
    QUIET(c, 1);
    SEND(c, 1, exchange_declare, .exchange = x, .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
}

WIRE_CASE(many, .title = "sixteen exchanges side by side", .rules = "exchange.declare.minimum")
{
    struct peer *c = OPEN();

    for (int i = 0; i < 16; i++)
        CALL(c, 1, exchange_declare, .exchange = t_name(t, TEXT("x%d", i).p), .type = S("direct"));
    for (int i = 0; i < 16; i++) {
        CALL(c, 1, exchange_declare, .exchange = t_name(t, TEXT("x%d", i).p), .passive = true);
        CALL(c, 1, exchange_delete, .exchange = t_name(t, TEXT("x%d", i).p));
    }
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(passive_missing, .title = "passive declare of a missing exchange",
            .rules = "exchange.declare.passive.not-found")
{
    struct session *s = SESSION();

    DO_REFUSED(s, 1, NOT_FOUND, exchange_declare, .exchange = NAME("nobody"), .type = S("direct"),
               .passive = true);
}

CLIENT_CASE(equivalent, .title = "redeclare: equal is accepted, unequal refused",
            .rules = "exchange.declare.passive.equivalent")
{
    struct session *s = SESSION();

    DO(s, 1, exchange_declare, .exchange = NAME("x"), .type = S("topic"));
    DO(s, 1, exchange_declare, .exchange = NAME("x"), .type = S("topic"));
    DO_REFUSED(s, 1, PRECONDITION_FAILED, exchange_declare, .exchange = NAME("x"),
               .type = S("topic"), .durable = true);
    DO(s, 1, exchange_delete, .exchange = NAME("x"));
}

CLIENT_CASE(reserved_name, .title = "declaring a new amq. exchange is refused",
            .rules = "exchange.declare.exchange.reserved")
{
    struct session *s = SESSION();

    DO_REFUSED(s, 1, ACCESS_REFUSED, exchange_declare, .exchange = S("amq.amqproof"),
               .type = S("direct"));
}
