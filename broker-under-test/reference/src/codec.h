/* Bytes to methods and back, made from the tables: a struct m_NAME per method, whose
   strings and tables are views into the frame it was read from.

   Reading is sticky: after the end or a malformed field the cursor is bad and yields
   zeros; test once when done and demand that nothing is left. Writing goes straight
   into an output, in one piece, and cannot fail. */
#ifndef REF_CODEC_H
#define REF_CODEC_H

#include "out.h"
#include "str.h"

#include <endian.h>

/* clang-format off */
enum frame_type {
#define FRAME(name, value) FRAME_##name = value,
#include "fixtures/spec/codes.def"
};

enum reply_code {
#define CODE(name, value, severity) name = value,
#include "fixtures/spec/codes.def"
#define CODE(name, value, severity) name = value,
#include "fixtures/spec/extra.def"
};

enum {
#define LIMIT(name, value) SPEC_##name = value,
#include "fixtures/spec/codes.def"
};

typedef bool wire_bit;
typedef uint8_t wire_octet;
typedef uint16_t wire_short;
typedef uint32_t wire_long;
typedef uint64_t wire_longlong;
typedef uint64_t wire_timestamp;
typedef struct str wire_shortstr;
typedef struct str wire_longstr;
typedef struct str wire_table; /* without its length */

/* C wants a member in every struct, and some methods have none: so all begin with one. */
#define EACH_METHOD(name, ...) struct m_##name { uint8_t no_field;
#define EACH_FIELD(name, type, field, domain) wire_##type field;
#define EACH_END(name) };
#include "methods.h"

enum method {
#define EACH_METHOD(name, ...) M_##name,
#define EACH_FIELD(...)
#define EACH_END(name)
#include "methods.h"
    METHOD_COUNT
};

struct cursor {
    const uint8_t *p;
    size_t length, at;
    unsigned bits, bits_left; /* of the octet that packed bits are read from */
    bool bad;
};

static inline struct cursor cursor_of(struct str s)
{
    return (struct cursor){ .p = (const uint8_t *)s.p, .length = s.n };
}

/* There is less than was asked for. */
bool cursor_lacks(struct cursor *c);

static inline bool cursor_has(struct cursor *c, size_t n)
{
    c->bits_left = 0;
    return n <= c->length - c->at ? !c->bad : cursor_lacks(c);
}

/* The integers of the protocol have 1, 2, 4 or 8 octets, and a message has two dozen of them: so
   each is read, and written, in one go. */
static inline uint64_t get_uint(const uint8_t *p, size_t octets)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (octets) {
    case 1: return *p;
    case 2: return memcpy(&two, p, 2), be16toh(two);
    case 4: return memcpy(&four, p, 4), be32toh(four);
    default: return memcpy(&eight, p, 8), be64toh(eight);
    }
}

static inline uint64_t cursor_uint(struct cursor *c, size_t octets)
{
    uint64_t value;

    if (!cursor_has(c, octets))
        return 0;
    value = get_uint(c->p + c->at, octets);
    c->at += octets;
    return value;
}

struct str cursor_take(struct cursor *c, size_t n);
struct str cursor_shortstr(struct cursor *c);
struct str cursor_table(struct cursor *c); /* validated */
/* All read, nothing bad, nothing left. */
bool cursor_finished(const struct cursor *c);

#define EACH_METHOD(name, ...) struct m_##name read_##name(struct cursor *c);
#define EACH_FIELD(...)
#define EACH_END(name)
#include "methods.h"

/* Appends the whole method frame. */
#define EACH_METHOD(name, ...) \
    void send_##name(struct out *o, uint16_t channel, const struct m_##name *m);
#define EACH_FIELD(...)
#define EACH_END(name)
#include "methods.h"
/* clang-format on */

struct method_row {
    const char *name; /* "queue.declare" is spelled queue_declare here */
    uint16_t class_id, method_id;
    bool from_client;
    bool content;
};

/* METHOD_COUNT if there is no such method: the numbers came from outside. */
enum method method_find(uint16_t class_id, uint16_t method_id);
const struct method_row *method_row(enum method m);
/* Whether the class is in the tables at all. */
bool class_known(uint16_t class_id);

/* A frame of n payload octets: room for all of it, head and end already written. */
char *frame_reserve(struct out *o, enum frame_type type, uint16_t channel, size_t n);
/* The content of a message: header, then bodies cut to frame_max (0: never cut). */
void send_content(struct out *o, uint16_t channel, struct message *m, size_t frame_max);

/* What the broker looks at in a content header; the rest is carried unseen. */
struct properties {
    struct str headers; /* without its length; empty if absent */
    struct str expiration;
    struct str user_id;
    uint8_t delivery_mode;
    uint8_t priority;
};

/* all: from the property flags on. false: malformed. */
bool properties_read(struct properties *p, struct str all);

static inline void put_uint(char *at, uint64_t value, size_t octets)
{
    uint8_t one = (uint8_t)value;
    uint16_t two = htobe16((uint16_t)value);
    uint32_t four = htobe32((uint32_t)value);

    value = htobe64(value);
    switch (octets) {
    case 1: *at = (char)one; break;
    case 2: memcpy(at, &two, 2); break;
    case 4: memcpy(at, &four, 4); break;
    default: memcpy(at, &value, 8); break;
    }
}

#endif
