/* What a connection does because time passed: heartbeats, and the end of patience. */
#include "conn.h"

#include "broker.h"
#include "faulty.h"
#include "limits.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long a peer may be silent. */
static uint64_t patience(const struct conn *c)
{
    return c->heartbeat_ms * (FAULTY(patience_of_one_interval) ? 2 : 5) / 2;
}

/* From Tune-Ok on heartbeats go out every half interval of our silence. The peer is given
   up after two intervals of its silence, and half a one for what is under way. Nobody is
   blamed for a silence that we made by not reading. */
static uint64_t silence_deadline(const struct conn *c)
{
    uint64_t say = c->said_ms + c->heartbeat_ms / (FAULTY(heartbeat_each_interval) ? 1 : 2);

    if (c->heartbeat_ms == 0)
        return NEVER;
    if (!conn_wants_input(c) || FAULTY(silence_tolerated))
        return say;
    return earlier(say, c->heard_ms + patience(c));
}

uint64_t conn_deadline(const struct conn *c)
{
    switch (c->state) {
    case CONN_HEADER:
    case CONN_STARTING:
    case CONN_SECURING:
    case CONN_TUNING: return c->born_ms + c->broker->settings.handshake_ms;
    case CONN_OPENING:
        return earlier(c->born_ms + c->broker->settings.handshake_ms, silence_deadline(c));
    case CONN_OPEN: return silence_deadline(c);
    case CONN_CLOSING:
        return earlier(FAULTY(socket_outlives_close_ok) ? NEVER
                                                        : c->state_since_ms + LIMIT_CLOSE_MS,
                       silence_deadline(c));
    case CONN_PAUSED: return c->state_since_ms + LIMIT_PAUSE_MS;
    case CONN_DEAD: return c->state_since_ms + LIMIT_CLOSE_MS;
    }
    return NEVER;
}

static void tick_silence(struct conn *c, uint64_t now)
{
    static const char heartbeat[] = { FRAME_HEARTBEAT, 0, 0, 0, 0, 0, 0, (char)0xce };

    if (c->heartbeat_ms == 0)
        return;
    if (conn_wants_input(c) && !FAULTY(silence_tolerated) && now >= c->heard_ms + patience(c)) {
        if (FAULTY(silence_is_told) && c->state == CONN_OPEN)
            conn_close(c, refuse(INTERNAL_ERROR, "no heartbeat"), 0, 0), c->heard_ms = now;
        else
            conn_drop(c, "no heartbeat");
        return;
    }
    if (now < c->said_ms + c->heartbeat_ms / (FAULTY(heartbeat_each_interval) ? 1 : 2))
        return;
    /* A stream that is stuck at the peer needs no more octets to be stuck with. */
    if (out_waiting(&c->out) == 0) {
        frame_reserve(&c->out, FRAME_HEARTBEAT, 0, 0);
        conn_talk(c);
    } else {
        conn_say_ahead(c, heartbeat, sizeof heartbeat);
    }
    c->said_ms = now;
}

void conn_tick(struct conn *c, uint64_t now)
{
    uint64_t since = now - c->state_since_ms;

    c->now_ms = now;
    if ((c->state & CONN_NEGOTIATING) && now - c->born_ms >= c->broker->settings.handshake_ms) {
        conn_drop(c, "handshake took too long");
    } else if (c->state == CONN_PAUSED) {
        if (since >= LIMIT_PAUSE_MS)
            conn_drop(c, "pause over");
    } else if (c->state == CONN_CLOSING && since >= LIMIT_CLOSE_MS &&
               !FAULTY(socket_outlives_close_ok)) {
        conn_drop(c, "no close-ok");
    } else if (c->state == CONN_DEAD && since >= LIMIT_CLOSE_MS) {
        conn_drop(c, "does not read its end");
    } else if (c->state & (CONN_OPENING | CONN_OPEN | CONN_CLOSING)) {
        tick_silence(c, now);
    }
}
