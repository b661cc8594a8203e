/* What becomes of deliveries: ack, nack, reject, recover; and the two modes in which a
   channel's publishes are answered for: confirm and tx. */
#include "faulty.h"
#include "handlers.h"

#include "broker.h"
#include "consumer.h"
#include "mem.h"
#include "tx.h"

#include <stdlib.h>

struct refusal on_basic_ack(struct channel *ch, const struct m_basic_ack *m)
{
    return channel_settle(ch, m->delivery_tag, m->multiple || FAULTY(ack_all), OUTCOME_DONE);
}

struct refusal on_basic_nack(struct channel *ch, const struct m_basic_nack *m)
{
    return channel_settle(ch, m->delivery_tag, m->multiple,
                          m->requeue ? OUTCOME_REQUEUE : OUTCOME_DONE);
}

struct refusal on_basic_reject(struct channel *ch, const struct m_basic_reject *m)
{
    return channel_settle(ch, m->delivery_tag, false, m->requeue ? OUTCOME_REQUEUE : OUTCOME_DONE);
}

/* Back to the same consumer, while it is there; what was fetched with Get, to the queue. */
static void redeliver(struct channel *ch, struct entry *e)
{
    struct consumer *c = e->consumer;

    channel_release(ch, e);
    if (!c || e->queue->deleted) {
        queue_requeue(e->queue, e);
        return;
    }
    e->redelivered = true;
    TAILQ_INSERT_HEAD(&c->resend, e, link);
    queue_wake(c->queue);
}

/* Newest first, so that all find their place at a head. */
static void recover(struct channel *ch, bool requeue)
{
    struct unacked_slot slot;

    while (unacked_take_last(&ch->unacked, &slot)) {
        if (!requeue) {
            redeliver(ch, slot.entry);
            continue;
        }
        if (FAULTY(recover_skips_cancelled) && slot.entry->windowed && !slot.entry->consumer)
            continue;
        if (!FAULTY(recover_keeps_window))
            channel_release(ch, slot.entry);
        queue_requeue(slot.entry->queue, slot.entry);
    }
}

struct refusal on_basic_recover(struct channel *ch, const struct m_basic_recover *m)
{
    if (FAULTY(recover_undoes_tx_acks) && ch->tx)
        tx_rollback(ch);
    recover(ch, m->requeue);
    SEND_BARE(ch->conn, ch->number, basic_recover_ok);
    return accepted;
}

struct refusal on_basic_recover_async(struct channel *ch, const struct m_basic_recover_async *m)
{
    recover(ch, m->requeue);
    return accepted;
}

struct refusal on_confirm_select(struct channel *ch, const struct m_confirm_select *m)
{
    if (ch->mode == MODE_TX)
        return refuse(PRECONDITION_FAILED, "the channel is transactional");
    ch->mode = MODE_CONFIRM;
    if (!m->nowait)
        SEND_BARE(ch->conn, ch->number, confirm_select_ok);
    return accepted;
}

struct refusal on_tx_select(struct channel *ch, const struct m_tx_select *m)
{
    (void)m;
    if (ch->mode == MODE_CONFIRM)
        return refuse(PRECONDITION_FAILED, "the channel confirms publishes");
    if (ch->mode != MODE_TX)
        ch->tx = tx_new();
    ch->mode = MODE_TX;
    SEND_BARE(ch->conn, ch->number, tx_select_ok);
    return accepted;
}

struct refusal on_tx_commit(struct channel *ch, const struct m_tx_commit *m)
{
    (void)m;
    if (ch->mode != MODE_TX)
        return refuse(PRECONDITION_FAILED, "the channel is not transactional");
    if (tx_commit(ch))
        conn_await_commit(ch->conn);
    if (FAULTY(one_transaction))
        ch->mode = MODE_PLAIN;
    SEND_BARE(ch->conn, ch->number, tx_commit_ok);
    return accepted;
}

struct refusal on_tx_rollback(struct channel *ch, const struct m_tx_rollback *m)
{
    (void)m;
    if (ch->mode != MODE_TX)
        return refuse(PRECONDITION_FAILED, "the channel is not transactional");
    if (!FAULTY(rollback_keeps))
        tx_rollback(ch);
    SEND_BARE(ch->conn, ch->number, tx_rollback_ok);
    return accepted;
}
