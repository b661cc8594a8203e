#include "replay_names.h"

#include <string.h>

/* ---- learning ---- */

/* What the client chose is said again as it is; only the server's own differ. */
static void learn_name(struct names *n, struct str recorded, struct str here)
{
    struct made_up *m;

    if (str_eq(recorded, here) || !recorded.n)
        return;
    m = arena_alloc(n->arena, sizeof *m);
    *m = (struct made_up){ recorded, arena_copy(n->arena, here), n->made_up };
    n->made_up = m;
}

static void learn_tag(struct names *n, unsigned conn, uint16_t channel, uint64_t recorded,
                      uint64_t here)
{
    struct tag *t = arena_alloc(n->arena, sizeof *t);

    *t = (struct tag){ conn, channel, recorded, here, n->tags };
    n->tags = t;
}

/* By the client, before the answer. */
static bool was_said(const struct recording *r, const struct frame *answer, struct str name)
{
    for (size_t i = 0; i < r->n && &r->at[i].frame != answer; i++) {
        const struct frame *f = &r->at[i].frame;
        const struct m_queue_declare *q = f->args;
        const struct m_basic_consume *c = f->args;

        if (r->at[i].who != 'C' || r->at[i].kind != LINE_FRAME || !f->method || !f->args)
            continue;
        if (f->method->id == M_queue_declare && str_eq(q->queue, name))
            return true;
        if (f->method->id == M_basic_consume && str_eq(c->consumer_tag, name))
            return true;
    }
    return false;
}

void names_learn(struct names *n, unsigned conn, const struct frame *recorded,
                 const struct frame *here)
{
    const void *was = recorded->args, *is = here->args;

    if (!was || !is || !recorded->method || recorded->method != here->method)
        return;
    switch (recorded->method->id) {
    case M_queue_declare_ok: {
        struct str name = ((const struct m_queue_declare_ok *)was)->queue;

        if (!was_said(n->recording, recorded, name))
            learn_name(n, name, ((const struct m_queue_declare_ok *)is)->queue);
        break;
    }
    case M_basic_consume_ok: {
        struct str name = ((const struct m_basic_consume_ok *)was)->consumer_tag;

        if (!was_said(n->recording, recorded, name))
            learn_name(n, name, ((const struct m_basic_consume_ok *)is)->consumer_tag);
        break;
    }
    case M_basic_deliver:
        learn_tag(n, conn, recorded->channel, ((const struct m_basic_deliver *)was)->delivery_tag,
                  ((const struct m_basic_deliver *)is)->delivery_tag);
        break;
    case M_basic_get_ok:
        learn_tag(n, conn, recorded->channel, ((const struct m_basic_get_ok *)was)->delivery_tag,
                  ((const struct m_basic_get_ok *)is)->delivery_tag);
        break;
    case M_connection_tune:
        n->offered = *(const struct m_connection_tune *)was;
        n->offered_here = *(const struct m_connection_tune *)is;
        break;
    default: break;
    }
}

struct str name_here(const struct names *n, struct str recorded)
{
    for (const struct made_up *m = n->made_up; m; m = m->next)
        if (str_eq(m->recorded, recorded))
            return m->here;
    return recorded;
}

uint64_t tag_here(const struct names *n, unsigned conn, uint16_t channel, uint64_t recorded)
{
    for (const struct tag *t = n->tags; t; t = t->next)
        if (t->conn == conn && t->channel == channel && t->recorded == recorded)
            return t->here;
    return recorded;
}

/* ---- saying ---- */

static bool put_names(const struct names *n, const struct field_info *fields, size_t count,
                      void *args)
{
    bool changed = false;

    for (const struct field_info *f = fields; f < fields + count; f++) {
        struct str was, here;

        if (f->type != T_shortstr)
            continue;
        was = wire_str(f, args);
        here = name_here(n, was);
        if (here.p == was.p)
            continue;
        *wire_str_at(f, args) = here;
        changed = true;
    }
    return changed;
}

static struct str plain(struct arena *a, struct str user, struct str password)
{
    struct buf b;
    struct str s;

    buf_init(&b, SIZE_MAX);
    buf_put(&b, "", 1);
    buf_put(&b, user.p, user.n);
    buf_put(&b, "", 1);
    buf_put(&b, password.p, password.n);
    s = arena_copy(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

static bool put_tag(const struct names *n, const struct line *l, uint64_t *tag)
{
    uint64_t here = tag_here(n, l->conn, l->frame.channel, *tag);
    bool changed = here != *tag;

    *tag = here;
    return changed;
}

/* What the client took as it was offered it takes here, too. */
static bool put_tune(const struct names *n, struct m_connection_tune_ok *ok)
{
    const struct m_connection_tune *was = &n->offered, *here = &n->offered_here;
    struct m_connection_tune_ok before = *ok;

    if (ok->channel_max == was->channel_max)
        ok->channel_max = here->channel_max;
    if (ok->frame_max == was->frame_max)
        ok->frame_max = here->frame_max;
    return before.channel_max != ok->channel_max || before.frame_max != ok->frame_max;
}

static bool put_own(const struct names *n, const struct line *l, void *args)
{
    const struct recording *r = n->recording;

    switch (l->frame.method->id) {
    case M_connection_start_ok: {
        struct m_connection_start_ok *ok = args;

        if (!str_eq(ok->response, plain(n->arena, r->user, r->password)))
            return false;
        ok->response = plain(n->arena, n->user, n->password);
        return true;
    }
    case M_connection_open: {
        struct m_connection_open *open = args;

        if (!str_eq(open->virtual_host, r->vhost))
            return false;
        open->virtual_host = n->vhost;
        return true;
    }
    case M_connection_tune_ok: return put_tune(n, args);
    case M_basic_ack: return put_tag(n, l, &((struct m_basic_ack *)args)->delivery_tag);
    case M_basic_nack: return put_tag(n, l, &((struct m_basic_nack *)args)->delivery_tag);
    case M_basic_reject: return put_tag(n, l, &((struct m_basic_reject *)args)->delivery_tag);
    default: return false;
    }
}

static struct str taken(struct arena *a, struct buf *b)
{
    struct str s = arena_copy(a, buf_str(b));

    buf_clear(b);
    return s;
}

/* Octets that need no change stay those that were recorded, odd ones too. */
struct str said_here(const struct names *n, const struct line *l)
{
    const struct frame *f = &l->frame;
    struct buf b;

    buf_init(&b, SIZE_MAX);
    if (l->kind != LINE_FRAME || f->fault)
        return l->octets;
    if (f->type == FRAME_METHOD && f->args) {
        void *args = arena_alloc(n->arena, f->method->size);
        bool changed;

        memcpy(args, f->args, f->method->size);
        changed = put_names(n, f->method->fields, f->method->n_fields, args);
        if (!put_own(n, l, args) && !changed)
            return l->octets;
        frame_put_method(&b, f->channel, f->method->id, args);
        return taken(n->arena, &b);
    }
    if (f->type == FRAME_HEADER) {
        struct properties p = f->properties;

        if (!put_names(n, wire_properties, wire_properties_n, &p))
            return l->octets;
        frame_put_weighed_header(&b, f->channel, f->class_id, f->weight, f->body_size, &p);
        return taken(n->arena, &b);
    }
    return l->octets;
}
