/* Routing: which queues a message reaches through direct, fanout and headers exchanges,
   the default exchange, and exchanges bound to exchanges. Patterns are in routing_topic.c. */
#define CHAPTER "routing"
#include "fixtures/harness/case.h"
#include "suites/steps.h"

static void exchange(struct t *t, struct peer *c, struct str name, struct str type)
{
    CALL(c, 1, exchange_declare, .exchange = name, .type = type);
}

static struct str queue(struct t *t, struct peer *c, const char *name)
{
    return DECLARE(c, 1, .queue = t_name(t, name), .exclusive = true)->queue;
}

static void bound(struct t *t, struct peer *c, struct str q, struct str x, struct str key)
{
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = key);
}

/* ---- The default exchange ------------------------------------------------------ */

/* Every queue can be reached through the nameless exchange under its own name, unbound. */
WIRE_CASE(default_by_name, .title = "the default exchange routes by queue name",
          .rules = "exchange.default-exchange queue.declare.default-binding "
                   "basic.publish.exchange.default-exchange model.exchange.default-binding")
{
    struct peer *c = OPEN();
    struct str a = queue(t, c, "a"), b = queue(t, c, "b");

    PUBLISH(c, 1, S("for a"), .routing_key = a);
    PUBLISH(c, 1, S("for b"), .routing_key = b);
    PUBLISH(c, 1, S("for nobody"), .routing_key = NAME("nobody"));
    GET(c, 1, a, S("for a"), .exchange = IS(S("")), .routing_key = IS(a), .message_count = EQ(0));
    GET(c, 1, b, S("for b"), .exchange = IS(S("")), .routing_key = IS(b), .message_count = EQ(0));
}

CLIENT_CASE(default_by_name, .title = "the default exchange routes by queue name",
            .rules = "exchange.default-exchange queue.declare.default-binding")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("a"), .exclusive = true);
    DO(s, 1, queue_declare, .queue = NAME("b"), .exclusive = true);
    PUB(s, 1, S("for a"), .routing_key = NAME("a"));
    FETCH_EMPTY(s, 1, NAME("b"));
    FETCH(s, 1, NAME("a"), S("for a"));
}

/* ---- Direct -------------------------------------------------------------------- */

/* Equal means equal octet by octet: no prefix, no case folding, no wildcard. */
WIRE_CASE(direct_exact, .title = "a direct exchange compares the whole key",
          .rules = "model.exchange.direct queue.bind.routing-key.direct-exchange-key-matching "
                   "exchange.required-types")
{
    static const char *const others[] = { "erro", "errors", "Error", "", "error.", "*", "#" };
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = queue(t, c, "q");

    exchange(t, c, x, S("direct"));
    bound(t, c, q, x, S("error"));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        PUBLISH(c, 1, str_of(others[i]), .exchange = x, .routing_key = str_of(others[i]));
    PUBLISH(c, 1, S("error"), .exchange = x, .routing_key = S("error"));
    GET(c, 1, q, S("error"), .exchange = IS(x), .routing_key = IS(S("error")),
        .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* Wildcards mean something to topic exchanges only. */
WIRE_CASE(direct_no_wildcards, .title = "a direct binding with * or # is literal",
          .rules = "model.exchange.direct")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = queue(t, c, "q");

    exchange(t, c, x, S("direct"));
    bound(t, c, q, x, S("a.#"));
    bound(t, c, q, x, S("*"));
    PUBLISH(c, 1, S("a.b"), .exchange = x, .routing_key = S("a.b"));
    PUBLISH(c, 1, S("a"), .exchange = x, .routing_key = S("a"));
    PUBLISH(c, 1, S("a.#"), .exchange = x, .routing_key = S("a.#"));
    PUBLISH(c, 1, S("*"), .exchange = x, .routing_key = S("*"));
    GET(c, 1, q, S("a.#"));
    GET(c, 1, q, S("*"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* One key, two queues: a copy for each. Two keys, one queue: one copy for each message. */
WIRE_CASE(direct_many, .title = "direct bindings of several queues and keys",
          .rules = "model.exchange.direct-multi-queue model.message-identical-copies")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), a = queue(t, c, "a"), b = queue(t, c, "b");

    exchange(t, c, x, S("direct"));
    bound(t, c, a, x, S("info"));
    bound(t, c, a, x, S("error"));
    bound(t, c, b, x, S("error"));
    PUBLISH(c, 1, S("1"), .exchange = x, .routing_key = S("error"));
    PUBLISH(c, 1, S("2"), .exchange = x, .routing_key = S("info"));
    PUBLISH(c, 1, S("3"), .exchange = x, .routing_key = S("debug"));
    GET(c, 1, a, S("1"));
    GET(c, 1, a, S("2"), .message_count = EQ(0));
    GET(c, 1, b, S("1"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

CLIENT_CASE(direct_exact, .title = "a direct exchange compares the whole key",
            .rules = "model.exchange.direct")
{
    struct session *s = SESSION();

    DO(s, 1, exchange_declare, .exchange = NAME("x"), .type = S("direct"));
    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO(s, 1, queue_bind, .queue = NAME("q"), .exchange = NAME("x"), .routing_key = S("error"));
    PUB(s, 1, S("errors"), .exchange = NAME("x"), .routing_key = S("errors"));
    PUB(s, 1, S("error"), .exchange = NAME("x"), .routing_key = S("error"));
    FETCH(s, 1, NAME("q"), S("error"));
    FETCH_EMPTY(s, 1, NAME("q"));
    DO(s, 1, exchange_delete, .exchange = NAME("x"));
}

/* ---- Fanout -------------------------------------------------------------------- */

/* Each bound queue gets a copy, whatever the key of binding and message. */
WIRE_CASE(fanout_all, .title = "a fanout exchange copies to every bound queue",
          .rules = "model.exchange.fanout exchange.required-types")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), a = queue(t, c, "a"), b = queue(t, c, "b"),
               unbound = queue(t, c, "c");

    exchange(t, c, x, S("fanout"));
    bound(t, c, a, x, S(""));
    bound(t, c, b, x, S("some key"));
    PUBLISH(c, 1, S("1"), .exchange = x, .routing_key = S(""));
    PUBLISH(c, 1, S("2"), .exchange = x, .routing_key = S("another key"));
    GET(c, 1, a, S("1"));
    GET(c, 1, a, S("2"), .routing_key = IS(S("another key")), .message_count = EQ(0));
    GET(c, 1, b, S("1"));
    GET(c, 1, b, S("2"), .message_count = EQ(0));
    GET_EMPTY(c, 1, unbound);
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* A queue bound three times over is still one queue: one copy. */
WIRE_CASE(fanout_once, .title = "several matching bindings of one queue give one copy",
          .rules = "queue.bind.unique queue.bind.duplicates")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), q = queue(t, c, "q");

    exchange(t, c, x, S("fanout"));
    bound(t, c, q, x, S("one"));
    bound(t, c, q, x, S("two"));
    bound(t, c, q, x, S("two"));
    PUBLISH(c, 1, S("1"), .exchange = x, .routing_key = S("one"));
    GET(c, 1, q, S("1"), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = x);
}

/* The copies are the same: properties, headers, key and octets. */
WIRE_CASE(fanout_copies_equal, .title = "copies of one message are identical",
          .rules = "model.message-identical-copies model.message.header-unmodified "
                   "model.message.body-unmodified")
{
    struct peer *c = OPEN();
    struct str x = NAME("x"), name[2] = { queue(t, c, "a"), queue(t, c, "b") };

    exchange(t, c, x, S("fanout"));
    bound(t, c, name[0], x, S(""));
    bound(t, c, name[1], x, S(""));
    PUBLISH_WITH(c, 1,
                 PROPS(.content_type = S("text/plain"), .delivery_mode = 1, .priority = 3,
                       .correlation_id = S("c-1"), .timestamp = 1234567890,
                       .headers = TABLE(ARG("n", INT32(7)), ARG("s", STR("text")))),
                 S("a\0b\xce"), .exchange = x, .routing_key = S("k"));
    for (size_t i = 0; i < 2; i++) {
        struct content m = GET(c, 1, name[i], S("a\0b\xce"), .routing_key = IS(S("k")),
                               .exchange = IS(x), .redelivered = EQ(0));

        WANT_PROPS(m, .content_type = IS(S("text/plain")), .delivery_mode = EQ(1),
                   .priority = EQ(3), .correlation_id = IS(S("c-1")), .timestamp = EQ(1234567890),
                   .headers = EQ_TABLE(TABLE(ARG("n", INT32(7)), ARG("s", STR("text")))),
                   .message_id = ABSENT);
    }
    CALL(c, 1, exchange_delete, .exchange = x);
}

CLIENT_CASE(fanout_all, .title = "a fanout exchange copies to every bound queue",
            .rules = "model.exchange.fanout")
{
    struct session *s = SESSION();

    DO(s, 1, exchange_declare, .exchange = NAME("x"), .type = S("fanout"));
    DO(s, 1, queue_declare, .queue = NAME("a"), .exclusive = true);
    DO(s, 1, queue_declare, .queue = NAME("b"), .exclusive = true);
    DO(s, 1, queue_bind, .queue = NAME("a"), .exchange = NAME("x"));
    DO(s, 1, queue_bind, .queue = NAME("b"), .exchange = NAME("x"), .routing_key = S("k"));
    PUB(s, 1, S("1"), .exchange = NAME("x"), .routing_key = S("whatever"));
    FETCH(s, 1, NAME("a"), S("1"));
    FETCH(s, 1, NAME("b"), S("1"));
    FETCH_EMPTY(s, 1, NAME("a"));
    DO(s, 1, exchange_delete, .exchange = NAME("x"));
}

/* ---- Predeclared exchanges ------------------------------------------------------- */

/* The tables name it amq.headers, the text amq.match: one of them is enough (errata 18). */
static struct str headers_instance(struct t *t, struct peer *c)
{
    SEND(c, 1, exchange_declare, .exchange = S("amq.match"), .passive = true);
    if (either(t, c, (struct either){ M_exchange_declare_ok, .channel_code = NOT_FOUND }) ==
        ACCEPTED)
        return S("amq.match");
    return S("amq.headers");
}

/* What the specification promises in a fresh virtual host is there and routes. They are shared:
   amq.fanout may bring us the messages of others as well. */
WIRE_CASE(predeclared, .title = "the predeclared exchanges are there and route",
          .rules = "exchange.required-instances model.exchange.direct-predeclared "
                   "model.exchange.fanout-predeclared model.exchange.topic-predeclared "
                   "model.exchange.headers-predeclared")
{
    struct peer *c = OPEN();
    const struct str names[] = { S("amq.direct"), S("amq.fanout"), S("amq.topic"),
                                 headers_instance(t, c) };
    struct table mine = TABLE(ARG("x-match", STR("all")), ARG("case", LONGSTR(NAME("mine"))));
    struct table sent = TABLE(ARG("case", LONGSTR(NAME("mine"))));

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct str x = names[i], q = queue(t, c, TEXT("%zu", i).p);

        STEP("%.*s", STR_ARGS(x));
        CALL(c, 1, exchange_declare, .exchange = x, .passive = true);
        CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = NAME("key"),
             .arguments = mine);
        PUBLISH_WITH(c, 1, PROPS(.headers = sent), NAME("mine"), .exchange = x,
                     .routing_key = NAME("key"));
        while (!str_eq(GET(c, 1, q, ANY_BODY).body, NAME("mine")))
            continue;
        CALL(c, 1, queue_delete, .queue = q);
    }
}
