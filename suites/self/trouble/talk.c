#include "talk.h"

#include "fixtures/peer/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { SAY_MS = 2000, LIMIT_SAID = 1 << 20, FRAME_SIZE = 8192 };

static void say_on(struct talk *t, uint16_t channel, enum method_id id, const void *args)
{
    struct buf b;

    buf_init(&b, LIMIT_SAID);
    frame_put_method(&b, channel, id, args);
    peer_say(&t->peer, buf_str(&b), clock_ms() + SAY_MS);
    buf_clear(&b);
}

void talk_say(struct talk *t, enum method_id id, const void *args)
{
    say_on(t, 1, id, args);
}

void talk_publish(struct talk *t, const char *queue, bool persistent, struct str body)
{
    struct m_basic_publish m = { .routing_key = str_of(queue) };
    struct properties p = { .has_delivery_mode = true, .delivery_mode = persistent ? 2 : 1 };
    struct buf b;

    buf_init(&b, LIMIT_SAID);
    frame_put_method(&b, 1, M_basic_publish, &m);
    frame_put_header(&b, 1, 60, body.n, &p);
    frame_put_body(&b, 1, body, FRAME_SIZE);
    peer_say(&t->peer, buf_str(&b), clock_ms() + SAY_MS);
    buf_clear(&b);
    t->published++;
}

static void answered(struct talk *t, uint64_t tag, bool multiple, char how)
{
    if (tag >= TAGS_MOST)
        return;
    for (uint64_t i = multiple ? 1 : tag; i <= tag; i++) {
        if (t->answer[i])
            continue;
        t->answer[i] = how;
        t->settled++;
    }
}

static void greet(struct talk *t, enum method_id id, const void *args)
{
    struct m_connection_start_ok who = { .mechanism = S("PLAIN"),
                                         .response = S("\0guest\0guest"),
                                         .locale = S("en_US") };
    struct table can = TABLE(ARG("connection.blocked", BOOL(true)));

    who.client_properties = TABLE(ARG("capabilities", { .tag = 'F', .table = can }));
    if (id == M_connection_start)
        say_on(t, 0, M_connection_start_ok, &who);
    if (id == M_connection_tune) {
        const struct m_connection_tune *offer = args;
        struct m_connection_tune_ok tune = { .channel_max = offer->channel_max,
                                             .frame_max = FRAME_SIZE,
                                             .heartbeat = t->peer.heartbeat };

        say_on(t, 0, M_connection_tune_ok, &tune);
        say_on(t, 0, M_connection_open, &(struct m_connection_open){ .virtual_host = S("/") });
    }
    if (id == M_connection_open_ok)
        say_on(t, 1, M_channel_open, &(struct m_channel_open){ .end_ = 0 });
}

static void take(struct talk *t, const struct frame *f)
{
    const struct m_basic_ack *ack = f->args; /* a nack begins as it does */
    const struct m_basic_nack *nack = f->args;
    const struct m_connection_close *end = f->args;

    switch (f->method->id) {
    case M_basic_ack: answered(t, ack->delivery_tag, ack->multiple, 'a'); break;
    case M_basic_nack: answered(t, nack->delivery_tag, nack->multiple, 'n'); break;
    case M_connection_blocked: {
        const struct m_connection_blocked *m = f->args;

        t->blocked = true;
        snprintf(t->reason, sizeof t->reason, "%.*s", STR_ARGS(m->reason));
        break;
    }
    case M_queue_declare_ok:
        t->messages = ((const struct m_queue_declare_ok *)f->args)->message_count;
        break;
    case M_connection_unblocked: t->blocked = false; break;
    case M_connection_close:
        t->code = end->reply_code;
        say_on(t, 0, M_connection_close_ok, &(struct m_connection_close_ok){ .end_ = 0 });
        t->up = false;
        break;
    case M_channel_close:
        t->code = ((const struct m_channel_close *)f->args)->reply_code;
        t->up = false;
        break;
    default: greet(t, f->method->id, f->args);
    }
    t->last = f->method->id;
}

static void take_content(struct talk *t, const struct frame *f)
{
    if (f->type == FRAME_HEADER) {
        t->body_octets = 0;
        t->body_size = (size_t)f->body_size;
    } else if (f->type == FRAME_BODY && f->payload.n <= sizeof t->body - t->body_octets) {
        memcpy(t->body + t->body_octets, f->payload.p, f->payload.n);
        t->body_octets += f->payload.n;
    }
}

bool talk_hear(struct talk *t, int64_t until_ms)
{
    struct frame f;

    while (t->up) {
        enum peer_heard heard = peer_next(&t->peer, true, until_ms, &f);

        if (heard == HEARD_SILENCE)
            return false;
        if (heard != HEARD_FRAME || f.fault) {
            t->up = false;
            return false;
        }
        if (f.type == FRAME_HEARTBEAT) {
            t->beats++;
            continue;
        }
        if (!f.method) {
            take_content(t, &f);
            continue;
        }
        take(t, &f);
        return true;
    }
    return false;
}

bool talk_wait(struct talk *t, enum method_id answer, int within_ms)
{
    int64_t until = clock_ms() + within_ms;

    while (t->up && clock_left(until)) {
        if (talk_hear(t, until) &&
            (t->last == answer || (answer == M_basic_get_ok && t->last == M_basic_get_empty)))
            break;
    }
    if (t->last != answer)
        return false;
    if (answer != M_basic_get_ok)
        return true;
    /* The header always comes, and with it the size. */
    t->body_size = SIZE_MAX;
    t->body_octets = 0;
    while (t->up && t->body_octets < t->body_size && clock_left(until)) {
        struct frame f;

        if (peer_next(&t->peer, false, until, &f) != HEARD_FRAME || f.fault)
            t->up = false;
        else
            take_content(t, &f);
    }
    return t->body_octets == t->body_size;
}

bool talk_ask(struct talk *t, enum method_id id, const void *args, enum method_id answer,
              int within_ms)
{
    t->last = M_none;
    talk_say(t, id, args);
    return talk_wait(t, answer, within_ms);
}

static bool begin(struct talk *t, unsigned port, uint16_t heartbeat, int within_ms)
{
    struct sockaddr_in there = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sock s;

    memset(t, 0, sizeof *t);
    if (!sock_bind(&s, (const struct sockaddr *)&there, sizeof there, false))
        return false;
    if (!sock_connect(&s, clock_ms() + within_ms)) /* has closed it */
        return false;
    t->arena = arena_new();
    peer_init(&t->peer, &s, t->arena);
    t->up = true;
    t->peer.heartbeat = heartbeat;
    peer_say(&t->peer, PROTOCOL_HEADER, clock_ms() + SAY_MS);
    return talk_wait(t, M_channel_open_ok, within_ms);
}

bool talk_open(struct talk *t, unsigned port, int within_ms)
{
    return begin(t, port, 0, within_ms);
}

bool talk_open_beating(struct talk *t, unsigned port, int within_ms)
{
    return begin(t, port, 1, within_ms);
}

void talk_end(struct talk *t)
{
    if (!t->arena)
        return;
    sock_close_rst(&t->peer.sock);
    peer_clear(&t->peer);
    arena_free(t->arena);
    t->arena = NULL;
    t->up = false;
}
