/* Random frames and random garbage: octets -> frame -> notation -> octets. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/wire/print.h"
#include "fixtures/wire/random.h"
#include "tests.h"

#define SUITE "round trips"

enum { ROUNDS = 20000 };

static bool field_eq(const struct field_info *f, const void *a, const void *b)
{
    switch (f->type) {
    case T_shortstr:
    case T_longstr: return str_eq(wire_str(f, a), wire_str(f, b));
    case T_table: return table_eq(wire_table_of(f, a), wire_table_of(f, b));
    default: return wire_number(f, a) == wire_number(f, b);
    }
}

static bool args_eq(const struct method_info *m, const void *a, const void *b)
{
    for (size_t i = 0; i < m->n_fields; i++)
        if (!field_eq(&m->fields[i], a, b))
            return false;
    return true;
}

static bool properties_eq(const struct properties *a, const struct properties *b)
{
    for (size_t i = 0; i < wire_properties_n; i++) {
        const struct field_info *f = &wire_properties[i];

        if (wire_has(f, a) != wire_has(f, b) || !field_eq(f, a, b))
            return false;
    }
    return true;
}

static struct str print_of(const struct frame *f, bool verbose, struct arena *a)
{
    struct buf text;
    struct str s;

    buf_init(&text, ROOM);
    frame_print(&text, 'C', f, &(struct print_options){ .verbose = verbose });
    s = arena_copy(a, buf_str(&text));
    buf_clear(&text);
    return s;
}

/* What is printed uncut reads back to the same octets, with every field and without. */
static bool says_the_same(const struct frame *f, struct str octets, struct arena *a)
{
    bool same = true;

    for (int verbose = 0; verbose < 2; verbose++) {
        struct str line = print_of(f, verbose, a);
        struct buf out;
        char who, closes;
        const char *error;

        buf_init(&out, ROOM);
        error = frame_parse(line, &who, &out, &closes, a);
        if (error || !str_eq(buf_str(&out), octets)) {
            fprintf(stderr, "\n    %.*s\n      %s\n", STR_ARGS(line), error ? error : "differs");
            same = false;
        }
        buf_clear(&out);
    }
    return same;
}

static bool decodes_to(struct str octets, struct frame *f, struct arena *a)
{
    struct cur c = cur_of(octets);

    return frame_get(&c, f, a) == FRAME_WHOLE && c.pos == octets.n;
}

static void method_round(struct random *r, struct buf *b, struct arena *a)
{
    enum method_id id = random_method(r);
    uint16_t channel = (uint16_t)random_u64(r);
    void *args = random_args(r, id, a);
    struct frame f;

    frame_put_method(b, channel, id, args);
    CU_ASSERT_FATAL(decodes_to(buf_str(b), &f, a));
    CU_ASSERT_FATAL(!f.fault && f.method && f.method->id == id && f.channel == channel);
    CU_ASSERT(args_eq(f.method, f.args, args));
    CU_ASSERT(says_the_same(&f, buf_str(b), a));
}

static void header_round(struct random *r, struct buf *b, struct arena *a)
{
    struct properties p = random_properties(r, a);
    uint64_t size = random_number(r, 8);
    struct frame f;

    frame_put_header(b, 1, 60, size, &p);
    CU_ASSERT_FATAL(decodes_to(buf_str(b), &f, a));
    CU_ASSERT(!f.fault && f.class_id == 60 && f.weight == 0 && f.body_size == size);
    CU_ASSERT(properties_eq(&p, &f.properties));
    CU_ASSERT(says_the_same(&f, buf_str(b), a));
}

static void body_round(struct random *r, struct buf *b, struct arena *a)
{
    struct str body = random_str(r, 3000, a);
    struct frame f;

    frame_put(b, FRAME_BODY, 1, body);
    CU_ASSERT_FATAL(decodes_to(buf_str(b), &f, a));
    CU_ASSERT(!f.fault && str_eq(f.payload, body));
    CU_ASSERT(says_the_same(&f, buf_str(b), a));
}

TEST(random_frames)
{
    struct random r = random_of(test_seed());
    struct buf b;

    buf_init(&b, ROOM);
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();

        switch (random_below(&r, 8)) {
        case 0: body_round(&r, &b, a); break;
        case 1:
        case 2: header_round(&r, &b, a); break;
        default: method_round(&r, &b, a);
        }
        buf_drop(&b, b.n);
        arena_free(a);
    }
    buf_clear(&b);
}

TEST(random_tables)
{
    struct random r = random_of(test_seed());
    struct buf b;

    buf_init(&b, ROOM);
    for (int i = 0; i < ROUNDS / 10; i++) {
        struct arena *a = arena_new();
        struct table t = random_table(&r, a), again;
        struct cur c;

        table_put(&b, t);
        c = cur_of(buf_str(&b));
        CU_ASSERT(table_get(&c, &again, a) && cur_left(&c) == 0);
        CU_ASSERT(table_eq(t, again));
        buf_drop(&b, b.n);
        arena_free(a);
    }
    buf_clear(&b);
}

/* A valid frame with some octets of its payload spoilt. */
static void spoil(struct random *r, struct buf *b)
{
    size_t n = b->n - FRAME_OVERHEAD;

    for (size_t i = 1 + random_below(r, 4); n && i > 0; i--)
        b->p[7 + random_below(r, n)] = (uint8_t)random_number(r, 1);
    if (random_below(r, 8) == 0)
        b->p[b->n - 1] = (uint8_t)random_number(r, 1);
}

static void put_spoilt_frame(struct random *r, struct buf *b, struct arena *a)
{
    struct properties p;

    if (random_below(r, 3)) {
        enum method_id id = random_method(r);

        frame_put_method(b, 1, id, random_args(r, id, a));
    } else {
        p = random_properties(r, a);
        frame_put_header(b, 1, 60, random_number(r, 8), &p);
    }
    spoil(r, b);
}

static void put_garbage(struct random *r, struct buf *b, struct arena *a)
{
    struct str octets = random_str(r, 200, a);

    frame_put(b, (uint8_t)random_below(r, 10), (uint16_t)random_below(r, 3), octets);
}

/* Whatever comes, it decodes to something that can be shown and says the octets again. */
TEST(spoilt_frames)
{
    struct random r = random_of(test_seed());
    size_t faults = 0;
    struct buf b;

    buf_init(&b, ROOM);
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        struct frame f;

        if (random_below(&r, 4))
            put_spoilt_frame(&r, &b, a);
        else
            put_garbage(&r, &b, a);
        CU_ASSERT_FATAL(decodes_to(at_the_edge(buf_str(&b)), &f, a));
        CU_ASSERT(says_the_same(&f, buf_str(&b), a));
        faults += f.fault != NULL;
        buf_drop(&b, b.n);
        arena_free(a);
    }
    buf_clear(&b);
    CU_ASSERT(faults > ROUNDS / 4 && faults < ROUNDS);
}

/* A stream of nothing but random octets, in memory that ends with it. */
TEST(random_octets)
{
    struct random r = random_of(test_seed());

    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        struct str noise = random_str(&r, 400, a);
        char *copy = malloc(noise.n ? noise.n : 1);
        struct cur c = { .p = (uint8_t *)copy, .n = noise.n };
        struct frame f;

        memcpy(copy, noise.p, noise.n);
        if (noise.n >= 6 && random_below(&r, 2)) /* so that sizes are small */
            memset(copy + 3, 0, 3);
        while (frame_get(&c, &f, a) == FRAME_WHOLE)
            CU_ASSERT(c.pos <= c.n);
        CU_ASSERT(!c.bad);
        free(copy);
        arena_free(a);
    }
}

TEST(bodies_are_cut_at_frame_max)
{
    struct arena *a = arena_new();
    struct buf b;
    struct cur c;
    struct frame f;
    size_t sizes[3] = { 0 }, n = 0;

    buf_init(&b, ROOM);
    frame_put_body(&b, 3, S("0123456789"), FRAME_OVERHEAD + 4);
    c = cur_of(buf_str(&b));
    while (n < 3 && frame_get(&c, &f, a) == FRAME_WHOLE)
        sizes[n++] = f.payload.n;
    CU_ASSERT(n == 3 && sizes[0] == 4 && sizes[1] == 4 && sizes[2] == 2);
    CU_ASSERT(cur_left(&c) == 0);
    want_str(f.payload, S("89"), "last part");
    buf_drop(&b, b.n);
    frame_put_body(&b, 3, S("01234567"), FRAME_OVERHEAD + 8);
    CU_ASSERT(b.n == 16);
    frame_put_body(&b, 3, S("01234567"), 0);
    CU_ASSERT(b.n == 32);
    frame_put_body(&b, 3, S(""), 0);
    CU_ASSERT(b.n == 32);
    buf_clear(&b);
    arena_free(a);
}

/* 64 tables one in the other are read, 65 are not, and neither is a thousand. */
static bool reads_nested(unsigned levels)
{
    struct arena *a = arena_new();
    struct table t = { NULL, 0 };
    struct buf b;
    struct cur c;
    bool good;

    for (unsigned i = 1; i < levels; i++) {
        struct field *f = arena_alloc(a, sizeof *f);

        *f = (struct field){ .name = S("f"), .value = { .tag = 'F', .table = t } };
        t = (struct table){ f, 1 };
    }
    buf_init(&b, ROOM);
    table_put(&b, t);
    c = cur_of(buf_str(&b));
    good = table_get(&c, &t, a);
    CU_ASSERT(good || strcmp(c.why, "table nested too deep") == 0);
    buf_clear(&b);
    arena_free(a);
    return good;
}

TEST(nesting_has_a_limit)
{
    CU_ASSERT(reads_nested(1));
    CU_ASSERT(reads_nested(LIMIT_TABLE_DEPTH));
    CU_ASSERT(!reads_nested(LIMIT_TABLE_DEPTH + 1));
    CU_ASSERT(!reads_nested(1000));
}

/* Equal is: the same fields in the same order with the same tags and the same bits. */
TEST(tables_that_differ)
{
    struct table t = TABLE(ARG("a", INT32(1)), ARG("b", STR("x")));
    struct value one = double_value(0.0), other = double_value(-0.0);
    struct value list = ARRAY(INT8(1), INT8(2));

    CU_ASSERT(table_eq(t, TABLE(ARG("a", INT32(1)), ARG("b", STR("x")))));
    CU_ASSERT(!table_eq(t, TABLE(ARG("a", INT32(1)), ARG("c", STR("x")))));
    CU_ASSERT(!table_eq(t, TABLE(ARG("a", INT32(1)), ARG("b", OCTETS("x")))));
    CU_ASSERT(!table_eq(t, TABLE(ARG("a", INT32(2)), ARG("b", STR("x")))));
    CU_ASSERT(!table_eq(t, TABLE(ARG("a", INT32(1)), ARG("b", STR("y")))));
    CU_ASSERT(!table_eq(t, TABLE(ARG("a", INT32(1)))));
    CU_ASSERT(table_eq(t, TABLE(ARG("b", STR("x")), ARG("a", INT32(1)))));
    CU_ASSERT(!table_eq(TABLE(ARG("a", INT32(1)), ARG("a", INT32(1)), ARG("b", STR("x"))),
                        TABLE(ARG("a", INT32(1)), ARG("b", STR("x")), ARG("b", STR("x")))));
    CU_ASSERT(table_eq(TABLE(ARG("a", INT32(1)), ARG("a", INT32(2))),
                       TABLE(ARG("a", INT32(2)), ARG("a", INT32(1)))));
    CU_ASSERT(!value_eq(&one, &other));
    CU_ASSERT(value_eq(&list, &ARRAY(INT8(1), INT8(2))));
    CU_ASSERT(!value_eq(&list, &ARRAY(INT8(1), INT8(3))));
    CU_ASSERT(!value_eq(&list, &ARRAY(INT8(1))));
    CU_ASSERT(value_eq(&DECIMAL(2, 5), &DECIMAL(2, 5)));
    CU_ASSERT(!value_eq(&DECIMAL(2, 5), &DECIMAL(3, 5)));
    CU_ASSERT(!value_eq(&DECIMAL(2, 5), &DECIMAL(2, 6)));
    CU_ASSERT(value_eq(&VOID_VALUE, &VOID_VALUE));
    CU_ASSERT(value_eq(&NESTED(ARG("a", BOOL(1))), &NESTED(ARG("a", BOOL(1)))));
    CU_ASSERT(!value_eq(&NESTED(ARG("a", BOOL(1))), &NESTED(ARG("b", BOOL(1)))));
    CU_ASSERT(table_find(t, S("b")) == &t.at[1].value);
    CU_ASSERT(table_find(t, S("c")) == NULL);
}
