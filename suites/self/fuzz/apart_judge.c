#include "apart.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixtures/wire/print.h"

enum { LIMIT_KEPT = 256 << 20, LINE = 64 << 20, CHANNELS = 16 };

struct content { /* what a channel is in the middle of */
    bool due;
    bool header_seen;
    uint64_t left;
};

struct judge {
    struct buf in;
    bool ended; /* a protocol header or Close-Ok was said: nothing comes behind it */
    bool closed;
    struct content content[CHANNELS]; /* by channel; those beyond are not looked at */
    struct frame f;
};

struct judge *judge_new(void)
{
    struct judge *j = calloc(1, sizeof *j);

    assert(j);
    buf_init(&j->in, LIMIT_KEPT);
    return j;
}

void judge_free(struct judge *j)
{
    buf_clear(&j->in);
    free(j);
}

static void complain(const struct judge *j, const char *what)
{
    struct buf line;

    buf_init(&line, LINE);
    frame_print(&line, 'S', &j->f, &(struct print_options){ .verbose = true });
    fprintf(stderr, "judge: %s: %.*s\n", what, STR_ARGS(buf_str(&line)));
    abort();
}

static void demand(const struct judge *j, bool holds, const char *otherwise)
{
    if (!holds)
        complain(j, otherwise);
}

static void method(struct judge *j, struct content *c)
{
    const struct method_info *m = j->f.method;

    demand(j, m->direction != C2S, "not a server's method");
    demand(j, !c->due, "a method within a content");
    demand(j, (m->class_id == 10) == (j->f.channel == 0), "on a channel of the other kind");
    demand(j, !j->closed || m->id == M_connection_close_ok, "behind connection.close");
    c->due = m->content;
    j->closed |= m->id == M_connection_close;
    j->ended |= m->id == M_connection_close_ok;
}

static void header(struct judge *j, struct content *c)
{
    demand(j, c->due && !c->header_seen, "a header of no content");
    demand(j, j->f.class_id == 60 && j->f.weight == 0, "a wrong content header");
    *c = (struct content){ .due = j->f.body_size > 0, .left = j->f.body_size };
    c->header_seen = c->due;
}

static void body(struct judge *j, struct content *c)
{
    demand(j, c->header_seen, "a body of no content");
    demand(j, j->f.payload.n && j->f.payload.n <= c->left, "a body that is not what was announced");
    c->left -= j->f.payload.n;
    if (c->left == 0)
        *c = (struct content){ .due = false };
}

static void frame(struct judge *j, uint32_t frame_max)
{
    bool known = j->f.channel < CHANNELS;
    struct content *c = &j->content[known ? j->f.channel : 0];

    demand(j, !j->f.fault, j->f.fault ? j->f.fault : "");
    demand(j, !j->ended, "behind the end");
    demand(j, !frame_max || j->f.payload.n + FRAME_OVERHEAD <= frame_max, "beyond frame-max");
    if (!known)
        return;
    switch (j->f.type) {
    case FRAME_METHOD: method(j, c); break;
    case FRAME_HEADER: header(j, c); break;
    case FRAME_BODY: body(j, c); break;
    case FRAME_PROTOCOL_HEADER: j->ended = true; break;
    default: demand(j, j->f.channel == 0, "a heartbeat on a channel");
    }
}

void judge_octets(struct judge *j, const void *octets, size_t n, uint32_t frame_max)
{
    struct arena *a = arena_new();
    struct cur c;

    buf_put(&j->in, octets, n);
    c = cur_of(buf_str(&j->in));
    while (frame_get(&c, &j->f, a) == FRAME_WHOLE)
        frame(j, frame_max);
    buf_drop(&j->in, c.pos);
    arena_free(a);
}
