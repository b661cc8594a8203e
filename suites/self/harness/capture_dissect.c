/* The dissect program as a user calls it: what it prints, its one line of complaint, its exit. */
#include "suites.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_kit.h"

static const char healthy[] = KIT_OPEN "C 1 queue.declare queue=\"jobs\" durable=1\n"
                                       "S 1 queue.declare-ok queue=\"jobs\"\n" KIT_CLOSE;
static const char poisoned[] = KIT_OPEN "C 1 queue.declare queue=\"jobs\" durable=1\n"
                                        "S 1 queue.declare-ok queue=\"sboj\"\n" KIT_CLOSE;

static int run(struct arena *a, const char *args, struct str *out)
{
    return kit_run("dissect", args, out, a);
}

static size_t lines(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static void prints_and_checks(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a);
    struct str out;

    kit_record(path, healthy, a);
    CU_ASSERT_EQUAL(run(a, path, &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "connection 1 of 1: 127.0.0.1:40000 -> 127.0.0.1:5672\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "  C 1 queue.declare queue=\"jobs\" durable=1\n"));
    CU_ASSERT_EQUAL(run(a, arena_printf(a, "--check %s", path).p, &out), 0);
    CU_ASSERT_PTR_NULL(strstr(out.p, "violates"));
    kit_record(path, poisoned, a);
    CU_ASSERT_EQUAL(run(a, path, &out), 0);
    CU_ASSERT_EQUAL(run(a, arena_printf(a, "--check %s", path).p, &out), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "violates reply-names (queue.declare-ok.queue.doc-name"));
    kit_remove(path);
    arena_free(a);
}

static void complains_in_one_line(void)
{
    static const struct {
        const char *before, *after; /* the file's name */
        int status;
        const char *says;
    } table[] = {
        { "/nonexistent", ".pcap", 4, "No such file" },
        { "/dev/null ", "", 2, "one capture file at a time" },
        { "--port 5673 ", "", 4, "no AMQP in its" },
        { "--port 0 ", "", 2, "--port wants a number" },
        { "--body x ", "", 2, "--body wants a number" },
        { "--wrong ", "", 2, "unknown option" },
        { "", " --port", 2, "without its value" },
    };
    struct arena *a = arena_new();
    char *path = kit_file(a);
    struct str out;

    kit_record(path, healthy, a);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct str args = arena_printf(a, "%s%s%s", table[i].before, path, table[i].after);

        CU_ASSERT_EQUAL(run(a, args.p, &out), table[i].status);
        CU_ASSERT_EQUAL(lines(out), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(out.p, table[i].says));
    }
    CU_ASSERT_EQUAL(run(a, "", &out), 2);
    CU_ASSERT_EQUAL(run(a, "Makefile", &out), 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "unknown file format"));
    CU_ASSERT_EQUAL(run(a, "--help", &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "usage: dissect FILE.pcap"));
    kit_remove(path);
    arena_free(a);
}

static void cut_files(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a);
    struct str out;

    kit_record(path, healthy, a);
    CU_ASSERT_EQUAL(truncate(path, 1000), 0);
    CU_ASSERT_EQUAL(run(a, path, &out), 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "protocol-header"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "cut off within a packet"));
    kit_remove(path);
    arena_free(a);
}

static CU_TestInfo tests[] = {
    { "prints a conversation, checks it", prints_and_checks },
    { "complains in one line", complains_in_one_line },
    { "reads what is whole of a cut file", cut_files },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(capture_dissect, tests)
