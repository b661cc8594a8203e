#include "store.h"

#include "faulty.h"
#include "log.h"
#include "mem.h"
#include "store_inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct batch *open_batch(struct store *s, uint64_t number)
{
    struct batch *b = s->spare ? s->spare : batch_new();

    s->spare = NULL;
    b->number = number;
    return b;
}

struct store *store_open(const struct store_options *o, char *error, size_t error_size)
{
    struct store *s = xcalloc(1, sizeof *s);

    s->dir = xgrow(NULL, strlen(o->dir) + 1, 1);
    strcpy(s->dir, o->dir);
    s->wake = o->wake;
    s->context = o->context;
    STAILQ_INIT(&s->done);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->map, NULL);
    store_init_work(s);
    s->open = open_batch(s, 1);
    if (!store_open_env(s, o, error, error_size))
        goto fail;
    if (store_start_thread(s))
        return s;
    snprintf(error, error_size, "%s: no thread for the store", o->dir);
fail:
    store_close_env(s);
    batch_free(s->open);
    free(s->dir);
    free(s);
    return NULL;
}

/* Called with the lock, and only when nothing waits. */
static void hand_over(struct store *s)
{
    s->waiting = s->open;
    s->begun = true;
    s->open = open_batch(s, s->waiting->number + 1);
    pthread_cond_signal(&s->work);
}

/* Nothing to write, but somebody waits for the number: it counts as committed
   together with the last batch that is under way, or at once. */
static void pass_number_on(struct store *s)
{
    struct batch *last = s->waiting ? s->waiting : s->writing;

    if (last)
        last->number = s->open->number;
    else if (!atomic_load(&s->failed))
        atomic_store(&s->committed, s->open->number);
    if (!last && s->wake)
        s->wake(s->context);
    s->open->number++;
    s->open->awaited = false;
}

/* While there is no room, all that is to be written is one batch: what is deleted now may make
   room for what came before. */
static void join_waiting(struct store *s)
{
    uint64_t next = s->open->number + 1;

    batch_join(s->waiting, s->open);
    s->open->number = next;
}

uint64_t store_seal(struct store *s)
{
    uint64_t number = s->open->number;

    if (s->open->n == 0 && !s->open->awaited)
        return number - 1;
    if (FAULTY(written_at_stop_only)) {
        atomic_store(&s->committed, number);
        return number;
    }
    pthread_mutex_lock(&s->lock);
    if (s->open->n == 0)
        pass_number_on(s);
    else if (s->waiting && atomic_load(&s->full))
        join_waiting(s);
    else if (s->waiting)
        s->open->sealed = true;
    else
        hand_over(s);
    pthread_mutex_unlock(&s->lock);
    return number;
}

uint64_t store_pending(const struct store *s)
{
    s->open->awaited = true;
    return s->open->number;
}

uint64_t store_committed(const struct store *s)
{
    return atomic_load(&s->committed);
}

const char *store_dir(const struct store *s)
{
    return s->dir;
}

const char *store_full(const struct store *s)
{
    return atomic_load(&s->full);
}

const char *store_failed(const struct store *s)
{
    return atomic_load(&s->failed) ? s->failure : NULL;
}

size_t store_backlog(const struct store *s)
{
    return s->backlog;
}

void store_reap(struct store *s)
{
    struct batch_list done = STAILQ_HEAD_INITIALIZER(done);
    struct batch *b;

    pthread_mutex_lock(&s->lock);
    STAILQ_CONCAT(&done, &s->done);
    if (s->open->sealed && !s->waiting)
        hand_over(s);
    pthread_mutex_unlock(&s->lock);
    while ((b = STAILQ_FIRST(&done))) {
        STAILQ_REMOVE_HEAD(&done, link);
        batch_release_holds(b);
        s->backlog -= b->bytes;
        if (s->spare) {
            batch_free(b);
        } else {
            batch_reset(b);
            s->spare = b;
        }
    }
}

static bool say_lost(const struct store *s)
{
    if (!atomic_load(&s->failed) || !s->begun) /* nothing was to be kept */
        return true;
    log_error("%s; not kept: %zu messages, %zu other changes, none of them confirmed", s->failure,
              s->lost_messages, s->lost_changes);
    return false;
}

bool store_close(struct store *s)
{
    bool kept;

    if (!s)
        return true;
    pthread_mutex_lock(&s->lock);
    if (s->open->n > 0 && s->waiting)
        join_waiting(s);
    else if (s->open->n > 0)
        hand_over(s);
    s->stop = true;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    kept = say_lost(s);
    store_reap(s);
    store_close_env(s);
    batch_free(s->open);
    batch_free(s->spare);
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->map);
    pthread_mutex_destroy(&s->lock);
    free(s->dir);
    free(s);
    return kept;
}

/* kind and name are the key; both parts are copied, definitions are few. */
static void add_def(struct store *s, enum op_kind op_kind, char kind, struct str name,
                    struct str value)
{
    struct op *op = batch_add(s->open, op_kind, 0, 0);

    op->def.key_octets = 1 + name.n;
    op->def.value_octets = value.n;
    op->def.bytes = xgrow(NULL, 1 + name.n + value.n, 1);
    op->def.bytes[0] = kind;
    if (name.n)
        memcpy(op->def.bytes + 1, name.p, name.n);
    if (value.n)
        memcpy(op->def.bytes + 1 + name.n, value.p, value.n);
}

void store_put_def(struct store *s, char kind, struct str name, struct str value)
{
    add_def(s, OP_PUT_DEF, kind, name, value);
}

void store_del_def(struct store *s, char kind, struct str name)
{
    add_def(s, OP_DEL_DEF, kind, name, STR(""));
}

void store_put_message(struct store *s, const struct store_message *m, struct store_hold hold)
{
    struct op *op = batch_add_indexed(s->open, OP_PUT, m->queue_id, m->seq);
    size_t bytes = sizeof *op + m->properties.n + m->body.n;

    assert(m->exchange.n <= UINT16_MAX && m->routing_key.n <= UINT16_MAX);
    assert(m->seq != MARK_SEQ && m->properties.n <= UINT32_MAX);
    op->priority = m->priority;
    op->put.exchange = m->exchange;
    op->put.routing_key = m->routing_key;
    op->put.properties = m->properties;
    op->put.body = m->body;
    op->put.expires_at_ms = m->expires_at_ms;
    op->put.owner = hold.owner;
    op->put.release = hold.release;
    if (hold.retain)
        hold.retain(hold.owner);
    s->open->bytes += bytes;
    s->backlog += bytes;
}

static bool cancel_waiting(struct store *s, uint64_t queue_id, uint64_t seq)
{
    bool cancelled;

    pthread_mutex_lock(&s->lock);
    cancelled = s->waiting && batch_cancel(s->waiting, queue_id, seq);
    pthread_mutex_unlock(&s->lock);
    return cancelled;
}

void store_atomic(struct store *s, bool on)
{
    s->atomic = on;
}

void store_del_message(struct store *s, uint64_t queue_id, uint64_t seq)
{
    bool cancelled = batch_cancel(s->open, queue_id, seq);

    if (!cancelled && !s->atomic)
        cancelled = cancel_waiting(s, queue_id, seq);
    if (!cancelled)
        batch_add(s->open, OP_DEL, queue_id, seq)->bound = s->atomic;
}

void store_del_messages(struct store *s, uint64_t queue_id, uint64_t first, uint64_t last)
{
    batch_add(s->open, OP_DEL_RANGE, queue_id, first)->last = last;
}

void store_del_queue(struct store *s, uint64_t queue_id)
{
    /* Not from the waiting batch: its messages may be confirmed before this delete is on disk. */
    batch_cancel_queue(s->open, queue_id);
    batch_add(s->open, OP_DEL_QUEUE, queue_id, 0);
}

/* One per queue and batch, however many deliveries moved it. */
void store_set_mark(struct store *s, uint64_t queue_id, uint64_t seq)
{
    struct op *op = batch_find(s->open, queue_id, MARK_SEQ);

    if (!op) {
        op = batch_add_indexed(s->open, OP_MARK, queue_id, MARK_SEQ);
        op->mark = seq;
    } else if (seq > op->mark) {
        op->mark = seq;
    }
}
