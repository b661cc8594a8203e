#include "link.h"

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
#include <time.h>
#include <unistd.h>

enum { READ_ROOM = 16 << 10, LIMIT_OUT = 64 << 20, OUT_KEPT = 64 << 10 };

int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Sources of 127.0.0.0/8 in turn: one address has no more than 28,232 ports. */
static void choose_source(int fd, const struct addrinfo *to)
{
    static uint32_t turn;
    struct sockaddr_in from = { .sin_family = AF_INET };
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)to->ai_addr;

    if (to->ai_family != AF_INET || ntohl(v4->sin_addr.s_addr) >> 24 != 127)
        return;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % 8);
    (void)bind(fd, (const struct sockaddr *)&from, sizeof from);
}

bool link_dial(struct link *l, const struct target *t)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    int one = 1;

    *l = (struct link){ .fd = -1, .channel_max = UINT16_MAX, .frame_max = 4096 };
    buf_init(&l->out, LIMIT_OUT);
    if (getaddrinfo(t->host, t->port, &want, &list) != 0)
        return !(l->gone = true);
    for (const struct addrinfo *a = list; a && l->fd < 0; a = a->ai_next) {
        l->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (l->fd < 0)
            break;
        choose_source(l->fd, a);
        if (connect(l->fd, a->ai_addr, a->ai_addrlen) < 0) {
            close(l->fd);
            l->fd = -1;
        }
    }
    freeaddrinfo(list);
    l->gone = l->fd < 0;
    if (l->gone)
        return false;
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(l->fd, F_SETFL, O_NONBLOCK);
    return true;
}

void link_drop(struct link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    buf_clear(&l->out);
    free(l->in);
    if (l->arena)
        arena_free(l->arena);
    l->fd = -1;
    l->in = NULL;
    l->arena = NULL;
    l->in_n = l->in_at = l->in_room = 0;
    l->gone = true;
}

static bool wait_for(const struct link *l, short events, int within_ms)
{
    struct pollfd p = { .fd = l->fd, .events = events };
    int n;

    do
        n = poll(&p, 1, within_ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

size_t link_push(struct link *l, struct str s)
{
    ssize_t n = l->gone ? 0 : send(l->fd, s.p, s.n, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        l->gone = true;
    return n < 0 ? 0 : (size_t)n;
}

size_t link_again(struct link *l, struct str s)
{
    size_t n = link_push(l, (struct str){ s.p + l->again_at, s.n - l->again_at });

    l->again_at = (l->again_at + n) % s.n;
    return n;
}

bool link_say(struct link *l, struct str s)
{
    while (!l->gone && s.n) {
        size_t n = link_push(l, s);

        s.p += n;
        s.n -= n;
        if (n == 0 && !l->gone && !wait_for(l, POLLOUT, SILENCE_MS))
            return false;
    }
    return !l->gone;
}

bool link_flush(struct link *l)
{
    bool said = link_say(l, buf_str(&l->out));

    if (l->out.room > OUT_KEPT)
        buf_clear(&l->out);
    l->out.n = 0;
    return said;
}

void link_put(struct link *l, uint16_t channel, enum method_id id, const void *args)
{
    frame_put_method(&l->out, channel, id, args);
}

void link_put_publish(struct link *l, uint16_t channel, const struct message *m)
{
    struct m_basic_publish p = { .exchange = m->exchange,
                                 .routing_key = m->key,
                                 .mandatory = m->mandatory };

    link_put(l, channel, M_basic_publish, &p);
    frame_put_header(&l->out, channel, 60, m->body.n, &m->properties);
    frame_put_body(&l->out, channel, m->body, l->frame_max);
}

/* Room for a read behind what is there. */
static bool make_room(struct link *l)
{
    if (l->in_at == l->in_n)
        l->in_at = l->in_n = 0;
    if (l->in_at) {
        memmove(l->in, l->in + l->in_at, l->in_n - l->in_at);
        l->in_n -= l->in_at;
        l->in_at = 0;
    }
    if (l->in_room - l->in_n >= READ_ROOM)
        return true;
    l->in_room = 2 * l->in_room + READ_ROOM;
    l->in = realloc(l->in, l->in_room);
    return l->in != NULL;
}

/* false: nothing came in time, or the end. */
static bool fill(struct link *l, int within_ms)
{
    ssize_t n;

    if (l->gone || !wait_for(l, POLLIN, within_ms) || !make_room(l))
        return false;
    n = recv(l->fd, l->in + l->in_n, l->in_room - l->in_n, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        l->gone = true;
    if (n > 0)
        l->in_n += (size_t)n;
    return n > 0;
}

bool link_discard(struct link *l)
{
    while (fill(l, 0))
        l->in_at = l->in_n = 0;
    return !l->gone;
}

static void note_refusal(struct link *l, const struct frame *f)
{
    if (f->method && f->method->id == M_channel_close)
        l->refused = ((const struct m_channel_close *)f->args)->reply_code;
    if (f->method && f->method->id == M_connection_close)
        l->refused = ((const struct m_connection_close *)f->args)->reply_code;
}

enum heard link_hear(struct link *l, struct frame *f, int within_ms)
{
    for (;;) {
        struct cur c = cur_of((struct str){ (const char *)l->in + l->in_at, l->in_n - l->in_at });

        if (l->arena)
            arena_free(l->arena);
        l->arena = arena_new();
        if (c.n && frame_get(&c, f, l->arena) == FRAME_WHOLE) {
            l->in_at += c.pos;
            if (f->args)
                note_refusal(l, f);
            return HEARD;
        }
        if (!fill(l, within_ms))
            return l->gone ? GONE : SILENCE;
    }
}

static bool is_close(const struct frame *f, uint16_t channel)
{
    return f->method && ((f->method->id == M_connection_close) ||
                         (f->method->id == M_channel_close && f->channel == channel));
}

const void *link_await(struct link *l, uint16_t channel, enum method_id id)
{
    struct frame f;

    while (link_hear(l, &f, SILENCE_MS) == HEARD) {
        if (f.method && f.method->id == id && f.channel == channel)
            return f.args;
        if (is_close(&f, channel))
            return NULL;
    }
    return NULL;
}

const void *link_call(struct link *l, uint16_t channel, enum method_id id, const void *args,
                      enum method_id reply)
{
    link_put(l, channel, id, args);
    return link_flush(l) ? link_await(l, channel, reply) : NULL;
}
