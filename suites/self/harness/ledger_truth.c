/* The ledger's whole truth table, and its file. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/harness/ledger.h"

static const struct ledger_line one[] = {
    { .id = "queue/x", .fingerprint = "404 not 403", .reason = "r", .source = "s", .number = 3 },
};
static const struct ledger single = { (struct ledger_line *)(uintptr_t)one, 1, 1 };
static const struct ledger empty = { NULL, 0, 0 };

/* Every verdict, with and without a line, the fingerprint as written and another, strict or not:
   what is not in this table does not exist. */
static const struct row {
    enum verdict verdict;
    /* without a line: is it red? lenient, strict */
    bool red[2];
    /* with a line that fits: state, red in both modes */
    enum ledger_state fits;
    bool fits_red;
    /* with a line that does not fit */
    enum ledger_state differs;
    bool differs_red;
} table[] = {
    { VERDICT_PASS, { false, false }, LEDGER_STALE, true, LEDGER_STALE, true },
    { VERDICT_FAIL, { true, true }, LEDGER_MATCHED, false, LEDGER_DIFFERS, true },
    { VERDICT_WEAK, { false, true }, LEDGER_MATCHED, false, LEDGER_DIFFERS, true },
    { VERDICT_INFO, { false, false }, LEDGER_STALE, true, LEDGER_STALE, true },
    { VERDICT_UNSUPPORTED, { false, false }, LEDGER_NONE, false, LEDGER_NONE, false },
    { VERDICT_NOT_REACHED, { true, true }, LEDGER_NONE, true, LEDGER_NONE, true },
    { VERDICT_DIED, { true, true }, LEDGER_NONE, true, LEDGER_NONE, true },
    { VERDICT_HUNG, { true, true }, LEDGER_NONE, true, LEDGER_NONE, true },
    { VERDICT_HARNESS_FAULT, { true, true }, LEDGER_NONE, true, LEDGER_NONE, true },
};

static void whole_table(void)
{
    CU_ASSERT_EQUAL(sizeof(table) / sizeof(table[0]), VERDICT_COUNT);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct row *row = &table[i];

        for (int strict = 0; strict < 2; strict++) {
            struct ledger_ruling none =
                ledger_judge(&empty, "queue/x", row->verdict, S("404 not 403"), strict);
            struct ledger_ruling other =
                ledger_judge(&single, "queue/y", row->verdict, S("404 not 403"), strict);
            struct ledger_ruling fits =
                ledger_judge(&single, "queue/x", row->verdict, S("404 not 403"), strict);
            struct ledger_ruling differs =
                ledger_judge(&single, "queue/x", row->verdict, S("404"), strict);

            CU_ASSERT_EQUAL(none.state, LEDGER_NONE);
            CU_ASSERT_EQUAL(none.red, row->red[strict]);
            CU_ASSERT_EQUAL(other.state, LEDGER_NONE);
            CU_ASSERT_EQUAL(other.red, row->red[strict]);
            CU_ASSERT_EQUAL(fits.state, row->fits);
            CU_ASSERT_EQUAL(fits.red, row->fits_red);
            CU_ASSERT_EQUAL(differs.state, row->differs);
            CU_ASSERT_EQUAL(differs.red, row->differs_red);
            CU_ASSERT_EQUAL(fits.line != NULL, fits.state != LEDGER_NONE);
        }
    }
}

/* With a line that promises for some of the runs only: what holds is not held against it, all else
   is as with any line. */
static void intermittent_table(void)
{
    const struct ledger_line line = { .id = "queue/x",
                                      .fingerprint = "404 not 403",
                                      .intermittent = true };
    const struct ledger at_times = { (struct ledger_line *)(uintptr_t)&line, 1, 1 };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct row *row = &table[i];

        for (int strict = 0; strict < 2; strict++) {
            struct ledger_ruling fits =
                ledger_judge(&at_times, "queue/x", row->verdict, S("404 not 403"), strict);
            struct ledger_ruling differs =
                ledger_judge(&at_times, "queue/x", row->verdict, S("404"), strict);
            bool holds = row->fits == LEDGER_STALE;

            CU_ASSERT_EQUAL(fits.state, holds ? LEDGER_NONE : row->fits);
            CU_ASSERT_EQUAL(fits.red, holds ? false : row->fits_red);
            CU_ASSERT_EQUAL(differs.state, holds ? LEDGER_NONE : row->differs);
            CU_ASSERT_EQUAL(differs.red, holds ? false : row->differs_red);
            CU_ASSERT_EQUAL(fits.line != NULL, fits.state != LEDGER_NONE);
        }
    }
}

static bool excuses(const char *written, const char *seen)
{
    const struct ledger_line line = { .id = "a", .fingerprint = written };
    const struct ledger l = { (struct ledger_line *)(uintptr_t)&line, 1, 1 };

    return ledger_judge(&l, "a", VERDICT_FAIL, str_of(seen), false).state == LEDGER_MATCHED;
}

static void patterns(void)
{
    CU_ASSERT(excuses("close 40* by *", "close 404 by 50.10"));
    CU_ASSERT(excuses("*", "anything"));
    CU_ASSERT(excuses("got [a b] *literally*", "got [a b] *literally*"));
    CU_ASSERT_FALSE(excuses("close 40*", "clos 404"));
    CU_ASSERT_FALSE(excuses("close 404", "close 404 "));
    CU_ASSERT_FALSE(excuses("close 404", ""));
    CU_ASSERT_FALSE(excuses("", "close 404"));
}

static void alternatives(void)
{
    const struct ledger_line lines[] = { { .id = "a", .fingerprint = "one" },
                                         { .id = "a", .fingerprint = "two", .number = 9 } };
    const struct ledger l = { (struct ledger_line *)(uintptr_t)lines, 2, 2 };
    struct ledger_ruling r = ledger_judge(&l, "a", VERDICT_FAIL, S("two"), false);

    CU_ASSERT_EQUAL(r.state, LEDGER_MATCHED);
    CU_ASSERT_PTR_EQUAL(r.line, &lines[1]);
    CU_ASSERT_EQUAL(ledger_judge(&l, "a", VERDICT_FAIL, S("one"), false).state, LEDGER_MATCHED);
    CU_ASSERT_EQUAL(ledger_judge(&l, "a", VERDICT_FAIL, S("three"), false).state, LEDGER_DIFFERS);
    CU_ASSERT_EQUAL(ledger_judge(&l, "a", VERDICT_PASS, S(""), false).state, LEDGER_STALE);
}

/* One that must always deviate, and now and then does so in another way. */
static void mixed_alternatives(void)
{
    const struct ledger_line lines[] = {
        { .id = "a", .fingerprint = "now and then", .intermittent = true },
        { .id = "a", .fingerprint = "always", .number = 9 },
    };
    const struct ledger l = { (struct ledger_line *)(uintptr_t)lines, 2, 2 };
    struct ledger_ruling r = ledger_judge(&l, "a", VERDICT_PASS, S(""), false);

    CU_ASSERT_EQUAL(r.state, LEDGER_STALE);
    CU_ASSERT_PTR_EQUAL(r.line, &lines[1]);
    CU_ASSERT(r.red);
    CU_ASSERT_EQUAL(ledger_judge(&l, "a", VERDICT_FAIL, S("always"), false).state, LEDGER_MATCHED);
    CU_ASSERT_EQUAL(ledger_judge(&l, "a", VERDICT_FAIL, S("now and then"), false).state,
                    LEDGER_MATCHED);
    CU_ASSERT_EQUAL(ledger_judge(&l, "a", VERDICT_FAIL, S("never"), false).state, LEDGER_DIFFERS);
}

/* Two lines of one reason share their ceiling; another reason has its own. */
static void ceiling(void)
{
    struct ledger_line lines[] = {
        { .id = "a", .fingerprint = "x", .reason = "r", .intermittent = true, .ceiling = 1 },
        { .id = "b", .fingerprint = "x", .reason = "r", .intermittent = true, .ceiling = 1 },
        { .id = "c", .fingerprint = "x", .reason = "other", .intermittent = true, .ceiling = 1 },
        { .id = "d", .fingerprint = "x", .reason = "r", .intermittent = true },
    };
    static const char *const order[] = { "a", "c", "d", "b", "a" };
    static const bool red[2][5] = { { false, false, false, true, true },
                                    { false, false, false, false, true } };

    for (unsigned passes = 1; passes <= 2; passes++) {
        struct ledger l = { lines, 4, 4 };

        for (size_t i = 0; i < 4; i++)
            lines[i].used = 0;
        for (size_t i = 0; i < 5; i++) {
            struct ledger_ruling r = ledger_judge(&l, order[i], VERDICT_FAIL, S("x"), false);

            ledger_use(&l, &r, passes);
            CU_ASSERT_EQUAL(r.red, red[passes - 1][i]);
            CU_ASSERT_EQUAL(r.state, r.red ? LEDGER_TOO_OFTEN : LEDGER_MATCHED);
        }
    }
}

static bool load(struct ledger *l, const char *text, struct arena *arena, const char **problem)
{
    char path[] = "/tmp/amqproof-ledger-XXXXXX";
    int fd = mkstemp(path);
    bool ok;

    memset(l, 0, sizeof(*l));
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return false;
    close(fd);
    ok = ledger_load(l, path, arena, problem);
    unlink(path);
    return ok;
}

static void file(void)
{
    struct arena *arena = arena_new();
    const char *problem = "";
    struct ledger l;

    CU_ASSERT(
        load(&l, "# why\n\nqueue/x\t404*\tno reason\thttps://x\nq/y\ta b\tc\t\n", arena, &problem));
    CU_ASSERT_EQUAL_FATAL(l.n, 2);
    CU_ASSERT_STRING_EQUAL(l.at[0].id, "queue/x");
    CU_ASSERT_STRING_EQUAL(l.at[0].fingerprint, "404*");
    CU_ASSERT_STRING_EQUAL(l.at[0].reason, "no reason");
    CU_ASSERT_STRING_EQUAL(l.at[0].source, "https://x");
    CU_ASSERT_EQUAL(l.at[0].number, 3);
    ledger_clear(&l);
    CU_ASSERT_FALSE(load(&l, "queue/x\t404\treason\ts\nqueue/y 404 reason\n", arena, &problem));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, ":2: "));
    ledger_clear(&l);
    CU_ASSERT_FALSE(load(&l, "queue/x\t\treason\ts\n", arena, &problem));
    ledger_clear(&l);
    CU_ASSERT_FALSE(ledger_load(&l, "/nowhere/ledger.tsv", arena, &problem));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, "/nowhere/ledger.tsv"));
    arena_free(arena);
}

static bool refused(const char *text, const char *why)
{
    struct arena *arena = arena_new();
    const char *problem = "";
    struct ledger l;
    bool ok = !load(&l, text, arena, &problem) && strstr(problem, why);

    ledger_clear(&l);
    arena_free(arena);
    return ok;
}

/* What `amqproof ledger` writes is refused until a person has filled it in. */
static void fifth_column_and_blanks(void)
{
    struct arena *arena = arena_new();
    const char *problem = "";
    struct ledger l;

    CU_ASSERT_FATAL(load(&l, "q/x\t404\treason\ts\tintermittent\nq/y\t1\t2\t3\n", arena, &problem));
    CU_ASSERT(l.at[0].intermittent);
    CU_ASSERT_FALSE(l.at[1].intermittent);
    ledger_clear(&l);
    CU_ASSERT(refused("q/x\t404\treason\ts\tsometimes\n", ":1: the fifth column is"));
    CU_ASSERT(refused("q/x\t404\treason\ts\t\n", ":1: the fifth column is"));
    CU_ASSERT(load(&l, "q/x\t404\treason\ts\tintermittent 3\n", arena, &problem));
    CU_ASSERT_EQUAL(l.at[l.n - 1].ceiling, 3);
    ledger_clear(&l);
    CU_ASSERT(refused("q/x\t4\tr\ts\tintermittent 0\n", ":1: the fifth column"));
    CU_ASSERT(refused("q/x\t4\tr\ts\tintermittent 1x\n", ":1: the fifth column"));
    CU_ASSERT(refused("q/x\t4\tr\ts\tintermittent3\n", ":1: the fifth column"));
    CU_ASSERT(refused("q/x\t404\treason\ts\tintermittent\tmore\n", ":1: a ledger line is"));
    CU_ASSERT(refused("#\nq/x\t404\t?\ts\n", ":2: '?' is no excuse"));
    CU_ASSERT(refused("q/x\t404\treason\t?\tintermittent\n", ":1: '?' is no excuse"));
    arena_free(arena);
}

static void unknown_cases(void)
{
    const struct case_info known = { .id = "queue/x" };
    const struct case_info *const cases[] = { &known };
    struct ledger_line lines[] = { { .id = "queue/x" }, { .id = "queue/gone" } };
    struct ledger l = { lines, 2, 2 };

    CU_ASSERT_EQUAL(ledger_mark_known(&l, cases, 1), 1);
    CU_ASSERT(lines[0].known);
    CU_ASSERT_FALSE(lines[1].known);
}

static CU_TestInfo tests[] = {
    { "verdict x line x fingerprint x strict", whole_table },
    { "the same for intermittent lines", intermittent_table },
    { "but not oftener than they say", ceiling },
    { "fingerprints may hold *", patterns },
    { "lines of one case are alternatives", alternatives },
    { "so are intermittent ones", mixed_alternatives },
    { "the file", file },
    { "the fifth column, and what is not filled in", fifth_column_and_blanks },
    { "lines that name no case", unknown_cases },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(ledger, tests)
