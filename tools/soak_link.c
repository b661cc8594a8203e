#include "soak_link.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "fixtures/peer/clock.h"
#include "fixtures/wire/print.h"

enum { SAY_MS = 2000, LIMIT_BODY = 1 << 24, LIMIT_SAID = 1 << 24, FRAME_MOST = 128 << 10 };

static int64_t soon(void)
{
    return clock_ms() + SAY_MS;
}

static void say_on(struct link *l, uint16_t channel, enum method_id id, const void *args)
{
    struct buf b;

    buf_init(&b, LIMIT_SAID);
    frame_put_method(&b, channel, id, args);
    peer_say(&l->peer, buf_str(&b), soon());
    buf_clear(&b);
}

void link_say(struct link *l, enum method_id id, const void *args)
{
    say_on(l, CHANNEL, id, args);
}

void link_publish(struct link *l, const struct m_basic_publish *m, const struct properties *p,
                  struct str body)
{
    struct buf b;

    buf_init(&b, LIMIT_SAID);
    frame_put_method(&b, CHANNEL, M_basic_publish, m);
    frame_put_header(&b, CHANNEL, 60, body.n, p);
    frame_put_body(&b, CHANNEL, body, l->frame_max);
    peer_say(&l->peer, buf_str(&b), soon());
    buf_clear(&b);
}

void link_cork(struct link *l)
{
    l->peer.corked = true;
}

void link_uncork(struct link *l)
{
    l->peer.corked = false;
    peer_flush(&l->peer, soon());
}

bool link_dial(struct link *l, const struct target *t)
{
    struct sock s;

    assert(l->state == LINK_DOWN);
    if (!sock_bind(&s, (const struct sockaddr *)&t->address, t->length, false) ||
        !sock_connect(&s, soon()))
        return false;
    l->arena = arena_new();
    peer_init(&l->peer, &s, l->arena);
    buf_init(&l->body, LIMIT_BODY);
    l->state = LINK_GREETING;
    l->target = t;
    l->has_half = l->has_header = false;
    l->refusal[0] = '\0';
    peer_say(&l->peer, PROTOCOL_HEADER, soon());
    return true;
}

void link_drop(struct link *l, enum link_end how)
{
    if (l->state == LINK_DOWN)
        return;
    l->state = LINK_DOWN;
    if (how == END_RST)
        sock_close_rst(&l->peer.sock);
    else
        sock_close_fin(&l->peer.sock, l->peer.sock.end == SOCK_OPEN ? soon() : 0);
    peer_clear(&l->peer);
    buf_clear(&l->body);
    arena_free(l->arena);
}

/* ---- what comes ---- */

static void refused(struct link *l, const struct frame *f)
{
    struct print_options few = { .body_max = 32 };
    struct buf text;

    buf_init(&text, LIMIT_SAID);
    frame_print(&text, 'S', f, &few);
    snprintf(l->refusal, sizeof l->refusal, "%.*s", (int)text.n, (const char *)text.p);
    buf_clear(&text);
}

static void start_ok(struct link *l)
{
    struct m_connection_start_ok who = { .mechanism = S("PLAIN"), .locale = S("en_US") };
    char plain[512];
    int n = snprintf(plain, sizeof plain, "%c%s%c%s", 0, l->target->user, 0, l->target->password);

    who.response = (struct str){ plain, n > 0 && (size_t)n < sizeof plain ? (size_t)n : 0 };
    say_on(l, 0, M_connection_start_ok, &who);
}

static void tune_ok(struct link *l, const struct m_connection_tune *offer)
{
    struct m_connection_tune_ok tune = { .channel_max = offer->channel_max };
    struct m_connection_open where = { .virtual_host = str_of(l->target->vhost) };

    l->frame_max =
        offer->frame_max && offer->frame_max < FRAME_MOST ? offer->frame_max : FRAME_MOST;
    tune.frame_max = l->frame_max;
    say_on(l, 0, M_connection_tune_ok, &tune);
    say_on(l, 0, M_connection_open, &where);
}

static void greet(struct link *l, const struct frame *f)
{
    static const struct m_channel_open open;

    switch (f->method ? f->method->id : M_none) {
    case M_connection_start: start_ok(l); break;
    case M_connection_tune: tune_ok(l, f->args); break;
    case M_connection_open_ok: say_on(l, CHANNEL, M_channel_open, &open); break;
    default: refused(l, f);
    }
}

static void tell(struct link *l, const struct heard *h)
{
    if (h->id == M_channel_open_ok)
        l->state = LINK_UP;
    l->hear(l->owner, h);
}

static void tell_content(struct link *l)
{
    struct heard whole = l->half;

    whole.content = true;
    whole.body = buf_str(&l->body);
    l->has_half = l->has_header = false;
    tell(l, &whole);
}

static void take_content(struct link *l, const struct frame *f)
{
    if (f->type == FRAME_HEADER && !l->has_header) {
        l->has_header = true;
        l->half.properties = f->properties;
        l->body_size = f->body_size;
        l->body.n = 0;
    } else if (f->type == FRAME_BODY && l->has_header && l->body.n + f->payload.n <= l->body_size &&
               l->body_size <= LIMIT_BODY) {
        buf_put(&l->body, f->payload.p, f->payload.n);
    } else {
        refused(l, f);
        return;
    }
    if (l->body.n == l->body_size)
        tell_content(l);
}

/* CONNECTION_FORCED is how a broker stops in good order: no refusal. */
static void closed(struct link *l, const struct frame *f)
{
    static const struct m_connection_close_ok ok;
    const struct m_connection_close *c = f->args;

    if (f->method->id == M_connection_close) {
        say_on(l, 0, M_connection_close_ok, &ok);
        if (c->reply_code == CONNECTION_FORCED)
            return;
    }
    refused(l, f);
}

static void take(struct link *l, const struct frame *f)
{
    if (f->fault && l->peer.sock.end != SOCK_OPEN)
        return; /* what the end of the stream has cut */
    if (f->fault) {
        refused(l, f);
    } else if (f->method &&
               (f->method->id == M_connection_close || f->method->id == M_channel_close)) {
        closed(l, f);
    } else if (l->has_half) {
        take_content(l, f);
    } else if (f->channel == 0) {
        greet(l, f);
    } else if (!f->method) {
        refused(l, f);
    } else {
        struct heard h = { .id = f->method->id, .args = f->args };

        l->half = h;
        l->has_half = f->method->content;
        if (!l->has_half)
            tell(l, &h);
    }
}

bool link_wait(struct link *l, int64_t until_ms)
{
    struct frame f;

    while (l->state != LINK_DOWN && !l->refusal[0]) {
        switch (peer_next(&l->peer, false, until_ms, &f)) {
        case HEARD_FRAME:
            take(l, &f);
            until_ms = 0; /* what else is there already */
            break;
        case HEARD_SILENCE: return true;
        default: return false;
        }
    }
    return l->state != LINK_DOWN && !l->refusal[0];
}

bool link_step(struct link *l)
{
    return link_wait(l, 0);
}
