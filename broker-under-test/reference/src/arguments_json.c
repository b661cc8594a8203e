#include "arguments_json.h"

#include "codec.h"
#include "table.h"
#include "text.h"

#include <math.h>
#include <stdio.h>

static bool put_value(struct record *out, const json_t *v);

/* Type octet, u32 length, then what put writes. */
static bool put_sized(struct record *out, char type, const json_t *v,
                      bool (*put)(struct record *, const json_t *))
{
    size_t at;
    bool ok;

    record_uint(out, (uint64_t)type, 1);
    record_uint(out, 0, 4);
    at = out->n;
    ok = put(out, v);
    put_uint(out->p + at - 4, out->n - at, 4);
    return ok;
}

static bool put_items(struct record *out, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!put_value(out, json_array_get(array, i)))
            return false;
    }
    return true;
}

static bool put_text(struct record *out, const json_t *v)
{
    record_raw(out, (struct str){ json_string_value(v), json_string_length(v) });
    return true;
}

static bool put_real(struct record *out, const json_t *v)
{
    union {
        double number;
        uint64_t bits;
    } u = { .number = json_real_value(v) };

    record_uint(out, 'd', 1);
    record_uint(out, u.bits, 8);
    return true;
}

static bool put_value(struct record *out, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: return put_sized(out, 'F', v, arguments_from_json);
    case JSON_ARRAY: return put_sized(out, 'A', v, put_items);
    case JSON_STRING: return put_sized(out, 'S', v, put_text);
    case JSON_REAL: return put_real(out, v);
    case JSON_INTEGER:
        record_uint(out, 'l', 1);
        record_uint(out, (uint64_t)json_integer_value(v), 8);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        record_uint(out, 't', 1);
        record_uint(out, json_is_true(v), 1);
        return true;
    case JSON_NULL: record_uint(out, 'V', 1); return true;
    }
    return false;
}

bool arguments_from_json(struct record *out, const json_t *object)
{
    /* jansson iterates over what it does not change, but asks for no const. */
    json_t *fields = (union {
                         const json_t *from;
                         json_t *to;
                     }){ object }
                         .to;
    const char *name;
    json_t *v;

    if (!object)
        return true;
    if (!json_is_object(object))
        return false;
    json_object_foreach(fields, name, v)
    {
        struct str s = str_of(name);

        if (s.n > UINT8_MAX)
            return false;
        record_uint(out, s.n, 1);
        record_raw(out, s);
        if (!put_value(out, v))
            return false;
    }
    return true;
}

/* ---- And back ------------------------------------------------------------------------------ */

static uint64_t octets(const char *p, size_t n)
{
    uint64_t value = 0;

    while (n--)
        value = value << 8 | (uint8_t)*p++;
    return value;
}

static double real(const struct field_value *v)
{
    union {
        uint64_t bits;
        double number;
    } eight = { .bits = 0 };
    union {
        uint32_t bits;
        float number;
    } four = { .bits = 0 };
    double digits;

    switch (v->type) {
    case 'd': return eight.bits = octets(v->data.p, 8), eight.number;
    case 'f': return four.bits = (uint32_t)octets(v->data.p, 4), (double)four.number;
    default: /* decimal: places behind the point, then the digits */
        digits = (double)(int32_t)octets(v->data.p + 1, 4);
        return digits / pow(10, (double)octets(v->data.p, 1));
    }
}

/* With a point or an exponent, so that it stays what it is. */
static void put_number(struct record *out, double n)
{
    char digits[40];

    snprintf(digits, sizeof digits, "%.17g", n);
    text_put(out, isfinite(n) ? "%s%s" : "null", digits, strpbrk(digits, ".e") ? "" : ".0");
}

static void put_field(struct record *out, const struct field_value *v)
{
    struct field_value item;
    struct str rest = v->data;
    bool flag = false, first = true;
    int64_t n = 0;

    switch (v->type) {
    case 'F': arguments_to_json(out, v->data); return;
    case 'A':
        for (text_put(out, "["); array_next(&rest, &item); first = false) {
            text_put(out, first ? "" : ",");
            put_field(out, &item);
        }
        text_put(out, "]");
        return;
    case 'S':
    case 'x': text_json(out, v->data); return;
    case 'f':
    case 'd':
    case 'D': put_number(out, real(v)); return;
    case 'T': text_put(out, "%llu", (unsigned long long)octets(v->data.p, 8)); return;
    case 'V': text_put(out, "null"); return;
    case 't':
        field_boolean(v, &flag);
        text_put(out, flag ? "true" : "false");
        return;
    default: field_integer(v, &n); text_put(out, "%lld", (long long)n);
    }
}

void arguments_to_json(struct record *out, struct str table)
{
    struct field_value v;
    struct str name;
    bool first = true;

    for (text_put(out, "{"); table_next(&table, &name, &v); first = false) {
        text_put(out, first ? "" : ",");
        text_json(out, name);
        text_put(out, ":");
        put_field(out, &v);
    }
    text_put(out, "}");
}
