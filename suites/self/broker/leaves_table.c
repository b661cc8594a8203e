/* table.h: each type, hostile bytes, equality. Tables are written out by hand here. */
#include "broker-under-test/reference/src/table.h"
#include "broker-under-test/reference/src/mem.h"
#include "suites.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* One field of each type, some nested: 18 fields. */
#define ALL_TYPES                                                                                  \
    "\1at\1"                                                                                       \
    "\1bb\xff"                                                                                     \
    "\1cB\xff"                                                                                     \
    "\1ds\xff\xfe"                                                                                 \
    "\1eu\xff\xfe"                                                                                 \
    "\1fU\xff\xfe"                                                                                 \
    "\1gI\xff\xff\xff\xfe"                                                                         \
    "\1hi\xff\xff\xff\xfe"                                                                         \
    "\1il\xff\xff\xff\xff\xff\xff\xff\xfe"                                                         \
    "\1jL\0\0\0\0\0\0\0\7"                                                                         \
    "\1kf\x3f\xc0\0\0"                                                                             \
    "\1ld\x3f\xf8\0\0\0\0\0\0"                                                                     \
    "\1mD\2\0\0\1\0"                                                                               \
    "\1nS\0\0\0\3abc"                                                                              \
    "\1oA\0\0\0\7b\1S\0\0\0\0"                                                                     \
    "\1pT\0\0\0\0\0\0\0\1"                                                                         \
    "\1qF\0\0\0\6\3xyzt\0"                                                                         \
    "\1rV"                                                                                         \
    "\1sx\0\0\0\2\0\0"

static struct field_value must_find(struct str t, const char *name)
{
    struct field_value v = { 0, { NULL, 0 } };

    CU_ASSERT_FATAL(table_find(t, str_of(name), &v));
    return v;
}

TEST(every_type)
{
    static const struct {
        const char *name;
        int64_t value;
    } integers[] = {
        { "b", -1 }, { "c", 255 },        { "d", -2 }, { "e", 65534 }, { "f", -2 },
        { "g", -2 }, { "h", 4294967294 }, { "i", -2 }, { "j", 7 },
    };
    struct str t = STR(ALL_TYPES), s;
    struct field_value v;
    int64_t n;
    bool yes;

    CU_ASSERT(table_valid(t));
    CU_ASSERT_EQUAL(table_count(t), 19);
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        CU_ASSERT(table_integer(t, str_of(integers[i].name), &n));
        CU_ASSERT_EQUAL(n, integers[i].value);
    }
    CU_ASSERT(!table_integer(t, STR("p"), &n)); /* a timestamp is no integer */
    CU_ASSERT(!table_integer(t, STR("k"), &n));
    CU_ASSERT(!table_integer(t, STR("none"), &n));
    CU_ASSERT(table_longstr(t, STR("n"), &s) && str_eq(s, STR("abc")));
    CU_ASSERT(!table_longstr(t, STR("s"), &s));
    v = must_find(t, "a");
    CU_ASSERT(field_boolean(&v, &yes) && yes);
    v = must_find(t, "r");
    CU_ASSERT(v.type == 'V' && v.data.n == 0);
}

TEST(array_is_walked)
{
    struct str t = STR(ALL_TYPES), rest;
    struct field_value v = must_find(t, "o"), member;
    int64_t n;

    CU_ASSERT_EQUAL(v.type, 'A');
    rest = v.data;
    CU_ASSERT(array_next(&rest, &member) && field_integer(&member, &n) && n == 1);
    CU_ASSERT(array_next(&rest, &member) && member.type == 'S' && member.data.n == 0);
    CU_ASSERT(!array_next(&rest, &member));
    CU_ASSERT_EQUAL(rest.n, 0);
}

TEST(malformed_is_refused)
{
    const struct str bad[] = {
        STR("\1"),
        STR("\1a"),
        STR("\5abct\1"),
        STR("\1at"),
        STR("\1aQ\1"),
        STR("\1a\0\1"),
        STR("\1aS\0\0\0\2x"),
        STR("\1aS\0\0"),
        STR("\1aF\0\0\0\1\1"),
        STR("\1aA\0\0\0\1t"),
        STR("\1aS\xff\xff\xff\xffx"),
        STR("\1at\1\0"),
        STR("\1aF\0\0\0\4\1bt\1\0"),
    };

    CU_ASSERT(table_valid(STR("")));
    CU_ASSERT(table_valid((struct str){ NULL, 0 }));
    CU_ASSERT(table_valid(STR("\0t\1"))); /* a field may have no name */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT(!table_valid(bad[i]));
}

/* So many tables in each other, the innermost empty. */
static size_t nest(char *out, int levels)
{
    size_t n = 0;

    for (int i = 0; i < levels; i++) {
        memmove(out + 7, out, n);
        memcpy(out, "\1aF\0\0", 5);
        out[5] = (char)(n >> 8);
        out[6] = (char)n;
        out[1] = 'n';
        n += 7;
    }
    return n;
}

TEST(depth_is_bounded)
{
    char *deep = xmalloc(65536);

    CU_ASSERT(table_valid((struct str){ deep, nest(deep, LIMIT_TABLE_DEPTH) }));
    CU_ASSERT(!table_valid((struct str){ deep, nest(deep, LIMIT_TABLE_DEPTH + 1) }));
    CU_ASSERT(!table_valid((struct str){ deep, nest(deep, 9000) }));
    free(deep);
}

/* A view that ends exactly where memory ends. */
struct page {
    char *at;
    size_t size;
};

static struct page page_new(void)
{
    struct page p = { NULL, (size_t)sysconf(_SC_PAGESIZE) };

    p.at = mmap(NULL, 2 * p.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(p.at != MAP_FAILED);
    CU_ASSERT_FATAL(mprotect(p.at + p.size, p.size, PROT_NONE) == 0);
    return p;
}

static struct str against_the_wall(struct page p, const char *bytes, size_t n)
{
    char *start = p.at + p.size - n;

    memcpy(start, bytes, n);
    return (struct str){ start, n };
}

/* Everything that reads a table; must not fall off the page. */
static void read_all(struct str t)
{
    struct table_field fields[4096];
    char sorted[4096];
    struct field_value v;
    int64_t n;

    CU_ASSERT_FATAL(table_count(t) <= sizeof fields / sizeof *fields);
    table_fields(t, fields);
    table_find(t, STR("nobody"), &v);
    table_integer(t, STR("j"), &n);
    table_equal(t, t);
    if (table_valid(t)) {
        table_sort(t, sorted);
        CU_ASSERT(table_equal(t, (struct str){ sorted, t.n }));
    }
}

TEST(cut_at_every_length)
{
    struct page p = page_new();
    struct str whole = STR(ALL_TYPES);
    size_t valid = 0;

    for (size_t n = 0; n <= whole.n; n++) {
        struct str t = against_the_wall(p, whole.p, n);

        read_all(t);
        valid += table_valid(t);
    }
    CU_ASSERT_EQUAL(valid, 20); /* only where a field ends */
    munmap(p.at, 2 * p.size);
}

TEST(random_bytes)
{
    static const char likely[] = "\1\2atbBsuUIilLfdDSATFVx\0\0\0\0\3";
    struct page p = page_new();
    uint32_t seed = 7;
    size_t valid = 0;

    for (int round = 0; round < 20000; round++) {
        char bytes[64] = { 0 };
        size_t n = (seed >> 20) % sizeof bytes;

        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = seed >> 31 ? (char)(seed >> 16) : likely[(seed >> 16) % sizeof likely];
        }
        seed = seed * 1664525u + 1013904223u;
        read_all(against_the_wall(p, bytes, n));
        valid += table_valid((struct str){ bytes, n });
    }
    CU_ASSERT(valid > 10);
    munmap(p.at, 2 * p.size);
}

#define LONG_5  "\1nl\0\0\0\0\0\0\0\5"
#define INT_5   "\1nI\0\0\0\5"
#define TIME_5  "\1nT\0\0\0\0\0\0\0\5"
#define MINUS_1 "\1nb\xff"

TEST(equal_tables)
{
    const struct {
        struct str a, b;
        bool equal;
    } rows[] = {
        { STR(""), STR(""), true },
        { STR(""), STR("\1nV"), false },
        { STR(LONG_5), STR(INT_5), true },
        { STR(LONG_5), STR(TIME_5), true }, /* RabbitMQ counts it among the integers */
        { STR(LONG_5), STR("\1nl\0\0\0\0\0\0\0\6"), false },
        { STR(MINUS_1), STR("\1nB\xff"), false },
        { STR(MINUS_1), STR("\1ns\xff\xff"), true },
        { STR(MINUS_1), STR("\1nT\xff\xff\xff\xff\xff\xff\xff\xff"), false },
        { STR(LONG_5), STR("\1nd\x40\x14\0\0\0\0\0\0"), false },
        { STR("\1nf\x3f\xc0\0\0"), STR("\1nd\x3f\xf8\0\0\0\0\0\0"), true },
        { STR("\1nf\x3f\xc0\0\0"), STR("\1nd\x3f\xf9\0\0\0\0\0\0"), false },
        { STR("\1nd\x7f\xf8\0\0\0\0\0\0"), STR("\1nd\x7f\xf8\0\0\0\0\0\0"), true }, /* NaN */
        { STR("\1nt\1"), STR("\1nt\2"), true },
        { STR("\1nt\1"), STR("\1nt\0"), false },
        { STR("\1nt\1"), STR("\1nb\1"), false },
        { STR("\1nS\0\0\0\1a"), STR("\1nS\0\0\0\1a"), true },
        { STR("\1nS\0\0\0\1a"), STR("\1nS\0\0\0\1A"), false },
        { STR("\1nS\0\0\0\1a"), STR("\1nx\0\0\0\1a"), false },
        { STR("\1nD\1\0\0\0\5"), STR("\1nD\1\0\0\0\5"), true },
        { STR("\1nD\1\0\0\0\5"), STR("\1nD\0\0\0\0\5"), false },
        { STR(LONG_5 "\1aV"), STR("\1aV" INT_5), true },
        { STR(LONG_5 "\1aV"), STR("\1bV" INT_5), false },
        { STR("\1aV\1aV"), STR("\1aV"), false },
        { STR("\1ab\1\1ab\2"), STR("\1ab\2\1ab\1"), false }, /* of one name: order counts */
        { STR("\1nF\0\0\0\6\1aV\1bV"), STR("\1nF\0\0\0\6\1bV\1aV"), true },
        { STR("\1nA\0\0\0\4b\1b\2"), STR("\1nA\0\0\0\6s\0\1s\0\2"), true },
        { STR("\1nA\0\0\0\4b\1b\2"), STR("\1nA\0\0\0\4b\2b\1"), false },
        { STR("\1nA\0\0\0\4b\1b\2"), STR("\1nA\0\0\0\2b\1"), false },
        { STR("\1nA\0\0\0\2b\1"), STR("\1nA\0\0\0\4b\1b\2"), false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(table_valid(rows[i].a) && table_valid(rows[i].b));
        CU_ASSERT_EQUAL(table_equal(rows[i].a, rows[i].b), rows[i].equal);
        CU_ASSERT_EQUAL(table_equal(rows[i].b, rows[i].a), rows[i].equal);
    }
}

/* Thousands of fields in opposite order, as a hostile redeclare would send. */
TEST(large_tables_in_opposite_order)
{
    enum { FIELDS = 20000, OCTETS = 4 };
    char *a = xmalloc(FIELDS * OCTETS), *b = xmalloc(FIELDS * OCTETS),
         *c = xmalloc(FIELDS * OCTETS);
    struct str x = { a, FIELDS * OCTETS }, y = { b, FIELDS * OCTETS };

    for (size_t i = 0; i < FIELDS; i++) {
        char field[OCTETS] = { 2, (char)(i >> 8), (char)i, 'V' };

        memcpy(a + i * OCTETS, field, OCTETS);
        memcpy(b + (FIELDS - 1 - i) * OCTETS, field, OCTETS);
    }
    CU_ASSERT(table_equal(x, y));
    table_sort(y, c);
    CU_ASSERT(memcmp(a, c, x.n) == 0);
    b[5] ^= 1;
    CU_ASSERT(!table_equal(x, y));
    free(a);
    free(b);
    free(c);
}

SUITE(leaves_table, TEST_CASE(every_type), TEST_CASE(array_is_walked),
      TEST_CASE(malformed_is_refused), TEST_CASE(depth_is_bounded), TEST_CASE(cut_at_every_length),
      TEST_CASE(random_bytes), TEST_CASE(equal_tables), TEST_CASE(large_tables_in_opposite_order));
