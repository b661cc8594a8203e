/* The store thread: takes the waiting batch, writes it, and what there is no room for again. */
#include "store_inside.h"

#include "limits.h"

#include <signal.h>
#include <time.h>

/* No jump of the wall clock moves a deadline. */
void store_init_work(struct store *s)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/* A full disk is asked again now and then. Called with the lock. */
static void wait_for_room(struct store *s)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LIMIT_FULL_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!s->stop && pthread_cond_timedwait(&s->work, &s->lock, &until) == 0)
        continue;
}

/* Takes the waiting batch; NULL when it is time to end. Called with the lock. */
static struct batch *next_batch(struct store *s)
{
    if (atomic_load(&s->full))
        wait_for_room(s);
    while (!s->waiting && !s->stop)
        pthread_cond_wait(&s->work, &s->lock);
    s->writing = s->waiting;
    s->waiting = NULL;
    return s->writing;
}

/* It will be tried again, and what was sealed meanwhile with it. */
static void put_back(struct store *s, struct batch *b)
{
    if (s->waiting) {
        batch_join(b, s->waiting);
        batch_free(s->waiting);
    }
    s->waiting = b;
}

static void count_lost(struct store *s, const struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        s->lost_messages += b->op[i].kind == OP_PUT;
        s->lost_changes += b->op[i].kind != OP_PUT && b->op[i].kind != OP_CANCELLED;
    }
}

/* What came of it. Called with the lock. */
static void settle(struct store *s, struct batch *b, enum written written)
{
    s->writing = NULL;
    if (written == NO_ROOM && !s->stop) {
        put_back(s, b);
        return;
    }
    if (written == NO_ROOM)
        store_fail(s, atomic_load(&s->full), 0);
    /* Its number may have risen while it was written: empty turns joined it. */
    if (written == WRITTEN)
        atomic_store(&s->committed, b->number);
    else
        count_lost(s, b);
    atomic_store(&s->full, NULL);
    STAILQ_INSERT_TAIL(&s->done, b, link);
}

static void *run(void *context)
{
    struct store *s = context;
    struct batch *b;

    pthread_mutex_lock(&s->lock);
    while ((b = next_batch(s))) {
        enum written written;

        pthread_mutex_unlock(&s->lock);
        written = atomic_load(&s->failed) ? FAILED : store_write(s, b);
        pthread_mutex_lock(&s->lock);
        settle(s, b, written);
        pthread_mutex_unlock(&s->lock);
        if (s->wake)
            s->wake(s->context);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* The thread takes no signals: they are the loop's. */
bool store_start_thread(struct store *s)
{
    sigset_t all, before;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&s->thread, NULL, run, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}
