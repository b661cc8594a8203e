/* What the broker reads that is not the stream itself: methods, tables, properties. A method that
   is read is written to octets that read the same; a table that is valid is equal to itself in
   whatever order, and equality has no sides. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "broker-under-test/reference/src/codec.h"
#include "broker-under-test/reference/src/table.h"

enum { IOVECS = 64 };

static void look_through(struct str table)
{
    struct str rest = table, name, list;
    struct field_value v, in;
    int64_t n;
    bool b;

    while (table_next(&rest, &name, &v)) {
        field_integer(&v, &n);
        field_boolean(&v, &b);
        for (list = v.data; v.type == 'A' && array_next(&list, &in);)
            assert(field_matches(&in, &in) == field_matches(&in, &in));
        if (v.type == 'F')
            look_through(v.data);
    }
}

static void look_at(struct str table)
{
    struct table_field *fields;
    char *sorted;

    look_through(table);
    if (!table_valid(table))
        return;
    fields = malloc((table_count(table) + 1) * sizeof *fields);
    sorted = malloc(table.n + 1);
    assert(fields && sorted);
    table_fields(table, fields);
    for (size_t i = 0; i < table_count(table); i++) {
        struct field_value found;

        assert(table_find(table, fields[i].name, &found));
    }
    table_sort(table, sorted);
    assert(table_valid((struct str){ sorted, table.n }));
    assert(table_equal(table, table));
    assert(table_equal(table, (struct str){ sorted, table.n }));
    free(fields);
    free(sorted);
}

static void compare(struct str a, struct str b)
{
    struct str rest_a = a, rest_b = b, name;
    struct field_value x, y;

    if (!table_valid(a) || !table_valid(b))
        return;
    assert(table_equal(a, b) == table_equal(b, a));
    while (table_next(&rest_a, &name, &x) && table_next(&rest_b, &name, &y)) {
        assert(field_equal(&x, &y) == field_equal(&y, &x));
        assert(field_matches(&x, &y) == field_matches(&y, &x));
        assert(!field_equal(&x, &y) || field_matches(&x, &y));
    }
}

static struct str octets_of(struct out *o)
{
    struct iovec iov[IOVECS];
    size_t count = out_iov(o, iov, IOVECS, 0);
    struct str s = { NULL, 0 };

    assert(count == 1);
    s.p = iov[0].iov_base;
    s.n = iov[0].iov_len;
    return s;
}

/* Read, written, read, written: the last two are the same. (The first need not be: bits that stand
   for nothing may have been set.) */
/* clang-format off */
#define EACH_METHOD(name, ...) \
    static bool read_and_write_##name(struct str arguments, struct out *o) \
    { \
        struct cursor c = cursor_of(arguments); \
        struct m_##name m = read_##name(&c); \
        if (!cursor_finished(&c)) \
            return false; \
        send_##name(o, 1, &m); \
        return true; \
    }
#define EACH_FIELD(...)
#define EACH_END(name)
#include "broker-under-test/reference/src/methods.h"

static bool (*const read_and_write[METHOD_COUNT])(struct str arguments, struct out *o) = {
#define EACH_METHOD(name, ...) [M_##name] = read_and_write_##name,
#define EACH_FIELD(...)
#define EACH_END(name)
#include "broker-under-test/reference/src/methods.h"
};
/* clang-format on */

static void round_trip(enum method m, struct str arguments)
{
    enum { AROUND = 7 + 4 + 1 }; /* head, ids; end octet */
    struct out one, two;
    struct str first, second;

    out_init(&one);
    out_init(&two);
    if (read_and_write[m](arguments, &one)) {
        first = octets_of(&one);
        assert(first.n == arguments.n + AROUND);
        assert(read_and_write[m]((struct str){ first.p + 11, first.n - AROUND }, &two));
        second = octets_of(&two);
        assert(str_eq(first, second));
    }
    out_clear(&one);
    out_clear(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str all = { (const char *)data + 1, n - 1 }, half;
    struct properties p;

    if (n < 2)
        return 0;
    half = (struct str){ all.p, data[0] < all.n ? data[0] : all.n };
    look_at(all);
    look_at(half);
    compare(half, (struct str){ all.p + half.n, all.n - half.n });
    properties_read(&p, all);
    round_trip((enum method)(data[0] % METHOD_COUNT), all);
    return 0;
}
