#include "queue_inside.h"

#include "broker.h"
#include "consumer.h"
#include "durable.h"
#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "table.h"

#include <assert.h>
#include <stdlib.h>

/* A queue without x-max-priority has two levels, 0..4 and 5..9: the specification's
   minimum. Most messages have no priority at all and stay in publish order. */
static uint8_t level_of(const struct queue *q, const struct message *m)
{
    unsigned level = m->priority;

    if (!q->prioritised)
        level = m->priority >= 5;
    if (FAULTY(priority_ignored) || (FAULTY(persistent_first) && level == 0))
        level = FAULTY(persistent_first) && m->persistent;
    return (uint8_t)(level < q->levels ? level : q->levels - 1);
}

static unsigned levels_of(struct str arguments, bool *prioritised)
{
    int64_t max;

    *prioritised = table_integer(arguments, STR("x-max-priority"), &max);
    assert(!*prioritised || (max >= 0 && max < LIMIT_LEVELS));
    return *prioritised ? (unsigned)max + 1 : PLAIN_LEVELS;
}

struct queue *queue_add(struct vhost *v, struct str name, bool durable, struct str arguments)
{
    struct queue *q = xcalloc(1, sizeof *q);

    q->dest = (struct destination){ .is_queue = true, .durable = durable, .name = str_dup(name) };
    q->vhost = v;
    q->id = broker_new_id(v->broker);
    q->next_seq = broker_first_seq(v->broker);
    q->arguments = str_dup(arguments);
    q->levels = levels_of(arguments, &q->prioritised);
    q->ready = xcalloc(q->levels, sizeof *q->ready);
    for (unsigned i = 0; i < q->levels; i++)
        TAILQ_INIT(&q->ready[i]);
    TAILQ_INIT(&q->active);
    TAILQ_INIT(&q->idle);
    map_set(v->queues, q->dest.name, q);
    binding_add(vhost_exchange(v, STR("")), &q->dest, q->dest.name, (struct str){ "", 0 });
    return q;
}

static void entry_free(struct queue *q, struct entry *e)
{
    q->vhost->broker->memory -= sizeof *e;
    message_unref(e->message);
    free(e);
}

void queue_free(struct queue *q)
{
    struct entry *e;

    for (unsigned i = 0; i < q->levels; i++) {
        while ((e = TAILQ_FIRST(&q->ready[i]))) {
            TAILQ_REMOVE(&q->ready[i], e, link);
            entry_free(q, e);
        }
    }
    broker_unwake(q->vhost->broker, q);
    free(q->ready);
    free(q->dest.sources);
    str_free(&q->dest.name);
    str_free(&q->arguments);
    free(q);
}

/* A deleted queue stays while channels hold entries of it. */
static void free_if_over(struct queue *q)
{
    if (q->deleted && q->unacked_count == 0)
        queue_free(q);
}

struct entry *queue_first(const struct queue *q)
{
    for (unsigned i = q->levels; i-- > 0;) {
        struct entry *e = TAILQ_FIRST(&q->ready[i]);

        if (e)
            return e;
    }
    return NULL;
}

struct entry *queue_next(const struct queue *q, const struct entry *e)
{
    struct entry *next = TAILQ_NEXT(e, link);

    for (unsigned i = e->level; !next && i-- > 0;)
        next = TAILQ_FIRST(&q->ready[i]);
    return next;
}

static struct entry *entry_new(struct queue *q, struct message *m, uint64_t seq)
{
    struct entry *e = xmalloc(sizeof *e);

    *e = (struct entry){
        .message = message_ref(m), .queue = q, .seq = seq, .level = level_of(q, m)
    };
    e->redelivered = FAULTY(priority_queues_mark_all) && q->prioritised;
    q->vhost->broker->memory += sizeof *e;
    TAILQ_INSERT_TAIL(&q->ready[e->level], e, link);
    q->ready_count++;
    return e;
}

uint64_t queue_push(struct queue *q, struct message *m)
{
    struct entry *e;

    if (FAULTY(full_queue_drops) && q->ready_count >= 1000)
        return 0;
    e = entry_new(q, m, q->next_seq++);
    queue_wake(q);
    if (!q->dest.durable || !m->persistent || FAULTY(messages_not_stored) ||
        (FAULTY(few_not_stored) && (e->seq & 0xff) == 200) ||
        (FAULTY(stored_in_first_queue_only) && m->references > 2) ||
        (FAULTY(stored_by_routing_key) && !str_eq(message_key(m), q->dest.name)))
        return 0;
    e->stored = true;
    return durable_put_message(q, e);
}

void queue_recover(struct queue *q, struct message *m, uint64_t seq, bool redelivered)
{
    struct entry *e = entry_new(q, m, seq);

    e->stored = true;
    e->redelivered = redelivered;
    if (FAULTY(recovered_in_reverse)) {
        TAILQ_REMOVE(&q->ready[e->level], e, link);
        TAILQ_INSERT_HEAD(&q->ready[e->level], e, link);
    }
    if (redelivered && seq > q->mark)
        q->mark = seq;
}

/* Remembers in the store how far deliveries went, so that after a crash their repeats
   can be marked. */
static void mark(struct queue *q, const struct entry *e)
{
    if (e->stored && e->seq > q->mark)
        q->mark = e->seq;
}

static void take(struct queue *q, struct entry *e)
{
    TAILQ_REMOVE(&q->ready[e->level], e, link);
    q->ready_count--;
    q->unacked_count++;
    if (FAULTY(mark_shared_by_queues) && e->message->publisher == 0)
        e->redelivered = true;
    if (FAULTY(delivered_forgotten) && e->stored)
        durable_del_message(q, e);
}

void queue_lend(struct queue *q, struct entry *e)
{
    take(q, e);
    mark(q, e);
}

struct entry *queue_take(struct queue *q)
{
    struct entry *e = queue_first(q);
    uint64_t before = q->mark;

    if (FAULTY(get_newest))
        e = TAILQ_LAST(&q->ready[0], entry_list);
    if (!e)
        return NULL;
    queue_lend(q, e);
    if (q->mark != before)
        durable_mark(q);
    return e;
}

static void settle(struct queue *q, struct entry *e)
{
    if (e->stored && !q->deleted)
        durable_del_message(q, e);
    entry_free(q, e);
    assert(q->unacked_count > 0);
    q->unacked_count--;
}

void queue_settle(struct queue *q, struct entry *e)
{
    settle(q, e);
    free_if_over(q);
}

void queue_requeue(struct queue *q, struct entry *e)
{
    struct entry *after;

    if (q->deleted) {
        queue_settle(q, e);
        return;
    }
    e->redelivered = !FAULTY(mark_forgotten_second_time) || !e->redelivered;
    e->consumer = NULL;
    if (FAULTY(mark_shared_by_queues))
        e->message->publisher = 0;
    /* What comes back is older than what is there, so its place is near the head. */
    for (after = TAILQ_FIRST(&q->ready[e->level]);
         after && (after->seq < e->seq || FAULTY(requeued_last));)
        after = TAILQ_NEXT(after, link);
    if (after)
        TAILQ_INSERT_BEFORE(after, e, link);
    else
        TAILQ_INSERT_TAIL(&q->ready[e->level], e, link);
    q->ready_count++;
    q->unacked_count--;
    if (!FAULTY(requeue_wakes_nobody))
        queue_wake(q);
}

size_t queue_purge(struct queue *q)
{
    size_t n = q->ready_count;
    struct entry *e;

    while ((e = queue_first(q))) {
        take(q, e);
        if (FAULTY(purged_return))
            e->stored = false;
        settle(q, e);
    }
    return n;
}

size_t queue_delete(struct queue *q)
{
    size_t ready = q->ready_count;
    struct consumer *c;

    map_pop(q->vhost->queues, q->dest.name);
    durable_forget_queue(q);
    destination_clear(&q->dest);
    if (q->owner)
        TAILQ_REMOVE(&q->owner->owned, q, owned_link);
    q->deleted = true;
    q->unacked_count++; /* holds the queue until we are done with it */
    while ((c = TAILQ_FIRST(&q->active)) || (c = TAILQ_FIRST(&q->idle)))
        consumer_bereave(c);
    queue_purge(q);
    broker_unwake(q->vhost->broker, q);
    q->unacked_count--;
    free_if_over(q);
    return ready;
}
