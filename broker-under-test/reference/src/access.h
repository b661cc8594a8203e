/* May this connection's user do that to a thing of that name? The questions come before any
   look at whether the thing exists, so that nobody learns names by being refused. */
#ifndef REF_ACCESS_H
#define REF_ACCESS_H

#include "channel.h"
#include "user.h"

struct refusal may(const struct channel *ch, enum permission p, struct str name);
/* The same for a queue, then the queue itself, or 404 or 405. A blank name means the last one
   declared here. */
struct refusal may_queue(struct channel *ch, enum permission p, struct str name, struct queue **q);

#endif
