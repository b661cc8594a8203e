/* Exchanges that lead to exchanges: what may be bound by Exchange.Bind, and where a message goes
   that no binding takes. Chains, circles and types are in routing_headers.c. */
#define CHAPTER "routing"
#include "suites/steps.h"

static void declare(struct t *t, struct peer *c, struct str name, struct str type,
                    struct str alternate)
{
    if (alternate.n)
        CALL(c, 1, exchange_declare, .exchange = name, .type = type, .auto_delete = false,
             .arguments = TABLE(ARG("alternate-exchange", LONGSTR(alternate))));
    else
        CALL(c, 1, exchange_declare, .exchange = name, .type = type);
}

/* The queue's name stands in for a blank key in Queue.Bind, where the queue is blank as well; here
   it never does, whatever was declared before. */
WIRE_CASE(exchange_bind_empty_key, .title = "an exchange binding with an empty key",
          .rules = "ext.e2e.bind-ok")
{
    struct peer *c = OPEN();
    struct str source = NAME("source"), inner = NAME("inner");
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    declare(t, c, source, S("direct"), S(""));
    declare(t, c, inner, S("fanout"), S(""));
    CALL(c, 1, queue_bind, .queue = q, .exchange = inner);
    CALL(c, 1, exchange_bind, .source = source, .destination = inner, .routing_key = S(""));
    PUBLISH(c, 1, S("its name"), .exchange = source, .routing_key = q);
    PUBLISH(c, 1, S("no key"), .exchange = source, .routing_key = S(""));
    GET(c, 1, q, S("no key"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = source);
    CALL(c, 1, exchange_delete, .exchange = inner);
}

/* Whatever is bound to the source has its copy: each exchange, and the queue beside them. */
WIRE_CASE(exchange_bind_several, .title = "three exchanges and a queue bound to one exchange",
          .rules = "ext.e2e.bind-ok ext.e2e.one-copy-per-queue")
{
    struct peer *c = OPEN();
    struct str source = NAME("source"), x[] = { NAME("x2"), NAME("x3"), NAME("x4") }, q[4];

    declare(t, c, source, S("direct"), S(""));
    for (int i = 0; i < 4; i++)
        q[i] = DECLARE(c, 1, .exclusive = true)->queue;
    for (int i = 0; i < 3; i++) {
        declare(t, c, x[i], S("fanout"), S(""));
        CALL(c, 1, exchange_bind, .source = source, .destination = x[i], .routing_key = S("k"));
        CALL(c, 1, queue_bind, .queue = q[i], .exchange = x[i]);
    }
    CALL(c, 1, queue_bind, .queue = q[3], .exchange = source, .routing_key = S("k"));
    PUBLISH(c, 1, S("for all"), .exchange = source, .routing_key = S("k"));
    for (int i = 0; i < 4; i++)
        GET(c, 1, q[i], S("for all"), .exchange = IS(source), .message_count = EQ(0));
    for (int i = 0; i < 3; i++)
        CALL(c, 1, exchange_delete, .exchange = x[i]);
    CALL(c, 1, exchange_delete, .exchange = source);
}

/* The default exchange is bound to its queues, and to nothing else. */
WIRE_CASE(exchange_bind_default, .title = "the default exchange is not bound to others",
          .rules = "ext.e2e.default-refused")
{
    struct peer *c = OPEN();
    struct str x = NAME("x");

    declare(t, c, x, S("fanout"), S(""));
    SEND(c, 1, exchange_bind, .source = S(""), .destination = x, .routing_key = S("k"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_bind);
    SEND(c, 1, exchange_bind, .source = x, .destination = S(""), .routing_key = S("k"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_bind);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* What the first does not take goes to its alternate, and on to that one's; and who asked to have
   back what nobody takes has it back if none of them did. */
WIRE_CASE(alternate, .title = "what no binding takes goes to the alternate exchange",
          .rules = "ext.ae.by-argument ext.ae.chain ext.ae.mandatory-satisfied "
                   "ext.ae.mandatory-unrouted")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), second = NAME("second"), third = NAME("third");
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str rest = DECLARE(c, 1, .queue = NAME("rest"), .exclusive = true)->queue;

    declare(t, c, third, S("direct"), S(""));
    declare(t, c, second, S("direct"), third);
    declare(t, c, x, S("direct"), second);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("taken"));
    CALL(c, 1, queue_bind, .queue = rest, .exchange = second, .routing_key = S("second"));
    CALL(c, 1, queue_bind, .queue = rest, .exchange = third, .routing_key = S("third"));
    CALL(c, 1, queue_bind, .queue = rest, .exchange = third, .routing_key = S("taken"));
    PUBLISH(c, 1, S("1"), .exchange = x, .routing_key = S("taken"), .mandatory = true);
    PUBLISH(c, 1, S("2"), .exchange = x, .routing_key = S("second"), .mandatory = true);
    PUBLISH(c, 1, S("3"), .exchange = x, .routing_key = S("third"), .mandatory = true);
    PUBLISH(c, 1, S("4"), .exchange = x, .routing_key = S("nobody"), .mandatory = true);
    RETURNED(c, 1, S("4"), .reply_code = EQ(NO_ROUTE), .exchange = IS(x));
    GET(c, 1, q, S("1"), .exchange = IS(x), .message_count = EQ(0));
    GET(c, 1, rest, S("2"), .exchange = IS(x), .routing_key = IS(S("second")));
    GET(c, 1, rest, S("3"), .exchange = IS(x), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
    CALL(c, 1, exchange_delete, .exchange = second);
    CALL(c, 1, exchange_delete, .exchange = third);
}

/* An alternate that is not there is no fault of who declares or publishes; one in a circle ends. */
WIRE_CASE(alternate_missing,
          .title = "an alternate exchange that is not there, and one in a circle",
          .rules = "ext.ae.missing-ae ext.ae.cycle-ends")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), a = NAME("a"), b = NAME("b");

    declare(t, c, x, S("direct"), NAME("nobody"));
    PUBLISH(c, 1, S("dropped"), .exchange = x, .routing_key = S("k"));
    QUIET(c, 1);
    declare(t, c, a, S("direct"), b);
    declare(t, c, b, S("direct"), a);
    PUBLISH(c, 1, S("round"), .exchange = a, .routing_key = S("k"), .mandatory = true);
    RETURNED(c, 1, S("round"), .reply_code = EQ(NO_ROUTE), .exchange = IS(a));
    CALL(c, 1, exchange_delete, .exchange = x);
    CALL(c, 1, exchange_delete, .exchange = a);
    CALL(c, 1, exchange_delete, .exchange = b);
}
