/* Queues and consumers: order, turns, windows, and what is done when something ends. */
#include "suites/self/broker/core_peer.h"

#include "broker-under-test/reference/src/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define Q STR("q")

static void publish_numbers(struct peer *p, int from, int to)
{
    char text[16];

    for (int i = from; i <= to; i++) {
        snprintf(text, sizeof text, "%d", i);
        say_publish(p, 1, STR(""), Q, str_of(text), 1);
    }
}

static bool delivered(struct peer *p, int number, bool redelivered)
{
    struct delivery d;

    return peer_delivery(p, &d) && atoi(d.body) == number && d.redelivered == redelivered;
}

static void consume(struct peer *p, uint16_t window)
{
    SAY(p, 1, basic_qos, .prefetch_count = window);
    SAY(p, 1, basic_consume, .queue = Q);
    CU_ASSERT(GETS(p, basic_qos_ok) && GETS(p, basic_consume_ok));
}

/* Never more than the window; an ack lets exactly as many through. */
TEST(queue_window)
{
    struct world w;
    struct peer p;

    world_open(&w);
    peer_connect(&p, &w);
    declare_queue(&p, Q, false);
    publish_numbers(&p, 1, 20);
    consume(&p, 3);
    for (int i = 1; i <= 3; i++)
        CU_ASSERT(delivered(&p, i, false));
    CU_ASSERT(peer_silent(&p));
    SAY(&p, 1, basic_ack, .delivery_tag = 2);
    CU_ASSERT(delivered(&p, 4, false) && peer_silent(&p));
    SAY(&p, 1, basic_ack, .delivery_tag = 4, .multiple = true);
    CU_ASSERT(delivered(&p, 5, false) && delivered(&p, 6, false) && delivered(&p, 7, false));
    CU_ASSERT(peer_silent(&p));
    SAY(&p, 1, basic_ack, .delivery_tag = 4);
    CU_ASSERT(peer_closed_channel(&p, 1, PRECONDITION_FAILED));
    peer_leave(&p);
    world_close(&w);
}

/* In turn; a full one is passed over; who goes leaves its own to the others, in order. */
TEST(queue_turns)
{
    struct world w;
    struct peer a, b, boss;

    world_open(&w);
    peer_connect(&boss, &w);
    peer_connect(&a, &w);
    peer_connect(&b, &w);
    declare_queue(&boss, Q, false);
    consume(&a, 2);
    consume(&b, 0);
    publish_numbers(&boss, 1, 6);
    peer_send(&boss);
    CU_ASSERT(delivered(&a, 1, false) && delivered(&a, 3, false) && peer_silent(&a));
    CU_ASSERT(delivered(&b, 2, false) && delivered(&b, 4, false) && delivered(&b, 5, false) &&
              delivered(&b, 6, false));
    conn_gone(a.c);
    CU_ASSERT(delivered(&b, 1, true) && delivered(&b, 3, true) && peer_silent(&b));
    conn_gone(b.c);
    for (int i = 1; i <= 6; i++) {
        struct delivery d;

        get_body(&boss, Q, &d);
        CU_ASSERT(atoi(d.body) == i && d.redelivered && d.left == (uint32_t)(6 - i));
    }
    peer_leave(&a);
    peer_leave(&b);
    peer_leave(&boss);
    world_close(&w);
}

/* Rejected with requeue it goes to somebody else while there is somebody else. */
TEST(queue_reject)
{
    struct world w;
    struct peer a, b;

    world_open(&w);
    peer_connect(&a, &w);
    peer_connect(&b, &w);
    declare_queue(&a, Q, false);
    consume(&a, 0);
    publish_numbers(&a, 1, 1);
    CU_ASSERT(delivered(&a, 1, false));
    SAY(&a, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    CU_ASSERT(delivered(&a, 1, true));
    consume(&b, 0);
    SAY(&a, 1, basic_nack, .delivery_tag = 2, .requeue = true);
    peer_send(&a);
    CU_ASSERT(delivered(&b, 1, true) && peer_silent(&a));
    SAY(&b, 1, basic_reject, .delivery_tag = 1);
    SAY(&b, 1, queue_declare, .queue = Q, .passive = true);
    CU_ASSERT(GETS(&b, queue_declare_ok));
    peer_leave(&b);
    CU_ASSERT(peer_silent(&a));
    peer_leave(&a);
    world_close(&w);
}

TEST(queue_recover)
{
    struct world w;
    struct peer a;
    struct delivery d;

    world_open(&w);
    peer_connect(&a, &w);
    declare_queue(&a, Q, false);
    publish_numbers(&a, 1, 3);
    get_body(&a, Q, &d);
    consume(&a, 0);
    CU_ASSERT(delivered(&a, 2, false) && delivered(&a, 3, false));
    SAY(&a, 1, basic_recover, .requeue = false);
    CU_ASSERT(GETS(&a, basic_recover_ok));
    CU_ASSERT(delivered(&a, 2, true) && delivered(&a, 3, true) && delivered(&a, 1, true));
    SAY(&a, 1, basic_recover, .requeue = true);
    CU_ASSERT(GETS(&a, basic_recover_ok));
    CU_ASSERT(delivered(&a, 1, true) && delivered(&a, 2, true) && delivered(&a, 3, true));
    SAY(&a, 1, basic_ack, .delivery_tag = 0, .multiple = true);
    SAY(&a, 1, basic_recover_async, .requeue = true);
    CU_ASSERT(peer_silent(&a));
    CU_ASSERT(vhost_queue(broker_vhost(w.b, STR("/")), Q)->unacked_count == 0);
    peer_leave(&a);
    world_close(&w);
}

/* A reader that does not read gets so much and no more, and the rest when it reads. */
TEST(queue_slow_reader)
{
    char *body = calloc(1, 100000);
    struct world w;
    struct peer boss, slow;
    size_t seen = 0;
    struct delivery d;

    world_open(&w);
    peer_connect(&boss, &w);
    peer_connect(&slow, &w);
    declare_queue(&boss, Q, false);
    SAY(&slow, 1, basic_consume, .queue = Q, .no_ack = true);
    CU_ASSERT(GETS(&slow, basic_consume_ok));
    for (int i = 0; i < 60; i++) {
        say_publish(&boss, 1, STR(""), Q, (struct str){ body, 100000 }, 1);
        peer_send(&boss);
        CU_ASSERT(out_waiting(&slow.c->out) < LIMIT_OUT_HIGH + 101000);
    }
    CU_ASSERT(slow.c->clogged);
    while (peer_delivery(&slow, &d))
        seen++;
    CU_ASSERT(seen == 60 && !slow.c->clogged);
    peer_leave(&slow);
    peer_leave(&boss);
    CU_ASSERT(w.b->memory == 0);
    free(body);
    world_close(&w);
}

TEST(queue_flow)
{
    struct world w;
    struct peer a;
    struct delivery d;
    struct frame f;

    world_open(&w);
    peer_connect(&a, &w);
    declare_queue(&a, Q, false);
    consume(&a, 0);
    SAY(&a, 1, channel_flow, .active = false);
    publish_numbers(&a, 1, 2);
    SAY(&a, 1, queue_declare, .queue = Q, .passive = true);
    CU_ASSERT(peer_gets(&a, M_channel_flow_ok, &f) && !READ(f, channel_flow_ok).active);
    CU_ASSERT(peer_gets(&a, M_queue_declare_ok, &f));
    CU_ASSERT(READ(f, queue_declare_ok).message_count == 2);
    CU_ASSERT(READ(f, queue_declare_ok).consumer_count == 0);
    get_body(&a, Q, &d);
    SAY(&a, 1, channel_flow, .active = true);
    CU_ASSERT(GETS(&a, channel_flow_ok) && delivered(&a, 2, false));
    peer_leave(&a);
    world_close(&w);
}

/* 0..4 and 5..9 on any queue, as many levels as asked for on one that asks. */
TEST(queue_priorities)
{
    static const char properties[] = { 0x08, 0, 9 }, low[] = { 0x08, 0, 1 };
    struct world w;
    struct peer a;
    struct delivery d;
    struct m_basic_publish m = { .routing_key = Q };

    world_open(&w);
    peer_connect(&a, &w);
    declare_queue(&a, Q, false);
    publish_numbers(&a, 1, 2);
    say_publish_with(&a, 1, &m, (struct str){ low, sizeof low }, STR("3"));
    say_publish_with(&a, 1, &m, (struct str){ properties, sizeof properties }, STR("9"));
    get_body(&a, Q, &d);
    CU_ASSERT(strcmp(d.body, "9") == 0);
    for (int i = 1; i <= 3; i++) {
        get_body(&a, Q, &d);
        CU_ASSERT(atoi(d.body) == i);
    }
    SAY(&a, 1, queue_declare, .queue = STR("asked"),
        .arguments = { "\16x-max-priorityI\0\0\0\5", 20 });
    CU_ASSERT(GETS(&a, queue_declare_ok));
    m.routing_key = STR("asked");
    say_publish_with(&a, 1, &m, STR("\0\0"), STR("none"));
    say_publish_with(&a, 1, &m, (struct str){ low, sizeof low }, STR("one"));
    get_body(&a, STR("asked"), &d);
    CU_ASSERT(strcmp(d.body, "one") == 0);
    peer_leave(&a);
    world_close(&w);
}

TEST(queue_exclusive_and_auto_delete)
{
    struct world w;
    struct peer a, b;

    world_open(&w);
    peer_connect(&a, &w);
    peer_connect(&b, &w);
    SAY(&a, 1, queue_declare, .queue = STR("mine"), .exclusive = true);
    SAY(&a, 1, queue_declare, .queue = Q, .auto_delete = true);
    CU_ASSERT(GETS(&a, queue_declare_ok) && GETS(&a, queue_declare_ok));
    SAY(&b, 1, basic_get, .queue = STR("mine"));
    CU_ASSERT(peer_closed_channel(&b, 1, RESOURCE_LOCKED));
    consume(&a, 0);
    SAY(&a, 1, basic_consume, .queue = Q, .consumer_tag = STR("t"), .no_wait = true);
    peer_leave(&a);
    CU_ASSERT(map_count(broker_vhost(w.b, STR("/"))->queues) == 0);
    peer_leave(&b);
    world_close(&w);
}

TEST(queue_returns)
{
    struct world w;
    struct peer a;
    struct delivery d;
    struct m_basic_publish m = { .routing_key = STR("nowhere"), .mandatory = true };

    world_open(&w);
    peer_connect(&a, &w);
    declare_queue(&a, Q, false);
    SAY(&a, 1, confirm_select, .nowait = false);
    CU_ASSERT(GETS(&a, confirm_select_ok));
    say_publish_with(&a, 1, &m, STR("\0\0"), STR("back"));
    CU_ASSERT(peer_delivery(&a, &d) && d.tag == NO_ROUTE && strcmp(d.body, "back") == 0);
    CU_ASSERT(GETS(&a, basic_ack));
    m = (struct m_basic_publish){ .routing_key = Q, .immediate = true };
    say_publish_with(&a, 1, &m, STR("\0\0"), STR("now"));
    CU_ASSERT(peer_delivery(&a, &d) && d.tag == NO_CONSUMERS);
    CU_ASSERT(GETS(&a, basic_ack));
    consume(&a, 1);
    say_publish_with(&a, 1, &m, STR("\0\0"), STR("now"));
    CU_ASSERT(peer_delivery(&a, &d) && d.method == M_basic_deliver);
    CU_ASSERT(GETS(&a, basic_ack));
    peer_leave(&a);
    world_close(&w);
}

TEST(queue_transactions)
{
    struct world w;
    struct peer a;
    struct delivery d;

    world_open(&w);
    peer_connect(&a, &w);
    declare_queue(&a, Q, false);
    publish_numbers(&a, 1, 2);
    SAY_BARE(&a, 1, tx_select);
    CU_ASSERT(GETS(&a, tx_select_ok));
    get_body(&a, Q, &d);
    SAY(&a, 1, basic_ack, .delivery_tag = 1);
    publish_numbers(&a, 3, 3);
    SAY_BARE(&a, 1, tx_rollback);
    CU_ASSERT(GETS(&a, tx_rollback_ok));
    SAY(&a, 1, basic_ack, .delivery_tag = 1); /* undone, so it can be done again */
    publish_numbers(&a, 4, 4);
    SAY_BARE(&a, 1, tx_commit);
    CU_ASSERT(GETS(&a, tx_commit_ok));
    get_body(&a, Q, &d);
    CU_ASSERT(strcmp(d.body, "2") == 0 && d.left == 1);
    get_body(&a, Q, &d);
    CU_ASSERT(strcmp(d.body, "4") == 0);
    SAY(&a, 1, basic_ack, .delivery_tag = 2);
    SAY(&a, 1, basic_ack, .delivery_tag = 2);
    CU_ASSERT(peer_closed_channel(&a, 1, PRECONDITION_FAILED));
    CU_ASSERT(vhost_queue(broker_vhost(w.b, STR("/")), Q)->ready_count == 2);
    peer_leave(&a);
    world_close(&w);
}

/* A queue may go while its messages are out, and its channel may go after it. */
TEST(queue_deleted_under_way)
{
    struct world w;
    struct peer a, b;
    struct frame f;

    world_open(&w);
    peer_connect(&a, &w);
    peer_connect_with(&b, &w,
                      (struct str){ "\14capabilitiesF\0\0\0\31\26consumer_cancel_notifyt\1", 43 });
    declare_queue(&a, Q, false);
    consume(&b, 2);
    publish_numbers(&a, 1, 4);
    peer_send(&a);
    CU_ASSERT(delivered(&b, 1, false) && delivered(&b, 2, false));
    SAY(&a, 1, queue_delete, .queue = Q);
    CU_ASSERT(peer_gets(&a, M_queue_delete_ok, &f));
    CU_ASSERT(READ(f, queue_delete_ok).message_count == 2);
    CU_ASSERT(peer_gets(&b, M_basic_cancel, &f));
    SAY(&b, 1, basic_ack, .delivery_tag = 1);
    SAY(&b, 1, basic_cancel, .consumer_tag = READ(f, basic_cancel).consumer_tag);
    CU_ASSERT(GETS(&b, basic_cancel_ok));
    peer_leave(&b);
    peer_leave(&a);
    CU_ASSERT(w.b->memory == 0);
    world_close(&w);
}

TEST(queue_memory_mark)
{
    char *body = calloc(1, 65536);
    struct settings s = default_settings;
    struct world w;
    struct peer a;

    s.memory_high = 300000;
    world_open_with(&w, &s);
    peer_connect_with(&a, &w,
                      (struct str){ "\14capabilitiesF\0\0\0\25\22connection.blockedt\1", 39 });
    declare_queue(&a, Q, false);
    for (int i = 0; i < 5; i++)
        say_publish(&a, 1, STR(""), Q, (struct str){ body, 65536 }, 1);
    CU_ASSERT(GETS(&a, connection_blocked));
    CU_ASSERT(!conn_wants_input(a.c));
    SAY(&a, 1, queue_purge, .queue = Q); /* as if another had drained it */
    CU_ASSERT(GETS(&a, queue_purge_ok) && GETS(&a, connection_unblocked));
    CU_ASSERT(conn_wants_input(a.c));
    peer_leave(&a);
    free(body);
    world_close(&w);
}

SUITE(core_queue, TEST_CASE(queue_window), TEST_CASE(queue_turns), TEST_CASE(queue_reject),
      TEST_CASE(queue_recover), TEST_CASE(queue_slow_reader), TEST_CASE(queue_flow),
      TEST_CASE(queue_priorities), TEST_CASE(queue_exclusive_and_auto_delete),
      TEST_CASE(queue_returns), TEST_CASE(queue_transactions), TEST_CASE(queue_deleted_under_way),
      TEST_CASE(queue_memory_mark));
