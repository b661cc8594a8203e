/* Opening the store. Whatever is wrong is said in one line that names the folder. */
#include "store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* Grows by doubling when it is full, so a small store needs little address space. */
static const size_t first_map = (size_t)64 << 20;

struct opening {
    struct store *store;
    char *error;
    size_t size;
};

#define SAY(o, ...) snprintf((o)->error, (o)->size, __VA_ARGS__)

static void say_locked(struct opening *o)
{
    char pid[16] = "";
    ssize_t n = read(o->store->lock_fd, pid, sizeof pid - 1);

    if (n > 0)
        pid[strcspn(pid, "\n")] = '\0';
    SAY(o, "%s: in use by another broker (process %s)", o->store->dir, n > 0 ? pid : "unknown");
}

/* LMDB lets several processes share a file. We must not: each would believe it owns
   the queues. The kernel drops this lock when the process dies, however it dies. */
static bool lock_dir(struct opening *o)
{
    struct store *s = o->store;
    char path[4096], pid[16];
    int n;

    snprintf(path, sizeof path, "%s/broker.lock", s->dir);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0) {
        SAY(o, "%s: %s", s->dir, strerror(errno));
        return false;
    }
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            say_locked(o);
        else
            SAY(o, "%s: cannot lock: %s", s->dir, strerror(errno));
        return false;
    }
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    /* Only for the message above; a full disk will speak up soon enough. */
    if (ftruncate(s->lock_fd, 0) < 0 || write(s->lock_fd, pid, (size_t)n) < 0)
        return true;
    return true;
}

/* Before our own LMDB touches it. */
static bool check_pages(struct opening *o)
{
    if (store_sound(o->store->dir))
        return true;
    SAY(o, "%s/data.mdb: damaged: some of its pages are missing or make no sense" STORE_GO_ON,
        o->store->dir);
    return false;
}

static bool open_file(struct opening *o, const struct store_options *options)
{
    struct store *s = o->store;
    unsigned flags = MDB_NOTLS | (options->sync ? 0 : MDB_NOSYNC);
    int rc = mdb_env_create(&s->env);

    if (!rc)
        rc = mdb_env_set_maxdbs(s->env, 4);
    if (!rc)
        rc = mdb_env_set_mapsize(s->env, s->map_ceiling < first_map ? s->map_ceiling : first_map);
    if (!rc)
        rc = mdb_env_open(s->env, s->dir, flags, 0600);
    if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH || rc == MDB_CORRUPTED)
        SAY(o, "%s/data.mdb: damaged, or not a file of this broker: %s" STORE_GO_ON, s->dir,
            mdb_strerror(rc));
    else if (rc)
        SAY(o, "%s: %s", s->dir, mdb_strerror(rc));
    return rc == 0;
}

/* Ours in a format we read, or of somebody else, or empty and about to become ours. */
static bool check_format(struct opening *o, MDB_txn *txn, MDB_dbi about)
{
    MDB_val k = { sizeof FORMAT_KEY - 1, (char[]){ FORMAT_KEY } }, v;
    int rc = mdb_get(txn, about, &k, &v);

    if (rc || v.mv_size < sizeof FORMAT_OURS - 1 ||
        memcmp(v.mv_data, FORMAT_OURS, sizeof FORMAT_OURS - 1) != 0) {
        SAY(o, "%s/data.mdb: not a file of this broker" STORE_GO_ON, o->store->dir);
        return false;
    }
    if (v.mv_size != sizeof FORMAT_VALUE - 1 || memcmp(v.mv_data, FORMAT_VALUE, v.mv_size) != 0) {
        SAY(o,
            "%s/data.mdb: written as \"%.*s\", this broker reads \"%s\"; start the version that "
            "wrote it, or with another folder",
            o->store->dir, (int)v.mv_size, (const char *)v.mv_data, FORMAT_VALUE);
        return false;
    }
    return true;
}

static int create_about(MDB_txn *txn, MDB_dbi *about)
{
    MDB_val k = { sizeof FORMAT_KEY - 1, (char[]){ FORMAT_KEY } };
    MDB_val v = { sizeof FORMAT_VALUE - 1, (char[]){ FORMAT_VALUE } };
    int rc = mdb_dbi_open(txn, "about", MDB_CREATE, about);

    return rc ? rc : mdb_put(txn, *about, &k, &v, 0);
}

static bool open_databases(struct opening *o, MDB_txn *txn)
{
    struct store *s = o->store;
    MDB_dbi all;
    MDB_stat stat;
    int rc = mdb_dbi_open(txn, "about", 0, &s->about);

    if (rc == MDB_NOTFOUND) {
        rc = mdb_dbi_open(txn, NULL, 0, &all);
        if (!rc)
            rc = mdb_stat(txn, all, &stat);
        if (!rc && stat.ms_entries > 0)
            return SAY(o, "%s/data.mdb: not a file of this broker" STORE_GO_ON, s->dir), false;
        if (!rc)
            rc = create_about(txn, &s->about);
    }
    if (!rc && !check_format(o, txn, s->about))
        return false;
    if (!rc)
        rc = mdb_dbi_open(txn, "defs", MDB_CREATE, &s->defs);
    if (!rc)
        rc = mdb_dbi_open(txn, "messages", MDB_CREATE, &s->messages);
    if (!rc)
        rc = mdb_dbi_open(txn, "marks", MDB_CREATE, &s->marks);
    if (rc)
        SAY(o, "%s/data.mdb: damaged: %s" STORE_GO_ON, s->dir, mdb_strerror(rc));
    return rc == 0;
}

static bool prepare(struct opening *o)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(o->store->env, NULL, 0, &txn);

    if (!rc && !open_databases(o, txn)) {
        mdb_txn_abort(txn);
        return false;
    }
    if (!rc)
        rc = mdb_txn_commit(txn);
    if (rc)
        SAY(o, "%s: %s", o->store->dir, mdb_strerror(rc));
    return rc == 0;
}

/* LMDB maps this file and writes into it: a page that the disk has no room for would end us. */
static bool make_lock_file(struct opening *o)
{
    enum { READERS = 8192 };
    char path[4096];
    int fd, rc;

    snprintf(path, sizeof path, "%s/lock.mdb", o->store->dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    rc = fd < 0 ? errno : posix_fallocate(fd, 0, READERS);
    if (fd >= 0)
        close(fd);
    if (rc)
        SAY(o, "%s: %s", path, strerror(rc));
    return rc == 0;
}

/* What was not there before and could not be made is not left half made. */
static bool make_or_open(struct opening *o, const struct store_options *options)
{
    char path[4096];
    bool there;

    snprintf(path, sizeof path, "%s/data.mdb", o->store->dir);
    there = access(path, F_OK) == 0;
    if (make_lock_file(o) && open_file(o, options))
        return true;
    if (!there)
        unlink(path);
    return false;
}

bool store_open_env(struct store *s, const struct store_options *options, char *error, size_t size)
{
    struct opening o = { s, error, size };

    s->map_ceiling = options->map_bytes & ~(size_t)4095;
    return lock_dir(&o) && check_pages(&o) && make_or_open(&o, options) && prepare(&o);
}

void store_close_env(struct store *s)
{
    store_end_reading(s);
    if (s->env)
        mdb_env_close(s->env);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
}
