/* What is promised is on disk before it is promised, and comes back. */
#include "suites/self/broker/core_peer.h"

#include "broker-under-test/reference/src/definitions.h"
#include "broker-under-test/reference/src/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define Q STR("q")

/* Nothing of the confirm or the declare-ok leaves while the batch is open. */
TEST(durable_promises_wait)
{
    struct world w;
    struct peer a;
    struct iovec iov[4];
    uint64_t batch;

    world_open(&w);
    peer_connect(&a, &w);
    SAY(&a, 1, queue_declare, .queue = Q, .durable = true);
    batch = store_pending(w.b->store);
    peer_send(&a);
    CU_ASSERT(store_committed(w.b->store) < batch);
    CU_ASSERT(conn_output(a.c, iov, 4) == 0);
    CU_ASSERT(GETS(&a, queue_declare_ok));
    CU_ASSERT(store_committed(w.b->store) >= batch);

    SAY(&a, 1, confirm_select, .nowait = true);
    say_publish(&a, 1, STR(""), Q, STR("1"), 2);
    batch = store_pending(w.b->store);
    peer_send(&a);
    CU_ASSERT(store_committed(w.b->store) < batch && conn_output(a.c, iov, 4) == 0);
    CU_ASSERT(GETS(&a, basic_ack));
    CU_ASSERT(store_committed(w.b->store) >= batch);

    /* A transient one has nothing to wait for, and a commit waits for both. */
    say_publish(&a, 1, STR(""), Q, STR("2"), 1);
    CU_ASSERT(GETS(&a, basic_ack));
    SAY(&a, 2, channel_open, .no_field = 0);
    SAY_BARE(&a, 2, tx_select);
    CU_ASSERT(GETS(&a, channel_open_ok) && GETS(&a, tx_select_ok));
    say_publish(&a, 2, STR(""), Q, STR("3"), 2);
    SAY_BARE(&a, 2, tx_commit);
    batch = store_pending(w.b->store);
    peer_send(&a);
    CU_ASSERT(conn_output(a.c, iov, 4) == 0);
    CU_ASSERT(GETS(&a, tx_commit_ok) && store_committed(w.b->store) >= batch);
    peer_leave(&a);
    world_close(&w);
}

static void publish_numbers(struct peer *p, int from, int to, uint8_t mode)
{
    char text[16];

    for (int i = from; i <= to; i++) {
        snprintf(text, sizeof text, "%d", i);
        say_publish(p, 1, STR(""), Q, str_of(text), mode);
    }
}

/* Turn after turn: whenever a confirm is ready to leave, its batch is on disk already. What is
   ready is looked at first, so a slow disk can only make the demand harder to meet. */
TEST(durable_confirms_follow_the_disk)
{
    struct world w;
    struct peer a;
    struct iovec iov[4];

    world_open(&w);
    peer_connect(&a, &w);
    SAY(&a, 1, queue_declare, .queue = Q, .durable = true);
    CU_ASSERT(GETS(&a, queue_declare_ok));
    SAY(&a, 1, confirm_select, .nowait = true);
    for (int i = 0; i < 100; i++) {
        uint64_t batch;
        bool ready;

        say_publish(&a, 1, STR(""), Q, STR("m"), 2);
        batch = store_pending(w.b->store);
        peer_send(&a);
        broker_turn(w.b);
        ready = conn_output(a.c, iov, 4) > 0;
        CU_ASSERT(!ready || store_committed(w.b->store) >= batch);
        CU_ASSERT(GETS(&a, basic_ack));
    }
    peer_leave(&a);
    world_close(&w);
}

/* Killed with 10 in the queue, 3 of them out, 1 acknowledged, and a transient one. */
TEST(durable_messages_come_back)
{
    struct world w, after, last;
    struct peer a, b, c;
    struct delivery d;

    world_open(&w);
    peer_connect(&a, &w);
    declare_queue(&a, Q, true);
    SAY(&a, 1, confirm_select, .nowait = true);
    publish_numbers(&a, 1, 10, 2);
    publish_numbers(&a, 99, 99, 1);
    CU_ASSERT(GETS(&a, basic_ack));
    for (int i = 1; i <= 3; i++)
        get_body(&a, Q, &d);
    SAY(&a, 1, basic_ack, .delivery_tag = 2);
    CU_ASSERT(peer_silent(&a));

    world_fork(&w, &after);
    peer_connect(&b, &after);
    for (int i = 1; i <= 10; i++) {
        if (i == 2)
            continue;
        get_body(&b, Q, &d);
        CU_ASSERT(atoi(d.body) == i && d.redelivered == (i <= 3));
    }
    CU_ASSERT(d.left == 0);
    SAY(&b, 1, basic_ack, .delivery_tag = 8, .multiple = true); /* all but the last */
    publish_numbers(&b, 11, 11, 2); /* new numbers are not taken for old ones */
    get_body(&b, Q, &d);
    CU_ASSERT(atoi(d.body) == 11 && !d.redelivered);
    publish_numbers(&b, 12, 12, 2);
    CU_ASSERT(peer_silent(&b));
    world_fork(&after, &last); /* nor do they take the place of those that came back */
    peer_connect(&c, &last);
    get_body(&c, Q, &d);
    CU_ASSERT(atoi(d.body) == 10 && d.redelivered && d.left == 2);
    get_body(&c, Q, &d);
    CU_ASSERT(atoi(d.body) == 11 && d.redelivered && d.left == 1);
    peer_leave(&c);
    world_close(&last);
    peer_leave(&b);
    peer_leave(&a);
    world_close(&after);
    world_close(&w);
}

static void declare_all(struct peer *a)
{
    SAY(a, 1, exchange_declare, .exchange = STR("x"), .type = STR("headers"), .durable = true);
    SAY(a, 1, exchange_declare, .exchange = STR("from"), .type = STR("topic"), .durable = true);
    SAY(a, 1, exchange_declare, .exchange = STR("passing"), .type = STR("topic"));
    SAY(a, 1, queue_declare, .queue = Q, .durable = true);
    SAY(a, 1, queue_declare, .queue = STR("passing"));
    SAY(a, 1, queue_bind, .queue = Q, .exchange = STR("x"),
        .arguments = { "\2bbI\0\0\0\2\2aaI\0\0\0\1", 16 });
    SAY(a, 1, queue_bind, .queue = Q, .exchange = STR("passing"), .routing_key = STR("k"));
    SAY(a, 1, exchange_bind, .destination = STR("x"), .source = STR("from"),
        .routing_key = STR("a.#"));
    CU_ASSERT(GETS(a, exchange_declare_ok) && GETS(a, exchange_declare_ok) &&
              GETS(a, exchange_declare_ok) && GETS(a, queue_declare_ok) &&
              GETS(a, queue_declare_ok) && GETS(a, queue_bind_ok) && GETS(a, queue_bind_ok) &&
              GETS(a, exchange_bind_ok));
}

/* The same binding as in declare_all, its fields in another order. */
#define SAME_ARGUMENTS ((struct str){ "\2aaI\0\0\0\1\2bbI\0\0\0\2", 16 })

TEST(durable_definitions_come_back)
{
    struct world w, after, last;
    struct peer a, b;
    struct vhost *v;

    world_open(&w);
    peer_connect(&a, &w);
    declare_all(&a);
    world_fork(&w, &after);
    v = broker_vhost(after.b, STR("/"));
    CU_ASSERT(vhost_exchange(v, STR("x")) && vhost_exchange(v, STR("from")));
    CU_ASSERT(!vhost_exchange(v, STR("passing")) && !vhost_queue(v, STR("passing")));
    CU_ASSERT_FATAL(vhost_queue(v, Q) != NULL);
    CU_ASSERT(router_count(vhost_exchange(v, STR("x"))->router) == 1);
    CU_ASSERT(router_count(vhost_exchange(v, STR("from"))->router) == 1);

    peer_connect(&b, &after);
    SAY(&b, 1, queue_unbind, .queue = Q, .exchange = STR("x"), .arguments = SAME_ARGUMENTS);
    SAY(&b, 1, exchange_delete, .exchange = STR("from"));
    CU_ASSERT(GETS(&b, queue_unbind_ok) && GETS(&b, exchange_delete_ok));
    world_fork(&after, &last);
    v = broker_vhost(last.b, STR("/"));
    CU_ASSERT(vhost_queue(v, Q) && !vhost_exchange(v, STR("from")));
    CU_ASSERT(router_count(vhost_exchange(v, STR("x"))->router) == 0);
    peer_leave(&b);
    peer_leave(&a);
    world_close(&last);
    world_close(&after);
    world_close(&w);
}

static const char definitions[] =
    "{ \"vhosts\": [ { \"name\": \"other\" } ],"
    "  \"users\": [ { \"name\": \"reader\", \"hashing_algorithm\": "
    "\"rabbit_password_hashing_sha256\", \"password_hash\": "
    "\"QU1RUcztv+MUScRVFoqQooVmviBwghGyp0FAQiMZBDO5V7Iq\" },"
    "             { \"name\": \"plain\", \"password\": \"text\" } ],"
    "  \"permissions\": [ { \"user\": \"reader\", \"vhost\": \"other\", \"configure\": \"\","
    "                       \"write\": \"^$\", \"read\": \".*\" } ],"
    "  \"exchanges\": [ { \"name\": \"x\", \"vhost\": \"other\", \"type\": \"fanout\","
    "                     \"durable\": true } ],"
    "  \"queues\": [ { \"name\": \"q\", \"vhost\": \"other\", \"durable\": true,"
    "                  \"arguments\": { \"x-max-priority\": 3, \"a\": [ true, null, 1.5 ] } } ],"
    "  \"bindings\": [ { \"source\": \"x\", \"vhost\": \"other\", \"destination\": \"q\","
    "                    \"destination_type\": \"queue\", \"routing_key\": \"k\" } ] }";

static bool import(struct world *w, const char *text, char *error, size_t size)
{
    char path[] = "/tmp/selftest-definitions.XXXXXX";
    int fd = mkstemp(path);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
              definitions_import(w->b, path, error, size);

    close(fd);
    unlink(path);
    return ok;
}

TEST(durable_imported_definitions)
{
    struct world w, after;
    char error[256] = "";
    struct vhost *v;
    struct user *u;

    world_open(&w);
    CU_ASSERT(import(&w, definitions, error, sizeof error));
    CU_ASSERT(import(&w, definitions, error, sizeof error)); /* twice is as once */
    CU_ASSERT(!import(&w, "{ \"vhosts\": [ {", error, sizeof error) && error[0]);
    CU_ASSERT(!import(&w, "{ \"queues\": [ { \"name\": \"q\", \"vhost\": \"none\" } ] }", error,
                      sizeof error));
    CU_ASSERT(strstr(error, "queues[0]") != NULL);
    world_settle(&w);
    world_fork(&w, &after);
    v = broker_vhost(after.b, STR("other"));
    u = broker_user(after.b, STR("reader"));
    CU_ASSERT_FATAL(v && u && vhost_queue(v, STR("q")));
    CU_ASSERT(user_password_ok(u, STR("reader")) && !user_password_ok(u, STR("guest")));
    CU_ASSERT(user_password_ok(broker_user(after.b, STR("plain")), STR("text")));
    CU_ASSERT(rights_allow(user_rights(u, v->name), MAY_READ, STR("q")));
    CU_ASSERT(!rights_allow(user_rights(u, v->name), MAY_WRITE, STR("q")));
    CU_ASSERT(router_count(vhost_exchange(v, STR("x"))->router) == 1);
    CU_ASSERT(vhost_queue(v, STR("q"))->levels == 4);
    world_close(&after);
    world_close(&w);
}

SUITE(core_durable, TEST_CASE(durable_promises_wait), TEST_CASE(durable_confirms_follow_the_disk),
      TEST_CASE(durable_messages_come_back), TEST_CASE(durable_definitions_come_back),
      TEST_CASE(durable_imported_definitions));
