/* Connections: begun and not finished, opened and not used, opened and closed without end. */
#include <poll.h>
#include <stdlib.h>

#include "many.h"

enum { CUT_MS = 60000 };

/* Whoever waits in the accept queue is behind us: a later one has been served. */
static bool all_accepted(const struct stage *s)
{
    struct link l;
    bool served = link_open(&l, s->target, (struct wishes){ 1, 0 });

    link_drop(&l);
    return served;
}

/* Those that are still there when the broker's patience must be over. */
static unsigned await_cut(struct crowd *c)
{
    int64_t until = now_ns() + (int64_t)CUT_MS * 1000000;

    while (crowd_discard(c) && now_ns() < until)
        poll(NULL, 0, 50);
    return c->alive;
}

void attack_slowloris(struct stage *s)
{
    enum { AT_ONCE = 20, ROUND_MS = 400 };
    static const char header[] = "AMQP\0\0\x09\x01\x01\0\0\0\0\x10\0\0\x0a\0\x0b";
    struct crowd c = crowd_dial(s, stage_size(s, 2000, 200));
    unsigned at = 0;
    bool told = false, on = true;

    while (on) {
        for (unsigned i = 0; i < c.n && (on || !told); i++) {
            link_push(&c.at[i], (struct str){ header + at, 1 });
            if (told && i % AT_ONCE == 0) /* slow is not all at once */
                on = stage_waits(s, (int)(ROUND_MS * AT_ONCE / c.n));
        }
        if (!told && !all_accepted(s))
            stage_give_up(s, "nobody else is served");
        if (!told)
            stage_established(s, c.alive);
        told = true;
        at += at + 2 < sizeof header;
    }
    stage_demand(s, await_cut(&c) == 0, "%u of %u handshakes were never cut off", c.alive, c.n);
}

void attack_silent(struct stage *s)
{
    struct crowd c = crowd_dial(s, stage_size(s, 10000, 500));

    if (!all_accepted(s))
        stage_give_up(s, "nobody else is served");
    stage_established(s, c.alive);
    stage_linger(s);
    stage_demand(s, await_cut(&c) == 0, "%u of %u silent ones were never cut off", c.alive, c.n);
}

/* The broker answers with its header, or not at all, and closes. */
static void make_noise(struct stage *s, struct link *l, char *noise, size_t size)
{
    for (size_t i = 0; i < size; i++)
        noise[i] = (char)random();
    if (!link_dial(l, s->target))
        return;
    link_push(l, (struct str){ noise, 1 + (size_t)random() % size });
}

void attack_garbage(struct stage *s)
{
    enum { AT_ONCE = 100 };
    static struct link l[AT_ONCE];
    char noise[4096];
    struct frame f;
    uint64_t n = 0;

    for (bool on = true; on; n += AT_ONCE) {
        for (unsigned i = 0; i < AT_ONCE; i++)
            make_noise(s, &l[i], noise, sizeof noise);
        for (unsigned i = 0; i < AT_ONCE; i++) {
            link_hear(&l[i], &f, 10); /* most are told at once, some are left in silence */
            link_drop(&l[i]);
        }
        if (n == stage_size(s, 1000, 100))
            stage_established(s, n);
        on = stage_goes_on(s);
    }
}

void attack_idle(struct stage *s)
{
    struct crowd c = crowd_open(s, stage_size(s, 10000, 500), (struct wishes){ 1, 0 });

    stage_established(s, c.alive);
    stage_linger(s);
    stage_demand(s, crowd_discard(&c) > 0, "none of them was kept");
}

void attack_heartbeat(struct stage *s)
{
    struct crowd c = crowd_open(s, stage_size(s, 1000, 100), (struct wishes){ 1, 1 });
    unsigned opened = c.alive;

    stage_established(s, c.alive);
    do {
        for (unsigned i = 0; i < c.n; i++) {
            frame_put_heartbeat(&c.at[i].out);
            link_flush(&c.at[i]);
        }
        crowd_discard(&c);
    } while (stage_waits(s, 400));
    stage_demand(s, c.alive == opened, "of %u that kept their heartbeats %u were cut off", opened,
                 opened - c.alive);
}

void attack_storm(struct stage *s)
{
    struct m_connection_close bye = { .reply_code = 200 };
    uint64_t n = 0;

    for (bool on = true; on; on = stage_goes_on(s)) {
        struct crowd c = crowd_open(s, 50, (struct wishes){ 1, 0 });

        for (unsigned i = 0; i < c.n; i++) {
            if (c.at[i].gone)
                continue;
            link_put(&c.at[i], 0, M_connection_close, &bye);
            link_flush(&c.at[i]);
        }
        n += c.alive;
        if (!s->established && n >= stage_size(s, 500, 100))
            stage_established(s, n);
        crowd_drop(&c); /* half of them before the Close-Ok */
    }
}
