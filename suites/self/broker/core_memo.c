/* Where the last message went is remembered, and must not be once anything has changed that the
   next one could notice. Each phase publishes twice before the change, so that the memo holds. */
#include "suites/self/broker/core_peer.h"

#define X STR("x")
#define K STR("k")
#define A STR("a")
#define B STR("b")

static void declare_exchange(struct peer *p, struct str name, struct str type, struct str arguments)
{
    SAY(p, 1, exchange_declare, .exchange = name, .type = type, .arguments = arguments);
    CU_ASSERT(GETS(p, exchange_declare_ok));
}

static void bind_queue(struct peer *p, struct str queue, struct str exchange)
{
    SAY(p, 1, queue_bind, .queue = queue, .exchange = exchange, .routing_key = K);
    CU_ASSERT(GETS(p, queue_bind_ok));
}

static void publish_twice(struct peer *p)
{
    for (int i = 0; i < 2; i++)
        say_publish(p, 1, X, K, STR("body"), 1);
}

/* Purges it. */
static bool has(struct peer *p, struct str queue, unsigned messages)
{
    struct frame f;

    SAY(p, 1, queue_purge, .queue = queue);
    return peer_gets(p, M_queue_purge_ok, &f) && READ(f, queue_purge_ok).message_count == messages;
}

static void open_with_two(struct world *w, struct peer *p)
{
    world_open(w);
    peer_connect(p, w);
    declare_queue(p, A, false);
    declare_queue(p, B, false);
    declare_exchange(p, X, STR("direct"), STR(""));
    bind_queue(p, A, X);
    publish_twice(p);
    CU_ASSERT(has(p, A, 2) && has(p, B, 0));
}

TEST(memo_bindings)
{
    struct world w;
    struct peer p;

    open_with_two(&w, &p);
    bind_queue(&p, B, X);
    publish_twice(&p);
    CU_ASSERT(has(&p, A, 2) && has(&p, B, 2));
    SAY(&p, 1, queue_unbind, .queue = A, .exchange = X, .routing_key = K);
    CU_ASSERT(GETS(&p, queue_unbind_ok));
    publish_twice(&p);
    CU_ASSERT(has(&p, A, 0) && has(&p, B, 2));
    peer_leave(&p);
    world_close(&w);
}

TEST(memo_things_that_go)
{
    struct world w;
    struct peer p;

    open_with_two(&w, &p);
    bind_queue(&p, B, X);
    publish_twice(&p);
    SAY(&p, 1, queue_delete, .queue = A);
    CU_ASSERT(GETS(&p, queue_delete_ok));
    publish_twice(&p);
    CU_ASSERT(has(&p, B, 4));
    SAY(&p, 1, exchange_delete, .exchange = X);
    CU_ASSERT(GETS(&p, exchange_delete_ok));
    say_publish(&p, 1, X, K, STR("body"), 1);
    CU_ASSERT(peer_closed_channel(&p, 1, NOT_FOUND));
    peer_leave(&p);
    world_close(&w);
}

/* Its alternate leads somewhere only when that exchange, too, is there. */
TEST(memo_alternate)
{
    struct world w;
    struct peer p;

    world_open(&w);
    peer_connect(&p, &w);
    declare_queue(&p, B, false);
    declare_exchange(&p, STR("last"), STR("fanout"), STR(""));
    bind_queue(&p, B, STR("last"));
    declare_exchange(&p, X, STR("direct"), STR("\22alternate-exchangeS\0\0\0\6middle"));
    publish_twice(&p);
    CU_ASSERT(has(&p, B, 0));
    declare_exchange(&p, STR("middle"), STR("direct"), STR("\22alternate-exchangeS\0\0\0\4last"));
    publish_twice(&p);
    CU_ASSERT(has(&p, B, 2));
    peer_leave(&p);
    world_close(&w);
}

/* The same names with other headers are another message, and a short memo is no limit. */
TEST(memo_headers)
{
    struct world w;
    struct peer p;
    struct m_basic_publish m = { .exchange = X, .routing_key = K };

    world_open(&w);
    peer_connect(&p, &w);
    declare_queue(&p, A, false);
    declare_exchange(&p, X, STR("headers"), STR(""));
    SAY(&p, 1, queue_bind, .queue = A, .exchange = X, .arguments = STR("\1nt\1"));
    CU_ASSERT(GETS(&p, queue_bind_ok));
    publish_twice(&p);
    CU_ASSERT(has(&p, A, 0));
    say_publish_with(&p, 1, &m, STR("\40\0\0\0\0\4\1nt\1"), STR("body"));
    say_publish_with(&p, 1, &m, STR("\40\0\0\0\0\4\1nt\1"), STR("body"));
    CU_ASSERT(has(&p, A, 2));
    publish_twice(&p);
    CU_ASSERT(has(&p, A, 0));
    peer_leave(&p);
    world_close(&w);
}

SUITE(core_memo, TEST_CASE(memo_bindings), TEST_CASE(memo_things_that_go),
      TEST_CASE(memo_alternate), TEST_CASE(memo_headers));
