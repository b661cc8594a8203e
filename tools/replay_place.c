/* Where the broken place is: what was judged there, and whether the case had asked for it over and
   over. */
#include "replay.h"

#include <string.h>

static bool contains(struct str s, const char *z)
{
    size_t n = strlen(z);

    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, z, n) == 0)
            return true;
    return false;
}

static bool same_question(const struct line *a, const struct line *b)
{
    return b->who == 'C' && b->conn == a->conn && str_eq(a->octets, b->octets);
}

/* A case that waited for an effect asked the same thing over and over: so do we, and need not as
   often as was recorded. */
static size_t find_poll(const struct recording *r)
{
    size_t first = SIZE_MAX, i = r->broken;

    if (!contains(r->step, " await_"))
        return SIZE_MAX;
    while (i-- > 0) {
        const struct line *l = &r->at[i];

        if (l->who != 'C' || l->kind != LINE_FRAME || l->conn != r->broken_conn)
            continue;
        if (first != SIZE_MAX && !same_question(&r->at[first], l))
            break;
        first = i;
    }
    return first;
}

static bool has_content(const struct line *l)
{
    return l->who == 'S' && l->kind == LINE_FRAME && unit_of(&l->frame).whole == false;
}

/* The line with which the content that was judged begins. */
static size_t find_head(const struct recording *r, uint16_t channel)
{
    size_t last = r->judged != SIZE_MAX ? r->judged + 1 : r->broken;

    for (size_t i = last; i-- > 0;)
        if (r->at[i].conn == r->broken_conn && has_content(&r->at[i]) &&
            r->at[i].frame.channel == channel)
            return i;
    return SIZE_MAX;
}

static bool is_content_frame(const struct line *l)
{
    return l->kind == LINE_FRAME && (l->frame.type == FRAME_HEADER || l->frame.type == FRAME_BODY);
}

void judge_prepare(struct replay *r)
{
    struct recording *rec = r->recording;
    struct demand *d = &r->demand;

    r->judged = rec->judged;
    r->poll = SIZE_MAX;
    if (!rec->is_broken)
        return;
    *d = demand_read(rec);
    if (d->kind == DEMAND_COUNTS || d->kind == DEMAND_METHOD)
        r->poll = find_poll(rec);
    if (d->kind == DEMAND_HEADER || d->kind == DEMAND_BODY || d->kind == DEMAND_PROPERTY)
        r->judged = find_head(rec, d->channel);
    else if (d->kind == DEMAND_INVARIANT && rec->judged != SIZE_MAX &&
             is_content_frame(&rec->at[rec->judged]))
        r->judged = find_head(rec, rec->at[rec->judged].frame.channel);
    else
        return;
    if (r->judged == SIZE_MAX && d->kind != DEMAND_INVARIANT)
        d->kind = DEMAND_WORDS;
}
