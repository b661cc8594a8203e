#include "faultproxy_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    LAST_ROUNDS = 200, /* after the signal: what has happened before it is still passed on */
};

TAILQ_HEAD(links, link);

struct proxy {
    const struct proxy_options *o;
    int epoll, signals;
    int spare; /* given up to refuse a client when descriptors run out */
    bool stopping;
    unsigned count;
    struct links links;
};

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool watch(const struct proxy *p, int fd, uint32_t events, void *who)
{
    struct epoll_event e = { .events = events, .data = { .ptr = who } };

    return epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* ---- accepting ---- */

static void note_accepted(const struct proxy *p, int client, const struct address *to)
{
    struct address from = { .length = sizeof from.at };
    char text[2][ADDRESS_TEXT];

    if (!p->o->log)
        return;
    if (getpeername(client, (struct sockaddr *)(void *)&from.at, &from.length) < 0)
        from.at.ss_family = AF_INET;
    fprintf(p->o->log, "%u accepted: from %s, to %s\n", p->count, net_text(&from, text[0]),
            net_text(to, text[1]));
}

static void take_client(struct proxy *p, int client)
{
    struct address to = p->o->to;
    int server = net_dial(client, net_is_any(&p->o->at), &to);
    struct link *l;

    p->count++;
    note_accepted(p, client, &to);
    if (server < 0) {
        if (p->o->log)
            fprintf(p->o->log, "%u refused: %s\n", p->count, strerror(errno));
        net_close_rst(client);
        return;
    }
    l = link_new(p->count, client, server, p->o);
    TAILQ_INSERT_TAIL(&p->links, l, next);
    if (!watch(p, client, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &l->client) ||
        !watch(p, server, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &l->server))
        link_connected(l, errno);
}

/* Nobody may wait in the queue for ever because there is no descriptor to say no with. */
static void refuse_one(struct proxy *p)
{
    int client;

    close(p->spare);
    client = net_accept(p->o->listener);
    if (client >= 0)
        net_close_rst(client);
    p->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (p->o->log)
        fprintf(p->o->log, "a client was refused: no descriptors left\n");
}

static void accept_all(struct proxy *p)
{
    int client;

    while ((client = net_accept(p->o->listener)) >= 0)
        take_client(p, client);
    if (errno == EMFILE || errno == ENFILE)
        refuse_one(p);
}

/* ---- the loop ---- */

static void side_event(struct side *s, uint32_t events)
{
    struct link *l = s->link;

    l->busy = true;
    if (!l->connected && s == &l->server && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
        link_connected(l, net_dialled(s->fd));
        events &= ~(uint32_t)EPOLLERR; /* that was it */
    }
    s->readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    s->writable |= (events & (EPOLLOUT | EPOLLERR)) != 0;
    s->error |= (events & EPOLLERR) != 0;
}

/* Does what can be done, lets go of what is over; returns when there is more to do. */
static uint64_t sweep(struct proxy *p, uint64_t now_ms)
{
    uint64_t due = UINT64_MAX, again;
    struct link *l, *next;

    for (l = TAILQ_FIRST(&p->links); l; l = next) {
        next = TAILQ_NEXT(l, next);
        if (!l->over && (l->busy || l->due_ms <= now_ms))
            link_pump(l, now_ms);
        if (l->over) {
            TAILQ_REMOVE(&p->links, l, next);
            link_free(l);
            continue;
        }
        again = l->busy ? now_ms : l->due_ms;
        due = again < due ? again : due;
    }
    return due;
}

static int timeout_of(uint64_t due, uint64_t now_ms)
{
    if (due == UINT64_MAX)
        return -1;
    return due <= now_ms ? 0 : due - now_ms > INT_MAX ? INT_MAX : (int)(due - now_ms);
}

static int wait_once(struct proxy *p, int timeout)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(p->epoll, events, EVENTS, timeout);

    for (int i = 0; i < n; i++) {
        void *who = events[i].data.ptr;

        if (who == p)
            p->stopping = true;
        else if (who == &p->links)
            accept_all(p);
        else
            side_event(who, events[i].events);
    }
    return n;
}

/* Ends by a signal: not before what happened until then has been passed on. */
static void run(struct proxy *p)
{
    uint64_t due = UINT64_MAX, now_ms;
    int left = LAST_ROUNDS, n;

    do {
        n = wait_once(p, p->stopping ? 0 : timeout_of(due, clock_ms()));
        now_ms = clock_ms();
        due = sweep(p, now_ms);
    } while (!p->stopping || ((n > 0 || due <= now_ms) && left-- > 0));
}

static bool prepare(struct proxy *p)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    p->signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    p->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return p->signals >= 0 && p->epoll >= 0 && p->spare >= 0 &&
           watch(p, p->signals, EPOLLIN | EPOLLET, p) &&
           watch(p, p->o->listener, EPOLLIN, &p->links);
}

/* Only now: who reads it may send SIGTERM at once. */
static bool say_ready(const struct proxy_options *o)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%u\n", net_port(&o->at));

    if (o->ready_fd < 0)
        return true;
    if (write(o->ready_fd, text, (size_t)n) != n)
        return false;
    close(o->ready_fd);
    return true;
}

bool proxy_run(const struct proxy_options *o)
{
    struct proxy p = { .o = o, .epoll = -1, .signals = -1, .spare = -1 };
    struct link *l;

    TAILQ_INIT(&p.links);
    if (!prepare(&p) || !say_ready(o))
        return false;
    run(&p);
    close(o->listener); /* before the links: nobody comes in between */
    while ((l = TAILQ_FIRST(&p.links)) != NULL) {
        TAILQ_REMOVE(&p.links, l, next);
        link_free(l);
    }
    close(p.epoll);
    close(p.signals);
    close(p.spare);
    return true;
}
