#define _GNU_SOURCE /* ppoll */
#include "bench_flow.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

uint64_t flow_copies(const struct flow *f)
{
    if (f->shape->links == 0)
        return 0;
    return f->shape->exchange && strcmp(f->shape->exchange, "fanout") == 0 ? f->shape->queues : 1;
}

static uint64_t undelivered(const struct flow *f)
{
    uint64_t due = f->published * flow_copies(f);

    return due > f->delivered ? due - f->delivered : 0; /* twice counts, too */
}

const char *bench_planted;
enum { PLANTED = 100 };

/* ---- taking ----------------------------------------------------------------------------- */

enum { IDS_DELIVER = 60 << 16 | 60, IDS_ACK = 60 << 16 | 80 };

static void put_ack(struct link *l, uint16_t channel, uint64_t tag)
{
    uint8_t ack[] = { FRAME_METHOD, 0, 0, 0, 0, 0, 13, 0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                      FRAME_END };

    ack[1] = (uint8_t)(channel >> 8);
    ack[2] = (uint8_t)channel;
    for (int i = 0; i < 8; i++)
        ack[11 + i] = (uint8_t)(tag >> (56 - 8 * i));
    buf_put(&l->out, ack, sizeof ack);
}

static void message_is_whole(struct flow *f, struct link *l, struct stream *s, uint16_t channel,
                             uint64_t number)
{
    s->open = false;
    f->delivered++;
    if (f->shape->ack)
        put_ack(l, channel, s->tag);
    if (f->sent_ns && f->latencies < f->latencies_room && number < f->latencies_room)
        f->latency_ns[f->latencies++] = f->heard_ns - f->sent_ns[number];
}

static bool take_deliver(struct stream *s, const struct raw *r)
{
    size_t tag_at;

    if (s->open || r->size < 14 || octets_4(r->payload) != IDS_DELIVER)
        return false;
    tag_at = 5u + r->payload[4]; /* behind the consumer tag */
    if (r->size < tag_at + 9)
        return false;
    s->tag = octets_8(r->payload + tag_at);
    bench_result.unexpected += r->payload[tag_at + 8] & 1; /* redelivered */
    s->open = true;
    return true;
}

/* What consumers are sent: deliver, header, body, whatever the channels beside it do. */
bool flow_take_delivery(void *owner, const struct raw *r)
{
    const struct consumer *c = owner;
    struct flow *f = c->flow;
    unsigned queue = (r->channel - 1u) * f->shape->links + c->number;
    struct stream *s;
    uint64_t number = UINT64_MAX;

    if (r->channel == 0 || queue >= f->shape->queues)
        return false;
    s = &f->streams[queue];
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
        f->confirmed_early[++f->confirmed % CONFIRMS_MOST] = false;
}

bool flow_take_confirm(void *owner, const struct raw *r)
{
    struct flow *f = owner;

    if (r->type != FRAME_METHOD || r->size != 13 || octets_4(r->payload) != IDS_ACK)
        return false;
    confirm(f, octets_8(r->payload + 4), r->payload[12] & 1);
    return true;
}

/* ---- publishing ------------------------------------------------------------------------- */

static void send_unsent(struct flow *f)
{
    if (f->unsent_at < f->unsent_to)
        f->unsent_at +=
            link_send(&f->publisher, f->batch + f->unsent_at, f->unsent_to - f->unsent_at);
}

/* So that whoever doubts the checks can see them work. Numbers 100 and 101, if one write has both.
 */
static void plant(const struct flow *f, unsigned from, unsigned n)
{
    uint8_t *first;

    if (!bench_planted || f->published > PLANTED || f->published + n < PLANTED + 2)
        return;
    first = f->batch + (from + (PLANTED - f->published)) * f->stride + f->body_at;
    switch (*bench_planted) {
    case 't': body_set_number(first, PLANTED - 1); break; /* twice, and one is lost */
    case 'd':
        body_set_number(first, PLANTED + 1);
        body_set_number(first + f->stride, PLANTED);
        break;
    case 'a': first[f->shape->body - 1] ^= 0x20; break;
    }
}

void flow_publish(struct flow *f, unsigned n)
{
    unsigned from = (unsigned)(f->published % f->cycle);

    assert(f->unsent_at == f->unsent_to);
    if (n > f->cycle - from)
        n = f->cycle - from;
    for (unsigned i = 0; i < n; i++)
        body_set_number(f->batch + (from + i) * f->stride + f->body_at, f->published + i);
    plant(f, from, n);
    f->published += n;
    f->unsent_at = from * f->stride;
    f->unsent_to = f->unsent_at + n * f->stride;
    send_unsent(f);
}

static unsigned least(uint64_t a, uint64_t b)
{
    return (unsigned)(a < b ? a : b);
}

/* Whole batches, but for the last: a window that is filled up one by one costs a write each. */
static void publish_some(struct flow *f, uint64_t until)
{
    const struct shape *s = f->shape;
    uint64_t copies = flow_copies(f);

    while (f->published < until && f->unsent_at == f->unsent_to) {
        unsigned n = least(s->batch, until - f->published);

        if (copies && undelivered(f) + n * copies > s->window * copies)
            return;
        if (s->confirms && f->published - f->confirmed + n > s->confirms)
            return;
        flow_publish(f, n);
    }
}

/* ---- the loop --------------------------------------------------------------------------- */

static struct pollfd wanted(const struct link *l, bool writes)
{
    return (struct pollfd){ .fd = l->fd, .events = (short)(writes ? POLLIN | POLLOUT : POLLIN) };
}

void flow_turn(struct flow *f, int64_t wait_ns)
{
    struct pollfd p[QUEUES_MOST + 1];
    struct timespec wait = { wait_ns / 1000000000, wait_ns % 1000000000 };
    unsigned n = f->shape->links;

    send_unsent(f);
    p[n] = wanted(&f->publisher, f->unsent_at < f->unsent_to);
    for (unsigned i = 0; i < n; i++)
        p[i] = wanted(&f->consumers[i], !link_flush(&f->consumers[i]));
    if (ppoll(p, n + 1, &wait, NULL) <= 0)
        return;
    f->heard_ns = bench_now_ns();
    for (unsigned i = 0; i < n; i++) {
        if (p[i].revents & ~POLLOUT)
            link_read(&f->consumers[i]);
    }
    if (p[n].revents & ~POLLOUT)
        link_read(&f->publisher);
}

static bool all_is_said(struct flow *f)
{
    for (unsigned i = 0; i < f->shape->links; i++) {
        if (!link_flush(&f->consumers[i]))
            return false;
    }
    return f->unsent_at == f->unsent_to;
}

static bool all_has_come(struct flow *f)
{
    return f->delivered >= f->published * flow_copies(f) &&
           (!f->shape->confirms || f->confirmed >= f->published) && all_is_said(f);
}

void flow_run(struct flow *f, uint64_t most, unsigned budget_ms)
{
    uint64_t until = f->published + most;
    uint64_t end_ns = bench_now_ns() + budget_ms * 1000000ull;

    f->heard_ns = bench_now_ns();
    while (f->published < until || !all_has_come(f)) {
        uint64_t now = bench_now_ns();

        if (now >= end_ns)
            until = f->published;
        if (now > f->heard_ns && now - f->heard_ns > SILENCE_MS * 1000000ull)
            return; /* what is missing is lost */
        publish_some(f, until);
        flow_turn(f, f->published == until && all_has_come(f) ? 0 : 200 * 1000000ll);
    }
}
