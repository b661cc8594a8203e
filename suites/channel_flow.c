/* Channels side by side, and the flow of one of them. */
#define CHAPTER "channel"
#include "suites/steps.h"

/* ---- Flow -------------------------------------------------------------------------------- */

/* A new channel is active; saying so again changes nothing. */
WIRE_CASE(flow_active, .title = "channel.flow active gets flow-ok active",
          .rules = "channel.flow-ok.active.doc-echo channel.flow.initial-state "
                   "channel.flow.chassis-server")
{
    struct peer *c = OPEN();

    DECLARE(c, 1, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 1, .queue = NAME("q"), .no_ack = true);
    PUBLISH(c, 1, S("unasked"), .routing_key = NAME("q"));
    DELIVERED(c, 1, S("unasked"));
    SEND(c, 1, channel_flow, .active = true);
    RECV(c, 1, channel_flow_ok, .active = EQ(true));
    PUBLISH(c, 1, S("as before"), .routing_key = NAME("q"));
    DELIVERED(c, 1, S("as before"));
}

/* Errata 50: a broker may lack it and say 540. One that answers flow-ok has to pause. */
WIRE_CASE(flow_paused, .title = "channel.flow inactive pauses deliveries, not basic.get",
          .rules = "channel.flow.active.doc-pause channel.flow.initial-state "
                   "channel.flow.doc-get-unaffected channel.flow-ok.active.doc-echo "
                   "channel.flow.chassis-server channel.chassis-server "
                   "ext.channels.flow-inactive-refused")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str other = DECLARE(c, 1, .queue = NAME("other"), .exclusive = true)->queue;
    const struct m_channel_flow_ok *ok;

    CONSUME(c, 1, .queue = q, .no_ack = true);
    SEND(c, 1, channel_flow, .active = false);
    ok = SERVED(c, channel_flow_ok, NOT_IMPLEMENTED);
    if (!ok) {
        WEAK("errata 50: channel.flow inactive is not implemented");
        undisturbed(t, &w);
        return;
    }
    CHECK(!ok->active, "the answer is flow-ok inactive");
    PUBLISH(c, 1, S("held"), .routing_key = q);
    PUBLISH(c, 1, S("got"), .routing_key = other);
    QUIET_QUEUE(c, 1, q);
    GET(c, 1, other, S("got"));
    QUIET_QUEUE(c, 1, q);
    SEND(c, 1, channel_flow, .active = true);
    RECV(c, 1, channel_flow_ok, .active = EQ(true));
    DELIVERED(c, 1, S("held"));
}

/* Whoever stops one channel has not stopped its neighbours. */
WIRE_CASE(flow_of_one_channel, .title = "channel.flow inactive leaves other channels alone",
          .rules = "channel.flow.active.doc-pause transport.channel.independent")
{
    struct peer *c = OPEN(.channels = 2);
    struct str stopped = DECLARE(c, 1, .queue = NAME("stopped"), .exclusive = true)->queue;
    struct str flowing = DECLARE(c, 1, .queue = NAME("flowing"), .exclusive = true)->queue;

    CONSUME(c, 1, .queue = stopped, .no_ack = true);
    CONSUME(c, 2, .queue = flowing, .no_ack = true);
    SEND(c, 1, channel_flow, .active = false);
    if (!SERVED(c, channel_flow_ok, NOT_IMPLEMENTED))
        UNSUPPORTED("errata 50: channel.flow inactive is not implemented");
    PUBLISH(c, 1, S("held"), .routing_key = stopped);
    PUBLISH(c, 1, S("passes"), .routing_key = flowing);
    DELIVERED(c, 2, S("passes"));
    QUIET_QUEUE(c, 1, stopped);
    CALL(c, 2, channel_flow, .active = true);
    QUIET_QUEUE(c, 1, stopped);
    SEND(c, 1, channel_flow, .active = true);
    RECV(c, 1, channel_flow_ok, .active = EQ(true));
    DELIVERED(c, 1, S("held"));
}

/* A client that answers a Flow nobody sent has paused nothing. */
WIRE_CASE(flow_ok_unasked, .title = "flow-ok that answers nothing does not pause deliveries",
          .rules = "channel.flow-ok.chassis-server channel.flow.initial-state")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();

    DECLARE(c, 1, .queue = NAME("q"), .exclusive = true);
    CONSUME(c, 1, .queue = NAME("q"), .no_ack = true);
    SEND(c, 1, channel_flow_ok, .active = false);
    PUBLISH(c, 1, S("flows"), .routing_key = NAME("q"));
    if (SERVED(c, basic_deliver, COMMAND_INVALID, UNEXPECTED_FRAME)) {
        CHECK(NEXT(c).frame.type == FRAME_HEADER, "the header follows");
        CHECK(str_eq(NEXT(c).frame.payload, S("flows")), "the body follows");
    } else {
        INFO("flow-ok that answers nothing is refused");
    }
    undisturbed(t, &w);
}

/* Flow is asked and answered while deliveries stream. */
WIRE_CASE(flow_amid_deliveries, .title = "channel.flow is answered amid a stream of deliveries",
          .rules = "channel.flow.bidirectional channel.flow-ok.active.doc-echo")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 2, .queue = NAME("q"), .exclusive = true)->queue;
    const struct trace *trace;

    for (int i = 0; i < 300; i++)
        PUBLISH(c, 2, TEXT("%d", i), .routing_key = q);
    await_queue(t, c, 1, q, 300, 0);
    CONSUME(c, 1, .queue = q, .no_ack = true);
    SEND(c, 1, channel_flow, .active = true);
    for (int i = 0, flow = 0; i < 300 || !flow;) {
        struct next n = NEXT(c);

        CHECK(n.kind == GOT_FRAME && n.frame.channel == 1, "a frame of channel 1");
        if (n.frame.type != FRAME_METHOD)
            continue;
        CHECK(n.frame.method, "a method");
        flow += n.frame.method->id == M_channel_flow_ok;
        i += n.frame.method->id == M_basic_deliver;
    }
    trace = TRACE(c);
    CHECK(trace_count(trace, 'S', M_basic_deliver) == 300, "each message came once");
}

/* ---- Side by side ---------------------------------------------------------------------------- */

/* Consumer tags belong to a channel: two channels may use the same. */
WIRE_CASE(tags_are_private, .title = "two channels may use the same consumer tag",
          .rules = "domain.consumer-tag.doc-channel-scope basic.consume.consumer-tag.doc-local "
                   "transport.channel.independent")
{
    struct peer *c = OPEN(.channels = 2);

    for (uint16_t ch = 1; ch <= 2; ch++) {
        struct str q =
            DECLARE(c, ch, .queue = ch == 1 ? NAME("a") : NAME("b"), .exclusive = true)->queue;

        CONSUME(c, ch, .queue = q, .consumer_tag = S("same"), .no_ack = true);
    }
    PUBLISH(c, 1, S("1"), .routing_key = NAME("a"));
    PUBLISH(c, 1, S("2"), .routing_key = NAME("b"));
    DELIVERED(c, 1, S("1"), .consumer_tag = IS(S("same")), .delivery_tag = EQ(1));
    DELIVERED(c, 2, S("2"), .consumer_tag = IS(S("same")), .delivery_tag = EQ(1));
    CALL(c, 1, basic_cancel, .consumer_tag = S("same"));
    PUBLISH(c, 1, S("3"), .routing_key = NAME("b"));
    DELIVERED(c, 2, S("3"), .delivery_tag = EQ(2));
}

/* Channel 1 has more to say than fits; what channel 2 asks is answered before it is done. */
WIRE_CASE(busy_neighbour, .title = "a flood on one channel does not starve another",
          .rules = "transport.channels.fair transport.channels.no-starvation "
                   "transport.channel.independent")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str body = repeated(t, 'x', 1000);

    for (int i = 0; i < 20; i++) {
        for (int k = 0; k < 50; k++)
            PUBLISH(c, 1, body, .routing_key = q);
        QUIET(c, 2);
    }
    await_queue(t, c, 2, q, 1000, 0);
}

/* Acknowledgements and transactions of one channel mean nothing to another. */
WIRE_CASE(tags_of_another_channel, .title = "a delivery tag of another channel is unknown: 406",
          .rules = "transport.channel.independent constant.precondition-failed")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    PUBLISH(c, 1, S("mine"), .routing_key = q);
    GET(c, 1, q, S("mine"), .delivery_tag = EQ(1));
    SEND(c, 2, basic_ack, .delivery_tag = 1);
    REFUSED(c, 2, PRECONDITION_FAILED, basic_ack);
    SEND(c, 1, basic_ack, .delivery_tag = 1);
    QUIET(c, 1);
}

/* Names differ by a single capital. */
WIRE_CASE(case_sensitive, .title = "amq.Direct is not amq.direct",
          .rules = "conventions.case-sensitive")
{
    struct peer *c = OPEN();

    CALL(c, 1, exchange_declare, .exchange = S("amq.direct"), .type = S("direct"), .passive = true);
    SEND(c, 1, exchange_declare, .exchange = S("amq.Direct"), .type = S("direct"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, exchange_declare);
    DECLARE(c, 1, .queue = NAME("q"), .exclusive = true);
    SEND(c, 1, queue_declare, .queue = NAME("Q"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

CLIENT_CASE(side_by_side, .title = "ten channels of a session, each with a queue",
            .rules = "transport.channels.multiple transport.channel.independent")
{
    struct session *s = SESSION(.channels = 10);
    struct str q[11];

    for (uint16_t ch = 1; ch <= 10; ch++) {
        q[ch] = t_name(t, TEXT("q%u", ch).p);
        DO(s, ch, queue_declare, .queue = q[ch], .exclusive = true);
    }
    for (uint16_t ch = 1; ch <= 10; ch++)
        PUB(s, 11 - ch, TEXT("for %u", ch), .routing_key = q[ch]);
    for (uint16_t ch = 1; ch <= 10; ch++) {
        await_ready(t, s, ch, q[ch], 1, 0);
        FETCH(s, ch, q[ch], TEXT("for %u", ch));
    }
}
