/* From octets to frames. Whole frames are handled where they lie in the caller's
   buffer; only one that is cut off is kept.

       octet   type      1 method, 2 header, 3 body, 8 heartbeat
       short   channel
       long    size      of the payload
       ...     payload
       octet   end       206 */
#include "conn.h"

#include "broker.h"
#include "dispatch.h"
#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "share.h"

#include <assert.h>
#include <stdlib.h>

enum { HEAD_BYTES = 7, HEADER_BYTES = 8 };

static const char protocol_header[HEADER_BYTES] = { 'A', 'M', 'Q', 'P', 0, 0, 9, 1 };

static bool listening(const struct conn *c)
{
    return !(c->state & (CONN_PAUSED | CONN_DEAD));
}

static void take_header(struct conn *c, const char *p)
{
    if (FAULTY(handshakes_one_by_one) && TAILQ_PREV(c, conn_list, link) &&
        TAILQ_PREV(c, conn_list, link)->state == CONN_HEADER) {
        conn_enter(c, CONN_STARTING);
        return;
    }
    if (memcmp(p, protocol_header, HEADER_BYTES) == 0 ||
        (FAULTY(hello_taken_for_header) && *p == 0x16)) {
        dispatch_start(c);
        return;
    }
    /* "The server MUST write a valid protocol header and close." */
    str_put(out_reserve(&c->out, HEADER_BYTES), (struct str){ protocol_header, HEADER_BYTES });
    conn_enter(c, CONN_DEAD);
    conn_talk(c);
}

/* Of a head that is there as a whole. */
static unsigned type_of(const char *head)
{
    return (unsigned char)head[0];
}

static uint16_t channel_of(const char *head)
{
    return (uint16_t)get_uint((const uint8_t *)head + 1, 2);
}

static uint64_t payload_bytes(const char *head)
{
    return get_uint((const uint8_t *)head + 3, 4);
}

static bool known_type(unsigned type)
{
    return type == FRAME_METHOD || type == FRAME_HEADER || type == FRAME_BODY ||
           type == FRAME_HEARTBEAT;
}

/* What is no frame ends the connection without another octet. */
static void not_a_frame(struct conn *c, const char *why)
{
    if (c->state & CONN_NEGOTIATING)
        conn_shun(c, why);
    else
        conn_drop(c, why);
}

/* The size of the frame whose head this is; 0 if it is refused. One that is too large
   is passed by, so that the Close-Ok behind it is found. */
static size_t frame_size(struct conn *c, const char *head)
{
    unsigned type = type_of(head);
    uint64_t size = payload_bytes(head) + FRAME_OVERHEAD;

    if (FAULTY(unknown_type_passed_by) && !known_type(type)) {
        c->skip = size;
        return 0;
    }
    if (!known_type(type)) {
        not_a_frame(c, "unknown frame type");
        return 0;
    }
    if (size <= (FAULTY(oversize_taken) ? LIMIT_OUT_HIGH : c->frame_max))
        return (size_t)size;
    if ((c->state & CONN_NEGOTIATING) && !FAULTY(oversize_taken)) {
        conn_shun(c, "frame too large");
        return 0;
    }
    c->skip = size;
    if (c->state == CONN_OPEN)
        conn_close(c,
                   refuse(FRAME_ERROR, "frame of %llu octets, agreed were %u",
                          (unsigned long long)size, c->frame_max),
                   0, 0);
    return 0;
}

static void take_frame(struct conn *c, const char *p, size_t n)
{
    struct str payload = { p + HEAD_BYTES, n - FRAME_OVERHEAD };

    if ((unsigned char)p[n - 1] != SPEC_FRAME_END && !FAULTY(frame_end_ignored)) {
        not_a_frame(c, "frame without its end octet");
        return;
    }
    dispatch_frame(c, (enum frame_type)type_of(p), channel_of(p), payload);
    if (!TAILQ_EMPTY(&c->broker->woken))
        broker_pump(c->broker);
}

/* How many octets the unit has of which these are the first; more may be said when
   more are known. 0: refused. */
static size_t unit_size(struct conn *c, const char *p, size_t have)
{
    if (c->state == CONN_HEADER)
        return HEADER_BYTES;
    return have < HEAD_BYTES ? HEAD_BYTES : frame_size(c, p);
}

static void take_unit(struct conn *c, const char *p, size_t n)
{
    if (c->state == CONN_HEADER)
        take_header(c, p);
    else
        take_frame(c, p, n);
}

static void keep(struct conn *c, const char *p, size_t n, size_t whole)
{
    if (whole > c->partial_room) {
        c->partial = xrealloc(c->partial, whole);
        c->partial_room = whole;
    }
    str_put(c->partial + c->partial_bytes, (struct str){ p, n });
    c->partial_bytes += n;
}

/* What was kept of a frame that is passed by is behind us. */
static void drop_head(struct conn *c)
{
    c->skip -= c->skip ? c->partial_bytes : 0;
    c->partial_bytes = 0;
}

void conn_pass_by(struct conn *c)
{
    if (c->partial_bytes >= HEAD_BYTES) {
        c->skip = payload_bytes(c->partial) + FRAME_OVERHEAD - c->partial_bytes;
    }
    free(c->partial);
    c->partial = NULL;
    c->partial_bytes = c->partial_room = c->partial_counted = 0;
}

/* Returns how much of the input it used. */
static size_t go_on(struct conn *c, const char *p, size_t n)
{
    size_t whole = unit_size(c, c->partial, c->partial_bytes), use;

    if (whole == 0) {
        drop_head(c);
        return 0;
    }
    use = whole - c->partial_bytes < n ? whole - c->partial_bytes : n;
    keep(c, p, use, whole);
    if (c->partial_bytes < whole)
        return use;
    if (whole == HEAD_BYTES && c->state != CONN_HEADER) {
        /* No octet need follow a head that is refused. */
        if (frame_size(c, c->partial) == 0)
            drop_head(c);
        return use;
    }
    c->partial_bytes = 0;
    take_unit(c, c->partial, whole);
    return use;
}

static size_t go(struct conn *c, const char *p, size_t n)
{
    size_t whole = unit_size(c, p, n);

    if (whole == 0)
        return 0;
    if (n < whole) {
        keep(c, p, n, whole);
        return n;
    }
    take_unit(c, p, whole);
    return whole;
}

static size_t pass_by(struct conn *c, size_t n)
{
    size_t use = n < c->skip ? n : (size_t)c->skip;

    c->skip -= use;
    return use;
}

void conn_input(struct conn *c, const char *bytes, size_t n, uint64_t now_ms)
{
    c->now_ms = now_ms;
    c->heard_ms = now_ms;
    if (FAULTY(heard_taken_for_said))
        c->said_ms = now_ms;
    while (n > 0 && listening(c)) {
        size_t use;

        if (c->skip)
            use = pass_by(c, n);
        else if (c->partial_bytes)
            use = go_on(c, bytes, n);
        else
            use = go(c, bytes, n);
        if (FAULTY(long_read_cut) && n > 4096 && c->partial_bytes == 0)
            use = n;
        bytes += use;
        n -= use;
    }
    /* An idle connection holds no buffer of a frame's size. */
    if (c->partial_bytes == 0 && c->partial_room > LIMIT_FRAME_EARLY) {
        free(c->partial);
        c->partial = NULL;
        c->partial_room = 0;
    }
    share_count_unsent(c);
    share_hold(c, c->partial_counted, c->partial_bytes);
    c->partial_counted = c->partial_bytes;
    share_relieve(c->broker);
}
