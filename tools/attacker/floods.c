/* Publishers that never stop, and what else fills a broker with messages. */
#include <stdio.h>
#include <stdlib.h>

#include "many.h"

enum { BATCH = 64 << 10, FLOODS = 64, QUICK_MARK = 64 << 20 };

/* How many messages it has. */
static unsigned put_batch(struct link *l, struct str queue, size_t body)
{
    static char octets[64 << 10];
    struct message m = { .key = queue, .body = { octets, body } };
    unsigned n = 0;

    for (; l->out.n < BATCH; n++)
        link_put_publish(l, 1, &m);
    return n;
}

/* Established when the broker has stopped taking what comes, or has taken more than its mark
   would allow: then it goes on all the same. */
static void flood(struct stage *s, size_t body)
{
    struct link l;
    uint64_t said, most = s->quick ? 3 * (s->mark ? s->mark : QUICK_MARK) : 2u << 30;
    unsigned n;

    must_declare(s, &l, S("attack"));
    n = put_batch(&l, S("attack"), body);
    said = pour(s, &l, buf_str(&l.out), most);
    if (l.gone)
        stage_give_up(s, "the broker hung up, and said %u", l.refused);
    stage_established(s, said * n / l.out.n);
    while (stage_waits(s, 0)) {
        if (pour(s, &l, buf_str(&l.out), l.out.n) == 0)
            stage_waits(s, 20);
    }
}

void attack_flood_64k(struct stage *s)
{
    flood(s, 64 << 10);
}

void attack_flood_16(struct stage *s)
{
    flood(s, 16);
}

void attack_many_floods(struct stage *s)
{
    static struct link l[FLOODS];
    unsigned n = stage_size(s, FLOODS, 8);
    uint64_t said = 0, each = stage_size(s, 32u << 20, 2u << 20);

    for (unsigned i = 0; i < n; i++) {
        char name[32];
        struct str queue = { name, (size_t)snprintf(name, sizeof name, "attack-%u", i) };

        must_declare(s, &l[i], queue);
        put_batch(&l[i], queue, 1024);
    }
    for (uint64_t more = 1; more && said < n * each;) {
        more = 0;
        for (unsigned i = 0; i < n; i++)
            more += link_again(&l[i], buf_str(&l[i].out));
        said += more;
        if (more == 0 && stage_waits(s, 200)) /* perhaps it only is busy */
            for (unsigned i = 0; i < n; i++)
                more += link_again(&l[i], buf_str(&l[i].out));
    }
    stage_established(s, said / 1100);
    while (stage_waits(s, 5)) {
        for (unsigned i = 0; i < n; i++)
            link_again(&l[i], buf_str(&l[i].out));
    }
}

/* Takes all it is given and settles nothing; its publisher never stops either. */
void attack_hoarder(struct stage *s)
{
    struct m_basic_consume all = { .queue = S("attack") };
    unsigned want = stage_size(s, 1000000, 50000), quiet = 0;
    uint64_t had = 0;
    struct link l, publisher;
    struct frame f;

    must_declare(s, &l, S("attack"));
    if (!link_call(&l, 1, M_basic_consume, &all, M_basic_consume_ok))
        stage_give_up(s, "no consumer");
    if (!link_open(&publisher, s->target, (struct wishes){ 0, 0 }) || !link_channel(&publisher, 1))
        stage_give_up(s, "no publisher");
    put_batch(&publisher, S("attack"), 100);
    while (had < want && quiet < 50) {
        size_t n = link_again(&publisher, buf_str(&publisher.out));
        uint64_t before = had;

        for (int i = 0; i < 2000 && link_hear(&l, &f, 0) == HEARD; i++)
            had += f.type == FRAME_BODY;
        quiet = n || had > before ? 0 : quiet + 1;
        if (quiet)
            stage_waits(s, 10);
    }
    stage_established(s, had);
    while (stage_waits(s, 5)) {
        link_again(&publisher, buf_str(&publisher.out));
        link_discard(&l);
    }
}

void attack_endless_tx(struct stage *s)
{
    struct m_tx_select select = { 0 };
    unsigned n = stage_size(s, 16, 4);
    struct link *l = calloc(n, sizeof *l);
    uint64_t said = 0;

    if (!l)
        stage_give_up(s, "out of memory");
    for (unsigned i = 0; i < n; i++) {
        must_open(s, &l[i]);
        if (!link_call(&l[i], 1, M_tx_select, &select, M_tx_select_ok))
            stage_give_up(s, "no tx");
        put_batch(&l[i], S("nowhere"), 1024);
        said += pour(s, &l[i], buf_str(&l[i].out), stage_size(s, 64u << 20, 4u << 20));
    }
    stage_established(s, said / 1100);
    while (stage_waits(s, 5)) {
        for (unsigned i = 0; i < n; i++)
            link_again(&l[i], buf_str(&l[i].out));
    }
}
