#define _GNU_SOURCE
#include "soak_broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures/peer/clock.h"

enum { LIMIT_VERB_MS = 60000 };

static _Noreturn void become(const char *adapter, const char *name, const char *log)
{
    int null = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);

    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    setpgid(0, 0);
    dup2(null, 0);
    dup2(out, 1);
    dup2(out, 2);
    execl(adapter, adapter, name, (char *)NULL);
    dprintf(2, "%s: %s\n", adapter, strerror(errno));
    _exit(126);
}

void verb_start(struct verb *v, const char *adapter, const char *name, const char *log)
{
    fflush(NULL);
    *v = (struct verb){ .name = name, .pid = fork(), .until_ms = clock_ms() + LIMIT_VERB_MS };
    if (v->pid == 0)
        become(adapter, name, log);
    v->fd = v->pid > 0 ? pidfd_open(v->pid, 0) : -1;
    if (v->fd < 0) {
        perror("soak: a process for the adapter");
        exit(4);
    }
    setpgid(v->pid, v->pid); /* here too: it may have to be ended before it runs */
}

int verb_ended(struct verb *v)
{
    struct pollfd p = { .fd = v->fd, .events = POLLIN };
    bool late = clock_left(v->until_ms) == 0;
    int status = 0;

    if (poll(&p, 1, 0) <= 0 && !late)
        return VERB_UNDER_WAY;
    if (late)
        kill(-v->pid, SIGKILL);
    while (waitpid(v->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(v->fd);
    v->name = NULL;
    return WIFEXITED(status) ? WEXITSTATUS(status) : VERB_BROKEN_OFF;
}

int verb_call(const char *adapter, const char *name, const char *log)
{
    struct verb v;
    struct pollfd p = { .events = POLLIN };
    int status;

    verb_start(&v, adapter, name, log);
    p.fd = v.fd;
    while ((status = verb_ended(&v)) == VERB_UNDER_WAY)
        poll(&p, 1, clock_left(v.until_ms));
    return status;
}
