/* The dissect program as a user calls it: what it prints, its one line of complaint, its exit. */
#include "suites.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_kit.h"

static const char healthy[] = KIT_OPEN "C 1 queue.declare queue=\"jobs\" durable=1\n"
                                       "S 1 queue.declare-ok queue=\"jobs\"\n" KIT_CLOSE;
static const char poisoned[] = KIT_OPEN "C 1 queue.declare queue=\"jobs\" durable=1\n"
                                        "S 1 queue.declare-ok queue=\"sboj\"\n" KIT_CLOSE;

/* It is built beside us. */
static struct str program(struct arena *a)
{
    char self[4096] = "";
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    CU_ASSERT_FATAL(n > 0);
    return arena_printf(a, "%s/dissect", dirname(self));
}

/* stdout and stderr together, in the arena; returns the exit status. */
static int run(struct arena *a, const char *args, struct str *out)
{
    static char text[1 << 16];
    struct str command = arena_printf(a, "%s %s 2>&1", program(a).p, args);
    FILE *p = popen(command.p, "r");
    size_t n = p ? fread(text, 1, sizeof text, p) : 0;
    int status = p ? pclose(p) : -1;

    *out = arena_copy(a, (struct str){ text, n });
    return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static size_t lines(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static void record(const char *path, const char *text, struct arena *a)
{
    char error[256];
    struct capture_file *f = capture_file_open(path, error, sizeof error);
    struct capture *c = capture_relay(f, kit_client(), kit_server());

    kit_say(c, text, a);
    capture_close(c);
    capture_file_close(f);
}

static void prints_and_checks(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a);
    struct str out;

    record(path, healthy, a);
    CU_ASSERT_EQUAL(run(a, path, &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "connection 1 of 1: 127.0.0.1:40000 -> 127.0.0.1:5672\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.p, "  C 1 queue.declare queue=\"jobs\" durable=1\n"));
    CU_ASSERT_EQUAL(run(a, arena_printf(a, "--check %s", path).p, &out), 0);
    CU_ASSERT_PTR_NULL(strstr(out.p, "violates"));
    record(path, poisoned, a);
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

    record(path, healthy, a);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct str args = arena_printf(a, "%s%s%s", table[i].before, path, table[i].after);

        CU_ASSERT_EQUAL(run(a, args.p, &out), table[i].status);
        CU_ASSERT_EQUAL(lines(out), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(out.p, table[i].says));
    }
    CU_ASSERT_EQUAL(run(a, "", &out), 2);
    CU_ASSERT_EQUAL(run(a, program(a).p, &out), 4);
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

    record(path, healthy, a);
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
