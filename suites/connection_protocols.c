/* Other protocols on AMQP's port: a server may speak some. What it does not speak it answers with a
   header of its own and the end of the stream; either is said. */
#define CHAPTER "connection"
#include "suites/steps.h"

static const struct {
    const char *name;
    struct str header;
} protocols[] = {
    { "AMQP 0-8", { "AMQP\x01\x01\x08\0", 8 } },
    { "AMQP 0-9", { "AMQP\x01\x01\0\x09", 8 } },
    { "AMQP 0-10", { "AMQP\x01\x01\0\x0a", 8 } },
    { "AMQP 1.0", { "AMQP\0\x01\0\0", 8 } },
    { "SASL", { "AMQP\x03\x01\0\0", 8 } },
    { "MQTT", { "\x10\x0c\0\x04MQTT", 8 } },
    { "STOMP", { "CONNECT\n", 8 } },
    { "HTTP", { "GET / HT", 8 } },
};

/* Start, or the same header again, begin a conversation in that protocol. */
static bool is_spoken(struct t *t, struct str header)
{
    struct peer *c = CONNECT();
    struct next n;

    RAW(c, header);
    n = NEXT(c);
    CHECK(n.kind == GOT_FRAME, "a header, or the first words of that protocol");
    if (n.frame.type == FRAME_PROTOCOL_HEADER) {
        CHECK(str_eq(first_octets(n.frame.payload, 4), S("AMQP")), "the header is one of AMQP's");
        if (str_eq(n.frame.payload, header))
            return true;
        HANGUP(c);
        return false;
    }
    CHECK(n.frame.method && n.frame.method->id == M_connection_start, "wanted connection.start");
    return true;
}

WIRE_CASE(other_protocols, .title = "other protocols' headers are served, or answered and refused",
          .rules = "transport.negotiation.multi-protocol-port transport.header.non-amqp")
{
    struct witness w = witness(t);

    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        STEP("%s", protocols[i].name);
        if (is_spoken(t, protocols[i].header))
            INFO("%s is spoken on this port", protocols[i].name);
        undisturbed(t, &w);
    }
}
