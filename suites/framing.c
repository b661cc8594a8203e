/* Frames and the methods in them: cut anywhere, of any size, and all that is no frame.
   Contents are in framing_content.c, the types of arguments in types.c. */
#define CHAPTER "framing"
#include "suites/steps.h"

/* ---- Segments are not frames ------------------------------------------------------- */

static void octet_by_octet(struct t *t, struct peer *c, struct str octets)
{
    for (size_t i = 0; i < octets.n; i++)
        RAW(c, ((struct str){ octets.p + i, 1 }));
}

/* Every octet in a segment of its own, from the first of the header to the last of a body. */
WIRE_CASE(octet_by_octet, .title = "a whole conversation, octet by octet",
          .rules = "transport.framing.segmentation transport.header.pipelined "
                   "transport.framing.layout")
{
    struct witness w = witness(t);
    struct peer *c = CONNECT();
    struct str q = NAME("q");

    octet_by_octet(t, c, PROTOCOL_HEADER);
    RECV(c, 0, connection_start);
    octet_by_octet(t, c,
                   OCTETS_OF(0, connection_start_ok, .mechanism = w.mechanism,
                             .response = w.response, .locale = S("en_US")));
    RECV(c, 0, connection_tune);
    octet_by_octet(t, c,
                   OCTETS_OF(0, connection_tune_ok, .channel_max = w.offer.channel_max,
                             .frame_max = w.offer.frame_max));
    octet_by_octet(t, c, OCTETS_OF(0, connection_open, .virtual_host = w.vhost));
    RECV(c, 0, connection_open_ok);
    octet_by_octet(t, c, OCTETS_OF(1, channel_open));
    RECV(c, 1, channel_open_ok);
    octet_by_octet(t, c, OCTETS_OF(1, queue_declare, .queue = q, .exclusive = true));
    RECV(c, 1, queue_declare_ok, .queue = IS(q));
    octet_by_octet(t, c, OCTETS_OF(1, basic_publish, .routing_key = q));
    octet_by_octet(t, c, S("\x02\0\x01\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\x05\0\0\xce"));
    octet_by_octet(t, c, S("\x03\0\x01\0\0\0\x05hello\xce"));
    GET(c, 1, q, S("hello"));
    undisturbed(t, &w);
}

/* The other extreme: many frames in one segment, of two channels, answered in order. */
WIRE_CASE(one_segment, .title = "many frames in one segment",
          .rules = "transport.framing.segmentation transport.order.methods")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    CORK(c);
    for (int i = 0; i < 50; i++) {
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
        SEND(c, 2, channel_flow, .active = true);
    }
    UNCORK(c);
    for (int i = 0; i < 50; i++)
        RECV(c, 2, channel_flow_ok, .active = EQ(true));
    for (int i = 0; i < 50; i++)
        GET(c, 1, q, TEXT("%d", i));
}

/* ---- The agreed size ----------------------------------------------------------------- */

WIRE_CASE(
    largest_frame, .title = "a frame of exactly frame-max octets is accepted",
    .rules = "transport.framing.max-size-frame connection.tune.frame-max.doc-includes-overhead",
    .revision = 2)
{
    struct peer *c = OPEN(.frame_max = SMALL_FRAMES);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str body = repeated(t, 'x', agreed_frame_max(c) - FRAME_OVERHEAD);

    SEND(c, 1, basic_publish, .routing_key = q);
    HEADER(c, 1, body.n, NULL);
    BODY(c, 1, body);
    GET(c, 1, q, body);
}

/* The default limit of the broker, too, can be used to the last octet. */
WIRE_CASE(
    largest_frame_offered, .title = "a frame as large as Tune offers is accepted",
    .rules = "transport.framing.max-size-frame connection.tune.frame-max.doc-includes-overhead")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    uint32_t most = w.offer.frame_max && w.offer.frame_max < 1 << 20 ? w.offer.frame_max : 1 << 20;
    struct str body = repeated(t, 'x', most - FRAME_OVERHEAD);

    SEND(c, 1, basic_publish, .routing_key = q);
    HEADER(c, 1, body.n, NULL);
    BODY(c, 1, body);
    GET(c, 1, q, body);
}

/* Publishes a body in one frame that is too large by so many octets. */
static struct peer *oversize(struct t *t, struct str queue, size_t by)
{
    struct peer *c = OPEN(.frame_max = SMALL_FRAMES);
    struct str body = repeated(t, 'x', agreed_frame_max(c) - FRAME_OVERHEAD + by);

    STEP("a frame of %zu octets", agreed_frame_max(c) + by);
    SEND(c, 1, basic_publish, .routing_key = queue);
    HEADER(c, 1, body.n, NULL);
    BODY(c, 1, body);
    return c;
}

/* Errata 58: a frame that is too large by no more than its own overhead may pass. */
static void slightly_oversize(struct t *t, size_t by)
{
    struct witness w = witness(t);
    struct str q = DECLARE(w.c, 1, .queue = NAME("q"))->queue;
    struct peer *c = oversize(t, q, by);

    SEND(c, 1, channel_flow, .active = true);
    if (SERVED(c, channel_flow_ok, FRAME_ERROR)) {
        WEAK("errata 58: a frame too large by eight octets at most is taken");
        await_queue(t, w.c, 1, q, 1, 0);
    } else {
        GET_EMPTY(w.c, 1, q);
    }
    CALL(w.c, 1, queue_delete, .queue = q);
    undisturbed(t, &w);
}

WIRE_CASE(oversize_by_one, .title = "a frame one octet beyond frame-max closes with 501",
          .rules =
              "transport.framing.oversize-received transport.negotiation.exceeding-disconnected "
              "constant.frame-error",
          .revision = 2)
{
    slightly_oversize(t, 1);
}

WIRE_CASE(oversize_by_eight, .title = "a frame eight octets beyond frame-max closes with 501",
          .rules =
              "transport.framing.oversize-received transport.negotiation.exceeding-disconnected "
              "constant.frame-error",
          .revision = 2)
{
    slightly_oversize(t, 8);
}

static void far_oversize(struct t *t, size_t by)
{
    struct witness w = witness(t);
    struct str q = DECLARE(w.c, 1, .queue = NAME("q"))->queue;
    struct peer *c = oversize(t, q, by);

    REFUSED_HARD(c, FRAME_ERROR, none);
    GET_EMPTY(w.c, 1, q);
    CALL(w.c, 1, queue_delete, .queue = q);
    undisturbed(t, &w);
}

WIRE_CASE(oversize_by_nine, .title = "a frame nine octets beyond frame-max closes with 501",
          .rules =
              "transport.framing.oversize-received transport.negotiation.exceeding-disconnected "
              "constant.frame-error",
          .revision = 2)
{
    far_oversize(t, 9);
}

WIRE_CASE(oversize_twice, .title = "a frame of twice frame-max closes with 501",
          .rules =
              "transport.framing.oversize-received transport.negotiation.exceeding-disconnected "
              "constant.frame-error",
          .revision = 2)
{
    far_oversize(t, SMALL_FRAMES);
}

/* Nobody waits for four gigabytes: the size alone is the fault. */
WIRE_CASE(oversize_announced, .title = "a frame that announces 4 GiB closes with 501 at once",
          .rules = "transport.framing.oversize-received transport.security.invalid-data "
                   "constant.frame-error")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    RAW(c, S("\x01\0\x01\xff\xff\xff\xff"));
    RECV(c, 0, connection_close, .reply_code = EQ(FRAME_ERROR));
    t_drop_rst(t, c); /* no Close-Ok could be told from the four gigabytes */
    undisturbed(t, &w);
}

WIRE_CASE(oversize_before_login, .slow = true,
          .title = "a first frame that announces 2 GiB ends the connection",
          .rules = "transport.framing.oversize-received transport.security.invalid-data "
                   "transport.negotiation.silent-close-before-open")
{
    struct witness w = witness(t);
    struct peer *c = up_to_start(t);

    RAW(c, S("\x01\0\0\x7f\xff\xff\xff"));
    ENDS_SILENTLY(c);
    undisturbed(t, &w);
}

/* ---- No frame at all ------------------------------------------------------------------- */

/* The declare behind the bad octet must not be acted on, nor the one before it. */
static void bad_frame_end(struct t *t, uint8_t end)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    CORK(c);
    t_raw_frame(HERE, c, FRAME_METHOD, 1, PAYLOAD_OF(queue_declare, .queue = NAME("bad")), end);
    SEND(c, 1, queue_declare, .queue = NAME("behind"));
    UNCORK(c);
    ENDS_UNDECODED(c);
    never_declared(t, &w, NAME("bad"));
    never_declared(t, &w, NAME("behind"));
    DECLARE(w.c, 1, .queue = NAME("bad"), .exclusive = true);
    undisturbed(t, &w);
}

WIRE_CASE(bad_frame_end, .title = "a frame with end octet 0 ends the connection, unheard",
          .rules = "transport.framing.bad-frame-end constant.frame-end "
                   "transport.framing.frame-end")
{
    bad_frame_end(t, 0);
}

WIRE_CASE(bad_frame_end_by_one, .title = "a frame with end octet cf ends the connection, unheard",
          .rules = "transport.framing.bad-frame-end constant.frame-end "
                   "transport.framing.frame-end")
{
    bad_frame_end(t, 0xcf);
}

WIRE_CASE(unknown_frame_type, .title = "a frame of an unknown type ends the connection",
          .rules = "transport.framing.unknown-type transport.framing.frame-types")
{
    static const uint8_t types[] = { 0, 4, 5, 7, 9, 0x80, 0xff };
    struct witness w = witness(t);

    for (size_t i = 0; i < sizeof(types); i++) {
        struct peer *c = OPEN();

        STEP("type %u", types[i]);
        RAW_FRAME(c, types[i], 1, PAYLOAD_OF(queue_declare, .queue = NAME("unknown")));
        ENDS_UNDECODED(c);
        never_declared(t, &w, NAME("unknown"));
    }
    undisturbed(t, &w);
}

/* ---- Garbage ------------------------------------------------------------------------------ */

static struct str noise(struct t *t)
{
    size_t n = 1 + t_random(t, 300);
    char *p = arena_alloc(t_arena(t), n);

    for (size_t i = 0; i < n; i++)
        p[i] = (char)t_random(t, 256);
    return (struct str){ p, n };
}

enum stage { CONNECTED, STARTED, TUNED, OPENING, OPENED, IN_A_FRAME, IN_A_BODY, STAGES };

static struct peer *at_stage(struct t *t, const struct witness *w, enum stage stage)
{
    struct peer *c;

    switch (stage) {
    case CONNECTED: return CONNECT();
    case STARTED: return up_to_start(t);
    case TUNED: return up_to_tune(t, w);
    case OPENING: return up_to_open(t, w, as_offered(w));
    default: c = OPEN();
    }
    if (stage == IN_A_FRAME)
        RAW(c, S("\x01\0\x01\0\0\0\x20\0\x32\0\x0a"));
    if (stage == IN_A_BODY) {
        SEND(c, 1, basic_publish, .routing_key = NAME("q"));
        HEADER(c, 1, 1000, NULL);
        BODY(c, 1, S("half of it"));
    }
    return c;
}

/* Random octets at any point of a connection's life, and then its sudden end. */
WIRE_CASE(garbage, .title = "garbage at any point disturbs nobody else",
          .rules = "transport.security.invalid-data transport.exceptions.connection-level")
{
    struct witness w = witness(t);

    DECLARE(w.c, 1, .queue = NAME("q"), .auto_delete = true);
    CONSUME(w.c, 1, .queue = NAME("q"));
    for (enum stage stage = CONNECTED; stage < STAGES; stage++) {
        for (int i = 0; i < 3; i++) {
            struct peer *c = at_stage(t, &w, stage);

            STEP("stage %u", stage);
            RAW(c, noise(t));
            QUIET(w.c, 1);
            t_drop_rst(t, c);
        }
    }
    PUBLISH(w.c, 1, S("all is well"), .routing_key = NAME("q"));
    DELIVERED(w.c, 1, S("all is well"));
    undisturbed(t, &w);
}
