/* Turns, batches and numbers: what joins what, what is never written, and when a number is
   reached, also while the store thread is busy. */
#include "store_rig.h"
#include "suites.h"

#include <lmdb.h>
#include <unistd.h>

/* How many transactions the file has seen. */
static size_t transactions(struct rig *r)
{
    MDB_env *env;
    MDB_envinfo info = { .me_last_txnid = 0 };

    CU_ASSERT_EQUAL_FATAL(mdb_env_create(&env), 0);
    CU_ASSERT_EQUAL(mdb_env_open(env, r->dir, MDB_RDONLY | MDB_NOLOCK, 0), 0);
    mdb_env_info(env, &info);
    mdb_env_close(env);
    return info.me_last_txnid;
}

TEST(put_and_deleted_is_never_written)
{
    struct rig r;
    size_t before;

    rig_init(&r);
    rig_close(&r);
    before = transactions(&r);
    rig_open(&r);
    for (uint64_t seq = 1; seq <= 1000; seq++) {
        rig_put(&r, 1, seq, "m");
        store_del_message(r.store, 1, seq);
    }
    CU_ASSERT(rig_commit(&r));
    CU_ASSERT(store_committed(r.store) >= 1);
    CU_ASSERT_EQUAL(r.retained, 1000);
    CU_ASSERT_EQUAL(r.released, 1000);
    CU_ASSERT_EQUAL(store_backlog(r.store), 0);
    rig_close(&r);
    CU_ASSERT_EQUAL(transactions(&r), before);
    rig_open(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "");
    rig_clear(&r);
}

/* One batch is written and the thread held after it; whatever is sealed now waits. */
static void keep_the_thread_busy(struct rig *r)
{
    rig_open(r);
    rig_set_hold(r, true);
    r->wakes = 0;
    rig_put(r, 1, 1, "written");
    store_seal(r->store);
    if (!rig_wait_wakes(r, 1))
        _exit(1);
}

/* Ends without another seal: a deletion that was only noted for later would be lost
   and the message there. */
static void delete_from_the_waiting_batch(struct rig *r)
{
    uint64_t last;

    keep_the_thread_busy(r);
    rig_put(r, 1, 2, "waiting, deleted");
    rig_put(r, 1, 3, "waiting");
    last = store_seal(r->store);
    store_del_message(r->store, 1, 2);
    rig_set_hold(r, false);
    _exit(rig_wait(r, last) && r->retained == 3 && r->released == 3 ? 0 : 2);
}

/* One batch waits, so this one cannot be handed over although it is sealed. */
static void delete_from_the_sealed_batch(struct rig *r)
{
    uint64_t last;

    keep_the_thread_busy(r);
    rig_put(r, 1, 2, "waiting");
    rig_put(r, 2, 1, "waiting, its queue deleted");
    store_seal(r->store);
    rig_put(r, 1, 3, "sealed, deleted");
    rig_put(r, 1, 4, "sealed");
    rig_put(r, 2, 2, "sealed, its queue deleted");
    last = store_seal(r->store);
    store_del_message(r->store, 1, 3);
    store_del_queue(r->store, 2);
    rig_set_hold(r, false);
    _exit(rig_wait(r, last) && r->retained == 6 && r->released == 6 ? 0 : 2);
}

TEST(deleted_before_the_thread_began)
{
    struct rig r;

    rig_init(&r);
    rig_close(&r);
    CU_ASSERT_EQUAL(rig_in_child(&r, delete_from_the_waiting_batch), 0);
    rig_open(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1 3 ");
    rig_clear(&r);
}

TEST(deleted_before_it_was_handed_over)
{
    struct rig r;

    rig_init(&r);
    rig_close(&r);
    CU_ASSERT_EQUAL(rig_in_child(&r, delete_from_the_sealed_batch), 0);
    rig_open(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1 2 4 ");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 2), "");
    rig_clear(&r);
}

TEST(numbers)
{
    struct rig r;
    uint64_t n;

    rig_init(&r);
    CU_ASSERT_EQUAL(store_committed(r.store), 0);
    CU_ASSERT_EQUAL(store_seal(r.store), 0); /* nothing open, nobody waits */
    CU_ASSERT_EQUAL(store_pending(r.store), 1);
    CU_ASSERT_EQUAL(store_seal(r.store), 1); /* empty, but awaited */
    CU_ASSERT_EQUAL(store_committed(r.store), 1);
    CU_ASSERT_EQUAL(r.wakes, 1);
    CU_ASSERT_EQUAL(store_seal(r.store), 1);
    n = store_pending(r.store);
    rig_put(&r, 1, 1, "m");
    CU_ASSERT_EQUAL(store_seal(r.store), n);
    CU_ASSERT(rig_wait(&r, n));
    CU_ASSERT(store_committed(r.store) == n && store_pending(r.store) > n);
    store_reap(r.store);
    CU_ASSERT_EQUAL(store_seal(r.store), n + 1); /* empty, after work was done */
    CU_ASSERT_EQUAL(store_committed(r.store), n + 1);
    rig_clear(&r);
}

/* An empty turn after one that is under way is reached together with it. */
TEST(empty_turn_behind_a_busy_thread)
{
    struct rig r;
    uint64_t first, empty;

    rig_init(&r);
    rig_set_hold(&r, true);
    rig_put(&r, 1, 1, "m");
    first = store_seal(r.store);
    CU_ASSERT(rig_wait_wakes(&r, 1));
    rig_put(&r, 1, 2, "m");
    CU_ASSERT_EQUAL(store_seal(r.store), first + 1);
    empty = store_pending(r.store);
    CU_ASSERT_EQUAL(store_seal(r.store), empty);
    CU_ASSERT_EQUAL(store_committed(r.store), first);
    rig_set_hold(&r, false);
    CU_ASSERT(rig_wait(&r, empty));
    rig_clear(&r);
}

TEST(close_commits_and_releases)
{
    struct rig r;

    rig_init(&r);
    for (uint64_t seq = 1; seq <= 20; seq++) {
        rig_put(&r, 1, seq, "m");
        if (seq % 3 == 0)
            store_seal(r.store);
    }
    rig_close(&r);
    CU_ASSERT(r.retained == 20 && r.released == 20);
    rig_open(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 ");
    rig_clear(&r);
}

SUITE(leaves_store_turns, TEST_CASE(put_and_deleted_is_never_written),
      TEST_CASE(deleted_before_the_thread_began), TEST_CASE(deleted_before_it_was_handed_over),
      TEST_CASE(numbers), TEST_CASE(empty_turn_behind_a_busy_thread),
      TEST_CASE(close_commits_and_releases));
