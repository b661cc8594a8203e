/* Consuming: whose tag it is, what no-ack and no-local do, what may arrive during Cancel, and what
   redelivered means. */
#define CHAPTER "consume"
#include "suites/steps.h"

/* A tag means nothing on another channel: 530 on the connection, or a Cancel-Ok that cancelled
   nothing (errata 62). The one thing it must not do is to stop the consumer. As in the
   specification's scenario the other channel has a consumer of its own. */
WIRE_CASE(cancel_from_other_channel, .title = "basic.cancel with a tag of another channel",
          .rules = "basic.consume.consumer-tag.02")
{
    struct witness w = witness(t);
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("of channel 1"));
    CONSUME(c, 2, .queue = DECLARE(c, 2, .exclusive = true)->queue,
            .consumer_tag = S("of channel 2"));
    SEND(c, 2, basic_cancel, .consumer_tag = S("of channel 1"));
    if (either(t, c, (struct either){ M_basic_cancel_ok, .connection_code = NOT_ALLOWED }) ==
        ACCEPTED) {
        WEAK("errata 62: cancelling another channel's tag is answered");
        PUBLISH(c, 2, S("still consumed"), .routing_key = q);
        DELIVERED(c, 1, S("still consumed"), .consumer_tag = IS(S("of channel 1")));
        CALL(c, 1, basic_cancel, .consumer_tag = S("of channel 1"));
    }
    undisturbed(t, &w);
}

/* What is on its way when Cancel is said may still arrive, until Cancel-Ok; no message is lost or
   doubled over it. */
WIRE_CASE(cancel_in_flight, .title = "deliveries may come until Cancel-Ok, and none after",
          .rules = "basic.cancel.doc-in-flight basic.cancel.doc-no-more")
{
    enum { N = 200 };
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 2, .queue = NAME("q"), .exclusive = true)->queue;
    unsigned came = 0;

    for (int i = 0; i < N; i++)
        PUBLISH(c, 2, TEXT("%d", i), .routing_key = q);
    await_queue(t, c, 2, q, N, 0);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("me"), .no_ack = true);
    SEND(c, 1, basic_cancel, .consumer_tag = S("me"));
    for (;;) {
        struct next n = NEXT(c);

        CHECK(n.kind == GOT_FRAME && n.frame.channel == 1, "deliveries, then Cancel-Ok");
        if (n.frame.method && n.frame.method->id == M_basic_cancel_ok)
            break;
        if (n.frame.type == FRAME_BODY)
            CHECK(str_eq(n.frame.payload, TEXT("%u", came++)), "the deliveries are in order");
    }
    await_queue(t, c, 2, q, (int)(N - came), 0);
    QUIET_QUEUE(c, 1, q);
    if (came < N)
        GET(c, 2, q, TEXT("%u", came), .redelivered = EQ(0));
    else
        GET_EMPTY(c, 2, q);
}

/* Sent without ack, it is gone for good, by Deliver as by Get; with ack it would be back. */
WIRE_CASE(no_ack_leaves_at_once, .title = "with no-ack a message leaves the queue as it is sent",
          .rules = "domain.no-ack.doc-auto-dequeue")
{
    struct peer *c = OPEN(.channels = 2), *other = OPEN();
    struct str q = NAME("q");

    CALL(other, 1, queue_declare, .queue = q);
    for (int i = 1; i <= 4; i++)
        PUBLISH(other, 1, TEXT("%d", i), .routing_key = q);
    await_queue(t, other, 1, q, 4, 0);
    SEND(c, 1, basic_get, .queue = q, .no_ack = true);
    RECV_CONTENT(c, 1, basic_get_ok, S("1"), .message_count = EQ(3));
    GET(c, 1, q, S("2"), .message_count = EQ(2));
    CONSUME(c, 2, .queue = q, .consumer_tag = S("c"), .no_ack = true);
    DELIVERED(c, 2, S("3"));
    DELIVERED(c, 2, S("4"));
    CALL(c, 2, basic_cancel, .consumer_tag = S("c"));
    t_drop_rst(t, c);
    await_queue(t, other, 1, q, 1, 0);
    GET(other, 1, q, S("2"), .redelivered = EQ(1), .message_count = EQ(0));
    GET_EMPTY(other, 1, q);
    CALL(other, 1, queue_delete, .queue = q);
}

/* Its own messages, by whatever channel, are for others. A broker may not know the flag, and
   deliver them all the same (errata 51). */
WIRE_CASE(no_local, .title = "no-local: nothing that the same connection published",
          .rules = "domain.no-local.doc-suppress")
{
    struct peer *c = OPEN(.channels = 2), *other = OPEN();
    struct str q = NAME("q");
    struct content m;

    CALL(c, 1, queue_declare, .queue = q);
    CONSUME(c, 1, .queue = q, .no_local = true, .no_ack = true);
    PUBLISH(c, 1, S("own"), .routing_key = q);
    PUBLISH(c, 2, S("own"), .routing_key = q);
    QUIET(c, 2);
    PUBLISH(other, 1, S("another's"), .routing_key = q);
    m = DELIVERED(c, 1, ANY_BODY);
    if (str_eq(m.body, S("own"))) {
        WEAK("errata 51: no-local is ignored");
    } else {
        CHECK(str_eq(m.body, S("another's")), "the message of the other connection");
        QUIET_QUEUE(c, 1, q);
        GET(other, 1, q, S("own"), .redelivered = EQ(0), .message_count = EQ(1));
        GET(other, 1, q, S("own"), .redelivered = EQ(0), .message_count = EQ(0));
    }
    CALL(other, 1, queue_delete, .queue = q);
}

/* The mark belongs to messages that some client had, not to those that waited beside them. */
WIRE_CASE(redelivered_means, .title = "redelivered is set on what a client had before, only",
          .rules = "domain.redelivered.doc-meaning")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    for (int i = 1; i <= 4; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    await_queue(t, c, 1, q, 4, 0);
    GET(c, 1, q, S("1"), .redelivered = EQ(0));
    CALL(c, 2, basic_qos, .prefetch_count = 1);
    CONSUME(c, 2, .queue = q, .consumer_tag = S("c"));
    DELIVERED(c, 2, S("2"), .redelivered = EQ(0));
    CALL(c, 2, basic_cancel, .consumer_tag = S("c"));
    SEND(c, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    SEND(c, 2, basic_reject, .delivery_tag = 1, .requeue = true);
    await_queue(t, c, 1, q, 4, 0);
    for (int i = 1; i <= 4; i++) {
        struct content m = GET(c, 1, q, ANY_BODY);

        CHECK(m.body.n == 1, "one of four");
        CHECK(m.get_ok->redelivered == (m.body.p[0] <= '2'), "message %c is marked wrongly",
              m.body.p[0]);
    }
}

/* Each synchronous method of the class is answered, on its channel; the others are not. */
WIRE_CASE(grammar, .title = "qos, consume, cancel, get and recover are answered; others are not",
          .rules = "basic.doc-grammar basic.chassis-server")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    SEND(c, 2, basic_qos, .prefetch_count = 2);
    RECV(c, 2, basic_qos_ok);
    SEND(c, 2, basic_get, .queue = q);
    RECV(c, 2, basic_get_empty);
    PUBLISH(c, 2, S("1"), .routing_key = q);
    PUBLISH(c, 2, S("2"), .routing_key = q);
    QUIET(c, 2);
    SEND(c, 2, basic_get, .queue = q);
    RECV_CONTENT(c, 2, basic_get_ok, S("1"));
    SEND(c, 2, basic_consume, .queue = q, .consumer_tag = S("c"));
    RECV(c, 2, basic_consume_ok, .consumer_tag = IS(S("c")));
    DELIVERED(c, 2, S("2"));
    SEND(c, 2, basic_ack, .delivery_tag = 1);
    SEND(c, 2, basic_reject, .delivery_tag = 2);
    QUIET(c, 2);
    SEND(c, 2, basic_cancel, .consumer_tag = S("c"));
    RECV(c, 2, basic_cancel_ok, .consumer_tag = IS(S("c")));
    SEND(c, 2, basic_recover, .requeue = true);
    RECV(c, 2, basic_recover_ok);
    QUIET(c, 2);
    QUIET(c, 1);
    GET_EMPTY(c, 1, q);
}
