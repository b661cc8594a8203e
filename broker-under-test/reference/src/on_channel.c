/* Channels: open, flow, close. */
#include "handlers.h"

#include "broker.h"
#include "faulty.h"
#include "share.h"

/* Who came before this connection and has not sent a header yet, though this one has had a whole
   handshake meanwhile. Who is only a moment late is let be. */
static void speak_to_the_silent(struct conn *c)
{
    while ((c = TAILQ_PREV(c, conn_list, link))) {
        if (c->state != CONN_HEADER)
            continue;
        frame_reserve(&c->out, FRAME_HEARTBEAT, 0, 0);
        conn_talk(c);
    }
}

struct refusal on_channel_open(struct channel *ch, const struct m_channel_open *m)
{
    struct refusal no = share_of_things(ch->conn, "channel");

    if (FAULTY(server_speaks_first))
        speak_to_the_silent(ch->conn);
    (void)m; /* the out-of-band string is reserved, and tolerated */
    if (no.code)
        return no;
    channel_open(ch);
    SEND(ch->conn, ch->number, channel_open_ok, .no_field = 0);
    return accepted;
}

/* Consumers are paused; Get is not, "it is not affected by flow". */
struct refusal on_channel_flow(struct channel *ch, const struct m_channel_flow *m)
{
    ch->flow = m->active;
    for (size_t i = 1; FAULTY(flow_stops_all_channels) && i < ch->conn->channel_room; i++)
        if (ch->conn->channels[i])
            ch->conn->channels[i]->flow = m->active;
    SEND(ch->conn, ch->number, channel_flow_ok, .active = m->active);
    if (m->active)
        channel_wake(ch);
    return accepted;
}

/* We never send Flow, so there is nothing that this could answer; it does no harm. */
struct refusal on_channel_flow_ok(struct channel *ch, const struct m_channel_flow_ok *m)
{
    (void)m;
    if (FAULTY(flow_ok_pauses))
        ch->flow = m->active;
    return accepted;
}

/* When our Close crossed theirs, theirs is answered and the answer to ours still due. */
struct refusal on_channel_close(struct channel *ch, const struct m_channel_close *m)
{
    (void)m;
    if (ch->state == CH_OPEN)
        channel_end(ch, CH_CLOSED);
    SEND_BARE(ch->conn, ch->number, channel_close_ok);
    return accepted;
}

struct refusal on_channel_close_ok(struct channel *ch, const struct m_channel_close_ok *m)
{
    (void)m;
    channel_end(ch, CH_CLOSED);
    return accepted;
}
