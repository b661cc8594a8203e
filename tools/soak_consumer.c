#include <stdlib.h>
#include <string.h>

#include "fixtures/peer/clock.h"
#include "soak_actor.h"

enum { PREFETCH_MOST = 60, END_MS = 1000 };

static bool one_in(struct consumer *c, size_t n)
{
    return random_below(&c->random, n) == 0;
}

static void put(struct holdings *l, struct holding h)
{
    if (l->n == l->room) {
        l->room = l->room * 2 + 16;
        l->at = realloc(l->at, l->room * sizeof *l->at);
        if (!l->at)
            abort();
    }
    l->at[l->n++] = h;
}

static struct holding take_out(struct holdings *l, uint32_t i)
{
    struct holding h = l->at[i];

    memmove(&l->at[i], &l->at[i + 1], (--l->n - i) * sizeof *l->at);
    return h;
}

/* ---- what is heard ---- */

static void opened(struct consumer *c)
{
    struct m_basic_qos qos = { .prefetch_count =
                                   (uint16_t)(1 + random_below(&c->random, PREFETCH_MOST)) };
    struct m_basic_consume consume = { 0 };
    static const struct m_tx_select tx;

    c->session = ledger_session();
    c->in_session = true;
    c->in_tx = one_in(c, 3);
    c->queue = (unsigned)random_below(&c->random, QUEUES);
    consume.queue = str_of(world_queues[c->queue]);
    link_say(&c->link, M_basic_qos, &qos);
    if (c->in_tx)
        link_say(&c->link, M_tx_select, &tx);
    link_say(&c->link, M_basic_consume, &consume);
}

static void delivered(struct consumer *c, const struct heard *h)
{
    const struct m_basic_deliver *m = h->args;
    struct delivery d = { .session = c->session,
                          .queue = c->queue,
                          .redelivered = m->redelivered,
                          .exchange = m->exchange,
                          .routing_key = m->routing_key,
                          .body = h->body,
                          .properties = h->properties };

    if (!c->deaf)
        put(&c->held, (struct holding){ .tag = m->delivery_tag, .copy = ledger_delivered(&d) });
}

static void answered(struct consumer *c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        ledger_ack_answered(c->acked.at[i].copy);
    c->acked.n -= n;
    if (c->acked.n)
        memmove(c->acked.at, c->acked.at + n, c->acked.n * sizeof *c->acked.at);
}

static void queue_answers(struct consumer *c, const struct m_queue_declare_ok *m)
{
    answered(c, c->fenced);
    c->fenced = 0;
    c->asked = false;
    c->scene->waiting[c->queue] = m->message_count;
}

static void moved_are(struct consumer *c, enum fate fate)
{
    for (uint32_t i = 0; i < c->moved.n; i++)
        ledger_fate(c->moved.at[i].copy, fate);
    if (fate != COMMITTING)
        c->moved.n = c->group = 0;
}

static void committed(struct consumer *c)
{
    for (uint32_t i = 0; i < c->pending.n; i++) {
        if (c->pending.at[i].outcome != REQUEUE)
            ledger_ack_committed(c->pending.at[i].copy);
    }
    moved_are(c, COMMITTED);
    c->committing = false;
    c->pending.n = 0;
    c->asked = false;
}

static int by_tag(const void *a, const void *b)
{
    const struct holding *x = a, *y = b;

    return (x->tag > y->tag) - (x->tag < y->tag);
}

/* They are held as before, and may be settled anew. */
static void rolled_back(struct consumer *c)
{
    for (uint32_t i = 0; i < c->pending.n; i++)
        put(&c->held, c->pending.at[i]);
    moved_are(c, ROLLED_BACK);
    c->pending.n = 0;
    if (c->held.n)
        qsort(c->held.at, c->held.n, sizeof *c->held.at, by_tag);
    c->asked = false;
}

static void hear(void *owner, const struct heard *h)
{
    struct consumer *c = owner;

    c->heard_ms = clock_ms();
    switch (h->id) {
    case M_channel_open_ok: opened(c); break;
    case M_basic_qos_ok:
    case M_tx_select_ok: break;
    case M_basic_consume_ok: c->ready = true; break;
    case M_basic_deliver: delivered(c, h); break;
    case M_queue_declare_ok: queue_answers(c, h->args); break;
    case M_tx_commit_ok: committed(c); break;
    case M_tx_rollback_ok: rolled_back(c); break;
    case M_basic_recover_ok: c->asked = c->deaf = false; break;
    case M_channel_close_ok:
        answered(c, c->acked.n);
        c->over = true;
        break;
    default: ledger_bad(BAD_unexpected, "a consumer was told %s", wire_method(h->id)->name);
    }
}

/* ---- what is said ---- */

static void settled(struct consumer *c, struct holding h, enum outcome outcome)
{
    h.outcome = outcome;
    if (c->in_tx) {
        if (!c->group)
            c->group = ledger_group();
        put(&c->pending, h);
    } else if (outcome == REQUEUE) {
        ledger_released(h.copy);
    } else {
        ledger_ack_sent(h.copy, 0);
        put(&c->acked, h);
    }
}

static void say(struct consumer *c, uint64_t tag, bool multiple, enum outcome outcome)
{
    struct m_basic_ack ack = { .delivery_tag = tag, .multiple = multiple };
    struct m_basic_nack nack = { .delivery_tag = tag,
                                 .multiple = multiple,
                                 .requeue = outcome == REQUEUE };
    struct m_basic_reject reject = { .delivery_tag = tag, .requeue = outcome == REQUEUE };

    if (outcome == ACK)
        link_say(&c->link, M_basic_ack, &ack);
    else if (multiple || one_in(c, 2))
        link_say(&c->link, M_basic_nack, &nack);
    else
        link_say(&c->link, M_basic_reject, &reject);
}

/* In a transaction, something new for what is settled: either both come to pass, or neither. */
static void publish(struct consumer *c)
{
    unsigned route = (unsigned)random_below(&c->random, ROUTES_WITH_QUEUES);
    struct m_basic_publish m = { .exchange = str_of(world_routes[route].exchange),
                                 .routing_key = str_of(world_routes[route].key) };
    struct arena *a = arena_new();
    struct properties properties;
    struct buf body;
    uint32_t id = ledger_publish(c->session, route, false, c->group);

    put(&c->moved, (struct holding){ .copy = id });
    properties = world_properties(id, a);
    buf_init(&body, 1 << 20);
    world_body(&body, ledger_seed, id);
    link_publish(&c->link, &m, &properties, buf_str(&body));
    buf_clear(&body);
    arena_free(a);
}

/* One of what it holds, or all up to one. */
static void settle_some(struct consumer *c)
{
    uint32_t i = (uint32_t)random_below(&c->random, c->held.n);
    size_t luck = random_below(&c->random, 20);
    enum outcome outcome = luck < 16 ? ACK : luck < 18 ? REQUEUE : DISCARD;
    bool multiple = one_in(c, 2);

    say(c, c->held.at[i].tag, multiple, outcome);
    if (!multiple)
        settled(c, take_out(&c->held, i), outcome);
    for (uint32_t n = 0; multiple && n <= i; n++)
        settled(c, take_out(&c->held, 0), outcome);
    if (c->in_tx && one_in(c, 2))
        publish(c);
}

static void end_transaction(struct consumer *c)
{
    static const struct m_tx_commit commit;
    static const struct m_tx_rollback rollback;
    bool back = one_in(c, 5);

    for (uint32_t i = 0; i < c->pending.n && !back; i++) {
        if (c->pending.at[i].outcome == REQUEUE)
            ledger_released(c->pending.at[i].copy);
        else
            ledger_ack_sent(c->pending.at[i].copy, c->group);
    }
    moved_are(c, back ? ROLLED_BACK : COMMITTING);
    c->asked = true;
    c->committing = !back;
    if (back)
        link_say(&c->link, M_tx_rollback, &rollback);
    else
        link_say(&c->link, M_tx_commit, &commit);
}

static void release_all(struct holdings *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        ledger_released(l->at[i].copy);
    l->n = 0;
}

/* Everything comes again, also what is on its way now: that is not looked at. */
static void recover(struct consumer *c)
{
    struct m_basic_recover m = { .requeue = true };

    release_all(&c->held);
    c->asked = c->deaf = true;
    link_say(&c->link, M_basic_recover, &m);
}

static void close_channel(struct consumer *c)
{
    static const struct m_channel_close bye = { .reply_code = 200 };

    release_all(&c->held);
    release_all(&c->pending);
    moved_are(c, ROLLED_BACK);
    c->asked = c->deaf = true;
    link_say(&c->link, M_channel_close, &bye);
}

/* An answer about the queue that is behind everything said of it. */
static void ask_queue(struct consumer *c)
{
    struct m_queue_declare m = { .queue = str_of(world_queues[c->queue]), .passive = true };

    c->fenced = c->acked.n;
    c->asked = true;
    link_say(&c->link, M_queue_declare, &m);
}

static void act(struct consumer *c)
{
    if (c->scene->finishing || one_in(c, 300))
        close_channel(c);
    else if (one_in(c, 300))
        c->over = true;
    else if (one_in(c, 30))
        ask_queue(c);
    else if (!c->in_tx && c->held.n && one_in(c, 100))
        recover(c);
    else if (c->pending.n && (!c->held.n || one_in(c, 5)))
        end_transaction(c);
    else if (c->held.n && !one_in(c, 3))
        settle_some(c);
}

/* ---- its life ---- */

static void leave(struct consumer *c)
{
    if (c->link.refusal[0])
        ledger_bad(BAD_unanswered, "a consumer was told %s", c->link.refusal);
    if (c->in_session) {
        release_all(&c->held);
        if (!c->committing) {
            release_all(&c->pending);
            moved_are(c, ROLLED_BACK);
        }
        ledger_end_session(c->session);
    }
    link_drop(&c->link, one_in(c, 2) ? END_FIN : END_RST);
    c->in_session = c->ready = c->asked = c->committing = c->deaf = c->over = false;
    c->held.n = c->pending.n = c->acked.n = c->moved.n = c->group = c->fenced = 0;
}

static void dial(struct consumer *c)
{
    if (c->scene->up && !c->scene->finishing && link_dial(&c->link, c->scene->target))
        c->heard_ms = clock_ms();
}

void consumer_step(struct consumer *c)
{
    if (c->link.state == LINK_DOWN) {
        dial(c);
        return;
    }
    if (!link_step(&c->link)) {
        leave(c);
        return;
    }
    if (c->ready && !c->asked)
        c->heard_ms = clock_ms();
    if (c->scene->up && clock_ms() - c->heard_ms > LIMIT_SILENCE_MS) {
        ledger_bad(BAD_unanswered, "consumer %u: no answer", c->session);
        c->over = true;
    }
    if (c->ready && !c->asked && !c->over)
        act(c);
    if (c->over)
        leave(c);
}

void consumer_end(struct consumer *c)
{
    int64_t until_ms = clock_ms() + END_MS;

    if (c->link.state == LINK_DOWN)
        return;
    while (clock_left(until_ms) > 0 && link_wait(&c->link, until_ms))
        ;
    leave(c);
}

void consumer_init(struct consumer *c, struct scene *scene, uint64_t seed)
{
    *c = (struct consumer){ .random = random_of(seed), .scene = scene };
    c->link.hear = hear;
    c->link.owner = c;
}

void consumer_clear(struct consumer *c)
{
    leave(c);
    free(c->held.at);
    free(c->pending.at);
    free(c->acked.at);
    free(c->moved.at);
}
