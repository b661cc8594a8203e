#include "tx.h"

#include "broker.h"
#include "faulty.h"
#include "mem.h"
#include "share.h"

#include <stdlib.h>

struct step {
    bool is_publish;
    struct publish publish;
    struct unacked_slot slot;
    enum outcome outcome;
};

struct tx {
    struct step *steps;
    size_t count, capacity;
    size_t held; /* of the connection's account */
};

struct tx *tx_new(void)
{
    return xcalloc(1, sizeof(struct tx));
}

void tx_free(struct tx *tx)
{
    if (!tx)
        return;
    free(tx->steps);
    free(tx);
}

static struct step *add(struct tx *tx)
{
    if (tx->count == tx->capacity) {
        tx->capacity = tx->capacity * 2 + 8;
        tx->steps = xgrow(tx->steps, tx->capacity, sizeof *tx->steps);
    }
    return &tx->steps[tx->count++];
}

static void hold(struct channel *ch, size_t n)
{
    share_hold(ch->conn, 0, n);
    ch->tx->held += n;
}

static void let_go(struct channel *ch)
{
    share_hold(ch->conn, ch->tx->held, 0);
    ch->tx->held = 0;
}

void tx_publish(struct channel *ch, const struct publish *p)
{
    hold(ch, sizeof(struct step) + sizeof *p->message + p->message->room);
    *add(ch->tx) = (struct step){ .is_publish = true, .publish = *p };
}

void tx_settle(struct channel *ch, const struct unacked_slot *slot, enum outcome outcome)
{
    hold(ch, sizeof(struct step));
    *add(ch->tx) = (struct step){ .slot = *slot, .outcome = outcome };
}

uint64_t tx_commit(struct channel *ch)
{
    struct tx *tx = ch->tx;
    struct store *store = ch->conn->broker->store;
    uint64_t batch = 0;

    store_atomic(store, true);
    for (size_t i = 0; i < tx->count; i++) {
        const struct step *s = &tx->steps[FAULTY(commit_reversed) ? tx->count - 1 - i : i];
        uint64_t needs = 0;

        if (s->is_publish) {
            needs = publish_now(ch, &s->publish);
        } else {
            if (s->slot.entry->stored)
                needs = store_pending(store);
            channel_apply(ch, s->slot.entry, s->outcome);
        }
        batch = needs > batch ? needs : batch;
    }
    store_atomic(store, false);
    let_go(ch);
    tx->count = 0;
    return batch;
}

void tx_rollback(struct channel *ch)
{
    struct tx *tx = ch->tx;
    struct unacked_slot *slots = xgrow(NULL, tx->count, sizeof *slots);
    size_t n = 0;

    for (size_t i = 0; i < tx->count; i++) {
        if (tx->steps[i].is_publish)
            message_unref(tx->steps[i].publish.message);
        else
            slots[n++] = tx->steps[i].slot;
    }
    unacked_restore(&ch->unacked, slots, FAULTY(rollback_forgets_acks) ? 0 : n);
    free(slots);
    tx->count = 0;
    let_go(ch);
}

void tx_forget_consumer(struct tx *tx, const struct consumer *c)
{
    for (size_t i = 0; i < tx->count; i++) {
        struct step *s = &tx->steps[i];

        if (!s->is_publish && s->slot.entry->consumer == c)
            s->slot.entry->consumer = NULL;
    }
}
