#include "replay_talk.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "fixtures/wire/print.h"

enum { SHOWN_COLUMNS = 80, SHOWN_BODY = 64 };

/* ---- printing ---- */

/* Octets of s that make so many columns: what is printed is ASCII but for the "…" of a cut body. */
static size_t columns(struct str s, size_t most)
{
    size_t i = 0, n = 0;

    while (i < s.n && n < most) {
        i++;
        while (i < s.n && ((uint8_t)s.p[i] & 0xc0) == 0x80)
            i++;
        n++;
    }
    return i;
}

void line_show(const struct broker *b, struct str letter, struct str text)
{
    size_t room = SHOWN_COLUMNS - (letter.n ? letter.n + 1 : 0), n;

    if (b->quiet)
        return;
    n = b->whole ? text.n : columns(text, room);
    if (n < text.n)
        n = columns(text, room - 1);
    printf("%.*s%s%.*s%s\n", STR_ARGS(letter), letter.n ? " " : "", (int)n, text.p,
           n < text.n ? "…" : "");
    fflush(stdout);
}

static void show_frame(const struct talk *t, char who, const struct frame *f)
{
    struct print_options o = { .body_max = t->broker->whole ? 0 : SHOWN_BODY };
    struct buf b;

    buf_init(&b, SIZE_MAX);
    frame_print(&b, who, f, &o);
    line_show(t->broker, t->letter, buf_str(&b));
    buf_clear(&b);
}

static void show_octets(const struct talk *t, struct str octets)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    loose_octets_print(&b, 'C', octets);
    line_show(t->broker, t->letter, buf_str(&b));
    buf_clear(&b);
}

static void show_end(const struct talk *t, char who, bool reset)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    close_print(&b, who, reset);
    line_show(t->broker, t->letter, buf_str(&b));
    buf_clear(&b);
}

/* ---- the trace ---- */

static struct trace_event *note(struct talk *t, enum trace_kind kind, char who)
{
    struct trace_event *e;

    t->events = arena_one_more(t->broker->arena, t->events, t->n_events, sizeof *t->events);
    e = &t->events[t->n_events++];
    *e = (struct trace_event){ .kind = kind, .who = who, .packet = t->n_events };
    e->at_s = (double)(clock_ms() - t->start_ms) / 1000;
    e->offset = who == 'C' ? t->said_octets : t->heard_octets;
    return e;
}

static void note_frame(struct talk *t, char who, const struct frame *f, struct str octets)
{
    bool header = f->type == FRAME_PROTOCOL_HEADER && !f->fault;
    bool loose = who == 'S' && t->peer.lost_track;
    struct trace_event *e = note(t, header ? TRACE_HEADER : loose ? TRACE_JUNK : TRACE_FRAME, who);

    e->frame = *f;
    e->octets = octets;
    *(who == 'C' ? &t->said_octets : &t->heard_octets) += octets.n;
}

static void note_loose(struct talk *t, struct str octets)
{
    struct trace_event *e = note(t, TRACE_JUNK, 'C');

    e->octets = octets;
    e->frame.fault = "no frame";
    t->said_octets += octets.n;
}

struct trace talk_trace(const struct talk *t)
{
    return (struct trace){ .at = t->events,
                           .n = t->n_events,
                           .client = S("client"),
                           .server = S("server"),
                           .from_start = true };
}

/* ---- talking ---- */

void talk_init(struct talk *t, const struct broker *b, struct str letter)
{
    *t = (struct talk){ .broker = b, .letter = letter };
    TAILQ_INIT(&t->heard);
}

bool talk_open(struct talk *t, int64_t until_ms)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    struct sock s;
    bool connected = false;
    int error = EHOSTUNREACH;

    if (getaddrinfo(t->broker->host, t->broker->port, &hints, &list) == 0) {
        for (const struct addrinfo *a = list; a && !connected; a = a->ai_next) {
            connected =
                sock_bind(&s, a->ai_addr, a->ai_addrlen, false) && sock_connect(&s, until_ms);
            error = errno;
        }
        freeaddrinfo(list);
    }
    errno = error;
    if (!connected)
        return false;
    peer_init(&t->peer, &s, t->broker->arena);
    t->is_open = true;
    t->start_ms = clock_ms();
    note(t, TRACE_OPEN, 'C');
    return true;
}

/* From here on the peer knows what was agreed on; heartbeats are a matter of time, so they are
   sent when they are due and not where they were recorded. */
static void agree(struct talk *t, const struct frame *f)
{
    const struct m_connection_tune_ok *ok = f->args;

    if (f->fault || !f->method || !ok || f->method->id != M_connection_tune_ok)
        return;
    t->peer.channel_max = ok->channel_max;
    t->peer.frame_max = ok->frame_max;
    t->peer.heartbeat = t->beats ? ok->heartbeat : 0;
}

bool talk_say(struct talk *t, struct str octets, int64_t until_ms)
{
    struct cur c = cur_of(octets);
    struct frame f;

    if (octets.n && frame_get(&c, &f, t->broker->arena) == FRAME_WHOLE && cur_left(&c) == 0) {
        show_frame(t, 'C', &f);
        note_frame(t, 'C', &f, octets);
        agree(t, &f);
    } else {
        show_octets(t, octets);
        note_loose(t, octets);
    }
    return peer_say(&t->peer, octets, until_ms);
}

static bool is_weather(const struct frame *f)
{
    return !f->fault && f->method &&
           (f->method->id == M_connection_blocked || f->method->id == M_connection_unblocked);
}

static void end_heard(struct talk *t, bool reset)
{
    if (t->n_events && (t->events[t->n_events - 1].kind == TRACE_FIN ||
                        t->events[t->n_events - 1].kind == TRACE_RST))
        return; /* it was shown already */
    show_end(t, 'S', reset);
    note(t, reset ? TRACE_RST : TRACE_FIN, 'S');
}

/* The payload lies in what was read, between a head of 7 octets and the end octet; unless the whole
   is no frame. */
static struct str octets_of(const struct talk *t, const struct frame *f)
{
    if (!f->payload.p || t->peer.lost_track || f->type == FRAME_PROTOCOL_HEADER)
        return f->payload;
    return (struct str){ f->payload.p - 7, f->payload.n + FRAME_OVERHEAD };
}

bool talk_listen(struct talk *t, int64_t until_ms)
{
    for (;;) {
        struct heard *h = arena_alloc(t->broker->arena, sizeof *h);
        enum peer_heard what = peer_next(&t->peer, true, until_ms, &h->frame);

        if (what == HEARD_FIN || what == HEARD_RST)
            end_heard(t, what == HEARD_RST);
        if (what != HEARD_FRAME)
            return false;
        note_frame(t, 'S', &h->frame, octets_of(t, &h->frame));
        if (h->frame.type == FRAME_HEARTBEAT && !h->frame.fault)
            continue;
        show_frame(t, 'S', &h->frame);
        if (is_weather(&h->frame))
            continue;
        TAILQ_INSERT_TAIL(&t->heard, h, link);
        return true;
    }
}

bool talk_ended(const struct talk *t)
{
    return t->over || t->peer.sock.end != SOCK_OPEN;
}

void talk_close(struct talk *t, bool reset, int64_t until_ms)
{
    if (!t->is_open || t->over)
        return;
    t->over = true;
    show_end(t, 'C', reset);
    note(t, reset ? TRACE_RST : TRACE_FIN, 'C');
    if (reset)
        sock_close_rst(&t->peer.sock);
    else
        sock_close_fin(&t->peer.sock, until_ms);
    peer_clear(&t->peer);
}

struct heard *talk_first(struct talk *t, uint16_t channel)
{
    struct heard *h;

    TAILQ_FOREACH (h, &t->heard, link)
        if (h->frame.channel == channel)
            return h;
    return NULL;
}

void talk_drop(struct talk *t, struct heard *h)
{
    TAILQ_REMOVE(&t->heard, h, link);
}
