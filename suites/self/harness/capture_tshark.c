/* A second opinion: Wireshark's dissector reads our captures and sees the same methods. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "capture_kit.h"

static const char said[] = KIT_OPEN
    "C 1 exchange.declare exchange=\"x\" type=\"topic\" durable=1 arguments={a:S:\"b\", n:I:-1}\n"
    "S 1 exchange.declare-ok\n"
    "C 1 queue.declare queue=\"jobs\" durable=1 arguments={x-message-ttl:I:60000}\n"
    "S 1 queue.declare-ok queue=\"jobs\" message-count=3 consumer-count=1\n"
    "C 1 queue.bind queue=\"jobs\" exchange=\"x\" routing-key=\"a.*\"\n"
    "S 1 queue.bind-ok\n"
    "C 1 confirm.select\n"
    "S 1 confirm.select-ok\n"
    "C 1 basic.qos prefetch-count=2\n"
    "S 1 basic.qos-ok\n"
    "C 1 basic.consume queue=\"jobs\" consumer-tag=\"t\"\n"
    "S 1 basic.consume-ok consumer-tag=\"t\"\n"
    "C 1 basic.publish exchange=\"x\" routing-key=\"a.b\"\n"
    "C 1 header class=basic size=5 content-type=\"text/plain\" delivery-mode=2\n"
    "C 1 body \"hello\"\n"
    "S 1 basic.ack delivery-tag=1\n"
    "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=1 exchange=\"x\" routing-key=\"a.b\"\n"
    "S 1 header class=basic size=5 content-type=\"text/plain\" delivery-mode=2\n"
    "S 1 body \"hello\"\n"
    "C 1 basic.ack delivery-tag=1\n"
    "C 1 basic.cancel consumer-tag=\"t\"\n"
    "S 1 basic.cancel-ok consumer-tag=\"t\"\n"
    "C 1 tx.select\n"
    "S 1 channel.close reply-code=406 reply-text=\"PRECONDITION_FAILED\" class-id=90 "
    "method-id=10\n"
    "C 1 channel.close-ok\n"
    "S 0 heartbeat\n" KIT_CLOSE;

/* What the command says on stdout, in the arena; what it says on stderr is of no interest. */
static struct str run(struct arena *a, const char *command)
{
    static char text[1 << 16];
    FILE *p = popen(command, "r");
    size_t n = p ? fread(text, 1, sizeof text, p) : 0;
    int status = p ? pclose(p) : -1;

    CU_ASSERT(status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return arena_copy(a, (struct str){ text, n });
}

static bool have_tshark(void)
{
    if (system("command -v tshark >/dev/null") == 0)
        return true;
    fprintf(stderr, "selftest-harness: skipped, tshark is not installed\n");
    return false;
}

/* "10.10 10.11 …", as tshark's fields will be joined. */
static struct str our_methods(const struct trace *t, struct arena *a)
{
    struct str all = S("");

    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].kind == TRACE_FRAME && t->at[i].frame.method)
            all = arena_printf(a, "%.*s%u.%u ", STR_ARGS(all), t->at[i].frame.class_id,
                               t->at[i].frame.method_id);
    return all;
}

/* Lines of "classes<TAB>methods", each a comma-separated list if a packet has many. */
static struct str their_methods(struct str lines, struct arena *a)
{
    const char *p = lines.p;
    struct str all = S("");

    while (p < lines.p + lines.n) {
        const char *tab = strchr(p, '\t'), *c = p, *m = tab + 1, *end = strchr(tab, '\n');

        while (c < tab) {
            char *next_c, *next_m;
            unsigned long class_id = strtoul(c, &next_c, 10), method_id = strtoul(m, &next_m, 10);

            all = arena_printf(a, "%.*s%lu.%lu ", STR_ARGS(all), class_id, method_id);
            c = next_c + 1;
            m = next_m + 1;
        }
        p = end + 1;
    }
    return all;
}

static void same_methods(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a), error[256];
    struct capture_file *f = capture_file_open(path, error, sizeof error);
    struct capture *c = capture_relay(f, kit_client(), kit_server());
    struct str ours, theirs, bad;

    kit_say(c, said, a);
    ours = our_methods(capture_trace(c, a), a);
    capture_close(c);
    capture_file_close(f);
    if (have_tshark()) {
        theirs = run(a, arena_printf(a,
                                     "tshark -r %s -Y amqp.method.class -T fields "
                                     "-e amqp.method.class -e amqp.method.method 2>/dev/null",
                                     path)
                            .p);
        theirs = their_methods(theirs, a);
        CU_ASSERT_STRING_EQUAL(ours.p, theirs.p);
        bad = run(a, arena_printf(a,
                                  "tshark -r %s -o tcp.check_checksum:TRUE "
                                  "-o ip.check_checksum:TRUE -Y '_ws.malformed || "
                                  "tcp.analysis.flags || tcp.checksum.status == 0 || "
                                  "ip.checksum.status == 0' 2>/dev/null",
                                  path)
                         .p);
        CU_ASSERT_STRING_EQUAL(bad.p, "");
    }
    kit_remove(path);
    arena_free(a);
}

static CU_TestInfo tests[] = {
    { "tshark sees the same methods, and nothing malformed", same_methods },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(capture_tshark, tests)
