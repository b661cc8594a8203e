#include "codec.h"

#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "table.h"

#include <assert.h>

bool cursor_lacks(struct cursor *c)
{
    if (FAULTY(missing_octets_are_zero))
        c->at = c->length;
    else
        c->bad = true;
    return false;
}

struct str cursor_take(struct cursor *c, size_t n)
{
    struct str s = { (const char *)c->p + c->at, n };

    if (!cursor_has(c, n))
        return (struct str){ "", 0 };
    c->at += n;
    return s;
}

struct str cursor_shortstr(struct cursor *c)
{
    size_t n = (size_t)cursor_uint(c, 1);

    return cursor_take(c, n);
}

/* "Field names MUST start with a letter, '$' or '#'" and hold at most 128 characters. The
   rest of that sentence would forbid the hyphen of x-match, so only start and length are
   judged, and an underscore may start one too: a widespread client sends __TypeId__ with
   every message. This is the one place where names are judged. */
static bool field_name_ok(struct str name)
{
    char first = name.n ? name.p[0] : '\0';

    return name.n <= (FAULTY(field_name_of_64) ? 64 : 128) &&
           ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
            (first && strchr(FAULTY(field_name_wants_letter) ? "_" : "$#_", first)));
}

struct str cursor_table(struct cursor *c)
{
    size_t n = (size_t)cursor_uint(c, 4);
    struct str table = cursor_take(c, n), rest = table, name;
    struct field_value value;

    if (!table_valid(table))
        c->bad = true;
    while (!c->bad && table_next(&rest, &name, &value)) {
        if (!field_name_ok(name))
            c->bad = true;
    }
    return c->bad ? (struct str){ "", 0 } : table;
}

bool cursor_finished(const struct cursor *c)
{
    return !c->bad && c->at == c->length;
}

static wire_bit get_bit(struct cursor *c)
{
    bool bit;

    if (c->bits_left == 0) {
        c->bits = (unsigned)cursor_uint(c, 1);
        c->bits_left = 8;
    }
    bit = c->bits & 1;
    if (FAULTY(bits_from_the_top))
        bit = (c->bits >> (c->bits_left - 1) & 1) != 0;
    else
        c->bits >>= 1;
    c->bits_left--;
    return bit;
}

static wire_longstr get_longstr(struct cursor *c)
{
    size_t n = (size_t)cursor_uint(c, 4);

    return cursor_take(c, n);
}

#define get_octet(c)    (uint8_t) cursor_uint(c, 1)
#define get_short(c)    (uint16_t) cursor_uint(c, 2)
#define get_long(c)     (uint32_t) cursor_uint(c, 4)
#define get_longlong(c) cursor_uint(c, 8)
#define get_shortstr(c) cursor_shortstr(c)
#define get_table(c)    cursor_table(c)

/* Writing knows two passes over the fields: how long, then into place. With no place
   (at is NULL) the same calls only count: put in line, which every delivery pays for, the first
   pass is a sum. */
#define INLINE static inline __attribute__((always_inline))
struct writer {
    char *at;
    size_t n;
    unsigned bits; /* written into the octet before n; 0: none open */
};

INLINE void write_uint(struct writer *w, uint64_t value, size_t octets)
{
    w->bits = 0;
    if (w->at)
        put_uint(w->at + w->n, value, octets);
    w->n += octets;
}

INLINE void write_octets(struct writer *w, struct str s, size_t length_octets)
{
    write_uint(w, s.n, length_octets);
    if (w->at)
        str_put(w->at + w->n, s);
    w->n += s.n;
}

INLINE void write_bit(struct writer *w, bool value)
{
    unsigned bit = w->bits & 7;

    if (bit == 0)
        write_uint(w, 0, 1);
    if (w->at && value)
        w->at[w->n - 1] = (char)(w->at[w->n - 1] | 1 << bit);
    w->bits = bit + 1;
}

#define write_octet(w, v)    write_uint(w, v, 1)
#define write_short(w, v)    write_uint(w, v, 2)
#define write_long(w, v)     write_uint(w, v, 4)
#define write_longlong(w, v) write_uint(w, v, 8)
#define write_shortstr(w, v) write_octets(w, v, 1)
#define write_longstr(w, v)  write_octets(w, v, 4)
#define write_table(w, v)    write_octets(w, v, 4)

/* Frame: type octet, channel short, size long, payload, end octet 206. Returns where the payload
   goes. */
static inline char *put_frame(char *at, enum frame_type type, uint16_t channel, size_t n)
{
    put_uint(at, type, 1);
    put_uint(at + 1, channel, 2);
    put_uint(at + 3, n, 4);
    put_uint(at + 7 + n, SPEC_FRAME_END, 1);
    return at + 7;
}

char *frame_reserve(struct out *o, enum frame_type type, uint16_t channel, size_t n)
{
    return put_frame(out_reserve(o, n + FRAME_OVERHEAD), type, channel, n);
}

/* clang-format off */
#define EACH_METHOD(name, ...) \
    struct m_##name read_##name(struct cursor *c) { struct m_##name m = { .no_field = 0 }; (void)c;
#define EACH_FIELD(name, type, field, domain) m.field = get_##type(c);
#define EACH_END(name) return m; }
#include "methods.h"

#define EACH_METHOD(name, class, method, ...) \
    INLINE void write_##name(struct writer *w, const struct m_##name *m) { \
        (void)m; write_short(w, class); write_short(w, method);
#define EACH_FIELD(name, type, field, domain) write_##type(w, m->field);
#define EACH_END(name) }
#include "methods.h"

#define EACH_METHOD(name, ...) \
    void send_##name(struct out *o, uint16_t channel, const struct m_##name *m) \
    { \
        struct writer w = { .at = NULL }; \
        write_##name(&w, m); \
        w = (struct writer){ .at = frame_reserve(o, FRAME_METHOD, channel, w.n) }; \
        write_##name(&w, m); \
    }
#define EACH_FIELD(...)
#define EACH_END(name)
#include "methods.h"

#define C2S true
#define S2C false
#define BOTH true
#define PLAIN false
#define CONTENT true
static const struct method_row rows[METHOD_COUNT] = {
#define EACH_METHOD(name, class, method, direction, sync, content) \
    [M_##name] = { #name, class, method, direction, content },
#define EACH_FIELD(...)
#define EACH_END(name)
#include "methods.h"
};

enum method method_find(uint16_t class_id, uint16_t method_id)
{
    switch ((uint32_t)class_id << 16 | method_id) {
#define EACH_METHOD(name, class, method, ...) case (uint32_t)class << 16 | method: return M_##name;
#define EACH_FIELD(...)
#define EACH_END(name)
#include "methods.h"
    default: return METHOD_COUNT;
    }
}

bool class_known(uint16_t class_id)
{
    switch (class_id) {
#define CLASS(name, index) case index:
#include "fixtures/spec/amqp091.def"
#define CLASS(name, index) case index:
#include "fixtures/spec/rabbitmq.def"
        return true;
    default: return false;
    }
}
/* clang-format on */

const struct method_row *method_row(enum method m)
{
    assert(m < METHOD_COUNT);
    return &rows[m];
}

/* Content header: class short, weight short (0), body size longlong, property flags on. */
static void put_header(char *at, uint16_t channel, const struct message *m)
{
    struct str properties = message_properties(m);

    at = put_frame(at, FRAME_HEADER, channel, 12 + properties.n);
    put_uint(at, 60, 2);
    put_uint(at + 2, 0, 2);
    put_uint(at + 4, m->body_bytes, 8);
    str_put(at + 12, properties);
}

void send_content(struct out *o, uint16_t channel, struct message *m, size_t frame_max)
{
    struct str body = message_body(m);
    size_t piece = frame_max ? frame_max - FRAME_OVERHEAD : UINT32_MAX;
    size_t header = FRAME_OVERHEAD + 12 + m->properties_bytes;

    if (FAULTY(body_not_cut))
        piece = UINT32_MAX;
    if (FAULTY(frame_max_is_of_payload))
        piece = frame_max;
    if (body.n && body.n <= LIMIT_BODY_INLINE && body.n <= piece) {
        char *both = out_reserve(o, header + FRAME_OVERHEAD + body.n);

        put_header(both, channel, m);
        str_put(put_frame(both + header, FRAME_BODY, channel, body.n), body);
        return;
    }
    put_header(out_reserve(o, header), channel, m);
    for (size_t at = 0; at < body.n;) {
        size_t n = body.n - at < piece ? body.n - at : piece;
        char *head = out_reserve(o, 7);

        put_uint(head, FRAME_BODY, 1);
        put_uint(head + 1, channel, 2);
        put_uint(head + 3, n, 4);
        out_body(o, m, (struct str){ body.p + at, n });
        put_uint(out_reserve(o, 1), SPEC_FRAME_END, 1);
        at += n;
    }
}

enum property_type { TYPE_octet, TYPE_shortstr, TYPE_timestamp, TYPE_table };
enum property {
#define PROPERTY(class, type, name) PROPERTY_##name,
#include "fixtures/spec/amqp091.def"
    PROPERTY_COUNT
};

static const enum property_type property_types[PROPERTY_COUNT] = {
#define PROPERTY(class, type, name) [PROPERTY_##name] = TYPE_##type,
#include "fixtures/spec/amqp091.def"
};

static void read_property(struct properties *p, enum property which, struct cursor *c)
{
    struct str text = { "", 0 };
    uint64_t number = 0;

    switch (property_types[which]) {
    case TYPE_octet: number = cursor_uint(c, 1); break;
    case TYPE_timestamp: number = cursor_uint(c, 8); break;
    case TYPE_shortstr: text = cursor_shortstr(c); break;
    case TYPE_table: text = cursor_table(c); break;
    }
    if (which == PROPERTY_headers)
        p->headers = text;
    else if (which == PROPERTY_expiration)
        p->expiration = text;
    else if (which == PROPERTY_user_id)
        p->user_id = text;
    else if (which == PROPERTY_delivery_mode)
        p->delivery_mode = (uint8_t)number;
    else if (which == PROPERTY_priority)
        p->priority = (uint8_t)number;
}

/* Flags: bit 15 is the first property; bit 0 would announce another word of flags, which
   Basic with its fourteen properties cannot need, and bit 1 names no property. */
bool properties_read(struct properties *p, struct str all)
{
    struct cursor c = cursor_of(all);
    unsigned flags = (unsigned)cursor_uint(&c, 2);

    *p = (struct properties){ .headers = { "", 0 } };
    if (flags & 3)
        return false;
    for (unsigned i = 0; flags << i & 0xffff; i++) {
        if (flags << i & 0x8000u)
            read_property(p, (enum property)i, &c);
    }
    return cursor_finished(&c);
}
