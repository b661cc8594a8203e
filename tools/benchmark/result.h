/* What one workload on one broker came to: filled in on the way, printed as one line of JSON.
   There is one at a time, as each workload runs in a process of its own; so whoever cannot go
   on calls bench_give_up, and all that is open goes with the process. */
#ifndef BENCHMARK_RESULT_H
#define BENCHMARK_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct target {
    const char *name; /* as the user calls it */
    const char *host, *port, *user, *password, *vhost;
    pid_t pid; /* of the broker; 0: not on this machine, or not ours to look at */
};

struct percentiles { /* microseconds; most 0: not measured */
    double p50, p99, p999, most;
};

struct result {
    const char *work, *broker;
    unsigned round, point; /* point: of a curve, how many there are of what it is about */
    uint64_t asked;        /* units that were to be, where a broker may stop before; 0: no such */
    uint64_t published, received, confirmed; /* the measured part alone */
    /* All of it; unexpected: confirmed twice or never, redelivered. */
    uint64_t lost, twice, disordered, altered, unexpected;
    uint64_t units;                          /* what the costs are divided by */
    double seconds, broker_us, generator_us; /* broker_us < 0: not known */
    double generator_user_us;                /* of it, outside the kernel */
    struct percentiles latency, confirm;     /* from sent to received, to confirmed */
    /* Anonymous, octets; < 0: not known. The height is that of the whole measurement. */
    int64_t memory_before, memory_after, memory_peak;
};

extern struct result bench_result;

/* Before each measurement: empty but for these. */
void bench_begin_result(const char *work, const struct target *t, unsigned round);
/* Prints the line with the reason and ends the process; exit code 1. */
__attribute__((format(printf, 1, 2), noreturn)) void bench_give_up(const char *format, ...);
void bench_print_result(void);
bool bench_all_accounted_for(void); /* in all that were printed */

/* Measuring: between the two the costs of both sides and the time are added up. */
void bench_start_clock(const struct target *t);
void bench_stop_clock(const struct target *t);

uint64_t bench_now_ns(void);

#endif
