/* The types of arguments and of fields in tables: what is sent has to come back, to the bit.
   Tables travel as message headers through a queue; illegal ones are in types_arguments.c. */
#define CHAPTER "framing"
#include "suites/steps.h"

static struct str queue(struct t *t, struct peer *c)
{
    return DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
}

/* Through the queue and back; table_eq sees names, order, tags and bits. */
static void round_trip(struct t *t, struct peer *c, struct str q, struct table headers)
{
    PUBLISH_WITH(c, 1, PROPS(.headers = headers), S("body"), .routing_key = q);
    WANT_PROPS(GET(c, 1, q, S("body")), .headers = EQ_TABLE(headers));
}

static void comes_back(struct t *t, struct table headers)
{
    struct peer *c = OPEN();

    round_trip(t, c, queue(t, c), headers);
}

/* ---- Field types, one by one ------------------------------------------------------------ */

WIRE_CASE(type_boolean, .title = "booleans in a table come back",
          .rules = "transport.types.table-type-t")
{
    comes_back(t, TABLE(ARG("no", BOOL(0)), ARG("yes", BOOL(1))));
}

WIRE_CASE(type_octets, .title = "8-bit integers in a table come back",
          .rules = "transport.types.table-type-b transport.types.table-type-B")
{
    comes_back(t, TABLE(ARG("lowest", INT8(INT8_MIN)), ARG("minus one", INT8(-1)),
                        ARG("highest", INT8(INT8_MAX)), ARG("none", UINT8(0)),
                        ARG("most", UINT8(UINT8_MAX))));
}

WIRE_CASE(type_shorts, .title = "unsigned 16-bit integers in a table come back",
          .rules = "transport.types.table-type-u transport.types.integers-big-endian")
{
    comes_back(t, TABLE(ARG("none", UINT16(0)), ARG("order", UINT16(0x1234)),
                        ARG("most", UINT16(UINT16_MAX))));
}

WIRE_CASE(type_longs, .title = "32-bit integers in a table come back",
          .rules = "transport.types.table-type-I transport.types.table-type-i "
                   "transport.types.integers-big-endian")
{
    comes_back(t, TABLE(ARG("lowest", INT32(INT32_MIN)), ARG("minus one", INT32(-1)),
                        ARG("order", INT32(0x12345678)), ARG("highest", INT32(INT32_MAX)),
                        ARG("none", UINT32(0)), ARG("most", UINT32(UINT32_MAX))));
}

/* Tag l is signed for some and unsigned for the grammar: the octets are the same. */
WIRE_CASE(type_longlongs, .title = "64-bit integers in a table come back",
          .rules = "transport.types.table-type-l")
{
    comes_back(t, TABLE(ARG("lowest", INT64(INT64_MIN)), ARG("minus one", INT64(-1)),
                        ARG("order", INT64(0x123456789abcdef0)), ARG("highest", INT64(INT64_MAX))));
}

/* Not a number apart: its bits are not one number. */
WIRE_CASE(type_floats, .title = "floating point in a table comes back, to the bit",
          .rules = "transport.types.table-type-f transport.types.table-type-d", .revision = 2)
{
    comes_back(t,
               TABLE(ARG("f zero", float_value(0.0F)), ARG("f minus zero", float_value(-0.0F)),
                     ARG("f_third", float_value(1.0F / 3)), ARG("f huge", float_value(3e38F)),
                     ARG("f tiny", float_value(1e-44F)), ARG("d zero", double_value(0)),
                     ARG("d minus zero", double_value(-0.0)), ARG("d_third", double_value(1.0 / 3)),
                     ARG("d huge", double_value(1e308)), ARG("d tiny", double_value(5e-324))));
}

/* Errata 25: above 2^31 it is disputed whether a decimal is negative. */
WIRE_CASE(type_decimal, .title = "decimals in a table come back",
          .rules = "transport.types.table-type-D transport.types.decimal")
{
    comes_back(t, TABLE(ARG("zero", DECIMAL(0, 0)), ARG("pi", DECIMAL(5, 314159)),
                        ARG("highest", DECIMAL(255, INT32_MAX))));
}

WIRE_CASE(type_timestamp, .title = "timestamps come back, beyond 2038 and 2106 too",
          .rules = "transport.types.table-type-T transport.types.timestamp")
{
    struct peer *c = OPEN();
    struct str q = queue(t, c);
    static const uint64_t at[] = { 1, 0x7fffffff, 0x80000000, 0x100000000, 253402300800 };

    round_trip(t, c, q,
               TABLE(ARG("epoch", TIME(0)), ARG("y2038", TIME(0x80000000)),
                     ARG("y2106", TIME(0x100000000)), ARG("y10000", TIME(253402300800))));
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        PUBLISH_WITH(c, 1, PROPS(.timestamp = at[i]), S("body"), .routing_key = q);
        WANT_PROPS(GET(c, 1, q, S("body")), .timestamp = EQ(at[i]));
    }
}

WIRE_CASE(type_long_string, .title = "long strings hold anything, NULs and kilobytes",
          .rules = "transport.types.table-type-S transport.types.long-string-any")
{
    comes_back(t, TABLE(ARG("empty", STR("")), ARG("text", STR("text")),
                        ARG("nuls", STR("\0a\0\0b\0")), ARG("no text", STR("\xff\xfe\x80\xce")),
                        ARG("utf-8", STR("\xc3\xbc\xe2\x82\xac\xf0\x9d\x84\x9e")),
                        ARG("long", LONGSTR(repeated(t, 'l', 50000)))));
}

WIRE_CASE(type_void, .title = "a void field comes back", .rules = "transport.types.table-type-V")
{
    comes_back(t, TABLE(ARG("void", VOID_VALUE), ARG("behind", INT32(1)), ARG("last", VOID_VALUE)));
}

WIRE_CASE(type_array, .title = "arrays keep order and types of their members",
          .rules = "transport.types.table-type-A")
{
    comes_back(t,
               TABLE(ARG("empty", ((struct value){ .tag = 'A' })),
                     ARG("same", ARRAY(INT32(3), INT32(1), INT32(2))),
                     ARG("mixed", ARRAY(STR("s"), BOOL(1), VOID_VALUE, INT8(-1), TIME(9))),
                     ARG("nested", ARRAY(ARRAY(ARRAY(STR("deep")), ((struct value){ .tag = 'A' })),
                                         NESTED(ARG("in", ARRAY(BOOL(0)))))),
                     ARG("behind", STR("it"))));
}

WIRE_CASE(type_table, .title = "nested tables keep what is in them",
          .rules = "transport.types.table-type-F transport.types.table-roundtrip")
{
    comes_back(t, TABLE(ARG("empty", ((struct value){ .tag = 'F' })),
                        ARG("one", NESTED(ARG("two", NESTED(ARG("three", STR("four")))),
                                          ARG("one", STR("same name, other level")))),
                        ARG("behind", STR("it"))));
}

/* Thirty tables, each in the one before. */
WIRE_CASE(type_table_deep, .title = "a table thirty levels deep comes back",
          .rules = "transport.types.table-type-F transport.types.table-roundtrip")
{
    struct value v = STR("at the bottom");

    for (int i = 0; i < 30; i++) {
        struct field *f = arena_alloc(t_arena(t), sizeof(*f));

        *f = (struct field){ .name = S("down"), .value = v };
        v = (struct value){ .tag = 'F', .table = { f, 1 } };
    }
    comes_back(t, TABLE(ARG("down", v)));
}

WIRE_CASE(type_table_empty, .title = "an empty table of headers is legal",
          .rules = "transport.types.table-empty")
{
    struct peer *c = OPEN();
    struct str q = queue(t, c);

    PUBLISH_WITH(c, 1, PROPS(.has_headers = true), S("body"), .routing_key = q);
    WANT_PROPS(GET(c, 1, q, S("body")), .headers = EQ_TABLE(((struct table){ 0 })));
}

/* Tags the grammar and common practice read differently (errata 53): s is a short string or
   16 bits, U and L are 16 and 64 bits or nothing, x are octets or nothing. */
static void disputed_tag(struct t *t, struct value v)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = queue(t, c);
    struct table headers = TABLE(ARG("disputed", v), ARG("behind", STR("it")));

    PUBLISH_WITH(c, 1, PROPS(.headers = headers), S("body"), .routing_key = q);
    SEND(c, 1, channel_flow, .active = true);
    if (!SERVED(c, channel_flow_ok, END_OF_STREAM, FRAME_ERROR, SYNTAX_ERROR, INTERNAL_ERROR))
        INFO("errata 53: the tag is refused");
    else if (!table_eq(GET(c, 1, q, S("body")).properties.headers, headers))
        INFO("errata 53: the value is altered");
    undisturbed(t, &w);
}

WIRE_CASE(type_tag_s, .title = "tag s with two octets", .rules = "transport.types.table-type-s")
{
    disputed_tag(t, INT16(0x0161));
}

WIRE_CASE(type_tag_U, .title = "tag U: 16 bits, signed", .rules = "transport.types.table-type-U")
{
    disputed_tag(t, (struct value){ .tag = 'U', .i = -2 });
}

WIRE_CASE(type_tag_L, .title = "tag L: 64 bits, signed", .rules = "transport.types.table-type-L")
{
    disputed_tag(t, (struct value){ .tag = 'L', .i = -2 });
}

/* Whoever reads L reads it everywhere: a table and an array hold the same kinds of values. */
WIRE_CASE(type_tag_L_inside, .title = "tag L within an array, where it is understood at all",
          .rules = "transport.types.table-type-L transport.types.table-type-A")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = queue(t, c);
    struct value v = { .tag = 'L', .i = -2 };

    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("alone", v))), S("body"), .routing_key = q);
    SEND(c, 1, channel_flow, .active = true);
    if (!SERVED(c, channel_flow_ok, END_OF_STREAM, FRAME_ERROR, SYNTAX_ERROR, INTERNAL_ERROR))
        UNSUPPORTED("errata 53: tag L is refused");
    GET(c, 1, q, S("body"));
    PUBLISH_WITH(c, 1, PROPS(.headers = TABLE(ARG("inside", ARRAY(v, v)))), S("body"),
                 .routing_key = q);
    GET(c, 1, q, S("body"));
    undisturbed(t, &w);
}

/* ---- Names of fields ------------------------------------------------------------------------ */

WIRE_CASE(field_names, .title = "field names of 1 and 128 octets, of letters, $ and #",
          .rules = "transport.types.field-name-length transport.types.field-name-start")
{
    struct field longest = { .name = repeated(t, 'n', 128), .value = STR("128") };

    comes_back(t, TABLE(ARG("a", INT32(1)), ARG("$dollar", INT32(2)), ARG("#hash", INT32(3)),
                        ARG("with_under_1", INT32(4)), longest));
}

/* The order of fields, and each of many, survives. */
WIRE_CASE(field_many, .title = "a table of three hundred fields",
          .rules = "transport.types.table-roundtrip")
{
    struct field *f = arena_alloc(t_arena(t), 300 * sizeof(*f));

    for (int i = 0; i < 300; i++)
        f[i] = (struct field){ .name = TEXT("f%d", (i * 7) % 300), .value = INT32(i) };
    comes_back(t, (struct table){ f, 300 });
}

CLIENT_CASE(type_table, .title = "headers of many types come back",
            .rules = "transport.types.table-roundtrip")
{
    struct session *s = SESSION();
    struct delivery got;
    struct table headers = TABLE(ARG("b", BOOL(1)), ARG("i", INT32(-5)), ARG("l", INT64(INT64_MIN)),
                                 ARG("s", STR("text")), ARG("d", double_value(0.1)),
                                 ARG("t", TIME(1)), ARG("f", NESTED(ARG("in", STR("side")))),
                                 ARG("a", ARRAY(INT32(1), STR("2"))), ARG("v", VOID_VALUE));

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    PUB_WITH(s, 1, PROPS(.headers = headers), S("body"), .routing_key = NAME("q"));
    got = FETCH(s, 1, NAME("q"), S("body"));
    CHECK(table_eq(got.properties.headers, headers), "the headers come back as they were sent");
}
