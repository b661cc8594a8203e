/* Holding the conversation: client lines are said in the order in which they stand, and what the
   server said before the next of them is awaited first. */
#include "replay.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fixtures/harness/adapter.h"

enum { FIRST_CONNECT_MS = 5000, FOR_END_MS = 8000, RESTART_MS = 120000, LAST_WORDS_MS = 200 };

int64_t replay_deadline(const struct replay *r)
{
    return clock_ms() + r->deadline_ms;
}

void replay_end(struct replay *r, enum verdict v, struct str got)
{
    if (r->over)
        return;
    r->over = true;
    r->verdict = v;
    r->got = got;
    if (!r->number)
        r->number = r->recording->broken_number;
}

static void __attribute__((format(printf, 4, 0)))
end_because(struct replay *r, enum verdict v, const struct line *l, const char *format,
            va_list args)
{
    char text[512];

    if (r->over)
        return;
    vsnprintf(text, sizeof text, format, args);
    r->why = arena_copy(r->broker.arena, str_of(text));
    r->number = l->number;
    replay_end(r, v, S(""));
}

static bool reached(const struct replay *r, const struct line *l)
{
    return r->judged != SIZE_MAX && (size_t)(l - r->recording->at) >= r->judged;
}

/* An invariant speaks of all that was said: it can be judged wherever the conversation ends. */
void replay_differs(struct replay *r, const struct line *l, const char *format, ...)
{
    va_list args;

    if (!r->over && r->demand.kind == DEMAND_INVARIANT && judge_violated(r))
        replay_end(r, FAIL, r->recording->got);
    if (!r->over && r->demand.kind == DEMAND_INVARIANT && reached(r, l))
        replay_end(r, PASS, S("an answer that keeps to it"));
    va_start(args, format);
    end_because(r, DIFFERS, l, format, args);
    va_end(args);
}

static void cannot(struct replay *r, enum verdict v, const struct line *l, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void cannot(struct replay *r, enum verdict v, const struct line *l, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    end_because(r, v, l, format, args);
    va_end(args);
}

/* ---- the client's side ---- */

/* Time itself was part of the conversation: a message that expires, a client that is slow. */
static void pause_for(struct replay *r, unsigned ms)
{
    int64_t until_ms = clock_ms() + ms;

    for (size_t i = 0; i < r->recording->connections; i++) {
        struct talk *t = &r->talks[i];

        if (t->is_open && !talk_ended(t))
            while (talk_listen(t, until_ms))
                ;
    }
    poll(NULL, 0, clock_left(until_ms));
}

static bool ready(struct replay *r, const struct line *l)
{
    struct talk *t = &r->talks[l->conn];
    bool first = true;

    for (size_t i = 0; i < r->recording->connections; i++)
        first &= !r->talks[i].is_open;
    if (t->is_open || talk_open(t, clock_ms() + FIRST_CONNECT_MS))
        return true;
    cannot(r, first ? UNREACHED : DIFFERS, l, "%s port %s: %s", r->broker.host, r->broker.port,
           strerror(errno));
    return false;
}

static void count_publishes(struct replay *r, const struct line *l)
{
    if (l->kind == LINE_FRAME && l->frame.method)
        confirms_note_said(confirms_of(&r->confirms, l->conn, l->frame.channel, r->broker.arena),
                           l->frame.method->id);
}

void replay_say(struct replay *r, const struct line *l)
{
    struct talk *t = &r->talks[l->conn];
    bool heartbeat = l->kind == LINE_FRAME && l->frame.type == FRAME_HEARTBEAT;

    r->count = NULL;
    count_publishes(r, l);
    if (t->over || (heartbeat && t->beats))
        return;
    if (l->kind == LINE_FRAME)
        litter_note(r, &l->frame);
    if (!talk_say(t, said_here(&r->names, l), replay_deadline(r)))
        replay_differs(r, l, "the broker does not read what is sent to it");
}

static void client_line(struct replay *r, const struct line *l)
{
    if (!ready(r, l))
        return;
    if (l->pause_ms)
        pause_for(r, l->pause_ms);
    if (l->kind == LINE_CLOSE)
        talk_close(&r->talks[l->conn], l->reset, clock_ms() + LAST_WORDS_MS);
    else
        replay_say(r, l);
}

static void restart(struct replay *r, const struct line *l)
{
    const char *verbs[] = { l->kill ? "kill" : "restart", l->kill ? "start" : NULL, NULL };
    struct adapter_answer a;

    line_show(&r->broker, S(""),
              l->kill ? S("# the broker is killed and started again")
                      : S("# the broker is restarted"));
    for (const char **verb = verbs; *verb && !r->over; verb++) {
        adapter_call(r->adapter, *verb, RESTART_MS, -1, r->broker.arena, &a);
        if (a.exit != 0)
            cannot(r, UNABLE, l, "%s", a.problem);
    }
}

/* ---- the server's side ---- */

static const char *nothing(struct replay *r, const struct talk *t)
{
    if (talk_ended(t))
        return "the connection ended instead";
    return arena_printf(r->broker.arena, "nothing came within %u ms", r->deadline_ms).p;
}

/* The client said nothing more before the broken place: whatever is different here is the answer
   that is judged there. */
static bool is_last_turn(const struct replay *r, size_t i)
{
    const struct recording *rec = r->recording;

    if (!rec->is_broken || r->demand.kind == DEMAND_WORDS || r->demand.kind == DEMAND_INVARIANT)
        return false;
    for (; i < rec->broken; i++)
        if (rec->at[i].who == 'C')
            return false;
    return true;
}

/* A confirm that does not come is what the case has died of: which one it is depends on how fast
   the client was. */
static bool is_missing_confirm(const struct replay *r, size_t i)
{
    return is_confirm(&r->recording->at[i].frame) && r->recording->at[i].who == 'S' &&
           r->demand.kind == DEMAND_METHOD && r->demand.method->id == M_basic_ack &&
           r->judged == SIZE_MAX;
}

static bool await_line(struct replay *r, size_t i, struct unit *here)
{
    struct line *l = &r->recording->at[i];
    struct talk *t = &r->talks[l->conn];
    const struct frame *stranger;

    if (replay_await(r, t, &l->frame, here, &stranger))
        return true;
    if (is_last_turn(r, i) || (!stranger && is_missing_confirm(r, i)))
        judge_place(r);
    else if (r->demand.kind == DEMAND_INVARIANT && !stranger && !talk_ended(t))
        return false; /* one frame less than there should not have been, perhaps: judged at the end
                       */
    else if (stranger)
        replay_differs(r, l, "here it is %.*s", STR_ARGS(frame_said(r, stranger)));
    else
        replay_differs(r, l, "%s", nothing(r, t));
    return false;
}

/* As many confirms as it takes here to cover what was confirmed by then. */
static void server_confirm(struct replay *r, size_t i)
{
    const struct line *l = &r->recording->at[i];
    struct arena *a = r->broker.arena;
    struct confirms *c = confirms_of(&r->confirms, l->conn, l->frame.channel, a);
    struct unit here;

    confirms_add(&c->recorded, &l->frame, a);
    while (!r->over && !confirms_cover(c))
        if (await_line(r, i, &here))
            confirms_add(&c->here, here.head, a);
}

static void server_unit(struct replay *r, size_t i)
{
    struct line *l = &r->recording->at[i];
    struct unit was = recorded_unit(r->recording, i), here;
    struct difference d;

    if (!await_line(r, i, &here))
        return;
    names_learn(&r->names, l->conn, was.head, here.head);
    d = units_differ(&r->names, &was, &here, false);
    r->count = d.count ? d.count : r->count;
    if (d.what)
        replay_differs(r, l, "%s", d.what);
}

static void server_end(struct replay *r, const struct line *l)
{
    struct talk *t = &r->talks[l->conn];
    int64_t until_ms = clock_ms() + FOR_END_MS;

    while (!talk_ended(t) && talk_listen(t, until_ms))
        ;
    if (!talk_ended(t))
        replay_differs(r, l, "the connection did not end within %u ms", (unsigned)FOR_END_MS);
}

/* What was judged, and what came behind it unheard by the client. */
static bool is_left_to_judge(const struct replay *r, size_t i)
{
    const struct line *l = &r->recording->at[i], *judged;

    if (r->judged == SIZE_MAX || i < r->judged || r->demand.kind == DEMAND_INVARIANT ||
        r->demand.kind == DEMAND_WORDS)
        return false;
    judged = &r->recording->at[r->judged];
    return l->conn == judged->conn &&
           (judged->frame.channel == 0 || l->frame.channel == judged->frame.channel);
}

/* Its end and ours next to each other: a relay may have seen them the wrong way round, and closing
   waits for it anyway. */
static bool ends_with_ours(const struct recording *rec, size_t i)
{
    const struct line *next = &rec->at[i + 1];

    return i + 1 < rec->n && next->kind == LINE_CLOSE && next->who == 'C' &&
           next->conn == rec->at[i].conn;
}

static void server_line(struct replay *r, size_t i)
{
    const struct line *l = &r->recording->at[i];
    const struct frame *f = &l->frame;

    if (l->done || r->talks[l->conn].over || is_left_to_judge(r, i) || !ready(r, l))
        return;
    if (l->kind == LINE_CLOSE && !ends_with_ours(r->recording, i))
        server_end(r, l);
    else if (l->kind == LINE_CLOSE)
        return;
    else if (l->kind == LINE_OCTETS)
        replay_differs(r, l, "octets that are no frame cannot be awaited");
    else if (f->type == FRAME_HEARTBEAT || (f->method && (f->method->id == M_connection_blocked ||
                                                          f->method->id == M_connection_unblocked)))
        return;
    else if (is_confirm(f))
        server_confirm(r, i);
    else
        server_unit(r, i);
}

/* ---- from the first line to the broken one ---- */

static void step(struct replay *r, size_t i)
{
    const struct line *l = &r->recording->at[i];

    if (l->kind == LINE_RESTART)
        restart(r, l);
    else if (l->who == 'C')
        client_line(r, l);
    else
        server_line(r, i);
}

static void leave(struct replay *r)
{
    for (size_t i = 0; i < r->recording->connections; i++)
        talk_close(&r->talks[i], false, clock_ms() + LAST_WORDS_MS);
}

void replay_hold(struct replay *r)
{
    struct recording *rec = r->recording;

    for (size_t i = 0; i <= rec->n && !r->over; i++) {
        if (i == r->poll)
            judge_poll(r);
        else if (rec->is_broken && i == rec->broken)
            judge_place(r);
        if (i < rec->n && !r->over)
            step(r, i);
    }
    replay_end(r, HELD, S(""));
    leave(r);
}
