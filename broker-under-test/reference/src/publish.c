#include "publish.h"

#include "access.h"
#include "broker.h"
#include "faulty.h"
#include "share.h"
#include "tx.h"

static void give_back(struct channel *ch, struct message *m, enum reply_code code, const char *text)
{
    struct conn *c = ch->conn;

    SEND(c, ch->number, basic_return, .reply_code = (uint16_t)code, .reply_text = str_of(text),
         .exchange = message_exchange(m), .routing_key = message_key(m));
    send_content(&c->out, ch->number, m, c->frame_max);
}

/* Immediate: only queues that deliver it at once get it. */
static size_t keep_hungry(struct route *r, const struct message *m)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        if (queue_hungry(r->at[i], m))
            r->at[n++] = r->at[i];
    }
    return r->n = n;
}

/* The store has failed, and this would have to be kept. */
static bool beyond_us(struct route r, const struct message *m, const struct broker *b)
{
    bool durable = false;

    if (!m->persistent || !store_failed(b->store))
        return false;
    for (size_t i = 0; i < r.n; i++)
        durable = durable || r.at[i]->dest.durable;
    return durable;
}

static uint64_t enqueue(struct conn *c, struct route r, struct message *m)
{
    uint64_t batch = 0;

    for (size_t i = 0; i < r.n; i++) {
        if (FAULTY(large_to_one_queue) && i > 0 && m->body_bytes > UINT16_MAX)
            break;
        uint64_t needs = queue_push(r.at[i], m);

        batch = needs > batch ? needs : batch;
        share_judge(c, r.at[i]);
    }
    return batch;
}

static void count(struct counts *n, size_t queues, bool mandatory)
{
    n->published++;
    n->routed += queues > 0;
    n->returned += queues == 0 && mandatory;
    n->dropped += queues == 0 && !mandatory;
}

/* Into the broker's list, which had room for them before, and which the caller may shorten. */
static struct route recall(struct broker *b, const struct memo *known)
{
    if (known->n)
        memcpy(b->routed, known->at, known->n * sizeof(struct queue *));
    return (struct route){ b->routed, known->n };
}

static struct route route(const struct channel *ch, const struct message *m,
                          const struct memo *known)
{
    struct vhost *v = ch->conn->vhost;
    struct exchange *x;
    struct route r;

    if (known)
        return recall(v->broker, known);
    /* In a transaction the exchange may have gone since; then it routes nowhere. */
    x = vhost_exchange(v, message_exchange(m));
    if (!x)
        return (struct route){ .n = 0 };
    r = vhost_route(v, x, message_key(m), message_headers(m));
    memo_keep(v, ch->serial, m, x, r);
    return r;
}

static uint64_t pass_on(struct channel *ch, const struct publish *p, const struct memo *known)
{
    struct message *m = p->message;
    struct route r = route(ch, m, known);
    uint64_t batch = 0;

    count(&ch->conn->broker->counts, r.n, p->mandatory);
    if (r.n == 0 && p->mandatory)
        give_back(ch, m, NO_ROUTE, "NO_ROUTE");
    else if (p->immediate && keep_hungry(&r, m) == 0)
        give_back(ch, m, NO_CONSUMERS, "NO_CONSUMERS");
    else if (beyond_us(r, m, ch->conn->broker))
        batch = CONFIRM_NEVER;
    else
        batch = enqueue(ch->conn, r, m);
    message_unref(m);
    if (FAULTY(unroutable_unconfirmed) && r.n == 0)
        return UINT64_MAX;
    return batch;
}

uint64_t publish_now(struct channel *ch, const struct publish *p)
{
    return pass_on(ch, p, memo_find(ch->conn->vhost, ch->serial, p->message));
}

static struct refusal judge(struct channel *ch, const struct message *m, const struct memo *known)
{
    struct str name = message_exchange(m);
    const struct exchange *x = known ? known->exchange : vhost_exchange(ch->conn->vhost, name);
    struct refusal no = may(ch, MAY_WRITE, name);

    if (no.code)
        return no;
    if (!x)
        return refuse(NOT_FOUND, "no exchange '%.*s' in vhost '%.*s'", STR_ARGS(name),
                      STR_ARGS(ch->conn->vhost->name));
    if (x->internal && !FAULTY(internal_open))
        return refuse(ACCESS_REFUSED, "exchange '%.*s' is internal", STR_ARGS(name));
    return accepted;
}

static void confirm_later(struct channel *ch, uint64_t batch)
{
    confirms_add(&ch->confirms, batch);
    if (!ch->confirming)
        TAILQ_INSERT_TAIL(&ch->conn->broker->confirming, ch, confirm_link);
    ch->confirming = true;
}

struct refusal publish(struct channel *ch, const struct publish *p)
{
    const struct memo *known = memo_find(ch->conn->vhost, ch->serial, p->message);
    struct refusal no = judge(ch, p->message, known);
    uint64_t batch;

    if (no.code) {
        message_unref(p->message);
        return no;
    }
    if (ch->mode == MODE_TX) {
        tx_publish(ch, p);
        return accepted;
    }
    if (FAULTY(mandatory_counted_early) && ch->mode == MODE_PLAIN && p->mandatory)
        ch->confirms.published++;
    batch = pass_on(ch, p, known);
    if (ch->mode == MODE_CONFIRM)
        confirm_later(ch, batch);
    else if (batch == CONFIRM_NEVER && store_failed(ch->conn->broker->store))
        return refuse(INTERNAL_ERROR, "the store has failed, a persistent message cannot be kept");
    return accepted;
}
