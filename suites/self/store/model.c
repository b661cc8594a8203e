#include "model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS_MOST = 10, IDS_MOST = 64 };

static uint64_t stir(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void model_init(struct model *m, uint64_t seed)
{
    *m = (struct model){ .random = seed, .next_id = MODEL_QUEUES + 1 };
    for (unsigned q = 0; q < MODEL_QUEUES; q++) {
        m->ids[q] = q + 1;
        m->next_seq[q] = 1;
    }
}

/* ---- what a message is: all of it follows from queue and number ---- */

static size_t body_octets(uint64_t id, uint64_t seq)
{
    uint64_t r = id << 32 | seq;

    switch (stir(&r) % 16) {
    case 0: return stir(&r) % BODY_MOST; /* in pages of its own */
    case 1: return 0;
    case 2: return stir(&r) % 9000;
    default: return stir(&r) % 1200;
    }
}

/* The caller's room; it is kept for the store until the end of the test. */
static struct str body_of(uint64_t id, uint64_t seq, char *room)
{
    uint64_t r = ~(id << 32 | seq);
    size_t n = body_octets(id, seq);

    for (size_t i = 0; i < n; i += 8) {
        uint64_t eight = stir(&r);

        memcpy(room + i, &eight, n - i < 8 ? n - i : 8);
    }
    return (struct str){ room, n };
}

static void drop(void *body)
{
    free(body);
}

static void put(struct store *s, uint64_t id, uint64_t seq)
{
    char *room = malloc(body_octets(id, seq) + 8);
    struct store_message message = { .queue_id = id,
                                     .seq = seq,
                                     .exchange = STR("exchange"),
                                     .routing_key = STR("key"),
                                     .properties = STR("\0\0"),
                                     .expires_at_ms = (int64_t)(id * seq),
                                     .priority = (uint8_t)(seq % 10) };

    assert(room);
    message.body = body_of(id, seq, room);
    store_put_message(s, &message, (struct store_hold){ .owner = room, .release = drop });
}

/* ---- what is done ---- */

static void do_put(struct model *m, struct store *s, unsigned q)
{
    uint64_t seq = m->next_seq[q];

    if (seq >= MODEL_SEQS)
        return;
    m->next_seq[q]++;
    m->there[q][seq] = true;
    put(s, m->ids[q], seq);
}

/* Mostly the oldest, as consumers do. */
static void do_del(struct model *m, struct store *s, unsigned q)
{
    uint64_t seq = 1;

    if (stir(&m->random) % 4 == 0)
        seq = 1 + stir(&m->random) % MODEL_SEQS;
    while (seq < m->next_seq[q] && !m->there[q][seq])
        seq++;
    if (seq >= m->next_seq[q])
        return;
    m->there[q][seq] = false;
    store_del_message(s, m->ids[q], seq);
}

static void do_mark(struct model *m, struct store *s, unsigned q)
{
    uint64_t seq = m->mark[q] + stir(&m->random) % 4;

    if (seq >= m->next_seq[q] || seq == m->mark[q])
        return;
    m->mark[q] = seq;
    store_set_mark(s, m->ids[q], seq);
}

static void do_del_queue(struct model *m, struct store *s, unsigned q)
{
    if (m->next_id >= IDS_MOST)
        return;
    store_del_queue(s, m->ids[q]);
    memset(m->there[q], 0, sizeof m->there[q]);
    m->ids[q] = m->next_id++;
    m->next_seq[q] = 1;
    m->mark[q] = 0;
}

static void do_def(struct model *m, struct store *s)
{
    unsigned d = stir(&m->random) % MODEL_DEFS;
    char name[2] = { (char)('a' + d), '\0' }, value[16];

    m->defs[d] = m->defs[d] && stir(&m->random) % 2 ? 0 : 1 + (unsigned)(stir(&m->random) % 1000);
    snprintf(value, sizeof value, "%u", m->defs[d]);
    if (m->defs[d])
        store_put_def(s, 'q', (struct str){ name, 1 }, (struct str){ value, strlen(value) });
    else
        store_del_def(s, 'q', (struct str){ name, 1 });
}

void model_step(struct model *m, struct store *s, bool alone)
{
    store_atomic(s, !alone);
    for (uint64_t n = 1 + stir(&m->random) % OPERATIONS_MOST; n > 0; n--) {
        unsigned q = stir(&m->random) % MODEL_QUEUES;
        uint64_t what = stir(&m->random) % 64;

        if (what < 30)
            do_put(m, s, q);
        else if (what < 52)
            do_del(m, s, q);
        else if (what < 58)
            do_mark(m, s, q);
        else if (what < 63)
            do_def(m, s);
        else
            do_del_queue(m, s, q);
    }
    store_atomic(s, false);
}

/* ---- pictures ---- */

static void add(uint64_t *sum, const void *p, size_t n)
{
    const unsigned char *octets = p;

    for (size_t i = 0; i < n; i++)
        *sum = (*sum ^ octets[i]) * UINT64_C(0x100000001b3);
}

static void add_number(uint64_t *sum, uint64_t n)
{
    add(sum, &n, sizeof n);
}

static void add_def(uint64_t *sum, char kind, struct str name, struct str value)
{
    add(sum, &kind, 1);
    add(sum, name.p, name.n);
    add_number(sum, value.n);
    add(sum, value.p, value.n);
}

static void add_message(uint64_t *sum, const struct store_message *m, bool redelivered)
{
    add_number(sum, m->queue_id);
    add_number(sum, m->seq * 2 + redelivered);
    add_number(sum, (uint64_t)m->expires_at_ms * 16 + m->priority);
    add_number(sum, m->body.n);
    add(sum, m->body.p, m->body.n);
}

static void add_model_queue(uint64_t *sum, const struct model *m, unsigned q)
{
    static char room[BODY_MOST + 8];

    for (uint64_t seq = 1; seq < m->next_seq[q]; seq++) {
        struct store_message message = { .queue_id = m->ids[q],
                                         .seq = seq,
                                         .expires_at_ms = (int64_t)(m->ids[q] * seq),
                                         .priority = (uint8_t)(seq % 10) };

        if (!m->there[q][seq])
            continue;
        message.body = body_of(m->ids[q], seq, room);
        add_message(sum, &message, seq <= m->mark[q]);
    }
}

uint64_t model_picture(const struct model *m)
{
    uint64_t sum = 0;

    for (unsigned d = 0; d < MODEL_DEFS; d++) {
        char name[2] = { (char)('a' + d), '\0' }, value[16];

        snprintf(value, sizeof value, "%u", m->defs[d]);
        if (m->defs[d])
            add_def(&sum, 'q', (struct str){ name, 1 }, (struct str){ value, strlen(value) });
    }
    for (uint64_t id = 1; id < IDS_MOST; id++) {
        for (unsigned q = 0; q < MODEL_QUEUES; q++) {
            if (m->ids[q] == id)
                add_model_queue(&sum, m, q);
        }
    }
    return sum;
}

static bool see_def(void *context, char kind, struct str name, struct str value)
{
    add_def(context, kind, name, value);
    return true;
}

static bool see_message(void *context, const struct store_message *m, bool redelivered)
{
    add_message(context, m, redelivered);
    return true;
}

bool model_picture_of(struct store *s, uint64_t *picture)
{
    bool good = store_each_def(s, see_def, (*picture = 0, picture));

    for (uint64_t id = 1; id < IDS_MOST; id++)
        good = good && store_each_message(s, id, see_message, picture);
    return good;
}
