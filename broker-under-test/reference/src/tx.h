/* A transaction: publishes and settlements that wait for Commit. Faults were found
   before they came here, so Commit cannot fail. */
#ifndef REF_TX_H
#define REF_TX_H

#include "channel.h"
#include "publish.h"

struct tx;

struct tx *tx_new(void);
/* It is empty, committed or rolled back. */
void tx_free(struct tx *tx);
/* Takes over the reference. */
void tx_publish(struct channel *ch, const struct publish *p);
void tx_settle(struct channel *ch, const struct unacked_slot *slot, enum outcome outcome);
/* Does everything in its order; returns the batch that makes it durable, 0: none. All
   of it is in one batch, so a crash leaves all or nothing. */
uint64_t tx_commit(struct channel *ch);
/* Publishes vanish, the settled are unsettled again and may be settled anew. */
void tx_rollback(struct channel *ch);
void tx_forget_consumer(struct tx *tx, const struct consumer *c);

#endif
