/* What comes and goes: connections and queues, one by one and many at once. */
#include <stdio.h>
#include <unistd.h>

#include "work.h"

enum { CONNECTIONS_AT_ONCE = 32, QUEUES_AT_ONCE = 100 };

static uint64_t end_of_budget(void)
{
    return bench_now_ns() + BUDGET_MS * 1000000ull;
}

/* Each step for all of them, then the next: the broker always has something to do. */
static void open_many(struct link *l, unsigned n, const struct target *t)
{
    for (unsigned i = 0; i < n; i++)
        link_begin(&l[i], t);
    for (unsigned i = 0; i < n; i++)
        link_login(&l[i], t);
    for (unsigned i = 0; i < n; i++)
        link_enter(&l[i], t);
    for (unsigned i = 0; i < n; i++)
        link_entered(&l[i]);
}

static void close_many(struct link *l, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        link_leave(&l[i]);
    for (unsigned i = 0; i < n; i++)
        link_left(&l[i]);
}

/* The broker has always something to do, as with messages that are published in batches. */
void run_connections(const struct work *w, const struct target *t)
{
    static struct link links[CONNECTIONS_AT_ONCE];
    struct result *r = &bench_result;
    uint64_t end_ns = end_of_budget();

    bench_start_clock(t);
    while (r->units < work_count(w) && bench_now_ns() < end_ns) {
        open_many(links, CONNECTIONS_AT_ONCE, t);
        close_many(links, CONNECTIONS_AT_ONCE);
        r->units += CONNECTIONS_AT_ONCE;
    }
    bench_stop_clock(t);
}

/* Each with the next one's wait in it: what it costs the broker to wake up is in the figure. */
void run_connections_single(const struct work *w, const struct target *t)
{
    struct result *r = &bench_result;
    uint64_t end_ns = end_of_budget();

    bench_start_clock(t);
    while (r->units < work_count(w) && bench_now_ns() < end_ns) {
        struct link l;

        link_open(&l, t);
        link_close(&l);
        r->units++;
    }
    bench_stop_clock(t);
}

void run_connection_rate(const struct work *w, const struct target *t)
{
    static struct link links[CONNECTIONS_AT_ONCE];
    struct result *r = &bench_result;
    uint64_t end_ns = end_of_budget();

    while (r->units < work_count(w) && bench_now_ns() < end_ns) {
        bench_start_clock(t);
        open_many(links, CONNECTIONS_AT_ONCE, t);
        bench_stop_clock(t); /* closing is not what is asked here */
        close_many(links, CONNECTIONS_AT_ONCE);
        r->units += CONNECTIONS_AT_ONCE;
    }
}

/* ---- queues ----------------------------------------------------------------------------- */

static void name_queue(char *to, size_t size, uint64_t n)
{
    snprintf(to, size, "amqproof.bench.%ld.%llu", (long)getpid(), (unsigned long long)n);
}

void run_queues(const struct work *w, const struct target *t)
{
    struct result *r = &bench_result;
    uint64_t end_ns = end_of_budget();
    char name[64];
    struct link l;

    link_open(&l, t);
    link_open_channel(&l, 1);
    bench_start_clock(t);
    while (r->units < work_count(w) && bench_now_ns() < end_ns) {
        struct m_queue_declare declare = { 0 };
        struct m_queue_delete delete = { 0 };

        name_queue(name, sizeof name, r->units);
        declare.queue = delete.queue = str_of(name);
        link_call(&l, 1, M_queue_declare, &declare, M_queue_declare_ok);
        link_call(&l, 1, M_queue_delete, &delete, M_queue_delete_ok);
        r->units++;
    }
    bench_stop_clock(t);
    link_close(&l);
}

/* Counts answers; none of them can be told from the other but by its order. */
static bool count_answer(void *owner, const struct raw *f)
{
    uint64_t *answers = owner;
    uint32_t ids = f->type == FRAME_METHOD && f->size >= 4 ? octets_4(f->payload) : 0;

    *answers += ids == (50 << 16 | 11) || ids == (50 << 16 | 41);
    return ids == (50 << 16 | 11) || ids == (50 << 16 | 41);
}

static void ask_many(struct link *l, bool create, uint64_t first)
{
    uint64_t *answers = l->owner, before = *answers;
    char name[64];

    for (unsigned i = 0; i < QUEUES_AT_ONCE; i++) {
        struct m_queue_declare declare = { 0 };
        struct m_queue_delete delete = { 0 };

        name_queue(name, sizeof name, first + i);
        declare.queue = delete.queue = str_of(name);
        frame_put_method(&l->out, 1, create ? M_queue_declare : M_queue_delete,
                         create ? (const void *)&declare : &delete);
    }
    link_push(l);
    while (*answers < before + QUEUES_AT_ONCE)
        link_wait(l);
}

void run_queue_rate(const struct work *w, const struct target *t)
{
    struct result *r = &bench_result;
    uint64_t end_ns = end_of_budget(), answers = 0;
    struct link l;

    link_open(&l, t);
    link_open_channel(&l, 1);
    l.take = count_answer;
    l.owner = &answers;
    bench_start_clock(t);
    while (r->units < work_count(w) && bench_now_ns() < end_ns) {
        ask_many(&l, true, r->units);
        r->units += QUEUES_AT_ONCE;
    }
    bench_stop_clock(t);
    for (uint64_t n = 0; n < r->units; n += QUEUES_AT_ONCE)
        ask_many(&l, false, n);
    link_close(&l);
}
