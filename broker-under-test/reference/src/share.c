#include "share.h"

#include "limits.h"
#include "log.h"

#include <malloc.h>

size_t share_used(const struct broker *b)
{
    return b->memory + b->things + b->unsent;
}

struct refusal share_of_things(struct conn *c, const char *what)
{
    const struct broker *b = c->broker;
    size_t half = b->settings.memory_high / LIMIT_PART_THINGS;

    if (b->things <= half ||
        (c->things_made < LIMIT_THINGS_EACH && b->things <= half + half / LIMIT_PART_THINGS)) {
        c->things_made++;
        return accepted;
    }
    return refuse(RESOURCE_ERROR, "no memory for another %s", what);
}

struct refusal share_of_bindings(struct conn *c, const struct exchange *x)
{
    if (router_steps(x->router) > LIMIT_ROUTE_STEPS)
        return refuse(RESOURCE_ERROR, "the bindings of exchange '%.*s' cost too much already",
                      STR_ARGS(x->dest.name));
    return share_of_things(c, "binding");
}

/* ---- what one connection holds ---------------------------------------------------------- */

static struct conn *heaviest(const struct broker *b)
{
    struct conn *c, *most = NULL;

    for (c = TAILQ_FIRST(&b->conns); c; c = TAILQ_NEXT(c, link)) {
        if (c->held && (!most || c->held > most->held))
            most = c;
    }
    return most;
}

/* What it had begun is gone with its channels; the rest of a frame is passed by. */
static void close_holder(struct conn *c)
{
    if (c->state == CONN_OPEN)
        conn_close(c, refuse(RESOURCE_ERROR, "no memory for what it has begun and not ended"), 0,
                   0);
    else
        conn_drop(c, "no memory for what it has begun");
    conn_pass_by(c);
    share_hold(c, c->held, 0);
}

void share_relieve(struct broker *b)
{
    struct conn *c;

    while (b->held > b->settings.memory_high / LIMIT_PART_HELD && (c = heaviest(b)))
        close_holder(c);
}

/* ---- what it does not read -------------------------------------------------------------- */

size_t share_unsent(const struct broker *b)
{
    size_t all = b->settings.memory_high / LIMIT_PART_UNSENT, each;

    if (b->unsent <= all)
        return LIMIT_OUT_HIGH;
    each = all / (b->conn_count + 1);
    return each > LIMIT_OUT_LEAST ? each : LIMIT_OUT_LEAST;
}

/* ---- who publishes into a long queue ---------------------------------------------------- */

/* The less room there is, the shorter a queue is long. */
static bool is_long(const struct broker *b, const struct queue *q)
{
    size_t used = share_used(b), mark = b->settings.memory_high;
    size_t part = used < mark ? (mark - used) / LIMIT_PARTS_BACKLOG : 0;

    return q->ready_bytes > part + LIMIT_BACKLOG_LEAST ||
           q->ready_count + q->unacked_count > part / LIMIT_BACKLOG_MESSAGE + LIMIT_BACKLOG_COUNT;
}

static bool is_short(const struct broker *b, bool already)
{
    return share_used(b) > b->settings.memory_high / LIMIT_PART_BACKLOG / 5 * (already ? 4 : 5);
}

void share_judge(struct conn *c, struct queue *q)
{
    struct broker *b = c->broker;

    if (c->waits_for || !is_short(b, false) || q->deleted || !is_long(b, q))
        return;
    c->waits_for = q;
    q->awaited++;
    TAILQ_INSERT_TAIL(&b->waiting, c, wait_link);
    log_info("%s: waits: memory is short, and queue '%.*s' is long", c->peer,
             STR_ARGS(q->dest.name));
    conn_tell_blocked(c, true);
}

void share_forgive(struct conn *c)
{
    if (!c->waits_for)
        return;
    c->waits_for->awaited--;
    c->waits_for = NULL;
    TAILQ_REMOVE(&c->broker->waiting, c, wait_link);
    c->broker->reprieved = true;
    if (!c->broker->blocked)
        conn_tell_blocked(c, false);
}

void share_reprieve(struct broker *b)
{
    bool still = is_short(b, true);
    struct conn *c, *next;

    for (c = TAILQ_FIRST(&b->waiting); c; c = next) {
        next = TAILQ_NEXT(c, wait_link);
        if (!still || !is_long(b, c->waits_for))
            share_forgive(c);
    }
}

void share_forget_queue(struct queue *q)
{
    struct conn *c, *next;

    for (c = q->awaited ? TAILQ_FIRST(&q->vhost->broker->waiting) : NULL; c; c = next) {
        next = TAILQ_NEXT(c, wait_link);
        if (c->waits_for == q)
            share_forgive(c);
    }
}

/* ---- what was freed --------------------------------------------------------------------- */

void share_return(struct broker *b)
{
    size_t used = share_used(b) + b->held;

    if (used > b->used_most)
        b->used_most = used;
    if (b->used_most - used < LIMIT_KEPT_FREE || used > b->used_most / 2)
        return;
    malloc_trim(0);
    b->used_most = used;
}
