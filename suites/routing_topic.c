/* Routing by pattern: which keys a topic binding takes.
   One table; each row is a queue bound with one pattern and one message with one key. */
#define CHAPTER "routing"
#include <string.h>

#include "fixtures/harness/case.h"

struct row {
    const char *pattern, *key;
    bool taken;
};

/* Words are what stands between dots, and may be empty: "a." is two words, "a" and "".
   The empty key has no word at all. */
static const struct row literal[] = {
    { "a", "a", true },
    { "a", "b", false },
    { "a", "A", false },
    { "a", "a.b", false },
    { "a.b", "a", false },
    { "a.b", "a.b", true },
    { "a.b", "a.c", false },
    { "a.b", "b.a", false },
    { "a.b.c", "a.b.c", true },
    { "a.b.c", "a.b", false },
    { "stock.usd.nyse", "stock.usd.nyse", true },
    { "stock.usd.nyse", "stock.usd.nys", false },
    { "a*", "a*", true },
    { "a*", "ab", false },
    { "#a", "a", false },
    { "#a", "#a", true },
};

static const struct row star[] = {
    { "*", "a", true },           { "*", "word", true },
    { "*", "a.b", false },        { "*.b", "a.b", true },
    { "*.b", "b", false },        { "*.b", "a.a.b", false },
    { "a.*", "a.b", true },       { "a.*", "a", false },
    { "a.*", "a.b.c", false },    { "a.*.c", "a.b.c", true },
    { "a.*.c", "a.c", false },    { "a.*.c", "a.b.b.c", false },
    { "*.*", "a.b", true },       { "*.*", "a", false },
    { "*.*.*", "a.b.c", true },   { "*.*.*", "a.b.c.d", false },
    { "old.*", "old.boy", true }, { "old.*", "old.boy.python", false },
};

static const struct row hash[] = {
    { "#", "a", true },
    { "#", "a.b.c.d.e.f", true },
    { "a.#", "a", true },
    { "a.#", "a.b", true },
    { "a.#", "a.b.c", true },
    { "a.#", "b", false },
    { "a.#", "ab", false },
    { "#.a", "a", true },
    { "#.a", "b.a", true },
    { "#.a", "c.b.a", true },
    { "#.a", "a.b", false },
    { "a.#.z", "a.z", true },
    { "a.#.z", "a.b.z", true },
    { "a.#.z", "a.b.c.z", true },
    { "a.#.z", "a.b.c", false },
    { "a.#.z", "z", false },
    { "old.#", "old.boy.python", true },
    { "*.stock.#", "usd.stock", true },
    { "*.stock.#", "eur.stock.db", true },
    { "*.stock.#", "stock.nasdaq", false },
};

static const struct row several[] = {
    { "#.#", "a", true },
    { "#.#", "a.b.c", true },
    { "#.a.#", "a", true },
    { "#.a.#", "b.a.c", true },
    { "#.a.#", "b.c", false },
    { "#.a.#.b", "a.b", true },
    { "#.a.#.b", "x.a.y.z.b", true },
    { "#.a.#.b", "b.a", false },
    { "a.#.b.#.c", "a.b.c", true },
    { "a.#.b.#.c", "a.x.b.y.y.c", true },
    { "a.#.b.#.c", "a.x.y.c", false },
    { "#.*", "a", true },
    { "#.*", "a.b", true },
    { "*.#", "a", true },
    { "*.#", "a.b.c", true },
    { "*.#.*", "a", false },
    { "*.#.*", "a.b", true },
    { "a.*.#", "a", false },
    { "a.*.#", "a.b.c", true },
    { "#.a.a.#", "b.a.a", true },
    { "#.a.a.#", "a.b.a", false },
    { "#.a.b", "a.a.b", true },
    { "#.a.b.c", "a.a.a.a.b.c", true },
};

static const struct row empty_words[] = {
    { "a.", "a.", true },     { "a.", "a", false },      { "a", "a.", false },
    { ".a", ".a", true },     { ".a", "a", false },      { "a..b", "a..b", true },
    { "a..b", "a.b", false }, { "a.*.b", "a..b", true }, { "a.*", "a.", true },
    { "*.a", ".a", true },    { "*.*", ".", true },      { "a.#", "a.", true },
    { "#.a", "..a", true },   { "*", ".", false },       { "#", ".", true },
};

static const struct row empty_key[] = {
    { "", "", true },   { "#", "", true },  { "#.#", "", true },  { "*", "", false },
    { "a", "", false }, { "", "a", false }, { "*.#", "", false },
};

/* The sentinel goes to the queue by its name, after the message: what the queue holds in front
   of it is what the pattern took. */
static void row_holds(struct t *t, struct peer *c, struct str exchange, const struct row *row)
{
    struct str queue =
        ((const struct m_queue_declare_ok *)CALL(c, 1, queue_declare, .exclusive = true))->queue;

    STEP("pattern \"%s\" %s key \"%s\"", row->pattern, row->taken ? "takes" : "leaves", row->key);
    CALL(c, 1, queue_bind, .queue = queue, .exchange = exchange,
         .routing_key = str_of(row->pattern));
    PUBLISH(c, 1, S("message"), .exchange = exchange, .routing_key = str_of(row->key));
    PUBLISH(c, 1, S("sentinel"), .routing_key = queue);
    if (row->taken)
        GET(c, 1, queue, S("message"), .exchange = IS(exchange),
            .routing_key = IS(str_of(row->key)));
    GET(c, 1, queue, S("sentinel"));
    CALL(c, 1, queue_delete, .queue = queue);
}

static void rows_hold(struct t *t, const struct row *rows, size_t n)
{
    struct peer *c = OPEN();
    struct str exchange = NAME("topic");

    CALL(c, 1, exchange_declare, .exchange = exchange, .type = S("topic"), .auto_delete = false);
    for (size_t i = 0; i < n; i++)
        row_holds(t, c, exchange, &rows[i]);
    CALL(c, 1, exchange_delete, .exchange = exchange);
}

#define ROWS_HOLD(rows) rows_hold(t, rows, sizeof(rows) / sizeof(rows)[0])

/* A pattern without wildcards takes exactly its own key. */
WIRE_CASE(topic_literal, .title = "topic patterns without wildcards",
          .rules = "model.exchange.topic-literal exchange.recommended-types")
{
    ROWS_HOLD(literal);
}

/* A star stands for one word, never for none or two. */
WIRE_CASE(topic_star, .title = "topic patterns with *", .rules = "model.exchange.topic-star")
{
    ROWS_HOLD(star);
}

/* A hash stands for any number of words, none included. */
WIRE_CASE(topic_hash, .title = "topic patterns with #",
          .rules = "model.exchange.topic-hash model.exchange.topic-example")
{
    ROWS_HOLD(hash);
}

/* Several hashes, with and without stars between: the matcher has to go back and try again. */
WIRE_CASE(topic_several, .title = "topic patterns with several wildcards",
          .rules = "model.exchange.topic-hash model.exchange.topic-star", .revision = 2)
{
    ROWS_HOLD(several);
}

/* Dots at either end or side by side enclose empty words; those count. */
WIRE_CASE(topic_empty_words, .title = "topic keys with empty words",
          .rules = "model.exchange.topic-literal model.exchange.topic-star "
                   "model.exchange.topic-hash")
{
    ROWS_HOLD(empty_words);
}

/* The empty key is no word: "#" takes it, "*" does not. */
WIRE_CASE(topic_empty_key, .title = "the empty key at a topic exchange",
          .rules = "model.exchange.topic-empty-key")
{
    ROWS_HOLD(empty_key);
}

/* Many bindings on one exchange at once: each message reaches exactly the queues whose pattern
   takes it, whatever the other bindings are. */
WIRE_CASE(topic_side_by_side, .title = "topic bindings do not disturb each other",
          .rules = "model.exchange.topic-hash model.exchange.topic-star queue.bind.unique")
{
    static const char *const patterns[] = { "#", "a.#", "*.b", "a.b", "a.*.c", "#.c", "b.#" };
    static const char *const keys[] = { "a.b", "a.b.c", "b" };
    static const char *const taken[] = { "a.b a.b.c b", "a.b a.b.c", "a.b", "a.b",
                                         "a.b.c",       "a.b.c",     "b" };
    struct peer *c = OPEN();
    struct str exchange = NAME("topic");
    struct str queue[7];

    CALL(c, 1, exchange_declare, .exchange = exchange, .type = S("topic"));
    for (size_t i = 0; i < 7; i++) {
        queue[i] = t_name(t, TEXT("q%zu", i).p);
        CALL(c, 1, queue_declare, .queue = queue[i], .exclusive = true);
        CALL(c, 1, queue_bind, .queue = queue[i], .exchange = exchange,
             .routing_key = str_of(patterns[i]));
    }
    for (size_t k = 0; k < 3; k++)
        PUBLISH(c, 1, str_of(keys[k]), .exchange = exchange, .routing_key = str_of(keys[k]));
    for (size_t i = 0; i < 7; i++) {
        STEP("pattern \"%s\" takes %s", patterns[i], taken[i]);
        for (const char *p = taken[i]; *p; p += strcspn(p, " "), p += *p == ' ')
            GET(c, 1, queue[i], ((struct str){ p, strcspn(p, " ") }));
        GET_EMPTY(c, 1, queue[i]);
    }
    CALL(c, 1, exchange_delete, .exchange = exchange);
}

/* Unbinding one pattern leaves a queue its others. */
WIRE_CASE(topic_unbind, .title = "unbinding one of two overlapping patterns",
          .rules = "queue.unbind.doc-effect queue.unbind.routing-key.doc-exact")
{
    struct peer *c = OPEN();
    struct str exchange = NAME("topic"), queue = NAME("q");

    CALL(c, 1, exchange_declare, .exchange = exchange, .type = S("topic"));
    CALL(c, 1, queue_declare, .queue = queue, .exclusive = true);
    CALL(c, 1, queue_bind, .queue = queue, .exchange = exchange, .routing_key = S("a.#"));
    CALL(c, 1, queue_bind, .queue = queue, .exchange = exchange, .routing_key = S("*.b"));
    PUBLISH(c, 1, S("both, once"), .exchange = exchange, .routing_key = S("a.b"));
    CALL(c, 1, queue_unbind, .queue = queue, .exchange = exchange, .routing_key = S("a.#"));
    PUBLISH(c, 1, S("by *.b"), .exchange = exchange, .routing_key = S("a.b"));
    PUBLISH(c, 1, S("by nothing"), .exchange = exchange, .routing_key = S("a.c"));
    GET(c, 1, queue, S("both, once"));
    GET(c, 1, queue, S("by *.b"));
    GET_EMPTY(c, 1, queue);
    CALL(c, 1, exchange_delete, .exchange = exchange);
}

/* Patterns that share words: taking one away takes no word from the others. */
WIRE_CASE(topic_unbind_shared, .title = "unbinding a pattern that shares words with another",
          .rules = "queue.unbind.routing-key.doc-exact queue.unbind.doc-effect")
{
    static const struct {
        const char *unbound, *left, *key;
    } pairs[] = {
        { "a", "a.b", "a.b" },     { "a", "a.*", "a.b" },   { "a", "a.#", "a.b.c" },
        { "a.b", "a", "a" },       { "a.*", "a", "a" },     { "a.#", "a", "a" },
        { "a.*.c", "a.*", "a.b" }, { "#", "#.a", "b.a" },   { "#.a", "#", "b" },
        { "*", "*.a", "b.a" },     { "a.b", "a.*", "a.b" }, { "a.#", "a.*", "a.b" },
    };
    struct peer *c = OPEN();

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct str x = t_name(t, TEXT("x%zu", i).p), q = DECLARE(c, 1, .exclusive = true)->queue;

        STEP("\"%s\" goes, \"%s\" stays", pairs[i].unbound, pairs[i].left);
        CALL(c, 1, exchange_declare, .exchange = x, .type = S("topic"));
        CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = str_of(pairs[i].left));
        CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = str_of(pairs[i].unbound));
        CALL(c, 1, queue_unbind, .queue = q, .exchange = x,
             .routing_key = str_of(pairs[i].unbound));
        PUBLISH(c, 1, S("taken"), .exchange = x, .routing_key = str_of(pairs[i].key));
        GET(c, 1, q, S("taken"), .message_count = EQ(0));
        CALL(c, 1, exchange_delete, .exchange = x);
    }
}

/* The same as an application sees it. */
CLIENT_CASE(topic_hash, .title = "topic patterns with #", .rules = "model.exchange.topic-hash")
{
    struct session *s = SESSION();
    struct str exchange = NAME("topic");

    DO(s, 1, exchange_declare, .exchange = exchange, .type = S("topic"));
    for (size_t i = 0; i < sizeof(hash) / sizeof(hash[0]); i++) {
        const struct m_queue_declare_ok *ok = DO(s, 1, queue_declare, .exclusive = true);

        STEP("pattern \"%s\" key \"%s\"", hash[i].pattern, hash[i].key);
        DO(s, 1, queue_bind, .queue = ok->queue, .exchange = exchange,
           .routing_key = str_of(hash[i].pattern));
        PUB(s, 1, S("message"), .exchange = exchange, .routing_key = str_of(hash[i].key));
        if (hash[i].taken)
            FETCH(s, 1, ok->queue, S("message"));
        else
            FETCH_EMPTY(s, 1, ok->queue);
        DO(s, 1, queue_delete, .queue = ok->queue);
    }
    DO(s, 1, exchange_delete, .exchange = exchange);
}
