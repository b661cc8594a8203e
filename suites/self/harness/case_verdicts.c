/* The case language from the outside: cases that end in every verdict, and what is said then. */
#include "suites.h"

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case_fake.h"
#include "fixtures/capture/capture.h"
#include "fixtures/harness/worker.h"
#include "peer_server.h"

/* What a case of the child came to, as text. */
static char said[1 << 16];

static const struct case_info *find(const char *id)
{
    size_t n;
    const struct case_info *const *all = case_all(&n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i]->id, id) == 0)
            return all[i];
    return NULL;
}

/* This process is a fork of a running CUnit test, and CUnit lets nobody begin another run in it.
   A run in which nothing is active makes it forget the first one. */
static void forget_outer_test(void)
{
    for (CU_pSuite s = CU_get_registry()->pSuite; s; s = s->pNext)
        CU_set_suite_active(s, CU_FALSE);
    CU_set_fail_on_inactive(CU_FALSE);
    CU_run_all_tests();
}

static void run_child(const char *id, const struct run_context *context, int out)
{
    struct outcome o;
    FILE *f = fdopen(out, "w");

    forget_outer_test();
    case_execute(find(id), context, &o);
    fprintf(f, "verdict: %s\nlost: %d\nclose: %.*s\nfingerprint: %.*s\nstep: %.*s\n",
            verdict_name(o.verdict), o.lost, STR_ARGS(o.close), STR_ARGS(o.fingerprint),
            STR_ARGS(o.step));
    fprintf(f, "message: %.*s\nnotes: %.*s\nassertions: %u\nmargin: %s\nconversation:\n%.*s\n",
            STR_ARGS(o.message), STR_ARGS(o.notes), o.assertions,
            o.margin >= 0 && o.margin <= 1 ? "fair" : "odd", STR_ARGS(o.conversation));
    fclose(f);
    arena_free(o.arena);
    _exit(0);
}

static struct run_context context_for(uint16_t port)
{
    char error[256];
    struct run_context c = { .host = "127.0.0.1",
                             .port = port,
                             .user = "guest",
                             .password = "guest",
                             .vhost = "/",
                             .run_id = "0a0b",
                             .seed = 7,
                             .deadline_ms = 4000,
                             .scale = 1,
                             .capture = CAPTURE_RELAY,
                             .capabilities = "",
                             .control_fd = -1 };
    struct sockaddr loopback = { .sa_family = AF_INET };

    if (capture_permitted(&loopback, error, sizeof error))
        c.capture = CAPTURE_PCAP;
    return c;
}

static void run(const char *id, const struct run_context *context)
{
    int out[2], status;
    size_t n = 0;
    ssize_t k;
    pid_t child;

    CU_ASSERT_PTR_NOT_NULL_FATAL(find(id));
    CU_ASSERT_FATAL(pipe(out) == 0);
    fflush(NULL);
    child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        close(out[0]);
        run_child(id, context, out[1]);
    }
    close(out[1]);
    while ((k = read(out[0], said + n, sizeof said - 1 - n)) > 0)
        n += (size_t)k;
    said[n] = '\0';
    close(out[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Each line of `wanted` is in what was said. */
static void expect(const char *id, const char *wanted)
{
    char *lines = strdup(wanted), *rest = lines, *line;

    while ((line = strsep(&rest, "\n"))) {
        if (*line && !strstr(said, line)) {
            printf("%s: no '%s' in\n%s\n", id, line, said);
            CU_FAIL("a line is missing");
        }
    }
    free(lines);
}

static void ends_in(const char *id, const char *wanted)
{
    struct test_server broker = server_start(fake_broker);
    struct run_context context = context_for(broker.port);

    /* Only silence is short: an answer may take its time on a busy machine. */
    if (strstr(id, "silence"))
        context.deadline_ms = 1000;
    run(id, &context);
    expect(id, wanted);
    /* The relay gives the same outcome. */
    context.capture = CAPTURE_RELAY;
    run(id, &context);
    expect(id, wanted);
    server_stop(&broker);
}

static void passes(void)
{
    ends_in("zz-self/pass", "verdict: pass\nlost: 0\nclose: close-ok\nmargin: fair\n"
                            "C - protocol-header \"AMQP\nC 1 queue.declare queue=\"amqproof.0a0b-\n"
                            "S 1 channel.close reply-code=404\nS 0 connection.close-ok\n"
                            "S 1 body \"hello\"\nS - close fin");
    ends_in("zz-self/pass/client", "verdict: pass\nclose: close-ok\nC 1 queue.declare queue=\n"
                                   "C 1 channel.close-ok\nS 0 connection.close-ok");
    ends_in("zz-self/hard", "verdict: pass\na S 0 connection.close reply-code=530\n"
                            "a C 0 connection.close-ok\nb S - close fin\nclose: fin");
    ends_in("zz-self/hard/client", "verdict: pass\nC 0 connection.close-ok");
    ends_in("zz-self/drops", "verdict: pass\nb C - close rst\ne S 0 connection.close-ok");
    ends_in("zz-self/drops/client", "verdict: pass\nc S 0 connection.close-ok");
    ends_in("zz-self/names", "verdict: pass");
}

static void wrong_answers(void)
{
    ends_in("zz-self/wrong_code",
            "verdict: fail\nlost: 0\n"
            "fingerprint: channel.close 406 (50,10) instead of channel.close 404 (50,10)\n"
            "case_cases.c:\nREFUSED queue.declare\n"
            "wanted  S 1 channel.close reply-code=404 class-id=50 method-id=10\n"
            "got     S 1 channel.close reply-code=406\n"
            "that is reply-code: wanted 404, got 406\nwhen    asking for the second time");
    ends_in("zz-self/wrong_code/client",
            "verdict: fail\n"
            "fingerprint: channel.close 406 (50,10) instead of channel.close 404\n"
            "DO_REFUSED queue.declare");
    ends_in("zz-self/refused_unasked",
            "verdict: fail\n"
            "fingerprint: channel.close 406 (50,10) instead of queue.declare-ok\n"
            "step: suites/self/harness/case_cases.c:\nCALL queue.declare");
    ends_in("zz-self/not_refused",
            "verdict: fail\nfingerprint: queue.declare-ok instead of channel.close 404 (50,10)");
    ends_in("zz-self/other_field", "fingerprint: queue.declare-ok with another message-count\n"
                                   "wanted  S 1 queue.declare-ok message-count>=3");
    ends_in("zz-self/other_body", "fingerprint: basic.get-ok with another body\n"
                                  "body \"howdy\"\nbody \"hello\"");
    ends_in("zz-self/padded", "verdict: fail\ninstead of queue.declare-ok\nbad end octet\nlost: 0");
    ends_in("zz-self/check", "verdict: fail\nfingerprint: not OPEN() == NULL\n"
                             "wanted  the answer is 42");
}

static void no_answers(void)
{
    ends_in("zz-self/silence", "verdict: fail\nlost: 1\n"
                               "fingerprint: silence instead of queue.declare-ok\n"
                               "got     nothing (within ");
    ends_in("zz-self/silence/client",
            "verdict: fail\nlost: 1\nfingerprint: silence instead of queue.declare-ok");
    ends_in("zz-self/hangup",
            "verdict: fail\nlost: 1\nfingerprint: fin instead of queue.declare-ok\n"
            "got     S - close fin");
    ends_in("zz-self/hangup/client",
            "verdict: fail\nlost: 1\n"
            "fingerprint: the end of the stream instead of queue.declare-ok");
    ends_in("zz-self/reset",
            "verdict: fail\nlost: 1\nfingerprint: rst instead of queue.declare-ok\nS - close rst");
}

static void other_verdicts(void)
{
    ends_in("zz-self/weak", "verdict: weak\nnotes: weak: errata 44: delete-ok for a missing queue\n"
                            "info: and something else was seen");
    ends_in("zz-self/info", "verdict: info\nnotes: info: redelivered to the same consumer");
    ends_in("zz-self/weak_then_fail", "verdict: fail\nfingerprint: then that, %d times\n"
                                      "got     then that, 2 times\nnotes: weak: first this");
    ends_in("zz-self/unsupported", "verdict: unsupported\nmessage: no exchange type x-random");
    ends_in("zz-self/no_restart", "verdict: unsupported");
}

static void faults_of_ours(void)
{
    ends_in("zz-self/after_close", "verdict: harness-fault\nthe case itself has closed");
    ends_in("zz-self/unannounced", "verdict: harness-fault\nthat it did not announce");
}

static void no_capture_file(void)
{
    struct test_server broker = server_start(fake_broker);
    struct run_context context = context_for(broker.port);

    context.capture_file = "/nonexistent/case.pcap";
    run("zz-self/pass", &context);
    expect("no capture file", "verdict: harness-fault\nno capture file");
    server_stop(&broker);
}

static void no_broker(void)
{
    struct test_server broker = server_start(fake_broker);
    struct run_context context = context_for(broker.port);

    server_stop(&broker);
    run("zz-self/no_broker", &context);
    expect("no broker", "verdict: fail\nlost: 1\nfingerprint: no connection: Connection refused");
}

/* The parent's part of the restart: one letter comes, one goes back. */
static pid_t answer_restart(int fd, char answer)
{
    pid_t parent = fork();
    char asked = 0;

    CU_ASSERT_FATAL(parent >= 0);
    if (parent == 0) {
        bool well = read(fd, &asked, 1) == 1 && asked == 'R' && write(fd, &answer, 1) == 1;

        _exit(well ? 0 : 1);
    }
    return parent;
}

static void restarts(void)
{
    struct test_server broker = server_start(fake_broker);
    struct run_context context = context_for(broker.port);
    pid_t parent;
    int pair[2];

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    context.control_fd = pair[0];
    parent = answer_restart(pair[1], 'G');
    run("zz-self/restart", &context);
    expect("restart", "verdict: pass\na C 1 queue.declare\nb C 1 queue.declare");
    CU_ASSERT_EQUAL(waitpid(parent, NULL, 0), parent);
    parent = answer_restart(pair[1], 'X');
    run("zz-self/restart", &context);
    expect("no restart", "verdict: fail\nlost: 1\nfingerprint: no broker after the restart");
    CU_ASSERT_EQUAL(waitpid(parent, NULL, 0), parent);
    close(pair[0]);
    close(pair[1]);
    server_stop(&broker);
}

static void frames_are_left(void)
{
    char path[] = "/tmp/amqproof-self-XXXXXX", line[512];
    struct test_server broker = server_start(fake_broker);
    struct run_context context = context_for(broker.port);
    int fd = mkstemp(path), lines = 0, marks = 0, judged = 0;
    FILE *f;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    context.frames_file = path;
    run("zz-self/wrong_code", &context);
    f = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    while (fgets(line, sizeof line, f)) {
        lines += strstr(line, "queue.declare reserved-1=0 queue=") != NULL;
        /* how long the client thought about it is as it happens */
        marks += strncmp(line, "#! ", 3) == 0 && strncmp(line, "#! pause ", 9) != 0;
        judged += strcmp(line, "#! judged\n") == 0 && fgets(line, sizeof line, f) &&
                  strstr(line, "S 1 channel.close") != NULL;
    }
    CU_ASSERT_EQUAL(lines, 1);
    CU_ASSERT_EQUAL(judged, 1);
    CU_ASSERT_EQUAL(marks, 9); /* case, rule, verdict, step, as; judged, broken, wanted, got */
    fclose(f);
    unlink(path);
    server_stop(&broker);
}

static CU_TestInfo tests[] = {
    { "cases that pass", passes },
    { "wrong answers are told apart", wrong_answers },
    { "no answer at all", no_answers },
    { "weak, info, unsupported", other_verdicts },
    { "our own faults", faults_of_ours },
    { "no capture file", no_capture_file },
    { "no broker", no_broker },
    { "the restart barrier", restarts },
    { "a failing case leaves its frames", frames_are_left },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(case_verdicts, tests)
