/* What holds for every class: any channel will do, requests get their replies in order, what one
   connection made another sees. Order and limits are in model_limits.c. */
#define CHAPTER "model"
#include "suites/steps.h"

/* ---- Channels and replies ------------------------------------------------------------------ */

/* All that the class offers works on a channel of any number. */
static void every_class(struct t *t, struct peer *c, uint16_t channel)
{
    struct str x = NAME("x"), q = NAME("q");

    STEP("channel %u", channel);
    CALL(c, channel, exchange_declare, .exchange = x, .type = S("direct"));
    CALL(c, channel, queue_declare, .queue = q, .exclusive = true);
    CALL(c, channel, queue_bind, .queue = q, .exchange = x, .routing_key = S("k"));
    CALL(c, channel, basic_qos, .prefetch_count = 1);
    CONSUME(c, channel, .queue = q, .consumer_tag = S("c"));
    PUBLISH(c, channel, S("m"), .exchange = x, .routing_key = S("k"));
    DELIVERED(c, channel, S("m"), .exchange = IS(x), .consumer_tag = IS(S("c")));
    SEND(c, channel, basic_ack, .delivery_tag = 1);
    CALL(c, channel, basic_cancel, .consumer_tag = S("c"));
    GET_EMPTY(c, channel, q);
    CALL(c, channel, queue_unbind, .queue = q, .exchange = x, .routing_key = S("k"));
    CALL(c, channel, queue_delete, .queue = q);
    CALL(c, channel, exchange_delete, .exchange = x);
}

WIRE_CASE(any_channel, .title = "exchange, queue and basic are available on any open channel",
          .rules = "exchange.chassis-server queue.chassis-server basic.chassis-server")
{
    static const uint16_t numbers[] = { 2, 3, 200, 255 };
    struct peer *c = OPEN();

    every_class(t, c, 1);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CALL(c, numbers[i], channel_open);
        every_class(t, c, numbers[i]);
    }
}

/* The class should be there; a broker without it says 540. */
WIRE_CASE(tx_available, .title = "the tx class is available, or refused with 540",
          .rules = "tx.chassis-server")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    SEND(c, 1, tx_select);
    if (either(t, c, (struct either){ M_tx_select_ok, .connection_code = NOT_IMPLEMENTED }) !=
        ACCEPTED) {
        WEAK("the tx class is not implemented");
    } else {
        CALL(c, 1, tx_commit);
        CALL(c, 1, tx_rollback);
    }
    undisturbed(t, &w);
}

/* Two channels ask in turn while a third is busy with deliveries: each gets its own reply type,
   where it asked. */
WIRE_CASE(dialogue, .title = "each request gets its own reply on its own channel",
          .rules = "model.dialogue-sync-reply")
{
    enum { N = 50 };
    struct peer *c = OPEN(.channels = 3);
    struct str busy = DECLARE(c, 3, .queue = NAME("busy"), .exclusive = true)->queue;
    struct str q = NAME("q");

    CONSUME(c, 3, .queue = busy, .no_ack = true);
    for (int i = 0; i < N; i++)
        PUBLISH(c, 3, TEXT("%d", i), .routing_key = busy);
    SEND(c, 1, queue_declare, .queue = q, .exclusive = true);
    SEND(c, 2, exchange_declare, .exchange = NAME("x"), .type = S("fanout"));
    RECV(c, 2, exchange_declare_ok);
    RECV(c, 1, queue_declare_ok, .queue = IS(q));
    SEND(c, 1, queue_bind, .queue = q, .exchange = NAME("x"));
    SEND(c, 2, basic_qos, .prefetch_count = 1);
    RECV(c, 1, queue_bind_ok);
    RECV(c, 2, basic_qos_ok);
    SEND(c, 2, queue_purge, .queue = q);
    SEND(c, 1, tx_select);
    RECV(c, 1, tx_select_ok);
    RECV(c, 2, queue_purge_ok, .message_count = EQ(0));
    SEND(c, 2, exchange_delete, .exchange = NAME("x"));
    RECV(c, 2, exchange_delete_ok);
    for (int i = 0; i < N; i++)
        DELIVERED(c, 3, TEXT("%d", i));
    for (uint16_t channel = 1; channel <= 3; channel++)
        QUIET(c, channel);
}

/* A client should wait for each reply. One that does not is answered in order, or told with 503
   that it may not. */
WIRE_CASE(pipelined,
          .title = "requests that do not wait are answered in order, or refused with 503",
          .rules = "model.methods.wait-for-reply")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = NAME("q");

    CORK(c);
    SEND(c, 1, queue_declare, .queue = q, .exclusive = true);
    SEND(c, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = q);
    SEND(c, 1, basic_qos, .prefetch_count = 7);
    SEND(c, 1, queue_unbind, .queue = q, .exchange = S("amq.direct"), .routing_key = q);
    SEND(c, 1, basic_get, .queue = q);
    SEND(c, 1, queue_purge, .queue = q);
    SEND(c, 1, channel_flow, .active = true);
    SEND(c, 1, queue_delete, .queue = q);
    UNCORK(c);
    if (SERVED(c, queue_declare_ok, COMMAND_INVALID)) {
        RECV(c, 1, queue_bind_ok);
        RECV(c, 1, basic_qos_ok);
        RECV(c, 1, queue_unbind_ok);
        RECV(c, 1, basic_get_empty);
        RECV(c, 1, queue_purge_ok, .message_count = EQ(0));
        RECV(c, 1, channel_flow_ok, .active = EQ(true));
        RECV(c, 1, queue_delete_ok, .message_count = EQ(0));
        QUIET(c, 1);
    } else {
        INFO("requests that do not wait are refused with 503");
    }
    undisturbed(t, &w);
}

/* ---- Connections ------------------------------------------------------------------------------
 */

/* Declare-Ok is a promise to everybody. */
WIRE_CASE(declared_is_seen, .title = "after Declare-Ok another connection sees the queue",
          .rules = "transport.visibility.declare-seen")
{
    struct peer *c = OPEN(), *other = OPEN();

    for (int i = 0; i < 30; i++) {
        struct str q = t_name(t, TEXT("q%d", i).p);

        CALL(c, 1, queue_declare, .queue = q);
        SEND(other, 1, queue_declare, .queue = q, .passive = true);
        RECV(other, 1, queue_declare_ok, .queue = IS(q));
        CALL(other, 1, queue_delete, .queue = q);
    }
}

/* Another Open on an open connection is refused, in the same virtual host and in another one. */
WIRE_CASE(one_vhost, .title = "a connection works in one virtual host and cannot open a second",
          .rules = "model.vhost.single", .needs = "vhosts")
{
    const struct str vhosts[] = { S("/"), S("amqproof") };
    struct witness w = witness(t);

    for (size_t i = 0; i < 2; i++) {
        struct peer *c = OPEN(.vhost = vhosts[0]), *there = OPEN(.vhost = vhosts[1]);

        CALL(c, 1, queue_declare, .queue = NAME("q"), .auto_delete = true);
        SEND(there, 1, queue_declare, .queue = NAME("q"), .passive = true);
        REFUSED(there, 1, NOT_FOUND, queue_declare);
        SEND(c, 0, connection_open, .virtual_host = vhosts[i]);
        REFUSED_HARD_ONE_OF(c, connection_open, COMMAND_INVALID, CHANNEL_ERROR, NOT_ALLOWED);
        c = OPEN(.vhost = vhosts[0]);
        CALL(c, 1, queue_delete, .queue = NAME("q"));
    }
    undisturbed(t, &w);
}

/* Exclusive is a matter between connections: channels of the owner may, others get 405, which costs
   their channel and nothing more. */
WIRE_CASE(resource_locked, .title = "405 closes the channel of another connection, and that only",
          .rules = "constant.resource-locked")
{
    struct peer *owner = OPEN(.channels = 2), *other = OPEN(.channels = 2);
    struct str q = NAME("q");

    CALL(owner, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(other, 2, .queue = DECLARE(other, 2, .exclusive = true)->queue, .consumer_tag = S("c"));
    SEND(other, 1, basic_consume, .queue = q);
    REFUSED(other, 1, RESOURCE_LOCKED, basic_consume);
    QUIET(other, 2);
    CALL(owner, 2, queue_declare, .queue = q, .exclusive = true);
    CLOSE(owner);
    CALL(other, 1, queue_declare, .queue = q, .exclusive = true);
    CONSUME(other, 1, .queue = q);
}

/* An operator ends the broker: those who are connected may be told, with 320 and nothing else; they
   may come again when it is back. */
WIRE_CASE(connection_forced, .title = "a broker that is stopped says 320, or nothing",
          .rules = "constant.connection-forced", .restart = GRACEFUL)
{
    struct peer *c = OPEN();
    const struct trace *trace;
    const struct trace_event *close;

    QUIET(c, 1);
    broker_restart(t, GRACEFUL);
    trace = TRACE(c);
    close = trace_find(trace, NULL, 'S', M_connection_close);
    if (close) {
        const struct m_connection_close *said = close->frame.args;

        CHECK(said && said->reply_code == CONNECTION_FORCED, "the code is 320");
        CHECK(close->frame.channel == 0 && said->class_id == 0 && said->method_id == 0,
              "no method is blamed");
        CHECK(!trace_find(trace, close, 'S', M_connection_close), "it is said once");
    } else {
        INFO("connections end without a word when the broker is stopped");
    }
    STEP("a retry later");
    QUIET(OPEN(), 1);
}

/* ---- Codes ------------------------------------------------------------------------------------
 */

static void no_success(struct t *t, struct peer *c, size_t refusals)
{
    const struct trace *trace = TRACE(c);
    size_t n = 0;

    for (size_t i = 0; i < trace->n; i++) {
        const struct frame *f = &trace->at[i].frame;
        uint16_t code = 0;

        if (trace->at[i].kind != TRACE_FRAME || trace->at[i].who != 'S' || !f->method || !f->args)
            continue;
        if (f->method->id == M_channel_close)
            code = ((const struct m_channel_close *)f->args)->reply_code;
        else if (f->method->id == M_connection_close)
            code = ((const struct m_connection_close *)f->args)->reply_code;
        else
            continue;
        n++;
        CHECK(code >= 300 && code <= 599, "a refusal with code %u", code);
    }
    CHECK(n == refusals, "the capture holds %zu refusals", n);
}

/* 200 is no error, so no error is reported with it: every Close that the broker says. */
WIRE_CASE(no_error_is_a_success, .title = "no refusal has the code 200",
          .rules = "constant.reply-success")
{
    struct peer *c = OPEN(.channels = 2), *owner = OPEN();

    CALL(owner, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    SEND(c, 1, queue_declare, .queue = NAME("nobody"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    SEND(c, 1, basic_get, .queue = NAME("q"));
    REFUSED(c, 1, RESOURCE_LOCKED, basic_get);
    SEND(c, 1, basic_ack, .delivery_tag = 99);
    REFUSED(c, 1, PRECONDITION_FAILED, basic_ack);
    SEND(c, 1, exchange_declare, .exchange = S("amq.amqproof"), .type = S("direct"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    SEND(c, 2, channel_open);
    REFUSED_HARD_ONE_OF(c, channel_open, CHANNEL_ERROR, COMMAND_INVALID);
    no_success(t, c, 5);
}
