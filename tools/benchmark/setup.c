/* A flow's beginning and end: names, queues, bindings, the encoded batch; deleting and counting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow.h"

enum { GATHER_MOST = 48 << 10, AROUND_A_BODY = 80 };

/* ---- names and bindings ----------------------------------------------------------------- */

/* Bindings are of four kinds: literal, a star in the middle, a hash, a star in front. Message n
   matches binding n mod bindings alone, and that belongs to queue n mod queues. */
static void topic(unsigned n, bool pattern, char *to, size_t size)
{
    switch (pattern ? n % 4 : n % 4 == 3 ? 4 : 0) {
    case 0: snprintf(to, size, "n%03u.a.b", n); break;
    case 1: snprintf(to, size, "n%03u.*.b", n); break;
    case 2: snprintf(to, size, "n%03u.#", n); break;
    case 3: snprintf(to, size, "*.n%03u.b", n); break;
    case 4: snprintf(to, size, "a.n%03u.b", n); break;
    }
}

static void bind(struct flow *f, unsigned queue, const char *key)
{
    struct m_queue_bind b = { .queue = str_of(f->queues[queue]),
                              .exchange = str_of(f->exchange),
                              .routing_key = str_of(key) };

    link_call(&f->publisher, 1, M_queue_bind, &b, M_queue_bind_ok);
}

static void declare_exchange(struct flow *f)
{
    struct m_exchange_declare d = { .exchange = str_of(f->exchange),
                                    .type = str_of(f->shape.exchange) };
    char key[32];

    link_call(&f->publisher, 1, M_exchange_declare, &d, M_exchange_declare_ok);
    for (unsigned n = 0; n < f->shape.bindings; n++) {
        topic(n, true, key, sizeof key);
        bind(f, n % f->shape.queues, key);
    }
    for (unsigned q = 0; !f->shape.bindings && q < f->shape.queues; q++)
        bind(f, q, "");
}

static void declare_queue(struct flow *f, unsigned q)
{
    struct m_queue_declare d = { .queue = str_of(f->queues[q]), .durable = f->shape.persistent };

    link_call(&f->publisher, 1, M_queue_declare, &d, M_queue_declare_ok);
}

/* ---- consumers -------------------------------------------------------------------------- */

static void set_prefetch(struct flow *f, struct link *l, uint16_t channel)
{
    struct m_basic_qos qos = { .prefetch_count = f->shape.prefetch };

    link_call(l, channel, M_basic_qos, &qos, M_basic_qos_ok);
}

/* A quarter of what may be under way comes in one piece: so the generator reads seldom. Less than
   that would be waited for, so it is as much as surely comes. */
static void gather(struct flow *f, struct link *l)
{
    const struct shape *s = &f->shape;
    uint64_t n = s->window / (s->queues > 1 && flow_copies(f) == 1 ? s->links : 1);
    size_t octets;

    if (s->prefetch && s->ack && n > s->prefetch)
        n = s->prefetch;
    if (s->confirms && n > s->confirms)
        n = s->confirms;
    octets = (size_t)(n / 4) * (s->body + AROUND_A_BODY);
    if (s->at_once || n < 4)
        return;
    f->gathering = true;
    link_gather(l, octets < GATHER_MOST ? octets : GATHER_MOST);
}

static void open_consumer(struct flow *f, unsigned link)
{
    struct link *l = &f->consumers[link];

    f->takers[link] = (struct consumer){ f, link };
    link_open(l, f->target);
    l->quick = flow_know_delivery;
    l->take = flow_take_delivery;
    l->owner = &f->takers[link];
}

static void consume(struct flow *f, unsigned q)
{
    struct link *l = &f->consumers[q % f->shape.links];
    uint16_t channel = (uint16_t)(1 + q / f->shape.links);
    struct m_basic_consume c = { .queue = str_of(f->queues[q]),
                                 .consumer_tag = S("c"),
                                 .no_ack = !f->shape.ack };
    unsigned step = flow_copies(f) > 1 ? 1 : f->shape.queues;

    stream_init(&f->streams[q], step == 1 ? 0 : q, step, f->shape.body);
    if (channel == 1)
        open_consumer(f, q % f->shape.links);
    link_open_channel(l, channel);
    set_prefetch(f, l, channel);
    link_call(l, channel, M_basic_consume, &c, M_basic_consume_ok);
}

void flow_consume(struct flow *f, unsigned links)
{
    f->shape.links = links;
    for (unsigned q = 0; q < f->shape.queues; q++)
        consume(f, q);
    for (unsigned i = 0; i < links; i++)
        gather(f, &f->consumers[i]);
}

/* Qos again changes nothing, but its answer comes after all that was said before. */
void flow_fence(struct flow *f)
{
    for (unsigned i = 0; i < f->shape.links; i++)
        link_gather(&f->consumers[i], 1);
    for (unsigned q = 0; f->shape.links && q < f->shape.queues; q++)
        set_prefetch(f, &f->consumers[q % f->shape.links], (uint16_t)(1 + q / f->shape.links));
    for (unsigned i = 0; i < f->shape.links; i++)
        gather(f, &f->consumers[i]);
}

/* Who is there and does nothing: a connection with a channel, a queue and a consumer. */
static void open_idle(struct flow *f, unsigned i)
{
    struct m_queue_declare d = { .exclusive = true };
    struct m_basic_consume c = { .consumer_tag = S("c"), .no_ack = true };

    link_open(&f->idle[i], f->target);
    link_open_channel(&f->idle[i], 1);
    link_call(&f->idle[i], 1, M_queue_declare, &d, M_queue_declare_ok);
    link_call(&f->idle[i], 1, M_basic_consume, &c, M_basic_consume_ok);
}

/* ---- the batch -------------------------------------------------------------------------- */

static void encode_one(struct flow *f, unsigned n, const uint8_t *body, struct buf *b)
{
    char key[32];
    struct m_basic_publish p = { .exchange = str_of(f->exchange) };
    struct properties props = { .delivery_mode = 2, .has_delivery_mode = f->shape.persistent };

    if (f->shape.bindings) {
        topic(n % f->shape.bindings, false, key, sizeof key);
        p.routing_key = str_of(key);
    } else if (!f->shape.exchange) {
        p.routing_key = str_of(f->queues[n % f->shape.queues]);
    }
    frame_put_method(b, 1, M_basic_publish, &p);
    frame_put_header(b, 1, 60, f->shape.body, &props);
    f->body_at = b->n + 7;
    frame_put_body(b, 1, (struct str){ (const char *)body, f->shape.body }, f->publisher.frame_max);
}

/* Keys of one length, so that every message is as long as the other; and as many messages that
   the first can follow the last. */
static void encode_batch(struct flow *f)
{
    unsigned step = f->shape.bindings ? f->shape.bindings : f->shape.queues;
    uint8_t body[BODY_MOST];
    struct buf b;

    f->cycle = (f->shape.batch + step - 1) / step * step;
    body_fill(body, f->shape.body);
    buf_init(&b, 64u << 20);
    encode_one(f, 0, body, &b);
    f->stride = b.n;
    for (unsigned n = 1; n < f->cycle; n++)
        encode_one(f, n, body, &b);
    f->body_at -= (f->cycle - 1) * f->stride;
    f->batch = b.p;
}

/* ---- the whole -------------------------------------------------------------------------- */

static void declare_all(struct flow *f)
{
    for (unsigned q = 0; q < f->shape.queues; q++) {
        snprintf(f->queues[q], sizeof f->queues[q], "amqproof.bench.%ld.%03u", (long)getpid(), q);
        declare_queue(f, q);
    }
    if (f->shape.exchange) {
        snprintf(f->exchange, sizeof f->exchange, "amqproof.bench.%ld", (long)getpid());
        declare_exchange(f);
    }
}

void flow_open(struct flow *f, const struct shape *s, const struct target *t)
{
    *f = (struct flow){ .target = t, .shape = *s };
    link_open(&f->publisher, t);
    f->publisher.take = flow_take_confirm;
    f->publisher.owner = f;
    link_open_channel(&f->publisher, 1);
    declare_all(f);
    for (unsigned i = 0; i < s->idle; i++)
        open_idle(f, i);
    if (s->links)
        flow_consume(f, s->links);
    if (s->confirms) {
        struct m_confirm_select select = { 0 };

        link_call(&f->publisher, 1, M_confirm_select, &select, M_confirm_select_ok);
    }
    encode_batch(f);
}

/* What is still in a queue that was emptied has come once too often; what is not in one that
   nobody read is lost. */
static void delete_queue(struct flow *f, unsigned q, uint64_t wanted)
{
    struct m_queue_delete d = { .queue = str_of(f->queues[q]) };
    const struct m_queue_delete_ok *ok =
        link_call(&f->publisher, 1, M_queue_delete, &d, M_queue_delete_ok);

    if (ok->message_count > wanted)
        bench_result.twice += ok->message_count - wanted;
    else
        bench_result.lost += wanted - ok->message_count;
}

static void count_stream(struct flow *f, struct stream *s)
{
    bench_result.lost += stream_lost(s, f->published);
    bench_result.twice += s->twice;
    bench_result.disordered += s->disordered;
    bench_result.altered += s->altered;
    stream_clear(s);
}

void flow_close(struct flow *f)
{
    for (unsigned q = 0; q < f->shape.queues; q++)
        delete_queue(f, q, f->shape.links ? 0 : f->published);
    flow_fence(f); /* what came too often has come by now */
    for (unsigned q = 0; f->shape.links && q < f->shape.queues; q++)
        count_stream(f, &f->streams[q]);
    if (f->shape.confirms) /* a message without its confirm is not accounted for either */
        bench_result.unexpected += f->published - f->confirmed;
    if (f->shape.exchange) {
        struct m_exchange_delete d = { .exchange = str_of(f->exchange) };

        link_call(&f->publisher, 1, M_exchange_delete, &d, M_exchange_delete_ok);
    }
    for (unsigned i = 0; i < f->shape.idle; i++)
        link_close(&f->idle[i]);
    for (unsigned i = 0; i < f->shape.links; i++) {
        link_gather(&f->consumers[i], 1);
        link_close(&f->consumers[i]);
    }
    link_close(&f->publisher);
    free(f->batch);
}
