/* What Tune and Tune-Ok agree on, and that it holds: the highest channel, the largest frame.
   The third of them, the heartbeat, is in heartbeat.c. */
#define CHAPTER "connection"
#include "suites/steps.h"

/* ---- The offer ---------------------------------------------------------------------- */

WIRE_CASE(tune, .title = "Tune states channel-max, frame-max and heartbeat",
          .rules = "transport.negotiation.limits-proposed constant.frame-min-size "
                   "connection.start-ok.chassis-server")
{
    struct witness w = witness(t);
    struct peer *c = up_to_start(t);

    SEND(c, 0, connection_start_ok, .mechanism = w.mechanism, .response = w.response,
         .locale = S("en_US"));
    RECV(c, 0, connection_tune, .channel_max = EQ(w.offer.channel_max),
         .frame_max = EQ(w.offer.frame_max), .heartbeat = EQ(w.offer.heartbeat));
    CHECK(w.offer.frame_max == 0 || w.offer.frame_max >= FRAME_MIN_SIZE,
          "no limit, or at least 4096 octets");
}

/* What one connection agrees on is its own: the next one is offered the same as ever. */
WIRE_CASE(tune_is_private,
          .title = "what one connection agrees on leaves the offer to others alone",
          .rules = "transport.negotiation.lowest-wins transport.negotiation.limits-proposed",
          .revision = 2)
{
    struct witness w = witness(t);
    struct peer *small = OPEN(.channel_max = 1, .frame_max = SMALL_FRAMES, .heartbeat = 30);
    struct peer *c = up_to_start(t);

    SEND(c, 0, connection_start_ok, .mechanism = w.mechanism, .response = w.response,
         .locale = S("en_US"));
    RECV(c, 0, connection_tune, .channel_max = EQ(w.offer.channel_max),
         .frame_max = EQ(w.offer.frame_max), .heartbeat = EQ(w.offer.heartbeat));
    QUIET(small, 1);
}

/* A frame of 4096 octets is legal before anything was agreed. */
WIRE_CASE(start_ok_of_4096_octets, .title = "a Start-Ok frame of 4096 octets is accepted",
          .rules = "connection.tune.frame-max.minimum constant.frame-min-size "
                   "domain.peer-properties.doc-table")
{
    struct witness w = witness(t);
    struct peer *c = up_to_start(t);
    struct str shell =
        OCTETS_OF(0, connection_start_ok, .client_properties = TABLE(ARG("padding", STR(""))),
                  .mechanism = w.mechanism, .response = w.response, .locale = S("en_US"));
    struct str padding = repeated(t, 'p', FRAME_MIN_SIZE - shell.n);

    SEND(c, 0, connection_start_ok, .client_properties = TABLE(ARG("padding", LONGSTR(padding))),
         .mechanism = w.mechanism, .response = w.response, .locale = S("en_US"));
    RECV(c, 0, connection_tune);
}

/* Client properties are the client's business, whatever legal table they are. */
WIRE_CASE(client_properties, .title = "client properties of any shape are accepted",
          .rules = "domain.peer-properties.doc-table "
                   "connection.start-ok.client-properties.required-fields")
{
    struct witness w = witness(t);
    const struct table odd[] = {
        { 0 },
        TABLE(ARG("product", INT32(5)), ARG("version", VOID_VALUE), ARG("platform", BOOL(1))),
        TABLE(ARG("list", ARRAY(STR("a"), INT64(-1), ARRAY(BOOL(0)))), ARG("at", TIME(1)),
              ARG("nested", NESTED(ARG("deeper", NESTED(ARG("x-unheard-of", DECIMAL(2, 314))))))),
        TABLE(ARG("capabilities", NESTED(ARG("no_such_capability", BOOL(1))))),
    };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct peer *c = up_to_start(t);

        STEP("table %zu", i);
        SEND(c, 0, connection_start_ok, .client_properties = odd[i], .mechanism = w.mechanism,
             .response = w.response, .locale = S("en_US"));
        RECV(c, 0, connection_tune);
        SEND(c, 0, connection_tune_ok, .channel_max = w.offer.channel_max,
             .frame_max = w.offer.frame_max);
        on_to_channel(t, c, &w);
        CLOSE(c);
    }
}

/* What clients ask before they rely on an extension. */
WIRE_CASE(capabilities, .title = "the extensions that clients rely on are announced",
          .rules = "ext.connections.capabilities-table")
{
    static const char *const names[] = { "publisher_confirms", "exchange_exchange_bindings",
                                         "basic.nack", "consumer_cancel_notify" };
    struct peer *c = OPEN();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        STEP("%s", names[i]);
        CHECK(announced(t, c, str_of(names[i])), "the capability %s is not announced", names[i]);
    }
}

/* ---- Tune-Ok that is accepted --------------------------------------------------------- */

WIRE_CASE(tune_ok_as_offered, .title = "Tune-Ok may take exactly what was offered",
          .rules = "connection.tune-ok.channel-max.assert-le connection.tune-ok.chassis-server")
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);
    struct peer *c;

    limits.heartbeat = w.offer.heartbeat;
    c = up_to_open(t, &w, limits);
    on_to_channel(t, c, &w);
}

WIRE_CASE(tune_ok_lower, .title = "Tune-Ok may ask for less",
          .rules = "transport.negotiation.client-reduces "
                   "connection.tune-ok.channel-max.assert-le",
          .revision = 2)
{
    struct witness w = witness(t);
    struct peer *c = up_to_open(
        t, &w, (struct m_connection_tune_ok){ .channel_max = 7, .frame_max = SMALL_FRAMES });

    on_to_channel(t, c, &w);
    CALL(c, 7, channel_open);
}

/* The smallest limit that must be taken; deliveries are cut to fit. The frames that come are
   measured in the capture, all octets counted. */
WIRE_CASE(frame_max_of_4096, .title = "frame-max 4096 is accepted and governs deliveries",
          .rules = "connection.tune-ok.frame-max.minimum connection.tune.frame-max.doc-lower "
                   "connection.tune.frame-max.doc-includes-overhead constant.frame-min-size "
                   "transport.negotiation.lowest-wins transport.content.max-payload")
{
    struct peer *big = OPEN(), *c = OPEN(.frame_max = FRAME_MIN_SIZE);
    struct str body = repeated(t, 'b', 3 * FRAME_MIN_SIZE);
    const struct trace *trace;
    size_t bodies = 0;

    DECLARE(c, 1, .queue = NAME("q"));
    CONSUME(c, 1, .queue = NAME("q"), .no_ack = true);
    PUBLISH(big, 1, body, .routing_key = NAME("q"));
    DELIVERED(c, 1, body);
    trace = TRACE(c);
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->at[i];

        if (e->kind != TRACE_FRAME || e->who != 'S' || e->frame.type != FRAME_BODY)
            continue;
        bodies++;
        CHECK(e->octets.n <= FRAME_MIN_SIZE, "a frame of %zu octets", e->octets.n);
    }
    CHECK(bodies >= 4, "12288 octets take four frames at least, not %zu", bodies);
    CALL(c, 1, queue_delete, .queue = NAME("q"));
}

/* Nothing in the text lets a client do so; what a broker does is recorded. */
WIRE_CASE(frame_max_below_4096, .slow = true,
          .title = "frame-max 4095 in Tune-Ok is refused, or taken",
          .rules = "connection.tune-ok.frame-max.minimum constant.frame-min-size")
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);
    struct peer *c;

    limits.frame_max = FRAME_MIN_SIZE - 1;
    c = up_to_open(t, &w, limits);
    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    if (SERVED(c, connection_open_ok, END_OF_STREAM, SYNTAX_ERROR, NOT_ALLOWED, FRAME_ERROR))
        INFO("frame-max 4095 is accepted");
    undisturbed(t, &w);
}

/* ---- Tune-Ok that asks for more --------------------------------------------------------- */

/* Open right behind: whoever overlooks the limits would answer it. */
static void limits_refused(struct t *t, const struct witness *w, struct m_connection_tune_ok limits)
{
    struct peer *c = up_to_tune(t, w);

    CORK(c);
    t_send(HERE, c, 0, M_connection_tune_ok, &limits);
    SEND(c, 0, connection_open, .virtual_host = w->vhost);
    UNCORK(c);
    ENDS_SILENTLY(c); /* errata 55 */
    undisturbed(t, w);
}

WIRE_CASE(channel_max_above_offer, .slow = true,
          .title = "channel-max above the offer ends the connection",
          .rules = "connection.tune-ok.channel-max.upper-limit "
                   "connection.tune-ok.channel-max.assert-le")
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);

    if (w.offer.channel_max == 0 || w.offer.channel_max == UINT16_MAX)
        UNSUPPORTED("the broker offers %u: there is nothing above", w.offer.channel_max);
    limits.channel_max++;
    limits_refused(t, &w, limits);
}

WIRE_CASE(frame_max_above_offer, .slow = true,
          .title = "frame-max above the offer ends the connection",
          .rules = "connection.tune-ok.frame-max.upper-limit")
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);

    if (w.offer.frame_max == 0 || w.offer.frame_max == UINT32_MAX)
        UNSUPPORTED("the broker offers %u: there is nothing above", w.offer.frame_max);
    limits.frame_max++;
    limits_refused(t, &w, limits);
}

/* Zero is either "no limit of mine" or more than any offer. Both are fair; an accepted zero leaves
   the offer as the limit, and a broker that offers zero has to take it. NULL: refused. */
static struct peer *zero_limit(struct t *t, struct m_connection_tune_ok limits, bool offered)
{
    struct witness w = witness(t);
    struct peer *c = up_to_open(t, &w, limits);

    SEND(c, 0, connection_open, .virtual_host = w.vhost);
    if (SERVED(c, connection_open_ok, END_OF_STREAM, SYNTAX_ERROR, NOT_ALLOWED)) {
        CALL(c, 1, channel_open);
        QUIET(c, 1);
        return c;
    }
    CHECK(!offered, "the broker offers zero and refuses it");
    INFO("errata 56: zero is refused, as more than was offered");
    undisturbed(t, &w);
    return NULL;
}

/* Channel 1 is open. All that were offered can be, and one more cannot: neither by its number nor
   by their count. */
static void channels_end_at(struct t *t, struct peer *c, uint16_t highest)
{
    CORK(c);
    for (uint16_t i = 2; i <= highest + 1; i++)
        SEND(c, i, channel_open);
    UNCORK(c);
    for (uint16_t i = 2; i <= highest; i++)
        RECV(c, i, channel_open_ok);
    REFUSED_HARD_ONE_OF(c, channel_open, NOT_ALLOWED, CHANNEL_ERROR);
}

WIRE_CASE(channel_max_zero, .title = "channel-max 0 in Tune-Ok",
          .rules = "connection.tune-ok.channel-max.assert-notnull "
                   "connection.tune.channel-max.doc-zero transport.negotiation.lowest-wins",
          .revision = 2)
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);
    struct peer *c;

    limits.channel_max = 0;
    c = zero_limit(t, limits, w.offer.channel_max == 0);
    if (c && w.offer.channel_max && w.offer.channel_max < 5000)
        channels_end_at(t, c, w.offer.channel_max);
    undisturbed(t, &w);
}

WIRE_CASE(frame_max_zero, .title = "frame-max 0 in Tune-Ok",
          .rules = "connection.tune-ok.frame-max.doc-zero connection.tune.frame-max.doc-zero "
                   "transport.negotiation.lowest-wins",
          .revision = 2)
{
    struct witness w = witness(t);
    struct m_connection_tune_ok limits = as_offered(&w);
    struct peer *c;

    limits.frame_max = 0;
    c = zero_limit(t, limits, w.offer.frame_max == 0);
    if (c && w.offer.frame_max && w.offer.frame_max <= 1 << 20) {
        struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
        struct str body = repeated(t, 'x', w.offer.frame_max - FRAME_OVERHEAD);

        STEP("a frame as large as Tune offers");
        SEND(c, 1, basic_publish, .routing_key = q);
        HEADER(c, 1, body.n, NULL);
        BODY(c, 1, body);
        GET(c, 1, q, body);
    }
    undisturbed(t, &w);
}

/* ---- Channels up to the limit ------------------------------------------------------------ */

WIRE_CASE(channels_up_to_limit, .title = "all channels up to channel-max work",
          .rules = "connection.tune.channel-max.doc-limit transport.channels.multiple "
                   "transport.limits.channel-number")
{
    struct peer *c = OPEN(.channel_max = 20, .channels = 20);

    for (uint16_t i = 1; i <= 20; i++)
        QUIET(c, i);
}

/* The number counts: the highest one may be the only one. */
WIRE_CASE(channel_of_highest_number, .title = "the channel of the highest number can be opened",
          .rules = "connection.tune.channel-max.doc-limit transport.limits.channel-number")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channels = NO_CHANNEL);
    uint16_t highest = w.offer.channel_max ? w.offer.channel_max : UINT16_MAX;

    CALL(c, highest, channel_open);
    QUIET(c, highest);
    CLOSE(c);
}

WIRE_CASE(one_channel, .title = "channel-max 1: a second channel is refused",
          .rules = "transport.channels.negotiate-one connection.tune.channel-max.doc-limit "
                   "transport.negotiation.client-reduces ext.channels.max-exceeded "
                   "constant.not-allowed")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channel_max = 1);

    SEND(c, 2, channel_open);
    REFUSED_HARD_ONE_OF(c, channel_open, NOT_ALLOWED, CHANNEL_ERROR);
    undisturbed(t, &w);
}

/* Errata 57: some count channels, the text limits their numbers. */
WIRE_CASE(channel_number_above_limit, .title = "a channel number above channel-max is refused",
          .rules = "connection.tune.channel-max.doc-limit constant.not-allowed")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channel_max = 5);

    SEND(c, 6, channel_open);
    if (SERVED(c, channel_open_ok, NOT_ALLOWED, CHANNEL_ERROR)) {
        WEAK("errata 57: channel 6 opens under channel-max 5");
        CALL(c, 6, channel_close, .reply_code = REPLY_SUCCESS);
    }
    undisturbed(t, &w);
}

CLIENT_CASE(frame_max_of_4096, .title = "frame-max 4096 and a body of three frames",
            .rules = "connection.tune-ok.frame-max.minimum connection.tune.frame-max.doc-lower")
{
    struct session *s = SESSION(.frame_max = FRAME_MIN_SIZE, .channel_max = 1);
    struct str body;

    body = TEXT("%0*d", 2 * FRAME_MIN_SIZE, 7);
    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, body, .routing_key = NAME("q"));
    FETCH(s, 1, NAME("q"), body);
}
