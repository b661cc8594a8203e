#include "conn.h"

#include "broker.h"
#include "dispatch.h"
#include "faulty.h"
#include "limits.h"
#include "log.h"
#include "mem.h"
#include "share.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct conn *conn_new(struct broker *b, const char *peer, bool loopback, uint64_t now_ms)
{
    struct conn *c = xcalloc(1, sizeof *c);

    c->broker = b;
    c->number = ++b->last_conn;
    *str_put(c->peer, (struct str){ peer, strnlen(peer, sizeof c->peer - 1) }) = '\0';
    c->loopback = loopback;
    c->state = CONN_HEADER;
    c->frame_max = LIMIT_FRAME_EARLY;
    c->born_ms = c->state_since_ms = c->heard_ms = c->said_ms = c->now_ms = now_ms;
    out_init(&c->out);
    TAILQ_INIT(&c->owned);
    TAILQ_INSERT_TAIL(&b->conns, c, link);
    b->conn_count++;
    b->counts.connections_opened++;
    log_conn(c->number, LOG_LEVEL_DEBUG, "accepted from %s", c->peer);
    b->things += COST_CONNECTION;
    return c;
}

void conn_identify(struct conn *c, struct str name)
{
    if (name.p)
        c->certified = str_dup(name);
}

static void stop_talking(struct conn *c)
{
    if (c->talking)
        TAILQ_REMOVE(c->gated ? &c->broker->gated : &c->broker->talking, c, talk_link);
    c->talking = c->gated = false;
}

void conn_free(struct conn *c)
{
    conn_gone(c);
    for (size_t i = 0; i < c->channel_room; i++) {
        if (c->channels[i])
            channel_free(c->channels[i]);
    }
    stop_talking(c);
    TAILQ_REMOVE(&c->broker->conns, c, link);
    c->out.pinned = 0;
    out_clear(&c->out);
    share_count_unsent(c);
    share_hold(c, c->held, 0);
    c->broker->conn_count--;
    c->broker->counts.connections_closed++;
    c->broker->things -= COST_CONNECTION + c->channel_room * sizeof(struct channel *);
    free(c->channels);
    free(c->partial);
    str_free(&c->claims);
    str_free(&c->certified);
    free(c);
}

void conn_talk(struct conn *c)
{
    if (c->talking)
        return;
    TAILQ_INSERT_TAIL(&c->broker->talking, c, talk_link);
    c->talking = true;
}

void conn_enter(struct conn *c, enum conn_state state)
{
    c->state = state;
    c->state_since_ms = c->now_ms;
}

struct channel *conn_add_channel(struct conn *c, uint16_t number)
{
    if (number >= c->channel_room) {
        size_t room =
            (size_t)number + 1 > c->channel_room * 2 ? (size_t)number + 1 : c->channel_room * 2;

        c->broker->things += (room - c->channel_room) * sizeof(struct channel *);
        c->channels = xgrow(c->channels, room, sizeof(struct channel *));
        while (c->channel_room < room)
            c->channels[c->channel_room++] = NULL;
    }
    if (!c->channels[number])
        c->channels[number] = channel_new(c, number);
    return c->channels[number];
}

void conn_release(struct conn *c)
{
    for (size_t i = 0; i < c->channel_room; i++) {
        if (c->channels[i])
            channel_end(c->channels[i], CH_CLOSED);
    }
    while (!TAILQ_EMPTY(&c->owned))
        queue_delete(TAILQ_FIRST(&c->owned));
    share_forgive(c);
    c->publisher = false;
}

void conn_gone(struct conn *c)
{
    if (c->state != CONN_DEAD && c->state != CONN_HEADER)
        log_conn(c->number, LOG_LEVEL_INFO, "lost: %s went without a word", c->peer);
    if (FAULTY(held_lost_with_connection))
        conn_enter(c, CONN_DEAD);
    conn_release(c);
    conn_enter(c, CONN_DEAD);
    out_clear(&c->out);
    broker_pump(c->broker);
}

void conn_close(struct conn *c, struct refusal why, uint16_t class_id, uint16_t method_id)
{
    char text[256];

    assert(c->state & (CONN_OPEN | CONN_NEGOTIATING));
    log_conn(c->number, LOG_LEVEL_WARNING, "closed: %d %s, %s; peer %s", why.code,
             reply_name(why.code), why.text, c->peer);
    snprintf(text, sizeof text, "%s - %s", reply_name(why.code), why.text);
    if (!FAULTY(closing_connection_serves))
        conn_release(c);
    SEND(c, 0, connection_close, .reply_code = (uint16_t)why.code, .reply_text = str_of(text),
         .class_id = class_id, .method_id = method_id);
    conn_enter(c, CONN_CLOSING);
}

void conn_drop(struct conn *c, const char *why)
{
    log_conn(c->number, LOG_LEVEL_WARNING, "dropped: %s; peer %s", why, c->peer);
    conn_release(c);
    out_clear(&c->out);
    conn_enter(c, CONN_DEAD);
    conn_talk(c); /* nothing to send, but the loop looks at it and closes */
}

void conn_shun(struct conn *c, const char *why)
{
    log_conn(c->number, LOG_LEVEL_WARNING, "refused in negotiation: %s; peer %s", why, c->peer);
    conn_enter(c, CONN_PAUSED);
}

void conn_force_close(struct conn *c, const char *why)
{
    if (c->state == CONN_OPEN)
        conn_close(c, refuse(CONNECTION_FORCED, "%s", why), 0, 0);
    else if (c->state != CONN_CLOSING)
        conn_drop(c, why);
}

static struct str short_of(const struct broker *b)
{
    return b->disk_full ? STR("low on disk") : STR("low on memory");
}

bool conn_say_ahead(struct conn *c, const char *octets, size_t n)
{
    if (!out_gated(&c->out, store_committed(c->broker->store)))
        return false;
    out_ahead(&c->out, octets, n);
    stop_talking(c);
    conn_talk(c);
    return true;
}

static void tell_ahead(struct conn *c, bool blocked)
{
    struct out said;
    struct iovec whole;

    out_init(&said);
    if (blocked)
        send_connection_blocked(&said, 0,
                                &(struct m_connection_blocked){ .reason = short_of(c->broker) });
    else
        send_connection_unblocked(&said, 0, &(struct m_connection_unblocked){ .no_field = 0 });
    if (out_iov(&said, &whole, 1, 0) == 1)
        conn_say_ahead(c, whole.iov_base, whole.iov_len);
    out_clear(&said);
}

void conn_store_failed(struct conn *c)
{
    if (!out_cut(&c->out, store_committed(c->broker->store)))
        return;
    if (c->state == CONN_OPEN)
        conn_close(c, refuse(INTERNAL_ERROR, "the store has failed, this could not be kept"), 0, 0);
    else
        conn_drop(c, "waited for the store, which has failed");
}

void conn_tell_blocked(struct conn *c, bool blocked)
{
    if (!c->cap_blocked || c->told_blocked == blocked || c->state != CONN_OPEN)
        return;
    c->told_blocked = blocked;
    if (out_gated(&c->out, store_committed(c->broker->store))) {
        tell_ahead(c, blocked);
        return;
    }
    if (blocked)
        SEND(c, 0, connection_blocked, .reason = short_of(c->broker));
    else
        SEND_BARE(c, 0, connection_unblocked);
}

bool conn_finished(const struct conn *c)
{
    return c->state == CONN_DEAD && out_waiting(&c->out) == 0;
}

bool conn_wants_input(const struct conn *c)
{
    if (out_waiting(&c->out) > LIMIT_OUT_DEAF / LIMIT_OUT_HIGH * share_unsent(c->broker))
        return false;
    return !c->waits_for && !(c->publisher && c->broker->blocked);
}

size_t conn_output(struct conn *c, struct iovec *iov, size_t max)
{
    size_t n = out_iov(&c->out, iov, max, store_committed(c->broker->store));

    share_count_unsent(c);
    if (n == 0 && out_waiting(&c->out) && !c->talking) {
        TAILQ_INSERT_TAIL(&c->broker->gated, c, talk_link);
        c->talking = c->gated = true;
    }
    return n;
}

void conn_output_lent(struct conn *c, size_t n)
{
    assert(n <= out_waiting(&c->out));
    c->out.pinned = n;
}

void conn_output_done(struct conn *c, size_t n, uint64_t now_ms)
{
    c->now_ms = now_ms;
    if (n)
        c->said_ms = now_ms;
    out_done(&c->out, n);
    share_count_unsent(c);
    if (!c->clogged || out_waiting(&c->out) > LIMIT_OUT_LOW)
        return;
    c->clogged = false;
    for (size_t i = 0; i < c->channel_room; i++) {
        if (c->channels[i])
            channel_wake(c->channels[i]);
    }
}

void conn_await_commit(struct conn *c)
{
    conn_await_batch(c, store_pending(c->broker->store));
}

void conn_await_batch(struct conn *c, uint64_t batch)
{
    if (batch > store_committed(c->broker->store))
        out_gate(&c->out, batch);
}
