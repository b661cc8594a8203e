/* A cluster that is well: one broker, whichever node a client is connected to. */
#define CHAPTER "cluster"
#include "suites/cluster.h"

static struct str cluster_name(struct t *t, struct peer *c)
{
    const struct trace_event *e = trace_find(TRACE(c), NULL, 'S', M_connection_start);
    const struct m_connection_start *start = e->frame.args;
    const struct value *name = table_find(start->server_properties, S("cluster_name"));

    CHECK(name && name->tag == 'S' && name->s.n > 0, "a cluster_name, a long string");
    return name->s;
}

/* A client may be connected to any of the nodes, and all say that they are the same cluster. */
WIRE_CASE(every_node, .title = "every node takes connections, and names the same cluster",
          .rules = "ext.cluster.any-node ext.cluster.name-everywhere ext.connections.cluster-name",
          .needs = "cluster")
{
    struct str first = S("");

    for (unsigned n = 1; n <= 3; n++) {
        struct str name;

        STEP("node %u", n);
        name = cluster_name(t, OPEN(NODE(n)));
        CHECK(n == 1 || str_eq(name, first), "'%.*s' instead of '%.*s'", STR_ARGS(name),
              STR_ARGS(first));
        first = name;
    }
}

enum { TRIES = 200, PAUSE_MS = 20 };

static void await_exchange(struct t *t, struct peer *c, struct str x, bool there)
{
    struct either fair = { .ok = M_exchange_declare_ok, .channel_code = NOT_FOUND };

    for (int tries = 0;; tries++) {
        SEND(c, 1, exchange_declare, .exchange = x, .passive = true);
        if ((either(t, c, fair) == ACCEPTED) == there)
            return;
        CHECK(tries < TRIES, "an exchange that was %s at another node",
              there ? "declared" : "deleted");
        SILENT_FOR(c, PAUSE_MS);
    }
}

/* Until this node has heard of the queue, and that it is another's. */
static void await_locked(struct t *t, struct peer *c, struct str q)
{
    for (int tries = 0;; tries++) {
        uint16_t code;

        SEND(c, 1, queue_declare, .queue = q, .passive = true);
        code = REFUSED_ONE_OF(c, 1, queue_declare, RESOURCE_LOCKED, NOT_FOUND);
        if (code == RESOURCE_LOCKED)
            return;
        CHECK(tries < TRIES, "a queue that was declared at another node");
        SILENT_FOR(c, PAUSE_MS);
    }
}

/* Publishes once by way of the exchange: did it arrive in a queue? */
static bool routed(struct t *t, struct peer *c, struct str x)
{
    struct next n;

    PUBLISH(c, 1, S("m"), .exchange = x, .routing_key = S("k"), .mandatory = true);
    n = NEXT(c);
    CHECK(n.kind == GOT_FRAME && n.frame.method, "basic.ack, or basic.return before it");
    if (n.frame.method->id == M_basic_ack)
        return true;
    CHECK(n.frame.method->id == M_basic_return, "%s", n.frame.method->name);
    NEXT(c); /* the header */
    NEXT(c); /* the body */
    RECV(c, 1, basic_ack);
    return false;
}

/* Until bindings that were made, or taken away, at another node count at this one. */
static void await_routing(struct t *t, struct peer *c, struct str x, bool there)
{
    CALL(c, 1, confirm_select);
    for (int tries = 0; routed(t, c, x) != there; tries++) {
        CHECK(tries < TRIES, "a binding that was %s at another node", there ? "made" : "removed");
        SILENT_FOR(c, PAUSE_MS);
    }
}

/* What is declared at one node is there at the others, and so is its deletion. */
WIRE_CASE(definitions, .title = "exchanges, queues and bindings are the same at every node",
          .rules = "ext.cluster.definitions-everywhere", .needs = "cluster", .revision = 2)
{
    struct peer *at[] = { NULL, OPEN(NODE(1)), OPEN(NODE(2)), OPEN(NODE(3)) };
    struct str q = NAME("q"), x = NAME("x");

    CALL(at[1], 1, queue_declare, .queue = q, .durable = true);
    CALL(at[1], 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true);
    CALL(at[1], 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("k"));
    for (unsigned n = 1; n <= 3; n++) {
        STEP("node %u", n);
        await_known(t, at[n], q);
        await_exchange(t, at[n], x, true);
        SEND(at[n], 1, exchange_declare, .exchange = x, .type = S("fanout"), .durable = true);
        REFUSED(at[n], 1, PRECONDITION_FAILED, exchange_declare);
        await_routing(t, at[n], x, true);
    }
    for (unsigned n = 1; n <= 3; n++)
        await_queue(t, at[n], 1, q, 3, 0);
    CALL(at[3], 1, queue_unbind, .queue = q, .exchange = x, .routing_key = S("k"));
    for (unsigned n = 1; n <= 3; n++) {
        STEP("unbound, node %u", n);
        await_routing(t, at[n], x, false);
    }
    CALL(at[2], 1, queue_delete, .queue = q);
    CALL(at[2], 1, exchange_delete, .exchange = x);
    for (unsigned n = 1; n <= 3; n++) {
        STEP("deleted, node %u", n);
        await_no_queue(t, at[n], 1, q);
        await_exchange(t, at[n], x, false);
    }
}

/* An exclusive queue is its connection's alone, wherever others are connected; with it, it goes. */
WIRE_CASE(exclusive_queue, .title = "an exclusive queue is locked at every node",
          .rules = "ext.cluster.exclusive-everywhere queue.declare.exclusive.exclusive "
                   "queue.declare.exclusive.doc-deleted-on-close",
          .needs = "cluster")
{
    struct peer *owner = OPEN(NODE(3)), *other = OPEN(NODE(1));
    struct str q = NAME("q");

    CALL(owner, 1, queue_declare, .queue = q, .exclusive = true);
    await_locked(t, other, q);
    SEND(other, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_declare);
    SEND(other, 1, basic_consume, .queue = q);
    REFUSED(other, 1, RESOURCE_LOCKED, basic_consume);
    CLOSE(owner);
    await_no_queue(t, other, 1, q);
}

/* Publish at one node, consume at another, of a queue that is at the third. */
static void crosses_over(struct t *t, struct books *b)
{
    struct party *from = party_at(t, b, 1), *to = party_at(t, b, 2);

    consumes(t, to);
    publishes_safely(t, from, 200);
    for (int i = 1; i <= 150; i++)
        receives(t, to, true);
    settles(t, to);
    CLOSE(to->c);
    await_queue(t, from->c, 1, b->queue, 51, 0);
    books_balance(t, b, 3);
}

/* The queue is at node 3 alone. */
WIRE_CASE(crossing, .title = "published at one node, consumed at another, of a queue at the third",
          .rules = "ext.cluster.any-node model.queue.fifo-single-reader", .needs = "cluster")
{
    struct peer *c = OPEN(NODE(3));

    CALL(c, 1, queue_declare, .queue = NAME("q"), .durable = true);
    queue_reaches(t, NAME("q"));
    crosses_over(t, books_of(t, NAME("q")));
}

/* The queue is at all nodes, and led by node 3. */
ON_REPLICAS(crossing_replicas, NO_RESTART, "published at one node, consumed at another",
            "ext.cluster.any-node model.queue.fifo-single-reader ext.quorum.confirm-by-majority",
            "ext.cluster.any-node model.queue.fifo-single-reader ext.mirrored.confirm-by-all")
{
    crosses_over(t, replicated(t, kind, 3));
}
