/* What the broker says, as octets and in order: contents that do not mix, flags in one octet,
   strings that fit. What it hears is in the other files of this chapter. */
#define CHAPTER "framing"
#include "suites/steps.h"

/* ---- Contents --------------------------------------------------------------------------- */

/* Two consumers of one channel get large messages from two queues at once. */
static void two_streams(struct t *t, struct peer *c, struct str body, int n)
{
    struct str q[] = { DECLARE(c, 1, .queue = NAME("a"), .exclusive = true)->queue,
                       DECLARE(c, 1, .queue = NAME("b"), .exclusive = true)->queue };

    for (int i = 0; i < n; i++)
        PUBLISH(c, 2, body, .routing_key = q[i % 2]);
    await_queue(t, c, 2, q[0], n / 2, 0);
    await_queue(t, c, 2, q[1], n / 2, 0);
    CORK(c);
    SEND(c, 1, basic_consume, .queue = q[0], .consumer_tag = S("a"), .no_ack = true);
    SEND(c, 1, basic_consume, .queue = q[1], .consumer_tag = S("b"), .no_ack = true);
    UNCORK(c);
}

/* Deliver, header, as many bodies as the size takes; only then the next method of that channel. */
WIRE_CASE(contents_one_by_one, .title = "contents of one channel follow each other whole",
          .rules = "transport.content.sequential transport.content.method-then-header "
                   "transport.content.body-size",
          .revision = 3)
{
    enum { MESSAGES = 40 };
    struct peer *c = OPEN(.channels = 2, .frame_max = SMALL_FRAMES);
    struct str body = repeated(t, 'b', 3 * agreed_frame_max(c));
    uint64_t left = 0;
    bool header_due = false;

    two_streams(t, c, body, MESSAGES);
    for (int delivered = 0; delivered < MESSAGES || left;) {
        struct next n = NEXT(c);

        CHECK(n.kind == GOT_FRAME, "the stream goes on");
        if (n.frame.type == FRAME_METHOD) {
            CHECK(!header_due && !left, "a method within a content");
            header_due = n.frame.method && n.frame.method->id == M_basic_deliver;
            delivered += header_due;
        } else if (n.frame.type == FRAME_HEADER) {
            CHECK(header_due, "a header without its method");
            header_due = false;
            left = body.n;
        } else {
            CHECK(n.frame.payload.n <= left, "more body than the header announced");
            left -= n.frame.payload.n;
        }
    }
}

/* ---- Arguments ---------------------------------------------------------------------------- */

static struct str said(struct t *t, struct peer *c, enum method_id id)
{
    const struct trace_event *e = trace_find(TRACE(c), NULL, 'S', id);

    CHECK(e, "the capture holds %s", wire_method(id)->name);
    return payload_of(e->octets);
}

/* Of a flag there is one octet, of a blank string its length, of a number all its octets. */
WIRE_CASE(reply_octets, .title = "the octets of replies",
          .rules = "transport.method.layout transport.types.bits-packed "
                   "transport.types.integers-big-endian")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str counts = S("\0\0\0\0\0\0\0\0");

    CHECK(str_eq(said(t, c, M_queue_declare_ok),
                 glued(t, TEXT("%c%c%c%c%c", 0, 50, 0, 11, (int)q.n), glued(t, q, counts))),
          "class 50, method 11, the name, two counts of four octets");
    GET_EMPTY(c, 1, q);
    CHECK(str_eq(said(t, c, M_basic_get_empty), S("\0\x3c\0\x48\0")),
          "class 60, method 72, an empty string");
    CALL(c, 1, channel_flow, .active = true);
    CHECK(str_eq(said(t, c, M_channel_flow_ok), S("\0\x14\0\x15\x01")),
          "class 20, method 21, a flag");
    CALL(c, 1, confirm_select);
    PUBLISH(c, 1, S("m"), .routing_key = q);
    RECV(c, 1, basic_ack, .delivery_tag = EQ(1));
    CHECK(str_eq(said(t, c, M_basic_ack), S("\0\x3c\0\x50\0\0\0\0\0\0\0\x01\0")),
          "class 60, method 80, delivery-tag 1, a flag");
}

/* A reason that quotes two long names is longer than a short string; it has to be cut. */
WIRE_CASE(long_reason, .title = "a refusal of the longest names has a reply text that fits",
          .rules = "domain.reply-text.assert-notnull transport.errors.code-and-text "
                   "domain.shortstr.doc-max")
{
    struct peer *c = OPEN(.channels = 2);
    struct str longest = repeated(t, 'n', 127), key = repeated(t, 'k', 255);
    struct str q = DECLARE(c, 2, .queue = NAME("q"), .exclusive = true)->queue;

    SEND(c, 1, queue_declare, .queue = longest, .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    SEND(c, 1, queue_bind, .queue = longest, .exchange = longest, .routing_key = key);
    REFUSED(c, 1, NOT_FOUND, queue_bind);
    SEND(c, 1, queue_bind, .queue = q, .exchange = longest, .routing_key = key);
    REFUSED(c, 1, NOT_FOUND, queue_bind);
}
