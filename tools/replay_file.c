#include "replay_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/wire/print.h"
#include "fixtures/wire/scan.h"

/* ---- units ---- */

struct unit unit_of(const struct frame *head)
{
    bool content = !head->fault && head->method && head->method->content;

    return (struct unit){ .head = head, .whole = !content };
}

bool unit_add(struct unit *u, const struct frame *f, struct arena *a)
{
    char *body;

    if (u->whole || f->fault)
        return false;
    if (!u->header && f->type == FRAME_HEADER)
        u->header = f;
    else if (!u->header || f->type != FRAME_BODY)
        return false;
    else {
        body = arena_alloc(a, u->body.n + f->payload.n + 1);
        if (u->body.n)
            memcpy(body, u->body.p, u->body.n);
        if (f->payload.n)
            memcpy(body + u->body.n, f->payload.p, f->payload.n);
        u->body = (struct str){ body, u->body.n + f->payload.n };
    }
    u->whole = u->body.n >= u->header->body_size;
    return true;
}

struct unit recorded_unit(struct recording *r, size_t i)
{
    const struct line *head = &r->at[i];
    struct unit u = unit_of(&head->frame);

    r->at[i].done = true;
    for (size_t k = i + 1; k < r->n && !u.whole; k++) {
        struct line *l = &r->at[k];

        if (l->who != 'S' || l->conn != head->conn || l->kind != LINE_FRAME ||
            l->frame.channel != head->frame.channel)
            continue;
        if (!unit_add(&u, &l->frame, r->arena))
            break;
        l->done = true;
    }
    return u;
}

/* ---- reading ---- */

struct reader {
    struct recording *r;
    unsigned number;
    unsigned pause_ms;
    struct str text;
};

static bool wrong(const struct reader *at, const char *what)
{
    fprintf(stderr, "amqproof: %s:%u: %s\n", at->r->file, at->number, what);
    return false;
}

static struct line *add(struct reader *at, enum line_kind kind)
{
    struct recording *r = at->r;
    struct line *l;

    r->at = arena_one_more(r->arena, r->at, r->n, sizeof *r->at);
    l = &r->at[r->n++];
    *l = (struct line){ .number = at->number, .kind = kind, .pause_ms = at->pause_ms };
    at->pause_ms = 0;
    return l;
}

static unsigned conn_of(struct recording *r, struct str letter)
{
    struct str *letters;

    for (size_t i = 0; i < r->connections; i++)
        if (str_eq(r->letters[i], letter))
            return (unsigned)i;
    letters = arena_alloc(r->arena, (r->connections + 1) * sizeof *letters);
    if (r->connections)
        memcpy(letters, r->letters, r->connections * sizeof *letters);
    letters[r->connections] = letter;
    r->letters = letters;
    return (unsigned)r->connections++;
}

static struct str word(struct str *s)
{
    struct str w = { s->p, 0 };

    while (w.n < s->n && s->p[w.n] != ' ')
        w.n++;
    s->p += w.n;
    s->n -= w.n;
    while (s->n && *s->p == ' ') {
        s->p++;
        s->n--;
    }
    return w;
}

static bool is(struct str s, const char *z)
{
    return str_eq(s, str_of(z));
}

/* "a S 1 …" -> its connection, and the rest; without a letter it is the only one. */
static unsigned take_letter(struct recording *r, struct str *s)
{
    struct str rest = *s, letter = word(&rest);

    for (size_t i = 0; i < letter.n; i++)
        if (letter.p[i] < 'a' || letter.p[i] > 'z')
            return conn_of(r, S(""));
    if (letter.n == 0 || letter.n > 2)
        return conn_of(r, S(""));
    *s = rest;
    r->lettered = true;
    return conn_of(r, letter);
}

/* ---- the marks ---- */

static bool read_who(struct reader *at, struct str s)
{
    struct scan scan = { .line = s, .a = at->r->arena };

    while (!scan_at_end(&scan)) {
        struct str name = scan_word(&scan);

        scan_expect(&scan, '=');
        if (is(name, "user"))
            at->r->user = scan_string(&scan);
        else if (is(name, "password"))
            at->r->password = scan_string(&scan);
        else if (is(name, "vhost"))
            at->r->vhost = scan_string(&scan);
        else
            scan_fail(&scan, scan.pos, "user, password or vhost expected");
    }
    return !scan.error || wrong(at, scan.error);
}

static bool read_pause(struct reader *at, struct str s)
{
    struct scan scan = { .line = s, .a = at->r->arena };

    at->pause_ms = (unsigned)scan_number(&scan, 600000);
    return !scan.error || wrong(at, scan.error);
}

static bool read_broken(struct reader *at)
{
    struct recording *r = at->r;

    if (r->is_broken)
        return wrong(at, "'broken' a second time");
    r->is_broken = true;
    r->broken = r->n;
    r->broken_number = at->number;
    return true;
}

static bool read_restart(struct reader *at, struct str s)
{
    if (!is(s, "kill") && !is(s, "graceful"))
        return wrong(at, "'kill' or 'graceful' expected behind 'restart'");
    add(at, LINE_RESTART)->kill = is(s, "kill");
    return true;
}

static bool read_mark(struct reader *at, struct str s)
{
    struct recording *r = at->r;
    struct str what = word(&s), *text = is(what, "case")        ? &r->id
                                        : is(what, "rule")      ? &r->rule
                                        : is(what, "verdict")   ? &r->verdict
                                        : is(what, "step")      ? &r->step
                                        : is(what, "invariant") ? &r->invariant
                                        : is(what, "wanted")    ? &r->wanted
                                        : is(what, "got")       ? &r->got
                                                                : NULL;

    if (text) {
        *text = s;
        return true;
    }
    if (is(what, "as"))
        return read_who(at, s);
    if (is(what, "pause"))
        return read_pause(at, s);
    if (is(what, "broken"))
        return read_broken(at);
    if (is(what, "judged"))
        r->judged = r->n;
    if (is(what, "on"))
        r->broken_conn = conn_of(r, s);
    if (is(what, "judged") || is(what, "on"))
        return true;
    if (is(what, "restart"))
        return read_restart(at, s);
    return wrong(at, arena_printf(r->arena, "no such mark: '%.*s'", STR_ARGS(what)).p);
}

/* ---- the lines ---- */

static void decode(struct line *l, struct arena *a)
{
    struct cur c = cur_of(l->octets);

    l->kind = LINE_OCTETS;
    if (l->octets.n && frame_get(&c, &l->frame, a) == FRAME_WHOLE && cur_left(&c) == 0)
        l->kind = LINE_FRAME;
}

static bool read_frame(struct reader *at, struct str s)
{
    struct recording *r = at->r;
    size_t whole = s.n;
    unsigned conn = take_letter(r, &s);
    struct buf octets;
    const char *error;
    struct line *l;
    char who, closes;

    buf_init(&octets, SIZE_MAX);
    error = frame_parse(s, &who, &octets, &closes, r->arena);
    if (error && whole != s.n)
        error = arena_printf(r->arena, "%s (behind '%.*s')", error, (int)(whole - s.n - 1),
                             s.p - (whole - s.n))
                    .p;
    if (!error) {
        l = add(at, LINE_CLOSE);
        l->conn = conn;
        l->who = who;
        l->reset = closes == 'r';
        l->octets = arena_copy(r->arena, buf_str(&octets));
        if (!closes)
            decode(l, r->arena);
    }
    buf_clear(&octets);
    return !error || wrong(at, error);
}

static bool read_line(struct reader *at, struct str s)
{
    if (s.n > 3 && memcmp(s.p, "#! ", 3) == 0)
        return read_mark(at, (struct str){ s.p + 3, s.n - 3 });
    if (s.n == 0 || s.p[0] == '#')
        return true;
    return read_frame(at, s);
}

static bool read_lines(struct recording *r, FILE *f)
{
    struct reader at = { .r = r };
    size_t room = 0;
    char *line = NULL;
    bool well = true;
    ssize_t n;

    while (well && (n = getline(&line, &room, f)) >= 0) {
        if (n && line[n - 1] == '\n')
            n--;
        at.number++;
        well = read_line(&at, arena_copy(r->arena, (struct str){ line, (size_t)n }));
    }
    free(line);
    return well;
}

/* Can it be held again at all? */
static bool is_of_use(const struct recording *r)
{
    const char *why = NULL;

    if (r->n == 0)
        why = "no frames in it";
    else if (!r->verdict.n)
        why = "no verdict in it: not a conversation that a case has left";
    else if (is(r->verdict, "harness-fault"))
        why = "its verdict is harness-fault: nothing in it speaks of a broker";
    else if (is(r->verdict, "fail") && !r->is_broken)
        why = "it does not say where it broke";
    if (why)
        fprintf(stderr, "amqproof: %s: %s\n", r->file, why);
    return !why;
}

bool recording_read(struct recording *r, const char *file, struct arena *a)
{
    FILE *f = fopen(file, "r");
    bool well;

    *r = (struct recording){ .file = file, .arena = a, .judged = SIZE_MAX };
    well = f && read_lines(r, f);
    if (!f || ferror(f)) {
        fprintf(stderr, "amqproof: %s: %s\n", file, strerror(errno));
        well = false;
    }
    if (f)
        fclose(f);
    if (r->judged >= r->n)
        r->judged = SIZE_MAX;
    if (r->judged != SIZE_MAX)
        r->broken_conn = r->at[r->judged].conn;
    return well && is_of_use(r);
}
