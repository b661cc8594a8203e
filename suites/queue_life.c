/* Queues: whose they are and how long they live: exclusive and auto-delete. */
#define CHAPTER "queue"
#include "fixtures/harness/case.h"

/* ---- Exclusive --------------------------------------------------------------------- */

/* Another connection may not so much as look at it; its owner may do everything. */
WIRE_CASE(exclusive_locked, .title = "an exclusive queue is locked for other connections",
          .rules = "queue.declare.exclusive.exclusive queue.declare.exclusive.doc-passive-denied "
                   "queue.declare.exclusive.types ext.queues.exclusive-precedence")
{
    struct peer *owner = OPEN(.channels = 2), *other = OPEN();
    struct str q = NAME("q");

    CALL(owner, 1, queue_declare, .queue = q, .exclusive = true);
    PUBLISH(owner, 1, S("mine"), .routing_key = q);
    SEND(other, 1, queue_declare, .queue = q, .exclusive = true);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_declare);
    SEND(other, 1, queue_declare, .queue = q, .durable = true);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_declare);
    SEND(other, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_declare);
    SEND(other, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = S("k"));
    REFUSED(other, 1, RESOURCE_LOCKED, queue_bind);
    SEND(other, 1, basic_consume, .queue = q);
    REFUSED(other, 1, RESOURCE_LOCKED, basic_consume);
    SEND(other, 1, queue_purge, .queue = q);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_purge);
    SEND(other, 1, queue_delete, .queue = q);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_delete);
    GET(owner, 2, q, S("mine"));
}

/* Get and Unbind are not on the specification's list, but mean the same (errata 33). */
WIRE_CASE(exclusive_get_unbind, .title = "basic.get and queue.unbind of a locked queue",
          .rules = "queue.declare.exclusive.exclusive ext.queues.exclusive-get-unbind")
{
    struct peer *owner = OPEN(), *other = OPEN();
    struct str q = NAME("q");

    CALL(owner, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(owner, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = q);
    SEND(other, 1, basic_get, .queue = q);
    REFUSED(other, 1, RESOURCE_LOCKED, basic_get);
    SEND(other, 1, queue_unbind, .queue = q, .exchange = S("amq.direct"), .routing_key = q);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_unbind);
    PUBLISH(owner, 1, S("still bound"), .exchange = S("amq.direct"), .routing_key = q);
    GET(owner, 1, q, S("still bound"));
}

/* It lives as long as its connection, and not a moment longer. */
WIRE_CASE(exclusive_ends, .title = "an exclusive queue ends with its connection",
          .rules = "queue.declare.exclusive.doc-deleted-on-close transport.closure.auto-delete "
                   "ext.queues.deletion-synchronous")
{
    struct peer *owner = OPEN(), *other = OPEN();
    struct str q = NAME("q");

    CALL(owner, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(owner, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    CALL(owner, 1, channel_open);
    STEP("it outlives its channel");
    CALL(owner, 1, queue_declare, .queue = q, .passive = true);
    STEP("its owner cannot make it a shared one");
    SEND(owner, 1, queue_declare, .queue = q);
    REFUSED_ONE_OF(owner, 1, queue_declare, PRECONDITION_FAILED, RESOURCE_LOCKED);
    SEND(owner, 0, connection_close, .reply_code = 200, .reply_text = S("done"));
    RECV(owner, 0, connection_close_ok);
    STEP("gone by close-ok");
    SEND(other, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(other, 1, NOT_FOUND, queue_declare);
    t_drop_fin(t, owner);
}

WIRE_CASE(exclusive_lost, .title = "an exclusive queue ends with a lost connection",
          .rules = "queue.declare.exclusive.doc-deleted-on-close transport.closure.auto-delete")
{
    struct peer *owner = OPEN(), *other = OPEN();

    CALL(owner, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    t_drop_rst(t, owner);
    await_no_queue(t, other, 1, NAME("q"));
    CALL(other, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
}

/* ---- Auto-delete ------------------------------------------------------------------- */

WIRE_CASE(auto_delete, .title = "an auto-delete queue goes with its last consumer",
          .rules = "queue.declare.auto-delete.doc-last-consumer "
                   "queue.declare.auto-delete.doc-never-consumed "
                   "model.queue.auto-delete-polite-timeout")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .auto_delete = true);
    PUBLISH(c, 1, S("m"), .routing_key = q);
    GET(c, 1, q, S("m"));
    STEP("never consumed from: it stays");
    CALL(c, 2, queue_declare, .queue = q, .passive = true);
    CALL(c, 2, channel_close, .reply_code = 200, .reply_text = S("done"));
    CALL(c, 2, channel_open);
    CALL(c, 1, queue_declare, .queue = q, .passive = true);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("1"));
    CONSUME(c, 1, .queue = q, .consumer_tag = S("2"));
    CALL(c, 1, basic_cancel, .consumer_tag = S("1"));
    STEP("one consumer left: it stays");
    CALL(c, 1, queue_declare, .queue = q, .passive = true);
    CALL(c, 1, basic_cancel, .consumer_tag = S("2"));
    await_no_queue(t, c, 2, q);
}

WIRE_CASE(auto_delete_channel, .title = "an auto-delete queue goes when its last channel closes",
          .rules = "queue.declare.auto-delete.doc-channel-close")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q, .auto_delete = true);
    CONSUME(c, 1, .queue = q);
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_no_queue(t, c, 2, q);
}

WIRE_CASE(auto_delete_lost, .title = "an auto-delete queue goes with a lost connection",
          .rules = "ext.queues.auto-delete-after-crash")
{
    struct peer *c = OPEN(), *other = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .auto_delete = true);
    CONSUME(c, 1, .queue = NAME("q"));
    t_drop_fin(t, c);
    await_no_queue(t, other, 1, NAME("q"));
}

/* Whoever reads from a queue may be gone for good by the time it is deleted. */
WIRE_CASE(delete_reader_lost, .title = "delete of a queue whose reader was lost",
          .rules = "queue.delete.chassis-server queue.delete-ok.message-count.doc")
{
    struct peer *reader = OPEN(), *c = OPEN();
    struct str q = NAME("q");

    CALL(c, 1, queue_declare, .queue = q);
    CONSUME(reader, 1, .queue = q);
    PUBLISH(c, 1, S("held"), .routing_key = q);
    DELIVERED(reader, 1, S("held"));
    t_drop_rst(t, reader);
    await_queue(t, c, 1, q, 1, 0);
    SEND(c, 1, queue_delete, .queue = q);
    RECV(c, 1, queue_delete_ok, .message_count = EQ(1));
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

/* ---- As an application sees it ---------------------------------------------------- */

CLIENT_CASE(exclusive_locked, .title = "an exclusive queue is locked for other connections",
            .rules = "queue.declare.exclusive.exclusive")
{
    struct session *owner = SESSION(), *other = SESSION();

    DO(owner, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO_REFUSED(other, 1, RESOURCE_LOCKED, queue_declare, .queue = NAME("q"), .exclusive = true);
    DO_REFUSED(other, 1, RESOURCE_LOCKED, basic_consume, .queue = NAME("q"));
    LEAVE(owner);
    DO(other, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
}
