#define _GNU_SOURCE /* ppoll */
#include "bystander.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TICK_NS = 10000000, WAIT_NS = 2000000000 };

static bool prepare(struct bystander *b, struct str queue)
{
    char body[BYSTANDER_BODY] = { 0 };
    struct message m = { .key = queue, .body = { body, sizeof body } };
    struct buf all;

    link_put_publish(&b->publisher, 1, &m);
    all = b->publisher.out;
    if (all.n > sizeof b->publish)
        return false;
    memcpy(b->publish, all.p, all.n);
    b->publish_n = all.n;
    b->body_at = all.n - 1 - BYSTANDER_BODY;
    b->publisher.out.n = 0;
    return true;
}

bool bystander_open(struct bystander *b, const struct target *t)
{
    struct m_queue_declare q = { .exclusive = true };
    struct m_basic_consume consume = { .no_ack = true };
    struct link *c = &b->consumer;
    const struct m_queue_declare_ok *made;
    char name[256];
    struct str queue = { name, 0 };

    *b = (struct bystander){ .due_ns = calloc(LIMIT_SAMPLES, sizeof(int64_t)) };
    if (!b->due_ns || !link_open(c, t, (struct wishes){ 1, 0 }) || !link_channel(c, 1) ||
        !(made = link_call(c, 1, M_queue_declare, &q, M_queue_declare_ok)))
        return false;
    queue.n = made->queue.n;
    memcpy(name, made->queue.p, made->queue.n);
    if (!link_call(c, 1, M_basic_consume, &consume, M_basic_consume_ok))
        return false;
    return link_open(&b->publisher, t, (struct wishes){ 1, 0 }) && link_channel(&b->publisher, 1) &&
           prepare(b, queue);
}

void bystander_close(struct bystander *b)
{
    link_drop(&b->publisher);
    link_drop(&b->consumer);
    free(b->due_ns);
    b->due_ns = NULL;
}

static void publish_one(struct bystander *b, int64_t due)
{
    for (unsigned i = 0; i < 8; i++)
        b->publish[b->body_at + i] = (uint8_t)(b->said >> 8 * (7 - i));
    b->due_ns[b->said - b->first] = due;
    b->said++;
    buf_put(&b->publisher.out, b->publish, b->publish_n);
}

/* What does not go now goes with what follows. */
static bool push(struct link *l)
{
    size_t n = l->out.n ? link_push(l, buf_str(&l->out)) : 0;

    if (n)
        buf_drop(&l->out, n);
    return !l->gone;
}

struct measure {
    double *us;
    uint64_t n, want;
    int64_t next_due, step, end, last_tick;
};

static void take(struct bystander *b, struct measure *m, const struct frame *f)
{
    struct cur c = cur_of(f->payload);
    uint64_t number;

    if (f->type != FRAME_BODY)
        return;
    number = cur_u(&c, 8);
    if (number >= b->first && number - b->first < m->want)
        m->us[m->n++] = (double)(now_ns() - b->due_ns[number - b->first]) / 1e3;
}

static bool read_all(struct bystander *b, struct measure *m)
{
    struct frame f;
    enum heard h;

    while ((h = link_hear(&b->consumer, &f, 0)) == HEARD)
        take(b, m, &f);
    return h != GONE && link_discard(&b->publisher);
}

static void rest(struct bystander *b, int64_t until)
{
    struct pollfd p[2] = { { .fd = b->consumer.fd, .events = POLLIN },
                           { .fd = b->publisher.fd,
                             .events = (short)(POLLIN | (b->publisher.out.n ? POLLOUT : 0)) } };
    int64_t ns = until - now_ns();
    struct timespec t = { 0, ns < 0 ? 0 : ns > TICK_NS ? TICK_NS : ns };

    (void)ppoll(p, 2, &t, NULL);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void sum_up(struct measure *m, struct latency *out)
{
    *out = (struct latency){ .sent = m->want, .missing = m->want - m->n };
    if (m->n == 0)
        return;
    qsort(m->us, m->n, sizeof *m->us, ascending);
    out->p50 = m->us[m->n / 2];
    out->p99 = m->us[m->n * 99 / 100];
    out->p999 = m->us[m->n * 999 / 1000];
    out->most = m->us[m->n - 1];
}

static bool go_on(struct bystander *b, struct measure *m, tick_fn *tick, void *context)
{
    int64_t now = now_ns();

    while (b->said - b->first < m->want && now >= m->next_due) {
        publish_one(b, m->next_due);
        m->next_due += m->step;
    }
    if (!push(&b->publisher) || !read_all(b, m))
        return false;
    if (now - m->last_tick >= TICK_NS) {
        tick(context);
        m->last_tick = now;
    }
    rest(b, b->said - b->first < m->want ? m->next_due : now + TICK_NS);
    return true;
}

bool bystander_measure(struct bystander *b, unsigned ms, unsigned per_second, struct latency *out,
                       tick_fn *tick, void *context)
{
    uint64_t n = (uint64_t)ms * per_second / 1000;
    struct measure m = { .want = n < LIMIT_SAMPLES ? n : LIMIT_SAMPLES,
                         .step = 1000000000 / per_second };
    bool here = true;

    m.us = calloc(m.want + 1, sizeof *m.us);
    m.next_due = now_ns();
    m.end = m.next_due + m.step * (int64_t)m.want + WAIT_NS;
    b->first = b->said;
    while (here && m.us && m.n < m.want && now_ns() < m.end)
        here = go_on(b, &m, tick, context);
    if (m.us)
        sum_up(&m, out);
    free(m.us);
    return here;
}

static bool publish_and_get(struct link *l, struct str queue)
{
    struct message m = { .key = queue, .body = S("a newcomer's") };
    struct m_basic_get get = { .queue = queue, .no_ack = true };
    struct frame f;

    link_put_publish(l, 1, &m);
    if (!link_call(l, 1, M_basic_get, &get, M_basic_get_ok))
        return false;
    while (link_hear(l, &f, SILENCE_MS) == HEARD) {
        if (f.type == FRAME_BODY)
            return str_eq(f.payload, m.body);
    }
    return false;
}

double newcomer_served(const struct target *t)
{
    int64_t start = now_ns();
    struct link l;
    char name[64];
    struct str queue = { name, 0 };
    const struct m_queue_declare_ok *made = NULL;
    struct m_queue_declare q = { .exclusive = true };
    bool served = link_open(&l, t, (struct wishes){ 1, 0 }) && link_channel(&l, 1) &&
                  (made = link_call(&l, 1, M_queue_declare, &q, M_queue_declare_ok)) != NULL &&
                  made->queue.n < sizeof name;

    if (served) {
        memcpy(name, made->queue.p, made->queue.n);
        queue.n = made->queue.n;
        served = publish_and_get(&l, queue) && link_bye(&l);
    }
    link_drop(&l);
    return served ? (double)(now_ns() - start) / 1e6 : -1;
}
