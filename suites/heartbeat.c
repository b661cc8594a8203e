/* Heartbeats, and silence: the chapter about time. What is measured is measured in the capture,
   so a slow machine makes these cases longer, not wrong. */
#define CHAPTER "heartbeat"
#include "suites/steps.h"

/* Seconds between the client's last octets and the end of the stream. */
static double silence_before_end(struct t *t, struct peer *c)
{
    const struct trace *trace = TRACE(c);
    double said = -1, end = -1;

    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->at[i];

        if (e->who == 'C' && e->kind == TRACE_FRAME)
            said = e->at_s;
        if (e->who == 'S' && end < 0 && (e->kind == TRACE_FIN || e->kind == TRACE_RST))
            end = e->at_s;
    }
    CHECK(said >= 0 && end >= said, "the capture holds the last words and the end");
    return end - said;
}

/* A connection that agreed on an interval of one second. The handshake is said step by step:
   a peer made by OPEN would send heartbeats of its own accord. */
static struct peer *each_second(struct t *t, const struct witness *w)
{
    struct m_connection_tune_ok limits = as_offered(w);
    struct peer *c;

    limits.heartbeat = 1;
    c = up_to_open(t, w, limits);
    on_to_channel(t, c, w);
    return c;
}

/* ---- The broker's heartbeats ----------------------------------------------------------------- */

static bool is_heartbeat(struct next n)
{
    return n.kind == GOT_FRAME && n.frame.type == FRAME_HEARTBEAT && n.frame.channel == 0 &&
           n.frame.payload.n == 0;
}

/* An interval of a second was asked for: each second brings one, and half a second of grace. */
WIRE_CASE(sent, .slow = true, .title = "the broker sends heartbeats at the interval of Tune-Ok",
          .rules = "transport.heartbeat.interval connection.tune-ok.heartbeat.doc-value "
                   "transport.heartbeat.channel-zero constant.frame-heartbeat")
{
    struct witness w = witness(t);
    struct peer *c = each_second(t, &w);

    for (int i = 0; i < 2; i++) {
        struct next n = t_next(HERE, c, 1500, true);

        if (n.kind == GOT_SILENCE) {
            WEAK("errata 59: no heartbeat within one and a half intervals");
            return;
        }
        CHECK(is_heartbeat(n), "it is a heartbeat on channel 0, and empty");
        HEARTBEAT(c);
    }
    QUIET(c, 1);
}

/* Seconds between the last two frames of the broker. */
static double between_heartbeats(struct t *t, struct peer *c)
{
    const struct trace *trace = TRACE(c);
    double before = -1, last = -1;

    for (size_t i = 0; i < trace->n; i++) {
        if (trace->at[i].who != 'S' || trace->at[i].kind != TRACE_FRAME)
            continue;
        before = last;
        last = trace->at[i].at_s;
    }
    return last - before;
}

/* RabbitMQ's habit, which clients with little patience rely on: a heartbeat each half of what was
   agreed. The text is content with one an interval. */
WIRE_CASE(sent_each_half, .slow = true,
          .title = "heartbeats of an idle broker are half an interval apart",
          .rules = "ext.heartbeats.half-interval")
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);
    struct peer *c;

    limits.heartbeat = 2;
    c = up_to_open(t, &w, limits);
    on_to_channel(t, c, &w);
    for (int i = 0; i < 2; i++) {
        struct next n = t_next(HERE, c, 3000, true);

        if (n.kind == GOT_SILENCE) {
            WEAK("errata 59: no heartbeat within one and a half intervals");
            return;
        }
        CHECK(is_heartbeat(n), "it is a heartbeat on channel 0, and empty");
        HEARTBEAT(c);
    }
    if (between_heartbeats(t, c) > 1.6)
        WEAK("heartbeats come %.2f s apart, not one", between_heartbeats(t, c));
}

/* The interval is agreed from Tune-Ok on; Open need not have been said. */
WIRE_CASE(sent_from_tune_ok, .title = "heartbeats begin with Tune-Ok",
          .rules = "transport.heartbeat.server-start")
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);
    struct peer *c;
    struct next n;

    limits.heartbeat = 1;
    c = up_to_open(t, &w, limits);
    n = t_next(HERE, c, 1500, true);
    if (n.kind == GOT_SILENCE)
        WEAK("errata 40: no heartbeat between Tune-Ok and Open");
    else
        CHECK(is_heartbeat(n), "it is a heartbeat on channel 0, and empty");
    HEARTBEAT(c);
    on_to_channel(t, c, &w);
}

/* The connection is closing, not closed: the peer still wants to know that we live. */
WIRE_CASE(sent_during_close, .title = "heartbeats go on while a Close is not yet answered",
          .rules = "transport.heartbeat.during-close")
{
    struct witness w = witness(t);
    struct peer *c = each_second(t, &w);
    struct next n;

    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    RECV(c, 0, connection_close);
    n = t_next(HERE, c, 1500, true);
    if (n.kind == GOT_SILENCE)
        WEAK("no heartbeat while Close is not yet answered");
    else
        CHECK(is_heartbeat(n), "it is a heartbeat on channel 0, and empty");
    SEND(c, 0, connection_close_ok);
    HANGUP(c);
}

/* Zero turns them off, both ways. */
WIRE_CASE(none_agreed, .slow = true,
          .title = "heartbeat 0: none comes, and silence is no reason to hang up",
          .rules = "connection.tune.heartbeat.doc-zero connection.tune-ok.heartbeat.doc-value")
{
    struct peer *c = OPEN(.heartbeat = 0);
    struct next n = t_next(HERE, c, 2500, true);

    CHECK(n.kind == GOT_SILENCE, "nothing comes, not even a heartbeat");
    QUIET(c, 1);
}

/* ---- The client's heartbeats, and its silence -------------------------------------- */

/* Gone without a word: not before two intervals have passed, and not for ever; then what it held
   is given to others. */
WIRE_CASE(silence, .slow = true, .title = "a silent client is dropped after two intervals or more",
          .rules = "transport.heartbeat.timeout connection.tune-ok.heartbeat.doc-value "
                   "transport.closure.states transport.closure.redelivery")
{
    struct witness w = witness(t);
    struct peer *c = each_second(t, &w);
    struct next n;
    double silence;

    DECLARE(w.c, 1, .queue = NAME("q"));
    PUBLISH(w.c, 1, S("held"), .routing_key = NAME("q"));
    CONSUME(c, 1, .queue = NAME("q"));
    DELIVERED(c, 1, S("held"));
    n = t_next(HERE, c, 3900, false);
    if (n.kind == GOT_SILENCE) {
        WEAK("errata 59: a client silent for three intervals is not dropped");
        CALL(w.c, 1, queue_delete, .queue = NAME("q"));
        return;
    }
    CHECK(n.kind != GOT_FRAME, "no Close is said to somebody who may be gone");
    HANGUP(c);
    t_drop_fin(t, c);
    silence = silence_before_end(t, c);
    CHECK(silence > 1.95, "dropped after %.2f s, before two intervals", silence);
    await_queue(t, w.c, 1, NAME("q"), 1, 0);
    GET(w.c, 1, NAME("q"), S("held"), .redelivered = EQ(true));
    CALL(w.c, 1, queue_delete, .queue = NAME("q"));
    undisturbed(t, &w);
}

static unsigned heartbeats_said(struct t *t, struct peer *c)
{
    const struct trace *trace = TRACE(c);
    unsigned n = 0;

    for (size_t i = 0; i < trace->n; i++)
        n += trace->at[i].who == 'S' && trace->at[i].kind == TRACE_FRAME &&
             trace->at[i].frame.type == FRAME_HEARTBEAT;
    return n;
}

/* Longer than three intervals, in rounds so short that slowness does not make silence of them.
   One client sends heartbeats, one heartbeats in two segments, one says other things. */
WIRE_CASE(signs_of_life, .slow = true,
          .title = "heartbeats, and any other traffic, keep a client connected",
          .rules = "transport.heartbeat.any-traffic transport.heartbeat.timeout "
                   "transport.heartbeat.interval transport.framing.segmentation",
          .revision = 3)
{
    struct witness w = witness(t);
    struct peer *beats = each_second(t, &w), *halves, *talks;

    halves = each_second(t, &w);
    HEARTBEAT(beats);
    talks = each_second(t, &w);
    HEARTBEAT(beats);
    HEARTBEAT(halves);
    DECLARE(talks, 1, .queue = NAME("q"), .exclusive = true);
    for (int i = 0; i < 35; i++) {
        struct next n;

        HEARTBEAT(beats);
        RAW(halves, S("\x08"));
        RAW(halves, S("\0\0\0\0\0\0\xce"));
        PUBLISH(talks, 1, S("alive"), .routing_key = NAME("q"));
        n = PASS(beats, 100);
        CHECK(n.kind == GOT_SILENCE, "the connection lives, and the broker has nothing to say");
    }
    QUIET(beats, 1);
    QUIET(halves, 1);
    QUIET(talks, 1);
    /* what is heard is not said: who talks without an answer is still told that we live */
    if (heartbeats_said(t, talks) < 2)
        WEAK("errata 59: no heartbeats for a client that talks and is not answered");
}

/* ---- Heartbeats nobody asked for, and such as are none ----------------------------- */

WIRE_CASE(unasked, .title = "heartbeats are harmless where none were agreed",
          .rules = "transport.heartbeat.unsupported-discard")
{
    struct peer *c = OPEN(.heartbeat = 0);

    for (int i = 0; i < 20; i++)
        HEARTBEAT(c);
    QUIET(c, 1);
}

/* Errata 12: 503, 501 or 505, and silence after all. */
static void invalid(struct t *t, const char *what, uint16_t channel, struct str payload)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    RAW_FRAME(c, FRAME_HEARTBEAT, channel, payload);
    SEND(c, 1, channel_flow, .active = true);
    if (SERVED(c, channel_flow_ok, FRAME_ERROR, COMMAND_INVALID, UNEXPECTED_FRAME))
        WEAK("errata 12: %s is ignored", what);
    undisturbed(t, &w);
}

WIRE_CASE(on_channel_1, .title = "a heartbeat on channel 1 closes the connection",
          .rules = "transport.framing.zero-channel-heartbeat transport.heartbeat.invalid")
{
    invalid(t, "a heartbeat on channel 1", 1, S(""));
}

WIRE_CASE(with_payload, .title = "a heartbeat with a payload closes the connection",
          .rules = "transport.heartbeat.invalid")
{
    invalid(t, "a heartbeat with a payload", 0, S("tick"));
}
