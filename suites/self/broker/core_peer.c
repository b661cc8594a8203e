#include "suites/self/broker/core_peer.h"

#include "broker-under-test/reference/src/limits.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void wake(void *context)
{
    const struct world *w = context;

    if (write(w->woken[1], "", 1) != 1)
        abort();
}

static void open_on_dir(struct world *w, const struct settings *s)
{
    char error[256] = "";
    struct store_options o = {
        .dir = w->dir, .map_bytes = 64 << 20, .sync = false, .wake = wake, .context = w
    };
    struct store *store;

    if (pipe(w->woken) < 0 || fcntl(w->woken[0], F_SETFL, O_NONBLOCK) < 0)
        abort();
    store = store_open(&o, error, sizeof error);
    w->b = store ? broker_new(s, store, error, sizeof error) : NULL;
    if (!w->b) {
        fprintf(stderr, "core_peer: %s\n", error);
        abort();
    }
}

static void fresh_dir(struct world *w)
{
    *w = (struct world){ .now = 1000 };
    snprintf(w->dir, sizeof w->dir, "/tmp/selftest-broker.XXXXXX");
    if (!mkdtemp(w->dir))
        abort();
}

void world_open_with(struct world *w, const struct settings *s)
{
    fresh_dir(w);
    open_on_dir(w, s);
    world_settle(w);
}

void world_open(struct world *w)
{
    world_open_with(w, &default_settings);
}

static void remove_dir(const char *dir)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "broker.lock" };
    char path[128];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
}

void world_close(struct world *w)
{
    broker_free(w->b);
    close(w->woken[0]);
    close(w->woken[1]);
    remove_dir(w->dir);
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char room[65536];
    size_t n;

    if (!in || !out)
        abort();
    while ((n = fread(room, 1, sizeof room, in)) > 0) {
        if (fwrite(room, 1, n, out) != n)
            abort();
    }
    if (fclose(in) || fclose(out))
        abort();
}

void world_fork(struct world *w, struct world *after)
{
    char from[128], to[128];

    fresh_dir(after);
    snprintf(from, sizeof from, "%s/data.mdb", w->dir);
    snprintf(to, sizeof to, "%s/data.mdb", after->dir);
    copy_file(from, to);
    open_on_dir(after, &w->b->settings);
    world_settle(after);
}

void world_settle(struct world *w)
{
    uint64_t until = store_pending(w->b->store);
    char room[64];

    broker_turn(w->b);
    while (store_committed(w->b->store) < until) {
        struct pollfd fd = { .fd = w->woken[0], .events = POLLIN };

        if (poll(&fd, 1, 10000) != 1)
            abort(); /* the store does not wake us */
        while (read(w->woken[0], room, sizeof room) > 0)
            ;
        broker_turn(w->b);
    }
    broker_turn(w->b);
}

void peer_raw(struct peer *p, struct world *w)
{
    *p = (struct peer){ .w = w };
    out_init(&p->out);
    p->c = conn_new(w->b, "test", true, w->now);
}

void peer_leave(struct peer *p)
{
    conn_free(p->c);
    out_clear(&p->out);
    free(p->in);
    p->c = NULL;
}

void peer_header(struct peer *p)
{
    memcpy(out_reserve(&p->out, 8), "AMQP\0\0\11\1", 8);
}

void peer_start_ok(struct peer *p, struct str client_properties, const char *password)
{
    char response[64] = "\0guest";
    size_t n = 6;

    response[n++] = '\0';
    memcpy(response + n, password, strlen(password));
    SAY(p, 0, connection_start_ok, .client_properties = client_properties,
        .mechanism = STR("PLAIN"), .response = { response, n + strlen(password) },
        .locale = STR("en_US"));
}

void peer_tune_ok(struct peer *p, uint16_t channel_max, uint32_t frame_max, uint16_t heartbeat)
{
    SAY(p, 0, connection_tune_ok, .channel_max = channel_max, .frame_max = frame_max,
        .heartbeat = heartbeat);
}

void peer_connect_with(struct peer *p, struct world *w, struct str client_properties)
{
    peer_raw(p, w);
    peer_header(p);
    peer_start_ok(p, client_properties, "guest");
    peer_tune_ok(p, 2047, 131072, 0);
    SAY(p, 0, connection_open, .virtual_host = STR("/"));
    SAY(p, 1, channel_open, .no_field = 0);
    CU_ASSERT(GETS(p, connection_start));
    CU_ASSERT(GETS(p, connection_tune));
    CU_ASSERT(GETS(p, connection_open_ok));
    CU_ASSERT(GETS(p, channel_open_ok));
}

void peer_connect(struct peer *p, struct world *w)
{
    peer_connect_with(p, w, STR(""));
}

/* Flags for delivery-mode alone: bit 12. */
void say_publish(struct peer *p, uint16_t channel, struct str exchange, struct str key,
                 struct str body, uint8_t delivery_mode)
{
    char properties[3] = { 0x10, 0, (char)delivery_mode };
    struct m_basic_publish m = { .exchange = exchange, .routing_key = key };

    say_publish_with(p, channel, &m, (struct str){ properties, sizeof properties }, body);
}

void say_publish_with(struct peer *p, uint16_t channel, const struct m_basic_publish *m,
                      struct str properties, struct str body)
{
    struct message *content = message_new(STR(""), STR(""), properties, body.n, NULL);

    content = message_append(content, 0, body);
    send_basic_publish(&p->out, channel, m);
    send_content(&p->out, channel, content, p->c->frame_max);
    message_unref(content);
}

static void drain(struct out *o, char **to, size_t *n, uint64_t committed)
{
    struct iovec iov[16];
    size_t count;

    while ((count = out_iov(o, iov, 16, committed))) {
        size_t bytes = 0;

        for (size_t i = 0; i < count; i++) {
            *to = realloc(*to, *n + bytes + iov[i].iov_len);
            memcpy(*to + *n + bytes, iov[i].iov_base, iov[i].iov_len);
            bytes += iov[i].iov_len;
        }
        out_done(o, bytes);
        *n += bytes;
    }
}

struct str peer_bytes(struct peer *p)
{
    char *bytes = NULL;
    size_t n = 0;

    drain(&p->out, &bytes, &n, UINT64_MAX);
    return (struct str){ bytes, n };
}

void peer_give(struct peer *p, struct str bytes)
{
    /* At the end of an allocation of its own, so that a read too far is seen. */
    char *copy = malloc(bytes.n ? bytes.n : 1);

    if (bytes.n)
        memcpy(copy, bytes.p, bytes.n);
    conn_input(p->c, copy, bytes.n, p->w->now);
    free(copy);
}

void bytes_free(struct str bytes)
{
    free((void *)(uintptr_t)bytes.p); /* ours, so const may go */
}

void peer_send(struct peer *p)
{
    struct str bytes = peer_bytes(p);

    peer_give(p, bytes);
    bytes_free(bytes);
}

static void pull(struct peer *p)
{
    struct iovec iov[16];
    size_t count;

    while ((count = conn_output(p->c, iov, 16))) {
        size_t bytes = 0;

        for (size_t i = 0; i < count; i++) {
            p->in = realloc(p->in, p->in_n + iov[i].iov_len);
            memcpy(p->in + p->in_n, iov[i].iov_base, iov[i].iov_len);
            p->in_n += iov[i].iov_len;
            bytes += iov[i].iov_len;
        }
        conn_output_done(p->c, bytes, p->w->now);
        broker_turn(p->w->b);
    }
}

bool peer_next(struct peer *p, struct frame *f)
{
    struct cursor c;
    uint16_t class_id, method_id;

    peer_send(p);
    world_settle(p->w);
    pull(p);
    if (p->in_n - p->in_at < FRAME_OVERHEAD)
        return false;
    c = cursor_of((struct str){ p->in + p->in_at, p->in_n - p->in_at });
    f->type = (unsigned)cursor_uint(&c, 1);
    f->channel = (uint16_t)cursor_uint(&c, 2);
    f->payload = cursor_take(&c, (size_t)cursor_uint(&c, 4));
    f->method = METHOD_COUNT;
    if (cursor_uint(&c, 1) != SPEC_FRAME_END || c.bad)
        return false;
    p->in_at += c.at;
    if (f->type != FRAME_METHOD)
        return true;
    c = cursor_of(f->payload);
    class_id = (uint16_t)cursor_uint(&c, 2);
    method_id = (uint16_t)cursor_uint(&c, 2);
    f->method = method_find(class_id, method_id);
    f->payload = cursor_take(&c, f->payload.n - 4);
    return f->method != METHOD_COUNT;
}

bool peer_gets(struct peer *p, enum method m, struct frame *f)
{
    f->method = METHOD_COUNT;
    if (peer_next(p, f) && f->method == m)
        return true;
    fprintf(stderr, "wanted %s, got %s\n", method_row(m)->name,
            f->method < METHOD_COUNT ? method_row(f->method)->name : "something else");
    return false;
}

bool peer_silent(struct peer *p)
{
    struct frame f = { .method = METHOD_COUNT };

    if (!peer_next(p, &f))
        return true;
    fprintf(stderr, "wanted silence, got %s\n",
            f.method < METHOD_COUNT ? method_row(f.method)->name : "a frame");
    return false;
}

static bool read_content(struct peer *p, struct delivery *d)
{
    struct frame f;
    struct cursor c;
    size_t left, at = 0;

    if (!peer_next(p, &f) || f.type != FRAME_HEADER)
        return false;
    c = cursor_of(f.payload);
    cursor_uint(&c, 4);
    left = (size_t)cursor_uint(&c, 8);
    while (left > 0) {
        size_t n;

        if (!peer_next(p, &f) || f.type != FRAME_BODY || f.payload.n > left)
            return false;
        n = f.payload.n < sizeof d->body - 1 - at ? f.payload.n : sizeof d->body - 1 - at;
        memcpy(d->body + at, f.payload.p, n);
        at += n;
        left -= f.payload.n;
    }
    d->body[at] = '\0';
    return true;
}

bool peer_delivery(struct peer *p, struct delivery *d)
{
    struct frame f = { .method = METHOD_COUNT };

    *d = (struct delivery){ .method = METHOD_COUNT };
    if (!peer_next(p, &f))
        return false;
    d->method = f.method;
    if (f.method == M_basic_deliver) {
        struct m_basic_deliver m = READ(f, basic_deliver);

        d->tag = m.delivery_tag;
        d->redelivered = m.redelivered;
    } else if (f.method == M_basic_get_ok) {
        struct m_basic_get_ok m = READ(f, basic_get_ok);

        d->tag = m.delivery_tag;
        d->redelivered = m.redelivered;
        d->left = m.message_count;
    } else if (f.method == M_basic_return) {
        d->tag = READ(f, basic_return).reply_code;
    } else {
        return false;
    }
    return read_content(p, d);
}

bool peer_closed_channel(struct peer *p, uint16_t channel, unsigned code)
{
    struct frame f;

    return peer_gets(p, M_channel_close, &f) && f.channel == channel &&
           READ(f, channel_close).reply_code == code;
}

bool peer_closed_connection(struct peer *p, unsigned code)
{
    struct frame f;

    return peer_gets(p, M_connection_close, &f) && f.channel == 0 &&
           READ(f, connection_close).reply_code == code;
}

void declare_queue(struct peer *p, struct str name, bool durable)
{
    SAY(p, 1, queue_declare, .queue = name, .durable = durable);
    CU_ASSERT(GETS(p, queue_declare_ok));
}

void get_body(struct peer *p, struct str queue, struct delivery *d)
{
    SAY(p, 1, basic_get, .queue = queue);
    CU_ASSERT(peer_delivery(p, d));
}
