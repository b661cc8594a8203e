/* Between a queue's messages (queue.c) and its consumers (queue_turn.c). */
#ifndef REF_QUEUE_INSIDE_H
#define REF_QUEUE_INSIDE_H

#include "queue.h"

/* In the order of delivery: by priority, then by number, and read back if they were parked.
   NULL: no more. */
struct entry *queue_first(struct queue *q);
struct entry *queue_next(struct queue *q, const struct entry *e);
/* The next that somebody else has published. */
struct entry *queue_next_of_others(struct queue *q, const struct entry *e);
/* From ready to unacknowledged. The caller puts a raised mark into the store. */
void queue_lend(struct queue *q, struct entry *e);
/* Into memory at the end of its level, or before another entry. */
struct entry *queue_add_entry(struct queue *q, struct message *m, uint64_t seq,
                              struct entry *before);
uint8_t queue_level(const struct queue *q, uint8_t priority, bool persistent);

/* queue_park.c: ready messages that are in the store and not in memory. */
static inline bool is_parked(const struct entry *e)
{
    return !e->message;
}
static inline size_t entry_bytes(const struct entry *e)
{
    return sizeof *e + sizeof *e->message + e->message->room;
}
/* This one was added, or came back: is the queue longer than what may be in memory? */
void park_consider(struct queue *q, struct entry *e, bool came_back);
/* Reads some back: the first of them, or what stands there instead; NULL: nothing. */
struct entry *park_awaken(struct queue *q, struct entry *parked);
/* Cuts so that what has a higher number stands alone, and returns it; NULL: there is none. */
struct entry *park_cut(struct queue *q, struct entry *parked, uint64_t seq);
/* The first, at or after that entry, that is of another publisher. */
struct entry *park_skip(struct queue *q, struct entry *e, uint64_t publisher);
/* Off the list, and out of the store if it is to be. */
void park_drop(struct queue *q, struct entry *parked, bool from_store);

#endif
