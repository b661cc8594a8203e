/* Those who make a broker talk and do not listen. */
#include <stdlib.h>

#include "many.h"

static void put_consume(struct link *l, struct str queue)
{
    struct m_basic_consume c = { .queue = queue, .no_ack = true, .no_wait = true };

    link_put(l, 1, M_basic_consume, &c);
}

/* A fanout of all they never read: each has a queue of its own, so that every message is
   waiting for all of them. */
static unsigned set_up_consumers(struct stage *s, struct link *l, unsigned n)
{
    unsigned ready = 0;

    for (unsigned i = 0; i < n; i++) {
        struct m_queue_declare q = { .exclusive = true };
        struct m_queue_bind b = { .exchange = S("amq.fanout"), .no_wait = true };

        if (!link_open(&l[i], s->target, (struct wishes){ 1, 0 }) || !link_channel(&l[i], 1) ||
            !link_call(&l[i], 1, M_queue_declare, &q, M_queue_declare_ok))
            continue;
        link_put(&l[i], 1, M_queue_bind, &b);
        put_consume(&l[i], S(""));
        ready += fence(&l[i], 1);
    }
    return ready;
}

void attack_deaf_consumers(struct stage *s)
{
    static char kilobyte[1000];
    unsigned n = stage_size(s, 500, 50);
    struct link *l = calloc(n, sizeof *l), publisher;
    struct message m = { .exchange = S("amq.fanout"), .body = { kilobyte, sizeof kilobyte } };
    uint64_t said;

    if (!l || set_up_consumers(s, l, n) == 0)
        stage_give_up(s, "no consumers");
    must_open(s, &publisher);
    for (int i = 0; i < 50; i++)
        link_put_publish(&publisher, 1, &m);
    said = pour(s, &publisher, buf_str(&publisher.out), stage_size(s, 16u << 20, 1u << 20));
    stage_established(s, said * n);
    while (stage_waits(s, 10))
        pour(s, &publisher, buf_str(&publisher.out), publisher.out.n);
}

/* A queue with messages of 64 KiB: each question brings that much. */
static void stock(struct stage *s, struct link *l)
{
    static char body[64 << 10];
    struct message m = { .key = S("attack-stock"), .body = { body, sizeof body } };

    must_open(s, l);
    if (!link_call(l, 1, M_queue_declare, &(struct m_queue_declare){ .queue = m.key },
                   M_queue_declare_ok))
        stage_give_up(s, "no queue");
    for (int i = 0; i < 200; i++) {
        link_put_publish(l, 1, &m);
        link_flush(l);
    }
    fence(l, 1);
}

static void unstock(struct stage *s)
{
    struct m_queue_delete gone = { .queue = S("attack-stock") };
    struct link l;

    must_open(s, &l);
    link_call(&l, 1, M_queue_delete, &gone, M_queue_delete_ok);
    link_bye(&l);
}

/* Gets and refuses again, asks for the queue's length, and again: the answers are many times as
   long as the questions. */
static void put_questions(struct link *l)
{
    struct m_basic_get get = { .queue = S("attack-stock") };
    struct m_basic_nack back = { .multiple = true, .requeue = true };
    struct m_queue_declare ask = { .queue = S("attack-stock"), .passive = true };

    for (int i = 0; i < 500; i++) {
        link_put(l, 1, M_basic_get, &get);
        link_put(l, 1, M_basic_nack, &back);
        link_put(l, 1, M_queue_declare, &ask);
    }
}

void attack_deaf_askers(struct stage *s)
{
    unsigned n = stage_size(s, 200, 20);
    struct link *l = calloc(n, sizeof *l), owner;
    uint64_t asked = 0;

    if (!l)
        stage_give_up(s, "out of memory");
    stock(s, &owner);
    for (unsigned i = 0; i < n; i++) {
        if (!link_open(&l[i], s->target, (struct wishes){ 1, 0 }) || !link_channel(&l[i], 1))
            continue;
        put_questions(&l[i]);
        for (int round = 0; round < 100; round++)
            asked += link_again(&l[i], buf_str(&l[i].out));
    }
    stage_established(s, asked / 30);
    while (stage_waits(s, 10)) {
        for (unsigned i = 0; i < n; i++)
            link_again(&l[i], buf_str(&l[i].out));
    }
    for (unsigned i = 0; i < n; i++)
        link_drop(&l[i]);
    unstock(s);
}

void attack_returns(struct stage *s)
{
    static char body[1000];
    unsigned n = stage_size(s, 200, 20);
    struct link *l = calloc(n, sizeof *l);
    struct message m = { .key = S("nowhere"), .mandatory = true, .body = { body, sizeof body } };
    uint64_t said = 0;

    if (!l)
        stage_give_up(s, "out of memory");
    for (unsigned i = 0; i < n; i++) {
        if (!link_open(&l[i], s->target, (struct wishes){ 1, 0 }) || !link_channel(&l[i], 1))
            continue;
        for (int k = 0; k < 60; k++)
            link_put_publish(&l[i], 1, &m);
        for (size_t more = 1, round = 0; more && round < 400; round++)
            said += more = link_again(&l[i], buf_str(&l[i].out));
        l[i].out.n = 0;
    }
    stage_established(s, said / sizeof body);
    stage_linger(s);
}
