/* What a replay declared is deleted after it, over a connection that nobody sees: a case that broke
   off could not, and the same names are declared again next time. Only names of ours are ever
   deleted: the broker may be somebody's. */
#include "replay.h"

#include <string.h>

enum { PATIENCE_MS = 2000 };

static bool is_ours(struct str name)
{
    return name.n > 9 && memcmp(name.p, "amqproof.", 9) == 0;
}

static void add(struct replay *r, bool exchange, struct str name)
{
    struct litter *l;

    for (l = r->litter; l; l = l->next)
        if (l->exchange == exchange && str_eq(l->name, name))
            return;
    l = arena_alloc(r->broker.arena, sizeof *l);
    *l = (struct litter){ exchange, name, r->litter };
    r->litter = l;
}

void litter_note(struct replay *r, const struct frame *said)
{
    const struct m_queue_declare *q = said->args;
    const struct m_exchange_declare *x = said->args;

    if (said->fault || !said->method || !said->args)
        return;
    if (said->method->id == M_queue_declare && !q->passive && is_ours(q->queue))
        add(r, false, q->queue);
    if (said->method->id == M_exchange_declare && !x->passive && is_ours(x->exchange))
        add(r, true, x->exchange);
}

static bool say(struct talk *t, uint16_t channel, enum method_id id, const void *args)
{
    struct buf b;
    bool taken;

    buf_init(&b, SIZE_MAX);
    frame_put_method(&b, channel, id, args);
    taken = talk_say(t, arena_copy(t->broker->arena, buf_str(&b)), clock_ms() + PATIENCE_MS);
    buf_clear(&b);
    return taken;
}

/* The next method; M_none: none came. */
static enum method_id hear(struct talk *t)
{
    struct heard *h = NULL;

    if (talk_listen(t, clock_ms() + PATIENCE_MS))
        h = TAILQ_FIRST(&t->heard);
    if (!h)
        return M_none;
    talk_drop(t, h);
    return h->frame.method && !h->frame.fault ? h->frame.method->id : M_none;
}

static bool opened(struct talk *t, const struct names *n)
{
    struct buf response;
    struct m_connection_start_ok ok = { .mechanism = S("PLAIN"), .locale = S("en_US") };
    struct m_connection_tune_ok tune = { .frame_max = 4096 };
    bool well;

    buf_init(&response, SIZE_MAX);
    buf_put(&response, "", 1);
    buf_put(&response, n->user.p, n->user.n);
    buf_put(&response, "", 1);
    buf_put(&response, n->password.p, n->password.n);
    ok.response = buf_str(&response);
    well = talk_open(t, clock_ms() + PATIENCE_MS) &&
           talk_say(t, PROTOCOL_HEADER, clock_ms() + PATIENCE_MS) &&
           hear(t) == M_connection_start && say(t, 0, M_connection_start_ok, &ok) &&
           hear(t) == M_connection_tune && say(t, 0, M_connection_tune_ok, &tune) &&
           say(t, 0, M_connection_open, &(struct m_connection_open){ .virtual_host = n->vhost }) &&
           hear(t) == M_connection_open_ok;
    buf_clear(&response);
    return well;
}

/* A channel for each: what may not be deleted closes it. */
static void delete (struct talk *t, uint16_t channel, const struct litter *l)
{
    say(t, channel, M_channel_open, &(struct m_channel_open){ .end_ = 0 });
    if (hear(t) != M_channel_open_ok)
        return;
    if (l->exchange)
        say(t, channel, M_exchange_delete, &(struct m_exchange_delete){ .exchange = l->name });
    else
        say(t, channel, M_queue_delete, &(struct m_queue_delete){ .queue = l->name });
    if (hear(t) == M_channel_close)
        say(t, channel, M_channel_close_ok, &(struct m_channel_close_ok){ .end_ = 0 });
}

void litter_delete(struct replay *r)
{
    struct broker quiet = r->broker;
    struct talk t;
    uint16_t channel = 1;

    if (!r->litter)
        return;
    quiet.quiet = true;
    talk_init(&t, &quiet, S(""));
    if (opened(&t, &r->names)) {
        for (const struct litter *l = r->litter; l && channel < 2000; l = l->next)
            delete (&t, channel++, l);
        say(&t, 0, M_connection_close, &(struct m_connection_close){ .reply_code = 200 });
        hear(&t);
    }
    talk_close(&t, false, clock_ms() + PATIENCE_MS);
}
