/* Basic: qos, consume, cancel, publish, get. */
#include "handlers.h"

#include "access.h"
#include "broker.h"
#include "consumer.h"
#include "content.h"
#include "faulty.h"
#include "share.h"

/* Scopes as RabbitMQ has them, which clients count on: global clear is for each consumer
   that starts from now on, global set is shared by all consumers of the channel. Neither
   ever gives a consumer more than the count. */
struct refusal on_basic_qos(struct channel *ch, const struct m_basic_qos *m)
{
    if (m->global) {
        ch->window = m->prefetch_count;
        ch->window_bytes = m->prefetch_size;
        channel_wake(ch);
    } else {
        ch->consumer_window = m->prefetch_count;
        ch->consumer_window_bytes = m->prefetch_size;
    }
    SEND_BARE(ch->conn, ch->number, basic_qos_ok);
    return accepted;
}

struct refusal on_basic_consume(struct channel *ch, const struct m_basic_consume *m)
{
    char generated[64];
    struct consumer_options o = { m->consumer_tag, m->no_ack, m->no_local, m->exclusive };
    struct queue *q;
    struct refusal no = may_queue(ch, MAY_READ, m->queue, &q);

    if (no.code)
        return no;
    if (o.tag.n == 0)
        o.tag = broker_new_name(ch->conn->broker, "amq.ctag-", generated);
    if (FAULTY(tag_taken_replaces) && map_get(ch->consumers, o.tag))
        consumer_free(map_get(ch->consumers, o.tag));
    if (map_get(ch->consumers, o.tag))
        return refuse(NOT_ALLOWED, "consumer tag '%.*s' is in use", STR_ARGS(o.tag));
    if (q->exclusive_consumer || (m->exclusive && q->consumers))
        return refuse(ACCESS_REFUSED, "queue '%.*s' has %s", STR_ARGS(q->dest.name),
                      q->exclusive_consumer ? "an exclusive consumer" : "consumers already");
    if ((no = share_of_things(ch->conn, "consumer")).code)
        return no;
    if (!m->no_wait)
        SEND(ch->conn, ch->number, basic_consume_ok, .consumer_tag = o.tag);
    consumer_new(ch, q, &o);
    return accepted;
}

static bool tag_of_another_channel(const struct channel *ch, struct str tag)
{
    const struct conn *c = ch->conn;

    for (size_t i = 0; i < c->channel_room; i++) {
        const struct channel *other = c->channels[i];

        if (other && other != ch && other->state == CH_OPEN && map_get(other->consumers, tag))
            return true;
    }
    return false;
}

/* A tag that nobody has is no error: its consumer may just have gone with its queue. */
struct refusal on_basic_cancel(struct channel *ch, const struct m_basic_cancel *m)
{
    struct consumer *c = map_get(ch->consumers, m->consumer_tag);

    if (!c && tag_of_another_channel(ch, m->consumer_tag))
        return refuse(NOT_ALLOWED, "consumer tag '%.*s' belongs to another channel",
                      STR_ARGS(m->consumer_tag));
    if (c)
        consumer_free(c);
    if (!m->no_wait)
        SEND(ch->conn, ch->number, basic_cancel_ok, .consumer_tag = m->consumer_tag);
    return accepted;
}

/* Some clients answer our notice, though it says no-wait. */
struct refusal on_basic_cancel_ok(struct channel *ch, const struct m_basic_cancel_ok *m)
{
    (void)ch;
    (void)m;
    return accepted;
}

struct refusal on_basic_publish(struct channel *ch, const struct m_basic_publish *m)
{
    struct conn *c = ch->conn;

    c->publisher = true;
    if (c->broker->blocked)
        conn_tell_blocked(c, true);
    content_begin(ch, m);
    return accepted;
}

struct refusal on_basic_get(struct channel *ch, const struct m_basic_get *m)
{
    struct conn *c = ch->conn;
    struct queue *q;
    struct refusal no = may_queue(ch, MAY_READ, m->queue, &q);
    struct entry *e;
    uint64_t tag;

    if (no.code)
        return no;
    e = queue_take(q);
    if (!e) {
        SEND(c, ch->number, basic_get_empty, .no_field = 0);
        return accepted;
    }
    tag = ++ch->last_tag;
    c->broker->counts.got++;
    c->broker->counts.redelivered += e->redelivered;
    SEND(c, ch->number, basic_get_ok, .delivery_tag = tag, .redelivered = e->redelivered,
         .exchange = message_exchange(e->message), .routing_key = message_key(e->message),
         .message_count =
             (uint32_t)(q->ready_count + FAULTY(get_counts_unacked) * q->unacked_count));
    send_content(&c->out, ch->number, e->message, c->frame_max);
    if (m->no_ack)
        queue_settle(q, e);
    else
        channel_track(ch, tag, e, NULL);
    return accepted;
}
