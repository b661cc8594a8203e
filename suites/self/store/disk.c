#define _GNU_SOURCE
#include "disk.h"
#include "real.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum { FILES_MOST = 1024, SECTOR = 512 };

enum kind { CREATE, WRITE, SIZE, SYNC, ISSUED, PROMISED };

struct event {
    enum kind kind;
    bool through; /* O_DSYNC */
    unsigned batch;
    size_t at, n;
    uint8_t *octets;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct event *events;
static size_t n_events, room;
static bool recording;

/* By descriptor: is it a data file of ours, and how was it opened. */
static struct {
    bool ours, through;
    size_t at; /* where the next writev goes */
} files[FILES_MOST];

/* ---- recording ---- */

static void add(struct event e, const void *octets)
{
    pthread_mutex_lock(&lock);
    if (n_events == room) {
        struct event *more = realloc(events, (room = room * 2 + 256) * sizeof *events);

        assert(more);
        events = more;
    }
    if (octets) {
        e.octets = malloc(e.n + 1);
        assert(e.octets);
        memcpy(e.octets, octets, e.n);
    }
    events[n_events++] = e;
    pthread_mutex_unlock(&lock);
}

void disk_record(void)
{
    for (size_t i = 0; i < n_events; i++)
        free(events[i].octets);
    n_events = 0;
    recording = true;
}

void disk_stop(void)
{
    recording = false;
}

void disk_issued(unsigned batch)
{
    add((struct event){ .kind = ISSUED, .batch = batch }, NULL);
}

void disk_promised(unsigned batch)
{
    add((struct event){ .kind = PROMISED, .batch = batch }, NULL);
}

size_t disk_events(void)
{
    return n_events;
}

static bool ours(int fd)
{
    return recording && fd >= 0 && fd < FILES_MOST && files[fd].ours;
}

static void wrote(int fd, const void *p, size_t n, size_t at)
{
    if (ours(fd))
        add((struct event){ .kind = WRITE, .through = files[fd].through, .at = at, .n = n }, p);
}

/* ---- what stands before the C library's ---- */

typedef int open_fn(const char *path, int flags, ...);
typedef ssize_t pwrite_fn(int fd, const void *p, size_t n, off_t at);
typedef ssize_t writev_fn(int fd, const struct iovec *v, int n);
typedef off_t lseek_fn(int fd, off_t at, int whence);
typedef int sync_fn(int fd);
typedef int ftruncate_fn(int fd, off_t n);

/* Their own headers give them attributes that a definition would have to repeat. */
pwrite_fn pwrite;
writev_fn writev;
lseek_fn lseek;
sync_fn fsync, fdatasync, close;
ftruncate_fn ftruncate;

int open(const char *path, int flags, ...)
{
    REAL(open_fn, open);
    const char *name = strrchr(path, '/');
    unsigned mode = 0;
    va_list args;
    int fd;

    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, unsigned);
    va_end(args);
    fd = real_open.call(path, flags, mode);
    if (fd >= 0 && fd < FILES_MOST) {
        files[fd].ours = name && strcmp(name, "/data.mdb") == 0;
        files[fd].through = flags & O_DSYNC;
        files[fd].at = 0;
        if (ours(fd) && flags & O_CREAT)
            add((struct event){ .kind = CREATE }, NULL);
    }
    return fd;
}

int close(int fd)
{
    REAL(sync_fn, close);

    if (fd >= 0 && fd < FILES_MOST)
        files[fd].ours = false;
    return real_close.call(fd);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    REAL(pwrite_fn, pwrite);

    wrote(fd, p, n, (size_t)at);
    return real_pwrite.call(fd, p, n, at);
}

off_t lseek(int fd, off_t at, int whence)
{
    REAL(lseek_fn, lseek);

    if (ours(fd) && whence == SEEK_SET)
        files[fd].at = (size_t)at;
    return real_lseek.call(fd, at, whence);
}

/* Page by page: the kernel may write them in any order. */
ssize_t writev(int fd, const struct iovec *v, int n)
{
    REAL(writev_fn, writev);

    for (int i = 0; i < n && ours(fd); i++) {
        wrote(fd, v[i].iov_base, v[i].iov_len, files[fd].at);
        files[fd].at += v[i].iov_len;
    }
    return real_writev.call(fd, v, n);
}

int ftruncate(int fd, off_t n)
{
    REAL(ftruncate_fn, ftruncate);

    if (ours(fd))
        add((struct event){ .kind = SIZE, .at = (size_t)n }, NULL);
    return real_ftruncate.call(fd, n);
}

/* Noted when it has returned: what is written meanwhile is not certain, and nobody writes. */
int fdatasync(int fd)
{
    REAL(sync_fn, fdatasync);
    int status = real_fdatasync.call(fd);

    if (ours(fd))
        add((struct event){ .kind = SYNC }, NULL);
    return status;
}

int fsync(int fd)
{
    REAL(sync_fn, fsync);
    int status = real_fsync.call(fd);

    if (ours(fd))
        add((struct event){ .kind = SYNC }, NULL);
    return status;
}

/* ---- what a cut leaves ---- */

static uint64_t stir(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void resize(struct image *i, size_t n)
{
    if (n > i->room) {
        i->room = n * 2;
        i->p = realloc(i->p, i->room);
        assert(i->p);
    }
    if (n > i->n)
        memset(i->p + i->n, 0, n - i->n);
    i->n = n;
}

static void put(struct image *i, const uint8_t *octets, size_t at, size_t n)
{
    if (at + n > i->n)
        resize(i, at + n);
    memcpy(i->p + at, octets, n);
}

/* Each of its sectors is there or not. */
static void put_sectors(struct image *i, const struct event *e, uint64_t *state)
{
    for (size_t at = 0; at < e->n;) {
        size_t n = SECTOR - (e->at + at) % SECTOR;

        if (n > e->n - at)
            n = e->n - at;
        if (stir(state) & 1)
            put(i, e->octets + at, e->at + at, n);
        at += n;
    }
}

/* The last one is under way when the power goes. */
static bool certain(size_t at, size_t cut, size_t last_sync)
{
    return at < last_sync || (events[at].through && at + 1 < cut);
}

static void apply(struct image *i, const struct event *e, bool is_certain, enum loss loss,
                  uint64_t *state)
{
    if (e->kind == SIZE && (is_certain || loss == LOSE_NOTHING))
        resize(i, e->at);
    if (e->kind != WRITE)
        return;
    i->doubtful += !is_certain;
    if (is_certain || loss == LOSE_NOTHING)
        put(i, e->octets, e->at, e->n);
    else if (loss == LOSE_WRITES && (stir(state) & 1))
        put(i, e->octets, e->at, e->n);
    else if (loss == LOSE_SECTORS)
        put_sectors(i, e, state);
}

void disk_image(struct image *i, size_t cut, enum loss loss, uint64_t seed)
{
    size_t last_sync = 0;

    assert(!recording && cut <= n_events);
    i->n = 0;
    i->there = false;
    i->issued = i->promised = 0;
    i->doubtful = 0;
    for (size_t at = 0; at < cut; at++) {
        if (events[at].kind == SYNC)
            last_sync = at;
    }
    for (size_t at = 0; at < cut; at++) {
        const struct event *e = &events[at];

        i->there |= e->kind == CREATE;
        if (e->kind == ISSUED)
            i->issued = e->batch;
        if (e->kind == PROMISED)
            i->promised = e->batch;
        apply(i, e, certain(at, cut, last_sync), loss, &seed);
    }
}

void image_clear(struct image *i)
{
    free(i->p);
    *i = (struct image){ .p = NULL };
}
