/* What queues and exchanges may be called: letters, digits, hyphen, underscore, period and colon,
   127 octets at most. Not everybody looks: a name that the text forbids and the broker takes is a
   rule missed (errata 22, 66), but it must then be a name like any other. Characters that one
   reading of the pattern allows are left out (errata 21). */
#define CHAPTER "naming"
#include "suites/steps.h"

enum thing { QUEUE, EXCHANGE };

static void declares(struct t *t, struct peer *c, enum thing thing, struct str name, bool passive)
{
    if (thing == QUEUE)
        SEND(c, 1, queue_declare, .queue = name, .passive = passive);
    else
        SEND(c, 1, exchange_declare, .exchange = name, .type = S("direct"), .passive = passive);
}

/* It is there, under its whole name, and goes when it is told to. */
static void comes_and_goes(struct t *t, struct peer *c, enum thing thing, struct str name)
{
    if (thing == QUEUE) {
        RECV(c, 1, queue_declare_ok, .queue = IS(name));
        PUBLISH(c, 1, S("by name"), .routing_key = name);
        GET(c, 1, name, S("by name"), .routing_key = IS(name));
        CALL(c, 1, queue_delete, .queue = name);
    } else {
        RECV(c, 1, exchange_declare_ok);
        declares(t, c, thing, name, true);
        RECV(c, 1, exchange_declare_ok);
        CALL(c, 1, exchange_delete, .exchange = name);
    }
}

/* Refused with 406 on the channel, or 502 on the connection where the text leaves the choice; and
   then it is not there. False if the broker does not look. */
static bool is_refused(struct t *t, enum thing thing, struct str name, bool or_502)
{
    enum method_id ok = thing == QUEUE ? M_queue_declare_ok : M_exchange_declare_ok;
    struct peer *c = OPEN();

    declares(t, c, thing, name, false);
    switch (either(t, c,
                   (struct either){ ok, .channel_code = PRECONDITION_FAILED,
                                    .connection_code = or_502 ? SYNTAX_ERROR : 0 })) {
    case ACCEPTED:
        if (thing == QUEUE)
            CALL(c, 1, queue_delete, .queue = name);
        else
            CALL(c, 1, exchange_delete, .exchange = name);
        return false;
    case CONNECTION_REFUSED: c = OPEN(); break;
    case CHANNEL_REFUSED: break;
    }
    STEP("no trace was left");
    declares(t, c, thing, name, true);
    REFUSED_ONE_OF(c, 1, none, NOT_FOUND, PRECONDITION_FAILED);
    return true;
}

static void illegal_characters(struct t *t, enum thing thing)
{
    static const char *const spoilt[] = { " ", "!", "/", "\xc3\xbc", "\x7f", "\n" };
    struct peer *c = OPEN();
    struct str plain = glued(t, NAME("n"), S("-_.:AZaz09"));

    STEP("every legal character");
    declares(t, c, thing, plain, false);
    comes_and_goes(t, c, thing, plain);
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        struct str name = glued(t, plain, glued(t, str_of(spoilt[i]), S("z")));

        STEP("illegal character %zu", i);
        if (!is_refused(t, thing, name, false))
            WEAK("errata 66: names are not checked, illegal character %zu is accepted", i);
    }
}

WIRE_CASE(queue_characters, .title = "a queue name with an illegal character is refused",
          .rules = "queue.declare.queue.syntax domain.queue-name.assert-regexp")
{
    illegal_characters(t, QUEUE);
}

/* The scenario of the specification has the empty name beside the illegal character. It is two
   faults in one: no name (406), and the default exchange's (403); either is fair (errata 20). */
WIRE_CASE(exchange_characters, .title = "an exchange name with an illegal character is refused",
          .rules = "exchange.declare.exchange.syntax domain.exchange-name.assert-regexp")
{
    struct peer *c = OPEN();

    SEND(c, 1, exchange_declare, .exchange = S(""), .type = S("direct"));
    if (REFUSED_ONE_OF(c, 1, exchange_declare, PRECONDITION_FAILED, ACCESS_REFUSED) ==
        ACCESS_REFUSED)
        INFO("errata 20: the empty name is refused as the default exchange's, with 403");
    illegal_characters(t, EXCHANGE);
}

/* 127 octets are a name, 128 are none: 406, or 502 (errata 22). */
static void length(struct t *t, enum thing thing)
{
    struct peer *c = OPEN();
    struct str longest = glued(t, NAME("n"), repeated(t, 'n', 127 - NAME("n").n));

    declares(t, c, thing, longest, false);
    comes_and_goes(t, c, thing, longest);
    for (size_t n = 128; n <= 255; n += 127) {
        STEP("%zu octets", n);
        if (!is_refused(t, thing, glued(t, longest, repeated(t, 'n', n - 127)), true))
            WEAK("errata 22: a name of %zu octets is accepted", n);
    }
}

WIRE_CASE(queue_length, .title = "a queue name of 127 octets is accepted, of 128 refused",
          .rules = "domain.queue-name.assert-length")
{
    length(t, QUEUE);
}

WIRE_CASE(exchange_length, .title = "an exchange name of 127 octets is accepted, of 128 refused",
          .rules = "domain.exchange-name.assert-length")
{
    length(t, EXCHANGE);
}
