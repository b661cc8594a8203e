/* The broken place: what was wanted there, and is it so here? */
#include "replay.h"

#include <string.h>

#include "fixtures/capture/invariant.h"
#include "fixtures/wire/print.h"
#include "fixtures/wire/scan.h"

enum { FOR_END_MS = 8000, LONGEST_PAUSE_MS = 64 };

struct str frame_said(struct replay *r, const struct frame *f)
{
    struct print_options o = { .body_max = 64 };
    struct buf b;
    struct str s;

    buf_init(&b, SIZE_MAX);
    frame_print(&b, 'S', f, &o);
    s = arena_copy(r->broker.arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

static struct talk *there(struct replay *r)
{
    return &r->talks[r->recording->broken_conn];
}

static struct str nothing(struct replay *r, int64_t since_ms)
{
    const struct talk *t = there(r);

    if (talk_ended(t))
        return t->peer.sock.end == SOCK_RST ? S("S - close rst") : S("S - close fin");
    return arena_printf(r->broker.arena, "nothing (within %u ms)",
                        (unsigned)(clock_ms() - since_ms));
}

static void settle(struct replay *r, const char *unmet, struct str got)
{
    replay_end(r, unmet ? FAIL : PASS, got);
}

static bool is_method(const struct frame *f, enum method_id id)
{
    return !f->fault && f->method && f->method->id == id;
}

/* A consumer may be told of the end of its queue before who deleted it is answered. */
static bool is_news(const struct demand *d, const struct frame *f)
{
    return d->method && d->method->id == M_queue_delete_ok && is_method(f, M_basic_cancel);
}

/* What comes next on that channel, or the end of all channels; NULL: nothing. */
static const struct frame *next_there(struct replay *r)
{
    struct talk *t = there(r);
    int64_t until_ms = replay_deadline(r);

    do {
        struct heard *h, *next;

        for (h = TAILQ_FIRST(&t->heard); h; h = next) {
            next = TAILQ_NEXT(h, link);
            if (h->frame.channel != r->demand.channel && !h->frame.fault &&
                !is_method(&h->frame, M_connection_close))
                continue;
            talk_drop(t, h);
            if (!is_news(&r->demand, &h->frame))
                return &h->frame;
        }
    } while (!t->over && talk_listen(t, until_ms));
    return NULL;
}

/* A confirm that never came: another broker may have said it before, with others, or say it among
   those of other publishes. With no number asked for, all publishes have to be confirmed. */
static void judge_confirms(struct replay *r, uint64_t tag)
{
    struct confirms *c =
        confirms_of(&r->confirms, r->recording->broken_conn, r->demand.channel, r->broker.arena);
    struct str got = S("confirmed before");
    int64_t since_ms = clock_ms();
    const struct frame *f;

    while (tag ? !confirms_has(&c->here, tag) : !confirms_up_to(&c->here, c->published)) {
        f = next_there(r);
        got = f ? frame_said(r, f) : nothing(r, since_ms);
        if (!f || !is_confirm(f)) {
            settle(r, "not confirmed", got);
            return;
        }
        confirms_add(&c->here, f, r->broker.arena);
    }
    settle(r, NULL, got);
}

/* The one number that was asked for; 0: any of several. */
static uint64_t tag_wanted(const struct demand *d, struct arena *a)
{
    struct scan s = { .line = d->fields, .a = a };
    uint64_t tag;

    scan_blanks(&s);
    if (!str_eq(scan_word(&s), S("delivery-tag")))
        return 0;
    scan_expect(&s, '=');
    tag = scan_number(&s, UINT64_MAX);
    return s.error || !scan_at_end(&s) ? 0 : tag;
}

static void judge_method(struct replay *r)
{
    int64_t since_ms = clock_ms();
    const struct frame *f = next_there(r);

    if (f)
        settle(r, method_unmet(&r->demand, &r->names, f), frame_said(r, f));
    else
        settle(r, "nothing came", nothing(r, since_ms));
}

/* Nothing, the end, or anything: whatever comes first on that connection. */
static void judge_next(struct replay *r, int64_t until_ms)
{
    enum demand_kind kind = r->demand.kind;
    struct talk *t = there(r);
    int64_t since_ms = clock_ms();
    bool came = TAILQ_FIRST(&t->heard) || (!t->over && talk_listen(t, until_ms));
    bool ended = !came && talk_ended(t);
    bool met = kind == DEMAND_ANYTHING  ? came || ended
               : kind == DEMAND_SILENCE ? !came && !ended
                                        : ended;

    settle(r, met ? NULL : "it is not so",
           came ? frame_said(r, &TAILQ_FIRST(&t->heard)->frame) : nothing(r, since_ms));
}

/* A condition in words was broken by what was said before: so it is broken again by the same. */
static void judge_words(struct replay *r)
{
    const struct recording *rec = r->recording;

    if (r->count && rec->broken > 0)
        replay_differs(r, &rec->at[rec->broken - 1], "%s", r->count);
    else
        replay_end(r, FAIL, rec->got);
}

static void show_content(struct replay *r, const struct unit *here)
{
    const char *unmet = content_unmet(&r->demand, &r->names, here);
    struct frame body = {
        .type = FRAME_BODY, .channel = here->head->channel, .end = FRAME_END, .payload = here->body
    };

    if (!here->header)
        settle(r, unmet, S("no content header"));
    else
        settle(r, unmet, frame_said(r, r->demand.kind == DEMAND_BODY ? &body : here->header));
}

/* It has to be the content of the same method, before it can be another. */
static void judge_content(struct replay *r)
{
    const struct line *l = &r->recording->at[r->judged];
    struct unit was = recorded_unit(r->recording, r->judged), here;
    const struct frame *stranger;
    int64_t since_ms = clock_ms();
    struct difference d;

    if (!replay_await(r, there(r), &l->frame, &here, &stranger)) {
        settle(r, "it did not come", stranger ? frame_said(r, stranger) : nothing(r, since_ms));
        return;
    }
    d = units_differ(&r->names, &was, &here, true);
    if (d.what)
        replay_differs(r, l, "%s", d.what);
    else
        show_content(r, &here);
}

void judge_place(struct replay *r)
{
    switch (r->demand.kind) {
    case DEMAND_METHOD:
        if (r->demand.method->id == M_basic_ack && r->judged == SIZE_MAX)
            judge_confirms(r, tag_wanted(&r->demand, r->broker.arena));
        else
            judge_method(r);
        break;
    case DEMAND_END: judge_next(r, clock_ms() + FOR_END_MS); break;
    case DEMAND_ANYTHING: judge_next(r, clock_ms() + FOR_END_MS); break;
    case DEMAND_SILENCE: judge_next(r, clock_ms() + r->demand.silence_ms); break;
    case DEMAND_HEADER:
    case DEMAND_PROPERTY:
    case DEMAND_BODY: judge_content(r); break;
    case DEMAND_INVARIANT: replay_end(r, judge_violated(r) ? FAIL : PASS, r->recording->got); break;
    default: judge_words(r); break;
    }
}

/* What was asked after may be locked as long as its owner has not quite gone: 405 closes the
   channel, and it is opened again. */
static bool still_locked(struct replay *r, const struct frame *f)
{
    static const struct m_channel_close_ok ok = { .end_ = 0 };
    static const struct m_channel_open open = { .end_ = 0 };
    const struct m_channel_close *close = f->args;
    struct talk *t = there(r);
    struct buf b;

    if (!is_method(f, M_channel_close) || close->reply_code != RESOURCE_LOCKED)
        return false;
    buf_init(&b, SIZE_MAX);
    frame_put_method(&b, f->channel, M_channel_close_ok, &ok);
    talk_say(t, arena_copy(r->broker.arena, buf_str(&b)), replay_deadline(r));
    buf_drop(&b, b.n);
    frame_put_method(&b, f->channel, M_channel_open, &open);
    talk_say(t, arena_copy(r->broker.arena, buf_str(&b)), replay_deadline(r));
    buf_clear(&b);
    f = next_there(r);
    return f && is_method(f, M_channel_open_ok);
}

/* Growing pauses, so that asking does not keep the broker from doing. */
void judge_poll(struct replay *r)
{
    const struct line *question = &r->recording->at[r->poll];
    int64_t until_ms = clock_ms() + FOR_END_MS;
    int pause_ms = 1;

    r->demand.channel = question->frame.channel;
    while (!r->over) {
        const struct frame *f;
        const char *unmet;

        replay_say(r, question);
        f = next_there(r);
        if (!f) {
            settle(r, "nothing came", nothing(r, until_ms - FOR_END_MS));
            return;
        }
        unmet = r->demand.kind == DEMAND_COUNTS ? counts_unmet(&r->demand, &r->names, f)
                                                : method_unmet(&r->demand, &r->names, f);
        if (!unmet || clock_ms() >= until_ms ||
            !(is_method(f, M_queue_declare_ok) || still_locked(r, f)))
            settle(r, unmet, frame_said(r, f));
        else
            sock_wait(&there(r)->peer.sock, true, false, clock_ms() + pause_ms);
        pause_ms = pause_ms < LONGEST_PAUSE_MS ? 2 * pause_ms : pause_ms;
    }
}

bool judge_violated(struct replay *r)
{
    struct violations v = { .arena = r->broker.arena };

    for (size_t i = 0; i < r->recording->connections; i++) {
        struct trace trace = talk_trace(&r->talks[i]);

        invariants_check(&trace, &v);
    }
    for (size_t i = 0; i < v.n; i++)
        if (str_eq(str_of(v.at[i].invariant->name), r->recording->invariant))
            return true;
    return false;
}
