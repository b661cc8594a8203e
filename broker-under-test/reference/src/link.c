#define _GNU_SOURCE /* POLLRDHUP */
#include "link.h"

#include "faulty.h"
#include "link_tls.h"
#include "log.h"
#include "loop_inside.h"
#include "mem.h"
#include "tls.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEER_BYTES = INET6_ADDRSTRLEN + sizeof ":65535" };

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
    link_tls_free(k);
    free(k);
}

void link_close(struct link *k)
{
    if (k->closing)
        return;
    k->closing = true;
    if (k->leaving)
        TAILQ_REMOVE(&k->loop->leaving, k, leaving_link);
    conn_gone(k->conn);
    uv_close((uv_handle_t *)&k->tcp, on_closed);
    uv_close((uv_handle_t *)&k->timer, on_closed);
}

/* Not now, but in the turn that has room for it: thousands may hang up at once. */
static void leave(struct link *k)
{
    if (k->closing || k->leaving)
        return;
    k->leaving = true;
    TAILQ_INSERT_TAIL(&k->loop->leaving, k, leaving_link);
}

void link_close_leaving(struct loop *l)
{
    struct link *k;

    for (int i = 0; i < LIMIT_TURN_CLOSES && (k = TAILQ_FIRST(&l->leaving)); i++)
        link_close(k);
}

static void on_timer(uv_timer_t *t);

/* A deadline that moved away is noticed when the timer rings, so traffic costs nothing. */
static void see_to_timer(struct link *k)
{
    uint64_t deadline = conn_deadline(k->conn), now = now_of(k);

    if (k->ending || k->closing || deadline >= k->armed_ms ||
        (FAULTY(tls_handshakes_for_ever) && k->tls && !tls_established(k->tls)))
        return;
    k->armed_ms = deadline;
    uv_timer_start(&k->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

/* Who came together has the same deadline. A millisecond later for each turn's share that is
 * before. */
static bool put_off(struct link *k)
{
    unsigned late_ms = k->loop->rung++ / LIMIT_TURN_RINGS;

    if (late_ms == 0)
        return false;
    k->armed_ms = now_of(k) + late_ms;
    uv_timer_start(&k->timer, on_timer, late_ms, 0);
    return true;
}

static void on_timer(uv_timer_t *t)
{
    struct link *k = t->data;
    bool stuck =
        link_tls_writing(k) && conn_finished(k->conn) && now_of(k) >= conn_deadline(k->conn);

    k->armed_ms = NEVER;
    if (put_off(k))
        return;
    if (k->ending || stuck) {
        link_close(k);
        return;
    }
    conn_tick(k->conn, now_of(k));
    if (conn_finished(k->conn))
        conn_talk(k->conn);
    see_to_timer(k);
}

static bool may_be_read(const struct link *k)
{
    return k->ending || conn_wants_input(k->conn);
}

/* No room: what others did in this turn may have changed it, or it has had its share. libuv then
   reads no more of it, and its descriptor stays as it is. */
static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct link *k = h->data;
    bool more = may_be_read(k) && k->filled_turn != k->loop->turn;

    (void)suggested;
    *buf = uv_buf_init(k->loop->buffer, more ? (unsigned)k->read_room : 0);
}

static size_t at_least(size_t n, size_t least)
{
    return n > least ? n : least;
}

/* Whoever keeps the others waiting for too long, by much or by what is dear to work off, has less
   read of it next time; and whoever fills its room goes on in the next turn. */
static void pace(struct link *k, size_t n, uint64_t took_ns)
{
    size_t asked = k->read_room;

    if (took_ns > LIMIT_SLICE_NS)
        k->read_room = at_least(n * LIMIT_SLICE_NS / took_ns, LIMIT_READ_LEAST);
    else if (n == asked && took_ns < LIMIT_SLICE_NS / 2 && k->read_room <= LIMIT_READ / 2)
        k->read_room *= 2;
    if (n == asked)
        k->filled_turn = k->loop->turn;
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct link *k = s->data;
    uint64_t start_ns;

    if (k->conn->state == CONN_OPEN && ((FAULTY(fin_unnoticed) && n == UV_EOF) ||
                                        (FAULTY(reset_unnoticed) && n == UV_ECONNRESET))) {
        uv_read_stop(s);
        return;
    }
    if (n == UV_ENOBUFS) { /* on_alloc gave it no room */
        link_see_to_reading(k);
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
        leave(k);
        return;
    }
    if (k->ending || n == 0)
        return;
    start_ns = uv_hrtime();
    if (k->tls)
        link_tls_input(k, buf->base, (size_t)n);
    else
        conn_input(k->conn, buf->base, (size_t)n, now_of(k));
    see_to_timer(k);
    link_see_to_reading(k);
    pace(k, (size_t)n, uv_hrtime() - start_ns);
}

static void on_gone_timer(uv_timer_t *t)
{
    link_look_after_unread(t->data);
}

/* The kernel tells of an end only to who reads: so somebody looks now and then. */
static void stop_reading(struct link *k)
{
    uv_read_stop((uv_stream_t *)&k->tcp);
    if (!uv_is_active((uv_handle_t *)&k->loop->gone_timer))
        uv_timer_start(&k->loop->gone_timer, on_gone_timer, LIMIT_GONE_MS, LIMIT_GONE_MS);
}

void link_see_to_reading(struct link *k)
{
    bool want = may_be_read(k);

    if (k->closing || want == k->reading)
        return;
    k->reading = want;
    if (want)
        uv_read_start((uv_stream_t *)&k->tcp, on_alloc, on_read);
    else
        stop_reading(k);
    if (want)
        k->conn->heard_ms = now_of(k); /* the silence was ours */
}

static bool has_gone(const struct link *k)
{
    struct pollfd p = { .events = POLLRDHUP };

    return uv_fileno((const uv_handle_t *)&k->tcp, &p.fd) == 0 && poll(&p, 1, 0) > 0;
}

void link_look_after_unread(struct loop *l)
{
    struct conn *c, *next;
    bool some = false;

    for (c = TAILQ_FIRST(&l->broker->conns); c; c = next) {
        struct link *k = c->owner;

        next = TAILQ_NEXT(c, link);
        if (k->reading || k->closing)
            continue;
        some = true;
        if (has_gone(k))
            link_close(k);
    }
    if (!some)
        uv_timer_stop(&l->gone_timer);
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

static void flush_plain(struct link *k)
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
}

void link_flush(struct link *k)
{
    if (k->tls)
        link_tls_flush(k);
    else
        flush_plain(k);
    if (k->closing)
        return;
    if (conn_finished(k->conn) && !link_tls_writing(k))
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

/* Most are of this sort, so it is written by hand. Returns where it ended. */
static char *put_ip4(char *to, const struct in_addr *a)
{
    uint32_t address = ntohl(a->s_addr);

    for (int shift = 24; shift >= 0; shift -= 8) {
        to = put_decimal(to, address >> shift & 0xff, 1);
        *to++ = '.';
    }
    return to - 1;
}

/* ADDRESS:PORT. false: it is not on this machine. */
static bool name_peer(const struct link *k, char out[PEER_BYTES])
{
    struct sockaddr_storage a;
    const struct sockaddr_in *v4 = (const void *)&a;
    const struct sockaddr_in6 *v6 = (const void *)&a;
    int n = sizeof a;
    char *end = out;

    strcpy(out, "?");
    if (uv_tcp_getpeername(&k->tcp, (struct sockaddr *)&a, &n) < 0)
        return false;
    if (a.ss_family == AF_INET) {
        end = put_ip4(out, &v4->sin_addr);
    } else {
        uv_ip6_name(v6, out, INET6_ADDRSTRLEN);
        end += strlen(out);
    }
    *end++ = ':';
    end = put_decimal(end, ntohs(a.ss_family == AF_INET ? v4->sin_port : v6->sin6_port), 1);
    *end = '\0';
    return is_loopback(&a);
}

/* The kernel gives the lowest number that is free: a high one says that few are left. Those are for
   the store and the operator; who knocks then is sent away, and heard of once. */
static bool crowded(struct loop *l, const uv_tcp_t *tcp)
{
    uv_os_fd_t fd;
    bool now = l->files_most && uv_fileno((const uv_handle_t *)tcp, &fd) == 0 &&
               fd >= l->files_most - LIMIT_SPARE_FILES;

    if (now != l->crowded)
        log_warnx(now ? "descriptors run out: new connections are closed; see ulimit -n"
                      : "there are descriptors again: connections are let in");
    l->crowded = now;
    return now;
}

void link_accept(struct loop *l, uv_stream_t *listener)
{
    struct link *k = xcalloc(1, sizeof *k);
    char peer[PEER_BYTES];
    bool loopback;
    int failed;

    k->loop = l;
    k->armed_ms = NEVER;
    k->read_room = LIMIT_READ_FIRST;
    k->handles = 2;
    uv_tcp_init(&l->uv, &k->tcp);
    uv_timer_init(&l->uv, &k->timer);
    k->tcp.data = k->timer.data = k;
    failed = uv_accept(listener, (uv_stream_t *)&k->tcp);
    loopback = name_peer(k, peer);
    k->conn = conn_new(l->broker, peer, loopback, uv_now(&l->uv));
    k->conn->owner = k;
    if (listener == (uv_stream_t *)&l->tls_listener)
        k->tls = tls_new(l->tls);
    if (failed)
        log_warnx("accept: %s", uv_strerror(failed));
    if (failed || crowded(l, &k->tcp)) {
        link_close(k);
        return;
    }
    see_to_timer(k);
    link_see_to_reading(k);
}
