/* Parties and books of the cluster chapter: cluster.h says what for. */
#include "suites/cluster.h"

#include <assert.h>
#include <string.h>

/* ---- opening ---- */

struct books *books_of(struct t *t, struct str queue)
{
    struct books *b = arena_alloc(t_arena(t), sizeof *b);

    memset(b, 0, sizeof *b);
    b->queue = queue;
    return b;
}

enum { NEWS_MS = 20, NEWS_TRIES = 200 };

bool known_at(struct t *t, struct peer *c, struct str queue)
{
    SEND(c, 1, queue_declare, .queue = queue, .passive = true);
    return either(t, c, (struct either){ .ok = M_queue_declare_ok, .channel_code = NOT_FOUND }) ==
           ACCEPTED;
}

void await_known(struct t *t, struct peer *c, struct str queue)
{
    for (int tries = 0; !known_at(t, c, queue); tries++) {
        CHECK(tries < NEWS_TRIES, "a queue that was declared at another node");
        SILENT_FOR(c, NEWS_MS);
    }
}

void queue_reaches(struct t *t, struct str queue)
{
    for (unsigned n = 1; n <= 3; n++) {
        struct peer *c = OPEN(NODE(n));

        await_known(t, c, queue);
        CLOSE(c);
    }
}

void await_returned(struct t *t, struct peer *c, struct str queue, unsigned least)
{
    for (int tries = 0; DECLARE(c, 1, .queue = queue, .passive = true)->message_count < least;
         tries++) {
        CHECK(tries < NEWS_TRIES, "%u messages, of which a lost consumer held some", least);
        SILENT_FOR(c, NEWS_MS);
    }
}

struct books *replicated(struct t *t, enum replicas kind, unsigned node)
{
    struct peer *c = OPEN(NODE(node));
    struct str q = kind == QUORUM ? NAME("quorum") : NAME("q.mirrored");

    if (kind == QUORUM)
        DECLARE(c, 1, .queue = q, .durable = true,
                .arguments = TABLE(ARG("x-queue-type", STR("quorum"))));
    else
        DECLARE(c, 1, .queue = q, .durable = true);
    CLOSE(c);
    queue_reaches(t, q);
    return books_of(t, q);
}

struct party *party_at(struct t *t, struct books *b, unsigned node)
{
    struct party *p = arena_alloc(t_arena(t), sizeof *p);

    memset(p, 0, sizeof *p);
    p->books = b;
    p->c = OPEN(NODE(node));
    CALL(p->c, 1, confirm_select);
    return p;
}

/* ---- publishing ---- */

void publishes(struct t *t, struct party *p, unsigned n)
{
    for (; n > 0; n--) {
        unsigned number = ++p->books->published;
        struct str text = TEXT("%u", number);

        assert(number <= LIMIT_MESSAGES);
        p->number[++p->published] = number;
        p->books->at[number].by = p;
        PUBLISH_WITH(p->c, 1, PROPS(.delivery_mode = 2, .message_id = text), text,
                     .routing_key = p->books->queue);
    }
}

static bool waits_for_answers(const struct party *p)
{
    for (unsigned i = 1; i <= p->published; i++)
        if (!p->books->at[p->number[i]].answered)
            return true;
    return false;
}

void hears_answers(struct t *t, struct party *p)
{
    while (waits_for_answers(p)) {
        enum heard h = hears(t, p, 0);

        CHECK(h == HEARD_ANSWER, "a publisher waits for its confirms");
    }
}

void publishes_safely(struct t *t, struct party *p, unsigned n)
{
    publishes(t, p, n);
    hears_answers(t, p);
    for (unsigned i = 1; i <= p->published; i++)
        CHECK(p->books->at[p->number[i]].confirmed, "message %u is refused by basic.nack",
              p->number[i]);
}

static void take_answer(struct t *t, struct party *p, uint64_t tag, bool multiple, bool ack)
{
    CHECK(tag >= 1 && tag <= p->published, "a confirm of %d, of %u published", (int)tag,
          p->published);
    for (unsigned i = multiple ? 1 : (unsigned)tag; i <= tag; i++) {
        struct booking *m = &p->books->at[p->number[i]];

        if (!m->answered)
            m->confirmed = ack;
        else
            CHECK(i < tag, "message %u has its answer twice", p->number[i]);
        m->answered = true;
    }
}

/* ---- what was delivered ---- */

static unsigned number_of(struct str body)
{
    unsigned n = 0;

    for (size_t i = 0; i < body.n && n <= LIMIT_MESSAGES; i++) {
        if (body.p[i] < '0' || body.p[i] > '9')
            return 0;
        n = n * 10 + (unsigned)(body.p[i] - '0');
    }
    return n;
}

static void take_delivery(struct t *t, struct party *p, const struct content *got, bool redelivered)
{
    struct books *b = p->books;
    unsigned n = number_of(got->body);
    struct booking *m = &b->at[n <= LIMIT_MESSAGES ? n : 0];

    CHECK(n >= 1 && n <= b->published, "altered: '%.*s' was never published", STR_ARGS(got->body));
    CHECK(str_eq(got->properties.message_id, got->body) && got->properties.delivery_mode == 2,
          "altered: the properties of message %u", n);
    CHECK(!m->acknowledged, "duplicated: message %u was acknowledged", n);
    CHECK(redelivered || m->deliveries == 0,
          "unmarked: message %u was delivered before, and is not redelivered", n);
    CHECK(redelivered || !m->overtaken, "unmarked: message %u was acknowledged before", n);
    CHECK(m->deliveries || n > m->by->highest, "reordered: message %u behind %u", n,
          m->by->highest);
    if (n > m->by->highest)
        m->by->highest = n;
    m->deliveries++;
    m->overtaken = false;
    p->got = n;
}

static struct frame next_of_content(struct t *t, struct party *p)
{
    struct next n = NEXT(p->c);

    CHECK(n.kind == GOT_FRAME && !n.frame.method, "the rest of a content");
    return n.frame;
}

static void hear_content(struct t *t, struct party *p, bool redelivered)
{
    struct frame header = next_of_content(t, p);
    struct content got = { .properties = header.properties };

    CHECK(header.type == FRAME_HEADER && header.body_size < 10, "altered: a content of %d octets",
          (int)header.body_size);
    got.body = next_of_content(t, p).payload;
    take_delivery(t, p, &got, redelivered);
}

/* ---- hearing ---- */

static enum heard hear_method(struct t *t, struct party *p, const struct frame *f)
{
    const struct m_basic_deliver *deliver = f->args;
    const struct m_basic_get_ok *get = f->args;
    const struct m_basic_ack *ack = f->args;
    const struct m_basic_nack *nack = f->args;

    switch (f->method->id) {
    case M_basic_ack:
        take_answer(t, p, ack->delivery_tag, ack->multiple, true);
        return HEARD_ANSWER;
    case M_basic_nack:
        take_answer(t, p, nack->delivery_tag, nack->multiple, false);
        return HEARD_ANSWER;
    case M_basic_deliver:
        p->tag = deliver->delivery_tag;
        hear_content(t, p, deliver->redelivered);
        return HEARD_DELIVERY;
    case M_basic_get_ok:
        p->tag = get->delivery_tag;
        hear_content(t, p, get->redelivered);
        return HEARD_DELIVERY;
    case M_basic_get_empty: return HEARD_EMPTY;
    case M_basic_cancel: return HEARD_CANCEL;
    case M_channel_close: SEND(p->c, 1, channel_close_ok); return HEARD_CLOSE;
    case M_connection_close:
        SEND(p->c, 0, connection_close_ok);
        HANGUP(p->c);
        return HEARD_END;
    default: FAIL("nobody asked for %s", f->method->name);
    }
}

extern enum heard hears(struct t *t, struct party *p, unsigned within_ms)
{
    struct next n = t_next(HERE, p->c, within_ms, false);

    if (n.kind == GOT_SILENCE)
        return HEARD_NOTHING;
    if (n.kind != GOT_FRAME) {
        HANGUP(p->c);
        return HEARD_END;
    }
    CHECK(n.frame.method && n.frame.args, "a method");
    return hear_method(t, p, &n.frame);
}

void hears_the_end(struct t *t, struct party *p)
{
    while (hears(t, p, 0) != HEARD_END)
        continue;
}

/* ---- consuming ---- */

void consumes(struct t *t, struct party *p)
{
    CONSUME(p->c, 1, .queue = p->books->queue, .consumer_tag = S("c"));
}

void acknowledges(struct t *t, struct party *p)
{
    SEND(p->c, 1, basic_ack, .delivery_tag = p->tag);
    p->books->at[p->got].acknowledged = true;
}

void receives(struct t *t, struct party *p, bool ack)
{
    enum heard h;

    do
        h = hears(t, p, 0);
    while (h == HEARD_ANSWER);
    CHECK(h == HEARD_DELIVERY, "a consumer waits for a message");
    if (ack)
        acknowledges(t, p);
}

/* Acknowledgements and messages go the same way, so what is behind is there later. */
void settles(struct t *t, struct party *p)
{
    publishes(t, p, 1);
    while (waits_for_answers(p)) {
        enum heard h = hears(t, p, 0);

        CHECK(h == HEARD_ANSWER || h == HEARD_DELIVERY, "a confirm");
    }
    for (unsigned i = 1; i <= p->books->published; i++)
        p->books->at[i].settled = p->books->at[i].acknowledged;
}

void books_disturbed(struct books *b)
{
    for (unsigned i = 1; i <= b->published; i++) {
        struct booking *m = &b->at[i];

        m->overtaken = m->acknowledged && !m->settled;
        m->acknowledged = m->settled;
    }
}

void books_balance(struct t *t, struct books *b, unsigned node)
{
    struct party *p = party_at(t, b, node);
    enum heard h = HEARD_DELIVERY;

    while (h != HEARD_EMPTY) {
        SEND(p->c, 1, basic_get, .queue = b->queue);
        h = hears(t, p, 0);
        CHECK(h == HEARD_DELIVERY || h == HEARD_EMPTY, "wanted basic.get-ok or basic.get-empty");
        if (h == HEARD_DELIVERY)
            acknowledges(t, p);
    }
    for (unsigned i = 1; i <= b->published; i++)
        CHECK(!b->at[i].confirmed || b->at[i].acknowledged || b->at[i].overtaken,
              "lost: message %u was confirmed and is not there", i);
    CALL(p->c, 1, queue_delete, .queue = b->queue);
}
