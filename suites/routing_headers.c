/* Routing by the message's headers, and through exchanges bound to exchanges. */
#define CHAPTER "routing"
#include "fixtures/harness/case.h"

struct headers_row {
    const char *what;
    struct table bound, sent;
    bool taken;
};

/* Rows are independent: a queue each, a sentinel by the queue's name behind each message. */
static void headers_hold(struct t *t, const struct headers_row *rows, size_t n)
{
    struct peer *c = OPEN();
    struct str x = NAME("x");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("headers"));
    for (size_t i = 0; i < n; i++) {
        struct str q = DECLARE(c, 1, .exclusive = true)->queue;

        STEP("%s", rows[i].what);
        CALL(c, 1, queue_bind, .queue = q, .exchange = x, .arguments = rows[i].bound);
        PUBLISH_WITH(c, 1, PROPS(.headers = rows[i].sent), S("message"), .exchange = x);
        PUBLISH(c, 1, S("sentinel"), .routing_key = q);
        if (rows[i].taken)
            GET(c, 1, q, S("message"), .exchange = IS(x));
        GET(c, 1, q, S("sentinel"));
        CALL(c, 1, queue_delete, .queue = q);
    }
    CALL(c, 1, exchange_delete, .exchange = x);
}

#define HEADERS_HOLD(...)                                                                          \
    headers_hold(t, (const struct headers_row[]){ __VA_ARGS__ },                                   \
                 sizeof((const struct headers_row[]){ __VA_ARGS__ }) / sizeof(struct headers_row))

/* All bound pairs have to be there; more headers than that do not hurt. */
WIRE_CASE(headers_all, .title = "x-match all",
          .rules = "model.exchange.headers-all model.exchange.headers-value-equal "
                   "model.exchange.headers-implemented exchange.recommended-types")
{
    struct table bound =
        TABLE(ARG("x-match", STR("all")), ARG("format", STR("pdf")), ARG("pages", INT32(3)));

    HEADERS_HOLD(
        { "both pairs", bound, TABLE(ARG("format", STR("pdf")), ARG("pages", INT32(3))), true },
        { "both, other order", bound, TABLE(ARG("pages", INT32(3)), ARG("format", STR("pdf"))),
          true },
        { "both and one more", bound,
          TABLE(ARG("format", STR("pdf")), ARG("pages", INT32(3)), ARG("z", BOOL(1))), true },
        { "one missing", bound, TABLE(ARG("format", STR("pdf"))), false },
        { "one other value", bound, TABLE(ARG("format", STR("pdf")), ARG("pages", INT32(4))),
          false },
        { "value in other case", bound, TABLE(ARG("format", STR("PDF")), ARG("pages", INT32(3))),
          false },
        { "no headers at all", bound, { 0 }, false });
}

/* One bound pair is enough. */
WIRE_CASE(headers_any, .title = "x-match any", .rules = "model.exchange.headers-any")
{
    struct table bound =
        TABLE(ARG("x-match", STR("any")), ARG("format", STR("pdf")), ARG("pages", INT32(3)));

    HEADERS_HOLD(
        { "first only", bound, TABLE(ARG("format", STR("pdf"))), true },
        { "second only", bound, TABLE(ARG("format", STR("txt")), ARG("pages", INT32(3))), true },
        { "both", bound, TABLE(ARG("format", STR("pdf")), ARG("pages", INT32(3))), true },
        { "neither", bound, TABLE(ARG("format", STR("txt")), ARG("pages", INT32(4))), false },
        { "no headers at all", bound, { 0 }, false });
}

/* Without x-match all pairs count; a field bound without a value asks for presence alone. */
WIRE_CASE(headers_void, .title = "headers bound without a value, and without x-match",
          .rules = "model.exchange.headers-void model.exchange.headers-all")
{
    struct table present = TABLE(ARG("x-match", STR("all")), ARG("trace", VOID_VALUE));
    struct table plain = TABLE(ARG("a", STR("1")), ARG("b", STR("2")));

    HEADERS_HOLD({ "present as text", present, TABLE(ARG("trace", STR("on"))), true },
                 { "present as number", present, TABLE(ARG("trace", INT32(0))), true },
                 { "absent", present, TABLE(ARG("other", STR("on"))), false },
                 { "no x-match, both", plain, TABLE(ARG("a", STR("1")), ARG("b", STR("2"))), true },
                 { "no x-match, one", plain, TABLE(ARG("a", STR("1"))), false });
}

/* All of nothing is true, any of nothing is false: with headers and without. */
WIRE_CASE(headers_no_demands, .title = "headers bound with no fields but x-match",
          .rules = "model.exchange.headers-all model.exchange.headers-any")
{
    struct table all = TABLE(ARG("x-match", STR("all")));
    struct table any = TABLE(ARG("x-match", STR("any")));
    struct table some = TABLE(ARG("a", STR("1")));

    HEADERS_HOLD({ "no arguments, no headers", { 0 }, { 0 }, true },
                 { "no arguments, a header", { 0 }, some, true }, { "all", all, some, true },
                 { "all, no headers", all, { 0 }, true }, { "any", any, some, false },
                 { "any, no headers", any, { 0 }, false });
}

/* What x-match may be is known; what else it says is refused, and then nothing is bound. */
WIRE_CASE(headers_bad_match, .title = "a binding with an unknown x-match is refused",
          .rules = "ext.exchanges.headers-bad-x-match")
{
    struct value bad[] = { STR("fail"), STR("ALL"), INT32(123) };
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("headers"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        STEP("x-match %zu", i);
        SEND(c, 1, queue_bind, .queue = q, .exchange = x,
             .arguments = TABLE(ARG("x-match", bad[i]), ARG("a", STR("1"))));
        REFUSED(c, 1, PRECONDITION_FAILED, queue_bind);
        PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("a", STR("1")))), S("m"), .exchange = x);
        GET_EMPTY(c, 1, q);
    }
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* Bound fields that begin with x- take no part, with all and with any. */
WIRE_CASE(headers_x_ignored, .title = "bound x- fields play no part",
          .rules = "model.exchange.headers-x-ignored")
{
    struct table all =
        TABLE(ARG("x-match", STR("all")), ARG("x-color", STR("red")), ARG("a", STR("1")));
    struct table any =
        TABLE(ARG("x-match", STR("any")), ARG("x-color", STR("red")), ARG("a", STR("1")));

    HEADERS_HOLD(
        { "all, x- missing", all, TABLE(ARG("a", STR("1"))), true },
        { "all, x- other", all, TABLE(ARG("a", STR("1")), ARG("x-color", STR("blue"))), true },
        { "any, x- alone", any, TABLE(ARG("x-color", STR("red"))), false });
}

/* With -with-x they do. */
WIRE_CASE(headers_with_x, .title = "x-match all-with-x and any-with-x",
          .rules = "ext.exchanges.headers-all-with-x ext.exchanges.headers-any-with-x")
{
    struct table all =
        TABLE(ARG("x-match", STR("all-with-x")), ARG("x-color", STR("red")), ARG("a", STR("1")));
    struct table any =
        TABLE(ARG("x-match", STR("any-with-x")), ARG("x-color", STR("red")), ARG("a", STR("1")));

    HEADERS_HOLD({ "all, x- missing", all, TABLE(ARG("a", STR("1"))), false },
                 { "all, both", all, TABLE(ARG("a", STR("1")), ARG("x-color", STR("red"))), true },
                 { "any, x- alone", any, TABLE(ARG("x-color", STR("red"))), true });
}

/* The routing key has no say. */
WIRE_CASE(headers_key_unused, .title = "a headers exchange ignores routing keys",
          .rules = "model.exchange.headers-key-unused")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = DECLARE(c, 1, .exclusive = true)->queue;

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("headers"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("bound"),
         .arguments = TABLE(ARG("x-match", STR("all")), ARG("a", STR("1"))));
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("a", STR("1")))), S("header, other key"),
                 .exchange = x, .routing_key = S("other"));
    PUBLISH(c, 1, S("key, no header"), .exchange = x, .routing_key = S("bound"));
    GET(c, 1, q, S("header, other key"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* Two bindings of one queue that differ in arguments alone: each takes its own messages. */
WIRE_CASE(headers_two_bindings, .title = "a queue bound twice to a headers exchange",
          .rules = "queue.bind.arguments.doc-distinct queue.unbind.routing-key.doc-exact "
                   "model.exchange.headers-all")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = DECLARE(c, 1, .exclusive = true)->queue;
    struct table red = TABLE(ARG("x-match", STR("all")), ARG("color", STR("red")));
    struct table big = TABLE(ARG("x-match", STR("all")), ARG("size", STR("big")));

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("headers"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .arguments = red);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .arguments = big);
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("color", STR("red")))), S("1"), .exchange = x);
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("size", STR("big")))), S("2"), .exchange = x);
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("size", STR("big")), ARG("color", STR("red")))),
                 S("3"), .exchange = x);
    for (int i = 1; i <= 3; i++)
        GET(c, 1, q, TEXT("%d", i), .message_count = EQ(3 - i));
    CALL(c, 1, queue_unbind, .queue = q, .exchange = x, .arguments = red);
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("color", STR("red")))), S("4"), .exchange = x);
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("size", STR("big")))), S("5"), .exchange = x);
    GET(c, 1, q, S("5"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

CLIENT_CASE(headers_all, .title = "x-match all", .rules = "model.exchange.headers-all")
{
    struct session *s = SESSION();

    DO(s, 1, exchange_declare, .exchange = NAME("x"), .type = S("headers"));
    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO(s, 1, queue_bind, .queue = NAME("q"), .exchange = NAME("x"),
       .arguments = TABLE(ARG("x-match", STR("all")), ARG("a", STR("1")), ARG("n", INT32(2))));
    PUB_WITH(s, 1, PROPS(.headers = TABLE(ARG("a", STR("1")))), S("half"), .exchange = NAME("x"));
    PUB_WITH(s, 1, PROPS(.headers = TABLE(ARG("n", INT32(2)), ARG("a", STR("1")))), S("whole"),
             .exchange = NAME("x"));
    FETCH(s, 1, NAME("q"), S("whole"));
    FETCH_EMPTY(s, 1, NAME("q"));
    DO(s, 1, exchange_delete, .exchange = NAME("x"));
}

/* ---- Exchanges bound to exchanges ------------------------------------------------ */

/* A message goes on to the bound exchange, which routes it by its own type and bindings. */
WIRE_CASE(exchange_to_exchange, .title = "exchange bindings route on, each by its own type",
          .rules = "ext.e2e.bind-ok ext.e2e.types-respected ext.e2e.unbind")
{
    struct peer *c = OPEN();
    struct str source = NAME("source"), logs = NAME("logs");
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    CALL(c, 1, exchange_declare, .exchange = source, .type = S("topic"));
    CALL(c, 1, exchange_declare, .exchange = logs, .type = S("direct"));
    CALL(c, 1, exchange_bind, .source = source, .destination = logs, .routing_key = S("log.#"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = logs, .routing_key = S("log.error"));
    PUBLISH(c, 1, S("taken"), .exchange = source, .routing_key = S("log.error"));
    PUBLISH(c, 1, S("refused by logs"), .exchange = source, .routing_key = S("log.info"));
    PUBLISH(c, 1, S("refused by source"), .exchange = source, .routing_key = S("error"));
    GET(c, 1, q, S("taken"), .exchange = IS(source), .routing_key = IS(S("log.error")),
        .message_count = EQ(0));
    CALL(c, 1, exchange_unbind, .source = source, .destination = logs, .routing_key = S("log.#"));
    PUBLISH(c, 1, S("too late"), .exchange = source, .routing_key = S("log.error"));
    GET_EMPTY(c, 1, q);
    CALL(c, 1, exchange_delete, .exchange = source);
    CALL(c, 1, exchange_delete, .exchange = logs);
}

/* Bindings between exchanges lead on as far as they go. */
WIRE_CASE(exchange_chain, .title = "a chain of four exchanges routes from end to end",
          .rules = "ext.e2e.bind-ok ext.e2e.types-respected")
{
    static const char *const types[] = { "topic", "direct", "fanout", "topic" };
    struct peer *c = OPEN();
    struct str x[4], q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    for (size_t i = 0; i < 4; i++) {
        x[i] = t_name(t, TEXT("x%zu", i).p);
        CALL(c, 1, exchange_declare, .exchange = x[i], .type = str_of(types[i]));
        if (i > 0)
            CALL(c, 1, exchange_bind, .source = x[i - 1], .destination = x[i],
                 .routing_key = S("a.b"));
    }
    CALL(c, 1, queue_bind, .queue = q, .exchange = x[3], .routing_key = S("*.b"));
    PUBLISH(c, 1, S("all the way"), .exchange = x[0], .routing_key = S("a.b"));
    PUBLISH(c, 1, S("the last half"), .exchange = x[2], .routing_key = S("c.b"));
    PUBLISH(c, 1, S("nowhere"), .exchange = x[1], .routing_key = S("c.b"));
    GET(c, 1, q, S("all the way"), .exchange = IS(x[0]));
    GET(c, 1, q, S("the last half"), .exchange = IS(x[2]), .message_count = EQ(0));
    for (size_t i = 0; i < 4; i++)
        CALL(c, 1, exchange_delete, .exchange = x[i]);
}

/* Two ways to one queue, a circle and a loop: still one copy, and routing ends. */
WIRE_CASE(exchange_paths, .title = "several paths and circles of exchange bindings give one copy",
          .rules = "ext.e2e.one-copy-per-queue ext.e2e.cycle ext.e2e.self-bind")
{
    struct peer *c = OPEN();
    struct str a = NAME("a"), b = NAME("b");
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    CALL(c, 1, exchange_declare, .exchange = a, .type = S("fanout"));
    CALL(c, 1, exchange_declare, .exchange = b, .type = S("fanout"));
    CALL(c, 1, exchange_bind, .source = a, .destination = b);
    CALL(c, 1, exchange_bind, .source = b, .destination = a);
    CALL(c, 1, exchange_bind, .source = a, .destination = a);
    CALL(c, 1, queue_bind, .queue = q, .exchange = a);
    CALL(c, 1, queue_bind, .queue = q, .exchange = b);
    PUBLISH(c, 1, S("once"), .exchange = a);
    GET(c, 1, q, S("once"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = a);
    CALL(c, 1, exchange_delete, .exchange = b);
}

/* An exchange binding names two exchanges that are there. */
WIRE_CASE(exchange_bind_missing, .title = "exchange bindings of missing exchanges",
          .rules = "ext.e2e.source-missing ext.e2e.destination-missing")
{
    struct peer *c = OPEN();

    CALL(c, 1, exchange_declare, .exchange = NAME("there"), .type = S("fanout"));
    SEND(c, 1, exchange_bind, .source = NAME("nobody"), .destination = NAME("there"));
    REFUSED(c, 1, NOT_FOUND, exchange_bind);
    SEND(c, 1, exchange_bind, .source = NAME("there"), .destination = NAME("nobody"));
    REFUSED(c, 1, NOT_FOUND, exchange_bind);
    CALL(c, 1, exchange_bind, .source = NAME("there"), .destination = NAME("there"));
    CALL(c, 1, exchange_delete, .exchange = NAME("there"));
}
