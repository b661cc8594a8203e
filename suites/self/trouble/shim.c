/* Goes before the C library in the broker's process, and fails the calls that struct trouble says.
 */
#define _GNU_SOURCE
#include "suites/self/store/real.h"
#include "trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

enum { FILES_MOST = 4096 };

static struct trouble *trouble;
static bool ours[FILES_MOST]; /* by descriptor: a file of the store */

typedef int open_fn(const char *path, int flags, ...);
typedef ssize_t write_fn(int fd, const void *p, size_t n);
typedef ssize_t pwrite_fn(int fd, const void *p, size_t n, off_t at);
typedef ssize_t writev_fn(int fd, const struct iovec *v, int n);
typedef ssize_t pwritev_fn(int fd, const struct iovec *v, int n, off_t at);
typedef int fd_fn(int fd);
typedef int ftruncate_fn(int fd, off_t n);
typedef int fallocate_fn(int fd, off_t at, off_t n);
typedef void *mmap_fn(void *at, size_t n, int prot, int flags, int fd, off_t from);
typedef int msync_fn(void *at, size_t n, int flags);
typedef int accept_fn(int fd, __SOCKADDR_ARG a, socklen_t *n);
typedef int accept4_fn(int fd, __SOCKADDR_ARG a, socklen_t *n, int flags);
typedef int clock_fn(clockid_t which, struct timespec *t);

/* Their own headers give them attributes that a definition would have to repeat. */
write_fn write;
pwrite_fn pwrite;
writev_fn writev;
pwritev_fn pwritev;
fd_fn fsync, fdatasync, close;
ftruncate_fn ftruncate;
fallocate_fn posix_fallocate;
mmap_fn mmap;
msync_fn msync;
clock_fn clock_gettime;

__attribute__((constructor)) static void begin(void)
{
    REAL(open_fn, open);
    REAL(mmap_fn, mmap);
    const char *path = getenv("AMQPROOF_TROUBLE");
    int fd = path ? real_open.call(path, O_RDWR | O_CLOEXEC) : -1;
    void *p;

    if (fd < 0)
        return;
    p = real_mmap.call(NULL, sizeof *trouble, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p != MAP_FAILED)
        trouble = p;
}

static bool is_ours(int fd)
{
    return fd >= 0 && fd < FILES_MOST && ours[fd];
}

/* Counts a call. True: it is one of those that fail, and errno says how. */
static bool fails(enum trouble_calls call, bool *first)
{
    uint32_t n;

    if (!trouble || !(atomic_load(&trouble->calls) & call))
        return false;
    n = atomic_fetch_add(&trouble->counted, 1) + 1;
    if (!atomic_load(&trouble->from) || n < atomic_load(&trouble->from) ||
        n > atomic_load(&trouble->to))
        return false;
    atomic_fetch_add(&trouble->failed, 1);
    if (first)
        *first = n == atomic_load(&trouble->from) && atomic_load(&trouble->half);
    errno = atomic_load(&trouble->error);
    return true;
}

int open(const char *path, int flags, ...)
{
    REAL(open_fn, open);
    static const char *const names[] = { "/data.mdb", "/lock.mdb", "/broker.lock" };
    const char *name = strrchr(path, '/');
    bool store = false;
    unsigned mode = 0;
    va_list args;
    int fd;

    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, unsigned);
    va_end(args);
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        store = store || strcmp(name, names[i]) == 0;
    if (store && fails(CALL_OPEN, NULL))
        return -1;
    fd = real_open.call(path, flags, mode);
    if (fd >= 0 && fd < FILES_MOST)
        ours[fd] = store;
    return fd;
}

int close(int fd)
{
    REAL(fd_fn, close);

    if (fd >= 0 && fd < FILES_MOST)
        ours[fd] = false;
    return real_close.call(fd);
}

ssize_t write(int fd, const void *p, size_t n)
{
    REAL(write_fn, write);

    return is_ours(fd) && fails(CALL_WRITE, NULL) ? -1 : real_write.call(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    REAL(pwrite_fn, pwrite);
    bool half = false;

    if (is_ours(fd) && fails(CALL_WRITE, &half))
        return half && n > 1 ? real_pwrite.call(fd, p, n / 2, at) : -1;
    return real_pwrite.call(fd, p, n, at);
}

/* LMDB's: the first piece is there, the others are not. */
ssize_t writev(int fd, const struct iovec *v, int n)
{
    REAL(writev_fn, writev);
    bool half = false;

    if (is_ours(fd) && fails(CALL_WRITE, &half))
        return half && n > 1 ? real_writev.call(fd, v, 1) : -1;
    return real_writev.call(fd, v, n);
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    REAL(pwritev_fn, pwritev);
    bool half = false;

    if (is_ours(fd) && fails(CALL_WRITE, &half))
        return half && n > 1 ? real_pwritev.call(fd, v, 1, at) : -1;
    return real_pwritev.call(fd, v, n, at);
}

int ftruncate(int fd, off_t n)
{
    REAL(ftruncate_fn, ftruncate);

    return is_ours(fd) && fails(CALL_WRITE, NULL) ? -1 : real_ftruncate.call(fd, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    REAL(fallocate_fn, posix_fallocate);

    return is_ours(fd) && fails(CALL_WRITE, NULL) ? errno : real_posix_fallocate.call(fd, at, n);
}

int fsync(int fd)
{
    REAL(fd_fn, fsync);

    return is_ours(fd) && fails(CALL_SYNC, NULL) ? -1 : real_fsync.call(fd);
}

int fdatasync(int fd)
{
    REAL(fd_fn, fdatasync);

    return is_ours(fd) && fails(CALL_SYNC, NULL) ? -1 : real_fdatasync.call(fd);
}

int msync(void *at, size_t n, int flags)
{
    REAL(msync_fn, msync);

    return fails(CALL_SYNC, NULL) ? -1 : real_msync.call(at, n, flags);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    REAL(mmap_fn, mmap);

    if (is_ours(fd) && fails(CALL_OPEN, NULL))
        return MAP_FAILED;
    return real_mmap.call(at, n, prot, flags, fd, from);
}

int accept(int fd, __SOCKADDR_ARG a, socklen_t *restrict n)
{
    REAL(accept_fn, accept);

    return fails(CALL_ACCEPT, NULL) ? -1 : real_accept.call(fd, a, n);
}

int accept4(int fd, __SOCKADDR_ARG a, socklen_t *restrict n, int flags)
{
    REAL(accept4_fn, accept4);

    return fails(CALL_ACCEPT, NULL) ? -1 : real_accept4.call(fd, a, n, flags);
}

int clock_gettime(clockid_t which, struct timespec *t)
{
    REAL(clock_fn, clock_gettime);
    int rc = real_clock_gettime.call(which, t);

    if (rc == 0 && trouble && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        t->tv_sec += atomic_load(&trouble->jump_s);
    return rc;
}
