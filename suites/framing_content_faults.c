/* Contents that are none: frames left out, out of order, of the wrong class or length. A fault
   costs the connection, and half a message never shows up. */
#define CHAPTER "framing"
#include "suites/steps.h"

/* A victim with its channel open, and a queue that must stay empty, seen by the witness. */
struct setup {
    struct witness w;
    struct peer *c;
    struct str q;
};

static struct setup setup(struct t *t)
{
    struct setup s = { .w = witness(t) };

    s.q = DECLARE(s.w.c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    s.c = OPEN(.channels = 2);
    return s;
}

#define SAY_PUBLISH(s) SEND((s)->c, 1, basic_publish, .routing_key = (s)->q)

static void nothing_came(struct t *t, const struct setup *s)
{
    undisturbed(t, &s->w);
    GET_EMPTY(s->w.c, 1, s->q);
}

static void out_of_sequence(struct t *t, const struct setup *s)
{
    REFUSED_HARD(s->c, UNEXPECTED_FRAME, none);
    nothing_came(t, s);
}

/* ---- Out of sequence --------------------------------------------------------------------- */

WIRE_CASE(header_left_out, .title = "a method where a content header is due: 505",
          .rules = "transport.content.unconditional transport.content.incomplete "
                   "constant.unexpected-frame")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    SEND(s.c, 1, channel_flow, .active = true);
    out_of_sequence(t, &s);
}

WIRE_CASE(publish_twice, .title = "a second basic.publish where a content header is due: 505",
          .rules = "transport.content.unconditional transport.content.sequential "
                   "constant.unexpected-frame")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    SAY_PUBLISH(&s);
    HEADER(s.c, 1, 0, NULL);
    out_of_sequence(t, &s);
}

WIRE_CASE(body_before_header, .title = "a body where a content header is due: 505",
          .rules = "transport.content.body-without-header constant.unexpected-frame")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    BODY(s.c, 1, S("hello"));
    out_of_sequence(t, &s);
}

WIRE_CASE(header_of_nothing, .title = "a content header without a method: 505",
          .rules = "transport.content.header-without-method constant.unexpected-frame")
{
    struct setup s = setup(t);

    HEADER(s.c, 1, 5, NULL);
    out_of_sequence(t, &s);
}

WIRE_CASE(body_of_no_message, .title = "a body without a method: 505",
          .rules = "transport.content.header-without-method transport.content.incomplete "
                   "constant.unexpected-frame")
{
    struct setup s = setup(t);

    BODY(s.c, 1, S("hello"));
    out_of_sequence(t, &s);
}

/* A method that carries no content is not followed by one. */
WIRE_CASE(header_after_plain_method, .title = "a content header behind queue.declare: 505",
          .rules = "transport.content.header-without-method constant.unexpected-frame")
{
    struct setup s = setup(t);

    DECLARE(s.c, 1, .queue = NAME("plain"), .exclusive = true);
    HEADER(s.c, 1, 5, NULL);
    out_of_sequence(t, &s);
}

WIRE_CASE(header_twice, .title = "a second content header: 505",
          .rules = "transport.content.sequential transport.content.incomplete "
                   "constant.unexpected-frame")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    HEADER(s.c, 1, 10, NULL);
    HEADER(s.c, 1, 5, NULL);
    BODY(s.c, 1, S("hello"));
    out_of_sequence(t, &s);
}

/* Errata 15: 505, or the content ends early and the method is served. */
WIRE_CASE(method_amid_body, .title = "a method amid the body frames of a content",
          .rules = "transport.content.abort transport.content.incomplete")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    HEADER(s.c, 1, 10, NULL);
    BODY(s.c, 1, S("hello"));
    SEND(s.c, 1, channel_flow, .active = true);
    if (SERVED(s.c, channel_flow_ok, UNEXPECTED_FRAME)) {
        WEAK("errata 15: a method amid a content ends it silently and is served");
        CLOSE(s.c);
    }
    nothing_came(t, &s);
}

/* ---- More or less than announced ------------------------------------------------------------ */

/* The octet too many is the fault; some notice it only when the channel speaks again. */
static void overrun(struct t *t, struct setup *s)
{
    SEND(s->c, 2, channel_flow, .active = true);
    if (SERVED(s->c, channel_flow_ok, FRAME_ERROR, UNEXPECTED_FRAME)) {
        WEAK("a body longer than announced is noticed when the channel speaks again, or later");
        SEND(s->c, 1, channel_flow, .active = true);
        REFUSED_HARD_ONE_OF(s->c, none, FRAME_ERROR, UNEXPECTED_FRAME);
    }
    nothing_came(t, s);
}

WIRE_CASE(body_too_long, .title = "a body longer than announced: 501 or 505",
          .rules = "transport.content.body-overrun transport.content.body-size", .revision = 2)
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    HEADER(s.c, 1, 5, NULL);
    BODY(s.c, 1, S("hello!"));
    overrun(t, &s);
}

WIRE_CASE(body_too_long_later, .title = "a second body frame beyond what was announced: 501 or 505",
          .rules = "transport.content.body-overrun transport.content.body-size", .revision = 2)
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    HEADER(s.c, 1, 5, NULL);
    BODY(s.c, 1, S("hel"));
    BODY(s.c, 1, S("lo!!!"));
    overrun(t, &s);
}

/* Size 0 is complete with its header: the body behind it belongs to nothing. */
WIRE_CASE(body_after_size_zero, .title = "a body frame for a content of size 0: 501 or 505",
          .rules = "transport.content.body-size-zero transport.content.body-overrun")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    HEADER(s.c, 1, 0, NULL);
    BODY(s.c, 1, S("hello"));
    REFUSED_HARD_ONE_OF(s.c, none, FRAME_ERROR, UNEXPECTED_FRAME);
    undisturbed(t, &s.w);
}

/* A size nobody has room for: refused at once, or waited for; either way the broker lives. */
WIRE_CASE(body_of_2_to_63, .title = "a content header that announces 2^63 octets",
          .rules = "transport.limits.content-64bit transport.security.invalid-data "
                   "constant.content-too-large")
{
    struct setup s = setup(t);
    struct next n;

    SAY_PUBLISH(&s);
    HEADER(s.c, 1, UINT64_C(1) << 63, NULL);
    BODY(s.c, 1, S("a beginning"));
    SEND(s.c, 2, channel_flow, .active = true);
    n = NEXT(s.c);
    if (n.kind == GOT_FRAME && n.frame.channel == 2)
        INFO("a content of 2^63 octets is waited for");
    t_drop_rst(t, s.c);
    nothing_came(t, &s);
}

/* ---- The content header ---------------------------------------------------------------------- */

WIRE_CASE(header_of_other_class, .title = "a content header of another class: 501 or 505",
          .rules = "transport.content.header-class-mismatch constant.unexpected-frame")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    t_header(HERE, s.c, 1, 50, 5, NULL);
    BODY(s.c, 1, S("hello"));
    REFUSED_HARD_ONE_OF(s.c, none, FRAME_ERROR, UNEXPECTED_FRAME);
    nothing_came(t, &s);
}

/* Weight is always zero; what follows if it is not is not said. */
WIRE_CASE(header_weight, .title = "a content header with a weight: 501, 502 or 505, or ignored",
          .rules = "transport.content.weight-zero")
{
    struct setup s = setup(t);

    SAY_PUBLISH(&s);
    RAW_FRAME(s.c, FRAME_HEADER, 1, S("\0\x3c\0\x01\0\0\0\0\0\0\0\x05\0\0"));
    BODY(s.c, 1, S("hello"));
    SEND(s.c, 1, channel_flow, .active = true);
    if (SERVED(s.c, channel_flow_ok, FRAME_ERROR, SYNTAX_ERROR, UNEXPECTED_FRAME)) {
        INFO("a weight of 1 is ignored");
        await_queue(t, s.w.c, 1, s.q, 1, 0);
        GET(s.w.c, 1, s.q, S("hello"));
    }
    undisturbed(t, &s.w);
}

/* The header ends inside its fixed part, or a flag promises a property that is not there. */
static void spoilt_header(struct t *t, struct str payload)
{
    struct setup s = setup(t);
    const uint64_t fair[] = { FRAME_ERROR, SYNTAX_ERROR, UNEXPECTED_FRAME, INTERNAL_ERROR };
    uint16_t code;

    SAY_PUBLISH(&s);
    RAW_FRAME(s.c, FRAME_HEADER, 1, payload);
    BODY(s.c, 1, S("hello"));
    code = t_refused_hard(HERE, s.c, fair, 4, M_none);
    if (code == INTERNAL_ERROR || code == UNEXPECTED_FRAME)
        WEAK("a spoilt content header closes with 505 or 541, not 501 or 502");
    nothing_came(t, &s);
}

WIRE_CASE(property_missing, .title = "a property flag without its value: 501 or 502",
          .rules = "transport.content.property-truncated transport.security.invalid-data")
{
    spoilt_header(t, S("\0\x3c\0\0\0\0\0\0\0\0\0\x05\x80\0"));
}

WIRE_CASE(property_cut_short, .title = "a property longer than its header: 501 or 502",
          .rules = "transport.content.property-truncated transport.security.invalid-data")
{
    spoilt_header(t, S("\0\x3c\0\0\0\0\0\0\0\0\0\x05\x80\0\xfftext"));
}

WIRE_CASE(header_cut_short, .title = "a content header that ends in its body size: 501 or 502",
          .rules = "transport.content.incomplete transport.security.invalid-data")
{
    spoilt_header(t, S("\0\x3c\0\0\0\0\0\0\0"));
}

static uint16_t closed_with(struct t *t, struct peer *c)
{
    const struct trace_event *e = trace_find(TRACE(c), NULL, 'S', M_connection_close);

    return e ? ((const struct m_connection_close *)e->frame.args)->reply_code : 0;
}

/* Flag bit 0 promises more flags; an empty second word adds no property. */
WIRE_CASE(property_flags_continued, .title = "property flags in two words: read, or 501 or 502",
          .rules = "transport.content.property-flags-continued")
{
    struct setup s = setup(t);
    const struct m_channel_flow_ok *ok;

    SAY_PUBLISH(&s);
    RAW_FRAME(s.c, FRAME_HEADER, 1, S("\0\x3c\0\0\0\0\0\0\0\0\0\x05\x80\x01\0\0\x04text"));
    BODY(s.c, 1, S("hello"));
    SEND(s.c, 1, channel_flow, .active = true);
    ok = SERVED(s.c, channel_flow_ok, FRAME_ERROR, SYNTAX_ERROR, INTERNAL_ERROR);
    if (ok) {
        await_queue(t, s.w.c, 1, s.q, 1, 0);
        WANT_PROPS(GET(s.w.c, 1, s.q, S("hello")), .content_type = IS(S("text")));
    } else if (closed_with(t, s.c) == INTERNAL_ERROR) {
        WEAK("a second word of property flags is refused with 541, not 501 or 502");
    }
    undisturbed(t, &s.w);
}

/* Errata 64: 504 by the text, 505 by the sequence of frames. */
static void on_channel_0(struct t *t, uint8_t type, struct str payload)
{
    struct setup s = setup(t);
    const uint64_t fair[] = { CHANNEL_ERROR, UNEXPECTED_FRAME };

    RAW_FRAME(s.c, type, 0, payload);
    if (t_refused_hard(HERE, s.c, fair, 2, M_none) == UNEXPECTED_FRAME)
        WEAK("errata 64: content on channel 0 closes with 505, not 504");
    undisturbed(t, &s.w);
}

WIRE_CASE(header_on_channel_0, .title = "a content header on channel 0: 504",
          .rules = "transport.content.channel-zero constant.channel-error")
{
    on_channel_0(t, FRAME_HEADER, S("\0\x3c\0\0\0\0\0\0\0\0\0\x05\0\0"));
}

WIRE_CASE(body_on_channel_0, .title = "a body on channel 0: 504",
          .rules = "transport.content.channel-zero constant.channel-error")
{
    on_channel_0(t, FRAME_BODY, S("hello"));
}
