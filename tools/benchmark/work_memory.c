/* What takes memory. Both need a broker that has just started: memory that was used before and
   given back to the allocator, not to the system, would hide what these take. */
#include <stdlib.h>

#include "proc.h"
#include "work.h"

enum { BACKLOG_MS = 180000 };

void run_idle(const struct work *w, const struct target *t)
{
    struct result *r = &bench_result;
    uint64_t n = work_count(w);
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

/* The height is looked at from time to time; the end may be above all of that. */
static void end_memory(struct result *r, const struct target *t)
{
    r->memory_after = proc_memory(t->pid);
    if (r->memory_after > r->memory_peak)
        r->memory_peak = r->memory_after;
}

/* Two results: what it takes to put them in, and to get them out again. */
void run_backlog(const struct work *w, const struct target *t)
{
    static struct flow f;
    struct result *r = &bench_result;
    unsigned round = r->round;
    int64_t peak;

    bench_begin_result("backlog-in", t, round);
    flow_open(&f, &w->shape, t);
    r->memory_before = proc_memory(t->pid);
    flow_watch_memory(&f);
    r->asked = bench_backlog && !bench_quick ? bench_backlog : work_count(w);
    bench_start_clock(t);
    flow_run(&f, r->asked, BACKLOG_MS);
    bench_stop_clock(t);
    end_memory(r, t);
    r->units = r->published = f.published;
    r->confirmed = f.confirmed;
    peak = r->memory_peak;
    bench_print_result();

    bench_begin_result("backlog-out", t, round);
    r->memory_before = r->memory_peak = proc_memory(t->pid);
    r->memory_peak = r->memory_peak > peak ? r->memory_peak : peak;
    flow_consume(&f, 1);
    bench_start_clock(t);
    flow_run(&f, 0, 0);
    flow_fence(&f);
    bench_stop_clock(t);
    end_memory(r, t);
    r->units = r->received = flow_right(&f);
    flow_close(&f);
}
