/* Method frames: what the ids and arguments in them may be, and on which channel. */
#define CHAPTER "framing"
#include "suites/steps.h"

/* ---- Channel zero, and the others --------------------------------------------------- */

static void misplaced(struct t *t, uint16_t channel, struct str payload, enum method_id blamed)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    RAW_FRAME(c, FRAME_METHOD, channel, payload);
    t_refused_hard(HERE, c, (const uint64_t[]){ COMMAND_INVALID }, 1, blamed);
    undisturbed(t, &w);
}

WIRE_CASE(tune_ok_on_channel_1, .title = "a connection method on channel 1 closes with 503",
          .rules = "transport.framing.zero-channel-connection-class constant.command-invalid "
                   "transport.errors.structural-connection constant.hard-error-scope")
{
    misplaced(t, 1, PAYLOAD_OF(connection_tune_ok, .frame_max = FRAME_MIN_SIZE),
              M_connection_tune_ok);
}

/* Even a Close is none on a channel that is not zero. */
WIRE_CASE(close_on_channel_1, .title = "connection.close on channel 1 closes with 503",
          .rules = "transport.framing.zero-channel-connection-class constant.command-invalid")
{
    misplaced(t, 1,
              PAYLOAD_OF(connection_close, .reply_code = REPLY_SUCCESS, .reply_text = S("bye")),
              M_connection_close);
}

/* Channel 0 carries nothing but the connection class. */
WIRE_CASE(declare_on_channel_0, .title = "queue.declare on channel 0 closes the connection",
          .rules = "transport.framing.channel-zero-methods transport.framing.channel-range")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    SEND(c, 0, queue_declare, .queue = NAME("zero"));
    REFUSED_HARD_ONE_OF(c, queue_declare, COMMAND_INVALID, CHANNEL_ERROR, UNEXPECTED_FRAME);
    never_declared(t, &w, NAME("zero"));
    undisturbed(t, &w);
}

WIRE_CASE(open_channel_0, .title = "channel.open on channel 0 closes the connection",
          .rules = "transport.framing.channel-zero-methods transport.framing.channel-range")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    SEND(c, 0, channel_open);
    REFUSED_HARD_ONE_OF(c, channel_open, COMMAND_INVALID, CHANNEL_ERROR, UNEXPECTED_FRAME);
    undisturbed(t, &w);
}

/* ---- Ids ------------------------------------------------------------------------------ */

/* An open connection is closed by Close, also for a method nobody has heard of. */
static void unknown_method(struct t *t, struct str payload)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    RAW_FRAME(c, FRAME_METHOD, 1, payload);
    REFUSED_HARD_ONE_OF(c, none, NOT_IMPLEMENTED, COMMAND_INVALID, SYNTAX_ERROR, FRAME_ERROR);
    undisturbed(t, &w);
}

WIRE_CASE(unknown_class, .title = "a method of class 999 closes with 540 or 503",
          .rules = "transport.method.unknown-class transport.close.handshake "
                   "constant.not-implemented")
{
    unknown_method(t, S("\x03\xe7\0\x0a"));
}

WIRE_CASE(unknown_method, .title = "method 999 of class queue closes with 540 or 503",
          .rules = "transport.method.unknown-method transport.close.handshake "
                   "constant.not-implemented")
{
    unknown_method(t, S("\0\x32\x03\xe7"));
}

/* What a broker says to clients is nothing a client may say to a broker. */
static void wrong_direction(struct t *t, uint16_t channel, struct str payload,
                            enum method_id blamed)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    RAW_FRAME(c, FRAME_METHOD, channel, payload);
    t_refused_hard(HERE, c, (const uint64_t[]){ COMMAND_INVALID, CHANNEL_ERROR }, 2, blamed);
    undisturbed(t, &w);
}

WIRE_CASE(wrong_direction, .title = "queue.declare-ok from a client closes with 503",
          .rules = "transport.method.wrong-direction constant.command-invalid")
{
    misplaced(t, 1, PAYLOAD_OF(queue_declare_ok, .queue = S("q")), M_queue_declare_ok);
}

WIRE_CASE(wrong_direction_reply, .title = "basic.qos-ok from a client closes with 503",
          .rules = "transport.method.wrong-direction constant.command-invalid")
{
    misplaced(t, 1, PAYLOAD_OF(basic_qos_ok), M_basic_qos_ok);
}

WIRE_CASE(wrong_direction_connection, .title = "connection.tune from a client closes with 503",
          .rules = "transport.method.wrong-direction connection.doc-grammar-out-of-order")
{
    wrong_direction(t, 0, PAYLOAD_OF(connection_tune, .frame_max = FRAME_MIN_SIZE),
                    M_connection_tune);
}

/* ---- Arguments --------------------------------------------------------------------------- */

/* A declare that ends before its arguments do, cut in each of them. */
WIRE_CASE(truncated_arguments, .title = "a method cut short in its arguments: 501 or 502",
          .rules = "transport.method.truncated transport.security.invalid-data "
                   "constant.frame-error constant.syntax-error")
{
    struct witness w = witness(t);
    struct str whole = PAYLOAD_OF(queue_declare, .queue = S("amqproof.cut"),
                                  .arguments = TABLE(ARG("x-arg", INT32(1))));
    /* before reserved-1, in it, before and in the name, before the bits, in the table */
    const size_t cuts[] = { 4, 5, 6, 7, 10, 19, 20, 22, 24, whole.n - 1 };

    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct peer *c = OPEN();

        STEP("%zu of %zu octets", cuts[i], whole.n);
        RAW_FRAME(c, FRAME_METHOD, 1, first_octets(whole, cuts[i]));
        REFUSED_HARD_ONE_OF(c, none, FRAME_ERROR, SYNTAX_ERROR);
    }
    never_declared(t, &w, S("amqproof.cut"));
    undisturbed(t, &w);
}

/* Too short even for the two ids. */
WIRE_CASE(truncated_ids, .title = "a method frame of 0, 1, 2 or 3 octets closes the connection",
          .rules = "transport.method.truncated transport.method.layout "
                   "transport.security.invalid-data")
{
    struct witness w = witness(t);

    for (size_t n = 0; n < 4; n++) {
        struct peer *c = OPEN();

        STEP("%zu octets", n);
        RAW_FRAME(c, FRAME_METHOD, 1, first_octets(S("\0\x32\0\x0a"), n));
        REFUSED_HARD_ONE_OF(c, none, FRAME_ERROR, SYNTAX_ERROR);
    }
    undisturbed(t, &w);
}

/* The text does not say what becomes of them. */
WIRE_CASE(trailing_octets, .title = "octets behind the last argument: 501 or 502, or ignored",
          .rules = "transport.method.trailing")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str payload = PAYLOAD_OF(queue_declare, .queue = NAME("q"), .exclusive = true);

    RAW_FRAME(c, FRAME_METHOD, 1, glued(t, payload, S("and more")));
    if (SERVED(c, queue_declare_ok, FRAME_ERROR, SYNTAX_ERROR))
        INFO("octets behind the last argument are ignored");
    undisturbed(t, &w);
}

/* A name whose length runs beyond the frame, into the frame behind it. */
WIRE_CASE(string_beyond_frame, .title = "a short string longer than its frame: 501 or 502",
          .rules = "transport.method.truncated transport.security.invalid-data")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    CORK(c);
    RAW_FRAME(c, FRAME_METHOD, 1, S("\0\x32\0\x0a\0\0\xc8short"));
    SEND(c, 1, queue_declare, .queue = NAME("swallowed"));
    UNCORK(c);
    REFUSED_HARD_ONE_OF(c, none, FRAME_ERROR, SYNTAX_ERROR);
    never_declared(t, &w, NAME("swallowed"));
    undisturbed(t, &w);
}
