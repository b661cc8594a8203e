/* What a message costs among 1, 10, 100 and 1,000 of something: a broker that has more to look
   after should not do more for each message. The curve's name is the workload's. */
#include "work.h"

enum { CURVE_MS = 400, WARM_MS = 100, POINTS = 4, WINDOW = 2048 };

/* Between the clocks as many go in as come out, however many wait. */
static void measure_point(const struct work *w, const struct shape *s, const struct target *t,
                          uint64_t waiting)
{
    static struct flow f;
    struct result *r = &bench_result;
    uint64_t published, received;

    flow_open(&f, s, t);
    if (s->links == 0) {
        flow_run(&f, waiting, BUDGET_MS * 4);
        f.shape.window = f.published + WINDOW;
        flow_consume(&f, 1);
    }
    flow_run_level(&f, work_count(w) / 10, WARM_MS);
    published = f.published;
    received = flow_right(&f);
    bench_start_clock(t);
    flow_run_level(&f, work_count(w), CURVE_MS);
    bench_stop_clock(t);
    r->published = f.published - published;
    r->received = r->units = flow_right(&f) - received;
    flow_run(&f, 0, 0);
    flow_close(&f);
}

/* The last result is printed by who called the workload. */
static void draw(const struct work *w, const struct target *t, const unsigned *points,
                 void (*vary)(struct shape *s, unsigned n))
{
    unsigned round = bench_result.round;

    for (unsigned i = 0; i < POINTS; i++) {
        struct shape s = w->shape;
        unsigned n = bench_quick && i == POINTS - 1 ? points[i] / 4 : points[i];

        if (i > 0)
            bench_print_result();
        bench_begin_result(w->name, t, round);
        bench_result.point = n;
        vary(&s, n);
        measure_point(w, &s, t, n);
    }
}

static const unsigned decades[POINTS] = { 1, 10, 100, 1000 };

/* All are written to and read from, one after the other, by one connection. */
static void vary_queues(struct shape *s, unsigned n)
{
    s->queues = n;
}

void run_curve_queues(const struct work *w, const struct target *t)
{
    draw(w, t, decades, vary_queues);
}

/* One works, the others are there, each with a consumer. */
static void vary_connections(struct shape *s, unsigned n)
{
    s->idle = n - 1;
}

void run_curve_connections(const struct work *w, const struct target *t)
{
    draw(w, t, decades, vary_connections);
}

static void vary_bindings(struct shape *s, unsigned n)
{
    s->bindings = n;
}

void run_curve_bindings(const struct work *w, const struct target *t)
{
    draw(w, t, decades, vary_bindings);
}

static void vary_nothing(struct shape *s, unsigned n)
{
    (void)s;
    (void)n;
}

/* In one queue, before the first that is measured; what is measured goes behind them. */
void run_curve_waiting(const struct work *w, const struct target *t)
{
    static const unsigned waiting[POINTS] = { 100, 1000, 10000, 100000 };

    draw(w, t, waiting, vary_nothing);
}
