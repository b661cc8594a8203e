/* The runner's parts that need no process: selection, order, results on their way, URLs. */
#include "suites.h"

#include <stdlib.h>
#include <string.h>

#include "fixtures/harness/adapter.h"
#include "fixtures/harness/jobs_result.h"
#include "fixtures/harness/plan.h"
#include "fixtures/harness/plan_rules.h"
#include "fixtures/harness/select.h"

/* clang-format off */
static const struct case_info cases[] = {
    { .id = "ack/twice",        .chapter = "ack",   .rules = "basic.ack.a basic.ack.b" },
    { .id = "queue/one",        .chapter = "queue", .rules = "queue.declare.one" },
    { .id = "queue/one/client", .chapter = "queue", .rules = "queue.declare.one", .view = VIEW_CLIENT },
    { .id = "restart/kept",     .chapter = "restart", .rules = "x", .restart = GRACEFUL },
    { .id = "restart/killed",   .chapter = "restart", .rules = "x", .restart = KILL },
    { .id = "tx/alone",         .chapter = "tx",    .rules = "tx.select", .alone = true },
};
/* clang-format on */
enum { N = sizeof(cases) / sizeof(cases[0]) };
static const struct case_info *all[N];

static void fill(void)
{
    for (size_t i = 0; i < N; i++)
        all[i] = &cases[i];
}

/* ---- Selection ---- */

static size_t count(const char *only, const char *skip, const char **idle)
{
    const struct case_info *to[N];

    fill();
    return select_cases(all, N, (struct patterns){ &only, only ? 1 : 0 },
                        (struct patterns){ &skip, skip ? 1 : 0 }, to, idle);
}

static void selection(void)
{
    const char *idle;

    CU_ASSERT_EQUAL(count(NULL, NULL, &idle), N);
    CU_ASSERT_EQUAL(count("queue", NULL, &idle), 2);
    CU_ASSERT_EQUAL(count("queue/one", NULL, &idle), 1);
    CU_ASSERT_EQUAL(count("*/client", NULL, &idle), 1);
    CU_ASSERT_EQUAL(count("basic.ack.b", NULL, &idle), 1);
    CU_ASSERT_EQUAL(count("queue.declare.*", NULL, &idle), 2);
    CU_ASSERT_EQUAL(count(NULL, "queue", &idle), N - 2);
    CU_ASSERT_EQUAL(count("queue", "*/client", &idle), 1);
    CU_ASSERT_PTR_NULL(idle);
    CU_ASSERT_EQUAL(count("queue", "queue", &idle), 0);
    CU_ASSERT_EQUAL(count("queu", NULL, &idle), 0);
    CU_ASSERT_STRING_EQUAL(idle, "queu");
    (void)count(NULL, "qeue", &idle);
    CU_ASSERT_STRING_EQUAL(idle, "qeue");
}

/* ---- Order ---- */

static void make(struct plan *p, unsigned repeat, bool shuffle, uint32_t seed)
{
    const struct case_info **copy = calloc(N, sizeof(*copy));

    fill();
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, all, sizeof(all));
    plan_make(p, &(struct plan_wish){ all, N, copy, N, repeat, shuffle, seed });
}

static void groups(void)
{
    struct plan p;
    size_t end;

    make(&p, 2, false, 1);
    CU_ASSERT_EQUAL_FATAL(p.n, 2 * N);
    CU_ASSERT_STRING_EQUAL(p.at[0].info->id, "ack/twice");
    end = plan_group_end(&p, 0);
    CU_ASSERT_EQUAL(end, 3);
    CU_ASSERT_STRING_EQUAL(p.at[3].info->id, "tx/alone");
    CU_ASSERT_STRING_EQUAL(p.at[4].info->id, "restart/kept");
    CU_ASSERT_STRING_EQUAL(p.at[5].info->id, "restart/killed");
    CU_ASSERT_EQUAL(plan_group_end(&p, 5), 6);
    CU_ASSERT_EQUAL(p.at[6].repeat, 2);
    CU_ASSERT_NOT_EQUAL(p.at[0].seed, p.at[6].seed);
    plan_clear(&p);
}

static void slow_first(void)
{
    struct case_info slow = cases[2];
    const struct case_info **selected = calloc(N, sizeof(*all));
    struct plan p;

    slow.slow = true;
    fill();
    all[2] = &slow;
    CU_ASSERT_FATAL(selected != NULL);
    memcpy(selected, all, sizeof(all));
    plan_make(&p, &(struct plan_wish){ all, N, selected, N, 1, false, 1 });
    CU_ASSERT_STRING_EQUAL(p.at[0].info->id, "queue/one/client");
    CU_ASSERT_STRING_EQUAL(p.at[1].info->id, "ack/twice");
    CU_ASSERT_STRING_EQUAL(p.at[2].info->id, "queue/one");
    CU_ASSERT_EQUAL(plan_group_end(&p, 0), 3);
    plan_clear(&p);
}

static bool same_order(uint32_t a, uint32_t b)
{
    struct plan p, q;
    bool same = true;

    make(&p, 8, true, a);
    make(&q, 8, true, b);
    for (size_t i = 0; i < p.n; i++)
        same = same && p.at[i].info == q.at[i].info && p.at[i].seed == q.at[i].seed;
    plan_clear(&p);
    plan_clear(&q);
    return same;
}

static void shuffling(void)
{
    struct plan p;
    unsigned times[N] = { 0 };

    CU_ASSERT(same_order(7, 7));
    CU_ASSERT_FALSE(same_order(7, 8));
    make(&p, 8, true, 7);
    for (size_t i = 0; i < p.n; i++)
        times[p.at[i].info - cases]++;
    for (size_t i = 0; i < N; i++)
        CU_ASSERT_EQUAL(times[i], 8);
    plan_clear(&p);
}

static void edition(void)
{
    struct case_info changed = cases[2];
    struct plan p, q;

    make(&p, 1, false, 1);
    make(&q, 3, true, 99);
    CU_ASSERT_EQUAL(p.edition, q.edition);
    plan_clear(&q);
    changed.revision = 2;
    all[2] = &changed;
    plan_make(&q, &(struct plan_wish){ all, N, NULL, 0, 1, false, 1 });
    CU_ASSERT_NOT_EQUAL(p.edition, q.edition);
    plan_clear(&q);
    plan_clear(&p);
}

/* ---- Shards ---- */

/* Which shard each case is in, from 1; 0 if it is in none, N + 1 if in two. */
static void owners(size_t n, unsigned of, unsigned *owner)
{
    const struct case_info *part[N];

    memset(owner, 0, N * sizeof(*owner));
    for (unsigned index = 1; index <= of; index++) {
        size_t kept;

        fill();
        memcpy(part, all, sizeof(all));
        kept = plan_shard(part, n, (struct shard){ index, of });
        for (size_t i = 0; i < kept; i++) {
            CU_ASSERT(i == 0 || strcmp(part[i - 1]->id, part[i]->id) < 0);
            owner[part[i] - cases] = owner[part[i] - cases] ? N + 1 : index;
        }
    }
}

static void shards(void)
{
    unsigned owner[N];

    for (unsigned of = 1; of <= N + 2; of++) {
        owners(N, of, owner);
        for (size_t i = 0; i < N; i++)
            CU_ASSERT(owner[i] >= 1 && owner[i] <= N);
    }
    /* What takes time is spread: alone, graceful, kill, and then the quick ones. */
    owners(N, 3, owner);
    CU_ASSERT_EQUAL(owner[5], 1);
    CU_ASSERT_EQUAL(owner[3], 2);
    CU_ASSERT_EQUAL(owner[4], 3);
    CU_ASSERT(owner[0] != owner[1] && owner[1] != owner[2] && owner[0] != owner[2]);
    owners(0, 3, owner);
    for (size_t i = 0; i < N; i++)
        CU_ASSERT_EQUAL(owner[i], 0);
}

/* Thirty cases of one restart are one restart, so they are where it is. */
static void restarts_together(void)
{
    struct case_info many[9];
    const struct case_info *part[9];
    size_t total = 0;

    for (size_t i = 0; i < 9; i++)
        many[i] = (struct case_info){ .id = "x", .restart = i < 7 ? GRACEFUL : NO_RESTART };
    for (unsigned index = 1; index <= 2; index++) {
        size_t restarts = 0, kept;

        for (size_t i = 0; i < 9; i++)
            part[i] = &many[i];
        kept = plan_shard(part, 9, (struct shard){ index, 2 });
        for (size_t i = 0; i < kept; i++)
            restarts += part[i]->restart == GRACEFUL;
        CU_ASSERT_EQUAL(restarts, index == 1 ? 7 : 0);
        CU_ASSERT_EQUAL(kept, index == 1 ? 7 : 2);
        total += kept;
    }
    CU_ASSERT_EQUAL(total, 9);
}

/* ---- Rules ---- */

static void levels(void)
{
    struct rule list[] = { { "a", "MAY", "" }, { "b", "MUST NOT", "" }, { "c", "SHOULD", "" } };
    const struct rules r = { list, 3, 3 };

    CU_ASSERT_STRING_EQUAL(rules_level(&r, "a"), "MAY");
    CU_ASSERT_STRING_EQUAL(rules_level(&r, "a c"), "SHOULD");
    CU_ASSERT_STRING_EQUAL(rules_level(&r, "c b  a"), "MUST NOT");
    CU_ASSERT_STRING_EQUAL(rules_level(&r, "zebra"), "");
    CU_ASSERT(str_eq(rules_unknown(&r, "a zebra b"), S("zebra")));
    CU_ASSERT_EQUAL(rules_unknown(&r, "a b").n, 0);
    CU_ASSERT_PTR_NULL(rules_find(&r, S("aa")));
}

/* ---- Results ---- */

static const struct outcome sample = { .verdict = VERDICT_WEAK,
                                       .message = { "wanted\0got", 10 },
                                       .step = { "suites/x.c:1", 12 },
                                       .lost = true,
                                       .conversation = { "C 0 heartbeat\n", 14 },
                                       .assertions = 5,
                                       .margin = 0.25,
                                       .ms = 77 };

static void round_trip(void)
{
    struct arena *arena = arena_new();
    struct outcome o = { .verdict = VERDICT_PASS };
    struct buf b;

    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &sample);
    CU_ASSERT_PTR_NULL_FATAL(result_unpack(buf_str(&b), &o, arena));
    CU_ASSERT_EQUAL(o.verdict, VERDICT_WEAK);
    CU_ASSERT(str_eq(o.message, sample.message));
    CU_ASSERT(str_eq(o.step, sample.step));
    CU_ASSERT(str_eq(o.conversation, sample.conversation));
    CU_ASSERT_EQUAL(o.notes.n, 0);
    CU_ASSERT(o.lost);
    CU_ASSERT_EQUAL(o.assertions, 5);
    CU_ASSERT_DOUBLE_EQUAL(o.margin, 0.25, 1e-12);
    CU_ASSERT_EQUAL(o.ms, 77);
    buf_clear(&b);
    arena_free(arena);
}

/* A result of any other length than its own is none, and no octet beyond it is read. */
static void wrong_lengths(void)
{
    struct arena *arena = arena_new();
    struct outcome o;
    struct buf b;

    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &sample);
    for (size_t n = 0; n < b.n; n++) {
        char *exact = malloc(n ? n : 1);

        memcpy(exact, b.p, n);
        CU_ASSERT_PTR_NOT_NULL(result_unpack((struct str){ exact, n }, &o, arena));
        free(exact);
    }
    buf_put(&b, "x", 1);
    CU_ASSERT_STRING_EQUAL(result_unpack(buf_str(&b), &o, arena),
                           "the case sent more than one result");
    b.p[0] ^= 1;
    CU_ASSERT_STRING_EQUAL(result_unpack(buf_str(&b), &o, arena),
                           "the result of the case is garbage");
    buf_clear(&b);
    arena_free(arena);
}

static void long_texts(void)
{
    struct arena *arena = arena_new();
    struct outcome o = { .verdict = VERDICT_FAIL }, back;
    struct buf b;
    char *text = malloc(LIMIT_RESULT_TEXT + 5);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', LIMIT_RESULT_TEXT + 5);
    o.message = o.step = o.fingerprint = o.close = o.conversation = o.notes =
        (struct str){ text, LIMIT_RESULT_TEXT + 5 };
    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &o);
    CU_ASSERT_PTR_NULL(result_unpack(buf_str(&b), &back, arena));
    CU_ASSERT_EQUAL(back.notes.n, LIMIT_RESULT_TEXT + strlen("\n(cut here)"));
    buf_clear(&b);
    arena_free(arena);
    free(text);
}

/* ---- Adapter's words ---- */

static void urls(void)
{
    struct arena *arena = arena_new();
    struct target t = { .host = NULL };

    CU_ASSERT(target_from_url(&t, "amqp://u%40x:p%3aw@localhost:5673/%2f", arena));
    CU_ASSERT_STRING_EQUAL(t.host, "localhost");
    CU_ASSERT_STRING_EQUAL(t.user, "u@x");
    CU_ASSERT_STRING_EQUAL(t.password, "p:w");
    CU_ASSERT_STRING_EQUAL(t.vhost, "/");
    CU_ASSERT_EQUAL(t.port, 5673);
    /* What is known already stays. */
    CU_ASSERT(target_from_url(&t, "amqp://other:o@elsewhere:1/v", arena));
    CU_ASSERT_STRING_EQUAL(t.host, "localhost");
    CU_ASSERT_EQUAL(t.port, 5673);
    t = (struct target){ .host = NULL };
    CU_ASSERT(target_from_url(&t, "amqp://[::1]", arena));
    CU_ASSERT_STRING_EQUAL(t.host, "::1");
    CU_ASSERT_PTR_NULL(t.user);
    CU_ASSERT_PTR_NULL(t.vhost);
    CU_ASSERT_FALSE(target_from_url(&t, "http://x", arena));
    CU_ASSERT_FALSE(target_from_url(&t, "amqp://x:70000/", arena));
    CU_ASSERT_FALSE(target_from_url(&t, "amqp://x:12y/", arena));
    CU_ASSERT_FALSE(target_from_url(&t, "amqp:///v", arena));
    arena_free(arena);
}

static void capabilities(void)
{
    const struct adapter a = { .capabilities = "restart users" };

    CU_ASSERT(adapter_can(&a, "restart"));
    CU_ASSERT_FALSE(adapter_can(&a, "rest"));
    CU_ASSERT_FALSE(adapter_can(&a, "kill"));
    CU_ASSERT_EQUAL(adapter_lacks(&a, NULL).n, 0);
    CU_ASSERT_EQUAL(adapter_lacks(&a, "users restart").n, 0);
    CU_ASSERT(str_eq(adapter_lacks(&a, "users vhosts kill"), S("vhosts")));
}

static void fair_results(void)
{
    struct outcome o = { .verdict = VERDICT_INFO };
    struct buf b;

    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &o);
    CU_ASSERT(result_is_fair(buf_str(&b)));
    for (size_t n = 0; n < b.n; n++)
        CU_ASSERT_FALSE(result_is_fair((struct str){ (const char *)b.p, n }));
    buf_put(&b, "x", 1);
    CU_ASSERT_FALSE(result_is_fair(buf_str(&b)));
    buf_clear(&b);
    for (o.verdict = VERDICT_PASS; o.verdict < VERDICT_COUNT; o.verdict++) {
        buf_init(&b, LIMIT_RESULT);
        result_pack(&b, &o);
        CU_ASSERT_EQUAL(result_is_fair(buf_str(&b)), !verdict_is_red(o.verdict, false));
        buf_clear(&b);
    }
    o = (struct outcome){ .verdict = VERDICT_PASS, .lost = true };
    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &o);
    CU_ASSERT_FALSE(result_is_fair(buf_str(&b)));
    buf_clear(&b);
}

static CU_TestInfo tests[] = {
    { "selection", selection },
    { "groups and repetitions", groups },
    { "the slow ones first", slow_first },
    { "shuffling", shuffling },
    { "edition", edition },
    { "shards", shards },
    { "restarts stay together", restarts_together },
    { "levels", levels },
    { "a result there and back", round_trip },
    { "a result of any other length", wrong_lengths },
    { "a result's texts are bounded", long_texts },
    { "results that free their slot", fair_results },
    { "URLs", urls },
    { "capabilities", capabilities },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(runner_parts, tests)
