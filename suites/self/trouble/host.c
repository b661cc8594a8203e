#define _GNU_SOURCE
#include "host.h"

#include "fixtures/peer/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MS = 20000 };

static char program[4096], shim[4096];

static void path_in(const struct host *h, const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", h->dir, name);
}

bool host_init(struct host *h, const char *build)
{
    const char *tmp = getenv("TMPDIR");
    char path[128];
    int fd;

    /* A file system in memory writes as any other, and takes no time to sync. */
    if (!tmp || strlen(tmp) > 40)
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    *h = (struct host){ .pid = 0 };
    snprintf(program, sizeof program, "%s/refbroker", build);
    snprintf(shim, sizeof shim, "%s/trouble-shim.so", build);
    snprintf(h->dir, sizeof h->dir, "%s/trouble-XXXXXX", tmp);
    if (!mkdtemp(h->dir) || access(program, X_OK) < 0 || access(shim, R_OK) < 0)
        return false;
    snprintf(h->data, sizeof h->data, "%s/data", h->dir);
    path_in(h, "shared", path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *h->trouble) < 0)
        return false;
    h->trouble = mmap(NULL, sizeof *h->trouble, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return h->trouble != MAP_FAILED;
}

static void remove_store(struct host *h)
{
    static const char *const files[] = { "data/data.mdb", "data/lock.mdb", "data/broker.lock" };
    char path[128];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        path_in(h, files[i], path);
        unlink(path);
    }
    rmdir(h->data);
}

void host_fresh(struct host *h)
{
    remove_store(h);
    memset(h->trouble, 0, sizeof *h->trouble);
}

void host_clear(struct host *h)
{
    static const char *const files[] = { "shared", "said" };
    char path[128];

    host_kill(h);
    remove_store(h);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        path_in(h, files[i], path);
        unlink(path);
    }
    munmap(h->trouble, sizeof *h->trouble);
    if (rmdir(h->dir) < 0)
        perror(h->dir);
}

static _Noreturn void become(struct host *h, bool shimmed, int ready, pid_t parent)
{
    struct rlimit files = { h->files, h->files };
    char path[128], number[16];
    int said;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    path_in(h, "said", path);
    said = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(said, STDERR_FILENO);
    close(said);
    path_in(h, "shared", path);
    if (shimmed) {
        setenv("AMQPROOF_TROUBLE", path, 1);
        setenv("LD_PRELOAD", shim, 1);
    }
    if (h->files)
        setrlimit(RLIMIT_NOFILE, &files);
    snprintf(number, sizeof number, "%d", ready);
    execl(program, program, "--data", h->data, "--listen", "127.0.0.1:0", "--ready-fd", number,
          (char *)NULL);
    _exit(126);
}

bool host_start(struct host *h, bool shimmed)
{
    char text[16] = "";
    struct pollfd p = { .events = POLLIN };
    pid_t parent = getpid();
    int ends[2];
    ssize_t n = 0;

    if (pipe(ends) < 0)
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    h->pid = fork();
    if (h->pid == 0)
        become(h, shimmed, ends[1], parent);
    close(ends[1]);
    p.fd = ends[0];
    if (poll(&p, 1, START_MS) > 0)
        n = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    h->port = n > 0 ? (unsigned)strtoul(text, NULL, 10) : 0;
    return h->port > 0;
}

void host_listen(struct host *h)
{
    char path[128];
    FILE *f;
    size_t n;

    path_in(h, "said", path);
    f = fopen(path, "r");
    n = f ? fread(h->said, 1, sizeof h->said - 1, f) : 0;
    h->said[n] = '\0';
    if (f)
        fclose(f);
}

int host_ended(struct host *h, int within_ms)
{
    struct pollfd p = { .fd = pidfd_open(h->pid, 0), .events = POLLIN };
    int status = 0;
    bool ended = p.fd >= 0 && poll(&p, 1, within_ms) > 0;

    close(p.fd);
    host_listen(h);
    if (!ended)
        return HOST_RUNS;
    waitpid(h->pid, &status, 0);
    h->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void host_kill(struct host *h)
{
    if (h->pid == 0)
        return;
    kill(h->pid, SIGKILL);
    waitpid(h->pid, NULL, 0);
    h->pid = 0;
    host_listen(h);
}

/* proc(5): fields 14 and 15, behind the name in parentheses. */
unsigned long host_ticks(const struct host *h)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    const char *p;
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)h->pid);
    f = fopen(path, "r");
    n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = '\0';
    if (f)
        fclose(f);
    p = strrchr(text, ')');
    if (p &&
        sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2)
        return user + system;
    return 0;
}
