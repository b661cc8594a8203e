#include "loop.h"

#include "link.h"
#include "log.h"
#include "loop_inside.h"
#include "mem.h"
#include "notify.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

void loop_wake(void *context)
{
    struct loop *l = context;

    uv_async_send(&l->wake);
}

static void on_wake(uv_async_t *a)
{
    (void)a; /* being awake is all: prepare runs before the loop sleeps again */
}

static void see_to_all_reading(struct loop *l)
{
    struct conn *c;

    l->was_blocked = l->broker->blocked;
    for (c = TAILQ_FIRST(&l->broker->conns); c; c = TAILQ_NEXT(c, link)) {
        link_see_to_reading(c->owner);
    }
}

static void next_turn(struct loop *l)
{
    uv_tcp_t *listener[] = { &l->listener, &l->tls_listener };

    l->turn++;
    l->accepted = l->rung = 0;
    for (int i = 0; i < 2; i++) {
        if (!l->held_back[i])
            continue;
        l->held_back[i] = false;
        link_accept(l, (uv_stream_t *)listener[i]);
    }
}

/* Once per turn of the loop, before it waits: everything that came is settled and said.
   What the sending made room for is delivered too, but not for ever: the others have
   their turn. */
static void on_prepare(uv_prepare_t *p)
{
    struct loop *l = p->data;
    struct broker *b = l->broker;
    struct conn *c;

    link_close_leaving(l);
    for (int round = 0; round < 4; round++) {
        broker_turn(b);
        while ((c = broker_next_talking(b)))
            link_flush(c->owner);
        if (TAILQ_EMPTY(&b->woken))
            break;
    }
    if (!TAILQ_EMPTY(&b->woken) || !TAILQ_EMPTY(&b->talking) || !TAILQ_EMPTY(&l->leaving))
        uv_async_send(&l->wake);
    if (b->blocked != l->was_blocked || b->reprieved)
        see_to_all_reading(l);
    b->reprieved = false;
    next_turn(l);
    if (l->stopping && TAILQ_EMPTY(&b->conns))
        uv_stop(&l->uv);
}

static void on_knock(uv_timer_t *t);

/* The system has no files left, or no memory for one, and libuv would go on trying without end: so
   the handle is closed for a moment, and its socket kept open, with those who knock in its queue.
   Our own descriptors do not run out (link_accept sees to it). */
static void could_not_accept(struct loop *l, uv_stream_t *s, int status)
{
    uv_os_fd_t fd;

    if (!l->deaf)
        log_warnx("cannot accept connections: %s; those that are open go on", uv_strerror(status));
    l->deaf = true;
    if (uv_is_closing((uv_handle_t *)s) || uv_fileno((uv_handle_t *)s, &fd) < 0)
        return;
    l->held_back[s != (uv_stream_t *)&l->listener] = false;
    l->kept_fd[s != (uv_stream_t *)&l->listener] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    uv_close((uv_handle_t *)s, NULL);
    uv_timer_start(&l->knock_timer, on_knock, LIMIT_KNOCK_MS, 0);
}

/* Who is not taken stays with libuv, which then listens no more until he is. */
static void let_in(struct loop *l, uv_stream_t *s)
{
    bool now = l->accepted++ < LIMIT_TURN_ACCEPTS;

    l->held_back[s != (uv_stream_t *)&l->listener] = !now;
    if (now)
        link_accept(l, s);
}

static void on_connection(uv_stream_t *s, int status)
{
    struct loop *l = s->data;

    if (status < 0) {
        could_not_accept(l, s, status);
        return;
    }
    if (l->deaf)
        log_warnx("connections are accepted again");
    l->deaf = false;
    let_in(l, s);
}

static void on_knock(uv_timer_t *t)
{
    struct loop *l = t->data;
    uv_tcp_t *listener[] = { &l->listener, &l->tls_listener };

    for (int i = 0; i < 2; i++) {
        if (l->kept_fd[i] < 0)
            continue;
        uv_tcp_init(&l->uv, listener[i]);
        if (uv_tcp_open(listener[i], l->kept_fd[i]) ||
            uv_listen((uv_stream_t *)listener[i], SOMAXCONN, on_connection))
            log_error("cannot listen any more; restart the broker");
        l->kept_fd[i] = -1;
    }
}

static void close_listeners(struct loop *l)
{
    uv_timer_stop(&l->knock_timer);
    for (int i = 0; i < 2; i++) {
        uv_handle_t *h = (uv_handle_t *)(i ? &l->tls_listener : &l->listener);

        l->held_back[i] = false;
        if (l->kept_fd[i] >= 0)
            close(l->kept_fd[i]);
        if (!uv_is_closing(h))
            uv_close(h, NULL);
    }
}

static void on_patience_over(uv_timer_t *t)
{
    struct loop *l = t->data;
    struct conn *c;

    for (c = TAILQ_FIRST(&l->broker->conns); c; c = TAILQ_NEXT(c, link)) {
        link_close(c->owner);
    }
}

static void on_signal(uv_signal_t *s, int number)
{
    struct loop *l = s->data;
    struct conn *c;

    if (l->stopping)
        return;
    log_info("signal %d: stopping", number);
    notify("STOPPING=1\nSTATUS=closing connections\n");
    l->stopping = true;
    close_listeners(l);
    for (c = TAILQ_FIRST(&l->broker->conns); c; c = TAILQ_NEXT(c, link)) {
        conn_force_close(c, "the broker is stopping");
    }
    uv_timer_start(&l->stop_timer, on_patience_over, LIMIT_STOP_MS, 0);
}

/* The kernel doubles a process's table of descriptors as they come, and with threads it waits for
   all processors each time, some 20 ms: so it is made large while there is one thread. */
static void make_room_for_files(struct loop *l)
{
    int most =
        l->files_most && l->files_most < LIMIT_FILES_READY ? l->files_most : LIMIT_FILES_READY;
    int fd = fcntl(uv_backend_fd(&l->uv), F_DUPFD_CLOEXEC, most - 1);

    if (fd >= 0)
        close(fd);
}

struct loop *loop_new(void)
{
    struct loop *l = xcalloc(1, sizeof *l);
    struct rlimit files;
    int failed = uv_loop_init(&l->uv);

    if (failed)
        fatal("libuv: %s", uv_strerror(failed));
    uv_async_init(&l->uv, &l->wake, on_wake);
    uv_prepare_init(&l->uv, &l->prepare);
    l->turn = 1;
    TAILQ_INIT(&l->leaving);
    uv_timer_init(&l->uv, &l->stop_timer);
    uv_timer_init(&l->uv, &l->knock_timer);
    l->knock_timer.data = l;
    l->kept_fd[0] = l->kept_fd[1] = -1;
    uv_timer_init(&l->uv, &l->gone_timer);
    uv_signal_init(&l->uv, &l->terminate);
    uv_signal_init(&l->uv, &l->interrupt);
    uv_tcp_init(&l->uv, &l->listener);
    uv_tcp_init(&l->uv, &l->tls_listener);
    l->prepare.data = l->gone_timer.data = l->stop_timer.data = l->terminate.data =
        l->interrupt.data = l;
    l->listener.data = l->tls_listener.data = l;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < INT_MAX)
        l->files_most = (int)files.rlim_cur;
    make_room_for_files(l);
    return l;
}

/* "127.0.0.1:5672", "[::1]:0", "localhost:5672". */
static bool parse_address(const char *where, struct sockaddr_storage *out)
{
    const char *colon = strrchr(where, ':');
    char host[64], *end;
    size_t n = colon ? (size_t)(colon - where) : sizeof host;
    unsigned long port = colon && colon[1] ? strtoul(colon + 1, &end, 10) : 65536;

    if (n == 0 || n >= sizeof host || port > 65535 || *end)
        return false;
    *str_put(host, (struct str){ where, n }) = '\0';
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof host, "127.0.0.1");
    if (host[0] == '[' && host[n - 1] == ']') {
        memmove(host, host + 1, n - 2);
        host[n - 2] = '\0';
        return uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)(void *)out) == 0;
    }
    return uv_ip4_addr(host, (int)port, (struct sockaddr_in *)(void *)out) == 0;
}

bool loop_address_ok(const char *where)
{
    return parse_address(where, &(struct sockaddr_storage){ .ss_family = 0 });
}

static bool listen_at(uv_tcp_t *listener, const char *where, char *error, size_t error_size)
{
    struct sockaddr_storage a;
    int failed;

    if (!parse_address(where, &a)) {
        snprintf(error, error_size, "'%s' is no ADDR:PORT", where);
        return false;
    }
    failed = uv_tcp_bind(listener, (const struct sockaddr *)&a, 0);
    if (!failed)
        failed = uv_tcp_nodelay(listener, 1); /* which the accepted inherit */
    if (!failed)
        failed = uv_listen((uv_stream_t *)listener, SOMAXCONN, on_connection);
    if (failed)
        snprintf(error, error_size, "cannot listen on %s: %s", where, uv_strerror(failed));
    return !failed;
}

bool loop_listen(struct loop *l, const char *where, char *error, size_t error_size)
{
    return listen_at(&l->listener, where, error, error_size);
}

bool loop_listen_tls(struct loop *l, const char *where, struct tls_context *tls, char *error,
                     size_t error_size)
{
    l->tls = tls;
    return listen_at(&l->tls_listener, where, error, error_size);
}

static unsigned port_of(const uv_tcp_t *listener)
{
    struct sockaddr_storage a;
    int n = sizeof a;

    if (uv_tcp_getsockname(listener, (struct sockaddr *)&a, &n) < 0)
        return 0;
    /* The port stands at the same place in both families. */
    return ntohs(((const struct sockaddr_in *)(const void *)&a)->sin_port);
}

unsigned loop_port(const struct loop *l)
{
    return port_of(&l->listener);
}

unsigned loop_tls_port(const struct loop *l)
{
    return port_of(&l->tls_listener);
}

void loop_run(struct loop *l, struct broker *b)
{
    l->broker = b;
    uv_prepare_start(&l->prepare, on_prepare);
    uv_signal_start(&l->terminate, on_signal, SIGTERM);
    uv_signal_start(&l->interrupt, on_signal, SIGINT);
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

static void close_handle(uv_handle_t *h, void *unused)
{
    (void)unused;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

void loop_free(struct loop *l)
{
    uv_prepare_stop(&l->prepare);
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&l->uv) != 0)
        assert(0 && "a handle was left open");
    free(l);
}
