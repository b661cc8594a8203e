#include "replay_confirms.h"

bool is_confirm(const struct frame *f)
{
    return !f->fault && f->method && f->args && f->method->id == M_basic_ack;
}

struct confirms *confirms_of(struct confirms **list, unsigned conn, uint16_t channel,
                             struct arena *a)
{
    struct confirms *c;

    for (c = *list; c; c = c->next)
        if (c->conn == conn && c->channel == channel)
            return c;
    c = arena_alloc(a, sizeof *c);
    *c = (struct confirms){ .conn = conn, .channel = channel, .next = *list };
    *list = c;
    return c;
}

static bool has(const struct confirmed *c, uint64_t tag)
{
    if (tag <= c->up_to)
        return true;
    for (const struct ahead *s = c->ahead; s; s = s->next)
        if (s->tag == tag)
            return true;
    return false;
}

/* What adjoins is taken up; what lies below is forgotten. */
static void fold(struct confirmed *c)
{
    bool again = true;

    while (again) {
        again = false;
        for (struct ahead **s = &c->ahead; *s;) {
            if ((*s)->tag > c->up_to + 1) {
                s = &(*s)->next;
                continue;
            }
            again |= (*s)->tag == c->up_to + 1;
            c->up_to += (*s)->tag == c->up_to + 1;
            *s = (*s)->next;
        }
    }
}

void confirms_add(struct confirmed *c, const struct frame *ack, struct arena *a)
{
    const struct m_basic_ack *m = ack->args;

    if (m->multiple && m->delivery_tag > c->up_to)
        c->up_to = m->delivery_tag;
    if (!m->multiple && !has(c, m->delivery_tag)) {
        struct ahead *s = arena_alloc(a, sizeof *s);

        *s = (struct ahead){ m->delivery_tag, c->ahead };
        c->ahead = s;
    }
    fold(c);
}

static bool covers(const struct confirmed *all, const struct confirmed *of)
{
    for (const struct ahead *s = of->ahead; s; s = s->next)
        if (!has(all, s->tag))
            return false;
    return confirms_up_to(all, of->up_to);
}

bool confirms_up_to(const struct confirmed *c, uint64_t tag)
{
    for (uint64_t i = c->up_to + 1; i <= tag; i++)
        if (!has(c, i))
            return false;
    return true;
}

bool confirms_has(const struct confirmed *c, uint64_t tag)
{
    return has(c, tag);
}

bool confirms_cover(const struct confirms *c)
{
    return covers(&c->here, &c->recorded);
}

void confirms_note_said(struct confirms *c, enum method_id id)
{
    if (id == M_channel_open || id == M_confirm_select)
        *c = (struct confirms){ .conn = c->conn, .channel = c->channel, .next = c->next };
    if (id == M_basic_publish)
        c->published++;
}
