/* Strings, bits and integers among a method's arguments, and tables that are none. */
#define CHAPTER "framing"
#include "suites/steps.h"

/* ---- Short strings ------------------------------------------------------------------------- */

static void through_key(struct t *t, struct peer *c, struct str q, struct str key)
{
    CALL(c, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = key);
    PUBLISH(c, 1, key, .exchange = S("amq.direct"), .routing_key = key);
    GET(c, 1, q, key, .routing_key = IS(key));
}

/* 255 octets, and not one of them may be lost on the way. */
WIRE_CASE(short_string_of_255, .title = "short strings reach 255 octets",
          .rules = "domain.shortstr.doc-max transport.types.short-string-limit "
                   "transport.limits.short-string")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct str longest = glued(t, NAME("k"), repeated(t, 'k', 255 - NAME("k").n));

    through_key(t, c, q, longest);
    through_key(t, c, q, first_octets(longest, 254));
    CONSUME(c, 1, .queue = q, .consumer_tag = longest, .no_ack = true);
    PUBLISH(c, 1, S("tagged"), .routing_key = q);
    DELIVERED(c, 1, S("tagged"), .consumer_tag = IS(longest));
}

WIRE_CASE(short_string_utf8, .title = "UTF-8 in short strings is preserved",
          .rules = "transport.types.short-string-utf8")
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    through_key(t, c, q, glued(t, NAME(""), S("\xc3\xbc\xe2\x82\xac\xf0\x9d\x84\x9e")));
}

/* Errata 23: octets that are no UTF-8, and NULs, are kept as they are or refused. */
static bool odd_string_is_kept(struct t *t, struct str key)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    bool kept;

    SEND(c, 1, queue_bind, .queue = q, .exchange = S("amq.direct"), .routing_key = key);
    kept = SERVED(c, queue_bind_ok, FRAME_ERROR, SYNTAX_ERROR);
    if (kept) {
        PUBLISH(c, 1, S("odd"), .exchange = S("amq.direct"), .routing_key = key);
        GET(c, 1, q, S("odd"), .routing_key = IS(key));
    }
    undisturbed(t, &w);
    return kept;
}

WIRE_CASE(short_string_not_utf8, .title = "a short string that is no UTF-8 is kept or refused",
          .rules = "transport.types.short-string-utf8")
{
    odd_string_is_kept(t, glued(t, NAME("k"), S("\xff\xfe\xc0")));
}

WIRE_CASE(short_string_nul, .title = "a short string with a NUL in it is refused, or kept",
          .rules = "transport.types.short-string-nul")
{
    if (odd_string_is_kept(t, glued(t, NAME("k"), S("\0z"))))
        INFO("a NUL in a short string is kept");
}

/* ---- Bits and integers ----------------------------------------------------------------------- */

/* Five flags share the octet of queue.declare; each is seen to act alone. */
WIRE_CASE(bits_packed, .title = "each flag of queue.declare acts alone",
          .rules = "transport.types.bits-packed queue.declare.chassis-server")
{
    struct peer *c = OPEN(), *other = OPEN();

    STEP("passive");
    SEND(c, 1, queue_declare, .queue = NAME("passive"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);

    STEP("durable");
    CALL(c, 1, queue_declare, .queue = NAME("durable"), .durable = true);
    CALL(other, 1, queue_declare, .queue = NAME("durable"), .durable = true);
    SEND(other, 1, queue_declare, .queue = NAME("durable"));
    REFUSED(other, 1, PRECONDITION_FAILED, queue_declare);
    CALL(other, 1, queue_delete, .queue = NAME("durable"));

    STEP("exclusive");
    CALL(c, 1, queue_declare, .queue = NAME("exclusive"), .exclusive = true);
    SEND(other, 1, queue_declare, .queue = NAME("exclusive"), .passive = true);
    REFUSED(other, 1, RESOURCE_LOCKED, queue_declare);

    STEP("auto-delete");
    CALL(c, 1, queue_declare, .queue = NAME("auto"), .auto_delete = true);
    CONSUME(other, 1, .queue = NAME("auto"), .consumer_tag = S("last"));
    CALL(other, 1, basic_cancel, .consumer_tag = S("last"));
    await_no_queue(t, c, 1, NAME("auto"));

    STEP("no-wait");
    SEND(c, 1, queue_declare, .queue = NAME("no-wait"), .no_wait = true);
    QUIET(c, 1);
    CALL(other, 1, queue_delete, .queue = NAME("no-wait"));
}

/* Three bits of that octet mean nothing. */
WIRE_CASE(bits_spare, .title = "spare bits set in a flag octet are ignored",
          .rules = "transport.types.bits-spare")
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str plain = PAYLOAD_OF(queue_declare, .queue = NAME("q"));
    /* exclusive, and the three; then no arguments */
    struct str spare = glued(t, first_octets(plain, plain.n - 5), S("\xe4\0\0\0\0"));

    RAW_FRAME(c, FRAME_METHOD, 1, spare);
    if (SERVED(c, queue_declare_ok, FRAME_ERROR, SYNTAX_ERROR)) {
        SEND(w.c, 1, queue_declare, .queue = NAME("q"), .passive = true);
        REFUSED(w.c, 1, RESOURCE_LOCKED, queue_declare);
    } else {
        INFO("spare bits are refused");
    }
    undisturbed(t, &w);
}

/* Strings of every length modulo eight shift the integers and tables behind them. */
WIRE_CASE(integers_unaligned, .title = "arguments behind strings of odd lengths",
          .rules = "transport.types.integers-unaligned")
{
    struct peer *c = OPEN();

    for (size_t i = 0; i < 9; i++) {
        struct str q = glued(t, NAME("q"), repeated(t, 'q', i));

        STEP("a name of %zu octets", q.n);
        DECLARE(c, 1, .queue = q, .exclusive = true,
                .arguments = TABLE(ARG("x-message-ttl", INT32(3600000))));
        PUBLISH(c, 1, q, .routing_key = q);
        GET(c, 1, q, q, .routing_key = IS(q), .delivery_tag = EQ(i + 1), .message_count = EQ(0));
    }
}

/* ---- Tables that are none ---------------------------------------------------------- */

/* queue.declare with these octets for its arguments. */
static void spoilt_table(struct t *t, const char *what, struct str octets)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str whole = PAYLOAD_OF(queue_declare, .queue = NAME("spoilt"));

    STEP("%s", what);
    RAW_FRAME(c, FRAME_METHOD, 1, glued(t, first_octets(whole, whole.n - 4), octets));
    REFUSED_HARD_ONE_OF(c, none, FRAME_ERROR, SYNTAX_ERROR);
    never_declared(t, &w, NAME("spoilt"));
    undisturbed(t, &w);
}

WIRE_CASE(table_beyond_frame, .title = "a table longer than its frame: 501 or 502",
          .rules = "transport.types.table-bad-length transport.security.invalid-data")
{
    spoilt_table(t, "one octet",
                 S("\0\0\0\x08\x01"
                   "aI\0\0\0\x01"));
    spoilt_table(t, "four gigabytes",
                 S("\xff\xff\xff\xff\x01"
                   "aI\0\0\0\x01"));
}

WIRE_CASE(table_name_overruns, .title = "a field name longer than its table: 501 or 502",
          .rules = "transport.types.table-bad-length transport.security.invalid-data")
{
    spoilt_table(t, "name",
                 S("\0\0\0\x07\xff"
                   "aI\0\0\0\x01"));
}

WIRE_CASE(table_value_overruns, .title = "a field value longer than its table: 501 or 502",
          .rules = "transport.types.table-bad-length transport.security.invalid-data")
{
    spoilt_table(t, "integer",
                 S("\0\0\0\x05\x01"
                   "aI\0\0"));
    spoilt_table(t, "string",
                 S("\0\0\0\x09\x01"
                   "aS\xff\xff\xff\xff"
                   "zz"));
    spoilt_table(t, "array",
                 S("\0\0\0\x09\x01"
                   "aA\0\0\0\x09"
                   "tt"));
    spoilt_table(t, "table",
                 S("\0\0\0\x09\x01"
                   "aF\0\0\0\x09"
                   "tt"));
}

WIRE_CASE(table_unknown_tag, .title = "a field of a type nobody knows: 501 or 502",
          .rules = "transport.types.table-unknown-type transport.close.handshake", .revision = 2)
{
    spoilt_table(t, "tag z",
                 S("\0\0\0\x07\x01"
                   "az\0\0\0\x01"));
    spoilt_table(t, "tag z, and no octet of a value",
                 S("\0\0\0\x03\x01"
                   "az"));
}

/* Fields the text does not like and brokers may take. */
static bool odd_field_is_taken(struct t *t, struct table headers)
{
    struct witness w = witness(t);
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    bool taken;

    PUBLISH_WITH(c, 1, PROPS(.headers = headers), S("body"), .routing_key = q);
    SEND(c, 1, channel_flow, .active = true);
    taken = SERVED(c, channel_flow_ok, FRAME_ERROR, SYNTAX_ERROR, COMMAND_INVALID);
    if (taken)
        GET(c, 1, q, S("body"));
    undisturbed(t, &w);
    return taken;
}

WIRE_CASE(field_name_digit, .title = "a field name that begins with a digit is refused",
          .rules = "transport.types.field-name-validated transport.types.field-name-start")
{
    if (odd_field_is_taken(t, TABLE(ARG("1st", INT32(1)))))
        WEAK("errata 16: a field name that begins with a digit is accepted");
}

WIRE_CASE(field_name_of_129, .title = "a field name of 129 octets is refused, or taken",
          .rules = "transport.types.field-name-length")
{
    struct field f = { .name = repeated(t, 'n', 129), .value = INT32(1) };

    if (odd_field_is_taken(t, (struct table){ &f, 1 }))
        INFO("errata 24: a field name of 129 octets is taken");
}

WIRE_CASE(field_twice, .title = "a table with the same name twice does no harm",
          .rules = "transport.types.duplicate-fields")
{
    odd_field_is_taken(t, TABLE(ARG("a", INT32(1)), ARG("a", INT32(2))));
}
