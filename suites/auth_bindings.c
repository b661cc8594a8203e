/* Permissions for bindings: write on what it leads to, read on what it comes from; of queues and of
   exchanges, made and taken away. "mine" may write to names with ".target" and read from names with
   ".source"; all belongs to this run's user. */
#define CHAPTER "auth"
#include "suites/steps.h"

static struct peer *mine(struct t *t)
{
    return OPEN(.user = S("amqproof-mine"), .password = S("mine"));
}

/* Two queues or exchanges to bind to, two exchanges to bind from: of each the first is allowed. */
struct ends {
    struct str to, to_shut, from, from_shut;
};

static void queue_ends(struct t *t, struct peer *owner, struct ends *e)
{
    *e = (struct ends){ NAME("target-q"), NAME("source-q"), NAME("source-x"), NAME("target-x") };
    CALL(owner, 1, queue_declare, .queue = e->to);
    CALL(owner, 1, queue_declare, .queue = e->to_shut);
    CALL(owner, 1, exchange_declare, .exchange = e->from, .type = S("fanout"));
    CALL(owner, 1, exchange_declare, .exchange = e->from_shut, .type = S("fanout"));
}

static void queue_ends_go(struct t *t, struct peer *owner, const struct ends *e)
{
    CALL(owner, 1, queue_delete, .queue = e->to);
    CALL(owner, 1, queue_delete, .queue = e->to_shut);
    CALL(owner, 1, exchange_delete, .exchange = e->from);
    CALL(owner, 1, exchange_delete, .exchange = e->from_shut);
}

WIRE_CASE(bind_queue,
          .title = "permissions: Queue.Bind needs write on the queue and read on the exchange",
          .rules = "ext.access.queue-bind constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct ends e;

    queue_ends(t, owner, &e);
    SEND(c, 1, queue_bind, .queue = e.to_shut, .exchange = e.from);
    REFUSED(c, 1, ACCESS_REFUSED, queue_bind);
    SEND(c, 1, queue_bind, .queue = e.to, .exchange = e.from_shut);
    REFUSED(c, 1, ACCESS_REFUSED, queue_bind);
    CALL(c, 1, queue_bind, .queue = e.to, .exchange = e.from);
    STEP("one of three is bound");
    PUBLISH(owner, 1, S("bound"), .exchange = e.from);
    PUBLISH(owner, 1, S("not bound"), .exchange = e.from_shut);
    await_queue(t, owner, 1, e.to, 1, -1);
    GET(owner, 1, e.to, S("bound"));
    GET_EMPTY(owner, 1, e.to);
    GET_EMPTY(owner, 1, e.to_shut);
    queue_ends_go(t, owner, &e);
}

WIRE_CASE(unbind_queue,
          .title = "permissions: Queue.Unbind needs write on the queue and read on the exchange",
          .rules = "ext.access.queue-bind", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct ends e;

    queue_ends(t, owner, &e);
    CALL(owner, 1, queue_bind, .queue = e.to_shut, .exchange = e.from);
    CALL(owner, 1, queue_bind, .queue = e.to, .exchange = e.from_shut);
    CALL(owner, 1, queue_bind, .queue = e.to, .exchange = e.from);
    SEND(c, 1, queue_unbind, .queue = e.to_shut, .exchange = e.from);
    REFUSED(c, 1, ACCESS_REFUSED, queue_unbind);
    SEND(c, 1, queue_unbind, .queue = e.to, .exchange = e.from_shut);
    REFUSED(c, 1, ACCESS_REFUSED, queue_unbind);
    CALL(c, 1, queue_unbind, .queue = e.to, .exchange = e.from);
    STEP("two of three are still bound");
    PUBLISH(owner, 1, S("from"), .exchange = e.from);
    PUBLISH(owner, 1, S("from shut"), .exchange = e.from_shut);
    await_queue(t, owner, 1, e.to, 1, -1);
    GET(owner, 1, e.to, S("from shut"));
    GET_EMPTY(owner, 1, e.to);
    GET(owner, 1, e.to_shut, S("from"));
    queue_ends_go(t, owner, &e);
}

/* The exchanges of the binding, and a queue behind each destination to see what came. */
static void exchange_ends(struct t *t, struct peer *owner, struct ends *e)
{
    *e = (struct ends){ NAME("target-a"), NAME("source-a"), NAME("source-b"), NAME("target-b") };
    CALL(owner, 1, exchange_declare, .exchange = e->to, .type = S("fanout"));
    CALL(owner, 1, exchange_declare, .exchange = e->to_shut, .type = S("fanout"));
    CALL(owner, 1, exchange_declare, .exchange = e->from, .type = S("fanout"));
    CALL(owner, 1, exchange_declare, .exchange = e->from_shut, .type = S("fanout"));
    CALL(owner, 1, queue_declare, .queue = NAME("behind"));
    CALL(owner, 1, queue_declare, .queue = NAME("behind-shut"));
    CALL(owner, 1, queue_bind, .queue = NAME("behind"), .exchange = e->to);
    CALL(owner, 1, queue_bind, .queue = NAME("behind-shut"), .exchange = e->to_shut);
}

static void exchange_ends_go(struct t *t, struct peer *owner, const struct ends *e)
{
    CALL(owner, 1, queue_delete, .queue = NAME("behind"));
    CALL(owner, 1, queue_delete, .queue = NAME("behind-shut"));
    CALL(owner, 1, exchange_delete, .exchange = e->to);
    CALL(owner, 1, exchange_delete, .exchange = e->to_shut);
    CALL(owner, 1, exchange_delete, .exchange = e->from);
    CALL(owner, 1, exchange_delete, .exchange = e->from_shut);
}

WIRE_CASE(bind_exchange,
          .title = "permissions: Exchange.Bind needs write on the destination, read on the source",
          .rules = "ext.access.exchange-bind constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct ends e;

    exchange_ends(t, owner, &e);
    SEND(c, 1, exchange_bind, .destination = e.to_shut, .source = e.from);
    REFUSED(c, 1, ACCESS_REFUSED, exchange_bind);
    SEND(c, 1, exchange_bind, .destination = e.to, .source = e.from_shut);
    REFUSED(c, 1, ACCESS_REFUSED, exchange_bind);
    CALL(c, 1, exchange_bind, .destination = e.to, .source = e.from);
    STEP("one of three is bound");
    PUBLISH(owner, 1, S("bound"), .exchange = e.from);
    PUBLISH(owner, 1, S("not bound"), .exchange = e.from_shut);
    await_queue(t, owner, 1, NAME("behind"), 1, -1);
    GET(owner, 1, NAME("behind"), S("bound"));
    GET_EMPTY(owner, 1, NAME("behind"));
    GET_EMPTY(owner, 1, NAME("behind-shut"));
    exchange_ends_go(t, owner, &e);
}

WIRE_CASE(
    unbind_exchange,
    .title = "permissions: Exchange.Unbind needs write on the destination, read on the source",
    .rules = "ext.access.exchange-bind", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct ends e;

    exchange_ends(t, owner, &e);
    CALL(owner, 1, exchange_bind, .destination = e.to_shut, .source = e.from);
    CALL(owner, 1, exchange_bind, .destination = e.to, .source = e.from_shut);
    CALL(owner, 1, exchange_bind, .destination = e.to, .source = e.from);
    SEND(c, 1, exchange_unbind, .destination = e.to_shut, .source = e.from);
    REFUSED(c, 1, ACCESS_REFUSED, exchange_unbind);
    SEND(c, 1, exchange_unbind, .destination = e.to, .source = e.from_shut);
    REFUSED(c, 1, ACCESS_REFUSED, exchange_unbind);
    CALL(c, 1, exchange_unbind, .destination = e.to, .source = e.from);
    STEP("two of three are still bound");
    PUBLISH(owner, 1, S("from"), .exchange = e.from);
    PUBLISH(owner, 1, S("from shut"), .exchange = e.from_shut);
    await_queue(t, owner, 1, NAME("behind"), 1, -1);
    GET(owner, 1, NAME("behind"), S("from shut"));
    GET_EMPTY(owner, 1, NAME("behind"));
    GET(owner, 1, NAME("behind-shut"), S("from"));
    exchange_ends_go(t, owner, &e);
}
