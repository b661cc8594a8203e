/* A queue: messages in order, consumers in turn.

   A message in a queue is an entry. It is ready (in the queue, at its place), or
   unacknowledged (with a channel), and goes from one to the other without being
   copied or allocated again: put back, it returns to the place its number says.

   Of a long queue only the head is in memory, and what the store has not committed yet. The
   rest is parked: an entry without a message stands for any number of them (queue_park.c).

   Consumers that can take something are `active` and get one message each in turn;
   one that turns out unable (window full, flow paused, reader slow) becomes idle
   until what stopped it has changed and somebody wakes it. */
#ifndef REF_QUEUE_H
#define REF_QUEUE_H

#include "message.h"
#include "vhost.h"

#include <sys/queue.h>

struct conn;
struct channel;
struct consumer;

struct entry {
    TAILQ_ENTRY(entry) link; /* ready list, or a consumer's resend list */
    struct message *message; /* NULL: parked */
    struct queue *queue;     /* stays while the entry does, even if it is deleted */
    union {
        struct consumer *consumer; /* unacknowledged at; NULL after Get or Cancel */
        struct parked *parked;     /* without a message: what it stands for */
    };
    uint64_t seq;   /* its place in the queue; of parked ones, the first's */
    uint64_t batch; /* committed with it; 0: it is already, or will not be */
    uint64_t avoid; /* the channel that rejected it; 0: none */
    bool redelivered;
    bool stored;
    bool windowed; /* counts in its channel's window */
    uint8_t level;
};
TAILQ_HEAD(entry_list, entry);

struct level {
    struct entry_list ready;
    struct entry *fresh; /* from here on some may be parked as soon as they are committed */
    bool refilled;       /* so much came back that its head has to be looked at again */
};

struct consumer {
    TAILQ_ENTRY(consumer) link; /* the queue's active or idle list */
    struct channel *channel;
    struct queue *queue;
    struct str tag;
    bool no_ack, no_local, idle;
    uint32_t window, unacked;           /* messages; window 0: no limit */
    size_t window_bytes, unacked_bytes; /* bodies; likewise */
    struct entry_list resend;           /* to this consumer and no other: Recover without requeue */
};
TAILQ_HEAD(consumer_list, consumer);

struct queue {
    struct destination dest;
    struct vhost *vhost;
    uint64_t id;        /* names it in the store; never used twice */
    struct conn *owner; /* exclusive to; NULL: shared */
    TAILQ_ENTRY(queue) owned_link;
    bool auto_delete;
    bool deleted; /* only unacknowledged entries still point here */
    bool had_consumer;
    bool woken;
    TAILQ_ENTRY(queue) wake_link;
    struct str arguments;

    struct level *level; /* one per priority */
    unsigned levels;
    bool prioritised; /* x-max-priority was given */
    size_t ready_count, unacked_count;
    size_t ready_bytes; /* of those in memory */
    bool crowded;
    TAILQ_ENTRY(queue) crowd_link; /* in broker->crowded */
    uint64_t next_seq;
    uint64_t mark; /* highest number delivered so far, as the store knows it */

    struct consumer_list active, idle;
    size_t consumers, no_local_consumers;
    struct consumer *exclusive_consumer;
    uint64_t visited; /* by which routing */
    size_t awaited;   /* publishers that wait until it is short */
};

struct queue *queue_add(struct vhost *v, struct str name, bool durable, struct str arguments);
/* Takes its consumers with it (with notice) and its messages; returns how many were ready. */
size_t queue_delete(struct queue *q);
/* The memory only, when the broker ends. */
void queue_free(struct queue *q);

/* A new message at the end; takes a reference. Returns the store's batch that makes it
   durable, 0 if it is not to be. */
uint64_t queue_push(struct queue *q, struct message *m);
/* A recovered one, which stays in the store until its turn comes. */
void queue_recover(struct queue *q, uint64_t seq, uint8_t priority, bool redelivered);
/* Parks what it need not have in memory; true: no more to do before others are committed. */
bool queue_park(struct queue *q, uint64_t committed);
/* The first ready one, now unacknowledged; NULL if none. */
struct entry *queue_take(struct queue *q);
/* Back to its place, marked redelivered. */
void queue_requeue(struct queue *q, struct entry *e);
/* Done with: acknowledged, rejected for good, or delivered to one who needs not acknowledge. */
void queue_settle(struct queue *q, struct entry *e);
size_t queue_purge(struct queue *q);
size_t queue_active_consumers(const struct queue *q);
/* Whether the next message would be delivered at once. */
bool queue_hungry(struct queue *q, const struct message *m);

void queue_add_consumer(struct queue *q, struct consumer *c);
/* May delete an auto-delete queue. */
void queue_remove_consumer(struct queue *q, struct consumer *c);

/* Something changed that may let it deliver; it will, before the turn ends. */
void queue_wake(struct queue *q);
/* Delivers a while; true if it could go on. */
bool queue_pump(struct queue *q);

#endif
