/* Transactions: nothing counts before Commit, everything after it, nothing after Rollback. */
#define CHAPTER "tx"
#include "fixtures/harness/case.h"

/* A connection of two channels, the first transactional, and an exclusive queue. */
static struct peer *transacting(struct t *t)
{
    struct peer *c = OPEN(.channels = 2);

    CALL(c, 2, queue_declare, .queue = NAME("q"), .exclusive = true);
    CALL(c, 1, tx_select);
    return c;
}

WIRE_CASE(commit_publish, .title = "published messages are there after commit, not before",
          .rules = "tx.commit.doc-effects basic.publish.doc-on-commit tx.select.chassis-server "
                   "tx.commit.chassis-server tx.doc-grammar tx.commit.doc-new-transaction")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    PUBLISH(c, 1, S("1"), .routing_key = q);
    PUBLISH(c, 1, S("2"), .routing_key = q);
    QUIET(c, 1);
    GET_EMPTY(c, 2, q);
    CALL(c, 1, tx_commit);
    GET(c, 2, q, S("1"), .message_count = EQ(1));
    GET(c, 2, q, S("2"), .message_count = EQ(0));
    STEP("the next transaction has begun by itself");
    PUBLISH(c, 1, S("3"), .routing_key = q);
    QUIET(c, 1);
    GET_EMPTY(c, 2, q);
    CALL(c, 1, tx_commit);
    GET(c, 2, q, S("3"), .message_count = EQ(0));
}

WIRE_CASE(rollback_publish, .title = "published messages vanish on rollback",
          .rules = "tx.rollback.doc-discard tx.rollback.chassis-server")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    PUBLISH(c, 1, S("never"), .routing_key = q);
    CALL(c, 1, tx_rollback);
    CALL(c, 1, tx_commit);
    GET_EMPTY(c, 2, q);
    PUBLISH(c, 1, S("kept"), .routing_key = q);
    CALL(c, 1, tx_commit);
    GET(c, 2, q, S("kept"), .message_count = EQ(0));
}

WIRE_CASE(commit_ack, .title = "acknowledgements are final after commit",
          .rules = "tx.commit.doc-effects model.delivery-not-transacted")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    PUBLISH(c, 2, S("1"), .routing_key = q);
    PUBLISH(c, 2, S("2"), .routing_key = q);
    await_queue(t, c, 2, q, 2, 0);
    GET(c, 1, q, S("1"));
    GET(c, 1, q, S("2"));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    CALL(c, 1, tx_commit);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, 1, 0);
    GET(c, 2, q, S("2"), .redelivered = EQ(1), .message_count = EQ(0));
}

/* Uncommitted, an acknowledgement is nothing when the channel goes. */
WIRE_CASE(uncommitted_ack, .title = "acknowledgements without commit are lost with the channel",
          .rules = "tx.commit.doc-effects basic.10")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    PUBLISH(c, 2, S("1"), .routing_key = q);
    await_queue(t, c, 2, q, 1, 0);
    GET(c, 1, q, S("1"));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    PUBLISH(c, 1, S("never"), .routing_key = q);
    QUIET(c, 1);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, 1, 0);
    GET(c, 2, q, S("1"), .redelivered = EQ(1), .message_count = EQ(0));
}

/* After a rollback the message is held as before: not redelivered, and its tag can be used again.
 */
WIRE_CASE(rollback_ack, .title = "rollback takes acknowledgements back, and redelivers nothing",
          .rules = "tx.rollback.doc-no-redeliver tx.rollback.doc-discard "
                   "model.tx.rollback-keeps-deliveries")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    PUBLISH(c, 2, S("1"), .routing_key = q);
    CONSUME(c, 1, .queue = q);
    DELIVERED(c, 1, S("1"), .delivery_tag = EQ(1));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    CALL(c, 1, tx_rollback);
    await_queue(t, c, 1, q, 0, -1);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    CALL(c, 1, tx_commit);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, 0, 0);
    GET_EMPTY(c, 2, q);
}

/* What the transaction has acknowledged is outstanding no more: Recover leaves it to the commit. */
WIRE_CASE(recover, .title = "recover in a transaction leaves what was acknowledged in it",
          .rules = "tx.commit.doc-effects basic.recover.requeue.doc-requeue")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    CONSUME(c, 1, .queue = q);
    PUBLISH(c, 2, S("1"), .routing_key = q);
    PUBLISH(c, 2, S("2"), .routing_key = q);
    DELIVERED(c, 1, S("1"), .delivery_tag = EQ(1));
    DELIVERED(c, 1, S("2"), .delivery_tag = EQ(2));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    CALL(c, 1, basic_recover, .requeue = true);
    DELIVERED(c, 1, S("2"), .delivery_tag = EQ(3), .redelivered = EQ(1));
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, basic_ack, .delivery_tag = 3);
    CALL(c, 1, tx_commit);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, 0, 0);
    GET_EMPTY(c, 2, q);
}

/* Refusing waits for the commit like acknowledging, and is undone by a rollback. */
WIRE_CASE(reject, .title = "reject and nack take effect on commit",
          .rules = "ext.tx.reject-transactional tx.commit.doc-effects tx.rollback.doc-discard")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    for (int i = 1; i <= 3; i++)
        PUBLISH(c, 2, TEXT("%d", i), .routing_key = q);
    await_queue(t, c, 2, q, 3, 0);
    for (int i = 1; i <= 3; i++)
        GET(c, 1, q, TEXT("%d", i));
    SEND(c, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    SEND(c, 1, basic_nack, .delivery_tag = 2, .requeue = true);
    await_queue(t, c, 1, q, 0, 0);
    GET_EMPTY(c, 2, q);
    CALL(c, 1, tx_rollback);
    GET_EMPTY(c, 2, q);
    SEND(c, 1, basic_reject, .delivery_tag = 1, .requeue = true);
    SEND(c, 1, basic_nack, .delivery_tag = 2);
    GET_EMPTY(c, 2, q);
    CALL(c, 1, tx_commit);
    await_queue(t, c, 2, q, 1, 0);
    GET(c, 2, q, S("1"), .redelivered = EQ(1), .message_count = EQ(0));
    SEND(c, 1, basic_ack, .delivery_tag = 3);
    CALL(c, 1, tx_commit);
}

/* What is acknowledged but not committed is still held, and fills the window. */
WIRE_CASE(window, .title = "an acknowledgement frees the window when it is committed",
          .rules = "tx.commit.doc-effects basic.qos.prefetch-count.01")
{
    struct peer *c = transacting(t);
    struct str q = NAME("q");

    PUBLISH(c, 2, S("1"), .routing_key = q);
    PUBLISH(c, 2, S("2"), .routing_key = q);
    await_queue(t, c, 2, q, 2, 0);
    CALL(c, 1, basic_qos, .prefetch_count = 1);
    CONSUME(c, 1, .queue = q);
    DELIVERED(c, 1, S("1"), .delivery_tag = EQ(1));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET_QUEUE(c, 1, q);
    CALL(c, 1, tx_rollback);
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    CALL(c, 1, tx_commit);
    DELIVERED(c, 1, S("2"), .delivery_tag = EQ(2));
}

WIRE_CASE(not_selected, .title = "commit and rollback without select are refused",
          .rules = "tx.commit.transacted tx.rollback.transacted tx.select.doc-required-first")
{
    struct peer *c = OPEN();

    SEND(c, 1, tx_commit);
    REFUSED(c, 1, PRECONDITION_FAILED, tx_commit);
    SEND(c, 1, tx_rollback);
    REFUSED(c, 1, PRECONDITION_FAILED, tx_rollback);
    CALL(c, 1, tx_select);
    CALL(c, 1, tx_commit);
    CALL(c, 1, tx_rollback);
}

/* Selecting twice changes nothing, and loses nothing. */
WIRE_CASE(select_twice, .title = "tx.select twice", .rules = "tx.select.doc-repeat")
{
    struct peer *c = transacting(t);

    PUBLISH(c, 1, S("1"), .routing_key = NAME("q"));
    CALL(c, 1, tx_select);
    QUIET(c, 1);
    GET_EMPTY(c, 2, NAME("q"));
    CALL(c, 1, tx_commit);
    GET(c, 2, NAME("q"), S("1"), .message_count = EQ(0));
}

/* Other channels know nothing of the transaction. */
WIRE_CASE(own_channel, .title = "a transaction is its channel's alone",
          .rules = "model.tx.auto-commit-default")
{
    struct peer *c = transacting(t);

    PUBLISH(c, 1, S("waits"), .routing_key = NAME("q"));
    PUBLISH(c, 2, S("at once"), .routing_key = NAME("q"));
    GET(c, 2, NAME("q"), S("at once"), .message_count = EQ(0));
    SEND(c, 2, basic_ack, .delivery_tag = 1);
    QUIET(c, 2);
    CALL(c, 1, tx_commit);
    GET(c, 2, NAME("q"), S("waits"), .message_count = EQ(0));
}

/* A wrong tag is refused at once, not at the commit. */
WIRE_CASE(bad_tag, .title = "an unknown tag in a transaction is refused at once",
          .rules = "basic.ack.multiple.exists")
{
    struct peer *c = transacting(t);

    SEND(c, 1, basic_ack, .delivery_tag = 9);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    STEP("a tag acknowledged in this transaction is known no more");
    CALL(c, 1, tx_select);
    PUBLISH(c, 2, S("1"), .routing_key = NAME("q"));
    await_queue(t, c, 2, NAME("q"), 1, 0);
    GET(c, 1, NAME("q"), S("1"), .delivery_tag = EQ(1));
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET(c, 1);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    await_queue(t, c, 2, NAME("q"), 1, 0);
    GET(c, 2, NAME("q"), S("1"), .redelivered = EQ(1));
}

WIRE_CASE(returns_before_ok, .title = "returns of a transaction come before commit-ok",
          .rules = "ext.tx.returns-before-commit-ok")
{
    struct peer *c = transacting(t);

    PUBLISH(c, 1, S("m"), .routing_key = NAME("nobody"), .mandatory = true);
    QUIET(c, 1);
    SEND(c, 1, tx_commit);
    RETURNED(c, 1, S("m"), .reply_code = EQ(NO_ROUTE));
    RECV(c, 1, tx_commit_ok);
}

/* One that goes back takes nothing along: the others are committed, and whole. */
WIRE_CASE(return_beside, .title = "an unroutable message does not disturb its transaction",
          .rules = "tx.commit.doc-effects ext.tx.returns-before-commit-ok")
{
    struct peer *c = transacting(t);

    PUBLISH(c, 1, S("first, and longer than the others"), .routing_key = NAME("q"));
    PUBLISH(c, 1, S("lost"), .routing_key = NAME("nobody"), .mandatory = true);
    PUBLISH(c, 1, S("dropped"), .routing_key = NAME("nobody"));
    PUBLISH(c, 1, S("last"), .routing_key = NAME("q"));
    SEND(c, 1, tx_commit);
    RETURNED(c, 1, S("lost"), .reply_code = EQ(NO_ROUTE));
    RECV(c, 1, tx_commit_ok);
    GET(c, 2, NAME("q"), S("first, and longer than the others"), .message_count = EQ(1));
    GET(c, 2, NAME("q"), S("last"), .message_count = EQ(0));
}

/* Then there is nobody to take the message, which is no reason not to commit. */
WIRE_CASE(queue_gone, .title = "commit after the queue of a publish was deleted",
          .rules = "tx.commit.chassis-server tx.commit.doc-new-transaction")
{
    struct peer *c = transacting(t);

    PUBLISH(c, 1, S("1"), .routing_key = NAME("q"));
    QUIET(c, 1);
    CALL(c, 2, queue_delete, .queue = NAME("q"));
    CALL(c, 1, tx_commit);
    CALL(c, 2, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUBLISH(c, 1, S("2"), .routing_key = NAME("q"));
    CALL(c, 1, tx_commit);
    GET(c, 2, NAME("q"), S("2"), .message_count = EQ(0));
}

/* Declares and binds are not part of it. */
WIRE_CASE(topology_not, .title = "declares and binds do not wait for commit",
          .rules = "ext.tx.topology-not")
{
    struct peer *c = transacting(t);

    CALL(c, 1, queue_declare, .queue = NAME("other"), .exclusive = true);
    CALL(c, 1, tx_rollback);
    CALL(c, 2, queue_declare, .queue = NAME("other"), .passive = true);
    PUBLISH(c, 2, S("m"), .routing_key = NAME("other"));
    GET(c, 2, NAME("other"), S("m"));
}

CLIENT_CASE(commit_publish, .title = "published messages are there after commit, not before",
            .rules = "tx.commit.doc-effects basic.publish.doc-on-commit")
{
    struct session *s = SESSION(), *other = SESSION();

    DO(other, 1, queue_declare, .queue = NAME("q"));
    DO(s, 1, tx_select);
    PUB(s, 1, S("1"), .routing_key = NAME("q"));
    want_quiet(t, s, 1, NAME("q"));
    FETCH_EMPTY(other, 1, NAME("q"));
    DO(s, 1, tx_commit);
    FETCH(other, 1, NAME("q"), S("1"));
    PUB(s, 1, S("2"), .routing_key = NAME("q"));
    DO(s, 1, tx_rollback);
    FETCH_EMPTY(other, 1, NAME("q"));
    DO(other, 1, queue_delete, .queue = NAME("q"));
}
