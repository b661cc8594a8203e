/* Comparing tables. Both sides are put into the order of their field names by an
   array of pointers, so that thousands of fields in opposite order stay cheap. */
#include "table.h"

#include "mem.h"

#include <assert.h>
#include <stdlib.h>

/* Most tables have a handful of fields; those are sorted without the heap. */
enum { FEW = 16 };

struct index {
    const char **field; /* each at its name's length octet */
    size_t n;
    const char *few[FEW];
};

static int by_name(const void *pa, const void *pb)
{
    const char *a = *(const char *const *)pa, *b = *(const char *const *)pb;
    size_t na = (uint8_t)*a, nb = (uint8_t)*b;
    int order = memcmp(a + 1, b + 1, na < nb ? na : nb);

    if (order)
        return order;
    if (na != nb)
        return na < nb ? -1 : 1;
    return a < b ? -1 : a > b; /* fields of one name stay in their order */
}

static void index_init(struct index *x, struct str table)
{
    struct field_value v;
    struct str rest, name;
    size_t i = 0;

    x->n = 0;
    for (rest = table; table_next(&rest, &name, &v);)
        x->n++;
    x->field = x->n <= FEW ? x->few : xgrow(NULL, x->n, sizeof *x->field);
    for (rest = table; i < x->n; table_next(&rest, &name, &v))
        x->field[i++] = rest.p;
    qsort(x->field, x->n, sizeof *x->field, by_name);
}

static void index_clear(struct index *x)
{
    if (x->field != x->few)
        free(x->field);
}

/* Reads the field at p again; the index only points at whole ones. */
static void field_at(const char *p, struct str table, struct str *name, struct field_value *v)
{
    struct str rest = { p, (size_t)(table.p + table.n - p) };
    bool whole = table_next(&rest, name, v);

    assert(whole);
}

bool table_equal(struct str a, struct str b)
{
    struct index x, y;
    bool equal;

    index_init(&x, a);
    index_init(&y, b);
    equal = x.n == y.n;
    for (size_t i = 0; equal && i < x.n; i++) {
        struct field_value v, w;
        struct str name, other;

        field_at(x.field[i], a, &name, &v);
        field_at(y.field[i], b, &other, &w);
        equal = str_eq(name, other) && field_equal(&v, &w);
    }
    index_clear(&y);
    index_clear(&x);
    return equal;
}

void table_sort(struct str table, char *out)
{
    struct index x;
    char *end = out;

    index_init(&x, table);
    for (size_t i = 0; i < x.n; i++) {
        struct field_value v;
        struct str rest = { x.field[i], (size_t)(table.p + table.n - x.field[i]) }, name;

        table_next(&rest, &name, &v);
        memcpy(end, x.field[i], (size_t)(rest.p - x.field[i]));
        end += rest.p - x.field[i];
    }
    index_clear(&x);
    assert(end == out + table.n);
}

static bool array_equal(struct str a, struct str b)
{
    struct field_value v, w;

    while (array_next(&a, &v))
        if (!array_next(&b, &w) || !field_equal(&v, &w))
            return false;
    return a.n == 0 && b.n == 0;
}

/* Integers with the timestamp among them, as RabbitMQ classes them. A timestamp of
   the year 292 billion is no int64 and equals none. */
static bool whole_number(const struct field_value *v, int64_t *out)
{
    struct field_value as_long = { 'l', v->data };

    if (v->type != 'T')
        return field_integer(v, out);
    return field_integer(&as_long, out) && *out >= 0;
}

static bool floating(const struct field_value *v, double *out)
{
    uint64_t bits = 0;
    uint32_t half;
    float f;

    for (size_t i = 0; i < v->data.n; i++)
        bits = bits << 8 | (uint8_t)v->data.p[i];
    if (v->type == 'd') {
        memcpy(out, &bits, sizeof *out);
    } else if (v->type == 'f') {
        half = (uint32_t)bits;
        memcpy(&f, &half, sizeof f);
        *out = (double)f;
    }
    return v->type == 'd' || v->type == 'f';
}

bool field_equal(const struct field_value *a, const struct field_value *b)
{
    int64_t i, j;
    double x, y;
    bool t, u;

    if (whole_number(a, &i) && whole_number(b, &j))
        return i == j;
    if (floating(a, &x) && floating(b, &y) && x == y)
        return true;
    if (a->type != b->type)
        return false;
    if (field_boolean(a, &t) && field_boolean(b, &u))
        return t == u; /* any octet but zero is true */
    if (a->type == 'F')
        return table_equal(a->data, b->data);
    if (a->type == 'A')
        return array_equal(a->data, b->data);
    return str_eq(a->data, b->data);
}

/* Exactly: 2^53 + 1 is no double, so it equals none. */
static bool same_number(int64_t i, double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 && (int64_t)x == i &&
           (double)(int64_t)x == x;
}

static bool is_octets(char type)
{
    return type == 'S' || type == 'x';
}

bool field_matches(const struct field_value *a, const struct field_value *b)
{
    int64_t i;
    double x;

    if (whole_number(a, &i) && floating(b, &x))
        return same_number(i, x);
    if (floating(a, &x) && whole_number(b, &i))
        return same_number(i, x);
    if (is_octets(a->type) && is_octets(b->type))
        return str_eq(a->data, b->data);
    return field_equal(a, b);
}
