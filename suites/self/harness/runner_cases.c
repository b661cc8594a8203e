/* Cases that misbehave, each in one way. Only this program holds them: build/suites does not. */
#define CHAPTER "zz-process"
#include "fixtures/harness/case.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/harness/jobs.h"
#include "fixtures/harness/jobs_result.h"

#define RULE "transport.closure.states"

WIRE_CASE(passes, .title = "a case that passes", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("plain"));
}

WIRE_CASE(fails, .title = "a case that fails by its own judgement", .rules = RULE)
{
    (void)OPEN();
    FAIL("wanted a black swan, got a white one");
}

WIRE_CASE(segfault, .title = "a case that writes where nothing is", .rules = RULE)
{
    (void)t;
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would turn it into an exit */
    raise(SIGSEGV);
}

WIRE_CASE(aborts, .title = "a case that says why and aborts", .rules = RULE)
{
    (void)t;
    signal(SIGABRT, SIG_DFL);
    fprintf(stderr, "last words\n");
    abort();
}

WIRE_CASE(exits, .title = "a case that leaves by the back door", .rules = RULE)
{
    (void)t;
    _exit(7);
}

WIRE_CASE(never_ends, .title = "a case that never ends", .rules = RULE)
{
    (void)t;
    for (;;)
        pause();
}

/* SELFTEST_FIFO tells the test that this case runs: an open blocks until both sides are there. */
WIRE_CASE(announces, .title = "a case that says it runs, then never ends", .rules = RULE)
{
    int fd = open(getenv("SELFTEST_FIFO"), O_WRONLY);

    (void)t;
    (void)!write(fd, "!", 1);
    for (;;)
        pause();
}

WIRE_CASE(leaks, .title = "a case that leaves a process behind", .rules = RULE)
{
    (void)t;
    if (fork() == 0) {
        for (;;)
            pause();
    }
}

WIRE_CASE(leaks_and_fails, .title = "one that fails, and leaves a process behind", .rules = RULE)
{
    if (fork() == 0) {
        for (;;)
            pause();
    }
    FAIL("wanted tidiness");
}

WIRE_CASE(garbage, .title = "a case that writes into the result's pipe", .rules = RULE)
{
    (void)t;
    (void)!write(JOB_RESULT_FD, "pass!", 5);
}

WIRE_CASE(twice, .title = "a case that sends a result of its own making first", .rules = RULE)
{
    struct outcome o = { .verdict = VERDICT_PASS };
    struct buf b;

    (void)t;
    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &o);
    (void)!write(JOB_RESULT_FD, b.p, b.n);
    buf_clear(&b);
}

WIRE_CASE(cut, .title = "a case whose result is cut", .rules = RULE)
{
    struct outcome o = { .verdict = VERDICT_PASS };
    struct buf b;

    (void)t;
    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &o);
    (void)!write(JOB_RESULT_FD, b.p, b.n - 1);
    _exit(0);
}

WIRE_CASE(talks, .title = "a case that prints five megabytes and passes", .rules = RULE)
{
    static char line[1024];

    (void)t;
    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 5 * 1024; i++)
        fwrite(line, 1, sizeof(line), stdout);
}

WIRE_CASE(needy, .title = "a case that needs what no broker has", .rules = RULE,
          .needs = "restart telepathy")
{
    FAIL("it ran all the same");
}

WIRE_CASE(weakly, .title = "a case that ends weak", .rules = RULE)
{
    WEAK("it took the other reading");
}

#undef CHAPTER
#define CHAPTER "zz-leave"

/* Its result is there, complete and fair; its process is not gone. */
WIRE_CASE(a_lingers, .title = "a case whose process does not end", .rules = RULE)
{
    struct outcome o = { .verdict = VERDICT_PASS };
    struct buf b;

    (void)t;
    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &o);
    (void)!write(JOB_RESULT_FD, b.p, b.n);
    for (;;)
        pause();
}

WIRE_CASE(b_next, .title = "the case behind it", .rules = RULE)
{
    (void)OPEN();
}

#undef CHAPTER
#define CHAPTER "zz-flake"

/* Passes once in this folder, and never again. */
WIRE_CASE(flaky, .title = "a case whose verdict changes", .rules = RULE)
{
    int fd = open(TEXT("%s/flaked", getenv("AMQPROOF_DATA")).p, O_CREAT | O_EXCL | O_WRONLY, 0600);

    if (fd < 0)
        WEAK("it was otherwise before");
    else
        close(fd);
}

WIRE_CASE(steady, .title = "a case that passes each time", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("plain"));
}

WIRE_CASE(worse, .title = "a case that fails each time, in two ways", .rules = RULE)
{
    int fd = open(TEXT("%s/worse", getenv("AMQPROOF_DATA")).p, O_CREAT | O_EXCL | O_WRONLY, 0600);

    if (fd >= 0)
        FAIL("wanted a first time");
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

#undef CHAPTER
#define CHAPTER "zz-cut"

static _Noreturn void end_unrecorded(void)
{
    struct outcome o = { .verdict = VERDICT_HARNESS_FAULT,
                         .message = S("capture cut: packets dropped"),
                         .fingerprint = S("capture cut: packets dropped"),
                         .cut = true };
    struct buf b;

    buf_init(&b, LIMIT_RESULT);
    result_pack(&b, &o);
    (void)!write(JOB_RESULT_FD, b.p, b.n);
    _exit(0);
}

WIRE_CASE(once, .title = "a case whose first capture is cut", .rules = RULE)
{
    struct str name = NAME("again");
    int fd =
        open(TEXT("%s/unrecorded", getenv("AMQPROOF_DATA")).p, O_CREAT | O_EXCL | O_RDWR, 0600);
    char before[256] = "";

    if (fd >= 0) {
        (void)!write(fd, name.p, name.n);
        end_unrecorded();
    }
    fd = open(TEXT("%s/unrecorded", getenv("AMQPROOF_DATA")).p, O_RDONLY);
    (void)!read(fd, before, sizeof(before) - 1);
    CHECK(strcmp(before, name.p) != 0, "the second try has names of its own");
}

WIRE_CASE(always, .title = "a case whose captures are all cut", .rules = RULE)
{
    (void)t;
    end_unrecorded();
}
