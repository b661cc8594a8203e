/* Channels: opened, used, in flow, closed by either side, opened again; and that one of them
   is no concern of the others. */
#define CHAPTER "channel"
#include "suites/steps.h"

/* ---- Open ------------------------------------------------------------------------------ */

WIRE_CASE(open, .title = "channel.open gets open-ok on the same channel",
          .rules =
              "channel.open.doc-open-ok channel.open.chassis-server channel.open-ok.reserved-1 "
              "transport.channels.multiple channel.doc-grammar")
{
    struct peer *c = OPEN(.channels = NO_CHANNEL);
    static const uint16_t numbers[] = { 7, 1, 300, 2 };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        SEND(c, numbers[i], channel_open);
        RECV(c, numbers[i], channel_open_ok, .reserved_1 = IS(S("")));
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        QUIET(c, numbers[i]);
}

WIRE_CASE(open_twice, .title = "channel.open on an open channel closes the connection: 504",
          .rules = "channel.open.state constant.channel-error connection.close.doc-ids "
                   "transport.exceptions.connection-level constant.hard-error-scope")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    SEND(c, 1, channel_open);
    REFUSED_HARD(c, CHANNEL_ERROR, channel_open);
    undisturbed(t, &w);
}

/* The whole connection pays, and all it owned goes with it. */
WIRE_CASE(open_twice_beside_others, .title = "channel.open twice ends the other channels as well",
          .rules = "channel.open.state transport.exceptions.connection-level "
                   "transport.closure.states")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channels = 3);

    DECLARE(c, 3, .queue = NAME("q"), .auto_delete = true);
    CONSUME(c, 3, .queue = NAME("q"));
    SEND(c, 2, channel_open);
    REFUSED_HARD(c, CHANNEL_ERROR, channel_open);
    await_no_queue(t, w.c, 1, NAME("q"));
}

static void use_unopened(struct t *t, struct str payload, enum method_id blamed)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    RAW_FRAME(c, FRAME_METHOD, 2, payload);
    t_refused_hard(HERE, c, (const uint64_t[]){ CHANNEL_ERROR }, 1, blamed);
    undisturbed(t, &w);
}

WIRE_CASE(declare_unopened, .title = "queue.declare on a channel never opened: 504",
          .rules = "channel.doc-grammar constant.channel-error connection.close.doc-ids")
{
    use_unopened(t, PAYLOAD_OF(queue_declare, .queue = S("q")), M_queue_declare);
}

WIRE_CASE(qos_unopened, .title = "basic.qos on a channel never opened: 504",
          .rules = "channel.doc-grammar constant.channel-error connection.close.doc-ids")
{
    use_unopened(t, PAYLOAD_OF(basic_qos, .prefetch_count = 1), M_basic_qos);
}

WIRE_CASE(flow_unopened, .title = "channel.flow on a channel never opened: 504",
          .rules = "channel.doc-grammar constant.channel-error")
{
    use_unopened(t, PAYLOAD_OF(channel_flow, .active = true), M_channel_flow);
}

/* No message slips in through a channel that is not there. */
WIRE_CASE(publish_unopened, .title = "basic.publish on a channel never opened: 504",
          .rules = "channel.doc-grammar constant.channel-error")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    DECLARE(w.c, 1, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 9, S("lost"), .routing_key = NAME("q"));
    REFUSED_HARD(c, CHANNEL_ERROR, basic_publish);
    undisturbed(t, &w);
    GET_EMPTY(w.c, 1, NAME("q"));
}

WIRE_CASE(open_reserved_field, .title = "channel.open with its reserved field filled",
          .rules = "channel.open.reserved-1")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channels = NO_CHANNEL);

    SEND(c, 1, channel_open, .reserved_1 = S("out of band"));
    if (SERVED(c, channel_open_ok, SYNTAX_ERROR, COMMAND_INVALID, NOT_ALLOWED))
        QUIET(c, 1);
    else
        INFO("the reserved field of channel.open must be empty");
    undisturbed(t, &w);
}

/* ---- Close by the client, and open again ---------------------------------------------------- */

WIRE_CASE(close, .title = "channel.close gets close-ok; the connection goes on",
          .rules = "channel.close.doc-close-ok channel.close.chassis-server "
                   "channel.close.doc-others-live transport.close.handshake "
                   "transport.close.must-answer")
{
    struct peer *c = OPEN(.channels = 2);

    DECLARE(c, 2, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 2, .queue = NAME("q"), .no_ack = true);
    CALL(c, 1, channel_close, .reply_code = REPLY_SUCCESS, .reply_text = S("Goodbye"));
    QUIET(c, 2);
    PUBLISH(c, 2, S("still here"), .routing_key = NAME("q"));
    DELIVERED(c, 2, S("still here"));
}

/* What a channel consumed goes to others when it is closed, and it is counted no longer. */
WIRE_CASE(close_ends_consumers, .title = "a closed channel has no consumers",
          .rules = "transport.closure.states channel.close.chassis-server")
{
    struct peer *c = OPEN(.channels = 3);
    struct str q = DECLARE(c, 3, .queue = NAME("q"), .auto_delete = true)->queue;

    CONSUME(c, 1, .queue = q, .no_ack = true);
    CONSUME(c, 1, .queue = q, .no_ack = true);
    CONSUME(c, 2, .queue = q, .no_ack = true);
    CALL(c, 1, channel_close, .reply_code = REPLY_SUCCESS);
    await_queue(t, c, 3, q, 0, 1);
    for (int i = 0; i < 4; i++) {
        PUBLISH(c, 3, TEXT("%d", i), .routing_key = q);
        DELIVERED(c, 2, TEXT("%d", i));
    }
    CALL(c, 2, channel_close, .reply_code = REPLY_SUCCESS);
    await_no_queue(t, c, 3, q);
}

/* A number that was closed is a new channel when it is opened: no consumer, no transaction, no
   confirms, delivery tags from 1. */
WIRE_CASE(reuse, .title = "a channel opened again starts afresh",
          .rules = "channel.open.doc-reuse channel.close-ok.chassis-server "
                   "transport.closure.states transport.closure.redelivery")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 2, .queue = NAME("q"), .exclusive = true)->queue;

    CALL(c, 1, tx_select);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("old"));
    for (int i = 0; i < 2; i++)
        PUBLISH(c, 2, TEXT("%d", i), .routing_key = q);
    DELIVERED(c, 1, S("0"), .delivery_tag = EQ(1), .redelivered = EQ(false));
    DELIVERED(c, 1, S("1"), .delivery_tag = EQ(2));
    PUBLISH(c, 1, S("not committed"), .routing_key = q);
    CALL(c, 1, channel_close, .reply_code = REPLY_SUCCESS);

    CALL(c, 1, channel_open);
    QUIET(c, 1);
    PUBLISH(c, 1, S("at once"), .routing_key = q);
    GET(c, 1, q, S("0"), .delivery_tag = EQ(1), .redelivered = EQ(true));
    GET(c, 1, q, S("1"), .delivery_tag = EQ(2), .redelivered = EQ(true));
    GET(c, 1, q, S("at once"), .delivery_tag = EQ(3), .message_count = EQ(0));
    CONSUME(c, 1, .queue = q, .consumer_tag = S("old"));
}

WIRE_CASE(close_and_reopen, .title = "a channel closed and opened again, thirty times",
          .rules = "channel.open.doc-reuse channel.close.doc-close-ok")
{
    struct peer *c = OPEN();

    for (int i = 0; i < 30; i++) {
        CALL(c, 1, channel_close, .reply_code = REPLY_SUCCESS);
        CALL(c, 1, channel_open);
        QUIET(c, 1);
    }
}

WIRE_CASE(use_closed, .title = "a method on a channel that was closed: 504",
          .rules = "channel.doc-grammar constant.channel-error")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    CALL(c, 1, channel_close, .reply_code = REPLY_SUCCESS);
    SEND(c, 1, queue_declare, .queue = NAME("q"));
    REFUSED_HARD(c, CHANNEL_ERROR, queue_declare);
    never_declared(t, &w, NAME("q"));
    undisturbed(t, &w);
}

/* ---- Close by the broker ----------------------------------------------------------- */

/* A soft error costs the channel alone, and says why: code, text, and the method to blame. */
WIRE_CASE(error, .title = "an error closes the channel with code, text, class and method",
          .rules = "channel.close.doc-ids transport.errors.operational-channel "
                   "transport.errors.code-and-text constant.not-found constant.soft-error-scope "
                   "transport.exceptions.channel-level transport.exceptions.code-format "
                   "domain.reply-code.assert-notnull domain.reply-text.assert-notnull "
                   "domain.reply-code.doc-known-code channel.close-ok.chassis-server")
{
    struct peer *c = OPEN(.channels = 2);

    DECLARE(c, 2, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 2, .queue = NAME("q"), .no_ack = true);
    SEND(c, 1, queue_bind, .queue = NAME("q"), .exchange = NAME("nowhere"));
    RECV(c, 1, channel_close, .reply_code = EQ(NOT_FOUND), .reply_text = NONEMPTY,
         .class_id = EQ(50), .method_id = EQ(20));
    SEND(c, 1, channel_close_ok);
    PUBLISH(c, 2, S("still here"), .routing_key = NAME("q"));
    DELIVERED(c, 2, S("still here"));
    CALL(c, 1, channel_open);
    QUIET(c, 1);
}

/* After its Close the broker hears nothing on this channel but Close-Ok, and Close. */
WIRE_CASE(deaf_after_close, .title = "after the broker's channel.close methods are discarded",
          .rules = "channel.close.stability channel.close-ok.chassis-server")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    DECLARE(w.c, 1, .queue = NAME("q"), .exclusive = true);
    CORK(c);
    SEND(c, 1, queue_declare, .queue = NAME("missing"), .passive = true);
    SEND(c, 1, queue_declare, .queue = NAME("behind"));
    PUBLISH(c, 1, S("behind"), .routing_key = NAME("q"));
    SEND(c, 1, channel_flow, .active = true);
    UNCORK(c);
    RECV(c, 1, channel_close, .reply_code = EQ(NOT_FOUND), .method_id = EQ(10));
    SEND(c, 1, queue_declare, .queue = NAME("late"));
    SEND(c, 1, channel_close_ok);
    SEND(c, 1, channel_open);
    RECV(c, 1, channel_open_ok);
    QUIET(c, 1);
    never_declared(t, &w, NAME("behind"));
    never_declared(t, &w, NAME("late"));
    GET_EMPTY(w.c, 1, NAME("q"));
}

/* Half a content was under way when the channel was closed: its frames are discarded, too. */
WIRE_CASE(deaf_amid_content,
          .title = "content frames behind the broker's channel.close are discarded",
          .rules = "channel.close.stability")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    DECLARE(w.c, 1, .queue = NAME("q"), .exclusive = true);
    SEND(c, 1, queue_declare, .queue = NAME("missing"), .passive = true);
    SEND(c, 1, basic_publish, .routing_key = NAME("q"));
    HEADER(c, 1, 10, NULL);
    BODY(c, 1, S("hello"));
    RECV(c, 1, channel_close, .reply_code = EQ(NOT_FOUND));
    BODY(c, 1, S("world"));
    SEND(c, 1, channel_close_ok);
    CALL(c, 1, channel_open);
    PUBLISH(c, 1, S("whole"), .routing_key = NAME("q"));
    QUIET(c, 1);
    GET(w.c, 1, NAME("q"), S("whole"), .message_count = EQ(0));
}

/* Both close the channel at once; errata 42 wants an answer to each. */
WIRE_CASE(close_crosses_close, .title = "crossing channel.closes are both answered",
          .rules = "channel.close.stability transport.close.simultaneous "
                   "transport.close.must-answer")
{
    struct peer *c = OPEN(.channels = 2);

    CORK(c);
    SEND(c, 1, queue_declare, .queue = NAME("missing"), .passive = true);
    SEND(c, 1, channel_close, .reply_code = REPLY_SUCCESS);
    UNCORK(c);
    RECV(c, 1, channel_close, .reply_code = EQ(NOT_FOUND));
    RECV(c, 1, channel_close_ok);
    SEND(c, 1, channel_close_ok);
    QUIET(c, 2);
    CALL(c, 1, channel_open);
    QUIET(c, 1);
}

WIRE_CASE(reopen_behind_close_ok, .title = "close-ok and open in one segment",
          .rules = "channel.open.doc-reuse channel.close-ok.chassis-server")
{
    struct peer *c = OPEN();

    for (int i = 0; i < 10; i++) {
        SEND(c, 1, queue_declare, .queue = NAME("missing"), .passive = true);
        RECV(c, 1, channel_close, .reply_code = EQ(NOT_FOUND));
        CORK(c);
        SEND(c, 1, channel_close_ok);
        SEND(c, 1, channel_open);
        UNCORK(c);
        RECV(c, 1, channel_open_ok);
    }
}

CLIENT_CASE(error, .title = "an error closes the channel, not the others",
            .rules = "channel.close.doc-others-live transport.exceptions.channel-level "
                     "channel.open.doc-reuse")
{
    struct session *s = SESSION(.channels = 2);

    DO(s, 2, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO(s, 2, basic_consume, .queue = NAME("q"), .no_ack = true);
    DO_REFUSED(s, 1, NOT_FOUND, queue_declare, .queue = NAME("missing"), .passive = true);
    PUB(s, 1, S("from the reopened one"), .routing_key = NAME("q"));
    CONSUMED(s, S("from the reopened one"));
    DO_REFUSED(s, 1, NOT_FOUND, queue_bind, .queue = NAME("q"), .exchange = NAME("nowhere"));
    PUB(s, 2, S("from the other"), .routing_key = NAME("q"));
    CONSUMED(s, S("from the other"));
}
