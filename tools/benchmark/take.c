/* What consumers are sent, and what a publisher is told. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

enum { IDS_DELIVER = 60 << 16 | 60, IDS_ACK = 60 << 16 | 80, TAG = 8 };

static void put_ack(struct link *l, uint16_t channel, uint64_t tag)
{
    uint8_t ack[] = { FRAME_METHOD, 0, 0, 0, 0, 0, 13, 0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                      FRAME_END };

    ack[1] = (uint8_t)(channel >> 8);
    ack[2] = (uint8_t)channel;
    for (int i = 0; i < TAG; i++)
        ack[11 + i] = (uint8_t)(tag >> (56 - 8 * i));
    buf_put(&l->out, ack, sizeof ack);
}

static void message_is_whole(struct flow *f, struct link *l, struct stream *s, uint16_t channel,
                             uint64_t number)
{
    s->open = false;
    f->delivered++;
    if (f->shape.ack)
        put_ack(l, channel, s->tag);
    if (f->sent_ns && f->latencies < f->latencies_room && number >= f->unmeasured &&
        number < f->latencies_room)
        f->latency_ns[f->latencies++] = f->heard_ns - f->sent_ns[number];
}

static struct stream *stream_of(const struct consumer *c, unsigned channel)
{
    unsigned queue = (channel - 1u) * c->flow->shape.links + c->number;

    return channel > 0 && queue < c->flow->shape.queues ? &c->flow->streams[queue] : NULL;
}

/* ---- by heart --------------------------------------------------------------------------- */

/* The length of the frame at p, if all of it is there. */
static size_t frame_at(const uint8_t *p, size_t n, uint8_t type)
{
    size_t size = n < FRAME_OVERHEAD || p[0] != type ? 0 : octets_4(p + 3) + (size_t)FRAME_OVERHEAD;

    return size > 0 && size <= n && p[size - 1] == FRAME_END ? size : 0;
}

/* A first delivery that is right in all but its number, and in one piece: the next will look
   the same. */
static void learn(struct stream *s, const uint8_t *p, size_t n)
{
    size_t deliver = frame_at(p, n, FRAME_METHOD);
    size_t header = deliver ? frame_at(p + deliver, n - deliver, FRAME_HEADER) : 0;
    size_t at = deliver + header;
    size_t body = header ? frame_at(p + at, n - at, FRAME_BODY) : 0;
    size_t tag = deliver > 12 ? 12u + p[11] : 0; /* behind the consumer tag */

    if (body != s->body_size + FRAME_OVERHEAD || header < 22 || tag + TAG + 2 > deliver ||
        octets_4(p + 7) != IDS_DELIVER || p[tag + TAG] != 0 ||
        octets_8(p + deliver + 11) != s->body_size || !stream_is_filler(s, p + at + 7))
        return;
    s->model_n = at + body;
    s->model_tag = tag;
    s->model_body = at + 7;
    s->model = malloc(s->model_n);
    if (!s->model)
        bench_give_up("out of memory");
    memcpy(s->model, p, s->model_n);
}

static bool is_model(const struct stream *s, const uint8_t *p)
{
    size_t tag_end = s->model_tag + TAG, rest = s->model_body + BODY_LEAST;

    return memcmp(p, s->model, s->model_tag) == 0 &&
           memcmp(p + tag_end, s->model + tag_end, s->model_body - tag_end) == 0 &&
           memcmp(p + rest, s->model + rest, s->model_n - rest) == 0;
}

/* Every octet is looked at all the same; what differs goes the long way. */
size_t flow_know_delivery(void *owner, const uint8_t *p, size_t n)
{
    const struct consumer *c = owner;
    unsigned channel = n < FRAME_OVERHEAD ? 0 : (unsigned)(p[1] << 8 | p[2]);
    struct stream *s = stream_of(c, channel);
    uint64_t number;

    if (!s || s->open)
        return 0;
    if (!s->model)
        learn(s, p, n);
    if (!s->model || n < s->model_n || !is_model(s, p))
        return 0;
    s->tag = octets_8(p + s->model_tag);
    stream_number(s, p + s->model_body, false, &number);
    message_is_whole(c->flow, &c->flow->consumers[c->number], s, (uint16_t)channel, number);
    return s->model_n;
}

/* ---- frame by frame --------------------------------------------------------------------- */

static bool take_deliver(struct stream *s, const struct raw *r)
{
    size_t tag_at;

    if (s->open || r->size < 14 || octets_4(r->payload) != IDS_DELIVER)
        return false;
    tag_at = 5u + r->payload[4]; /* behind the consumer tag */
    if (r->size < tag_at + TAG + 1)
        return false;
    s->tag = octets_8(r->payload + tag_at);
    bench_result.unexpected += r->payload[tag_at + TAG] & 1; /* redelivered */
    s->open = true;
    return true;
}

/* Deliver, header, body, whatever the channels beside it do. */
bool flow_take_delivery(void *owner, const struct raw *r)
{
    const struct consumer *c = owner;
    struct flow *f = c->flow;
    struct stream *s = stream_of(c, r->channel);
    uint64_t number = UINT64_MAX;

    if (!s)
        return false;
    if (r->type == FRAME_METHOD)
        return take_deliver(s, r);
    if (r->type == FRAME_HEADER && s->open && r->size >= 14)
        stream_header(s, octets_8(r->payload + 4));
    else if (r->type == FRAME_BODY && s->open && r->size > 0) {
        if (stream_body(s, r->payload, r->size, &number))
            message_is_whole(f, &f->consumers[c->number], s, r->channel, number);
    } else
        return false;
    return true;
}

/* ---- confirms --------------------------------------------------------------------------- */

static void is_confirmed(struct flow *f)
{
    f->confirmed_early[++f->confirmed % CONFIRMS_MOST] = false;
    if (f->sent_ns && f->confirmed > f->unmeasured && f->confirmed <= f->latencies_room)
        f->confirm_ns[f->confirms++] = f->heard_ns - f->sent_ns[f->confirmed - 1];
}

static void confirm(struct flow *f, uint64_t tag, bool multiple)
{
    if (tag <= f->confirmed || tag > f->published || f->confirmed_early[tag % CONFIRMS_MOST]) {
        bench_result.unexpected++;
        return;
    }
    if (multiple) {
        for (uint64_t t = f->confirmed + 1; t < tag; t++)
            f->confirmed_early[t % CONFIRMS_MOST] = true;
    }
    f->confirmed_early[tag % CONFIRMS_MOST] = true;
    while (f->confirmed_early[(f->confirmed + 1) % CONFIRMS_MOST])
        is_confirmed(f);
}

bool flow_take_confirm(void *owner, const struct raw *r)
{
    struct flow *f = owner;

    if (r->type != FRAME_METHOD || r->size != 13 || octets_4(r->payload) != IDS_ACK)
        return false;
    confirm(f, octets_8(r->payload + 4), r->payload[12] & 1);
    return true;
}
