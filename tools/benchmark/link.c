#include "link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fixtures/wire/print.h"

enum {
    READ_ROOM = 256 << 10,
    FRAME_MOST = 128 << 10, /* what we agree to, if the broker does */
    LIMIT_OUT = 64 << 20,
    AWAKE_US = 500,
};

/* Looked up once: a workload has one broker. */
static const struct addrinfo *address_of(const struct target *t)
{
    static struct addrinfo *list;
    struct addrinfo want = { .ai_socktype = SOCK_STREAM };
    int e = list ? 0 : getaddrinfo(t->host, t->port, &want, &list);

    if (e != 0)
        bench_give_up("no such host: %s", gai_strerror(e));
    return list;
}

/* Blocking, but not for ever: who waits for an answer waits in recv; loops say MSG_DONTWAIT. */
static int dial(const struct target *t)
{
    struct timeval silence = { .tv_sec = SILENCE_MS / 1000 };
    int fd = -1, one = 1;

    for (const struct addrinfo *a = address_of(t); a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            close(fd);
            fd = -1;
        }
    }
    if (fd < 0)
        bench_give_up("cannot connect: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    return fd;
}

void link_gather(const struct link *l, size_t octets)
{
    int n = (int)octets;

    setsockopt(l->fd, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof n);
}

size_t link_send(struct link *l, const void *p, size_t n)
{
    ssize_t sent = send(l->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        bench_give_up("sending: %s", strerror(errno));
    return sent < 0 ? 0 : (size_t)sent;
}

bool link_flush(struct link *l)
{
    if (l->out_at < l->out.n)
        l->out_at += link_send(l, l->out.p + l->out_at, l->out.n - l->out_at);
    if (l->out_at < l->out.n)
        return false;
    l->out.n = l->out_at = 0;
    return true;
}

void link_push(struct link *l)
{
    while (!link_flush(l)) {
        struct pollfd p = { .fd = l->fd, .events = POLLOUT };

        if (poll(&p, 1, SILENCE_MS) == 0)
            bench_give_up("the broker read nothing for %d s", SILENCE_MS / 1000);
    }
}

/* How many octets came; 0: none were there, or the peer has ended the stream (*over is set). */
static size_t fill(struct link *l, int flags, bool *over)
{
    ssize_t n;

    if (l->in_at == l->in_n)
        l->in_at = l->in_n = 0;
    if (l->in_room - l->in_n < READ_ROOM) { /* the rest is less than a frame */
        memmove(l->in, l->in + l->in_at, l->in_n - l->in_at);
        l->in_n -= l->in_at;
        l->in_at = 0;
    }
    n = recv(l->fd, l->in + l->in_n, READ_ROOM, flags);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        bench_give_up("receiving: %s", strerror(errno));
    *over = n == 0;
    if (n > 0)
        l->in_n += (size_t)n;
    return n > 0 ? (size_t)n : 0;
}

/* The next whole frame; false: there is none. */
static bool next(struct link *l, struct raw *f)
{
    const uint8_t *p = l->in + l->in_at;
    size_t n = l->in_n - l->in_at;

    if (n < FRAME_OVERHEAD)
        return false;
    *f = (struct raw){ p[0], (uint16_t)(p[1] << 8 | p[2]), octets_4(p + 3), p + 7 };
    if (f->size > l->frame_max - FRAME_OVERHEAD)
        bench_give_up("a frame of %u octets: more than was agreed, or no AMQP", f->size);
    if (n < f->size + FRAME_OVERHEAD)
        return false;
    if (p[f->size + 7] != FRAME_END)
        bench_give_up("a frame without its end octet");
    l->in_at += f->size + FRAME_OVERHEAD;
    return true;
}

/* Says in frame notation what nobody asked for. */
static void unexpected(struct link *l, const struct raw *f)
{
    struct cur c = cur_of((struct str){ (const char *)f->payload - 7, f->size + FRAME_OVERHEAD });
    struct print_options few = { .body_max = 32 };
    struct frame whole;
    struct buf text;

    buf_init(&text, LIMIT_OUT);
    frame_get(&c, &whole, l->arena);
    frame_print(&text, 'S', &whole, &few);
    bench_give_up("the broker said: %.*s", (int)text.n, (const char *)text.p);
}

static bool is_heartbeat(const struct raw *f)
{
    return f->type == FRAME_HEARTBEAT;
}

static void hand_on(struct link *l)
{
    struct raw f;
    size_t known;

    for (;;) {
        while (l->quick && (known = l->quick(l->owner, l->in + l->in_at, l->in_n - l->in_at)) > 0)
            l->in_at += known;
        if (!next(l, &f))
            return;
        if (!(l->take && l->take(l->owner, &f)) && !is_heartbeat(&f))
            unexpected(l, &f);
    }
}

bool link_read(struct link *l)
{
    bool over;
    size_t n = fill(l, MSG_DONTWAIT, &over);

    hand_on(l);
    if (over)
        bench_give_up("the broker hung up");
    return n > 0;
}

void link_wait(struct link *l)
{
    bool over;

    if (fill(l, 0, &over) == 0 && !over)
        bench_give_up("the broker was silent for %d s", SILENCE_MS / 1000);
    if (over)
        bench_give_up("the broker hung up");
    hand_on(l);
}

static bool is_method(const struct raw *f, uint16_t channel, enum method_id id)
{
    const struct method_info *m = wire_method(id);

    return f->type == FRAME_METHOD && f->channel == channel && f->size >= 4 &&
           octets_4(f->payload) == ((uint32_t)m->class_id << 16 | m->method_id);
}

/* Asks again and again for a while before it sleeps: to wake a sleeper of another processor is
   dear, on a virtual machine above all, and who writes to it pays: that is the broker. */
static size_t hear(struct link *l, bool *over)
{
    uint64_t end_ns = bench_now_ns() + AWAKE_US * 1000ull;
    size_t n;

    do {
        n = fill(l, MSG_DONTWAIT, over);
        if (n > 0 || *over)
            return n;
    } while (bench_now_ns() < end_ns);
    return fill(l, 0, over);
}

/* The arguments of the reply, which is the first frame that `take` does not take. */
static const void *await(struct link *l, uint16_t channel, enum method_id reply)
{
    struct raw f;
    struct cur c;
    const void *args;
    bool over = false;

    for (;;) {
        while (!next(l, &f)) {
            if (over)
                bench_give_up("the broker hung up instead of %s", wire_method(reply)->name);
            if (hear(l, &over) == 0 && !over)
                bench_give_up("the broker was silent for %d s", SILENCE_MS / 1000);
        }
        if (is_method(&f, channel, reply))
            break;
        if (!(l->take && l->take(l->owner, &f)) && !is_heartbeat(&f))
            unexpected(l, &f);
    }
    c = cur_of((struct str){ (const char *)f.payload + 4, f.size - 4 });
    args = wire_get_args(&c, wire_method(reply), l->arena);
    if (!args)
        unexpected(l, &f);
    return args;
}

static void say(struct link *l, uint16_t channel, enum method_id id, const void *args)
{
    arena_free(l->arena);
    l->arena = arena_new();
    frame_put_method(&l->out, channel, id, args);
    link_push(l);
}

const void *link_call(struct link *l, uint16_t channel, enum method_id id, const void *args,
                      enum method_id reply)
{
    say(l, channel, id, args);
    return await(l, channel, reply);
}

/* ---- a connection's life ---------------------------------------------------------------- */

/* The last buffer that was given back: connections by the thousand need no new pages each. */
static uint8_t *spare;

void link_begin(struct link *l, const struct target *t)
{
    *l = (struct link){ .fd = dial(t), .frame_max = FRAME_MOST, .in_room = 2 * READ_ROOM };
    l->in = spare ? spare : malloc(l->in_room);
    spare = NULL;
    l->arena = arena_new();
    buf_init(&l->out, LIMIT_OUT);
    if (!l->in)
        bench_give_up("out of memory");
    buf_put(&l->out, PROTOCOL_HEADER.p, PROTOCOL_HEADER.n);
    link_push(l);
}

void link_login(struct link *l, const struct target *t)
{
    struct m_connection_start_ok who = { .mechanism = S("PLAIN"), .locale = S("en_US") };
    char plain[512];
    int n = snprintf(plain, sizeof plain, "%c%s%c%s", 0, t->user, 0, t->password);

    if (n < 0 || (size_t)n >= sizeof plain)
        bench_give_up("user and password are too long");
    await(l, 0, M_connection_start);
    who.response = (struct str){ plain, (size_t)n };
    say(l, 0, M_connection_start_ok, &who);
}

static uint32_t agreed(uint32_t offered)
{
    return offered == 0 || offered > FRAME_MOST ? FRAME_MOST : offered;
}

void link_enter(struct link *l, const struct target *t)
{
    struct m_connection_open where = { .virtual_host = str_of(t->vhost) };
    const struct m_connection_tune *offer = await(l, 0, M_connection_tune);
    struct m_connection_tune_ok tune = { .channel_max = offer->channel_max,
                                         .frame_max = agreed(offer->frame_max) };

    l->frame_max = tune.frame_max;
    frame_put_method(&l->out, 0, M_connection_tune_ok, &tune);
    say(l, 0, M_connection_open, &where);
}

void link_entered(struct link *l)
{
    await(l, 0, M_connection_open_ok);
}

void link_leave(struct link *l)
{
    struct m_connection_close bye = { .reply_code = 200 };

    say(l, 0, M_connection_close, &bye);
}

void link_left(struct link *l)
{
    await(l, 0, M_connection_close_ok);
    close(l->fd);
    buf_clear(&l->out);
    arena_free(l->arena);
    free(spare);
    spare = l->in;
}

void link_open(struct link *l, const struct target *t)
{
    link_begin(l, t);
    link_login(l, t);
    link_enter(l, t);
    link_entered(l);
}

void link_close(struct link *l)
{
    link_leave(l);
    link_left(l);
}

void link_open_channel(struct link *l, uint16_t channel)
{
    struct m_channel_open open = { 0 };

    link_call(l, channel, M_channel_open, &open, M_channel_open_ok);
}
