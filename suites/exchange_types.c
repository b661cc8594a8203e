/* Exchanges: which types there are, what arguments mean, and fields that mean nothing any more. */
#define CHAPTER "exchange"
#include "suites/steps.h"

/* Is an exchange of this type to be had? No is 503 on the connection (the specification), or 406
   on the channel (later RabbitMQ, errata 61). What is made is deleted. */
static bool offered(struct t *t, struct str type)
{
    struct peer *c = OPEN();

    STEP("type %.*s", STR_ARGS(type));
    SEND(c, 1, exchange_declare, .exchange = NAME("x"), .type = type);
    if (either(t, c,
               (struct either){ M_exchange_declare_ok, .channel_code = PRECONDITION_FAILED,
                                .connection_code = COMMAND_INVALID }) == ACCEPTED) {
        CALL(c, 1, exchange_delete, .exchange = NAME("x"));
        CLOSE(c);
        return true;
    }
    c = OPEN();
    SEND(c, 1, exchange_declare, .exchange = NAME("x"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    CLOSE(c);
    return false;
}

/* The class is there on any channel; topic is a type it should have. */
WIRE_CASE(topic_type, .title = "an exchange of type topic can be declared",
          .rules = "model.exchange.topic-implemented")
{
    if (!offered(t, S("topic")))
        WEAK("there are no topic exchanges");
}

/* A server may implement a type named system. */
WIRE_CASE(system_type, .title = "an exchange of type system, if there is such a thing",
          .rules = "model.exchange.system-type")
{
    if (offered(t, S("system")))
        INFO("there are system exchanges");
}

/* Other types begin with x-; which of the known ones this broker has, is recorded. */
WIRE_CASE(extension_types, .title = "types of extensions are declared, or refused as unknown",
          .rules = "exchange.extensions")
{
    static const char *const types[] = {
        "x-consistent-hash", "x-delayed-message", "x-lvc",
        "x-modulus-hash",    "x-random",          "x-recent-history"
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (offered(t, str_of(types[i])))
            INFO("exchanges of type %s can be declared", types[i]);
}

/* The same types without the prefix, and standard ones spelt wrong, are none. */
WIRE_CASE(no_custom_type_without_prefix, .title = "types that are not standard begin with x-",
          .rules = "model.exchange.custom-type-prefix model.naming.custom-types")
{
    static const char *const types[] = { "consistent-hash", "delayed-message", "random",
                                         "recent-history",  "Direct",          "match" };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        CHECK(!offered(t, str_of(types[i])), "%s is a type without x-", types[i]);
}

/* Arguments are compared by what they mean, not by their octets. */
WIRE_CASE(arguments_meaning, .title = "redeclare with equal arguments in another order or encoding",
          .rules = "exchange.declare.arguments.doc-semantic")
{
    struct peer *c = OPEN();
    struct str x = NAME("x");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"),
         .arguments =
             TABLE(ARG("alternate-exchange", STR("amq.fanout")), ARG("x-number", INT32(5))));
    STEP("another order");
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"),
         .arguments =
             TABLE(ARG("x-number", INT32(5)), ARG("alternate-exchange", STR("amq.fanout"))));
    STEP("another encoding");
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"),
         .arguments =
             TABLE(ARG("alternate-exchange", STR("amq.fanout")), ARG("x-number", INT64(5))));
    STEP("another value");
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"),
         .arguments =
             TABLE(ARG("alternate-exchange", STR("amq.topic")), ARG("x-number", INT32(5))));
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_declare);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* Declaring again what is there is no more than a question: its bindings stay. */
WIRE_CASE(redeclare_keeps, .title = "an exchange that is declared again keeps its bindings",
          .rules = "exchange.declare.passive.equivalent exchange.declare.exchange.reserved")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str names[] = { NAME("x"), S("amq.direct") };

    CALL(c, 1, exchange_declare, .exchange = names[0], .type = S("direct"), .durable = true);
    for (int i = 0; i < 2; i++) {
        STEP("%.*s", STR_ARGS(names[i]));
        CALL(c, 1, queue_bind, .queue = q, .exchange = names[i], .routing_key = NAME("key"));
        CALL(c, 1, exchange_declare, .exchange = names[i], .type = S("direct"), .durable = true);
        PUBLISH(c, 1, S("m"), .exchange = names[i], .routing_key = NAME("key"));
        GET(c, 1, q, S("m"), .exchange = IS(names[i]), .message_count = EQ(0));
    }
    CALL(c, 1, exchange_delete, .exchange = names[0]);
}

/* As for queues: silence or 404 for a missing one (errata 9), and no Declare-Ok for any. */
WIRE_CASE(passive_no_wait, .title = "passive declare with no-wait is never answered with -Ok",
          .rules = "exchange.declare.passive.doc-with-no-wait")
{
    struct peer *c = OPEN();

    SEND(c, 1, exchange_declare, .exchange = S("amq.direct"), .type = S("direct"), .passive = true,
         .no_wait = true);
    QUIET(c, 1);
    SEND(c, 1, exchange_declare, .exchange = NAME("nobody"), .type = S("direct"), .passive = true,
         .no_wait = true);
    SEND(c, 1, channel_flow, .active = true);
    if (either(t, c, (struct either){ M_channel_flow_ok, .channel_code = NOT_FOUND }) != ACCEPTED)
        INFO("errata 9: a passive declare that wants no answer is refused with 404");
    SEND(c, 1, exchange_declare, .exchange = NAME("nobody"), .type = S("direct"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
}

/* The ticket, and the bits that once were auto-delete and internal. Brokers gave the bits their
   meaning back (errata 31), ignore them, or refuse them. */
WIRE_CASE(reserved_fields, .title = "declare with its reserved fields set",
          .rules = "exchange.declare.reserved-fields")
{
    static const struct {
        const char *what;
        uint16_t ticket;
        bool auto_delete, internal;
    } set[] = { { "ticket", 0xffff, false, false },
                { "auto-delete", 0, true, false },
                { "internal", 0, false, true } };

    for (size_t i = 0; i < 3; i++) {
        struct peer *c = OPEN();

        STEP("%s", set[i].what);
        SEND(c, 1, exchange_declare, .reserved_1 = set[i].ticket, .exchange = NAME("x"),
             .type = S("direct"), .auto_delete = set[i].auto_delete, .internal = set[i].internal);
        if (either(t, c,
                   (struct either){ M_exchange_declare_ok, .channel_code = PRECONDITION_FAILED,
                                    .connection_code = COMMAND_INVALID }) == ACCEPTED) {
            CALL(c, 1, exchange_declare, .exchange = NAME("x"), .passive = true);
            CALL(c, 1, exchange_delete, .exchange = NAME("x"));
        } else {
            INFO("exchange.declare with %s is refused", set[i].what);
        }
    }
}
