/* What is measured: a table of workloads, each a function that fills in bench_result. */
#ifndef TOOLS_BENCH_WORK_H
#define TOOLS_BENCH_WORK_H

#include "bench_flow.h"

struct work {
    const char *name;
    void (*run)(const struct work *w, const struct target *t, bool quick);
    struct shape shape;
    uint64_t most;  /* messages, connections, queues … */
    uint64_t quick; /* … of a quick run */
};

extern const struct work bench_works[];
extern const unsigned bench_works_n;

#endif
