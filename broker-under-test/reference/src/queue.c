#include "queue_inside.h"

#include "broker.h"
#include "consumer.h"
#include "durable.h"
#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "share.h"
#include "table.h"

#include <assert.h>
#include <stdlib.h>

/* A queue without x-max-priority has two levels, 0..4 and 5..9: the specification's
   minimum. Most messages have no priority at all and stay in publish order. */
uint8_t queue_level(const struct queue *q, uint8_t priority, bool persistent)
{
    unsigned level = priority;

    if (!q->prioritised)
        level = priority >= 5;
    if (FAULTY(priority_ignored) || (FAULTY(persistent_first) && level == 0))
        level = FAULTY(persistent_first) && persistent;
    return (uint8_t)(level < q->levels ? level : q->levels - 1);
}

static unsigned levels_of(struct str arguments, bool *prioritised)
{
    int64_t max;

    *prioritised = table_integer(arguments, STR("x-max-priority"), &max);
    assert(!*prioritised || (max >= 0 && max < LIMIT_LEVELS));
    return *prioritised ? (unsigned)max + 1 : PLAIN_LEVELS;
}

static size_t cost(const struct queue *q)
{
    return COST_QUEUE + q->dest.name.n + q->arguments.n + q->levels * sizeof *q->level;
}

struct queue *queue_add(struct vhost *v, struct str name, bool durable, struct str arguments)
{
    struct queue *q = xcalloc(1, sizeof *q);

    q->dest = (struct destination){ .is_queue = true, .durable = durable, .name = str_dup(name) };
    q->vhost = v;
    q->id = broker_new_id(v->broker);
    v->broker->counts.queues_created += !v->broker->recovering;
    q->next_seq = broker_first_seq(v->broker);
    q->arguments = str_dup(arguments);
    q->levels = levels_of(arguments, &q->prioritised);
    q->level = xcalloc(q->levels, sizeof *q->level);
    for (unsigned i = 0; i < q->levels; i++)
        TAILQ_INIT(&q->level[i].ready);
    TAILQ_INIT(&q->active);
    TAILQ_INIT(&q->idle);
    v->broker->things += cost(q);
    map_set(v->queues, q->dest.name, q);
    binding_add(vhost_exchange(v, STR("")), &q->dest, q->dest.name, (struct str){ "", 0 });
    return q;
}

static void entry_free(struct queue *q, struct entry *e)
{
    q->vhost->broker->memory -= sizeof *e;
    message_unref(e->message);
    piece_free(e, sizeof *e);
}

/* Of all, parked or not. */
static struct entry *first_entry(const struct queue *q)
{
    for (unsigned i = q->levels; i-- > 0;) {
        struct entry *e = TAILQ_FIRST(&q->level[i].ready);

        if (e)
            return e;
    }
    return NULL;
}

void queue_free(struct queue *q)
{
    struct entry *e;

    while ((e = first_entry(q))) {
        if (is_parked(e)) {
            park_drop(q, e, false);
            continue;
        }
        TAILQ_REMOVE(&q->level[e->level].ready, e, link);
        entry_free(q, e);
    }
    q->vhost->broker->things -= cost(q);
    broker_unwake(q->vhost->broker, q);
    if (q->crowded)
        TAILQ_REMOVE(&q->vhost->broker->crowded, q, crowd_link);
    free(q->level);
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

struct entry *queue_first(struct queue *q)
{
    struct entry *e = first_entry(q);

    while (e && is_parked(e)) {
        park_awaken(q, e);
        e = first_entry(q);
    }
    return e;
}

/* Of all, parked or not. */
static struct entry *next_entry(const struct queue *q, const struct entry *e)
{
    struct entry *next = TAILQ_NEXT(e, link);

    for (unsigned i = e->level; !next && i-- > 0;)
        next = TAILQ_FIRST(&q->level[i].ready);
    return next;
}

struct entry *queue_next(struct queue *q, const struct entry *e)
{
    struct entry *next = next_entry(q, e);

    while (next && is_parked(next)) {
        park_awaken(q, next);
        next = next_entry(q, e);
    }
    return next;
}

struct entry *queue_next_of_others(struct queue *q, const struct entry *e)
{
    uint64_t publisher = e->message->publisher;
    struct entry *next = next_entry(q, e);

    while (next && is_parked(next)) {
        struct entry *other = park_skip(q, next, publisher);

        next = other ? park_awaken(q, other) : next_entry(q, next);
    }
    return next;
}

struct entry *queue_add_entry(struct queue *q, struct message *m, uint64_t seq,
                              struct entry *before)
{
    struct entry *e = piece_new(sizeof *e);

    *e = (struct entry){ .message = message_ref(m),
                         .queue = q,
                         .seq = seq,
                         .level = queue_level(q, m->priority, m->persistent) };
    e->redelivered = FAULTY(priority_queues_mark_all) && q->prioritised;
    q->vhost->broker->memory += sizeof *e;
    q->ready_bytes += entry_bytes(e);
    if (before)
        TAILQ_INSERT_BEFORE(before, e, link);
    else
        TAILQ_INSERT_TAIL(&q->level[e->level].ready, e, link);
    return e;
}

uint64_t queue_push(struct queue *q, struct message *m)
{
    struct entry *e;

    if (FAULTY(full_queue_drops) && q->ready_count >= 1000)
        return 0;
    e = queue_add_entry(q, m, q->next_seq++, NULL);
    q->ready_count++;
    queue_wake(q);
    if (!q->dest.durable || !m->persistent || FAULTY(messages_not_stored) ||
        (FAULTY(few_not_stored) && (e->seq & 0xff) == 200) ||
        (FAULTY(stored_in_first_queue_only) && m->references > 2) ||
        (FAULTY(stored_by_routing_key) && !str_eq(message_key(m), q->dest.name)))
        return 0;
    e->stored = true;
    e->batch = durable_put_message(q, e);
    park_consider(q, e, false);
    return e->batch;
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
    struct level *l = &q->level[e->level];

    if (l->fresh == e)
        l->fresh = TAILQ_NEXT(e, link);
    TAILQ_REMOVE(&l->ready, e, link);
    q->ready_bytes -= entry_bytes(e);
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

    if (FAULTY(get_newest) && e)
        e = TAILQ_LAST(&q->level[0].ready, entry_list);
    if (!e || is_parked(e))
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

/* What comes back is older than what is there, so its place is near the head. */
static void put_back(struct queue *q, struct entry *e)
{
    struct level *l = &q->level[e->level];
    struct entry *after = TAILQ_FIRST(&l->ready), *before;

    while (after && (after->seq < e->seq || FAULTY(requeued_last)))
        after = TAILQ_NEXT(after, link);
    before = after ? TAILQ_PREV(after, entry_list, link) : TAILQ_LAST(&l->ready, entry_list);
    if (before && is_parked(before) && !FAULTY(requeued_last) && park_cut(q, before, e->seq))
        after = TAILQ_NEXT(before, link);
    if (after)
        TAILQ_INSERT_BEFORE(after, e, link);
    else
        TAILQ_INSERT_TAIL(&l->ready, e, link);
    q->ready_count++;
    q->ready_bytes += entry_bytes(e);
    park_consider(q, e, true);
}

void queue_requeue(struct queue *q, struct entry *e)
{
    if (q->deleted) {
        queue_settle(q, e);
        return;
    }
    e->redelivered = !FAULTY(mark_forgotten_second_time) || !e->redelivered;
    e->consumer = NULL;
    if (FAULTY(mark_shared_by_queues))
        e->message->publisher = 0;
    put_back(q, e);
    q->unacked_count--;
    if (!FAULTY(requeue_wakes_nobody))
        queue_wake(q);
}

size_t queue_purge(struct queue *q)
{
    size_t n = q->ready_count;
    struct entry *e;

    while ((e = first_entry(q))) {
        if (is_parked(e)) {
            park_drop(q, e, !q->deleted);
            continue;
        }
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

    q->vhost->broker->counts.queues_deleted++;
    map_pop(q->vhost->queues, q->dest.name);
    share_forget_queue(q);
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
