/* From a complete message to the queues it reaches. */
#ifndef REF_PUBLISH_H
#define REF_PUBLISH_H

#include "channel.h"

struct publish {
    struct message *message;
    bool mandatory, immediate;
};

/* Judges, then publishes or lets the transaction keep it. Takes over the reference. */
struct refusal publish(struct channel *ch, const struct publish *p);
/* Routes, enqueues, returns what must be returned. Takes over the reference; the answer
   is the batch that makes it durable, 0 if nothing needs to be. */
uint64_t publish_now(struct channel *ch, const struct publish *p);

#endif
