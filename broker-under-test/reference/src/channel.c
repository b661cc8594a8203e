#include "channel.h"

#include "broker.h"
#include "consumer.h"
#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "share.h"
#include "tx.h"

#include <assert.h>
#include <stdlib.h>

struct channel *channel_new(struct conn *c, uint16_t number)
{
    struct channel *ch = xcalloc(1, sizeof *ch);

    ch->conn = c;
    ch->number = number;
    c->broker->things += COST_CHANNEL;
    ch->state = CH_CLOSED;
    return ch;
}

void channel_open(struct channel *ch)
{
    assert(ch->state == CH_CLOSED);
    *ch = (struct channel){
        .conn = ch->conn,
        .number = ch->number,
        .flow = true,
        .consumer_window = FAULTY(window_outlives_channel) ? ch->consumer_window : 0,
    };
    ch->state = CH_OPEN;
    ch->serial = ++ch->conn->broker->last_serial;
    ch->conn->broker->counts.channels_opened++;
    ch->consumers = map_new();
}

/* The row of what is unacknowledged counts, as the messages in it do. */
static void count_slots(struct channel *ch)
{
    ch->conn->broker->things +=
        (ch->unacked.capacity - ch->slots_counted) * sizeof(struct unacked_slot);
    ch->slots_counted = ch->unacked.capacity;
}

static void drop_content(struct conn *conn, struct content *c)
{
    if (c->message) {
        share_hold(conn, c->message->room, 0);
        message_unref(c->message);
    }
    *c = (struct content){ .want = CONTENT_NONE };
}

static void give_back(struct channel *ch, struct entry *e)
{
    if (FAULTY(held_lost_with_channel) ||
        (FAULTY(held_lost_with_connection) && ch->conn->state == CONN_DEAD)) {
        queue_settle(e->queue, e);
        return;
    }
    if (FAULTY(held_comes_back_twice))
        queue_push(e->queue, e->message);
    queue_requeue(e->queue, e);
}

/* Consumers go before what they had comes back, so that it goes to others; the newest
   comes back first, so that each finds its place at the head of its queue. */
void channel_end(struct channel *ch, enum channel_state state)
{
    struct map_entry *it = NULL;
    struct str tag;
    void *consumer;
    struct unacked_slot slot;

    assert(state != CH_OPEN);
    if (ch->state != CH_OPEN) {
        ch->state = state;
        return;
    }
    ch->state = state;
    ch->conn->broker->counts.channels_closed++;
    if (ch->tx && FAULTY(close_commits))
        tx_commit(ch);
    if (ch->tx)
        tx_rollback(ch);
    tx_free(ch->tx);
    ch->tx = NULL;
    while (it = NULL, map_iter(ch->consumers, &it, &tag, &consumer)) {
        ((struct consumer *)consumer)->queue->consumers += FAULTY(consumers_outlive_channel);
        consumer_free(consumer);
    }
    while (unacked_take_last(&ch->unacked, &slot))
        give_back(ch, slot.entry);
    if (ch->confirming)
        TAILQ_REMOVE(&ch->conn->broker->confirming, ch, confirm_link);
    ch->confirming = false;
    map_free(ch->consumers);
    unacked_clear(&ch->unacked);
    count_slots(ch);
    confirms_clear(&ch->confirms);
    str_free(&ch->last_queue);
    drop_content(ch->conn, &ch->content);
}

void channel_free(struct channel *ch)
{
    channel_end(ch, CH_CLOSED);
    ch->conn->broker->things -= COST_CHANNEL;
    free(ch);
}

void channel_track(struct channel *ch, uint64_t tag, struct entry *e, struct consumer *c)
{
    e->consumer = c;
    e->windowed = c != NULL;
    if (c) {
        c->unacked++;
        c->unacked_bytes += e->message->body_bytes;
        ch->window_used++;
        ch->window_bytes_used += e->message->body_bytes;
    }
    unacked_add(&ch->unacked, tag, e);
    count_slots(ch);
}

void channel_release(struct channel *ch, struct entry *e)
{
    struct consumer *c = e->consumer;

    if (c) {
        c->unacked--;
        if (FAULTY(credit_given_twice) && c->unacked)
            c->unacked--;
        c->unacked_bytes -= e->message->body_bytes;
        consumer_wake(c);
    }
    if (e->windowed) {
        ch->window_used--;
        ch->window_bytes_used -= e->message->body_bytes;
        if (ch->window || ch->window_bytes)
            channel_wake(ch);
    }
    e->consumer = NULL;
    e->windowed = false;
}

void channel_forget_consumer(struct channel *ch, struct consumer *c)
{
    for (size_t i = ch->unacked.first; c->unacked && i < ch->unacked.end; i++) {
        struct entry *e = ch->unacked.slots[i].entry;

        if (e && e->consumer == c)
            e->consumer = NULL;
    }
    if (ch->tx)
        tx_forget_consumer(ch->tx, c);
}

void channel_wake(struct channel *ch)
{
    struct map_entry *it = NULL;
    struct str tag;
    void *consumer;

    if (ch->state != CH_OPEN)
        return;
    while (map_iter(ch->consumers, &it, &tag, &consumer))
        consumer_wake(consumer);
}

struct refusal channel_queue(struct channel *ch, struct str name, struct queue **q)
{
    if (name.n == 0 && ch->last_queue.n == 0)
        return refuse(NOT_FOUND, "no queue was declared on this channel");
    if (name.n == 0)
        name = ch->last_queue;
    *q = vhost_queue(ch->conn->vhost, name);
    if (!*q)
        return refuse(NOT_FOUND, "no queue '%.*s' in vhost '%.*s'", STR_ARGS(name),
                      STR_ARGS(ch->conn->vhost->name));
    if ((*q)->owner && (*q)->owner != ch->conn && !FAULTY(exclusive_open_to_all))
        return refuse(RESOURCE_LOCKED, "queue '%.*s' belongs to another connection",
                      STR_ARGS(name));
    return accepted;
}

void channel_apply(struct channel *ch, struct entry *e, enum outcome outcome)
{
    channel_release(ch, e);
    if (outcome == OUTCOME_DONE) {
        ch->conn->broker->counts.settled++;
        queue_settle(e->queue, e);
        return;
    }
    e->avoid = ch->serial;
    queue_requeue(e->queue, e);
}

static void settle(struct channel *ch, const struct unacked_slot *slot, enum outcome outcome)
{
    if (ch->mode == MODE_TX && !(FAULTY(tx_rejects_at_once) && outcome == OUTCOME_REQUEUE))
        tx_settle(ch, slot, outcome);
    else
        channel_apply(ch, slot->entry, outcome);
}

/* Gathered first, because what goes back to a queue goes newest first. */
static void settle_up_to(struct channel *ch, uint64_t tag, enum outcome outcome)
{
    struct unacked_slot *slots = xgrow(NULL, ch->unacked.live, sizeof *slots);
    size_t n = 0;

    while (unacked_take_first(&ch->unacked, tag, &slots[n]))
        n++;
    for (size_t i = 0; i < n; i++)
        settle(ch, &slots[outcome == OUTCOME_REQUEUE ? n - 1 - i : i], outcome);
    free(slots);
}

struct refusal channel_settle(struct channel *ch, uint64_t tag, bool multiple, enum outcome outcome)
{
    struct unacked_slot slot = { .tag = tag };

    if (multiple && tag == 0) {
        settle_up_to(ch, UINT64_MAX, outcome);
        return accepted;
    }
    if (FAULTY(stale_multiple_accepted) && multiple && tag <= ch->last_tag)
        return settle_up_to(ch, tag, outcome), accepted;
    if (FAULTY(refusal_settles) && multiple && tag > ch->last_tag)
        settle_up_to(ch, tag, outcome);
    if (FAULTY(unknown_tag_accepted) && !unacked_has(&ch->unacked, tag))
        return accepted;
    if (FAULTY(tx_tag_twice) && ch->mode == MODE_TX && !unacked_has(&ch->unacked, tag))
        return accepted;
    if (!unacked_has(&ch->unacked, tag))
        return refuse(PRECONDITION_FAILED, "unknown delivery tag %llu", (unsigned long long)tag);
    if (multiple) {
        settle_up_to(ch, tag, outcome);
        return accepted;
    }
    slot.entry = unacked_take(&ch->unacked, tag);
    settle(ch, &slot, outcome);
    return accepted;
}
