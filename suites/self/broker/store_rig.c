#include "store_rig.h"

#include "suites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Longer than any healthy disk needs; only bounds a wait that has already failed. */
enum { FOREVER_S = 60 };

static void on_wake(void *context)
{
    struct rig *r = context;

    pthread_mutex_lock(&r->lock);
    r->wakes++;
    pthread_cond_broadcast(&r->changed);
    while (r->hold)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static struct store *open_in(struct rig *r, char *error, size_t size)
{
    struct store_options o = {
        .dir = r->dir,
        .map_bytes = r->map_bytes,
        .sync = r->sync,
        .wake = on_wake,
        .context = r,
    };

    return store_open(&o, error, size);
}

void rig_open(struct rig *r)
{
    char error[512] = "";

    r->store = open_in(r, error, sizeof error);
    if (!r->store)
        fprintf(stderr, "store_open: %s\n", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->store);
}

const char *rig_open_error(struct rig *r)
{
    static char error[512];
    struct store *s;

    *error = '\0';
    s = open_in(r, error, sizeof error);
    CU_ASSERT_PTR_NULL(s);
    store_close(s);
    return error;
}

void rig_init(struct rig *r)
{
    const char *tmp = getenv("TMPDIR");

    *r = (struct rig){ .map_bytes = (size_t)1 << 30 };
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    if (!tmp || strlen(tmp) > sizeof r->dir - 20)
        tmp = "/tmp";
    snprintf(r->dir, sizeof r->dir, "%s/store-XXXXXX", tmp);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
    rig_open(r);
}

void rig_close(struct rig *r)
{
    store_close(r->store);
    r->store = NULL;
}

void rig_reopen(struct rig *r)
{
    rig_close(r);
    rig_open(r);
}

void rig_clear(struct rig *r)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "broker.lock" };
    char path[128];

    rig_close(r);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", r->dir, files[i]);
        unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(r->dir), 0); /* nothing else was left there */
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
}

void rig_set_hold(struct rig *r, bool hold)
{
    pthread_mutex_lock(&r->lock);
    r->hold = hold;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

bool rig_wait_wakes(struct rig *r, unsigned n)
{
    struct timespec until;
    bool enough;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += FOREVER_S;
    pthread_mutex_lock(&r->lock);
    while (r->wakes < n)
        if (pthread_cond_timedwait(&r->changed, &r->lock, &until) == ETIMEDOUT)
            break;
    enough = r->wakes >= n;
    pthread_mutex_unlock(&r->lock);
    return enough;
}

static unsigned wakes(struct rig *r)
{
    unsigned n;

    pthread_mutex_lock(&r->lock);
    n = r->wakes;
    pthread_mutex_unlock(&r->lock);
    return n;
}

/* As the loop does it: each wake is a turn that reaps. */
bool rig_wait(struct rig *r, uint64_t number)
{
    for (;;) {
        unsigned seen = wakes(r);
        bool there = store_committed(r->store) >= number;

        store_reap(r->store); /* after looking, so that what is committed is released as well */
        if (there)
            return true;
        if (store_failed(r->store) || store_full(r->store) || !rig_wait_wakes(r, seen + 1))
            return false;
    }
}

bool rig_commit(struct rig *r)
{
    return rig_wait(r, store_seal(r->store));
}

static void retain(void *owner)
{
    ((struct rig *)owner)->retained++;
}

static void release(void *owner)
{
    ((struct rig *)owner)->released++;
}

void rig_put(struct rig *r, uint64_t queue_id, uint64_t seq, const char *body)
{
    struct store_message m = {
        .queue_id = queue_id,
        .seq = seq,
        .exchange = STR("x"),
        .routing_key = STR("key"),
        .properties = STR("\0\0"),
        .body = str_of(body),
    };

    store_put_message(r->store, &m, (struct store_hold){ r, retain, release });
}

struct list {
    char text[4096];
    size_t n;
};

static bool append(void *context, const struct store_message *m, bool redelivered)
{
    struct list *l = context;

    l->n += (size_t)snprintf(l->text + l->n, sizeof l->text - l->n, "%llu%s ",
                             (unsigned long long)m->seq, redelivered ? "!" : "");
    return l->n < sizeof l->text;
}

const char *rig_list(struct rig *r, uint64_t queue_id)
{
    static struct list l;

    l = (struct list){ .n = 0 };
    CU_ASSERT(store_each_message(r->store, queue_id, append, &l));
    return l.text;
}

int rig_in_child(struct rig *r, void (*fn)(struct rig *r))
{
    int status = -1;
    pid_t pid = fork();

    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        fn(r);
        _exit(99); /* fn ends the process itself */
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}
