/* The conversations that everybody has: opening, closing, declaring. */
#include <stdio.h>

#include "link.h"

static struct str plain(const struct target *t, char *room, size_t size)
{
    int n = snprintf(room, size, "%c%s%c%s", 0, t->user, 0, t->password);

    return (struct str){ room, n < 0 || (size_t)n >= size ? 0 : (size_t)n };
}

static void put_start_ok(struct link *l, const struct target *t)
{
    char room[512];
    struct m_connection_start_ok who = {
        .mechanism = S("PLAIN"),
        .response = plain(t, room, sizeof room),
        .locale = S("en_US"),
        .client_properties =
            TABLE(ARG("product", STR("amqproof-attack")),
                  ARG("capabilities", NESTED(ARG("connection.blocked", BOOL(1)),
                                             ARG("authentication_failure_close", BOOL(1)))), ),
    };

    link_put(l, 0, M_connection_start_ok, &who);
}

static void put_tune_and_open(struct link *l, const struct target *t, struct wishes w)
{
    struct m_connection_tune_ok tune = { .channel_max = w.channel_max,
                                         .frame_max = l->frame_max,
                                         .heartbeat = w.heartbeat };
    struct m_connection_open where = { .virtual_host = str_of(t->vhost) };

    link_put(l, 0, M_connection_tune_ok, &tune);
    link_put(l, 0, M_connection_open, &where);
}

bool link_open(struct link *l, const struct target *t, struct wishes w)
{
    const struct m_connection_tune *offer;

    if (!link_dial(l, t))
        return false;
    buf_put(&l->out, PROTOCOL_HEADER.p, PROTOCOL_HEADER.n);
    if (!link_flush(l) || !link_await(l, 0, M_connection_start))
        return false;
    put_start_ok(l, t);
    if (!link_flush(l) || !(offer = link_await(l, 0, M_connection_tune)))
        return false;
    l->frame_max = offer->frame_max ? offer->frame_max : 131072;
    l->channel_max = w.channel_max ? w.channel_max : offer->channel_max;
    w.channel_max = l->channel_max;
    put_tune_and_open(l, t, w);
    return link_flush(l) && link_await(l, 0, M_connection_open_ok);
}

bool link_open_begin(struct link *l, const struct target *t, struct wishes w)
{
    if (!link_dial(l, t))
        return false;
    w.channel_max = w.channel_max ? w.channel_max : 1;
    buf_put(&l->out, PROTOCOL_HEADER.p, PROTOCOL_HEADER.n);
    put_start_ok(l, t);
    put_tune_and_open(l, t, w);
    return link_flush(l);
}

bool link_open_end(struct link *l)
{
    return link_await(l, 0, M_connection_open_ok) != NULL;
}

bool link_channel(struct link *l, uint16_t channel)
{
    struct m_channel_open open = { 0 };

    return link_call(l, channel, M_channel_open, &open, M_channel_open_ok) != NULL;
}

bool link_bye(struct link *l)
{
    struct m_connection_close bye = { .reply_code = 200 };
    bool said = link_call(l, 0, M_connection_close, &bye, M_connection_close_ok) != NULL;

    link_drop(l);
    return said;
}

bool link_queue(struct link *l, uint16_t channel, struct str name)
{
    struct m_queue_declare q = { .queue = name, .exclusive = true };

    return link_call(l, channel, M_queue_declare, &q, M_queue_declare_ok) != NULL;
}
