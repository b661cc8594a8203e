#include "bench_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixtures/wire/print.h"

enum {
    READ_ROOM = 256 << 10,
    FRAME_MOST = 128 << 10, /* what we agree to, if the broker does */
    LIMIT_OUT = 64 << 20,
};

static int dial(const struct target *t)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    int fd = -1, one = 1, e = getaddrinfo(t->host, t->port, &want, &list);

    if (e != 0)
        bench_give_up("no such host: %s", gai_strerror(e));
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0)
        bench_give_up("cannot connect: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void wait_for(const struct link *l, short events)
{
    struct pollfd p = { .fd = l->fd, .events = events };
    int n;

    do
        n = poll(&p, 1, SILENCE_MS);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        bench_give_up("the broker was silent for %d s", SILENCE_MS / 1000);
}

size_t link_send(struct link *l, const void *p, size_t n)
{
    ssize_t sent = send(l->fd, p, n, MSG_NOSIGNAL);

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

/* False: nothing was there, or the peer has ended the stream (*over is set). */
static bool fill(struct link *l, bool *over)
{
    ssize_t n;

    if (l->in_at == l->in_n)
        l->in_at = l->in_n = 0;
    if (l->in_room - l->in_n < READ_ROOM) { /* the rest is less than a frame */
        memmove(l->in, l->in + l->in_at, l->in_n - l->in_at);
        l->in_n -= l->in_at;
        l->in_at = 0;
    }
    n = recv(l->fd, l->in + l->in_n, READ_ROOM, 0);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        bench_give_up("receiving: %s", strerror(errno));
    *over = n == 0;
    if (n > 0)
        l->in_n += (size_t)n;
    return n > 0;
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

void link_read(struct link *l)
{
    struct raw f;
    bool over;

    fill(l, &over);
    while (next(l, &f)) {
        if (!(l->take && l->take(l->owner, &f)) && !is_heartbeat(&f))
            unexpected(l, &f);
    }
    if (over)
        bench_give_up("the broker hung up");
}

static bool is_method(const struct raw *f, uint16_t channel, enum method_id id)
{
    const struct method_info *m = wire_method(id);

    return f->type == FRAME_METHOD && f->channel == channel && f->size >= 4 &&
           octets_4(f->payload) == ((uint32_t)m->class_id << 16 | m->method_id);
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
            wait_for(l, POLLIN);
            fill(l, &over);
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

static void flush_all(struct link *l)
{
    while (!link_flush(l))
        wait_for(l, POLLOUT);
}

const void *link_call(struct link *l, uint16_t channel, enum method_id id, const void *args,
                      enum method_id reply)
{
    arena_free(l->arena);
    l->arena = arena_new();
    frame_put_method(&l->out, channel, id, args);
    flush_all(l);
    return await(l, channel, reply);
}

static uint32_t agreed(uint32_t offered)
{
    return offered == 0 || offered > FRAME_MOST ? FRAME_MOST : offered;
}

void link_open(struct link *l, const struct target *t)
{
    struct m_connection_start_ok who = { .mechanism = S("PLAIN"), .locale = S("en_US") };
    struct m_connection_open where = { .virtual_host = str_of(t->vhost) };
    struct m_connection_tune_ok tune = { 0 };
    const struct m_connection_tune *offer;
    char plain[512];
    int n = snprintf(plain, sizeof plain, "%c%s%c%s", 0, t->user, 0, t->password);

    if (n < 0 || (size_t)n >= sizeof plain)
        bench_give_up("user and password are too long");
    *l = (struct link){ .fd = dial(t), .frame_max = FRAME_MOST, .in_room = 2 * READ_ROOM };
    l->in = malloc(l->in_room);
    l->arena = arena_new();
    buf_init(&l->out, LIMIT_OUT);
    if (!l->in)
        bench_give_up("out of memory");
    buf_put(&l->out, PROTOCOL_HEADER.p, PROTOCOL_HEADER.n);
    flush_all(l);
    await(l, 0, M_connection_start);
    who.response = (struct str){ plain, (size_t)n };
    offer = link_call(l, 0, M_connection_start_ok, &who, M_connection_tune);
    l->frame_max = tune.frame_max = agreed(offer->frame_max);
    tune.channel_max = offer->channel_max;
    frame_put_method(&l->out, 0, M_connection_tune_ok, &tune);
    link_call(l, 0, M_connection_open, &where, M_connection_open_ok);
}

void link_close(struct link *l)
{
    struct m_connection_close bye = { .reply_code = 200 };

    link_call(l, 0, M_connection_close, &bye, M_connection_close_ok);
    close(l->fd);
    buf_clear(&l->out);
    arena_free(l->arena);
    free(l->in);
}

void link_open_channel(struct link *l, uint16_t channel)
{
    struct m_channel_open open = { 0 };

    link_call(l, channel, M_channel_open, &open, M_channel_open_ok);
}
