#include "faultproxy_witness.h"

#include <stdlib.h>
#include <string.h>

#include "fixtures/wire/print.h"

enum {
    LIMIT_SEEN = 64 << 20, /* octets without a frame's end: no AMQP, and nothing to tell */
    LIMIT_LINE = 256 << 20,
    BODY_MOST = 64,
};

struct way { /* one direction */
    char who;
    struct buf came, went;
};

struct witness {
    FILE *log;
    unsigned number;
    bool blind; /* too much that is no frame */
    struct way ways[2];
};

struct frames {
    struct str *at;
    size_t n;
};

struct witness *witness_new(FILE *log, unsigned number)
{
    struct witness *w = calloc(1, sizeof *w);

    if (!w) {
        perror("faultproxy: out of memory");
        abort();
    }
    *w = (struct witness){ .log = log, .number = number };
    for (int i = 0; i < 2; i++) {
        w->ways[i].who = i == 0 ? 'C' : 'S';
        buf_init(&w->ways[i].came, LIMIT_SEEN);
        buf_init(&w->ways[i].went, LIMIT_SEEN);
    }
    return w;
}

void witness_free(struct witness *w)
{
    for (int i = 0; w && i < 2; i++) {
        buf_clear(&w->ways[i].came);
        buf_clear(&w->ways[i].went);
    }
    free(w);
}

static void see(struct witness *w, struct buf *b, struct str octets)
{
    w->blind |= octets.n > LIMIT_SEEN - b->n;
    if (!w->blind)
        buf_put(b, octets.p, octets.n);
}

void witness_heard(struct witness *w, char from, struct str octets)
{
    see(w, &w->ways[from == 'S'].came, octets);
}

void witness_said(struct witness *w, char to, struct str octets)
{
    see(w, &w->ways[to == 'C'].went, octets);
}

/* The whole frames at its beginning. */
static struct frames frames_of(struct str octets, struct arena *a)
{
    struct frames list = { NULL, 0 };
    struct cur c = cur_of(octets);
    struct frame f;

    for (size_t from = 0; frame_get(&c, &f, a) == FRAME_WHOLE; from = c.pos) {
        list.at = arena_one_more(a, list.at, list.n, sizeof *list.at);
        list.at[list.n++] = (struct str){ octets.p + from, c.pos - from };
    }
    return list;
}

static void tell(struct witness *w, char sign, char who, struct str octets, struct arena *a)
{
    struct print_options few = { .body_max = BODY_MOST };
    struct cur c = cur_of(octets);
    struct frame f;
    struct buf text;

    buf_init(&text, LIMIT_LINE);
    frame_get(&c, &f, a);
    frame_print(&text, who, &f, &few);
    fprintf(w->log, "%u %c %.*s\n", w->number, sign, (int)text.n, (const char *)text.p);
    buf_clear(&text);
}

static size_t find(const struct frames *list, size_t from, struct str frame)
{
    while (from < list->n && !str_eq(list->at[from], frame))
        from++;
    return from;
}

static void compare(struct witness *w, char who, const struct frames *came,
                    const struct frames *went, struct arena *a)
{
    size_t next = 0;

    for (size_t i = 0; i < came->n; i++) {
        size_t at = find(went, next, came->at[i]);

        if (at == went->n) {
            tell(w, '-', who, came->at[i], a);
            continue;
        }
        for (; next < at; next++)
            tell(w, '+', who, went->at[next], a);
        next++;
    }
    for (; next < went->n; next++)
        tell(w, '+', who, went->at[next], a);
}

static void let_go(struct buf *b, const struct frames *told)
{
    size_t n = 0;

    for (size_t i = 0; i < told->n; i++)
        n += told->at[i].n;
    buf_drop(b, n);
}

/* What went out and is no frame any more has no counterpart to wait for. */
static void tell_pieces(struct witness *w, struct way *way)
{
    size_t n = way->went.n, same = way->came.n < n ? way->came.n : n;

    if (n == 0 || (same == n && memcmp(way->came.p, way->went.p, n) == 0))
        return;
    fprintf(w->log, "%u + %c %zu octets that are no frame\n", w->number, way->who, n);
    buf_drop(&way->went, n);
}

static void settle(struct witness *w, struct way *way)
{
    struct arena *a;
    struct frames came, went;

    if (str_eq(buf_str(&way->came), buf_str(&way->went))) { /* nearly always */
        way->came.n = way->went.n = 0;
        return;
    }
    a = arena_new();
    came = frames_of(buf_str(&way->came), a);
    went = frames_of(buf_str(&way->went), a);
    compare(w, way->who, &came, &went, a);
    let_go(&way->came, &came);
    let_go(&way->went, &went);
    tell_pieces(w, way);
    arena_free(a);
}

void witness_settle(struct witness *w)
{
    for (int i = 0; i < 2 && !w->blind; i++)
        settle(w, &w->ways[i]);
}
