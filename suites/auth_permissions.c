/* Permissions: who may configure, write and read what, by patterns over names. The owner of all
   things is this run's user. Two others try: the writer may not read; "mine" may do everything with
   names that hold ".mine", write to ".target", read from ".source", configure ".kept". Whatever is
   refused closes the channel with 403, blames the method, and has not happened. */
#define CHAPTER "auth"
#include "suites/steps.h"

static struct peer *writer(struct t *t)
{
    return OPEN(.user = S("amqproof-writer"), .password = S("writer"));
}

static struct peer *mine(struct t *t)
{
    return OPEN(.user = S("amqproof-mine"), .password = S("mine"));
}

/* ---- Configure --------------------------------------------------------------------------- */

WIRE_CASE(configure_queue, .title = "permissions: declaring and deleting a queue needs configure",
          .rules = "ext.access.queue-declare constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str own = NAME("mine-q"), other = NAME("q");

    CALL(c, 1, queue_declare, .queue = own);
    SEND(c, 1, queue_declare, .queue = NAME("new"));
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    never_declared(t, &(struct witness){ .c = owner }, NAME("new"));
    STEP("a queue that is there, declared the same way");
    CALL(owner, 1, queue_declare, .queue = other);
    SEND(c, 1, queue_declare, .queue = other);
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    STEP("deleting");
    SEND(c, 1, queue_delete, .queue = other);
    REFUSED(c, 1, ACCESS_REFUSED, queue_delete);
    CALL(owner, 1, queue_declare, .queue = other, .passive = true);
    CALL(c, 1, queue_delete, .queue = own);
    CALL(owner, 1, queue_delete, .queue = other);
}

WIRE_CASE(configure_exchange,
          .title = "permissions: declaring and deleting an exchange needs configure",
          .rules = "ext.access.exchange-declare constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str own = NAME("mine-x"), other = NAME("x");

    CALL(c, 1, exchange_declare, .exchange = own, .type = S("fanout"));
    SEND(c, 1, exchange_declare, .exchange = NAME("new"), .type = S("fanout"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    SEND(owner, 1, exchange_declare, .exchange = NAME("new"), .passive = true);
    REFUSED(owner, 1, NOT_FOUND, exchange_declare);
    CALL(owner, 1, exchange_declare, .exchange = other, .type = S("fanout"));
    SEND(c, 1, exchange_declare, .exchange = other, .type = S("fanout"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    SEND(c, 1, exchange_delete, .exchange = other);
    REFUSED(c, 1, ACCESS_REFUSED, exchange_delete);
    CALL(owner, 1, exchange_declare, .exchange = other, .passive = true);
    CALL(c, 1, exchange_delete, .exchange = own);
    CALL(owner, 1, exchange_delete, .exchange = other);
}

/* The name that the broker makes up is a name like others: amq.gen-… */
WIRE_CASE(configure_server_named,
          .title = "permissions: a queue the broker names needs configure on amq.gen-",
          .rules = "ext.access.server-named-prefix ext.access.queue-declare", .needs = "users")
{
    struct peer *allowed = writer(t), *c = mine(t);
    const struct m_queue_declare_ok *ok;
    struct str q;

    ok = CALL(allowed, 1, queue_declare, .queue = S(""), .exclusive = true);
    q = ok->queue;
    CHECK(q.n > 8 && str_eq(first_octets(q, 8), S("amq.gen-")), "a generated name: %.*s",
          STR_ARGS(q));
    SEND(c, 1, queue_declare, .queue = S(""), .exclusive = true);
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    SEND(allowed, 1, queue_declare, .queue = NAME("q"));
    REFUSED(allowed, 1, ACCESS_REFUSED, queue_declare);
    CALL(allowed, 1, queue_delete, .queue = q);
}

/* Asking whether something is there takes one right on it; which one, does not matter. */
WIRE_CASE(passive_with_any_right,
          .title = "permissions: a passive declare works with any one right on the object",
          .rules = "ext.access.passive-any-right", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str q = NAME("source-q"), x = NAME("target-x");

    CALL(owner, 1, queue_declare, .queue = q);
    CALL(owner, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    STEP("a queue to read from, an exchange to write to");
    CALL(c, 1, queue_declare, .queue = q, .passive = true);
    CALL(c, 1, exchange_declare, .exchange = x, .passive = true);
    STEP("the same, not passive");
    SEND(c, 1, queue_declare, .queue = q);
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    CALL(owner, 1, queue_delete, .queue = q);
    CALL(owner, 1, exchange_delete, .exchange = x);
}

/* Whether it takes a right to ask has changed with the years. It is not one way for queues and
   another for exchanges, and where it does take one, names cannot be learned by trying them. */
WIRE_CASE(passive_without_rights,
          .title = "permissions: a passive declare without any right is served always, or never",
          .rules = "ext.access.passive-any-right", .needs = "users", .revision = 2)
{
    struct either of_queue = { M_queue_declare_ok, ACCESS_REFUSED, 0 };
    struct either of_exchange = { M_exchange_declare_ok, ACCESS_REFUSED, 0 };
    struct peer *owner = OPEN(), *c = mine(t);
    struct str q = NAME("q"), x = NAME("x");
    bool served;

    CALL(owner, 1, queue_declare, .queue = q);
    CALL(owner, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    served = either(t, c, of_queue) == ACCEPTED;
    SEND(c, 1, exchange_declare, .exchange = x, .passive = true);
    CHECK((either(t, c, of_exchange) == ACCEPTED) == served, "a queue's is %s, an exchange's not",
          served ? "served" : "refused");
    STEP("what is not there");
    SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
    REFUSED(c, 1, served ? NOT_FOUND : ACCESS_REFUSED, queue_declare);
    SEND(c, 1, exchange_declare, .exchange = NAME("nobody"), .passive = true);
    REFUSED(c, 1, served ? NOT_FOUND : ACCESS_REFUSED, exchange_declare);
    if (served)
        INFO("who has no right on a queue or an exchange may ask for it all the same");
    CALL(owner, 1, queue_delete, .queue = q);
    CALL(owner, 1, exchange_delete, .exchange = x);
}

/* What cannot be routed goes on to the alternate, in the name of the one who declared it. */
WIRE_CASE(alternate_exchange,
          .title = "permissions: an alternate exchange needs write on it and read on the exchange",
          .rules = "ext.ae.permissions", .needs = "users", .revision = 2)
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str x = NAME("mine-x"), kept = NAME("kept-x");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("fanout"),
         .arguments = TABLE(ARG("alternate-exchange", LONGSTR(NAME("target-x")))));
    CALL(c, 1, exchange_delete, .exchange = x);
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("fanout"),
         .arguments = TABLE(ARG("alternate-exchange", LONGSTR(NAME("source-x")))));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    SEND(owner, 1, exchange_declare, .exchange = x, .passive = true);
    REFUSED(owner, 1, NOT_FOUND, exchange_declare);
    STEP("write without read: not with an alternate, but without");
    SEND(c, 1, exchange_declare, .exchange = kept, .type = S("fanout"),
         .arguments = TABLE(ARG("alternate-exchange", LONGSTR(NAME("target-x")))));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    SEND(owner, 1, exchange_declare, .exchange = kept, .passive = true);
    REFUSED(owner, 1, NOT_FOUND, exchange_declare);
    CALL(c, 1, exchange_declare, .exchange = kept, .type = S("fanout"));
    CALL(c, 1, exchange_delete, .exchange = kept);
}

WIRE_CASE(dead_letter_exchange,
          .title = "permissions: a dead letter exchange needs write on it and read on the queue",
          .rules = "ext.dlx.permissions", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t), *w = writer(t);
    struct str q = NAME("mine-q");

    CALL(c, 1, queue_declare, .queue = q,
         .arguments = TABLE(ARG("x-dead-letter-exchange", LONGSTR(NAME("target-x")))));
    CALL(c, 1, queue_delete, .queue = q);
    SEND(c, 1, queue_declare, .queue = q,
         .arguments = TABLE(ARG("x-dead-letter-exchange", LONGSTR(NAME("source-x")))));
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    never_declared(t, &(struct witness){ .c = owner }, q);
    STEP("write without read");
    SEND(w, 1, queue_declare, .queue = S(""), .exclusive = true,
         .arguments = TABLE(ARG("x-dead-letter-exchange", LONGSTR(NAME("target-x")))));
    REFUSED(w, 1, ACCESS_REFUSED, queue_declare);
}

/* ---- Write ------------------------------------------------------------------------------- */

WIRE_CASE(publish_needs_write, .title = "permissions: publishing needs write on the exchange",
          .rules = "ext.access.publish constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str q = NAME("q"), open = NAME("target-x"), shut = NAME("source-x");

    CALL(owner, 1, queue_declare, .queue = q);
    CALL(owner, 1, exchange_declare, .exchange = open, .type = S("fanout"));
    CALL(owner, 1, exchange_declare, .exchange = shut, .type = S("fanout"));
    CALL(owner, 1, queue_bind, .queue = q, .exchange = open);
    CALL(owner, 1, queue_bind, .queue = q, .exchange = shut);
    STEP("allowed, refused, allowed again, refused again");
    for (int i = 0; i < 2; i++) {
        CALL(c, 1, confirm_select);
        PUBLISH(c, 1, S("allowed"), .exchange = open);
        await_confirms(t, c, 1, 1);
        PUBLISH(c, 1, S("refused"), .exchange = shut);
        REFUSED(c, 1, ACCESS_REFUSED, basic_publish);
    }
    GET(owner, 1, q, S("allowed"));
    GET(owner, 1, q, S("allowed"));
    GET_EMPTY(owner, 1, q);
    CALL(owner, 1, queue_delete, .queue = q);
    CALL(owner, 1, exchange_delete, .exchange = open);
    CALL(owner, 1, exchange_delete, .exchange = shut);
}

/* It has no name that a pattern could hold, so it goes by another. */
WIRE_CASE(default_exchange_by_its_alias,
          .title = "permissions: the default exchange is matched as amq.default",
          .rules = "ext.access.default-exchange-name ext.access.publish", .needs = "users")
{
    struct peer *owner = OPEN(), *allowed = writer(t), *c = mine(t);
    struct str q = NAME("mine-q");

    CALL(owner, 1, queue_declare, .queue = q);
    PUBLISH(c, 1, S("refused"), .routing_key = q);
    REFUSED(c, 1, ACCESS_REFUSED, basic_publish);
    CALL(allowed, 1, confirm_select);
    PUBLISH(allowed, 1, S("allowed"), .routing_key = q);
    await_confirms(t, allowed, 1, 1);
    GET(owner, 1, q, S("allowed"));
    GET_EMPTY(owner, 1, q);
    CALL(owner, 1, queue_delete, .queue = q);
}

/* ---- Read -------------------------------------------------------------------------------- */

WIRE_CASE(get_needs_read, .title = "permissions: Get needs read on the queue",
          .rules = "ext.access.get constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str shut = NAME("target-q"), open = NAME("source-q");

    CALL(owner, 1, queue_declare, .queue = shut);
    CALL(owner, 1, queue_declare, .queue = open);
    PUBLISH(owner, 1, S("not for all"), .routing_key = shut);
    PUBLISH(owner, 1, S("for all"), .routing_key = open);
    await_queue(t, owner, 1, shut, 1, -1);
    await_queue(t, owner, 1, open, 1, -1);
    SEND(c, 1, basic_get, .queue = shut);
    REFUSED(c, 1, ACCESS_REFUSED, basic_get);
    GET(c, 1, open, S("for all"));
    GET(owner, 1, shut, S("not for all"), .redelivered = EQ(0));
    CALL(owner, 1, queue_delete, .queue = shut);
    CALL(owner, 1, queue_delete, .queue = open);
}

WIRE_CASE(consume_needs_read, .title = "permissions: Consume needs read on the queue",
          .rules = "ext.access.consume constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str shut = NAME("target-q"), open = NAME("source-q");

    CALL(owner, 1, queue_declare, .queue = shut);
    CALL(owner, 1, queue_declare, .queue = open);
    PUBLISH(owner, 1, S("not for all"), .routing_key = shut);
    PUBLISH(owner, 1, S("for all"), .routing_key = open);
    SEND(c, 1, basic_consume, .queue = shut);
    REFUSED(c, 1, ACCESS_REFUSED, basic_consume);
    await_queue(t, owner, 1, shut, 1, 0);
    CONSUME(c, 1, .queue = open);
    DELIVERED(c, 1, S("for all"));
    CALL(owner, 1, queue_delete, .queue = shut);
    CALL(owner, 1, queue_delete, .queue = open);
}

WIRE_CASE(purge_needs_read, .title = "permissions: Purge needs read on the queue",
          .rules = "ext.access.purge constant.access-refused", .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str shut = NAME("target-q"), open = NAME("source-q");

    CALL(owner, 1, queue_declare, .queue = shut);
    CALL(owner, 1, queue_declare, .queue = open);
    PUBLISH(owner, 1, S("m"), .routing_key = shut);
    PUBLISH(owner, 1, S("m"), .routing_key = open);
    await_queue(t, owner, 1, shut, 1, -1);
    await_queue(t, owner, 1, open, 1, -1);
    SEND(c, 1, queue_purge, .queue = shut);
    REFUSED(c, 1, ACCESS_REFUSED, queue_purge);
    CALL(c, 1, queue_purge, .queue = open);
    GET(owner, 1, shut, S("m"));
    GET_EMPTY(owner, 1, open);
    CALL(owner, 1, queue_delete, .queue = shut);
    CALL(owner, 1, queue_delete, .queue = open);
}

/* The writer's pattern for reading is empty. */
WIRE_CASE(empty_pattern, .title = "permissions: an empty pattern forbids everything of its kind",
          .rules = "ext.access.empty-regex ext.access.get", .needs = "users")
{
    struct peer *owner = OPEN(), *c = writer(t);
    struct str q = NAME("q");

    CALL(owner, 1, queue_declare, .queue = q);
    SEND(c, 1, basic_get, .queue = q);
    REFUSED(c, 1, ACCESS_REFUSED, basic_get);
    SEND(c, 1, basic_consume, .queue = q);
    REFUSED(c, 1, ACCESS_REFUSED, basic_consume);
    GET_EMPTY(owner, 1, q);
    CALL(owner, 1, queue_delete, .queue = q);
}

/* Else names could be learned by trying them. */
WIRE_CASE(refused_before_looked_for,
          .title = "permissions: who has no right is refused whether or not the thing is there",
          .rules = "ext.access.get ext.access.consume ext.access.purge ext.access.publish",
          .needs = "users")
{
    struct peer *owner = OPEN(), *c = mine(t);
    struct str q = NAME("nobody");

    SEND(c, 1, basic_get, .queue = q);
    REFUSED(c, 1, ACCESS_REFUSED, basic_get);
    SEND(c, 1, basic_consume, .queue = q);
    REFUSED(c, 1, ACCESS_REFUSED, basic_consume);
    SEND(c, 1, queue_purge, .queue = q);
    REFUSED(c, 1, ACCESS_REFUSED, queue_purge);
    PUBLISH(c, 1, S("m"), .exchange = q);
    REFUSED(c, 1, ACCESS_REFUSED, basic_publish);
    STEP("with the right to read: it is not there");
    SEND(c, 1, basic_get, .queue = NAME("source-q"));
    REFUSED(c, 1, NOT_FOUND, basic_get);
    SEND(owner, 1, basic_get, .queue = q);
    REFUSED(owner, 1, NOT_FOUND, basic_get);
}
