/* Somebody who has nothing to do with the attack: a publisher and a consumer, connected before it
   began, with a message every so often; and a newcomer, who connects in the middle of it.

   Latency runs from the moment a message was due, not from the one it got away at: what
   keeps the publisher waiting counts. */
#ifndef TOOLS_ATTACKER_BYSTANDER_H
#define TOOLS_ATTACKER_BYSTANDER_H

#include "link.h"

enum { BYSTANDER_BODY = 64, LIMIT_SAMPLES = 1 << 16 };

struct bystander {
    struct link publisher, consumer;
    uint8_t publish[512]; /* a whole publish, but for the body's number */
    size_t publish_n, body_at;
    uint64_t said;   /* messages over its life */
    int64_t *due_ns; /* of the measure under way, by number */
    uint64_t first;
};

struct latency {
    double p50, p99, p999, most; /* microseconds */
    uint64_t sent, missing;
};

/* Called every ten milliseconds while measuring. */
typedef void tick_fn(void *context);

bool bystander_open(struct bystander *b, const struct target *t);
void bystander_close(struct bystander *b);
/* false: its connections are gone. */
bool bystander_measure(struct bystander *b, unsigned ms, unsigned per_second, struct latency *out,
                       tick_fn *tick, void *context);

/* All that a client does first: handshake, channel, declare, publish, get. Milliseconds; -1: it
   was not served. */
double newcomer_served(const struct target *t);

#endif
