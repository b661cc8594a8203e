/* The wall clock jumps while it runs: nobody is dropped, no patience ends early or never. */
#include "tests.h"

#include "fixtures/peer/clock.h"

#include <signal.h>

enum { HOUR_S = 3600, SOON_MS = 10000, STOP_MS = 5000 };

/* One interval is one second: silence is noticed after two and a half. */
static void jump(struct host *h, int64_t by_s)
{
    static struct talk t, silent;
    static const struct m_confirm_select select;
    static const struct m_queue_declare jobs = { .queue = { "jobs", 4 }, .durable = true };
    int64_t begun, until;
    int code;

    saying("the clock jumps by %lld s", (long long)by_s);
    host_fresh(h);
    if (CHECK(host_start(h, true), "does not start") &&
        CHECK(talk_open(&silent, h->port, SOON_MS) && talk_open_beating(&t, h->port, SOON_MS),
              "nobody is let in")) {
        atomic_store(&h->trouble->jump_s, by_s);
        t.beats = 0;
        begun = clock_ms();
        while (t.up && clock_left(begun + 1700))
            talk_hear(&t, begun + 1700);
        while (t.up && t.beats < 2 && clock_left(begun + SOON_MS)) /* on a busy machine */
            talk_hear(&t, clock_ms() + 100);
        CHECK(t.up && t.beats >= 2 && t.beats <= 5, "%u heartbeats, up %d", t.beats, t.up);
        CHECK(talk_ask(&t, M_confirm_select, &select, M_confirm_select_ok, SOON_MS) &&
                  talk_ask(&t, M_queue_declare, &jobs, M_queue_declare_ok, SOON_MS),
              "no service");
        talk_publish(&t, "jobs", true, S("a message"));
        CHECK(talk_wait(&t, M_basic_ack, SOON_MS), "no confirm");
        /* Who falls silent is dropped when it is time: two and a half intervals. */
        until = clock_ms() + 6000;
        t.peer.silent = true;
        while (t.up && clock_left(until))
            talk_hear(&t, until);
        CHECK(!t.up, "who is silent is kept");
        CHECK(talk_ask(&silent, M_queue_declare, &jobs, M_queue_declare_ok, SOON_MS),
              "who agreed on no heartbeat was dropped");
        kill(h->pid, SIGTERM);
        code = host_ended(h, STOP_MS);
        CHECK(code == 0, "stopped with %d: %s", code, h->said);
    }
    talk_end(&t);
    talk_end(&silent);
    host_kill(h);
}

unsigned run_clock(struct host *h)
{
    jump(h, 6 * HOUR_S);
    jump(h, -6 * HOUR_S);
    return 2;
}
