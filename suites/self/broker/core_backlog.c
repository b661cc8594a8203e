/* What waits in the store and not in memory: order, counts, marks, and that memory stays small. */
#include "suites/self/broker/core_peer.h"

#include "broker-under-test/reference/src/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define Q STR("q")

enum { READY_HIGH = 20000, SLACK = 2 * LIMIT_READY_BACK, MANY = 3000, BODY = 200 };

static void open_world(struct world *w, struct peer *p)
{
    struct settings s = default_settings;

    s.ready_high = READY_HIGH;
    world_open_with(w, &s);
    peer_connect(p, w);
    declare_queue(p, Q, true);
}

static void close_world(struct world *w, struct peer *p)
{
    CU_ASSERT(store_failed(w->b->store) == NULL);
    peer_leave(p);
    world_close(w);
}

static struct queue *queue_of(const struct world *w)
{
    return vhost_queue(broker_vhost(w->b, STR("/")), Q);
}

/* Bodies of BODY octets that begin with the number. */
static void publish_only(struct peer *p, int from, int to, uint8_t mode)
{
    for (int i = from; i <= to; i++) {
        char body[BODY] = "";

        snprintf(body, sizeof body, "%d", i);
        say_publish(p, 1, STR(""), Q, (struct str){ body, sizeof body }, mode);
    }
    peer_send(p);
}

static void publish(struct peer *p, int from, int to, uint8_t mode)
{
    publish_only(p, from, to, mode);
    world_settle(p->w);
    world_settle(p->w); /* what was committed in the first is parked in the second at the latest */
}

static bool gets(struct peer *p, int number, bool redelivered)
{
    struct delivery d;

    get_body(p, Q, &d);
    return atoi(d.body) == number && d.redelivered == redelivered;
}

static bool delivers(struct peer *p, int number, bool redelivered)
{
    struct delivery d;

    return peer_delivery(p, &d) && d.method == M_basic_deliver && atoi(d.body) == number &&
           d.redelivered == redelivered;
}

static uint32_t counted(struct peer *p)
{
    struct frame f;

    SAY(p, 1, queue_declare, .queue = Q, .passive = true);
    return peer_gets(p, M_queue_declare_ok, &f) ? READ(f, queue_declare_ok).message_count : 0;
}

TEST(backlog_is_not_in_memory)
{
    struct world w;
    struct peer a;

    open_world(&w, &a);
    publish(&a, 1, MANY, 2);
    CU_ASSERT(w.b->memory < READY_HIGH + 1000);
    CU_ASSERT(queue_of(&w)->ready_bytes <= READY_HIGH && counted(&a) == MANY);
    SAY(&a, 1, basic_qos, .prefetch_count = 10);
    SAY(&a, 1, basic_consume, .queue = Q);
    CU_ASSERT(GETS(&a, basic_qos_ok) && GETS(&a, basic_consume_ok));
    for (int i = 1; i <= MANY; i++) {
        CU_ASSERT_FATAL(delivers(&a, i, false));
        SAY(&a, 1, basic_ack, .delivery_tag = (uint64_t)i);
        CU_ASSERT(w.b->memory < READY_HIGH + SLACK);
    }
    CU_ASSERT(peer_silent(&a) && counted(&a) == 0 && w.b->memory == 0);
    close_world(&w, &a);
}

/* Not before it is committed. A batch that nobody has sealed is on no disk. */
TEST(backlog_waits_for_the_commit)
{
    struct world w;
    struct peer a;
    struct queue *q;

    open_world(&w, &a);
    q = queue_of(&w);
    publish(&a, 1, 1000, 2);
    publish_only(&a, 1001, MANY, 2);
    CU_ASSERT(!queue_park(q, store_committed(w.b->store)));
    CU_ASSERT(q->ready_bytes > (MANY - 1000) * BODY);
    for (int i = 1; i <= 1500; i++)
        CU_ASSERT_FATAL(gets(&a, i, false)); /* the first of them settles */
    CU_ASSERT(q->ready_bytes <= READY_HIGH + SLACK && counted(&a) == MANY - 1500);
    close_world(&w, &a);
}

/* Those that the store does not have stay in memory, and in their place. */
TEST(backlog_mixed)
{
    static const char high[] = { 0x18, 0, 2, 7 };
    struct m_basic_publish m = { .routing_key = Q };
    struct world w;
    struct peer a;
    struct delivery d;

    open_world(&w, &a);
    for (int i = 0; i < 10; i++) {
        publish(&a, 100 * i + 1, 100 * i + 99, 2);
        publish(&a, 100 * i + 100, 100 * i + 100, 1);
        say_publish_with(&a, 1, &m, (struct str){ high, sizeof high }, STR("first"));
    }
    CU_ASSERT(counted(&a) == 1010 && w.b->memory < READY_HIGH + SLACK);
    for (int i = 0; i < 10; i++) {
        get_body(&a, Q, &d);
        CU_ASSERT(strcmp(d.body, "first") == 0);
    }
    for (int i = 1; i <= 1000; i++)
        CU_ASSERT_FATAL(gets(&a, i, false));
    CU_ASSERT(counted(&a) == 0);
    close_world(&w, &a);
}

/* What many hold comes back to its place, marked, and is parked again. */
TEST(backlog_comes_back)
{
    struct world w;
    struct peer a, b;

    open_world(&w, &a);
    peer_connect(&b, &w);
    publish(&a, 1, MANY, 2);
    for (int i = 1; i <= MANY / 2; i++)
        CU_ASSERT_FATAL(gets(i % 2 ? &a : &b, i, false));
    peer_leave(&b);
    publish(&a, MANY + 1, MANY + 1, 2);
    CU_ASSERT(counted(&a) == MANY / 2 + MANY / 4 + 1 && queue_of(&w)->ready_bytes < 2 * READY_HIGH);
    SAY(&a, 1, basic_nack, .delivery_tag = 0, .multiple = true, .requeue = true);
    publish(&a, MANY + 2, MANY + 2, 2);
    CU_ASSERT(counted(&a) == MANY + 2 && queue_of(&w)->ready_bytes < 2 * READY_HIGH);
    for (int i = 1; i <= MANY + 2; i++)
        CU_ASSERT_FATAL(gets(&a, i, i <= MANY / 2));
    close_world(&w, &a);
}

/* Killed: it starts without reading them in, and knows which were delivered. */
TEST(backlog_after_a_kill)
{
    struct world w, after;
    struct peer a, b;

    open_world(&w, &a);
    publish(&a, 1, MANY, 2);
    for (int i = 1; i <= 5; i++)
        CU_ASSERT(gets(&a, i, false));
    SAY(&a, 1, basic_ack, .delivery_tag = 3);
    CU_ASSERT(counted(&a) == MANY - 5);
    world_fork(&w, &after);
    CU_ASSERT(after.b->memory < 1000 && queue_of(&after)->ready_count == MANY - 1);
    peer_connect(&b, &after);
    publish(&b, MANY + 1, MANY + 100, 2);
    for (int i = 1; i <= MANY + 100; i++) {
        if (i != 3)
            CU_ASSERT_FATAL(gets(&b, i, i <= 5));
    }
    CU_ASSERT(counted(&b) == 0);
    close_world(&after, &b);
    close_world(&w, &a);
}

/* A purge takes the waiting ones out of the store too, and none that somebody holds. */
TEST(backlog_purged)
{
    struct world w, after;
    struct peer a, b;
    struct frame f;

    open_world(&w, &a);
    publish(&a, 1, MANY, 2);
    for (int i = 1; i <= 200; i++)
        CU_ASSERT_FATAL(gets(&a, i, false));
    SAY(&a, 1, basic_reject, .delivery_tag = 100, .requeue = true);
    SAY(&a, 1, queue_purge, .queue = Q);
    CU_ASSERT(peer_gets(&a, M_queue_purge_ok, &f));
    CU_ASSERT(READ(f, queue_purge_ok).message_count == MANY - 199 && counted(&a) == 0);
    publish(&a, MANY + 1, MANY + 1, 2);
    world_fork(&w, &after);
    peer_connect(&b, &after);
    CU_ASSERT(counted(&b) == 200);
    for (int i = 1; i <= 200; i++) {
        if (i != 100)
            CU_ASSERT(gets(&b, i, true));
    }
    CU_ASSERT(gets(&b, MANY + 1, false));
    close_world(&after, &b);
    close_world(&w, &a);
}

TEST(backlog_deleted)
{
    struct world w, after;
    struct peer a;
    struct frame f;

    open_world(&w, &a);
    publish(&a, 1, MANY, 2);
    CU_ASSERT(gets(&a, 1, false));
    SAY(&a, 1, queue_delete, .queue = Q);
    CU_ASSERT(peer_gets(&a, M_queue_delete_ok, &f));
    CU_ASSERT(READ(f, queue_delete_ok).message_count == MANY - 1);
    SAY(&a, 1, basic_ack, .delivery_tag = 1);
    declare_queue(&a, Q, true);
    CU_ASSERT(counted(&a) == 0 && w.b->memory == 0);
    world_settle(&w);
    world_fork(&w, &after);
    CU_ASSERT(queue_of(&after)->ready_count == 0);
    world_close(&after);
    close_world(&w, &a);
}

TEST(backlog_in_transactions)
{
    struct world w;
    struct peer a;

    open_world(&w, &a);
    publish(&a, 1, 1000, 2);
    SAY_BARE(&a, 1, tx_select);
    CU_ASSERT(GETS(&a, tx_select_ok));
    for (int i = 1; i <= 500; i++)
        CU_ASSERT_FATAL(gets(&a, i, false));
    SAY(&a, 1, basic_nack, .delivery_tag = 300, .multiple = true, .requeue = true);
    publish(&a, 1001, 1001, 2);
    CU_ASSERT(counted(&a) == 500);
    SAY_BARE(&a, 1, tx_rollback);
    CU_ASSERT(GETS(&a, tx_rollback_ok));
    SAY(&a, 1, basic_nack, .delivery_tag = 400, .multiple = true, .requeue = true);
    publish(&a, 1001, 1001, 2);
    SAY_BARE(&a, 1, tx_commit);
    CU_ASSERT(GETS(&a, tx_commit_ok) && counted(&a) == 901);
    for (int i = 1; i <= 1001; i++) {
        if (i <= 400 || i > 500)
            CU_ASSERT_FATAL(gets(&a, i, i <= 400));
    }
    close_world(&w, &a);
}

/* A consumer that wants none of its own passes them by without reading them back. */
TEST(backlog_of_ones_own)
{
    struct world w;
    struct peer a, b;

    open_world(&w, &a);
    peer_connect(&b, &w);
    publish(&a, 1, MANY, 2);
    publish(&b, MANY + 1, MANY + 1, 2);
    publish(&a, MANY + 2, 2 * MANY, 2);
    SAY(&a, 1, basic_consume, .queue = Q, .no_local = true);
    CU_ASSERT(GETS(&a, basic_consume_ok));
    CU_ASSERT(delivers(&a, MANY + 1, false) && peer_silent(&a));
    CU_ASSERT(w.b->memory < READY_HIGH + SLACK);
    CU_ASSERT(counted(&b) == 2 * MANY - 1 && gets(&b, 1, false));
    peer_leave(&b);
    close_world(&w, &a);
}

SUITE(core_backlog, TEST_CASE(backlog_is_not_in_memory), TEST_CASE(backlog_waits_for_the_commit),
      TEST_CASE(backlog_mixed), TEST_CASE(backlog_comes_back), TEST_CASE(backlog_after_a_kill),
      TEST_CASE(backlog_purged), TEST_CASE(backlog_deleted), TEST_CASE(backlog_in_transactions),
      TEST_CASE(backlog_of_ones_own));
