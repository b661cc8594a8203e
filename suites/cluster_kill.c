/* A node of the cluster is killed, and comes back. Queues declared at that node are led by it. */
#define CHAPTER "cluster"
#include "suites/cluster.h"

/* What is confirmed is at the other nodes as well: in order, once, and before the dead one is back.
 */
static void survives(struct t *t, struct books *b)
{
    struct party *p = party_at(t, b, 1);

    publishes_safely(t, p, 300);
    cluster_broken(t, NODE_KILL);
    books_disturbed(b);
    STEP("two nodes are left, and do as three did");
    publishes_safely(t, p, 100);
    consumes(t, p);
    for (int i = 1; i <= 200; i++)
        receives(t, p, true);
    settles(t, p);
    CLOSE(p->c);
    STEP("the third is back");
    cluster_mended(t);
    publishes_safely(t, party_at(t, b, BROKEN_NODE), 100);
    books_balance(t, b, BROKEN_NODE);
}

ON_REPLICAS(leader_killed, NODE_KILL, "confirmed messages survive the kill of the leader",
            "ext.quorum.confirm-by-majority ext.quorum.leader-election "
            "ext.reliability.at-least-once conventions.persistent-not-lost",
            "ext.mirrored.confirm-by-all ext.mirrored.promotion ext.reliability.at-least-once "
            "conventions.persistent-not-lost")
{
    survives(t, replicated(t, kind, BROKEN_NODE));
}

ON_REPLICAS(follower_killed, NODE_KILL, "confirmed messages survive the kill of a minority",
            "ext.quorum.confirm-by-majority ext.reliability.at-least-once",
            "ext.mirrored.confirm-by-all ext.reliability.at-least-once")
{
    survives(t, replicated(t, kind, 2));
}

/* The dead node was the publisher's: its connection ends, and what it had been told holds. What it
   had not been told is there, or is not; never out of order, and never twice. */
ON_REPLICAS(publisher_cut_short, NODE_KILL, "a publisher's node dies: what was confirmed is there",
            "ext.cluster.connection-ends ext.quorum.confirm-by-majority "
            "ext.reliability.at-least-once",
            "ext.cluster.connection-ends ext.mirrored.confirm-by-all ext.mirrored.promotion "
            "ext.reliability.at-least-once")
{
    struct books *b = replicated(t, kind, BROKEN_NODE);
    struct party *p = party_at(t, b, BROKEN_NODE);

    publishes_safely(t, p, 100);
    publishes(t, p, 400);
    cluster_broken(t, NODE_KILL);
    books_disturbed(b);
    hears_the_end(t, p);
    cluster_mended(t);
    books_balance(t, b, 1);
}

/* A publisher elsewhere has its answer for each message, whatever became of the leader. */
ON_REPLICAS(publisher_elsewhere, NODE_KILL, "the leader dies: a publisher elsewhere is not stuck",
            "ext.quorum.leader-election ext.quorum.confirm-by-majority",
            "ext.mirrored.promotion ext.mirrored.confirm-by-all")
{
    struct books *b = replicated(t, kind, BROKEN_NODE);
    struct party *p = party_at(t, b, 2);

    publishes(t, p, 500);
    cluster_broken(t, NODE_KILL);
    books_disturbed(b);
    hears_answers(t, p);
    publishes_safely(t, p, 10);
    cluster_mended(t);
    books_balance(t, b, 1);
}

/* A consumer dies with its node: what it held comes again, marked; what it had acknowledged, and
   that was settled, does not. */
ON_REPLICAS(consumer_cut_short, REVISED(NODE_KILL, 2),
            "a consumer's node dies: what it held comes again",
            "ext.cluster.connection-ends ext.quorum.requeued-after-node-loss",
            "ext.cluster.connection-ends ext.mirrored.requeued-after-failover")
{
    struct books *b = replicated(t, kind, BROKEN_NODE);
    struct party *p = party_at(t, b, 1), *consumer = party_at(t, b, BROKEN_NODE), *next;

    publishes_safely(t, p, 40);
    consumes(t, consumer);
    for (int i = 1; i <= 20; i++)
        receives(t, consumer, i <= 10);
    settles(t, consumer);
    cluster_broken(t, NODE_KILL);
    books_disturbed(b);
    hears_the_end(t, consumer);
    STEP("31 messages were held, or waited");
    next = party_at(t, b, 2);
    await_returned(t, next->c, b->queue, 31);
    consumes(t, next);
    for (int i = 11; i <= 41; i++)
        receives(t, next, true);
    CHECK(next->got == 41, "the last is message 41, not %u", next->got);
    settles(t, next);
    CLOSE(next->c);
    cluster_mended(t);
    books_balance(t, b, 1);
}

/* A consumer of another node is told by basic.cancel, or goes on: it is not left waiting. */
static void goes_on_or_is_told(struct t *t, struct party *p, unsigned number)
{
    enum heard h;

    do {
        h = hears(t, p, 0);
        if (h == HEARD_DELIVERY)
            acknowledges(t, p);
    } while (h == HEARD_ANSWER || (h == HEARD_DELIVERY && p->got != number));
    if (h == HEARD_CANCEL)
        NOTE("its consumer was cancelled");
    CHECK(h == HEARD_DELIVERY || h == HEARD_CANCEL, "a delivery, or basic.cancel");
}

ON_REPLICAS(consumer_elsewhere, NODE_KILL, "the leader dies: a consumer elsewhere is not stuck",
            "ext.quorum.leader-election ext.consumer-cancel.node-lost",
            "ext.mirrored.promotion ext.mirrored.requeued-after-failover "
            "ext.consumer-cancel.node-lost")
{
    struct books *b = replicated(t, kind, BROKEN_NODE);
    struct party *p = party_at(t, b, 2), *consumer = party_at(t, b, 1);

    publishes_safely(t, p, 20);
    consumes(t, consumer);
    for (int i = 1; i <= 20; i++)
        receives(t, consumer, i <= 10);
    cluster_broken(t, NODE_KILL);
    books_disturbed(b);
    publishes_safely(t, p, 1);
    goes_on_or_is_told(t, consumer, 21);
    settles(t, consumer);
    CLOSE(consumer->c);
    cluster_mended(t);
    books_balance(t, b, 1);
}

/* ---- Queues without replicas ------------------------------------------------------- */

/* What is at the dead node alone: transient queues are gone for good, exclusive ones with their
   connection; a durable one cannot be used, nor be declared elsewhere instead, and comes back
   with its messages. */
WIRE_CASE(queues_of_a_dead_node,
          .title = "a node dies: transient queues are gone, durable ones wait",
          .rules = "ext.cluster.transient-queue-gone ext.cluster.durable-queue-waits "
                   "ext.cluster.connection-ends queue.declare.exclusive.doc-deleted-on-close "
                   "conventions.persistent-not-lost",
          .restart = NODE_KILL, .needs = "cluster")
{
    struct peer *there = OPEN(NODE(BROKEN_NODE)), *here = OPEN(NODE(1));
    struct books *b = books_of(t, NAME("durable"));

    CALL(there, 1, queue_declare, .queue = NAME("transient"));
    CALL(there, 1, queue_declare, .queue = NAME("exclusive"), .exclusive = true);
    CALL(there, 1, queue_declare, .queue = b->queue, .durable = true);
    await_known(t, here, NAME("transient"));
    queue_reaches(t, b->queue);
    publishes_safely(t, party_at(t, b, 1), 50);
    cluster_broken(t, NODE_KILL);
    books_disturbed(b);
    HANGUP(there);
    await_no_queue(t, here, 1, NAME("transient"));
    await_no_queue(t, here, 1, NAME("exclusive"));
    STEP("the durable queue waits for its node");
    SEND(here, 1, queue_declare, .queue = b->queue, .passive = true);
    REFUSED(here, 1, NOT_FOUND, queue_declare);
    SEND(here, 1, queue_declare, .queue = b->queue, .durable = true);
    REFUSED(here, 1, NOT_FOUND, queue_declare);
    cluster_mended(t);
    STEP("its node is back");
    await_queue(t, here, 1, b->queue, 50, 0);
    books_balance(t, b, 2);
}

/* Its consumers at other nodes are told. */
WIRE_CASE(consumer_of_a_dead_queue, .title = "a node dies: consumers of its queues are cancelled",
          .rules = "ext.consumer-cancel.node-lost", .restart = NODE_KILL, .needs = "cluster")
{
    struct peer *there = OPEN(NODE(BROKEN_NODE)), *here = OPEN(NODE(1));
    struct str q = NAME("q");

    CALL(there, 1, queue_declare, .queue = q, .durable = true);
    await_known(t, here, q);
    CONSUME(here, 1, .queue = q, .consumer_tag = S("c"));
    cluster_broken(t, NODE_KILL);
    RECV(here, 1, basic_cancel, .consumer_tag = IS(S("c")));
    QUIET(here, 1);
    HANGUP(there);
    cluster_mended(t);
    CALL(here, 1, queue_delete, .queue = q);
}
