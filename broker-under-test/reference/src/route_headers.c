/* The headers exchange: a binding's arguments are demands on the message's headers.

   Names are compared in order on both sides, so one pass decides. As RabbitMQ
   3.10 has it: of several fields of one name the first meets the first, the second
   the second; a demand of type V asks for presence only; numbers are compared by
   value; x-match is never a demand, and other x- names only with all-with-x and
   any-with-x; "any" of no demands matches nothing, "all" of none everything. */
#include "route_inside.h"

#include "faulty.h"
#include "mem.h"
#include "table.h"

#include <stdlib.h>

struct demands {
    bool any;
    size_t n;
    struct table_field field[]; /* views of the binding's arguments, in order */
};

struct demands *demands_new(struct str arguments)
{
    size_t n = table_count(arguments);
    struct demands *d = xcalloc(1, sizeof *d + n * sizeof *d->field);
    struct str mode = STR("all");
    bool with_x;

    table_fields(arguments, d->field);
    table_longstr(arguments, STR("x-match"), &mode);
    d->any = str_eq(mode, STR("any")) || str_eq(mode, STR("any-with-x"));
    with_x = str_eq(mode, STR("all-with-x")) || str_eq(mode, STR("any-with-x"));
    for (size_t i = 0; i < n; i++) {
        struct str name = d->field[i].name;
        bool x = name.n >= 2 && memcmp(name.p, "x-", 2) == 0;

        if (!x || ((with_x || FAULTY(x_fields_always_count)) && !str_eq(name, STR("x-match"))))
            d->field[d->n++] = d->field[i];
    }
    return d;
}

size_t demands_count(const struct demands *d)
{
    return d->n + 1; /* looking at it costs something too */
}

void demands_free(struct demands *d)
{
    free(d);
}

static int compare_names(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static bool met(const struct table_field *demand, const struct table_field *header)
{
    if (FAULTY(headers_values_not_compared))
        return true;
    return (demand->value.type == 'V' && !FAULTY(void_demand_is_a_value)) ||
           field_matches(&demand->value, &header->value);
}

static bool satisfied(const struct demands *d, const struct table_field *headers, size_t n)
{
    size_t i = 0, j = 0;

    while (i < d->n && j < n) {
        int order = compare_names(d->field[i].name, headers[j].name);

        if (order > 0) {
            j++;
            continue;
        }
        if (order == 0 && met(&d->field[i], &headers[j++])) {
            if (d->any)
                return true;
        } else if (!d->any) {
            return false;
        }
        i++;
    }
    return !d->any && i == d->n;
}

void headers_match(struct router *r, struct str headers)
{
    size_t n = table_count(headers);
    const struct binding *b;

    if (n > r->fields_max) {
        r->fields_max = n < 16 ? 16 : n;
        r->fields = xgrow(r->fields, r->fields_max, sizeof *r->fields);
    }
    if (n)
        table_fields(headers, r->fields);
    for (b = TAILQ_FIRST(&r->bindings); b; b = TAILQ_NEXT(b, of_router)) {
        if ((FAULTY(no_headers_no_match) && n == 0) ||
            (FAULTY(last_headers_binding_only) && TAILQ_NEXT(b, of_target)))
            continue;
        if (satisfied(b->demands, r->fields, n))
            route_found(r, b);
    }
}
