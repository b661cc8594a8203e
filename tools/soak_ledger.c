#include "soak_ledger.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "soak_books.h"

enum { LIMIT_TOLD = 500 };

const char *const verdict_names[VERDICT_COUNT] = {
#define V(name, text) #name,
    VERDICTS(V)
#undef V
};
const char *const verdict_texts[VERDICT_COUNT] = {
#define V(name, text) text,
    VERDICTS(V)
#undef V
};
static const char *const fate_names[FATES] = {
    [SENT] = "unanswered",     [IN_TX] = "in a transaction", [COMMITTING] = "commit unanswered",
    [CONFIRMED] = "confirmed", [COMMITTED] = "committed",    [ROLLED_BACK] = "not committed",
    [REFUSED] = "refused",
};
static const char *const state_names[] = {
    [NEW] = "never delivered",
    [HELD] = "held",
    [RELEASED] = "given back",
    [ACKED] = "acknowledged",
    [ANSWERED] = "acknowledged, answered",
    [FOR_GOOD] = "acknowledged, committed",
};

struct ledger_counts ledger;
struct books books;
uint64_t ledger_seed;
static FILE *told;

/* Room for one more at *list; what is new is zero. */
static void *one_more(void *list, uint32_t n, uint32_t *room, size_t size)
{
    if (n == *room) {
        *room = *room * 2 + 64;
        list = realloc(list, *room * size);
        if (!list) {
            fputs("soak: out of memory\n", stderr);
            exit(4);
        }
    }
    memset((char *)list + n * size, 0, size);
    return list;
}

#define ADD(what)                                                                                  \
    (books.what = one_more(books.what, books.n_##what, &books.room_##what, sizeof *books.what),    \
     books.n_##what++)

void ledger_open(FILE *faults)
{
    told = faults;
    ADD(lives);
    ADD(sessions); /* nobody's */
    ADD(groups);   /* none */
}

void ledger_bad(enum verdict v, const char *format, ...)
{
    unsigned long long sum = 0;
    va_list args;

    ledger.bad[v]++;
    for (int i = 0; i < VERDICT_COUNT; i++)
        sum += ledger.bad[i];
    if (!told || sum > LIMIT_TOLD)
        return;
    fprintf(told, "%s (life %u): ", verdict_names[v], ledger_life());
    va_start(args, format);
    vfprintf(told, format, args);
    va_end(args);
    fputc('\n', told);
    fflush(told);
}

void ledger_more(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (told) {
        fputs("    ", told);
        vfprintf(told, format, args);
        fputc('\n', told);
    }
    va_end(args);
}

const struct life *books_life_of(uint32_t session)
{
    return &books.lives[books.sessions[session].life];
}

const char *books_say(const struct copy *c)
{
    static char text[256];
    const struct message *m = &books.messages[c->message];

    snprintf(text, sizeof text,
             "message %u (publisher %u, its %u., life %u, %s) in %s: %s, last in life %u at %u",
             c->message, m->session, m->seq, books.sessions[m->session].life, fate_names[m->fate],
             world_queues[c->queue], state_names[c->state],
             c->seen ? books.sessions[c->session].life : 0, c->delivered);
    return text;
}

bool books_promised(const struct message *m)
{
    return m->fate == CONFIRMED || m->fate == COMMITTED;
}

void ledger_new_life(bool gracefully)
{
    books.lives[ledger_life()].gracefully = gracefully;
    ADD(lives);
}

unsigned ledger_life(void)
{
    return books.n_lives - 1;
}

uint32_t ledger_session(void)
{
    uint32_t s = ADD(sessions);

    books.sessions[s].life = ledger_life();
    books.sessions[s].live = true;
    return s;
}

void ledger_end_session(uint32_t session)
{
    struct session *s = &books.sessions[session];

    s->live = false;
    free(s->turns);
    s->turns = NULL;
    s->n_turns = s->room = 0;
}

/* ---- publishing ---- */

uint32_t ledger_group(void)
{
    return ADD(groups);
}

uint32_t ledger_publish(uint32_t session, unsigned route, bool mandatory, uint32_t group)
{
    uint32_t id = ADD(messages);

    books.messages[id] = (struct message){ .session = session,
                                           .seq = ++books.sessions[session].seq,
                                           .group = group,
                                           .first_copy = books.n_copies,
                                           .sent = ++books.now,
                                           .route = (uint8_t)route,
                                           .fate = group ? IN_TX : SENT,
                                           .mandatory = mandatory };
    for (unsigned q = 0; q < QUEUES; q++) {
        if (world_routes[route].queues & 1u << q) {
            uint32_t c = ADD(copies);

            books.copies[c].message = id;
            books.copies[c].queue = (uint8_t)q;
        }
    }
    ledger.published++;
    return id;
}

const struct route *ledger_route(uint32_t message)
{
    return message < books.n_messages ? &world_routes[books.messages[message].route] : NULL;
}

/* What is promised of this message holds for all that its queues were told before. */
static void stored(const struct message *m)
{
    struct life *l = &books.lives[books.sessions[m->session].life];

    for (unsigned q = 0; q < QUEUES; q++) {
        if ((world_routes[m->route].queues & 1u << q) && l->stored[q] < m->sent)
            l->stored[q] = m->sent;
    }
}

void ledger_fate(uint32_t message, enum fate fate)
{
    struct message *m = &books.messages[message];

    m->fate = (uint8_t)fate;
    books.groups[m->group].doubtful = fate == COMMITTING;
    if (!books_promised(m))
        return;
    stored(m);
    if (m->mandatory && !world_routes[m->route].queues && !m->returned)
        ledger_bad(BAD_lost, "message %u, mandatory: no queue has it, and it was not returned",
                   message);
}

void ledger_returned(uint32_t message)
{
    struct message *m;

    if (message >= books.n_messages) {
        ledger_bad(BAD_unexpected, "returned: what was never published");
        return;
    }
    m = &books.messages[message];
    if (world_routes[m->route].queues || !m->mandatory || m->returned)
        ledger_bad(BAD_unexpected, "message %u returned%s", message,
                   m->returned ? " again" : ", which has its queues or is not mandatory");
    m->returned = true;
    ledger.returned++;
}

/* ---- delivery ---- */

static struct copy *find(uint32_t message, unsigned queue)
{
    const struct message *m = &books.messages[message];
    unsigned before = world_routes[m->route].queues & ((1u << queue) - 1);

    if (!(world_routes[m->route].queues & 1u << queue))
        return NULL;
    return &books.copies[m->first_copy + (unsigned)__builtin_popcount(before)];
}

/* What was delivered first must have come behind what this publisher's channel sent earlier: on
   one channel, that is; of two nobody knows which the broker served first. */
static void check_order(struct session *s, const struct copy *c)
{
    const struct message *m = &books.messages[c->message];
    struct turn *t = NULL;

    for (uint32_t i = s->n_turns; i-- > 0 && !t;) {
        if (s->turns[i].publisher == m->session && s->turns[i].queue == c->queue)
            t = &s->turns[i];
    }
    if (!t) {
        s->turns = one_more(s->turns, s->n_turns, &s->room, sizeof *s->turns);
        t = &s->turns[s->n_turns++];
        *t = (struct turn){ m->session, c->queue, 0 };
    }
    if (m->seq < t->seq)
        ledger_bad(BAD_reordered, "%s; its publisher's %u. was delivered before", books_say(c),
                   t->seq);
    else
        t->seq = m->seq;
}

static bool content_is(const struct delivery *d, uint32_t id)
{
    const struct route *r = ledger_route(id);
    struct arena *a = arena_new();
    struct properties p = world_properties(id, a);
    struct buf want, got;
    bool same;

    buf_init(&want, 1 << 20);
    buf_init(&got, 1 << 20);
    world_body(&want, ledger_seed, id);
    same = str_eq(buf_str(&want), d->body) && str_eq(d->exchange, str_of(r->exchange)) &&
           str_eq(d->routing_key, str_of(r->key));
    buf_clear(&want);
    wire_put_properties(&want, &p);
    wire_put_properties(&got, &d->properties);
    same = same && str_eq(buf_str(&want), buf_str(&got));
    buf_clear(&want);
    buf_clear(&got);
    arena_free(a);
    return same;
}

/* The same life, and whoever has it or had it is still there: nobody else may. After its channel
   ended, an acknowledgement may have been too late, unless it was answered. */
static bool is_duplicate(const struct copy *c)
{
    const struct session *s = &books.sessions[c->session];
    bool now = s->life == ledger_life();

    switch (c->state) {
    case HELD: return now && s->live;
    case ACKED: return now && s->live;
    case ANSWERED:
        return now || books_life_of(c->session)->gracefully ||
               books_life_of(c->session)->stored[c->queue] > c->answered;
    case FOR_GOOD: return true;
    default: return false;
    }
}

/* May the note that it was delivered have been overtaken by a kill? */
static bool mark_overtaken(const struct copy *c)
{
    const struct life *l = books_life_of(c->session);

    return books.sessions[c->session].life != ledger_life() && !l->gracefully &&
           l->stored[c->queue] <= c->delivered;
}

static void judge_again(const struct copy *c, const struct delivery *d)
{
    ledger.redeliveries++;
    if (is_duplicate(c))
        ledger_bad(BAD_duplicated, "%s", books_say(c));
    else if (c->state >= ACKED)
        ledger.acks_overtaken++;
    if (c->state == ACKED)
        books.groups[c->group].undone++;
    if (d->redelivered)
        return;
    /* If even the acknowledgement was heard in vain, so was the mark: same kill. */
    if (mark_overtaken(c))
        ledger.marks_overtaken++;
    else
        ledger_bad(BAD_unmarked, "%s", books_say(c));
}

static void judge(const struct copy *c, const struct delivery *d)
{
    const struct message *m = &books.messages[c->message];

    if (m->fate == ROLLED_BACK || m->fate == REFUSED || m->fate == IN_TX)
        ledger_bad(BAD_unexpected, "%s", books_say(c));
    if (c->seen)
        judge_again(c, d);
    else if (!d->redelivered)
        check_order(&books.sessions[d->session], c);
    if (!content_is(d, c->message))
        ledger_bad(BAD_altered, "%s: %zu octets of body", books_say(c), d->body.n);
}

uint32_t ledger_delivered(const struct delivery *d)
{
    uint32_t id = world_read(d->body);
    struct copy *c;

    ledger.deliveries++;
    if (id == NOT_A_MESSAGE || id >= books.n_messages) {
        id = world_read_properties(&d->properties);
        ledger_bad(BAD_altered, "in %s: a body of %zu octets that does not hold, of message %u",
                   world_queues[d->queue], d->body.n, id);
        if (id >= books.n_messages)
            return NO_COPY;
    }
    c = find(id, d->queue);
    if (!c) {
        ledger_bad(BAD_unexpected, "message %u in %s, which it is not for", id,
                   world_queues[d->queue]);
        return NO_COPY;
    }
    judge(c, d);
    c->state = HELD;
    c->session = d->session;
    c->delivered = ++books.now;
    c->seen = true;
    return (uint32_t)(c - books.copies);
}

/* What was delivered twice at a time is held by the last. */
void ledger_ack_sent(uint32_t copy, uint32_t group)
{
    if (copy == NO_COPY)
        return;
    books.copies[copy].state = ACKED;
    books.copies[copy].group = group;
    books.groups[group].doubtful = group > 0;
}

void ledger_ack_answered(uint32_t copy)
{
    if (copy == NO_COPY || books.copies[copy].state != ACKED)
        return;
    books.copies[copy].state = ANSWERED;
    books.copies[copy].answered = ++books.now;
}

void ledger_ack_committed(uint32_t copy)
{
    if (copy == NO_COPY || books.copies[copy].state != ACKED)
        return;
    books.groups[books.copies[copy].group].doubtful = false;
    books.copies[copy].state = FOR_GOOD;
}

void ledger_released(uint32_t copy)
{
    if (copy != NO_COPY)
        books.copies[copy].state = RELEASED;
}
