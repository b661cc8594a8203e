/* Those who use the broker: publishers and consumers, each with a connection, a channel and random
   numbers of its own. They are stepped by the one loop there is and never wait. */
#ifndef TOOLS_SOAK_ACTOR_H
#define TOOLS_SOAK_ACTOR_H

#include "fixtures/wire/random.h"
#include "soak_ledger.h"
#include "soak_link.h"

/* What they know of each other and of the broker. */
struct scene {
    const struct target *target;
    bool up;        /* it may be dialled */
    bool finishing; /* come to an end in good order, and stay away */
    unsigned waiting[QUEUES];
};

struct publisher {
    struct link link;
    struct random random;
    struct scene *scene;
    uint32_t session, group;
    bool in_session, in_tx, ready;
    bool asked; /* Commit, Rollback or Close: nothing more is said */
    bool over;
    uint32_t *ids; /* of this channel, in order; with transactions those of the open one */
    uint32_t n, room, confirmed;
    int64_t heard_ms;
};

void publisher_init(struct publisher *p, struct scene *scene, uint64_t seed);
void publisher_step(struct publisher *p);
/* The broker is gone: hears the rest, and closes its books. */
void publisher_end(struct publisher *p);
void publisher_clear(struct publisher *p);

enum outcome { ACK, REQUEUE, DISCARD };

struct holding {
    uint64_t tag;
    uint32_t copy;
    enum outcome outcome; /* in a transaction */
};

struct holdings {
    struct holding *at;
    uint32_t n, room;
};

struct consumer {
    struct link link;
    struct random random;
    struct scene *scene;
    uint32_t session;
    unsigned queue;
    bool in_session, in_tx, ready;
    bool asked; /* something that has to be answered before anything else is said */
    bool committing;
    bool deaf; /* what comes now is given back by what was asked */
    bool over;
    struct holdings held, pending, acked;
    struct holdings moved; /* messages published in the transaction */
    uint32_t group;        /* of the transaction; 0: it has not begun */
    uint32_t fenced; /* so many of acked were there when the queue was asked for; 0: it was not */
    int64_t heard_ms;
};

void consumer_init(struct consumer *c, struct scene *scene, uint64_t seed);
void consumer_step(struct consumer *c);
void consumer_end(struct consumer *c);
void consumer_clear(struct consumer *c);

#endif
