#define _GNU_SOURCE /* ppoll */
#include "flow.h"

#include <assert.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "proc.h"

const char *bench_planted;
enum {
    PLANTED = 100,
    GATHER_NS = 1000000,  /* so long a consumer waits for many octets, then takes what there is */
    MEMORY_NS = 20000000, /* so often the broker's memory is looked at */
};

uint64_t flow_copies(const struct flow *f)
{
    if (f->shape.links == 0)
        return 0;
    return f->shape.exchange && strcmp(f->shape.exchange, "fanout") == 0 ? f->shape.queues : 1;
}

uint64_t flow_right(const struct flow *f)
{
    uint64_t n = 0;

    for (unsigned q = 0; q < f->shape.queues; q++)
        n += f->streams[q].received;
    return n;
}

static uint64_t undelivered(const struct flow *f)
{
    uint64_t due = f->published * flow_copies(f);

    return due > f->delivered ? due - f->delivered : 0; /* twice counts, too */
}

/* ---- the broker's memory ---------------------------------------------------------------- */

static void look_at_memory(struct flow *f, uint64_t now_ns)
{
    int64_t octets;

    if (!f->memory_at_ns || now_ns < f->memory_at_ns)
        return;
    octets = proc_memory(f->target->pid);
    if (octets > bench_result.memory_peak)
        bench_result.memory_peak = octets;
    f->memory_at_ns = now_ns + MEMORY_NS;
}

void flow_watch_memory(struct flow *f)
{
    f->memory_at_ns = 1;
    look_at_memory(f, bench_now_ns());
}

/* ---- publishing ------------------------------------------------------------------------- */

static void send_unsent(struct flow *f)
{
    if (f->unsent_at < f->unsent_to)
        f->unsent_at +=
            link_send(&f->publisher, f->batch + f->unsent_at, f->unsent_to - f->unsent_at);
}

/* So that whoever doubts the checks can see them work. Numbers 100 and 101, if one write has both;
   "lost": the last of the batch is counted and not sent. */
static void plant(struct flow *f, unsigned from, unsigned n)
{
    uint8_t *first;

    if (!bench_planted || f->published > PLANTED || f->published + n < PLANTED + 2)
        return;
    first = f->batch + (from + (PLANTED - f->published)) * f->stride + f->body_at;
    switch (*bench_planted) {
    case 't': body_set_number(first, PLANTED - 1); break; /* twice, and one is lost */
    case 'd':
        body_set_number(first, PLANTED + 1);
        body_set_number(first + f->stride, PLANTED);
        break;
    case 'a': first[f->shape.body - 1] ^= 0x20; break;
    case 'l': f->unsent_to -= f->stride; break;
    }
}

void flow_publish(struct flow *f, unsigned n)
{
    unsigned from = (unsigned)(f->published % f->cycle);

    assert(f->unsent_at == f->unsent_to);
    if (n > f->cycle - from)
        n = f->cycle - from;
    for (unsigned i = 0; i < n; i++)
        body_set_number(f->batch + (from + i) * f->stride + f->body_at, f->published + i);
    f->unsent_at = from * f->stride;
    f->unsent_to = f->unsent_at + n * f->stride;
    plant(f, from, n);
    f->published += n;
    send_unsent(f);
}

static unsigned least(uint64_t a, uint64_t b)
{
    return (unsigned)(a < b ? a : b);
}

/* Whole batches, but for the last: a window that is filled up one by one costs a write each. */
static void publish_some(struct flow *f, uint64_t until)
{
    const struct shape *s = &f->shape;
    uint64_t copies = flow_copies(f);

    while (f->published < until && f->unsent_at == f->unsent_to) {
        unsigned n = least(s->batch, until - f->published);

        if (copies && undelivered(f) + n * copies > s->window * copies)
            return;
        if (s->confirms && f->published - f->confirmed + n > s->confirms)
            return;
        flow_publish(f, n);
    }
}

/* ---- the loop --------------------------------------------------------------------------- */

static struct pollfd wanted(const struct link *l, bool writes)
{
    return (struct pollfd){ .fd = l->fd, .events = (short)(writes ? POLLIN | POLLOUT : POLLIN) };
}

void flow_turn(struct flow *f, int64_t wait_ns)
{
    static struct pollfd p[QUEUES_MOST + 1];
    struct timespec wait = { 0 };
    unsigned n = f->shape.links;
    bool heard = false, all;

    if (f->gathering && wait_ns > GATHER_NS)
        wait_ns = GATHER_NS;
    wait.tv_sec = wait_ns / 1000000000;
    wait.tv_nsec = wait_ns % 1000000000;
    send_unsent(f);
    p[n] = wanted(&f->publisher, f->unsent_at < f->unsent_to);
    for (unsigned i = 0; i < n; i++)
        p[i] = wanted(&f->consumers[i], !link_flush(&f->consumers[i]));
    all = ppoll(p, n + 1, &wait, NULL) <= 0;
    if (all && !f->gathering)
        return;
    uint64_t now_ns = bench_now_ns();
    uint64_t before_ns = f->heard_ns;

    f->heard_ns = now_ns;
    for (unsigned i = 0; i < n; i++) {
        if (all || p[i].revents & ~POLLOUT)
            heard |= link_read(&f->consumers[i]);
    }
    if (p[n].revents & ~POLLOUT)
        heard |= link_read(&f->publisher);
    if (!heard)
        f->heard_ns = before_ns;
    look_at_memory(f, now_ns);
}

static bool all_is_said(struct flow *f)
{
    for (unsigned i = 0; i < f->shape.links; i++) {
        if (!link_flush(&f->consumers[i]))
            return false;
    }
    return f->unsent_at == f->unsent_to;
}

static bool all_has_come(struct flow *f, uint64_t delivered)
{
    return f->delivered >= delivered && (!f->shape.confirms || f->confirmed >= f->published) &&
           all_is_said(f);
}

/* `left`: so many may stay in the queues. */
static void run(struct flow *f, uint64_t most, unsigned budget_ms, uint64_t left)
{
    uint64_t until = f->published + most;
    uint64_t end_ns = bench_now_ns() + budget_ms * 1000000ull;
    uint64_t copies = flow_copies(f);

    f->heard_ns = bench_now_ns();
    while (f->published < until || !all_has_come(f, f->published * copies - left)) {
        uint64_t now = bench_now_ns();

        if (now >= end_ns)
            until = f->published;
        if (now > f->heard_ns && now - f->heard_ns > SILENCE_MS * 1000000ull)
            break; /* what is missing is lost, and nobody waits for it again */
        publish_some(f, until);
        flow_turn(f, f->published == until && all_has_come(f, f->published * copies - left)
                         ? 0
                         : 200 * 1000000ll);
    }
    if (f->delivered < f->published * copies - left)
        f->delivered = f->published * copies - left;
}

void flow_run(struct flow *f, uint64_t most, unsigned budget_ms)
{
    run(f, most, budget_ms, 0);
}

void flow_run_level(struct flow *f, uint64_t most, unsigned budget_ms)
{
    run(f, most, budget_ms, undelivered(f));
}
