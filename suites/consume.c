/* Consuming: who gets messages, under which tag, alone or with others, and how it ends. */
#define CHAPTER "consume"
#include "fixtures/harness/case.h"

/* A consumer gets what is there and what comes, under its tag, with exchange and key. */
WIRE_CASE(delivers, .title = "a consumer gets waiting and new messages",
          .rules = "basic.consume.chassis-server basic.deliver.doc-fields "
                   "basic.consume-ok.consumer-tag.doc transport.sync.not-before")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = NAME("key"));
    PUBLISH(c, 1, S("waiting"), .routing_key = q);
    SEND(c, 1, basic_consume, .queue = q, .consumer_tag = S("me"));
    RECV(c, 1, basic_consume_ok, .consumer_tag = IS(S("me")));
    DELIVERED(c, 1, S("waiting"), .consumer_tag = IS(S("me")), .exchange = IS(S("")),
              .routing_key = IS(q), .delivery_tag = EQ(1), .redelivered = EQ(0));
    PUBLISH(c, 1, S("new"), .exchange = S("amq.direct"), .routing_key = NAME("key"));
    DELIVERED(c, 1, S("new"), .consumer_tag = IS(S("me")), .exchange = IS(S("amq.direct")),
              .routing_key = IS(NAME("key")), .delivery_tag = EQ(2));
}

/* Without a tag the broker makes one up, a new one each time. */
WIRE_CASE(generated_tags, .title = "the broker names consumers without a tag",
          .rules = "basic.consume.consumer-tag.doc-generated basic.consume-ok.consumer-tag.doc "
                   "basic.cancel.doc-no-more",
          .revision = 2)
{
    struct peer *c = OPEN();
    struct str tags[3];

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    for (int i = 0; i < 3; i++) {
        tags[i] = CONSUME(c, 1, .queue = NAME("q"))->consumer_tag;
        CHECK(tags[i].n > 0, "the tag is empty");
        for (int k = 0; k < i; k++)
            CHECK(!str_eq(tags[i], tags[k]), "the same tag twice");
    }
    for (int i = 0; i < 3; i++) {
        PUBLISH(c, 1, S("m"), .routing_key = NAME("q"));
        DELIVERED(c, 1, S("m"), .consumer_tag = IS(tags[i]));
    }
    STEP("each can be cancelled by its tag");
    for (int i = 0; i < 3; i++)
        CALL(c, 1, basic_cancel, .consumer_tag = tags[i]);
    await_queue(t, c, 1, NAME("q"), 0, 0);
    PUBLISH(c, 1, S("m"), .routing_key = NAME("q"));
    await_queue(t, c, 1, NAME("q"), 1, 0);
}

/* A tag that is taken on this channel cannot be taken again: that ends the connection. */
WIRE_CASE(tag_taken, .title = "consuming twice under one tag of one channel",
          .rules = "basic.consume.consumer-tag.01")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 1, .queue = NAME("q"), .consumer_tag = S("taken"));
    SEND(c, 1, basic_consume, .queue = NAME("q"), .consumer_tag = S("taken"));
    REFUSED_HARD(c, NOT_ALLOWED, basic_consume);
    c = OPEN(.channels = 2);
    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 1, .queue = NAME("q"), .consumer_tag = S("taken"));
    CONSUME(c, 2, .queue = NAME("q"), .consumer_tag = S("taken"));
}

/* After cancel-ok the tag is free and nothing more arrives under it. */
WIRE_CASE(cancel, .title = "nothing is delivered after cancel-ok",
          .rules = "basic.cancel.doc-no-more basic.cancel.chassis-server transport.sync.after "
                   "basic.consume.doc-lifetime")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("me"));
    PUBLISH(c, 1, S("1"), .routing_key = q);
    DELIVERED(c, 1, S("1"));
    SEND(c, 1, basic_cancel, .consumer_tag = S("me"));
    RECV(c, 1, basic_cancel_ok, .consumer_tag = IS(S("me")));
    PUBLISH(c, 1, S("2"), .routing_key = q);
    await_queue(t, c, 1, q, 1, -1);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("me"));
    DELIVERED(c, 1, S("2"), .redelivered = EQ(0));
}

/* Cancelling a consumer whose queue is gone, or one that never was, is answered. */
WIRE_CASE(cancel_late, .title = "basic.cancel of a consumer that is gone",
          .rules = "basic.cancel.01", .revision = 2)
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("me"));
    CALL(c, 2, queue_delete, .queue = q);
    SEND(c, 1, basic_cancel, .consumer_tag = S("me"));
    for (;;) {
        struct next n = NEXT(c);

        CHECK(n.kind == GOT_FRAME && n.frame.method, "the connection ended");
        if (n.frame.method->id == M_basic_cancel_ok)
            break;
        CHECK(n.frame.method->id == M_basic_cancel, "wanted cancel-ok");
    }
    STEP("one that never was");
    SEND(c, 1, basic_cancel, .consumer_tag = S("nobody"));
    RECV(c, 1, basic_cancel_ok, .consumer_tag = IS(S("nobody")));
    QUIET(c, 1);
    QUIET(c, 2);
}

/* Told that it can hear it, a consumer is told when its queue goes. */
WIRE_CASE(cancel_notify, .title = "the server cancels consumers of a deleted queue",
          .rules = "ext.consumer-cancel.queue-deleted queue.delete.doc-consumers-cancelled")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("me"));
    CALL(c, 2, queue_delete, .queue = q);
    RECV(c, 1, basic_cancel, .consumer_tag = IS(S("me")));
    QUIET(c, 1);
}

/* Who did not say that it can hear it is not told, and may still cancel. */
WIRE_CASE(cancel_not_notified, .title = "no server cancel without the capability",
          .rules = "ext.consumer-cancel.capability-required queue.delete.doc-consumers-cancelled")
{
    struct table modest = TABLE(ARG("product", STR("modest")));
    struct peer *c = OPEN(.client_properties = &modest, .channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("me"));
    CALL(c, 2, queue_delete, .queue = q);
    QUIET(c, 1);
    CALL(c, 1, basic_cancel, .consumer_tag = S("me"));
    QUIET(c, 1);
}

/* An exclusive consumer wants to be alone, and is left alone. */
WIRE_CASE(exclusive, .title = "exclusive consumers",
          .rules = "basic.consume.exclusive.01 basic.consume.exclusive.doc-shuts-out")
{
    struct peer *a = OPEN(), *b = OPEN();
    struct str q = NAME("q");

    CALL(a, 1, queue_declare, .queue = q);
    CONSUME(a, 1, .queue = q, .consumer_tag = S("first"));
    SEND(b, 1, basic_consume, .queue = q, .exclusive = true);
    REFUSED(b, 1, ACCESS_REFUSED, basic_consume);
    CALL(a, 1, basic_cancel, .consumer_tag = S("first"));
    CONSUME(b, 1, .queue = q, .consumer_tag = S("alone"), .exclusive = true);
    SEND(a, 1, basic_consume, .queue = q);
    REFUSED(a, 1, ACCESS_REFUSED, basic_consume);
    PUBLISH(a, 1, S("for the one"), .routing_key = q);
    DELIVERED(b, 1, S("for the one"), .consumer_tag = IS(S("alone")));
    CALL(b, 1, basic_cancel, .consumer_tag = S("alone"));
    CONSUME(a, 1, .queue = q);
    CALL(b, 1, queue_delete, .queue = q);
}

WIRE_CASE(missing_queue, .title = "consuming from a missing queue",
          .rules = "basic.consume.queue.doc-missing")
{
    struct peer *c = OPEN();

    SEND(c, 1, basic_consume, .queue = NAME("nobody"));
    REFUSED(c, 1, NOT_FOUND, basic_consume);
    SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

/* Who leaves takes nobody along, however it goes: by Cancel, with its channel, with its connection.
 */
WIRE_CASE(other_leaves, .title = "a consumer goes on when another of its queue is gone",
          .rules = "basic.consume.doc-lifetime")
{
    struct peer *a = OPEN(.channels = 2), *b = OPEN();
    struct str q = NAME("q");

    CALL(a, 1, queue_declare, .queue = q);
    CONSUME(b, 1, .queue = q, .consumer_tag = S("stays"));
    CONSUME(a, 1, .queue = q, .consumer_tag = S("cancelled"));
    CONSUME(a, 2, .queue = q, .consumer_tag = S("leaves"));
    CALL(a, 1, basic_cancel, .consumer_tag = S("cancelled"));
    CALL(a, 2, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, a, 1, q, 0, 1);
    CLOSE(a);
    for (int i = 1; i <= 2; i++) {
        PUBLISH(b, 1, TEXT("%d", i), .routing_key = q);
        DELIVERED(b, 1, TEXT("%d", i), .consumer_tag = IS(S("stays")), .delivery_tag = EQ(i));
    }
    CALL(b, 1, queue_delete, .queue = q);
}

/* Deliveries come on the channel that asked for them. */
WIRE_CASE(own_channel, .title = "deliveries arrive on the consumer's channel",
          .rules = "model.consumer.channel-owned basic.consume.consumer-tag.doc-local")
{
    struct peer *c = OPEN(.channels = 3);

    for (uint16_t channel = 1; channel <= 3; channel++) {
        CALL(c, channel, queue_declare, .queue = t_name(t, TEXT("q%u", channel).p),
             .exclusive = true);
        CONSUME(c, channel, .queue = t_name(t, TEXT("q%u", channel).p), .consumer_tag = S("same"));
    }
    for (uint16_t channel = 3; channel >= 1; channel--) {
        PUBLISH(c, 1, TEXT("%u", channel), .routing_key = t_name(t, TEXT("q%u", channel).p));
        DELIVERED(c, channel, TEXT("%u", channel), .delivery_tag = EQ(1));
    }
    for (uint16_t channel = 1; channel <= 3; channel++)
        QUIET(c, channel);
}

/* Consumers of a queue take turns, in the order in which they came. */
WIRE_CASE(round_robin, .title = "equal consumers take turns",
          .rules = "model.queue.round-robin model.queue.single-recipient")
{
    struct peer *c = OPEN(.channels = 3);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (uint16_t channel = 1; channel <= 3; channel++)
        CONSUME(c, channel, .queue = q, .no_ack = true);
    for (int i = 0; i < 12; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    for (int i = 0; i < 12; i++)
        DELIVERED(c, (uint16_t)(i % 3 + 1), TEXT("%d", i), .delivery_tag = EQ(i / 3 + 1));
}

WIRE_CASE(many, .title = "sixteen consumers on one queue",
          .rules = "basic.consume.01 queue.declare-ok.consumer-count.doc-active")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 0; i < 16; i++)
        CONSUME(c, 1, .queue = q, .consumer_tag = TEXT("%d", i));
    CHECK(QUIET_QUEUE(c, 1, q)->consumer_count == 16, "declare-ok counts sixteen consumers");
    for (int i = 0; i < 16; i++) {
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
        DELIVERED(c, 1, TEXT("%d", i), .consumer_tag = IS(TEXT("%d", i)));
    }
}

/* no-wait: the consumer is there although nobody says so. */
WIRE_CASE(no_wait, .title = "consume and cancel with no-wait are not answered",
          .rules = "basic.consume.chassis-server basic.cancel.doc-no-more "
                   "domain.no-wait.doc-no-reply")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    SEND(c, 1, basic_consume, .queue = q, .consumer_tag = S("me"), .no_wait = true);
    PUBLISH(c, 1, S("1"), .routing_key = q);
    DELIVERED(c, 1, S("1"), .consumer_tag = IS(S("me")));
    SEND(c, 1, basic_cancel, .consumer_tag = S("me"), .no_wait = true);
    QUIET(c, 1);
    PUBLISH(c, 1, S("2"), .routing_key = q);
    await_queue(t, c, 1, q, 1, -1);
}

/* ---- Get --------------------------------------------------------------------------- */

WIRE_CASE(get, .title = "basic.get takes the oldest message and counts the rest",
          .rules = "basic.get.doc-get-ok basic.get.doc-get-empty basic.get-ok.message-count.doc "
                   "basic.get.chassis-server basic.get-empty.reserved-1",
          .revision = 2)
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    SEND(c, 1, basic_get, .queue = q);
    RECV(c, 1, basic_get_empty, .reserved_1 = IS(S("")));
    for (int i = 1; i <= 3; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    for (int i = 1; i <= 3; i++)
        GET(c, 1, q, TEXT("%d", i), .message_count = EQ(3 - i), .delivery_tag = EQ(i),
            .redelivered = EQ(0), .exchange = IS(S("")), .routing_key = IS(q));
    CALL(c, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = q);
    PUBLISH(c, 1, S("4"), .exchange = S("amq.direct"), .routing_key = q);
    GET(c, 1, q, S("4"), .exchange = IS(S("amq.direct")), .routing_key = IS(q));
    GET_EMPTY(c, 1, q);
}

WIRE_CASE(get_missing, .title = "basic.get from a missing queue",
          .rules = "basic.get.queue.doc-missing")
{
    struct peer *c = OPEN();

    SEND(c, 1, basic_get, .queue = NAME("nobody"));
    REFUSED(c, 1, NOT_FOUND, basic_get);
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(delivers, .title = "a consumer gets waiting and new messages",
            .rules = "basic.consume.chassis-server basic.deliver.doc-fields")
{
    struct session *s = SESSION();
    const struct m_basic_consume_ok *ok;
    struct delivery d;

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB(s, 1, S("waiting"), .routing_key = NAME("q"));
    ok = DO(s, 1, basic_consume, .queue = NAME("q"), .consumer_tag = S("me"));
    CHECK(str_eq(ok->consumer_tag, S("me")), "the tag is the one asked for");
    d = CONSUMED(s, S("waiting"));
    CHECK(str_eq(d.consumer_tag, S("me")) && d.delivery_tag == 1, "tag \"me\", delivery 1");
    PUB(s, 1, S("new"), .routing_key = NAME("q"));
    CHECK(CONSUMED(s, S("new")).delivery_tag == 2, "delivery 2");
    DO(s, 1, basic_cancel, .consumer_tag = S("me"));
    PUB(s, 1, S("later"), .routing_key = NAME("q"));
    want_quiet(t, s, 1, NAME("q"));
}

CLIENT_CASE(tag_taken, .title = "consuming twice under one tag of one channel",
            .rules = "basic.consume.consumer-tag.01")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO(s, 1, basic_consume, .queue = NAME("q"), .consumer_tag = S("taken"));
    DO_REFUSED_HARD(s, 1, NOT_ALLOWED, basic_consume, .queue = NAME("q"),
                    .consumer_tag = S("taken"));
}

CLIENT_CASE(exclusive, .title = "an exclusive consumer is alone",
            .rules = "basic.consume.exclusive.doc-shuts-out")
{
    struct session *a = SESSION(), *b = SESSION();

    DO(a, 1, queue_declare, .queue = NAME("q"));
    DO(a, 1, basic_consume, .queue = NAME("q"), .exclusive = true);
    DO_REFUSED(b, 1, ACCESS_REFUSED, basic_consume, .queue = NAME("q"));
    DO(a, 1, queue_delete, .queue = NAME("q"));
}

CLIENT_CASE(cancel_notify, .title = "the server cancels consumers of a deleted queue",
            .rules = "ext.consumer-cancel.queue-deleted")
{
    struct session *a = SESSION(), *b = SESSION();

    DO(a, 1, queue_declare, .queue = NAME("q"));
    DO(a, 1, basic_consume, .queue = NAME("q"), .consumer_tag = S("me"));
    DO(b, 1, queue_delete, .queue = NAME("q"));
    HEARD(a, 1, basic_cancel, .consumer_tag = IS(S("me")));
}
