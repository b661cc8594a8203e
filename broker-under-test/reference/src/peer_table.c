#include "peer_table.h"

#include "codec.h"
#include "mem.h"
#include "table.h"

#include <assert.h>

struct peer_table peer_table_into(char *room, size_t bytes)
{
    return (struct peer_table){ .at = room, .room = bytes };
}

/* Name as a short string, then the type; returns where n octets of value go. */
static char *field(struct peer_table *t, const char *name, char type, size_t n)
{
    struct str s = str_of(name);
    char *at = t->at + t->n;

    assert(s.n <= 128 && t->n + 1 + s.n + 1 + n <= t->room);
    *at++ = (char)s.n;
    at = str_put(at, s);
    *at++ = type;
    t->n += 1 + s.n + 1 + n;
    return at;
}

void peer_table_bool(struct peer_table *t, const char *name, bool value)
{
    *field(t, name, 't', 1) = (char)value;
}

static void sized(struct peer_table *t, const char *name, char type, struct str value)
{
    char *at = field(t, name, type, 4 + value.n);

    put_uint(at, value.n, 4);
    str_put(at + 4, value);
}

void peer_table_text(struct peer_table *t, const char *name, const char *value)
{
    sized(t, name, 'S', str_of(value));
}

void peer_table_table(struct peer_table *t, const char *name, struct str value)
{
    sized(t, name, 'F', value);
}

struct str peer_table_str(const struct peer_table *t)
{
    return (struct str){ t->at, t->n };
}

struct str table_in(struct str table, struct str name)
{
    struct field_value v;

    if (table_find(table, name, &v) && v.type == 'F')
        return v.data;
    return (struct str){ "", 0 };
}

bool table_true(struct str table, struct str name)
{
    struct field_value v;
    bool value;

    return table_find(table, name, &v) && field_boolean(&v, &value) && value;
}
