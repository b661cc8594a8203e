#include "link.h"

#include "faulty.h"
#include "log.h"
#include "loop_inside.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t now_of(const struct link *k)
{
    return uv_now(&k->loop->uv);
}

static void on_closed(uv_handle_t *h)
{
    struct link *k = h->data;

    if (--k->handles > 0)
        return;
    conn_free(k->conn);
    free(k);
}

void link_close(struct link *k)
{
    if (k->closing)
        return;
    k->closing = true;
    conn_gone(k->conn);
    uv_close((uv_handle_t *)&k->tcp, on_closed);
    uv_close((uv_handle_t *)&k->timer, on_closed);
}

static void on_timer(uv_timer_t *t);

/* A deadline that moved away is noticed when the timer rings, so traffic costs nothing. */
static void see_to_timer(struct link *k)
{
    uint64_t deadline = conn_deadline(k->conn), now = now_of(k);

    if (k->ending || k->closing || deadline >= k->armed_ms)
        return;
    k->armed_ms = deadline;
    uv_timer_start(&k->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *t)
{
    struct link *k = t->data;

    k->armed_ms = NEVER;
    if (k->ending) {
        link_close(k);
        return;
    }
    conn_tick(k->conn, now_of(k));
    if (conn_finished(k->conn))
        conn_talk(k->conn);
    see_to_timer(k);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct link *k = h->data;

    (void)suggested;
    *buf = uv_buf_init(k->loop->buffer, sizeof k->loop->buffer);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct link *k = s->data;

    if (k->conn->state == CONN_OPEN && ((FAULTY(fin_unnoticed) && n == UV_EOF) ||
                                        (FAULTY(reset_unnoticed) && n == UV_ECONNRESET))) {
        uv_read_stop(s);
        return;
    }
    if (n < 0) {
        /* What was said last may still be heard; nothing else has a listener. */
        if (k->conn->state == CONN_DEAD && !k->ending && !k->writing && n == UV_EOF) {
            uv_read_stop(s);
            k->reading = false;
            conn_talk(k->conn);
            return;
        }
        link_close(k);
        return;
    }
    if (k->ending || n == 0)
        return;
    conn_input(k->conn, buf->base, (size_t)n, now_of(k));
    see_to_timer(k);
    link_see_to_reading(k);
}

void link_see_to_reading(struct link *k)
{
    bool want = k->ending || conn_wants_input(k->conn);

    if (k->closing || want == k->reading)
        return;
    k->reading = want;
    if (want)
        uv_read_start((uv_stream_t *)&k->tcp, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&k->tcp);
    if (want)
        k->conn->heard_ms = now_of(k); /* the silence was ours */
}

static void on_shutdown(uv_shutdown_t *r, int status)
{
    struct link *k = r->data;

    if (status < 0 && !k->closing)
        link_close(k);
}

/* Closing at once could reset the connection under what the peer has not read yet: so
   our end first, then wait a little for its end. */
static void end(struct link *k)
{
    if (k->ending)
        return;
    k->ending = true;
    k->shutdown.data = k;
    if (uv_shutdown(&k->shutdown, (uv_stream_t *)&k->tcp, on_shutdown) < 0) {
        link_close(k);
        return;
    }
    link_see_to_reading(k);
    uv_timer_start(&k->timer, on_timer, LIMIT_LINGER_MS, 0);
}

static void on_written(uv_write_t *w, int status)
{
    struct link *k = w->data;

    k->writing = false;
    if (k->closing)
        return;
    if (status < 0) {
        link_close(k);
        return;
    }
    conn_output_done(k->conn, k->lent, now_of(k));
    conn_talk(k->conn);
}

/* The socket is full: libuv writes the rest when it is not. */
static void write_later(struct link *k, const uv_buf_t *bufs, unsigned n)
{
    k->lent = 0;
    for (unsigned i = 0; i < n; i++)
        k->lent += bufs[i].len;
    k->write.data = k;
    if (uv_write(&k->write, (uv_stream_t *)&k->tcp, bufs, n, on_written) < 0) {
        link_close(k);
        return;
    }
    k->writing = true;
    conn_output_lent(k->conn, k->lent);
}

static unsigned gather(struct link *k, uv_buf_t bufs[LIMIT_IOV], size_t *bytes)
{
    struct iovec iov[LIMIT_IOV];
    size_t n = conn_output(k->conn, iov, LIMIT_IOV);

    *bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bufs[i] = uv_buf_init(iov[i].iov_base, (unsigned)iov[i].iov_len);
        *bytes += iov[i].iov_len;
    }
    return (unsigned)n;
}

void link_flush(struct link *k)
{
    uv_buf_t bufs[LIMIT_IOV];
    size_t bytes;
    unsigned n;

    while (!k->closing && !k->writing && (n = gather(k, bufs, &bytes))) {
        int sent = uv_try_write((uv_stream_t *)&k->tcp, bufs, n);

        if (sent < 0 && sent != UV_EAGAIN) {
            link_close(k);
            return;
        }
        if (sent > 0)
            conn_output_done(k->conn, (size_t)sent, now_of(k));
        if ((sent < 0 || (size_t)sent < bytes) && (n = gather(k, bufs, &bytes)))
            write_later(k, bufs, n);
    }
    if (k->closing)
        return;
    if (conn_finished(k->conn))
        end(k);
    else
        see_to_timer(k);
    link_see_to_reading(k);
}

static bool is_loopback(const struct sockaddr_storage *a)
{
    const struct sockaddr_in *v4 = (const void *)a;
    const struct sockaddr_in6 *v6 = (const void *)a;

    if (a->ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return a->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool name_peer(const struct link *k, char *out, size_t size)
{
    struct sockaddr_storage a;
    int n = sizeof a;
    char host[INET6_ADDRSTRLEN] = "?";
    bool v4;

    snprintf(out, size, "?");
    if (uv_tcp_getpeername(&k->tcp, (struct sockaddr *)&a, &n) < 0)
        return false;
    v4 = a.ss_family == AF_INET;
    if (v4)
        uv_ip4_name((const struct sockaddr_in *)(const void *)&a, host, sizeof host);
    else
        uv_ip6_name((const struct sockaddr_in6 *)(const void *)&a, host, sizeof host);
    snprintf(out, size, "%s:%u", host,
             ntohs(v4 ? ((const struct sockaddr_in *)(const void *)&a)->sin_port
                      : ((const struct sockaddr_in6 *)(const void *)&a)->sin6_port));
    return is_loopback(&a);
}

void link_accept(struct loop *l, uv_stream_t *listener)
{
    struct link *k = xcalloc(1, sizeof *k);
    char peer[64];
    bool loopback;
    int failed;

    k->loop = l;
    k->armed_ms = NEVER;
    k->handles = 2;
    uv_tcp_init(&l->uv, &k->tcp);
    uv_timer_init(&l->uv, &k->timer);
    k->tcp.data = k->timer.data = k;
    failed = uv_accept(listener, (uv_stream_t *)&k->tcp);
    uv_tcp_nodelay(&k->tcp, 1);
    loopback = name_peer(k, peer, sizeof peer);
    k->conn = conn_new(l->broker, peer, loopback, uv_now(&l->uv));
    k->conn->owner = k;
    if (failed) {
        log_warnx("accept: %s", uv_strerror(failed));
        link_close(k);
        return;
    }
    see_to_timer(k);
    link_see_to_reading(k);
}
