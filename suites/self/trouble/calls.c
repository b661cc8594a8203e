/* For each n: the n-th call on the store's files fails, and those behind it or not. */
#include "tests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MOST = 500, ENDED_MS = 5000 };

static const char *const ways[] = { "no room", "no room, half a write", "broken" };
static const char *const ends[] = { "room comes", "killed", "stopped" };

static void arm(struct books *b)
{
    struct trouble *t = b->host->trouble;

    atomic_store(&t->calls, CALL_WRITE | (b->way == BROKEN ? CALL_SYNC | CALL_OPEN : 0));
    atomic_store(&t->error, b->way == BROKEN ? EIO : ENOSPC);
    atomic_store(&t->half, b->way == HALF);
    atomic_store(&t->to, b->way == BROKEN ? b->n : UINT32_MAX);
    atomic_store(&t->from, b->n);
}

/* One line, exit code 3, and nothing is worse for it. */
static void not_started(struct books *b)
{
    int code = host_ended(b->host, ENDED_MS);

    CHECK(code == 3, "ended with %d: %s", code, b->host->said);
    CHECK(strncmp(b->host->said, "refbroker: ", 11) == 0 && strstr(b->host->said, b->host->data),
          "it does not say what is wrong: %s", b->host->said);
}

/* False: nothing failed any more. */
static bool run_one(struct host *h, enum way way, enum end end, unsigned n)
{
    struct books b = { .host = h, .way = way, .end = end, .n = n };
    uint32_t failed;

    saying("%s from call %u on, %s", ways[way], n, ends[end]);
    host_fresh(h);
    arm(&b);
    if (host_start(h, true))
        books_talk(&b);
    else
        not_started(&b);
    host_kill(h);
    failed = atomic_load(&h->trouble->failed);
    memset(h->trouble, 0, sizeof *h->trouble);
    books_audit(&b);
    host_kill(h);
    return failed > 0;
}

unsigned run_calls(struct host *h)
{
    bool all = getenv("AMQPROOF_TROUBLE_ALL") != NULL;
    unsigned tests = 0;

    for (enum way way = FULL; way < WAYS; way++) {
        unsigned n = 1;

        for (; n < CALLS_MOST; n++) {
            bool more = run_one(h, way, (enum end)(n % ENDS), n);

            tests++;
            for (enum end end = ROOM; all && end < ENDS; end++) {
                if (end != (enum end)(n % ENDS))
                    more = run_one(h, way, end, n) || more, tests++;
            }
            if (!more)
                break;
        }
        printf("trouble: %s: calls 1 to %u\n", ways[way], n - 1);
        CHECK(n > 20 && n < CALLS_MOST, "%u calls are too few, or too many", n);
    }
    return tests;
}
