/* The books of the soak: what was published and what was promised of it, what was delivered and
   what was said to it; and the judgement, as it goes and at the end. Talks to nobody.

   A message that is routed to n queues has n copies. Whoever publishes or consumes does it as a
   session: a channel from its open to its end, within one life of the broker (between two starts).

   What can be told for sure. An acknowledgement is asynchronous, and so is the note the broker
   keeps of a delivery. In the same life, what is held or was acknowledged on a channel that is
   still there must not be delivered to anybody. Across a kill, an acknowledgement counts if it was
   committed, or if it was answered (something synchronous on the same channel, about the same
   queue) and then a message published later to that queue was confirmed: nothing that is stored in
   order can have that and lack the other. So for the flag: it must be there if a message published
   to the queue after the delivery was heard of was confirmed before the kill. What a kill overtook
   otherwise is allowed, and counted apart. A graceful stop overtakes nothing. */
#ifndef TOOLS_SOAK_LEDGER_H
#define TOOLS_SOAK_LEDGER_H

#include <stdio.h>

#include "soak_world.h"

#define VERDICTS(V)                                                                                \
    V(lost, "confirmed or committed, and never seen again")                                        \
    V(duplicated, "delivered again although it was held or acknowledged")                          \
    V(unmarked, "delivered again without the flag")                                                \
    V(reordered, "first deliveries not in the order of publishing")                                \
    V(altered, "body, properties, exchange or key are not those published")                        \
    V(unexpected, "never published, rolled back, refused, or sent where it does not belong")       \
    V(unanswered, "an answer that never came, or the broker said no")

enum verdict {
#define V(name, text) BAD_##name,
    VERDICTS(V)
#undef V
        VERDICT_COUNT
};
extern const char *const verdict_names[VERDICT_COUNT];
extern const char *const verdict_texts[VERDICT_COUNT];

enum fate {       /* of a message */
            SENT, /* nobody answered yet, or ever */
            IN_TX,
            COMMITTING,
            CONFIRMED,
            COMMITTED,
            ROLLED_BACK, /* or its channel ended before Commit */
            REFUSED,     /* basic.nack */
            FATES,
};

struct ledger_counts {
    unsigned long long bad[VERDICT_COUNT];
    unsigned long long published, fate[FATES], returned, deliveries, redeliveries;
    unsigned long long copies, acknowledged, in_doubt;
    unsigned long long transactions; /* that were in doubt, with something to tell by */
    /* Not promised, and did happen. */
    unsigned long long acks_overtaken, marks_overtaken, doubtful_kept, doubtful_gone;
};
extern struct ledger_counts ledger;
extern uint64_t ledger_seed;

/* Where what is bad is told, the first hundreds of it. */
void ledger_open(FILE *faults);
void ledger_bad(enum verdict v, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line below the last, of what else is known. */
void ledger_more(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A life of the broker begins; the one before ended so. */
void ledger_new_life(bool gracefully);
unsigned ledger_life(void);

uint32_t ledger_session(void);
void ledger_end_session(uint32_t session);

/* Publishing. A transaction is a group; 0: none. */
uint32_t ledger_group(void);
uint32_t ledger_publish(uint32_t session, unsigned route, bool mandatory, uint32_t group);
void ledger_fate(uint32_t message, enum fate fate);
void ledger_returned(uint32_t message);
const struct route *ledger_route(uint32_t message); /* NULL: no such message */

/* Consuming: a copy is known by its index; NO_COPY: it is none of ours. */
#define NO_COPY UINT32_MAX
struct delivery {
    uint32_t session;
    unsigned queue;
    bool redelivered;
    struct str exchange, routing_key, body;
    struct properties properties;
};
uint32_t ledger_delivered(const struct delivery *d);
void ledger_ack_sent(uint32_t copy, uint32_t group); /* with Commit, in that transaction; or 0 */
void ledger_ack_answered(uint32_t copy);
void ledger_ack_committed(uint32_t copy);
/* Given back, or what held it has gone: it must come again. */
void ledger_released(uint32_t copy);

/* When nothing is left in any queue. */
void ledger_close(void);

#endif
