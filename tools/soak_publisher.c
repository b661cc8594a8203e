#include <stdlib.h>

#include "fixtures/peer/clock.h"
#include "soak_actor.h"

enum { WINDOW = 128, BURST = 8, WAITING_MOST = 2000, END_MS = 1000 };

static bool one_in(struct publisher *p, size_t n)
{
    return random_below(&p->random, n) == 0;
}

/* ---- what is heard ---- */

static void opened(struct publisher *p)
{
    static const struct m_confirm_select confirm;
    static const struct m_tx_select tx;

    p->session = ledger_session();
    p->in_session = true;
    p->in_tx = one_in(p, 2);
    if (p->in_tx)
        link_say(&p->link, M_tx_select, &tx);
    else
        link_say(&p->link, M_confirm_select, &confirm);
}

static void answered(struct publisher *p, uint64_t tag, bool multiple, enum fate fate)
{
    if (p->in_tx || tag == 0 || tag > p->n || (multiple && tag <= p->confirmed)) {
        ledger_bad(BAD_unexpected, "a confirm for %llu of %u publishes", (unsigned long long)tag,
                   p->n);
        return;
    }
    for (uint64_t i = multiple ? p->confirmed : tag - 1; i < tag; i++) {
        if (p->ids[i] != NOT_A_MESSAGE)
            ledger_fate(p->ids[i], fate);
        else if (!multiple)
            ledger_bad(BAD_unexpected, "a second confirm for %llu", (unsigned long long)tag);
        p->ids[i] = NOT_A_MESSAGE;
    }
    while (p->confirmed < p->n && p->ids[p->confirmed] == NOT_A_MESSAGE)
        p->confirmed++;
}

static void transaction_ends(struct publisher *p, enum fate fate)
{
    for (uint32_t i = 0; i < p->n; i++)
        ledger_fate(p->ids[i], fate);
    p->n = 0;
    p->asked = false;
}

static void hear(void *owner, const struct heard *h)
{
    struct publisher *p = owner;
    const struct m_basic_ack *ack = h->args;
    const struct m_basic_nack *nack = h->args;

    p->heard_ms = clock_ms();
    switch (h->id) {
    case M_channel_open_ok: opened(p); break;
    case M_confirm_select_ok:
    case M_tx_select_ok: p->ready = true; break;
    case M_basic_ack: answered(p, ack->delivery_tag, ack->multiple, CONFIRMED); break;
    case M_basic_nack: answered(p, nack->delivery_tag, nack->multiple, REFUSED); break;
    case M_basic_return: ledger_returned(world_read(h->body)); break;
    case M_tx_commit_ok: transaction_ends(p, COMMITTED); break;
    case M_tx_rollback_ok: transaction_ends(p, ROLLED_BACK); break;
    case M_channel_close_ok: p->over = true; break;
    default: ledger_bad(BAD_unexpected, "a publisher was told %s", wire_method(h->id)->name);
    }
}

/* ---- what is said ---- */

static void publish(struct publisher *p, struct buf *body)
{
    unsigned route = (unsigned)random_below(&p->random, ROUTES);
    const struct route *r = &world_routes[route];
    bool mandatory = !r->queues || one_in(p, 4);
    struct m_basic_publish m = { .exchange = str_of(r->exchange),
                                 .routing_key = str_of(r->key),
                                 .mandatory = mandatory };
    struct arena *a = arena_new();
    struct properties properties;
    uint32_t id = ledger_publish(p->session, route, mandatory, p->in_tx ? p->group : 0);

    if (p->n == p->room) {
        p->room = p->room * 2 + WINDOW;
        p->ids = realloc(p->ids, p->room * sizeof *p->ids);
        if (!p->ids)
            abort();
    }
    p->ids[p->n++] = id;
    properties = world_properties(id, a);
    body->n = 0;
    world_body(body, ledger_seed, id);
    link_publish(&p->link, &m, &properties, buf_str(body));
    arena_free(a);
}

static void publish_some(struct publisher *p)
{
    struct buf body;

    if (p->in_tx && p->n == 0)
        p->group = ledger_group();
    buf_init(&body, 1 << 20);
    link_cork(&p->link);
    for (size_t n = 1 + random_below(&p->random, BURST); n-- > 0;)
        publish(p, &body);
    link_uncork(&p->link);
    buf_clear(&body);
}

static void end_transaction(struct publisher *p)
{
    static const struct m_tx_commit commit;
    static const struct m_tx_rollback rollback;
    bool back = one_in(p, 5);

    for (uint32_t i = 0; i < p->n; i++)
        ledger_fate(p->ids[i], back ? ROLLED_BACK : COMMITTING);
    p->asked = true;
    if (back)
        link_say(&p->link, M_tx_rollback, &rollback);
    else
        link_say(&p->link, M_tx_commit, &commit);
}

/* What is not committed now never will be. */
static void forget_transaction(struct publisher *p)
{
    if (p->in_tx && !p->asked)
        transaction_ends(p, ROLLED_BACK);
}

static void close_channel(struct publisher *p)
{
    static const struct m_channel_close bye = { .reply_code = 200 };

    forget_transaction(p);
    p->asked = true;
    link_say(&p->link, M_channel_close, &bye);
}

static void finish(struct publisher *p)
{
    if (p->in_tx && p->n > 0)
        end_transaction(p);
    else if (p->in_tx || p->confirmed == p->n)
        p->over = true;
}

static bool enough(const struct publisher *p)
{
    unsigned waiting = 0;

    for (unsigned q = 0; q < QUEUES; q++)
        waiting += p->scene->waiting[q];
    return waiting > WAITING_MOST || (!p->in_tx && p->n - p->confirmed > WINDOW);
}

static void act(struct publisher *p)
{
    if (p->scene->finishing)
        finish(p);
    else if (one_in(p, 400))
        close_channel(p);
    else if (one_in(p, 400))
        p->over = true;
    else if (p->in_tx && p->n > 0 && one_in(p, 2))
        end_transaction(p);
    else if (!enough(p))
        publish_some(p);
}

/* ---- its life ---- */

static bool owes_nothing(const struct publisher *p)
{
    return p->ready && !p->asked && (p->in_tx || p->confirmed == p->n);
}

static void leave(struct publisher *p)
{
    if (p->link.refusal[0])
        ledger_bad(BAD_unanswered, "a publisher was told %s", p->link.refusal);
    if (p->in_session) {
        forget_transaction(p);
        ledger_end_session(p->session);
    }
    link_drop(&p->link, one_in(p, 2) ? END_FIN : END_RST);
    p->in_session = p->ready = p->asked = p->over = false;
    p->n = p->confirmed = 0;
}

static void dial(struct publisher *p)
{
    if (p->scene->up && !p->scene->finishing && link_dial(&p->link, p->scene->target))
        p->heard_ms = clock_ms();
}

void publisher_step(struct publisher *p)
{
    if (p->link.state == LINK_DOWN) {
        dial(p);
        return;
    }
    if (!link_step(&p->link)) {
        leave(p);
        return;
    }
    if (owes_nothing(p))
        p->heard_ms = clock_ms();
    if (p->scene->up && clock_ms() - p->heard_ms > LIMIT_SILENCE_MS) {
        ledger_bad(BAD_unanswered, "publisher %u: no answer; %u of %u are confirmed", p->session,
                   p->confirmed, p->n);
        p->over = true;
    }
    if (p->ready && !p->asked && !p->over)
        act(p);
    if (p->over)
        leave(p);
}

void publisher_end(struct publisher *p)
{
    int64_t until_ms = clock_ms() + END_MS;

    if (p->link.state == LINK_DOWN)
        return;
    while (clock_left(until_ms) > 0 && link_wait(&p->link, until_ms))
        ;
    leave(p);
}

void publisher_init(struct publisher *p, struct scene *scene, uint64_t seed)
{
    *p = (struct publisher){ .random = random_of(seed), .scene = scene };
    p->link.hear = hear;
    p->link.owner = p;
}

void publisher_clear(struct publisher *p)
{
    leave(p);
    free(p->ids);
}
