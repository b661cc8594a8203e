/* The store: what was put is there after opening again, in order, and nothing else. */
#include "store_rig.h"
#include "broker-under-test/reference/src/mem.h"
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

struct defs {
    char text[2048];
};

static bool note_def(void *context, char kind, struct str name, struct str value)
{
    struct defs *d = context;
    size_t n = strlen(d->text);

    snprintf(d->text + n, sizeof d->text - n, "%c:%.*s=%.*s ", kind, (int)(name.n % 100), name.p,
             STR_ARGS(value));
    return true;
}

static const char *defs_of(struct rig *r)
{
    static struct defs d;

    *d.text = '\0';
    CU_ASSERT(store_each_def(r->store, note_def, &d));
    return d.text;
}

TEST(definitions)
{
    struct rig r;

    rig_init(&r);
    CU_ASSERT_STRING_EQUAL(defs_of(&r), "");
    store_put_def(r.store, 'q', STR("jobs"), STR("1"));
    store_put_def(r.store, 'q', STR("gone"), STR("2"));
    store_put_def(r.store, 'x', STR("jobs"), STR(""));
    store_put_def(r.store, 'v', STR(""), STR("root"));
    CU_ASSERT(rig_commit(&r));
    store_put_def(r.store, 'q', STR("jobs"), STR("changed"));
    store_del_def(r.store, 'q', STR("gone"));
    store_del_def(r.store, 'q', STR("never"));
    CU_ASSERT(rig_commit(&r));
    rig_reopen(&r);
    CU_ASSERT_STRING_EQUAL(defs_of(&r), "q:jobs=changed v:=root x:jobs= ");
    rig_clear(&r);
}

/* Bindings name two things, a key and arguments: longer than LMDB's keys may be. */
TEST(long_names)
{
    struct rig r;
    char *a = xmalloc(5000), *b = xmalloc(5000);

    memset(a, 'n', 5000);
    memset(b, 'n', 5000);
    b[4999] = 'm';
    rig_init(&r);
    store_put_def(r.store, 'b', (struct str){ a, 5000 }, STR("a"));
    store_put_def(r.store, 'b', (struct str){ b, 5000 }, STR("b"));
    store_put_def(r.store, 'b', (struct str){ a, 510 }, STR("c"));
    store_put_def(r.store, 'b', (struct str){ a, 511 }, STR("d"));
    CU_ASSERT(rig_commit(&r));
    store_del_def(r.store, 'b', (struct str){ a, 5000 });
    rig_reopen(&r);
    CU_ASSERT_PTR_NULL(strstr(defs_of(&r), "=a"));
    CU_ASSERT_PTR_NOT_NULL(strstr(defs_of(&r), "b:=b "));
    CU_ASSERT_PTR_NOT_NULL(strstr(defs_of(&r), "b:nnnnnnnnnn=c "));
    CU_ASSERT_PTR_NOT_NULL(strstr(defs_of(&r), "b:nnnnnnnnnnn=d "));
    rig_clear(&r);
    free(a);
    free(b);
}

static bool compare_message(void *context, const struct store_message *m, bool redelivered)
{
    const struct store_message *want = context;

    CU_ASSERT(m->queue_id == want->queue_id && m->seq == want->seq);
    CU_ASSERT(str_eq(m->exchange, want->exchange));
    CU_ASSERT(str_eq(m->routing_key, want->routing_key));
    CU_ASSERT(str_eq(m->properties, want->properties));
    CU_ASSERT(str_eq(m->body, want->body));
    CU_ASSERT_EQUAL(m->expires_at_ms, want->expires_at_ms);
    CU_ASSERT_EQUAL(m->priority, want->priority);
    CU_ASSERT(!redelivered);
    return false; /* seen: a second one would fail the test of the answer */
}

TEST(every_part_of_a_message)
{
    enum { BIG = 3 << 20 };
    struct rig r;
    struct store_hold nobody = { NULL, NULL, NULL };
    char *body = xmalloc(BIG);
    struct store_message rows[] = {
        { 1, 1, STR("ex"), STR("a.b"), STR("\x80\0p"), STR("body"), 1234567890123, 255 },
        { 2, 1, STR(""), STR(""), STR(""), STR(""), 0, 0 },
        { 3, UINT64_MAX - 1, STR("e"), STR("k"), STR("\0\0"), { body, BIG }, INT64_MAX, 1 },
    };

    memset(body, 'x', BIG);
    rig_init(&r);
    for (size_t i = 0; i < 3; i++)
        store_put_message(r.store, &rows[i], nobody);
    CU_ASSERT(rig_commit(&r));
    rig_reopen(&r);
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT(!store_each_message(r.store, rows[i].queue_id, compare_message, &rows[i]));
    rig_clear(&r);
    free(body);
}

TEST(order_is_by_sequence)
{
    static const uint64_t seqs[] = { 300, 2, 255, 256, 1, 65536, 65535 };
    struct rig r;

    rig_init(&r);
    for (size_t i = 0; i < sizeof seqs / sizeof *seqs; i++) {
        rig_put(&r, 7, seqs[i], "m");
        rig_put(&r, 8, seqs[i] + 1, "n");
        CU_ASSERT(rig_commit(&r));
    }
    rig_reopen(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 7), "1 2 255 256 300 65535 65536 ");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 8), "2 3 256 257 301 65536 65537 ");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 6), "");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 9), "");
    rig_clear(&r);
}

TEST(marks)
{
    struct rig r;

    rig_init(&r);
    for (uint64_t seq = 1; seq <= 5; seq++) {
        rig_put(&r, 1, seq, "m");
        rig_put(&r, 2, seq, "m");
    }
    store_set_mark(r.store, 1, 1);
    store_set_mark(r.store, 1, 3);
    store_set_mark(r.store, 1, 2); /* a mark never falls */
    CU_ASSERT(rig_commit(&r));
    rig_reopen(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1! 2! 3! 4 5 ");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 2), "1 2 3 4 5 ");
    store_set_mark(r.store, 1, 4);
    store_set_mark(r.store, 2, 5);
    rig_reopen(&r); /* closing commits what is open */
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1! 2! 3! 4! 5 ");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 2), "1! 2! 3! 4! 5! ");
    store_set_mark(r.store, 2, 1);
    rig_reopen(&r); /* nor from one batch to the next */
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 2), "1! 2! 3! 4! 5! ");
    rig_clear(&r);
}

TEST(deleting)
{
    struct rig r;

    rig_init(&r);
    for (uint64_t seq = 1; seq <= 6; seq++)
        rig_put(&r, 1, seq, "m");
    store_del_message(r.store, 1, 2);
    CU_ASSERT(rig_commit(&r));
    store_del_message(r.store, 1, 1);
    store_del_message(r.store, 1, 5);
    store_del_message(r.store, 1, 77);
    CU_ASSERT(rig_commit(&r));
    rig_reopen(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "3 4 6 ");
    rig_clear(&r);
}

TEST(deleting_a_queue)
{
    struct rig r;

    rig_init(&r);
    for (uint64_t queue = 255; queue <= 257; queue++)
        for (uint64_t seq = 1; seq <= 3; seq++)
            rig_put(&r, queue, seq, "m");
    rig_put(&r, UINT64_MAX, UINT64_MAX - 1, "m");
    store_set_mark(r.store, 256, 2);
    CU_ASSERT(rig_commit(&r));
    rig_put(&r, 256, 4, "m");
    store_del_queue(r.store, 256);
    store_del_queue(r.store, UINT64_MAX);
    CU_ASSERT(rig_commit(&r));
    rig_reopen(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 255), "1 2 3 ");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 256), "");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 257), "1 2 3 ");
    CU_ASSERT_STRING_EQUAL(rig_list(&r, UINT64_MAX), "");
    rig_clear(&r);
}

/* Two queues and 64 messages each, put, deleted, marked and forgotten at random, closed
   and opened now and then; an array says what must be there. */
enum { QUEUES = 2, ROUNDS = 30000, WINDOW = 64 };

struct model {
    uint64_t queue; /* a new id after each deletion */
    uint64_t next, mark, lowest;
    bool there[ROUNDS + 1];
};

static void expect_model(struct rig *r, const struct model *m)
{
    char want[4096] = "";
    size_t n = 0;

    for (uint64_t seq = m->lowest; seq < m->next; seq++)
        if (m->there[seq])
            n += (size_t)snprintf(want + n, sizeof want - n, "%llu%s ", (unsigned long long)seq,
                                  seq <= m->mark ? "!" : "");
    CU_ASSERT_STRING_EQUAL(rig_list(r, m->queue), want);
}

static void forget_all(struct model *m)
{
    for (; m->lowest < m->next; m->lowest++)
        m->there[m->lowest] = false;
    m->mark = 0;
    m->queue += QUEUES;
}

static void random_step(struct rig *r, struct model *m, uint32_t roll)
{
    uint64_t seq;

    while (m->lowest < m->next && !m->there[m->lowest])
        m->lowest++;
    seq = m->lowest == m->next ? 0 : m->lowest + roll % 3 * (m->next - 1 - m->lowest) / 2;
    if (roll % 1000 == 0) {
        store_del_queue(r->store, m->queue);
        forget_all(m);
    } else if (!seq || (roll / 8 % 2 && m->next - m->lowest < WINDOW)) {
        rig_put(r, m->queue, m->next, "m");
        m->there[m->next++] = true;
    } else if (roll / 16 % 4 == 0) {
        store_set_mark(r->store, m->queue, seq);
        m->mark = seq > m->mark ? seq : m->mark;
    } else if (m->there[seq]) {
        store_del_message(r->store, m->queue, seq);
        m->there[seq] = false;
    }
}

TEST(random_against_a_model)
{
    struct model *m = xcalloc(QUEUES, sizeof *m);
    struct rig r;
    uint32_t seed = 3;

    rig_init(&r);
    m[0].queue = 1;
    m[1].queue = 2;
    m[0].next = m[0].lowest = m[1].next = m[1].lowest = 1;
    for (int round = 0; round < ROUNDS; round++) {
        seed = seed * 1664525u + 1013904223u;
        random_step(&r, &m[seed >> 31], seed >> 8 & 0x3fffff);
        if (round % 7 == 0)
            store_seal(r.store);
        if (round % 50 == 0)
            store_reap(r.store);
        if (round % 3000 == 2999) {
            rig_reopen(&r);
            expect_model(&r, &m[0]);
            expect_model(&r, &m[1]);
        }
    }
    CU_ASSERT_EQUAL(r.retained, r.released);
    rig_clear(&r);
    free(m);
}

SUITE(leaves_store, TEST_CASE(definitions), TEST_CASE(long_names),
      TEST_CASE(every_part_of_a_message), TEST_CASE(order_is_by_sequence), TEST_CASE(marks),
      TEST_CASE(deleting), TEST_CASE(deleting_a_queue), TEST_CASE(random_against_a_model));
