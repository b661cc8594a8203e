#include "loop.h"

#include "link.h"
#include "log.h"
#include "loop_inside.h"
#include "mem.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

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

/* Once per turn of the loop, before it waits: everything that came is settled and said.
   What the sending made room for is delivered too, but not for ever: the others have
   their turn. */
static void on_prepare(uv_prepare_t *p)
{
    struct loop *l = p->data;
    struct broker *b = l->broker;
    struct conn *c;

    for (int round = 0; round < 4; round++) {
        broker_turn(b);
        while ((c = broker_next_talking(b)))
            link_flush(c->owner);
        if (TAILQ_EMPTY(&b->woken))
            break;
    }
    if (!TAILQ_EMPTY(&b->woken) || !TAILQ_EMPTY(&b->talking))
        uv_async_send(&l->wake);
    if (b->blocked != l->was_blocked)
        see_to_all_reading(l);
    if (store_failed(b->store))
        fatal("the store failed, nothing can be promised any more: %s", store_failed(b->store));
    if (l->stopping && TAILQ_EMPTY(&b->conns))
        uv_stop(&l->uv);
}

static void on_connection(uv_stream_t *s, int status)
{
    if (status < 0)
        log_warnx("listen: %s", uv_strerror(status));
    else
        link_accept(s->data, s);
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
    l->stopping = true;
    uv_close((uv_handle_t *)&l->listener, NULL);
    for (c = TAILQ_FIRST(&l->broker->conns); c; c = TAILQ_NEXT(c, link)) {
        conn_force_close(c, "the broker is stopping");
    }
    uv_timer_start(&l->stop_timer, on_patience_over, LIMIT_STOP_MS, 0);
}

struct loop *loop_new(void)
{
    struct loop *l = xcalloc(1, sizeof *l);
    int failed = uv_loop_init(&l->uv);

    if (failed)
        fatal("libuv: %s", uv_strerror(failed));
    uv_async_init(&l->uv, &l->wake, on_wake);
    uv_prepare_init(&l->uv, &l->prepare);
    uv_timer_init(&l->uv, &l->stop_timer);
    uv_signal_init(&l->uv, &l->terminate);
    uv_signal_init(&l->uv, &l->interrupt);
    uv_tcp_init(&l->uv, &l->listener);
    l->prepare.data = l->stop_timer.data = l->terminate.data = l->interrupt.data = l;
    l->listener.data = l;
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

bool loop_listen(struct loop *l, const char *where, char *error, size_t error_size)
{
    struct sockaddr_storage a;
    int failed;

    if (!parse_address(where, &a)) {
        snprintf(error, error_size, "'%s' is no ADDR:PORT", where);
        return false;
    }
    failed = uv_tcp_bind(&l->listener, (const struct sockaddr *)&a, 0);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&l->listener, SOMAXCONN, on_connection);
    if (failed)
        snprintf(error, error_size, "cannot listen on %s: %s", where, uv_strerror(failed));
    return !failed;
}

unsigned loop_port(const struct loop *l)
{
    struct sockaddr_storage a;
    int n = sizeof a;

    if (uv_tcp_getsockname(&l->listener, (struct sockaddr *)&a, &n) < 0)
        return 0;
    /* The port stands at the same place in both families. */
    return ntohs(((const struct sockaddr_in *)(const void *)&a)->sin_port);
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
