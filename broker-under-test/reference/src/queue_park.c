/* The part of a queue that waits in the store and not in memory.

   Where messages are parked, one entry without a message stands in the ready list for all that
   follow each other there, in runs of neighbouring numbers that are alike. A million of
   them, published by one connection, are one run. */
#include "queue_inside.h"

#include "broker.h"
#include "durable.h"
#include "faulty.h"
#include "limits.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

/* Every number from first on, n of them: all ready, all in the store. */
struct run {
    uint64_t first;
    uint64_t publisher, avoid; /* which the store does not know */
    uint32_t n;
    bool redelivered;
};

struct parked {
    size_t at, n, room; /* run[at] to run[n - 1]; what is before has been read back */
    struct run run[];
};

static size_t parked_bytes(size_t room)
{
    return sizeof(struct parked) + room * sizeof(struct run);
}

static void set_room(struct entry *e, size_t room)
{
    struct parked *p = e->parked;
    size_t before = p ? parked_bytes(p->room) : 0;

    e->parked = xrealloc(p, parked_bytes(room));
    if (!p)
        *e->parked = (struct parked){ .n = 0 };
    e->parked->room = room;
    e->queue->vhost->broker->memory += parked_bytes(room) - before;
}

static void make_room(struct entry *e)
{
    struct parked *p = e->parked;

    if (p && p->n < p->room)
        return;
    if (p && p->at > p->room / 2) {
        memmove(p->run, p->run + p->at, (p->n - p->at) * sizeof *p->run);
        p->n -= p->at;
        p->at = 0;
    } else {
        set_room(e, p ? p->room * 2 : 1);
    }
}

static bool continues(const struct run *r, const struct run *next)
{
    return r->first + r->n == next->first && r->publisher == next->publisher &&
           r->avoid == next->avoid && r->redelivered == next->redelivered && r->n < UINT32_MAX;
}

static void append(struct entry *e, struct run one)
{
    struct parked *p = e->parked;

    if (p && p->n > p->at && continues(&p->run[p->n - 1], &one)) {
        p->run[p->n - 1].n++;
        return;
    }
    make_room(e);
    e->parked->run[e->parked->n++] = one;
}

static struct entry *parked_new(struct queue *q, uint64_t seq, uint8_t level)
{
    struct entry *e = piece_new(sizeof *e);

    *e = (struct entry){ .queue = q, .seq = seq, .level = level, .stored = true };
    q->vhost->broker->memory += sizeof *e;
    return e;
}

/* The runs are gone, and so is the entry. */
static void unlist(struct queue *q, struct entry *e)
{
    struct level *l = &q->level[e->level];

    if (l->fresh == e)
        l->fresh = TAILQ_NEXT(e, link);
    TAILQ_REMOVE(&l->ready, e, link);
    q->vhost->broker->memory -= sizeof *e;
    if (is_parked(e) && e->parked) {
        q->vhost->broker->memory -= parked_bytes(e->parked->room);
        free(e->parked);
    }
    piece_free(e, sizeof *e);
}

void park_drop(struct queue *q, struct entry *e, bool from_store)
{
    struct parked *p = e->parked;

    for (size_t i = p->at; i < p->n; i++) {
        q->ready_count -= p->run[i].n;
        if (from_store)
            durable_del_messages(q, p->run[i].first, p->run[i].first + p->run[i].n - 1);
    }
    unlist(q, e);
}

void queue_recover(struct queue *q, uint64_t seq, uint8_t priority, bool redelivered)
{
    uint8_t level = queue_level(q, priority, true);
    struct entry_list *ready = &q->level[level].ready;
    struct entry *e = TAILQ_LAST(ready, entry_list);

    if (!e || !is_parked(e) || FAULTY(recovered_in_reverse)) {
        e = parked_new(q, seq, level);
        if (FAULTY(recovered_in_reverse))
            TAILQ_INSERT_HEAD(ready, e, link);
        else
            TAILQ_INSERT_TAIL(ready, e, link);
    }
    append(e, (struct run){ .first = seq, .n = 1, .redelivered = redelivered });
    q->ready_count++;
    if (redelivered && seq > q->mark)
        q->mark = seq;
}

/* ---- into the store ---------------------------------------------------------------------- */

static size_t room_of(const struct queue *q)
{
    const struct broker *b = q->vhost->broker;

    return b->memory < LIMIT_READY_ALL ? b->settings.ready_high
                                       : b->settings.ready_high / LIMIT_READY_PARTS;
}

void park_consider(struct queue *q, struct entry *e, bool came_back)
{
    struct broker *b = q->vhost->broker;
    struct level *l = &q->level[e->level];

    if (!e->stored || q->ready_bytes <= room_of(q) / 4 * (came_back ? 5 : 4))
        return;
    if (came_back)
        l->refilled = b->crowd_waits = true;
    else if (!l->fresh)
        l->fresh = e;
    if (!q->crowded)
        TAILQ_INSERT_TAIL(&b->crowded, q, crowd_link);
    q->crowded = true;
}

/* It becomes one with those parked before it, or stands for itself without its message. */
static struct entry *park(struct queue *q, struct entry *e)
{
    struct entry *before = TAILQ_PREV(e, entry_list, link), *next = TAILQ_NEXT(e, link);
    struct run one = { e->seq, e->message->publisher, e->avoid, 1, e->redelivered };

    q->ready_bytes -= entry_bytes(e);
    message_unref(e->message);
    e->message = NULL;
    e->parked = NULL;
    if (before && is_parked(before)) {
        append(before, one);
        unlist(q, e);
    } else {
        append(e, one);
    }
    return next;
}

/* The first behind so many octets of messages at the head. */
static struct entry *behind_head(const struct level *l, size_t bytes)
{
    struct entry *e = TAILQ_FIRST(&l->ready);

    for (size_t n = 0; e && n < bytes; e = TAILQ_NEXT(e, link))
        n += is_parked(e) ? 0 : entry_bytes(e);
    return e;
}

/* true: nothing more to do, or all else waits for the store. */
static bool park_level(struct queue *q, struct level *l, uint64_t committed, unsigned *quota)
{
    size_t room = room_of(q);
    struct entry *e;

    if (l->refilled)
        l->fresh = behind_head(l, room);
    l->refilled = false;
    for (e = l->fresh; e && q->ready_bytes > room && *quota; --*quota) {
        if (!is_parked(e) && e->stored && e->batch > committed)
            break;
        e = is_parked(e) || !e->stored ? TAILQ_NEXT(e, link) : park(q, e);
    }
    l->fresh = e;
    return *quota > 0;
}

bool queue_park(struct queue *q, uint64_t committed)
{
    unsigned quota = LIMIT_PARK;
    bool waits = false;

    for (unsigned i = 0; i < q->levels; i++) {
        if (!park_level(q, &q->level[i], committed, &quota))
            q->vhost->broker->crowd_waits = true;
        waits = waits || q->level[i].fresh;
    }
    return !waits || q->ready_bytes <= room_of(q);
}

/* ---- and back ---------------------------------------------------------------------------- */

struct reading {
    struct queue *q;
    struct entry *parked;
    struct run *run;
    size_t bytes;
};

static bool read_one(void *context, const struct store_message *s, bool unused)
{
    struct reading *r = context;
    struct message *m;
    struct entry *e;

    (void)unused;
    if (s->seq != r->run->first)
        return false;
    m = durable_message(s, &r->q->vhost->broker->memory);
    m->publisher = r->run->publisher;
    e = queue_add_entry(r->q, m, s->seq, r->parked);
    message_unref(m);
    e->level = r->parked->level;
    e->avoid = r->run->avoid;
    e->redelivered = e->redelivered || r->run->redelivered;
    e->stored = true;
    r->bytes += entry_bytes(e);
    r->run->first++;
    r->run->n--;
    return r->run->n > 0 && r->bytes < LIMIT_READY_BACK;
}

/* What is not there any more is no longer counted; the store has failed by then. */
struct entry *park_awaken(struct queue *q, struct entry *e)
{
    struct entry *before = TAILQ_PREV(e, entry_list, link);
    struct entry_list *ready = &q->level[e->level].ready;
    struct reading r = { .q = q, .parked = e };
    struct parked *p = e->parked;

    while (p->at < p->n && r.bytes < LIMIT_READY_BACK) {
        r.run = &p->run[p->at];
        e->seq = r.run->first;
        if (!store_read_from(q->vhost->broker->store, q->id, e->seq, read_one, &r))
            break;
        p->at += r.run->n == 0;
    }
    if (p->at < p->n && r.bytes < LIMIT_READY_BACK)
        park_drop(q, e, false);
    else if (p->at == p->n)
        unlist(q, e);
    else
        e->seq = p->run[p->at].first;
    return before ? TAILQ_NEXT(before, link) : TAILQ_FIRST(ready);
}

/* The runs from i on, in an entry of their own behind it. */
static struct entry *cut_at(struct queue *q, struct entry *e, size_t i)
{
    struct parked *p = e->parked;
    struct entry *rest = parked_new(q, p->run[i].first, e->level);

    set_room(rest, p->n - i);
    memcpy(rest->parked->run, p->run + i, (p->n - i) * sizeof *p->run);
    rest->parked->n = p->n - i;
    p->n = i;
    TAILQ_INSERT_AFTER(&q->level[e->level].ready, e, rest, link);
    return rest;
}

struct entry *park_cut(struct queue *q, struct entry *e, uint64_t seq)
{
    const struct parked *p = e->parked;
    size_t low = p->at, high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->run[middle].first < seq)
            low = middle + 1;
        else
            high = middle;
    }
    assert(low > p->at);
    return low < p->n ? cut_at(q, e, low) : NULL;
}

struct entry *park_skip(struct queue *q, struct entry *e, uint64_t publisher)
{
    const struct parked *p = e->parked;
    size_t i = p->at;

    while (i < p->n && p->run[i].publisher == publisher)
        i++;
    if (i == p->n)
        return NULL;
    return i == p->at ? e : cut_at(q, e, i);
}
