/* Between a queue's messages (queue.c) and its consumers (queue_turn.c). */
#ifndef REF_QUEUE_INSIDE_H
#define REF_QUEUE_INSIDE_H

#include "queue.h"

/* In the order of delivery: by priority, then by number. NULL: no more. */
struct entry *queue_first(const struct queue *q);
struct entry *queue_next(const struct queue *q, const struct entry *e);
/* From ready to unacknowledged. The caller puts a raised mark into the store. */
void queue_lend(struct queue *q, struct entry *e);

#endif
