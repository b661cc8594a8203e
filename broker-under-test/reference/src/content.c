#include "content.h"

#include "broker.h"
#include "faulty.h"
#include "publish.h"
#include "share.h"

enum { CLASS_BASIC = 60, METHOD_PUBLISH = 40 };

void content_begin(struct channel *ch, const struct m_basic_publish *m)
{
    struct content *c = &ch->content;

    c->want = CONTENT_HEADER;
    memcpy(c->names, m->exchange.p, m->exchange.n);
    memcpy(c->names + m->exchange.n, m->routing_key.p, m->routing_key.n);
    c->exchange = (struct str){ c->names, m->exchange.n };
    c->key = (struct str){ c->names + m->exchange.n, m->routing_key.n };
    if (FAULTY(key_cut_at_127) && c->key.n > 127)
        c->key.n = 127;
    c->mandatory = m->mandatory;
    c->immediate = m->immediate;
    c->message = NULL;
    c->have = 0;
}

static void blame_publish(uint16_t *class_id, uint16_t *method_id)
{
    *class_id = CLASS_BASIC;
    *method_id = METHOD_PUBLISH;
}

static struct refusal complete(struct channel *ch)
{
    struct content *c = &ch->content;
    struct publish p = { c->message, c->mandatory, c->immediate };

    share_hold(ch->conn, c->message->room, 0);
    c->message = NULL;
    c->want = CONTENT_NONE;
    return publish(ch, &p);
}

struct refusal content_cut_short(struct channel *ch, uint16_t *class_id, uint16_t *method_id)
{
    blame_publish(class_id, method_id);
    if (FAULTY(half_content_published) && ch->content.want == CONTENT_BODY) {
        ch->content.message->body_bytes = ch->content.have;
        complete(ch);
    }
    return refuse(UNEXPECTED_FRAME, "a method where the content's %s was due",
                  ch->content.want == CONTENT_HEADER ? "header" : "body");
}

static struct message *make(struct channel *ch, const struct properties *p, struct str properties,
                            uint64_t body_bytes)
{
    const struct content *c = &ch->content;
    struct message *m =
        message_new(c->exchange, c->key, properties, (size_t)body_bytes, &ch->conn->broker->memory);

    m->publisher = ch->conn->number;
    m->persistent = p->delivery_mode == 2;
    m->priority = p->priority;
    m->headers_bytes = (uint32_t)p->headers.n;
    m->headers_at = p->headers.n ? (uint32_t)(p->headers.p - properties.p) : 0;
    return m;
}

/* Payload: class short, weight short, body size longlong, property flags and values. */
struct refusal content_header(struct channel *ch, struct str payload, uint16_t *class_id,
                              uint16_t *method_id)
{
    struct content *c = &ch->content;
    struct cursor cur = cursor_of(payload);
    uint64_t class = cursor_uint(&cur, 2), weight = cursor_uint(&cur, 2);
    uint64_t body_bytes = cursor_uint(&cur, 8);
    struct str rest = cursor_take(&cur, payload.n - (cur.bad ? payload.n : cur.at));
    struct properties p;

    if (c->want == CONTENT_NONE)
        return refuse(UNEXPECTED_FRAME, "a content header without a method that has content");
    blame_publish(class_id, method_id);
    if (c->want == CONTENT_BODY && !FAULTY(second_header_replaces))
        return refuse(UNEXPECTED_FRAME, "a second header where the content's body was due");
    if (cur.bad)
        return refuse(FRAME_ERROR, "a content header of %zu octets", payload.n);
    if (class != CLASS_BASIC || weight != 0)
        return refuse(FRAME_ERROR, "a content header of class %u and weight %u", (unsigned)class,
                      (unsigned)weight);
    if (!properties_read(&p, rest) && !FAULTY(spoilt_properties_taken))
        return refuse(SYNTAX_ERROR, "malformed properties in a content header");
    if (body_bytes > ch->conn->broker->settings.body_max)
        return refuse(CONTENT_TOO_LARGE, "a body of %llu octets, the limit is %zu",
                      (unsigned long long)body_bytes, ch->conn->broker->settings.body_max);
    c->message = make(ch, &p, rest, body_bytes);
    share_hold(ch->conn, 0, c->message->room);
    c->want = CONTENT_BODY;
    return body_bytes || FAULTY(empty_body_awaited) ? accepted : complete(ch);
}

struct refusal content_body(struct channel *ch, struct str payload, uint16_t *class_id,
                            uint16_t *method_id)
{
    struct content *c = &ch->content;
    size_t room;

    if (c->want == CONTENT_NONE)
        return refuse(UNEXPECTED_FRAME, "a content body without a method that has content");
    blame_publish(class_id, method_id);
    if (c->want == CONTENT_HEADER)
        return refuse(UNEXPECTED_FRAME, "a content body where the header was due");
    if (payload.n > c->message->body_bytes - c->have)
        return refuse(FRAME_ERROR, "more body than the %zu octets announced",
                      c->message->body_bytes);
    room = c->message->room;
    c->message = message_append(c->message, c->have, payload);
    share_hold(ch->conn, room, c->message->room);
    c->have += payload.n;
    if (FAULTY(first_body_frame_is_all))
        c->message->body_bytes = c->have;
    return c->have < c->message->body_bytes ? accepted : complete(ch);
}
