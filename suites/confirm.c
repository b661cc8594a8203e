/* Publisher confirms: every publish is settled once, by number, whatever became of the message. */
#define CHAPTER "confirm"
#include "suites/steps.h"

static struct peer *confirming(struct t *t)
{
    struct peer *c = OPEN(.channels = 2);

    CALL(c, 1, confirm_select);
    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    return c;
}

WIRE_CASE(numbers, .title = "publishes are confirmed as 1, 2, 3 …",
          .rules = "ext.confirms.select-ok ext.confirms.sequence-from-one "
                   "ext.confirms.not-tied-to-consumer")
{
    struct peer *c = confirming(t);

    for (uint64_t i = 1; i <= 3; i++) {
        PUBLISH(c, 1, S("m"), .routing_key = NAME("q"));
        RECV(c, 1, basic_ack, .delivery_tag = EQ(i));
    }
    await_queue(t, c, 1, NAME("q"), 3, -1);
}

/* Many at once may be confirmed together or in any order, but each once. */
WIRE_CASE(each_once, .title = "three hundred publishes in a row are each confirmed once",
          .rules = "ext.confirms.each-once ext.confirms.multiple-flag "
                   "ext.confirms.order-not-guaranteed",
          .revision = 2)
{
    struct peer *c = confirming(t);

    for (int i = 0; i < 300; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = NAME("q"));
    await_confirms(t, c, 1, 300);
    QUIET_QUEUE(c, 1, NAME("q"));
    QUIET(c, 1);
}

WIRE_CASE(before_select, .title = "publishes before confirm.select are not confirmed",
          .rules = "ext.confirms.no-confirm-before-select ext.confirms.sequence-from-one",
          .revision = 2)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, S("early"), .routing_key = NAME("q"));
    PUBLISH(c, 1, S("early"), .routing_key = NAME("q"), .mandatory = true);
    PUBLISH(c, 1, S("early"), .routing_key = NAME("nobody"), .mandatory = true);
    RETURNED(c, 1, S("early"));
    CALL(c, 1, confirm_select);
    QUIET_QUEUE(c, 1, NAME("q"));
    PUBLISH(c, 1, S("first"), .routing_key = NAME("q"));
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
    QUIET(c, 1);
}

WIRE_CASE(select_again, .title = "a second confirm.select does not restart the numbers",
          .rules = "ext.confirms.select-repeat")
{
    struct peer *c = confirming(t);

    PUBLISH(c, 1, S("1"), .routing_key = NAME("q"));
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
    CALL(c, 1, confirm_select);
    PUBLISH(c, 1, S("2"), .routing_key = NAME("q"));
    RECV(c, 1, basic_ack, .delivery_tag = EQ(2));
}

WIRE_CASE(select_no_wait, .title = "confirm.select with no-wait is not answered and counts",
          .rules = "ext.confirms.select-no-wait")
{
    struct peer *c = OPEN();

    SEND(c, 1, confirm_select, .nowait = true);
    QUIET(c, 1);
    PUBLISH(c, 1, S("1"), .routing_key = NAME("nobody"));
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
}

/* A message that went nowhere is settled like any other: the broker is done with it. */
WIRE_CASE(unroutable, .title = "an unroutable message is confirmed",
          .rules = "ext.confirms.unroutable-ack")
{
    struct peer *c = confirming(t);

    PUBLISH(c, 1, S("dropped"), .routing_key = NAME("nobody"));
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
}

WIRE_CASE(return_first, .title = "the return of a mandatory message comes before its confirm",
          .rules = "ext.confirms.return-before-ack")
{
    struct peer *c = confirming(t);

    PUBLISH(c, 1, S("m"), .routing_key = NAME("nobody"), .mandatory = true);
    RETURNED(c, 1, S("m"), .reply_code = EQ(NO_ROUTE));
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
    QUIET(c, 1);
}

/* Each channel counts for itself; a new channel of the same number starts anew. */
WIRE_CASE(per_channel, .title = "confirm numbers belong to their channel",
          .rules = "ext.confirms.sequence-from-one")
{
    struct peer *c = confirming(t);

    CALL(c, 2, confirm_select);
    PUBLISH(c, 1, S("1"), .routing_key = NAME("q"));
    PUBLISH(c, 2, S("1"), .routing_key = NAME("q"));
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
    RECV(c, 2, basic_ack, .delivery_tag = EQ(1));
    CALL(c, 2, channel_close, .reply_code = 200, .reply_text = S("done"));
    CALL(c, 2, channel_open);
    PUBLISH(c, 2, S("not confirmed"), .routing_key = NAME("q"));
    QUIET(c, 2);
    CALL(c, 2, confirm_select);
    PUBLISH(c, 2, S("2"), .routing_key = NAME("q"));
    RECV(c, 2, basic_ack, .delivery_tag = EQ(1));
}

/* The broker's acks are no deliveries: a consumer on the same channel has tags of its own. */
WIRE_CASE(beside_deliveries, .title = "confirms and deliveries on one channel",
          .rules = "ext.confirms.sequence-from-one domain.delivery-tag.non-zero")
{
    struct peer *c = confirming(t);
    bool confirmed = false, delivered = false;

    CONSUME(c, 1, .queue = NAME("q"));
    PUBLISH(c, 1, S(""), .routing_key = NAME("q"));
    while (!confirmed || !delivered) {
        struct next n = NEXT(c);

        CHECK(n.kind == GOT_FRAME, "the connection ended");
        if (!n.frame.method) { /* the header of an empty message is its end */
            delivered = true;
            continue;
        }
        if (n.frame.method->id == M_basic_ack)
            CHECK(((const struct m_basic_ack *)n.frame.args)->delivery_tag == 1, "confirm 1");
        else
            CHECK(n.frame.method->id == M_basic_deliver, "wanted a confirm or a delivery");
        confirmed |= n.frame.method->id == M_basic_ack;
    }
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET(c, 1);
}

/* Persistent messages are confirmed too, when they are safe; durability cases prove that they are.
 */
WIRE_CASE(persistent, .title = "persistent messages on a durable queue are confirmed",
          .rules = "ext.confirms.persistent-after-disk", .revision = 2)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .durable = true);
    CALL(c, 1, confirm_select);
    for (int i = 1; i <= 20; i++)
        PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), TEXT("%d", i), .routing_key = NAME("q"));
    await_confirms(t, c, 1, 20);
    CALL(c, 1, queue_delete, .queue = NAME("q"));
}

/* Messages of a queue that is deleted meanwhile are settled with it: nobody failed to take them. */
WIRE_CASE(queue_deleted, .title = "publishes to a queue that is being deleted are confirmed",
          .rules = "ext.confirms.each-once ext.confirms.nack-on-failure")
{
    struct peer *c = OPEN(.channels = 2);

    CALL(c, 1, queue_declare, .queue = NAME("q"), .durable = true);
    CALL(c, 1, confirm_select);
    CORK(c);
    for (int i = 1; i <= 50; i++)
        PUBLISH_WITH(c, 1, PROPS(.delivery_mode = 2), TEXT("%d", i), .routing_key = NAME("q"));
    SEND(c, 2, queue_delete, .queue = NAME("q"));
    UNCORK(c);
    RECV(c, 2, queue_delete_ok);
    await_confirms(t, c, 1, 50);
    QUIET(c, 1);
}

/* Transactions and confirms exclude each other. */
WIRE_CASE(not_with_tx, .title = "confirm.select on a transactional channel, and the reverse",
          .rules = "ext.confirms.tx-then-confirm ext.confirms.confirm-then-tx")
{
    struct peer *c = OPEN(.channels = 2);

    CALL(c, 1, tx_select);
    SEND(c, 1, confirm_select);
    REFUSED(c, 1, PRECONDITION_FAILED, confirm_select);
    CALL(c, 2, confirm_select);
    SEND(c, 2, tx_select);
    REFUSED(c, 2, PRECONDITION_FAILED, tx_select);
    CALL(c, 1, confirm_select);
    CALL(c, 2, tx_select);
}

CLIENT_CASE(each_once, .title = "publishes in a row are confirmed",
            .rules = "ext.confirms.each-once ext.confirms.sequence-from-one")
{
    struct session *s = SESSION();

    DO(s, 1, confirm_select);
    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    for (int i = 1; i <= 50; i++)
        PUB(s, 1, TEXT("%d", i), .routing_key = NAME("q"));
    CONFIRMED(s, 1, 50);
}
