#include "result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "json.h"
#include "proc.h"

struct result bench_result;

static uint64_t started_ns, generator_ns, user_us;
static int64_t broker_ns;
static bool anything_wrong;

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t user_time_us(void)
{
    struct rusage u = { 0 };

    getrusage(RUSAGE_SELF, &u);
    return (uint64_t)u.ru_utime.tv_sec * 1000000u + (uint64_t)u.ru_utime.tv_usec;
}

uint64_t bench_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

void bench_begin_result(const char *work, const struct target *t, unsigned round)
{
    bench_result = (struct result){ .work = work,
                                    .broker = t->name,
                                    .round = round,
                                    .memory_before = -1,
                                    .memory_after = -1,
                                    .memory_peak = -1 };
}

enum { LIMIT_MOMENTS = 50 };

/* What a thread has had since it began to run the kernel adds when the thread sleeps, or at a tick:
   so the broker is left alone for a moment, which costs it nothing; for some more of them
   where others keep it from ending what it does. */
static int64_t broker_spent(const struct target *t)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    for (int i = 0; i == 0 || (i < LIMIT_MOMENTS && proc_runs(t->pid)); i++)
        nanosleep(&moment, NULL);
    return proc_cpu_ns(t->pid);
}

void bench_start_clock(const struct target *t)
{
    broker_ns = broker_spent(t);
    generator_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    user_us = user_time_us();
    started_ns = bench_now_ns();
}

void bench_stop_clock(const struct target *t)
{
    struct result *r = &bench_result;
    int64_t spent;

    r->seconds += (double)(bench_now_ns() - started_ns) / 1e9;
    r->generator_us += (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - generator_ns) / 1e3;
    r->generator_user_us += (double)(user_time_us() - user_us);
    spent = broker_spent(t);
    if (spent >= 0 && broker_ns >= 0 && r->broker_us >= 0)
        r->broker_us += (double)(spent - broker_ns) / 1e3;
    else
        r->broker_us = -1;
}

static void print_count(const char *name, uint64_t n)
{
    printf(",\"%s\":%llu", name, (unsigned long long)n);
}

static void print_head(void)
{
    printf("{\"work\":");
    json_string(bench_result.work);
    printf(",\"broker\":");
    json_string(bench_result.broker);
    print_count("round", bench_result.round);
    if (bench_result.point > 0)
        print_count("point", bench_result.point);
    if (bench_result.asked > 0)
        print_count("asked", bench_result.asked);
}

static void print_percentiles(const char *name, const struct percentiles *p)
{
    if (p->most > 0)
        printf(",\"%s\":{\"p50\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f,\"most\":%.1f}", name, p->p50,
               p->p99, p->p999, p->most);
}

static void print_memory(const char *name, int64_t octets)
{
    if (octets >= 0)
        printf(",\"%s\":%lld", name, (long long)octets);
}

static void print_tally(const struct result *r)
{
    print_count("units", r->units);
    print_count("published", r->published);
    print_count("received", r->received);
    print_count("confirmed", r->confirmed);
    print_count("lost", r->lost);
    print_count("twice", r->twice);
    print_count("disordered", r->disordered);
    print_count("altered", r->altered);
    print_count("unexpected", r->unexpected);
}

static uint64_t wrongs(const struct result *r)
{
    return r->lost + r->twice + r->disordered + r->altered + r->unexpected;
}

void bench_print_result(void)
{
    const struct result *r = &bench_result;

    print_head();
    print_tally(r);
    printf(",\"seconds\":%.6f,\"generator_us\":%.1f,\"generator_user_us\":%.1f", r->seconds,
           r->generator_us, r->generator_user_us);
    if (r->broker_us >= 0)
        printf(",\"broker_us\":%.1f", r->broker_us);
    print_percentiles("latency_us", &r->latency);
    print_percentiles("confirm_us", &r->confirm);
    print_memory("memory_before", r->memory_before);
    print_memory("memory_after", r->memory_after);
    print_memory("memory_peak", r->memory_peak);
    puts("}");
    fflush(stdout);
    anything_wrong = anything_wrong || wrongs(r) > 0;
}

bool bench_all_accounted_for(void)
{
    return !anything_wrong;
}

void bench_give_up(const char *format, ...)
{
    char why[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    print_head();
    printf(",\"error\":");
    json_string(why);
    puts("}");
    fflush(stdout);
    _Exit(1);
}
