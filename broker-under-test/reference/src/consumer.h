/* A consumer: the tie between a queue and a channel, and the judge of whether a
   message may go over it now. */
#ifndef REF_CONSUMER_H
#define REF_CONSUMER_H

#include "queue.h"

struct consumer_options {
    struct str tag;
    bool no_ack, no_local, exclusive;
};

struct consumer *consumer_new(struct channel *ch, struct queue *q,
                              const struct consumer_options *o);
/* Cancelled, or its channel ends. What it had stays with the channel. May delete an
   auto-delete queue. */
void consumer_free(struct consumer *c);
/* Its queue is deleted: tells a client that can be told, then frees. */
void consumer_bereave(struct consumer *c);

bool consumer_can_take(const struct consumer *c, const struct message *m);
void consumer_deliver(struct consumer *c, struct entry *e);
void consumer_idle(struct consumer *c);
/* What stopped it may be over. */
void consumer_wake(struct consumer *c);
/* Not paused by Channel.Flow. */
bool consumer_flowing(const struct consumer *c);
bool consumer_published(const struct consumer *c, const struct message *m);
bool consumer_is_of(const struct consumer *c, uint64_t channel_serial);

#endif
