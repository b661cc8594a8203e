/* A node is cut off from the others, not from its clients: the majority goes on, the minority must
   not promise anything. Then the partition is healed. */
#define CHAPTER "cluster"
#include "suites/cluster.h"

enum { MINORITY_MS = 1000 };

/* In the minority: no confirm. Silence is allowed, and so is to be disconnected. */
static void promises_nothing(struct t *t, struct party *p)
{
    enum heard h;

    STEP("the minority promises nothing");
    publishes(t, p, 20);
    do
        h = hears(t, p, MINORITY_MS);
    while (h == HEARD_CLOSE);
    for (unsigned i = 1; i <= p->published; i++)
        CHECK(i <= 10 || !p->books->at[p->number[i]].confirmed,
              "message %u is confirmed, by a node that is cut off from the others", p->number[i]);
    CHECK(h == HEARD_NOTHING || h == HEARD_END, "silence, or the end of the connection");
    if (h == HEARD_END)
        NOTE("the node disconnected its clients");
    else
        t_drop_rst(t, p->c);
}

/* What either side had confirmed is there afterwards, in order, also at the node that was alone. */
static void splits(struct t *t, struct books *b)
{
    struct party *alone = party_at(t, b, BROKEN_NODE), *p = party_at(t, b, 1);

    publishes_safely(t, alone, 10);
    publishes_safely(t, p, 90);
    cluster_broken(t, PARTITION);
    books_disturbed(b);
    promises_nothing(t, alone);
    STEP("the majority goes on");
    publishes_safely(t, p, 100);
    STEP("the partition is healed");
    cluster_mended(t);
    publishes_safely(t, party_at(t, b, BROKEN_NODE), 10);
    books_balance(t, b, BROKEN_NODE);
}

ON_REPLICAS(leader_alone, PARTITION, "a partition with the leader in the minority loses nothing",
            "ext.quorum.minority-confirms-nothing ext.quorum.leader-election "
            "ext.partitions.nothing-confirmed-lost",
            "ext.partitions.pause-minority ext.partitions.nothing-confirmed-lost "
            "ext.mirrored.promotion")
{
    splits(t, replicated(t, kind, BROKEN_NODE));
}

ON_REPLICAS(follower_alone, PARTITION, "a partition with a follower in the minority loses nothing",
            "ext.quorum.minority-confirms-nothing ext.quorum.confirm-by-majority "
            "ext.partitions.nothing-confirmed-lost",
            "ext.partitions.pause-minority ext.partitions.nothing-confirmed-lost")
{
    splits(t, replicated(t, kind, 2));
}

/* Who consumes in the minority is told of it, or has its messages afterwards. */
ON_REPLICAS(consumer_alone, PARTITION, "a consumer in the minority is told, or moved",
            "ext.quorum.requeued-after-node-loss ext.partitions.nothing-confirmed-lost",
            "ext.mirrored.requeued-after-failover ext.partitions.pause-minority")
{
    struct books *b = replicated(t, kind, BROKEN_NODE);
    struct party *p = party_at(t, b, 1), *alone = party_at(t, b, BROKEN_NODE);
    enum heard h;

    publishes_safely(t, p, 20);
    consumes(t, alone);
    for (int i = 1; i <= 20; i++)
        receives(t, alone, i <= 10);
    settles(t, alone);
    cluster_broken(t, PARTITION);
    books_disturbed(b);
    publishes_safely(t, p, 10);
    cluster_mended(t);
    do
        h = hears(t, alone, 0);
    while (h == HEARD_DELIVERY && alone->got != 31);
    CHECK(h == HEARD_DELIVERY || h == HEARD_CANCEL || h == HEARD_END || h == HEARD_CLOSE,
          "a delivery, basic.cancel, or the end");
    if (h != HEARD_END)
        CLOSE(alone->c);
    books_balance(t, b, 2);
}
