#include "dispatch.h"

#include "broker.h"
#include "content.h"
#include "faulty.h"
#include "handlers.h"
#include "limits.h"
#include "log.h"

#include <assert.h>
#include <stdio.h>

typedef struct refusal run_on_conn(struct conn *c, struct cursor *cur);
typedef struct refusal run_on_channel(struct channel *ch, struct cursor *cur);

struct handler {
    unsigned legal; /* states, or'ed */
    run_on_conn *on_conn;
    run_on_channel *on_channel;
};

static struct refusal malformed(const struct cursor *cur)
{
    return refuse(SYNTAX_ERROR, "%s in a method's arguments",
                  cur->bad ? "malformed or missing octets" : "octets left over");
}

/* clang-format off */
#define ON(method, states, handler) \
    static struct refusal run_##method(struct conn *c, struct cursor *cur) \
    { \
        struct m_##method m = read_##method(cur); \
        return cursor_finished(cur) ? handler(c, &m) : malformed(cur); \
    }
CONNECTION_METHODS(ON)
#undef ON
#define ON(method, states, handler) \
    static struct refusal run_##method(struct channel *ch, struct cursor *cur) \
    { \
        struct m_##method m = read_##method(cur); \
        return cursor_finished(cur) ? handler(ch, &m) : malformed(cur); \
    }
CHANNEL_METHODS(ON)
#undef ON

static const struct handler handlers[METHOD_COUNT] = {
#define ON(method, states, handler) [M_##method] = { .legal = states, .on_conn = run_##method },
CONNECTION_METHODS(ON)
#undef ON
#define ON(method, states, handler) [M_##method] = { .legal = states, .on_channel = run_##method },
CHANNEL_METHODS(ON)
#undef ON
};
/* clang-format on */

static void close_channel(struct channel *ch, struct refusal why, uint16_t class_id,
                          uint16_t method_id)
{
    struct conn *c = ch->conn;
    char text[256];

    log_conn(c->number, LOG_LEVEL_INFO, "channel %u closed: %d %s, %s", ch->number, why.code,
             reply_name(why.code), why.text);
    snprintf(text, sizeof text, "%s - %s", reply_name(why.code), why.text);
    channel_end(ch, CH_CLOSING);
    SEND(c, ch->number, channel_close, .reply_code = (uint16_t)why.code, .reply_text = str_of(text),
         .class_id = class_id, .method_id = method_id);
}

/* Who pays: the channel for a soft error, the connection for a hard one; in negotiation
   there is no talk, and a connection that is closing hears nothing new. */
static void pay(struct conn *c, struct channel *ch, struct refusal why, uint16_t class_id,
                uint16_t method_id)
{
    if (c->state & CONN_NEGOTIATING)
        conn_shun(c, why.text);
    else if (c->state != CONN_OPEN)
        return;
    else if (ch && ch->state == CH_OPEN && !refusal_is_hard(why))
        close_channel(ch, why, class_id, method_id);
    else
        conn_close(c, why, class_id, method_id);
}

static struct refusal connection_method(struct conn *c, uint16_t number, enum method id,
                                        struct cursor *cur)
{
    const struct handler *h = &handlers[id];

    if (number != 0 && !FAULTY(connection_class_on_any_channel))
        return refuse(COMMAND_INVALID, "%s on channel %u", method_row(id)->name, number);
    if (!h->on_conn || !(h->legal & c->state))
        return refuse(COMMAND_INVALID, "%s is not to be sent now", method_row(id)->name);
    return h->on_conn(c, cur);
}

static struct refusal channel_method(struct conn *c, uint16_t number, enum method id,
                                     struct cursor *cur)
{
    const struct handler *h = &handlers[id];
    const char *name = method_row(id)->name;
    struct channel *ch;

    if (number == 0)
        return refuse(CHANNEL_ERROR, "%s on channel 0", name);
    if (number > c->channel_max && !FAULTY(channel_max_not_enforced))
        return refuse(NOT_ALLOWED, "channel %u, the highest is %u", number, c->channel_max);
    ch = conn_channel(c, number);
    if (!ch && id == M_channel_open)
        ch = conn_add_channel(c, number);
    if (FAULTY(unopened_channel_opens) && h->on_channel && id != M_channel_open &&
        (!ch || ch->state == CH_CLOSED))
        channel_open(ch = conn_add_channel(c, number));
    if (!h->on_channel)
        return refuse(COMMAND_INVALID, "%s is not for a client to send", name);
    if (!ch || ch->state == CH_CLOSED || id == M_channel_open) {
        if (!ch || !(h->legal & ch->state))
            return refuse(CHANNEL_ERROR, "%s on channel %u, which is %s", name, number,
                          ch && ch->state == CH_OPEN ? "open" : "not open");
    }
    if (!(h->legal & ch->state))
        return refuse(COMMAND_INVALID, "%s is not to be sent now", name);
    return h->on_channel(ch, cur);
}

static void dispatch_method(struct conn *c, uint16_t number, struct str payload)
{
    struct cursor cur = cursor_of(payload);
    uint16_t class_id = (uint16_t)cursor_uint(&cur, 2), method_id = (uint16_t)cursor_uint(&cur, 2);
    enum method id = method_find(class_id, method_id);
    struct channel *ch = conn_channel(c, number);
    struct refusal r;

    /* After our Close only Close and Close-Ok are heard. */
    if (c->state == CONN_CLOSING && id != M_connection_close && id != M_connection_close_ok &&
        !FAULTY(closing_connection_serves))
        return;
    if (ch && ch->state == CH_CLOSING && id != M_channel_close && id != M_channel_close_ok &&
        !FAULTY(closing_channel_is_closed))
        return;
    if (cur.bad)
        r = refuse(FRAME_ERROR, "a method frame without a method");
    else if (id == METHOD_COUNT)
        r = refuse(NOT_IMPLEMENTED, "no method %u.%u", class_id, method_id);
    else if (ch && ch->state == CH_OPEN && ch->content.want != CONTENT_NONE &&
             !(FAULTY(publish_amid_content_wins) && id == M_basic_publish))
        r = content_cut_short(ch, &class_id, &method_id);
    else if (class_id == 10)
        r = connection_method(c, number, id, &cur);
    else
        r = channel_method(c, number, id, &cur);
    if (r.code)
        pay(c, ch ? ch : conn_channel(c, number), r, class_id, method_id);
}

static void dispatch_content(struct conn *c, enum frame_type type, uint16_t number,
                             struct str payload)
{
    struct channel *ch = conn_channel(c, number);
    uint16_t class_id = 0, method_id = 0;
    struct refusal r;

    if (ch && ch->state == CH_CLOSING)
        return;
    if (!ch || ch->state != CH_OPEN)
        r = refuse(CHANNEL_ERROR, "content on channel %u, which is not open", number);
    else if (type == FRAME_HEADER)
        r = content_header(ch, payload, &class_id, &method_id);
    else
        r = content_body(ch, payload, &class_id, &method_id);
    if (r.code)
        pay(c, ch, r, class_id, method_id);
}

void dispatch_frame(struct conn *c, enum frame_type type, uint16_t number, struct str payload)
{
    if (type == FRAME_HEARTBEAT) {
        if (number != 0 || payload.n != 0)
            pay(c, NULL, refuse(FRAME_ERROR, "a heartbeat with a channel or a payload"), 0, 0);
    } else if ((c->state & CONN_NEGOTIATING) && (type != FRAME_METHOD || number != 0)) {
        conn_shun(c, "something else than a negotiation");
    } else if (type == FRAME_METHOD) {
        dispatch_method(c, number, payload);
    } else if (c->state == CONN_OPEN) {
        dispatch_content(c, type, number, payload);
    }
}
