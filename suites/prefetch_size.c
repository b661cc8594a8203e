/* Prefetch by octets. A broker that has no such window says 540 (errata 47); one that answers
   Qos-Ok to it has to keep it. */
#define CHAPTER "prefetch"
#include "suites/steps.h"

/* True if the window is there now. */
static bool has_window(struct t *t, struct peer *c, uint32_t octets)
{
    SEND(c, 1, basic_qos, .prefetch_size = octets);
    if (either(t, c, (struct either){ M_basic_qos_ok, .connection_code = NOT_IMPLEMENTED }) ==
        ACCEPTED)
        return true;
    WEAK("errata 47: prefetch-size is not implemented");
    return false;
}

/* Every form of Qos is answered with Qos-Ok. */
WIRE_CASE(qos_ok, .title = "basic.qos is answered with Qos-Ok on every channel",
          .rules = "basic.qos.chassis-server basic.qos.doc-qos-ok")
{
    struct peer *c = OPEN(.channels = 3);

    for (uint16_t channel = 1; channel <= 3; channel++) {
        CALL(c, channel, basic_qos, .prefetch_count = 0);
        CALL(c, channel, basic_qos, .prefetch_count = 1);
        CALL(c, channel, basic_qos, .prefetch_count = UINT16_MAX);
        CALL(c, channel, basic_qos, .prefetch_count = 0, .global = true);
        CALL(c, channel, basic_qos, .prefetch_count = 10, .global = true);
        QUIET(c, channel);
    }
}

/* The window is for what is sent ahead: what is larger than all of it still goes, alone. */
WIRE_CASE(size_single_large, .title = "a message larger than prefetch-size is delivered, alone",
          .rules = "basic.qos.prefetch-size.01 basic.qos.prefetch-size.doc-limit")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str large = repeated(t, 'x', 5000);

    if (has_window(t, c, 100)) {
        PUBLISH(c, 1, large, .routing_key = q);
        PUBLISH(c, 1, S("small"), .routing_key = q);
        CONSUME(c, 1, .queue = q);
        DELIVERED(c, 1, large, .delivery_tag = EQ(1));
        QUIET_QUEUE(c, 1, q);
        SEND(c, 1, basic_ack, .delivery_tag = 1);
        DELIVERED(c, 1, S("small"), .delivery_tag = EQ(2));
    }
    undisturbed(t, &w);
}

/* Two of 400 octets go into 1000, headers counted or not; the third does not. */
WIRE_CASE(size_window, .title = "prefetch-size 1000: two messages of 400 octets, not three",
          .rules = "basic.qos.prefetch-size.doc-limit")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str body = repeated(t, 'x', 400);

    if (has_window(t, c, 1000)) {
        for (int i = 0; i < 4; i++)
            PUBLISH(c, 1, body, .routing_key = q);
        CONSUME(c, 1, .queue = q);
        DELIVERED(c, 1, body, .delivery_tag = EQ(1));
        DELIVERED(c, 1, body, .delivery_tag = EQ(2));
        QUIET_QUEUE(c, 1, q);
        SEND(c, 1, basic_ack, .delivery_tag = 1);
        DELIVERED(c, 1, body, .delivery_tag = EQ(3));
        QUIET_QUEUE(c, 1, q);
    }
    undisturbed(t, &w);
}

/* Two limits, of which the one by octets is the tighter: each message exceeds it. */
WIRE_CASE(size_and_count, .title = "prefetch-size and prefetch-count: one large message at a time",
          .rules = "basic.qos.prefetch-count.01 basic.qos.prefetch-size.01")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str large = repeated(t, 'x', 5000);

    SEND(c, 1, basic_qos, .prefetch_size = 100, .prefetch_count = 5);
    if (either(t, c, (struct either){ M_basic_qos_ok, .connection_code = NOT_IMPLEMENTED }) ==
        ACCEPTED) {
        for (int i = 0; i < 4; i++)
            PUBLISH(c, 1, large, .routing_key = q);
        CONSUME(c, 1, .queue = q);
        for (int i = 1; i <= 4; i++) {
            DELIVERED(c, 1, large, .delivery_tag = EQ(i));
            QUIET_QUEUE(c, 1, q);
            SEND(c, 1, basic_ack, .delivery_tag = (uint64_t)i);
        }
    } else {
        WEAK("errata 47: prefetch-size is not implemented");
    }
    undisturbed(t, &w);
}
