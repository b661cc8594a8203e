#include "bench_result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_proc.h"

struct result bench_result;

static uint64_t started_ns, generator_ns;
static int64_t broker_ns;

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

void bench_start_clock(const struct target *t)
{
    broker_ns = proc_cpu_ns(t->pid);
    generator_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    started_ns = bench_now_ns();
}

void bench_stop_clock(const struct target *t)
{
    struct result *r = &bench_result;
    int64_t spent = proc_cpu_ns(t->pid);

    r->seconds += (double)(bench_now_ns() - started_ns) / 1e9;
    r->generator_us += (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - generator_ns) / 1e3;
    if (spent >= 0 && broker_ns >= 0 && r->broker_us >= 0)
        r->broker_us += (double)(spent - broker_ns) / 1e3;
    else
        r->broker_us = -1;
}

/* Names are ours or the command line's; what comes from a broker is escaped. */
static void print_string(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            printf("\\u%04x", (unsigned char)*s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void print_head(void)
{
    printf("{\"work\":");
    print_string(bench_result.work);
    printf(",\"broker\":");
    print_string(bench_result.broker);
    printf(",\"round\":%u", bench_result.round);
}

static void print_count(const char *name, uint64_t n)
{
    printf(",\"%s\":%llu", name, (unsigned long long)n);
}

void bench_print_result(void)
{
    const struct result *r = &bench_result;

    print_head();
    print_count("units", r->units);
    print_count("published", r->published);
    print_count("received", r->received);
    print_count("confirmed", r->confirmed);
    print_count("lost", r->lost);
    print_count("twice", r->twice);
    print_count("disordered", r->disordered);
    print_count("altered", r->altered);
    print_count("unexpected", r->unexpected);
    printf(",\"seconds\":%.6f,\"generator_us\":%.1f", r->seconds, r->generator_us);
    if (r->broker_us >= 0)
        printf(",\"broker_us\":%.1f", r->broker_us);
    if (r->most_us > 0)
        printf(",\"latency_us\":{\"p50\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f,\"most\":%.1f}",
               r->p50_us, r->p99_us, r->p999_us, r->most_us);
    if (r->memory_before >= 0 && r->memory_after >= 0)
        printf(",\"memory_before\":%lld,\"memory_after\":%lld", (long long)r->memory_before,
               (long long)r->memory_after);
    puts("}");
    fflush(stdout);
}

bool bench_all_accounted_for(void)
{
    const struct result *r = &bench_result;

    return r->lost + r->twice + r->disordered + r->altered + r->unexpected == 0;
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
    print_string(why);
    puts("}");
    fflush(stdout);
    _Exit(1);
}
