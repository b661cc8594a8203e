/* Comparing tables. Both sides are taken apart and put into the order of their
   names first, so that thousands of fields in opposite order stay cheap. */
#include "table.h"

#include "faulty.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

/* Most tables have a handful of fields; those need neither the heap nor qsort. */
enum { FEW = 16 };

static int by_name(const void *pa, const void *pb)
{
    const struct table_field *a = pa, *b = pb;
    size_t common = a->name.n < b->name.n ? a->name.n : b->name.n;
    int order = memcmp(a->name.p, b->name.p, common);

    if (order)
        return order;
    if (a->name.n != b->name.n)
        return a->name.n < b->name.n ? -1 : 1;
    return a->name.p < b->name.p ? -1 : a->name.p > b->name.p;
}

static void sort_few(struct table_field *f, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct table_field one = f[i];
        size_t j = i;

        for (; j > 0 && by_name(&f[j - 1], &one) > 0; j--)
            f[j] = f[j - 1];
        f[j] = one;
    }
}

size_t table_count(struct str table)
{
    struct field_value v;
    struct str name;
    size_t n = 0;

    while (table_next(&table, &name, &v))
        n++;
    return n;
}

void table_fields(struct str table, struct table_field *out)
{
    struct table_field one;
    size_t n = 0;

    while (table_next(&table, &one.name, &one.value))
        out[n++] = one;
    if (n <= FEW)
        sort_few(out, n);
    else
        qsort(out, n, sizeof *out, by_name);
}

static struct table_field *fields_of(struct str table, size_t n, struct table_field *few)
{
    struct table_field *f = n <= FEW ? few : xgrow(NULL, n, sizeof *f);

    table_fields(table, f);
    return f;
}

bool table_equal(struct str a, struct str b)
{
    size_t n = table_count(a);
    struct table_field few[FEW], few_too[FEW], *x, *y;
    bool equal = n == table_count(b);

    if (FAULTY(arguments_compared_by_octet))
        return str_eq(a, b);
    if (!equal)
        return false;
    x = fields_of(a, n, few);
    y = fields_of(b, n, few_too);
    for (size_t i = 0; equal && i < n; i++)
        equal = str_eq(x[i].name, y[i].name) && field_equal(&x[i].value, &y[i].value);
    if (x != few) {
        free(x);
        free(y);
    }
    return equal;
}

void table_sort(struct str table, char *out)
{
    size_t n = table_count(table);
    struct table_field few[FEW], *f = fields_of(table, n, few);
    char *end = out;

    for (size_t i = 0; i < n; i++) {
        /* From the octet with the name's length to the end of the value. */
        const char *p = f[i].name.p - 1;
        size_t size = (size_t)(f[i].value.data.p + f[i].value.data.n - p);

        memcpy(end, p, size);
        end += size;
    }
    if (f != few)
        free(f);
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
