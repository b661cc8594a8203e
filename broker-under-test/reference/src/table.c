#include "table.h"

#include "faulty.h"

enum { LENGTH_BEFORE = -1, UNKNOWN = -2 };

/* Octets of a value of this type. */
static int size_of(char type)
{
    switch (type) {
    case 'V': return 0;
    case 't':
    case 'b':
    case 'B': return 1;
    case 's':
    case 'u':
    case 'U': return 2;
    case 'I':
    case 'i':
    case 'f': return 4;
    case 'D': return 5; /* scale, then four octets of digits */
    case 'l':
    case 'L':
    case 'd':
    case 'T': return 8;
    case 'S':
    case 'x':
    case 'A':
    case 'F': return LENGTH_BEFORE;
    default: return FAULTY(unknown_type_is_void) ? 0 : UNKNOWN;
    }
}

/* Big endian, as everything on this wire. */
static uint64_t number(struct str s)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n = n << 8 | (uint8_t)s.p[i];
    return n;
}

static bool take(struct str *rest, size_t n, struct str *out)
{
    if (FAULTY(inner_lengths_unchecked) && n > 1 && rest->n && n > rest->n)
        n = rest->n;
    if (n > rest->n)
        return false;
    *out = (struct str){ rest->p, n };
    if (n) {
        rest->p += n;
        rest->n -= n;
    }
    return true;
}

/* Moves on only past a whole value, so that a caller can tell the end from a break. */
bool array_next(struct str *rest, struct field_value *out)
{
    struct str r = *rest, part;
    int size;

    if (!take(&r, 1, &part))
        return false;
    out->type = *part.p;
    size = size_of(out->type);
    if (size == UNKNOWN)
        return false;
    if (size == LENGTH_BEFORE) {
        if (!take(&r, 4, &part) || !take(&r, (size_t)number(part), &out->data))
            return false;
    } else if (!take(&r, (size_t)size, &out->data)) {
        return false;
    }
    *rest = r;
    return true;
}

bool table_next(struct str *rest, struct str *name, struct field_value *out)
{
    struct str r = *rest, part;

    if (!take(&r, 1, &part) || !take(&r, (uint8_t)*part.p, name) || !array_next(&r, out))
        return false;
    *rest = r;
    return true;
}

static bool valid_inside(struct str s, bool named, int depth)
{
    struct field_value v;
    struct str name;

    if (depth > LIMIT_TABLE_DEPTH)
        return false;
    while (named ? table_next(&s, &name, &v) : array_next(&s, &v))
        if ((v.type == 'F' || v.type == 'A') && !valid_inside(v.data, v.type == 'F', depth + 1))
            return false;
    return s.n == 0;
}

bool table_valid(struct str table)
{
    return valid_inside(table, true, 0);
}

bool table_find(struct str table, struct str name, struct field_value *out)
{
    struct field_value v;
    struct str n;

    while (table_next(&table, &n, &v)) {
        if (str_eq(n, name)) {
            *out = v;
            return true;
        }
    }
    return false;
}

bool field_integer(const struct field_value *v, int64_t *out)
{
    uint64_t n = number(v->data);

    switch (v->type) {
    case 'b': *out = (int8_t)n; return true;
    case 's':
    case 'U': *out = (int16_t)n; return true;
    case 'I': *out = (int32_t)n; return true;
    case 'l':
    case 'L': *out = (int64_t)n; return true;
    case 'B':
    case 'u':
    case 'i': *out = (int64_t)n; return true;
    default: return false;
    }
}

bool field_boolean(const struct field_value *v, bool *out)
{
    if (v->type != 't')
        return false;
    *out = *v->data.p != 0;
    return true;
}

bool field_longstr(const struct field_value *v, struct str *out)
{
    if (v->type != 'S')
        return false;
    *out = v->data;
    return true;
}

bool table_integer(struct str table, struct str name, int64_t *out)
{
    struct field_value v;

    return table_find(table, name, &v) && field_integer(&v, out);
}

bool table_longstr(struct str table, struct str name, struct str *out)
{
    struct field_value v;

    return table_find(table, name, &v) && field_longstr(&v, out);
}
