/* A queue's consumers in turn: who gets the next message. */
#include "queue_inside.h"

#include "broker.h"
#include "consumer.h"
#include "durable.h"
#include "faulty.h"
#include "limits.h"

size_t queue_active_consumers(const struct queue *q)
{
    const struct consumer *c;
    size_t n = 0;

    for (c = TAILQ_FIRST(&q->active); c; c = TAILQ_NEXT(c, link)) {
        n += consumer_flowing(c);
    }
    for (c = TAILQ_FIRST(&q->idle); c && !FAULTY(waiting_consumers_not_counted);
         c = TAILQ_NEXT(c, link)) {
        n += consumer_flowing(c);
    }
    return n;
}

void queue_add_consumer(struct queue *q, struct consumer *c)
{
    TAILQ_INSERT_TAIL(&q->active, c, link);
    q->consumers++;
    q->no_local_consumers += c->no_local;
    q->had_consumer = true;
    if (!FAULTY(consume_wakes_nothing))
        queue_wake(q);
}

void queue_remove_consumer(struct queue *q, struct consumer *c)
{
    TAILQ_REMOVE(c->idle ? &q->idle : &q->active, c, link);
    if (FAULTY(close_cancels_others) && c->channel->state != CH_OPEN && !TAILQ_EMPTY(&q->active))
        consumer_bereave(TAILQ_FIRST(&q->active));
    q->consumers--;
    q->no_local_consumers -= c->no_local;
    if (q->exclusive_consumer == c && !FAULTY(exclusive_consumer_stays))
        q->exclusive_consumer = NULL;
    if (FAULTY(auto_delete_by_cancel_only) && c->channel->state != CH_OPEN)
        return;
    if (q->auto_delete && (q->consumers == 0 || FAULTY(auto_delete_with_first_consumer)) &&
        !q->deleted)
        queue_delete(q);
}

void queue_wake(struct queue *q)
{
    if (!q->deleted && (!TAILQ_EMPTY(&q->active)))
        broker_wake(q->vhost->broker, q);
}

/* Whose turn it is for this message. Skips, but leaves active, who may not have this
   one: its own publisher if it asked for no-local. Who rejected it comes last. */
static struct consumer *next_consumer(struct queue *q, const struct message *m, uint64_t avoid)
{
    struct consumer *c, *next, *second_best = NULL;

    for (c = TAILQ_FIRST(&q->active); c; c = next) {
        next = TAILQ_NEXT(c, link);
        if (!consumer_can_take(c, m)) {
            if (FAULTY(full_window_stops_queue))
                return NULL;
            consumer_idle(c);
            continue;
        }
        if (c->no_local && (consumer_published(c, m) || FAULTY(no_local_hides_all)))
            continue;
        if (FAULTY(refused_kept_for_refuser) && avoid && !consumer_is_of(c, avoid))
            continue;
        if (avoid == 0 || !consumer_is_of(c, avoid))
            return c;
        if (!second_best)
            second_best = c;
    }
    return second_best;
}

bool queue_hungry(struct queue *q, const struct message *m)
{
    return q->ready_count == 0 && next_consumer(q, m, 0);
}

static void hand_over(struct queue *q, struct consumer *c, struct entry *e)
{
    /* To the end of the row before it is served: serving may make it idle. */
    if (!FAULTY(one_consumer_gets_all)) {
        TAILQ_REMOVE(&q->active, c, link);
        TAILQ_INSERT_TAIL(&q->active, c, link);
    }
    consumer_deliver(c, e);
}

/* What Recover owes to one consumer comes before anything new for it. */
static void pump_resends(struct queue *q, unsigned *quota)
{
    struct consumer *c, *next;

    for (c = TAILQ_FIRST(&q->active); c && *quota; c = next) {
        struct entry *e;

        next = TAILQ_NEXT(c, link);
        while (*quota && (e = TAILQ_FIRST(&c->resend))) {
            if (!consumer_can_take(c, e->message)) {
                consumer_idle(c);
                break;
            }
            TAILQ_REMOVE(&c->resend, e, link);
            consumer_deliver(c, e);
            --*quota;
        }
    }
}

bool queue_pump(struct queue *q)
{
    unsigned quota = LIMIT_PUMP;
    uint64_t before = q->mark;
    struct entry *e, *next;

    pump_resends(q, &quota);
    for (e = queue_first(q); e && quota && !TAILQ_EMPTY(&q->active); e = next) {
        struct consumer *c = next_consumer(q, e->message, e->avoid);

        next = c ? queue_next(q, e) : queue_next_of_others(q, e);
        if (!c)
            continue;
        queue_lend(q, e);
        hand_over(q, c, e);
        quota--;
    }
    if (q->mark != before)
        durable_mark(q);
    return quota == 0;
}
