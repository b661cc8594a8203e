#include "bench_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench_proc.h"

enum {
    BUDGET_MS = 2000,
    WARM_MS = 300,
    WARM_SHARE = 10, /* a tenth of the messages goes before, unmeasured */
    RATE = 5000,     /* messages per second, for latencies */
    NS_PER_S = 1000000000,
};

static uint64_t count_of(const struct work *w, bool quick)
{
    return quick ? w->quick : w->most;
}

static uint64_t right_deliveries(const struct flow *f)
{
    uint64_t n = 0;

    for (unsigned q = 0; q < f->shape->queues; q++)
        n += f->streams[q].received;
    return n;
}

/* ---- messages through ------------------------------------------------------------------- */

static void run_flow(const struct work *w, const struct target *t, bool quick)
{
    static struct flow f;
    struct result *r = &bench_result;
    uint64_t published, received, confirmed;

    flow_open(&f, &w->shape, t);
    flow_run(&f, count_of(w, quick) / WARM_SHARE, WARM_MS);
    flow_fence(&f);
    published = f.published;
    received = right_deliveries(&f);
    confirmed = f.confirmed;
    bench_start_clock(t);
    flow_run(&f, count_of(w, quick), BUDGET_MS);
    flow_fence(&f);
    bench_stop_clock(t);
    r->published = f.published - published;
    r->received = right_deliveries(&f) - received;
    r->confirmed = f.confirmed - confirmed;
    r->units = r->received;
    flow_close(&f);
}

/* ---- latency ---------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double percentile_us(const struct flow *f, unsigned of_1000)
{
    uint64_t i = f->latencies * of_1000 / 1000;

    return (double)f->latency_ns[i < f->latencies ? i : f->latencies - 1] / 1e3;
}

/* One message each 200 us. Late ones are sent at once; each is timed from its own sending. */
static void publish_evenly(struct flow *f, uint64_t n)
{
    uint64_t start = bench_now_ns();

    while (f->published < n) {
        uint64_t due = start + f->published * (NS_PER_S / RATE), now = bench_now_ns();

        if (now < due || f->unsent_at < f->unsent_to) {
            flow_turn(f, now < due ? (int64_t)(due - now) : NS_PER_S / RATE);
            continue;
        }
        f->sent_ns[f->published] = now;
        flow_publish(f, 1);
    }
    flow_run(f, 0, 0);
}

static void run_latency(const struct work *w, const struct target *t, bool quick)
{
    static struct flow f;
    struct result *r = &bench_result;
    uint64_t n = count_of(w, quick);

    flow_open(&f, &w->shape, t);
    f.sent_ns = calloc(n, sizeof *f.sent_ns);
    f.latency_ns = calloc(n, sizeof *f.latency_ns);
    f.latencies_room = n;
    if (!f.sent_ns || !f.latency_ns)
        bench_give_up("out of memory");
    bench_start_clock(t);
    publish_evenly(&f, n);
    bench_stop_clock(t);
    r->published = f.published;
    r->received = r->units = right_deliveries(&f);
    if (f.latencies > 0) {
        qsort(f.latency_ns, f.latencies, sizeof *f.latency_ns, by_size);
        r->p50_us = percentile_us(&f, 500);
        r->p99_us = percentile_us(&f, 990);
        r->p999_us = percentile_us(&f, 999);
        r->most_us = percentile_us(&f, 1000);
    }
    flow_close(&f);
    free(f.sent_ns);
    free(f.latency_ns);
}

/* ---- what comes and goes ---------------------------------------------------------------- */

static void run_connections(const struct work *w, const struct target *t, bool quick)
{
    struct result *r = &bench_result;
    uint64_t end_ns = bench_now_ns() + BUDGET_MS * 1000000ull;

    bench_start_clock(t);
    while (r->units < count_of(w, quick) && bench_now_ns() < end_ns) {
        struct link l;

        link_open(&l, t);
        link_close(&l);
        r->units++;
    }
    bench_stop_clock(t);
}

static void run_queues(const struct work *w, const struct target *t, bool quick)
{
    struct result *r = &bench_result;
    uint64_t end_ns = bench_now_ns() + BUDGET_MS * 1000000ull;
    char name[64];
    struct link l;

    link_open(&l, t);
    link_open_channel(&l, 1);
    bench_start_clock(t);
    while (r->units < count_of(w, quick) && bench_now_ns() < end_ns) {
        struct m_queue_declare declare = { 0 };
        struct m_queue_delete delete = { 0 };

        snprintf(name, sizeof name, "amqproof.bench.%ld.%llu", (long)getpid(),
                 (unsigned long long)r->units);
        declare.queue = delete.queue = str_of(name);
        link_call(&l, 1, M_queue_declare, &declare, M_queue_declare_ok);
        link_call(&l, 1, M_queue_delete, &delete, M_queue_delete_ok);
        r->units++;
    }
    bench_stop_clock(t);
    link_close(&l);
}

/* ---- memory ----------------------------------------------------------------------------- */

/* Needs a broker that has just started: memory that was used before and given back to the
   allocator, not to the system, would hide what these take. */
static void run_idle(const struct work *w, const struct target *t, bool quick)
{
    struct result *r = &bench_result;
    uint64_t n = count_of(w, quick);
    struct link *links = calloc(n, sizeof *links), first;

    if (!links)
        bench_give_up("out of memory");
    link_open(&first, t); /* what only the first one costs is no one's */
    r->memory_before = proc_memory(t->pid);
    bench_start_clock(t);
    for (; r->units < n; r->units++)
        link_open(&links[r->units], t);
    bench_stop_clock(t);
    r->memory_after = proc_memory(t->pid);
    for (uint64_t i = 0; i < n; i++)
        link_close(&links[i]);
    link_close(&first);
    free(links);
}

static void run_waiting(const struct work *w, const struct target *t, bool quick)
{
    static struct flow f;
    struct result *r = &bench_result;

    flow_open(&f, &w->shape, t);
    r->memory_before = proc_memory(t->pid);
    bench_start_clock(t);
    flow_run(&f, count_of(w, quick), BUDGET_MS);
    bench_stop_clock(t);
    r->memory_after = proc_memory(t->pid);
    r->units = r->published = f.published;
    r->confirmed = f.confirmed;
    flow_close(&f);
}

/* ---- the table -------------------------------------------------------------------------- */

// clang-format off
const struct work bench_works[] = {
    { "transient-16", run_flow,
      { .body = 16, .queues = 1, .links = 1, .window = 8192, .batch = 1024 }, 1000000, 20000 },
    { "transient-1k-ack", run_flow,
      { .body = 1024, .queues = 1, .links = 1, .ack = true, .prefetch = 100, .window = 1024, .batch = 128 },
      200000, 5000 },
    { "transient-64k", run_flow,
      { .body = 65536, .queues = 1, .links = 1, .window = 64, .batch = 8 }, 20000, 500 },
    { "persistent-1k", run_flow,
      { .body = 1024, .queues = 1, .links = 1, .ack = true, .persistent = true, .prefetch = 1000,
        .confirms = 256, .window = 1024, .batch = 64 },
      100000, 2000 },
    { "fanout-10", run_flow,
      { .exchange = "fanout", .body = 16, .queues = 10, .links = 10, .window = 2048, .batch = 512 },
      200000, 5000 },
    { "topic-1000", run_flow,
      { .exchange = "topic", .body = 16, .queues = 10, .links = 1, .window = 4096, .batch = 500 },
      200000, 5000 },
    { "connections", run_connections, { .queues = 0 }, 1000, 50 },
    { "queues", run_queues, { .queues = 0 }, 5000, 100 },
    { "latency-5000", run_latency,
      { .body = 16, .queues = 1, .links = 1, .window = 8192, .batch = 1 }, 10000, 1000 },
    { "idle-connections", run_idle, { .queues = 0 }, 500, 50 },
    { "waiting-1k", run_waiting,
      { .body = 1024, .queues = 1, .persistent = true, .confirms = 4000, .batch = 500 }, 200000, 2000 },
};
// clang-format on
const unsigned bench_works_n = sizeof bench_works / sizeof bench_works[0];
