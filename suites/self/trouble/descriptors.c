/* No descriptors left: who is there is served, who comes is sent away, and nobody spins. */
#include "tests.h"

#include "fixtures/peer/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 64, GUESTS = 100, SOON_MS = 10000, WATCHED_MS = 400, STOP_MS = 5000 };

/* A full service: declared, published, confirmed, durable. */
static bool serves(struct talk *t)
{
    static const struct m_queue_declare jobs = { .queue = { "jobs", 4 }, .durable = true };

    if (!talk_ask(t, M_queue_declare, &jobs, M_queue_declare_ok, SOON_MS))
        return false;
    talk_publish(t, "jobs", true, S("a message"));
    return talk_wait(t, M_basic_ack, SOON_MS);
}

static bool ready(struct host *h, struct talk *t)
{
    static const struct m_confirm_select select;

    return CHECK(host_start(h, true), "does not start") &&
           CHECK(talk_open(t, h->port, SOON_MS) &&
                     talk_ask(t, M_confirm_select, &select, M_confirm_select_ok, SOON_MS) &&
                     serves(t),
                 "no service");
}

/* While it is idle but for those who knock: less than half of a processor. */
static void rests(struct host *h, struct talk *t)
{
    unsigned long before = host_ticks(h), used;
    int64_t until = clock_ms() + WATCHED_MS;

    while (clock_left(until))
        talk_hear(t, until);
    used = host_ticks(h) - before;
    CHECK(used * 1000 < (unsigned long)sysconf(_SC_CLK_TCK) * WATCHED_MS / 2, "%lu ticks in %d ms",
          used, WATCHED_MS);
}

static unsigned times(const char *text, const char *what)
{
    unsigned n = 0;

    for (text = strstr(text, what); text; text = strstr(text + 1, what))
        n++;
    return n;
}

static void stop(struct host *h, const char *complaint)
{
    int code;

    kill(h->pid, SIGTERM);
    code = host_ended(h, STOP_MS);
    CHECK(code == 0, "stopped with %d: %s", code, h->said);
    CHECK(times(h->said, complaint) == 1, "'%s' is said %u times: %s", complaint,
          times(h->said, complaint), h->said);
}

/* More guests than descriptors. */
static void too_many(struct host *h)
{
    static struct talk host_guest, guests[GUESTS], late;
    unsigned in = 0;

    saying("more connections than descriptors");
    host_fresh(h);
    h->files = FILES;
    if (ready(h, &host_guest)) {
        while (in < GUESTS && talk_open(&guests[in], h->port, SOON_MS))
            in++;
        CHECK(in > FILES / 4 && in < FILES, "%u were let in", in);
        talk_end(&guests[in]);
        CHECK(serves(&host_guest), "who was there is not served");
        rests(h, &host_guest);
        while (in-- > 0)
            talk_end(&guests[in]);
        CHECK(serves(&host_guest), "who was there is not served");
        CHECK(talk_open(&late, h->port, SOON_MS), "nobody is let in afterwards");
        talk_end(&late);
        stop(h, "descriptors run out");
    }
    talk_end(&host_guest);
    host_kill(h);
    h->files = 0;
}

/* Each accept fails, as when the system has no files left. */
static void refused(struct host *h, int error)
{
    static struct talk guest, knocks;

    saying("accept: %s", strerror(error));
    host_fresh(h);
    if (ready(h, &guest)) {
        atomic_store(&h->trouble->calls, CALL_ACCEPT);
        atomic_store(&h->trouble->error, error);
        atomic_store(&h->trouble->to, UINT32_MAX);
        atomic_store(&h->trouble->from, 1);
        CHECK(!talk_open(&knocks, h->port, WATCHED_MS), "somebody was let in");
        CHECK(serves(&guest), "who was there is not served");
        rests(h, &guest);
        CHECK(atomic_load(&h->trouble->failed) > 0, "nothing failed");
        atomic_store(&h->trouble->from, 0);
        talk_end(&knocks);
        CHECK(talk_open(&knocks, h->port, SOON_MS), "nobody is let in afterwards");
        talk_end(&knocks);
        stop(h, "cannot accept connections");
    }
    talk_end(&guest);
    host_kill(h);
}

unsigned run_descriptors(struct host *h)
{
    too_many(h);
    refused(h, ENFILE);
    refused(h, ENOBUFS);
    return 3;
}
