/* What is measured: a table of workloads, each a function that fills in bench_result, and prints
   it itself only if it has more than one. */
#ifndef BENCHMARK_WORK_H
#define BENCHMARK_WORK_H

#include "flow.h"

enum { BUDGET_MS = 1500 }; /* what takes a broker longer is measured over fewer messages */

struct work {
    const char *name;
    void (*run)(const struct work *w, const struct target *t);
    struct shape shape;
    uint64_t most;    /* messages, connections, queues … */
    uint64_t quick;   /* … of a quick run */
    unsigned rate;    /* of latencies: messages per second */
    unsigned limit_s; /* then it is ended; 0: a minute */
};

extern const struct work bench_works[];
extern const unsigned bench_works_n;
extern bool bench_quick;
extern uint64_t bench_backlog; /* messages of `backlog`; 0: as many as the table says */

static inline uint64_t work_count(const struct work *w)
{
    return bench_quick ? w->quick : w->most;
}

/* work_rates.c */
void run_connections(const struct work *w, const struct target *t);
void run_connections_single(const struct work *w, const struct target *t);
void run_connection_rate(const struct work *w, const struct target *t);
void run_queues(const struct work *w, const struct target *t);
void run_queue_rate(const struct work *w, const struct target *t);
/* work_memory.c */
void run_idle(const struct work *w, const struct target *t);
void run_backlog(const struct work *w, const struct target *t);
/* work_curves.c: one result for each point */
void run_curve_queues(const struct work *w, const struct target *t);
void run_curve_connections(const struct work *w, const struct target *t);
void run_curve_bindings(const struct work *w, const struct target *t);
void run_curve_waiting(const struct work *w, const struct target *t);

#endif
