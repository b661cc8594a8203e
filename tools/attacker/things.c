/* Things a broker keeps for its clients: channels, queues, bindings. */
#include <stdio.h>

#include "many.h"

enum { PIPELINE = 500 };

/* Opens channels from..to, many to a packet; how many the broker opened. */
static unsigned open_channels(struct link *l, unsigned from, unsigned to)
{
    struct m_channel_open open = { 0 };
    unsigned n = 0;

    for (unsigned i = from; i < to; i++)
        link_put(l, (uint16_t)i, M_channel_open, &open);
    if (!link_flush(l))
        return 0;
    for (unsigned i = from; i < to; i++)
        n += link_await(l, (uint16_t)i, M_channel_open_ok) != NULL;
    return n;
}

static unsigned open_all_channels(struct link *l)
{
    unsigned n = 0, more = 1;

    for (unsigned from = 1; more && from <= l->channel_max; from += PIPELINE) {
        unsigned to = from + PIPELINE < l->channel_max + 1u ? from + PIPELINE : l->channel_max + 1u;

        more = open_channels(l, from, to);
        n += more;
    }
    return n;
}

void attack_channels(struct stage *s)
{
    struct link l;

    if (!link_open(&l, s->target, (struct wishes){ 0, 0 }))
        stage_give_up(s, "no connection");
    stage_established(s, open_all_channels(&l));
    stage_linger(s);
}

/* Until one is refused. */
void attack_many_channels(struct stage *s)
{
    enum { MOST = 32 };
    static struct link l[MOST];
    uint64_t n = 0;

    for (unsigned i = 0; i < stage_size(s, MOST, 4); i++) {
        if (!link_open(&l[i], s->target, (struct wishes){ 0, 0 }))
            break;
        n += open_all_channels(&l[i]);
        if (l[i].refused || l[i].gone)
            break;
    }
    stage_established(s, n);
    stage_linger(s);
}

/* Declares or binds `n`, many to a packet; how many were answered before a refusal. */
struct kind {
    enum method_id answer;
    void (*put)(struct link *l, unsigned number);
};

static unsigned make(struct link *l, const struct kind *k, unsigned n)
{
    unsigned made = 0;

    for (unsigned from = 0; from < n && !l->gone && !l->refused; from += PIPELINE) {
        unsigned to = from + PIPELINE < n ? from + PIPELINE : n;

        for (unsigned i = from; i < to; i++)
            k->put(l, i);
        if (!link_flush(l))
            break;
        for (unsigned i = from; i < to && !l->refused; i++)
            made += link_await(l, 1, k->answer) != NULL;
    }
    return made;
}

static void put_queue(struct link *l, unsigned number)
{
    char name[64];
    struct m_queue_declare q = { .queue = { name, 0 }, .exclusive = true };

    q.queue.n = (size_t)snprintf(name, sizeof name, "attack-%u", number);
    link_put(l, 1, M_queue_declare, &q);
}

static void put_binding(struct link *l, unsigned number)
{
    char key[64];
    struct m_queue_bind b = { .queue = S("attack"),
                              .exchange = S("amq.topic"),
                              .routing_key = { key, 0 } };

    b.routing_key.n = (size_t)snprintf(key, sizeof key, "attack.%u.*.of.many", number);
    link_put(l, 1, M_queue_bind, &b);
}

void attack_queues(struct stage *s)
{
    static const struct kind queues = { M_queue_declare_ok, put_queue };
    struct link l;

    must_open(s, &l);
    stage_established(s, make(&l, &queues, stage_size(s, 100000, 5000)));
    stage_linger(s);
}

void attack_bindings(struct stage *s)
{
    static const struct kind bindings = { M_queue_bind_ok, put_binding };
    struct link l;

    must_declare(s, &l, S("attack"));
    stage_established(s, make(&l, &bindings, stage_size(s, 100000, 5000)));
    stage_linger(s);
}

void attack_churn(struct stage *s)
{
    static const struct kind queues = { M_queue_declare_ok, put_queue };
    uint64_t n = 0;

    for (bool on = true; on; on = stage_goes_on(s)) {
        struct link l;

        must_open(s, &l);
        n += make(&l, &queues, 200);
        if (!link_bye(&l))
            stage_give_up(s, "no close-ok");
        if (!s->established && n >= stage_size(s, 10000, 1000))
            stage_established(s, n);
    }
}
