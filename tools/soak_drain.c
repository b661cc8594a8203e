#include "soak_drain.h"

#include "fixtures/peer/clock.h"
#include "soak_ledger.h"

enum { AT_ONCE = 64 };

struct caller {
    struct link link;
    enum method_id heard; /* last */
    uint32_t session;
    unsigned queue, answers;
    bool empty;
    uint64_t last_tag;
    uint32_t copies[AT_ONCE], n;
};

static void got(struct caller *c, const struct heard *h)
{
    const struct m_basic_get_ok *m = h->args;
    struct delivery d = { .session = c->session,
                          .queue = c->queue,
                          .redelivered = m->redelivered,
                          .exchange = m->exchange,
                          .routing_key = m->routing_key,
                          .body = h->body,
                          .properties = h->properties };

    c->last_tag = m->delivery_tag;
    c->copies[c->n++] = ledger_delivered(&d);
}

static void hear(void *owner, const struct heard *h)
{
    struct caller *c = owner;

    c->heard = h->id;
    c->answers++;
    if (h->id == M_basic_get_ok && c->n < AT_ONCE)
        got(c, h);
    c->empty |= h->id == M_basic_get_empty;
}

/* So many answers have come, the last of them this one (M_none: any). */
static bool await(struct caller *c, unsigned answers, enum method_id reply)
{
    int64_t until_ms = clock_ms() + LIMIT_SILENCE_MS;

    while (c->answers < answers && clock_left(until_ms) > 0 && link_wait(&c->link, until_ms))
        ;
    if (c->answers >= answers && (reply == M_none || c->heard == reply))
        return true;
    ledger_bad(BAD_unanswered, "before or after: wanted %s, got %s %s",
               reply == M_none ? "answers to get" : wire_method(reply)->name,
               c->heard == M_none ? "nothing" : wire_method(c->heard)->name, c->link.refusal);
    return false;
}

static bool call(struct caller *c, enum method_id id, const void *args, enum method_id reply)
{
    c->answers = 0;
    c->heard = M_none;
    link_say(&c->link, id, args);
    return await(c, 1, reply);
}

static bool dial(struct caller *c, const struct target *t)
{
    *c = (struct caller){ .link = { .hear = hear } };
    c->link.owner = c;
    if (!link_dial(&c->link, t)) {
        ledger_bad(BAD_unanswered, "before or after: nobody is there");
        return false;
    }
    c->session = ledger_session();
    return await(c, 1, M_channel_open_ok);
}

static void leave(struct caller *c)
{
    link_drop(&c->link, END_FIN);
    if (c->session)
        ledger_end_session(c->session);
}

bool soak_declare(const struct target *t)
{
    struct world_call w;
    struct caller c;
    bool good = dial(&c, t);

    for (unsigned i = 0; good && world_call(i, &w); i++)
        good = call(&c, w.id, &w.args, w.reply);
    leave(&c);
    return good;
}

/* What these gets brought is acknowledged; their answer is that of the queue. */
static bool acknowledge(struct caller *c)
{
    struct m_basic_ack ack = { .delivery_tag = c->last_tag, .multiple = true };
    struct m_queue_declare again = { .queue = str_of(world_queues[c->queue]), .passive = true };

    if (c->n > 0)
        link_say(&c->link, M_basic_ack, &ack);
    for (unsigned i = 0; i < c->n; i++)
        ledger_ack_sent(c->copies[i], 0);
    if (!call(c, M_queue_declare, &again, M_queue_declare_ok))
        return false;
    for (unsigned i = 0; i < c->n; i++)
        ledger_ack_answered(c->copies[i]);
    return true;
}

static bool drain_queue(struct caller *c)
{
    struct m_basic_get get = { .queue = str_of(world_queues[c->queue]) };

    for (c->empty = false; !c->empty;) {
        c->answers = c->n = 0;
        link_cork(&c->link);
        for (int i = 0; i < AT_ONCE; i++)
            link_say(&c->link, M_basic_get, &get);
        link_uncork(&c->link);
        if (!await(c, AT_ONCE, M_none) || !acknowledge(c))
            return false;
    }
    return true;
}

bool soak_drain(const struct target *t)
{
    struct caller c;
    bool good = dial(&c, t);

    for (unsigned q = 0; good && q < QUEUES; q++) {
        c.queue = q;
        good = drain_queue(&c);
    }
    leave(&c);
    return good;
}
