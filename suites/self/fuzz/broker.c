/* The broker's core: connections from their first octet on, cut, mixed, left and broken anyhow,
   time, and a store that is slow. program.h has the input.

   What must hold besides the asserts of the broker and the sanitizers: every octet it says parses
   (apart_judge.c), and when all is over no memory is counted any more. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "apart.h"
#include "broker-under-test/reference/src/limits.h"
#include "hello.h"
#include "memory_store.h"
#include "program.h"
#include "world.h"

enum { IOVECS = 16 };

struct peer {
    struct conn *c; /* NULL: not needed so far */
    struct judge *judge;
    const char *lent; /* a write of the first octets that is under way … */
    char *copy;       /* … as they were then */
    size_t lent_n;
};

struct world {
    struct broker *b;
    uint64_t now;
    uint8_t setup;
    struct peer peers[PROGRAM_PEERS];
};

static void arrive(struct world *w, struct peer *p)
{
    bool last = p == &w->peers[PROGRAM_PEERS - 1];

    p->c = conn_new(w->b, "fuzz", !(last && w->setup & PROGRAM_STRANGER), w->now);
    p->judge = judge_new();
    p->lent_n = 0;
}

/* What was lent must have stayed as it was, whatever else happened. */
static void give_back(struct world *w, struct peer *p)
{
    if (!p->lent_n)
        return;
    assert(memcmp(p->lent, p->copy, p->lent_n) == 0);
    judge_octets(p->judge, p->copy, p->lent_n, p->c->frame_max);
    free(p->copy);
    conn_output_done(p->c, p->lent_n, w->now);
    p->lent_n = 0;
}

static void lend(struct peer *p)
{
    struct iovec iov[IOVECS];

    if (!conn_output(p->c, iov, IOVECS))
        return;
    p->lent = iov[0].iov_base;
    p->lent_n = iov[0].iov_len;
    p->copy = malloc(p->lent_n);
    assert(p->copy);
    memcpy(p->copy, p->lent, p->lent_n);
    conn_output_lent(p->c, p->lent_n);
}

static void leave(struct world *w, struct peer *p)
{
    conn_gone(p->c);
    give_back(w, p);
    conn_free(p->c);
    judge_free(p->judge);
}

/* As much as a socket has room for. */
static void drain(struct world *w, struct peer *p, size_t most)
{
    struct iovec iov[IOVECS];
    size_t said = 0, count;

    give_back(w, p);
    while (said < most && (count = conn_output(p->c, iov, IOVECS))) {
        size_t part = 0;

        for (size_t i = 0; i < count && said + part < most; i++) {
            size_t left = most - said - part, n = iov[i].iov_len < left ? iov[i].iov_len : left;

            judge_octets(p->judge, iov[i].iov_base, n, p->c->frame_max);
            part += n;
        }
        conn_output_done(p->c, part, w->now);
        said += part;
    }
}

static void go_if_finished(struct world *w, struct peer *p)
{
    if (!p->lent_n && conn_finished(p->c)) {
        leave(w, p);
        arrive(w, p);
    }
}

static void turn(struct world *w, uint64_t batches)
{
    world_turn(w->b, batches);
    while (broker_next_talking(w->b))
        ; /* they are drained when the program says so */
}

/* Octets come at the end of an allocation of their own, so that a read too far is seen. */
static void say(struct world *w, struct peer *p, const void *octets, size_t n)
{
    char *copy;

    if (!conn_wants_input(p->c))
        drain(w, p, SIZE_MAX);
    if (!conn_wants_input(p->c))
        return;
    copy = malloc(n ? n : 1);
    assert(copy);
    if (n)
        memcpy(copy, octets, n);
    conn_input(p->c, copy, n, w->now);
    free(copy);
    turn(w, 0);
}

static void say_frame(struct world *w, struct peer *p, const uint8_t *octets, size_t n)
{
    char frame[UINT16_MAX + FRAME_OVERHEAD];

    if (n < 2)
        return;
    put_uint(frame, octets[0], 1);
    put_uint(frame + 1, octets[1], 2);
    put_uint(frame + 3, n - 2, 4);
    memcpy(frame + 7, octets + 2, n - 2);
    put_uint(frame + 7 + n - 2, SPEC_FRAME_END, 1);
    say(w, p, frame, n - 2 + FRAME_OVERHEAD);
}

static void tick(struct world *w, size_t ms)
{
    w->now += ms;
    for (size_t i = 0; i < PROGRAM_PEERS; i++) {
        struct peer *p = &w->peers[i];

        if (!p->c)
            continue;
        if (conn_deadline(p->c) <= w->now)
            conn_tick(p->c, w->now);
        go_if_finished(w, p);
    }
    turn(w, 0);
}

static void step(struct world *w, uint8_t how, size_t n, const uint8_t *octets)
{
    struct peer *p = &w->peers[how & STEP_PEER];

    if (!p->c)
        arrive(w, p);
    switch ((enum step_what)(how & STEP_WHAT)) {
    case STEP_SAY: say(w, p, octets, n); break;
    case STEP_FRAME: say_frame(w, p, octets, n); break;
    case STEP_DRIP:
        for (size_t i = 0; i < n; i++)
            say(w, p, octets + i, 1);
        break;
    case STEP_TICK: tick(w, n); break;
    case STEP_DRAIN:
        drain(w, p, n ? n : SIZE_MAX);
        if (how & STEP_LEND)
            lend(p);
        break;
    case STEP_COMMIT: turn(w, n); break;
    case STEP_GONE:
        leave(w, p);
        arrive(w, p);
        break;
    case STEP_DISK:
        memory_store_fill(w->b->store, n);
        turn(w, 0);
        break;
    }
    go_if_finished(w, p);
}

static void begin(struct world *w, uint8_t setup)
{
    struct settings s = default_settings;
    struct str hello = hello_octets(setup & PROGRAM_CAPABLE);

    if (setup & PROGRAM_LITTLE_MEMORY) {
        s.memory_high = 20000;
        s.ready_high = 500;
    }
    if (setup & PROGRAM_SMALL_FRAMES)
        s.frame_max = SPEC_FRAME_MIN_SIZE;
    s.heartbeat_s = setup & PROGRAM_HEARTBEAT ? 2 : 0;
    *w = (struct world){ .now = 1000, .setup = setup };
    w->b = world_new(&s);
    for (size_t i = 0; i < PROGRAM_PEERS; i++) {
        if (!((setup & PROGRAM_OPEN) >> i & 1))
            continue;
        arrive(w, &w->peers[i]);
        say(w, &w->peers[i], hello.p, hello.n);
    }
}

/* All is said and heard, then everybody goes. */
static void end(struct world *w)
{
    memory_store_fill(w->b->store, false);
    turn(w, UINT64_MAX);
    for (size_t i = 0; i < PROGRAM_PEERS; i++)
        if (w->peers[i].c)
            drain(w, &w->peers[i], SIZE_MAX);
    for (size_t i = 0; i < PROGRAM_PEERS; i++)
        if (w->peers[i].c)
            leave(w, &w->peers[i]);
    world_free(w->b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct world w;
    size_t at = 1;

    if (n == 0)
        return 0;
    begin(&w, data[0]);
    while (n - at >= STEP_HEAD) {
        uint8_t how = data[at];
        size_t count = (size_t)data[at + 1] << 8 | data[at + 2], octets = 0;

        at += STEP_HEAD;
        if ((how & STEP_WHAT) <= STEP_DRIP)
            octets = count = count < n - at ? count : n - at;
        step(&w, how, count, data + at);
        at += octets;
    }
    end(&w);
    return 0;
}
