#include "consumer.h"

#include "broker.h"
#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "share.h"

#include <stdlib.h>

struct consumer *consumer_new(struct channel *ch, struct queue *q, const struct consumer_options *o)
{
    struct consumer *c = xcalloc(1, sizeof *c);

    c->channel = ch;
    c->queue = q;
    c->tag = str_dup(o->tag);
    c->no_ack = o->no_ack;
    c->no_local = o->no_local;
    c->window = ch->consumer_window;
    c->window_bytes = ch->consumer_window_bytes;
    TAILQ_INIT(&c->resend);
    ch->conn->broker->things += COST_CONSUMER + c->tag.n;
    map_set(ch->consumers, c->tag, c);
    if (o->exclusive)
        q->exclusive_consumer = c;
    queue_add_consumer(q, c);
    return c;
}

void consumer_free(struct consumer *c)
{
    struct queue *q = c->queue;
    struct entry *e;

    map_pop(c->channel->consumers, c->tag);
    channel_forget_consumer(c->channel, c);
    while ((e = TAILQ_LAST(&c->resend, entry_list))) {
        TAILQ_REMOVE(&c->resend, e, link);
        queue_requeue(q, e);
    }
    c->channel->conn->broker->things -= COST_CONSUMER + c->tag.n;
    str_free(&c->tag);
    queue_remove_consumer(q, c);
    free(c);
}

void consumer_bereave(struct consumer *c)
{
    struct channel *ch = c->channel;

    if (ch->conn->cap_cancel_notify && ch->state == CH_OPEN)
        SEND(ch->conn, ch->number, basic_cancel, .consumer_tag = c->tag, .no_wait = true);
    consumer_free(c);
}

/* "The server MUST NOT send more than the window", but a message that is too large for
   it alone goes when nothing else is outstanding. */
static bool fits(uint32_t window, uint32_t used, size_t window_bytes, size_t used_bytes, size_t n)
{
    if (window && used >= window)
        return false;
    return window_bytes == 0 || (used == 0 && !FAULTY(large_never_sent)) ||
           (n <= window_bytes && used_bytes <= window_bytes - n);
}

bool consumer_can_take(const struct consumer *c, const struct message *m)
{
    const struct channel *ch = c->channel;

    if (!ch->flow || ch->conn->clogged)
        return false;
    if (FAULTY(window_stops_no_ack) && c->no_ack && c->window && ch->last_tag >= c->window)
        return false;
    if (FAULTY(first_of_consumer_free) && c->unacked == 0)
        return true;
    return c->no_ack || (fits(FAULTY(qos_for_all) ? ch->consumer_window : c->window, c->unacked,
                              c->window_bytes, c->unacked_bytes, m->body_bytes) &&
                         fits(ch->window, ch->window_used, ch->window_bytes, ch->window_bytes_used,
                              m->body_bytes));
}

void consumer_deliver(struct consumer *c, struct entry *e)
{
    struct channel *ch = c->channel;
    struct conn *conn = ch->conn;
    struct counts *counts = &conn->broker->counts;
    uint64_t tag = ++ch->last_tag;

    SEND(conn, ch->number, basic_deliver, .consumer_tag = c->tag,
         .delivery_tag = FAULTY(tags_per_queue) ? e->seq & 0xffff : tag,
         .redelivered = e->redelivered, .exchange = message_exchange(e->message),
         .routing_key = message_key(e->message));
    send_content(&conn->out, ch->number, e->message, conn->frame_max);
    counts->delivered++;
    counts->redelivered += e->redelivered;
    share_count_unsent(conn);
    if (out_waiting(&conn->out) > share_unsent(conn->broker))
        conn->clogged = true;
    if (c->no_ack)
        queue_settle(c->queue, e);
    else
        channel_track(ch, tag, e, c);
}

void consumer_idle(struct consumer *c)
{
    if (c->idle)
        return;
    TAILQ_REMOVE(&c->queue->active, c, link);
    TAILQ_INSERT_TAIL(&c->queue->idle, c, link);
    c->idle = true;
}

void consumer_wake(struct consumer *c)
{
    if (c->idle) {
        TAILQ_REMOVE(&c->queue->idle, c, link);
        TAILQ_INSERT_TAIL(&c->queue->active, c, link);
        c->idle = false;
    }
    queue_wake(c->queue);
}

bool consumer_flowing(const struct consumer *c)
{
    return c->channel->flow;
}

bool consumer_published(const struct consumer *c, const struct message *m)
{
    return m->publisher == c->channel->conn->number;
}

bool consumer_is_of(const struct consumer *c, uint64_t channel_serial)
{
    return c->channel->serial == channel_serial;
}
