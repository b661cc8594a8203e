#include "work.h"

#include <stdlib.h>

enum {
    WARM_MS = 300,
    WARM_SHARE = 10, /* a tenth of the messages goes before, unmeasured */
    NS_PER_S = 1000000000,
};

bool bench_quick;
uint64_t bench_backlog;

/* ---- messages through ------------------------------------------------------------------- */

static void run_flow(const struct work *w, const struct target *t)
{
    static struct flow f;
    struct result *r = &bench_result;
    uint64_t published, received, confirmed;

    flow_open(&f, &w->shape, t);
    flow_run(&f, work_count(w) / WARM_SHARE, WARM_MS);
    flow_fence(&f);
    published = f.published;
    received = flow_right(&f);
    confirmed = f.confirmed;
    bench_start_clock(t);
    flow_run(&f, work_count(w), BUDGET_MS);
    if (w->shape.ack)
        flow_fence(&f);
    bench_stop_clock(t);
    r->published = f.published - published;
    r->received = flow_right(&f) - received;
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

static double at_share(const uint64_t *ns, uint64_t n, unsigned of_1000)
{
    uint64_t i = n * of_1000 / 1000;

    return (double)ns[i < n ? i : n - 1] / 1e3;
}

static struct percentiles percentiles_of(uint64_t *ns, uint64_t n)
{
    if (n == 0)
        return (struct percentiles){ 0 };
    qsort(ns, n, sizeof *ns, by_size);
    return (struct percentiles){ at_share(ns, n, 500), at_share(ns, n, 990), at_share(ns, n, 999),
                                 at_share(ns, n, 1000) };
}

/* One message at a time, in even steps. Late ones are sent at once; each is timed from its own
   sending. */
static void publish_evenly(struct flow *f, uint64_t n, unsigned rate)
{
    uint64_t start = bench_now_ns(), step = NS_PER_S / rate;

    while (f->published < n) {
        uint64_t due = start + f->published * step, now = bench_now_ns();

        if (now < due || f->unsent_at < f->unsent_to) {
            flow_turn(f, (int64_t)(now < due ? due - now : step));
            continue;
        }
        f->sent_ns[f->published] = now;
        flow_publish(f, 1);
    }
    flow_run(f, 0, 0);
}

static void *room_for(uint64_t n)
{
    void *p = calloc(n, sizeof(uint64_t));

    if (!p)
        bench_give_up("out of memory");
    return p;
}

static void run_latency(const struct work *w, const struct target *t)
{
    static struct flow f;
    struct result *r = &bench_result;
    uint64_t n = work_count(w) + work_count(w) / WARM_SHARE;

    flow_open(&f, &w->shape, t);
    f.sent_ns = room_for(n);
    f.latency_ns = room_for(n);
    f.confirm_ns = room_for(n);
    f.latencies_room = n;
    f.unmeasured = work_count(w) / WARM_SHARE;
    bench_start_clock(t);
    publish_evenly(&f, n, w->rate);
    bench_stop_clock(t);
    r->published = f.published;
    r->received = r->units = flow_right(&f);
    r->confirmed = f.confirmed;
    r->latency = percentiles_of(f.latency_ns, f.latencies);
    r->confirm = percentiles_of(f.confirm_ns, f.confirms);
    flow_close(&f);
    free(f.sent_ns);
    free(f.latency_ns);
    free(f.confirm_ns);
}

/* ---- the table -------------------------------------------------------------------------- */

// clang-format off
const struct work bench_works[] = {
    { "idle-connections", run_idle, { .queues = 0 }, 500, 50, 0, 0 },
    { "transient-16", run_flow,
      { .body = 16, .queues = 1, .links = 1, .window = 8192, .batch = 1024 }, 1000000, 20000, 0, 0 },
    { "transient-1k-ack", run_flow,
      { .body = 1024, .queues = 1, .links = 1, .ack = true, .prefetch = 100, .window = 1024, .batch = 128 },
      200000, 5000, 0, 0 },
    { "transient-64k", run_flow,
      { .body = 65536, .queues = 1, .links = 1, .window = 32, .batch = 8 }, 20000, 500, 0, 0 },
    { "persistent-1k", run_flow,
      { .body = 1024, .queues = 1, .links = 1, .ack = true, .persistent = true, .prefetch = 1000,
        .confirms = 256, .window = 1024, .batch = 64 },
      100000, 2000, 0, 0 },
    { "fanout-10", run_flow,
      { .exchange = "fanout", .body = 16, .queues = 10, .links = 10, .window = 2048, .batch = 512 },
      200000, 5000, 0, 0 },
    { "topic-1000", run_flow,
      { .exchange = "topic", .bindings = 1000, .body = 16, .queues = 10, .links = 1, .window = 4096, .batch = 500 },
      200000, 5000, 0, 0 },
    { "connections", run_connections, { .queues = 0 }, 1024, 64, 0, 0 },
    { "connections-single", run_connections_single, { .queues = 0 }, 1000, 50, 0, 0 },
    { "connection-rate", run_connection_rate, { .queues = 0 }, 1024, 64, 0, 0 },
    { "queues", run_queues, { .queues = 0 }, 5000, 100, 0, 0 },
    { "queue-rate", run_queue_rate, { .queues = 0 }, 5000, 200, 0, 0 },
    { "latency-5000", run_latency,
      { .body = 16, .queues = 1, .links = 1, .window = 8192, .batch = 1, .at_once = true }, 10000, 1000, 5000, 0 },
    { "latency-persistent-1000", run_latency,
      { .body = 1024, .queues = 1, .links = 1, .ack = true, .persistent = true, .prefetch = 1000, .confirms = 4000,
        .window = 4000, .batch = 1, .at_once = true },
      2000, 200, 1000, 0 },
    { "curve-queues", run_curve_queues,
      { .body = 16, .queues = 1, .links = 1, .window = 8192, .batch = 1024 }, 200000, 4000, 0, 0 },
    { "curve-connections", run_curve_connections,
      { .body = 16, .queues = 1, .links = 1, .window = 8192, .batch = 1024 }, 200000, 4000, 0, 0 },
    { "curve-bindings", run_curve_bindings,
      { .exchange = "topic", .body = 16, .queues = 1, .links = 1, .window = 8192, .batch = 1000 },
      200000, 4000, 0, 0 },
    { "curve-waiting", run_curve_waiting,
      { .body = 16, .queues = 1, .ack = true, .prefetch = 1000, .batch = 500 }, 200000, 4000, 0, 0 },
    { "backlog", run_backlog,
      { .body = 1024, .queues = 1, .ack = true, .persistent = true, .prefetch = 1000, .confirms = 4000, .batch = 500 },
      1000000, 2000, 0, 400 },
};
// clang-format on
const unsigned bench_works_n = sizeof bench_works / sizeof bench_works[0];
