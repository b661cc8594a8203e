#include "record.h"

#include "codec.h"
#include "mem.h"

#include <stdlib.h>

void record_clear(struct record *r)
{
    free(r->p);
    *r = (struct record){ .p = NULL };
}

static char *more(struct record *r, size_t n)
{
    if (!r->p || n > r->room - r->n) {
        r->room = 2 * r->room + n + 64;
        r->p = xrealloc(r->p, r->room);
    }
    r->n += n;
    return r->p + r->n - n;
}

void record_uint(struct record *r, uint64_t value, size_t octets)
{
    put_uint(more(r, octets), value, octets);
}

void record_raw(struct record *r, struct str s)
{
    str_put(more(r, s.n), s);
}

void record_str(struct record *r, struct str s)
{
    record_uint(r, s.n, 4);
    record_raw(r, s);
}

struct str record_view(const struct record *r)
{
    return (struct str){ r->p, r->n };
}
