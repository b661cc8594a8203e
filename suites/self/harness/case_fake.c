#include "case_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/wire/frame.h"
#include "peer_server.h"

struct fake {
    int fd;
    struct buf in;
    struct arena *arena;
    uint64_t given; /* messages, each with a tag of its own */
};

static void send_method(struct fake *f, uint16_t channel, enum method_id id, const void *args)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    frame_put_method(&b, channel, id, args);
    server_say(f->fd, buf_str(&b));
    buf_clear(&b);
}

#define ANSWER(f, channel, method, ...)                                                            \
    send_method(f, channel, M_##method, &(struct m_##method){ .end_ = 0, __VA_ARGS__ })

static struct frame next(struct fake *f)
{
    struct frame frame;
    char piece[4096];

    for (;;) {
        struct cur c = cur_of(arena_copy(f->arena, buf_str(&f->in)));
        ssize_t n;

        if (frame_get(&c, &frame, f->arena) == FRAME_WHOLE) {
            buf_drop(&f->in, c.pos);
            return frame;
        }
        n = read(f->fd, piece, sizeof piece);
        if (n <= 0)
            _exit(0);
        buf_put(&f->in, piece, (size_t)n);
    }
}

static bool ends(struct str name, const char *word)
{
    size_t n = strlen(word);

    return name.n >= n && memcmp(name.p + name.n - n, word, n) == 0;
}

static void refuse(struct fake *f, uint16_t channel, uint16_t code, const struct frame *frame)
{
    ANSWER(f, channel, channel_close, .reply_code = code, .reply_text = S("no"),
           .class_id = frame->class_id, .method_id = frame->method_id);
    while (next(f).method->id != M_channel_close_ok)
        ;
}

static void refuse_hard(struct fake *f, uint16_t code, const struct frame *frame)
{
    ANSWER(f, 0, connection_close, .reply_code = code, .reply_text = S("no"),
           .class_id = frame->class_id, .method_id = frame->method_id);
    while (next(f).method->id != M_connection_close_ok)
        ;
    close(f->fd);
    _exit(0);
}

static void declare_ok_with_bad_end(struct fake *f, uint16_t channel, struct str name)
{
    struct m_queue_declare_ok ok = { .queue = name };
    struct buf b;

    buf_init(&b, 1024);
    frame_put_method(&b, channel, M_queue_declare_ok, &ok);
    b.p[b.n - 1] = 0;
    server_say(f->fd, buf_str(&b));
}

static void on_declare(struct fake *f, const struct frame *frame)
{
    const struct m_queue_declare *m = frame->args;

    if (ends(m->queue, "missing")) {
        refuse(f, frame->channel, NOT_FOUND, frame);
    } else if (ends(m->queue, "inequivalent")) {
        refuse(f, frame->channel, PRECONDITION_FAILED, frame);
    } else if (ends(m->queue, "hard")) {
        refuse_hard(f, NOT_ALLOWED, frame);
    } else if (ends(m->queue, "hangup")) {
        _exit(0);
    } else if (ends(m->queue, "reset")) {
        server_reset(f->fd);
        _exit(0);
    } else if (ends(m->queue, "padded")) {
        declare_ok_with_bad_end(f, frame->channel, m->queue);
    } else if (!ends(m->queue, "silent")) {
        ANSWER(f, frame->channel, queue_declare_ok,
               .queue = m->queue.n ? m->queue : S("amq.gen-1"));
    }
}

static void give(struct fake *f, uint16_t channel, size_t pieces)
{
    static const char *const body[] = { "he", "l", "lo", "hello" };
    struct properties p = { .delivery_mode = 2, .has_delivery_mode = true };
    struct buf b;

    ANSWER(f, channel, basic_get_ok, .delivery_tag = ++f->given, .exchange = S(""),
           .routing_key = S("k"));
    buf_init(&b, 1024);
    frame_put_header(&b, channel, 60, 5, &p);
    for (size_t i = 0; i < pieces; i++)
        frame_put_body(&b, channel, str_of(body[pieces == 1 ? 3 : i]), 0);
    server_say(f->fd, buf_str(&b));
    buf_clear(&b);
}

static void on_get(struct fake *f, const struct frame *frame)
{
    const struct m_basic_get *m = frame->args;

    if (ends(m->queue, "full"))
        give(f, frame->channel, 1);
    else if (ends(m->queue, "bulky"))
        give(f, frame->channel, 3);
    else
        ANSWER(f, frame->channel, basic_get_empty, .reserved_1 = S(""));
}

static void on_delete(struct fake *f, const struct frame *frame)
{
    const struct m_queue_delete *m = frame->args;

    if (ends(m->queue, "cancelled"))
        ANSWER(f, frame->channel, basic_cancel, .consumer_tag = S("me"), .no_wait = true);
    ANSWER(f, frame->channel, queue_delete_ok, .message_count = 0);
}

static void on_connection(struct fake *f, const struct frame *frame)
{
    switch (frame->method->id) {
    case M_connection_start_ok:
        ANSWER(f, 0, connection_tune, .channel_max = 100, .frame_max = 131072);
        break;
    case M_connection_open: ANSWER(f, 0, connection_open_ok, .reserved_1 = S("")); break;
    case M_connection_close:
        ANSWER(f, 0, connection_close_ok);
        close(f->fd);
        _exit(0);
    default: break;
    }
}

static void on_frame(struct fake *f, const struct frame *frame)
{
    if (frame->type == FRAME_PROTOCOL_HEADER)
        ANSWER(f, 0, connection_start, .version_minor = 9, .mechanisms = S("PLAIN"),
               .locales = S("en_US"));
    if (frame->type != FRAME_METHOD)
        return;
    if (!frame->method)
        _exit(0);
    switch (frame->method->id) {
    case M_channel_open: ANSWER(f, frame->channel, channel_open_ok, .reserved_1 = S("")); break;
    case M_channel_close: ANSWER(f, frame->channel, channel_close_ok); break;
    case M_channel_flow: ANSWER(f, frame->channel, channel_flow_ok, .active = true); break;
    case M_queue_declare: on_declare(f, frame); break;
    case M_queue_delete: on_delete(f, frame); break;
    case M_basic_get: on_get(f, frame); break;
    default: on_connection(f, frame);
    }
}

void fake_broker(int fd)
{
    struct fake f = { .fd = fd, .arena = arena_new() };

    buf_init(&f.in, 1 << 20);
    for (;;) {
        struct frame frame = next(&f);

        on_frame(&f, &frame);
    }
}
