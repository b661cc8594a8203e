/* Queues: asking for one, the name a channel remembers, what an answer says, and no-wait. */
#define CHAPTER "queue"
#include "suites/steps.h"

/* ---- Passive ----------------------------------------------------------------------------- */

/* Yes for what is there, 404 for what is not; and asking creates nothing. */
WIRE_CASE(passive, .title = "passive declare of an existing and of a missing queue",
          .rules = "queue.declare.passive.passive queue.declare.passive.doc-no-change")
{
    struct peer *c = OPEN();
    struct str q = NAME("q");

    for (int i = 0; i < 2; i++) {
        SEND(c, 1, queue_declare, .queue = q, .passive = true);
        REFUSED(c, 1, NOT_FOUND, queue_declare);
    }
    CALL(c, 1, queue_declare, .queue = q);
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    RECV(c, 1, queue_declare_ok, .queue = IS(q), .message_count = EQ(0), .consumer_count = EQ(0));
    CALL(c, 1, queue_delete, .queue = q);
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

/* With no-wait besides, the text says that nothing happens, and elsewhere that errors are raised:
   silence or 404 for a missing queue (errata 9), and no Declare-Ok for any. */
WIRE_CASE(passive_no_wait, .title = "passive declare with no-wait is never answered with -Ok",
          .rules = "queue.declare.passive.doc-with-no-wait")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    SEND(c, 1, queue_declare, .queue = NAME("q"), .passive = true, .no_wait = true);
    QUIET(c, 1);
    SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true, .no_wait = true);
    SEND(c, 1, channel_flow, .active = true);
    if (either(t, c, (struct either){ M_channel_flow_ok, .channel_code = NOT_FOUND }) != ACCEPTED)
        INFO("errata 9: a passive declare that wants no answer is refused with 404");
    SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

/* ---- The name a channel remembers -------------------------------------------------------- */

/* Blank means the queue that this channel, not another one, declared last. */
WIRE_CASE(current, .title = "a blank name in every method means the channel's last queue",
          .rules = "domain.queue-name.doc-current-queue")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q"), key = NAME("key"), other = NAME("other");

    CALL(c, 1, queue_declare, .queue = NAME("before"), .exclusive = true);
    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    CALL(c, 2, queue_declare, .queue = other, .exclusive = true);
    CALL(c, 1, queue_bind, .exchange = S("amq.direct"), .routing_key = key);
    PUBLISH(c, 1, S("bound"), .exchange = S("amq.direct"), .routing_key = key);
    GET(c, 1, q, S("bound"));
    CALL(c, 1, queue_unbind, .exchange = S("amq.direct"), .routing_key = key);
    PUBLISH(c, 1, S("unbound"), .exchange = S("amq.direct"), .routing_key = key, .mandatory = true);
    RETURNED(c, 1, S("unbound"), .reply_code = EQ(NO_ROUTE));
    PUBLISH(c, 1, S("got"), .routing_key = q);
    GET(c, 1, S(""), S("got"));
    PUBLISH(c, 1, S("purged"), .routing_key = q);
    SEND(c, 1, queue_purge, .queue = S(""));
    RECV(c, 1, queue_purge_ok, .message_count = EQ(1));
    CONSUME(c, 1, .queue = S(""), .consumer_tag = S("c"), .no_ack = true);
    PUBLISH(c, 1, S("delivered"), .routing_key = q);
    DELIVERED(c, 1, S("delivered"));
    CALL(c, 1, basic_cancel, .consumer_tag = S("c"));
    CALL(c, 1, queue_delete, .queue = S(""));
    SEND(c, 1, queue_declare, .queue = q, .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    CALL(c, 2, queue_declare, .queue = other, .passive = true);
}

/* Once deleted it is what a queue that is not there is: 404, and nobody consumes from it. */
WIRE_CASE(current_deleted, .title = "a blank name when the channel's last queue was deleted",
          .rules = "domain.queue-name.doc-current-queue")
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CALL(c, 1, queue_delete, .queue = NAME("q"));
    SEND(c, 1, basic_consume, .queue = S(""));
    REFUSED(c, 1, NOT_FOUND, basic_consume);
}

/* 404 on the channel (the methods), 502 on the connection (the code's own scope), or 502 on the
   channel (the domain's words, which contradict the code): errata 4. Never an -Ok. */
static void means_nothing(struct t *t, enum method_id id, const void *args)
{
    struct peer *c = OPEN();
    const struct m_channel_close *soft;
    struct next n;

    STEP("%s", wire_method(id)->name);
    t_send(HERE, c, 1, id, args);
    n = NEXT(c);
    CHECK(n.kind == GOT_FRAME && n.frame.method && n.frame.args, "wanted a refusal");
    if (n.frame.method->id == M_connection_close) {
        CHECK(((const struct m_connection_close *)n.frame.args)->reply_code == SYNTAX_ERROR,
              "wanted connection.close 502, or channel.close 404");
        SEND(c, 0, connection_close_ok);
        HANGUP(c);
        return;
    }
    CHECK(n.frame.method->id == M_channel_close, "wanted channel.close 404");
    soft = n.frame.args;
    CHECK(soft->reply_code == NOT_FOUND || soft->reply_code == SYNTAX_ERROR,
          "wanted code 404, got %u", soft->reply_code);
    CHECK(soft->class_id == wire_method(id)->class_id &&
              soft->method_id == wire_method(id)->method_id,
          "the refusal blames another method");
    if (soft->reply_code == SYNTAX_ERROR)
        WEAK("errata 4: 502, a hard error, closes the channel only");
    SEND(c, 1, channel_close_ok);
    CALL(c, 1, channel_open);
}

#define MEANS_NOTHING(method, ...)                                                                 \
    means_nothing(t, M_##method, &(struct m_##method){ .end_ = 0, __VA_ARGS__ })

WIRE_CASE(no_current, .title = "a blank name means nothing where no queue was declared",
          .rules = "domain.queue-name.doc-no-current-queue")
{
    MEANS_NOTHING(queue_bind, .exchange = S("amq.direct"), .routing_key = S("k"));
    MEANS_NOTHING(queue_unbind, .exchange = S("amq.direct"), .routing_key = S("k"));
    MEANS_NOTHING(queue_purge, .no_wait = false);
    MEANS_NOTHING(queue_delete, .no_wait = false);
    MEANS_NOTHING(basic_consume, .no_ack = true);
    MEANS_NOTHING(basic_get, .no_ack = true);
}

/* ---- What Declare-Ok says ------------------------------------------------------------------ */

WIRE_CASE(declare_ok_names, .title = "Declare-Ok always names the queue",
          .rules = "queue.declare-ok.queue.assert-notnull queue.declare-ok.queue.doc-name")
{
    struct peer *c = OPEN(.channels = 2);
    struct str generated = DECLARE(c, 1, .exclusive = true)->queue;

    CHECK(generated.n > 0, "the generated name is empty");
    SEND(c, 2, queue_declare, .queue = generated, .passive = true);
    RECV(c, 2, queue_declare_ok, .queue = IS(generated));
    SEND(c, 1, queue_declare, .queue = NAME("named"), .exclusive = true);
    RECV(c, 1, queue_declare_ok, .queue = IS(NAME("named")));
    SEND(c, 1, queue_declare, .queue = NAME("named"), .exclusive = true);
    RECV(c, 1, queue_declare_ok, .queue = IS(NAME("named")));
}

/* Names that begin with amq. are the broker's, but a client may declare one that is there already:
   the one that it was given. */
WIRE_CASE(generated_redeclared, .title = "a queue that the broker named can be declared again",
          .rules = "queue.declare.queue.reserved")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .exclusive = true)->queue;

    PUBLISH(c, 1, S("kept"), .routing_key = q);
    SEND(c, 1, queue_declare, .queue = q, .exclusive = true);
    RECV(c, 1, queue_declare_ok, .queue = IS(q));
    GET(c, 1, q, S("kept"));
}

/* Ready is neither what somebody holds nor what a transaction has not said yet. */
WIRE_CASE(count_is_of_ready, .title = "message-count is of ready messages alone",
          .rules = "domain.message-count.doc-ready-only queue.declare-ok.message-count.doc")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = NAME("q");

    CHECK(DECLARE(c, 1, .queue = q, .exclusive = true)->message_count == 0, "a new queue is empty");
    for (int i = 0; i < 5; i++)
        PUBLISH(c, 1, S("m"), .routing_key = q);
    await_queue(t, c, 1, q, 5, 0);
    STEP("two are held");
    GET(c, 1, q, S("m"), .message_count = EQ(4));
    GET(c, 1, q, S("m"), .message_count = EQ(3));
    CHECK(QUIET_QUEUE(c, 1, q)->message_count == 3, "held messages are not ready");
    STEP("two wait for commit");
    CALL(c, 2, tx_select);
    PUBLISH(c, 2, S("later"), .routing_key = q);
    PUBLISH(c, 2, S("later"), .routing_key = q);
    CHECK(QUIET_QUEUE(c, 2, q)->message_count == 3, "uncommitted messages are not ready");
    CALL(c, 2, tx_commit);
    await_queue(t, c, 1, q, 5, 0);
    SEND(c, 1, basic_ack, .delivery_tag = 2, .multiple = true);
    CHECK(QUIET_QUEUE(c, 1, q)->message_count == 5, "an ack changes nothing in what is ready");
}

/* ---- No-wait -------------------------------------------------------------------------------- */

/* A whole life in which nothing is answered; each step is seen by what it does. */
WIRE_CASE(no_wait_no_reply, .title = "with no-wait everything happens and nothing is answered",
          .rules = "domain.no-wait.doc-no-reply")
{
    static const enum method_id oks[] = { M_exchange_declare_ok, M_exchange_delete_ok,
                                          M_queue_declare_ok,    M_queue_bind_ok,
                                          M_queue_purge_ok,      M_queue_delete_ok,
                                          M_basic_consume_ok,    M_basic_cancel_ok };
    struct peer *c = OPEN(), *other = OPEN();
    struct str x = NAME("x"), q = NAME("q");
    const struct trace *trace;

    SEND(c, 1, exchange_declare, .exchange = x, .type = S("fanout"), .no_wait = true);
    SEND(c, 1, queue_declare, .queue = q, .no_wait = true);
    SEND(c, 1, queue_bind, .queue = q, .exchange = x, .no_wait = true);
    PUBLISH(c, 1, S("purged"), .exchange = x);
    QUIET(c, 1);
    await_queue(t, other, 1, q, 1, 0);
    SEND(c, 1, queue_purge, .queue = q, .no_wait = true);
    QUIET(c, 1);
    await_queue(t, other, 1, q, 0, 0);
    SEND(c, 1, basic_consume, .queue = q, .consumer_tag = S("me"), .no_wait = true);
    PUBLISH(c, 1, S("delivered"), .exchange = x);
    DELIVERED(c, 1, S("delivered"), .consumer_tag = IS(S("me")));
    SEND(c, 1, basic_cancel, .consumer_tag = S("me"), .no_wait = true);
    QUIET(c, 1);
    await_queue(t, other, 1, q, 0, 0);
    SEND(c, 1, queue_delete, .queue = q, .no_wait = true);
    SEND(c, 1, exchange_delete, .exchange = x, .no_wait = true);
    QUIET(c, 1);
    await_no_queue(t, other, 1, q);
    SEND(other, 1, exchange_declare, .exchange = x, .passive = true);
    REFUSED(other, 1, NOT_FOUND, exchange_declare);
    trace = TRACE(c);
    for (size_t i = 0; i < sizeof(oks) / sizeof(oks[0]); i++)
        CHECK(trace_count(trace, 'S', oks[i]) == 0, "%s was said", wire_method(oks[i])->name);
}

/* Not to be answered is not to be forgiven. */
WIRE_CASE(no_wait_errors, .title = "with no-wait errors are raised as ever",
          .rules = "domain.no-wait.doc-error-still-raised")
{
    struct peer *c = OPEN(.channels = 2);
    struct str x = NAME("x"), q = NAME("q"), nobody = NAME("nobody");

    CALL(c, 1, exchange_declare, .exchange = x, .type = S("direct"));
    CALL(c, 1, queue_declare, .queue = q);
    SEND(c, 1, exchange_declare, .exchange = x, .type = S("direct"), .durable = true,
         .no_wait = true);
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_declare);
    SEND(c, 1, queue_declare, .queue = q, .durable = true, .no_wait = true);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_declare);
    SEND(c, 1, queue_bind, .queue = q, .exchange = nobody, .no_wait = true);
    REFUSED(c, 1, NOT_FOUND, queue_bind);
    SEND(c, 1, queue_purge, .queue = nobody, .no_wait = true);
    REFUSED(c, 1, NOT_FOUND, queue_purge);
    SEND(c, 1, basic_consume, .queue = nobody, .no_wait = true);
    REFUSED(c, 1, NOT_FOUND, basic_consume);
    CALL(c, 1, queue_bind, .queue = q, .exchange = x, .routing_key = S("k"));
    SEND(c, 1, exchange_delete, .exchange = x, .if_unused = true, .no_wait = true);
    REFUSED(c, 1, PRECONDITION_FAILED, exchange_delete);
    CONSUME(c, 2, .queue = q, .consumer_tag = S("c"));
    SEND(c, 1, queue_delete, .queue = q, .if_unused = true, .no_wait = true);
    REFUSED(c, 1, PRECONDITION_FAILED, queue_delete);
    STEP("what was to be deleted is there");
    PUBLISH(c, 1, S("still bound"), .exchange = x, .routing_key = S("k"));
    DELIVERED(c, 2, S("still bound"));
    CALL(c, 1, queue_delete, .queue = q);
    CALL(c, 1, exchange_delete, .exchange = x);
}
