/* Redelivery: what a consumer held when it went away comes back, marked, in its old place.
   One body for every way to go. */
#define CHAPTER "redelivery"
#include "fixtures/harness/case.h"

static void closes(struct t *t, struct peer *c)
{
    CLOSE(c);
}
static void channel_closes(struct t *t, struct peer *c)
{
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
}
static void blunders(struct t *t, struct peer *c)
{
    SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

/* Five messages: one acknowledged, three held, one still in the queue. The consumer goes; the four
   come back in order, and those that had been out say so. */
static void comes_back(struct t *t, uint16_t heartbeat, void (*goes)(struct t *t, struct peer *c))
{
    struct peer *other = OPEN(), *c;
    struct str q = NAME("q");

    CALL(other, 1, queue_declare, .queue = q);
    for (int i = 1; i <= 5; i++)
        PUBLISH(other, 1, TEXT("%d", i), .routing_key = q);
    await_queue(t, other, 1, q, 5, 0);
    c = OPEN(.heartbeat = heartbeat);
    CALL(c, 1, basic_qos, .prefetch_count = 3);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    DELIVERED(c, 1, S("1"), .redelivered = EQ(0));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    for (int i = 2; i <= 4; i++)
        DELIVERED(c, 1, TEXT("%d", i), .redelivered = EQ(0));
    await_queue(t, c, 1, q, 1, -1);

    goes(t, c);
    await_queue(t, other, 1, q, 4, 0);
    for (int i = 2; i <= 5; i++)
        GET(other, 1, q, TEXT("%d", i), .redelivered = EQ(i <= 4), .message_count = EQ(5 - i));
    GET_EMPTY(other, 1, q);
    CALL(other, 1, queue_delete, .queue = q);
}

#define RULES "basic.10 domain.redelivered.implementation transport.closure.redelivery "

/* connection.close, as a polite client says it. */
WIRE_CASE(connection_close, .title = "messages held by a closed connection come back",
          .rules = RULES "transport.closure.states", .revision = 2)
{
    comes_back(t, 0, closes);
}

/* The client's socket closes without a word. */
WIRE_CASE(fin, .title = "messages held by a connection that ends with FIN come back",
          .rules = RULES "transport.closure.states", .revision = 2)
{
    comes_back(t, 0, t_drop_fin);
}

/* The client's machine throws the connection away. */
WIRE_CASE(rst, .title = "messages held by a connection that ends with RST come back",
          .rules = RULES "transport.closure.states", .revision = 2)
{
    comes_back(t, 0, t_drop_rst);
}

/* The client's process is killed; its kernel closes the socket. */
WIRE_CASE(killed, .title = "messages held by a killed process come back",
          .rules = RULES "transport.closure.states", .revision = 2)
{
    comes_back(t, 0, t_drop_killed);
}

/* The connection stays, the client says nothing any more: the heartbeat finds it out. */
WIRE_CASE(heartbeat_lost, .slow = true,
          .title = "messages held by a client without heartbeats come back",
          .rules = RULES "transport.heartbeat.timeout", .revision = 2)
{
    comes_back(t, 1, t_drop_silent);
}

/* Closing the channel is enough; the connection goes on. */
WIRE_CASE(channel_close, .title = "messages held by a closed channel come back",
          .rules = RULES "transport.closure.states", .revision = 2)
{
    comes_back(t, 0, channel_closes);
}

/* So is a channel that the server closed for an error. */
WIRE_CASE(channel_error, .title = "messages held by a channel closed for an error come back",
          .rules = RULES "transport.exceptions.channel-level", .revision = 2)
{
    comes_back(t, 0, blunders);
}

/* Cancelling the consumer gives nothing back: what is held can still be acknowledged, and comes
   back only with the channel. */
WIRE_CASE(cancel_keeps, .title = "basic.cancel leaves held messages with the channel",
          .rules = "basic.cancel.doc-no-more basic.cancel.chassis-server")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    PUBLISH(c, 1, S("acked later"), .routing_key = q);
    PUBLISH(c, 1, S("never acked"), .routing_key = q);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    DELIVERED(c, 1, S("acked later"));
    DELIVERED(c, 1, S("never acked"));
    CALL(c, 1, basic_cancel, .consumer_tag = S("c"));
    await_queue(t, c, 1, q, 0, -1);
    GET_EMPTY(c, 2, q);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET(c, 1);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, 1, 0);
    GET(c, 2, q, S("never acked"), .redelivered = EQ(1), .message_count = EQ(0));
}

/* A message fetched with Get is held like a delivered one. */
WIRE_CASE(get_held, .title = "a message fetched with basic.get and not acknowledged comes back",
          .rules = "basic.get-ok.doc-must-ack transport.closure.redelivery")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 2, queue_declare, .queue = q, .exclusive = true);
    PUBLISH(c, 2, S("held"), .routing_key = q);
    PUBLISH(c, 2, S("no ack asked"), .routing_key = q);
    await_queue(t, c, 2, q, 2, 0);
    GET(c, 1, q, S("held"), .redelivered = EQ(0), .delivery_tag = EQ(1));
    SEND(c, 1, basic_get, .queue = q, .no_ack = true);
    RECV_CONTENT(c, 1, basic_get_ok, S("no ack asked"), .redelivered = EQ(0));
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, 1, 0);
    GET(c, 2, q, S("held"), .redelivered = EQ(1), .message_count = EQ(0));
}

/* What was sent to a no-ack consumer counts as acknowledged when it is sent. */
WIRE_CASE(no_ack_gone, .title = "messages of a no-ack consumer do not come back",
          .rules = "basic.09 model.ack.automatic")
{
    struct peer *c = OPEN(), *other = OPEN();
    struct str q = NAME("q");

    CALL(other, 1, queue_declare, .queue = q);
    PUBLISH(other, 1, S("1"), .routing_key = q);
    PUBLISH(other, 1, S("2"), .routing_key = q);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"), .no_ack = true);
    DELIVERED(c, 1, S("1"));
    DELIVERED(c, 1, S("2"));
    t_drop_rst(t, c);
    await_queue(t, other, 1, q, 0, 0);
    GET_EMPTY(other, 1, q);
    CALL(other, 1, queue_delete, .queue = q);
}

/* The next consumer gets what the dead one held, at once and before anything newer. */
WIRE_CASE(goes_to_other, .title = "a waiting consumer takes over, oldest message first",
          .rules = RULES "ext.ordering.requeue-keeps-place")
{
    struct peer *dead = OPEN(), *heir = OPEN();
    struct str q = NAME("q");

    CALL(heir, 1, queue_declare, .queue = q);
    CONSUME(dead, 1, .queue = q, .consumer_tag = S("dead"));
    for (int i = 1; i <= 3; i++)
        PUBLISH(heir, 1, TEXT("%d", i), .routing_key = q);
    for (int i = 1; i <= 3; i++)
        DELIVERED(dead, 1, TEXT("%d", i), .redelivered = EQ(0));
    CALL(heir, 1, basic_qos, .prefetch_count = 1);
    CONSUME(heir, 1, .queue = q, .consumer_tag = S("heir"));
    QUIET_QUEUE(heir, 1, q);
    t_drop_killed(t, dead);
    for (int i = 1; i <= 3; i++) {
        DELIVERED(heir, 1, TEXT("%d", i), .redelivered = EQ(1), .delivery_tag = EQ(i));
        if (i == 1)
            PUBLISH(heir, 1, S("new"), .routing_key = q);
        SEND(heir, 1, basic_ack, .delivery_tag = (uint64_t)i);
    }
    DELIVERED(heir, 1, S("new"), .redelivered = EQ(0));
    CALL(heir, 1, queue_delete, .queue = q);
}

/* The mark stays with the message however often it goes round, and properties and octets do too. */
WIRE_CASE(again_and_again, .title = "a message redelivered many times is still itself",
          .rules = "domain.redelivered.implementation model.message.body-unmodified")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    PUBLISH_WITH(c, 1, PROPS(.message_id = S("m"), .headers = TABLE(ARG("n", INT32(1)))), S("body"),
                 .routing_key = q);
    await_queue(t, c, 1, q, 1, 0);
    for (int round = 0; round < 10; round++) {
        struct content m = GET(c, 2, q, S("body"), .redelivered = EQ(round > 0));

        WANT_PROPS(m, .message_id = IS(S("m")), .headers = HAS(TABLE(ARG("n", INT32(1)))));
        CALL(c, 2, channel_close, .reply_code = 200, .reply_text = S("again"));
        CALL(c, 2, channel_open);
        await_queue(t, c, 1, q, 1, 0);
    }
}

/* A message that went to two queues is marked where it was put back. Its copy in the other queue
   has been delivered to nobody. */
WIRE_CASE(mark_of_one_queue, .title = "put back in one queue, a message is not marked in another",
          .rules = "domain.redelivered.doc-meaning")
{
    struct peer *c = OPEN();
    struct str a = NAME("a"), b = NAME("b"), x = NAME("x");

    CALL(c, 1, queue_declare, .queue = a, .exclusive = true);
    CALL(c, 1, queue_declare, .queue = b, .exclusive = true);
    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"), .auto_delete = true);
    CALL(c, 1, queue_bind, .queue = a, .exchange = x);
    CALL(c, 1, queue_bind, .queue = b, .exchange = x);
    PUBLISH_WITH(c, 1, PROPS(.message_id = S("m")), S("both"), .exchange = x);
    await_queue(t, c, 1, b, 1, 0);
    GET(c, 1, a, S("both"), .redelivered = EQ(0), .delivery_tag = EQ(1));
    SEND(c, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    await_queue(t, c, 1, a, 1, 0);
    GET(c, 1, b, S("both"), .redelivered = EQ(0));
    GET(c, 1, a, S("both"), .redelivered = EQ(1));
}

/* Recover reaches what a consumer held that is cancelled by now. */
WIRE_CASE(recover_cancelled, .title = "basic.recover gives back what a cancelled consumer held",
          .rules = "basic.recover.requeue.doc-requeue basic.recover.01")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    PUBLISH(c, 1, S("1"), .routing_key = q);
    PUBLISH(c, 1, S("2"), .routing_key = q);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    DELIVERED(c, 1, S("1"), .redelivered = EQ(0));
    DELIVERED(c, 1, S("2"), .redelivered = EQ(0));
    CALL(c, 1, basic_cancel, .consumer_tag = S("c"));
    SEND(c, 1, basic_recover, .requeue = true);
    RECV(c, 1, basic_recover_ok);
    await_queue(t, c, 1, q, 2, 0);
    GET(c, 1, q, S("1"), .redelivered = EQ(1));
    GET(c, 1, q, S("2"), .redelivered = EQ(1));
}

/* Dying with half a message on the way in leaves no half message behind. */
WIRE_CASE(half_published, .title = "a publish cut short by the end of its connection is no message",
          .rules = "transport.closure.states transport.content.incomplete")
{
    struct peer *c = OPEN(), *other = OPEN();
    struct str q = NAME("q");

    CALL(other, 1, queue_declare, .queue = q);
    CALL(c, 1, confirm_select);
    PUBLISH(c, 1, S("whole"), .routing_key = q);
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
    SEND(c, 1, basic_publish, .routing_key = q);
    HEADER(c, 1, 10, NULL);
    BODY(c, 1, S("half"));
    t_drop_fin(t, c);
    await_queue(t, other, 1, q, 1, 0);
    GET(other, 1, q, S("whole"), .message_count = EQ(0));
    CALL(other, 1, queue_delete, .queue = q);
}

/* ---- As an application sees it ---------------------------------------------------- */

static void comes_back_to_client(struct t *t, void (*goes)(struct t *t, struct session *s))
{
    struct session *first = SESSION(), *second = SESSION();
    struct str q = NAME("q");

    DO(second, 1, queue_declare, .queue = q);
    for (int i = 1; i <= 3; i++)
        PUB(second, 1, TEXT("%d", i), .routing_key = q);
    DO(first, 1, basic_consume, .queue = q);
    SAY(first, 1, basic_ack, .delivery_tag = CONSUMED(first, S("1")).delivery_tag);
    CONSUMED(first, S("2"));
    CONSUMED(first, S("3"));
    want_quiet(t, first, 1, q);
    goes(t, first);
    await_ready(t, second, 1, q, 2, 0);
    DO(second, 1, basic_consume, .queue = q);
    for (int i = 2; i <= 3; i++)
        CHECK(CONSUMED(second, TEXT("%d", i)).redelivered, "message %d is not marked", i);
    DO(second, 1, queue_delete, .queue = q);
}

static void leaves(struct t *t, struct session *s)
{
    LEAVE(s);
}

CLIENT_CASE(connection_close, .title = "messages held by a closed connection come back",
            .rules = RULES "transport.closure.states")
{
    comes_back_to_client(t, leaves);
}

CLIENT_CASE(fin, .title = "messages held by a lost connection come back",
            .rules = RULES "transport.closure.states")
{
    comes_back_to_client(t, t_session_drop);
}

CLIENT_CASE(killed, .title = "messages held by a killed process come back",
            .rules = RULES "transport.closure.states")
{
    comes_back_to_client(t, t_session_killed);
}
