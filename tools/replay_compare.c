#include "replay_compare.h"

#include <string.h>

#include "fixtures/wire/print.h"

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

static bool brokers_choose(const struct method_info *m, const struct field_info *f)
{
    static const char *const names[] = { "server-properties", "mechanisms",
                                         "locales",           "reply-text",
                                         "delivery-tag",      "cluster-id",
                                         "known-hosts",       NULL };

    if (m->id == M_basic_ack || m->id == M_basic_nack)
        return false; /* there it counts what the client published */
    return m->id == M_connection_tune || strncmp(f->name, "reserved", 8) == 0 ||
           is_one_of(f->name, names);
}

static bool is_count(const struct field_info *f)
{
    static const char *const names[] = { "message-count", "consumer-count", NULL };

    return is_one_of(f->name, names);
}

/* ---- values ---- */

static bool table_alike(const struct names *n, struct table was, struct table is);

static bool value_alike(const struct names *n, const struct value *was, const struct value *is)
{
    if (was->tag != is->tag)
        return false;
    switch (was->tag) {
    case 'T': return true;
    case 'F': return table_alike(n, was->table, is->table);
    case 'S': return str_eq(name_here(n, was->s), is->s);
    case 'A':
        if (was->array.n != is->array.n)
            return false;
        for (size_t i = 0; i < was->array.n; i++)
            if (!value_alike(n, &was->array.at[i], &is->array.at[i]))
                return false;
        return true;
    default: return value_eq(was, is);
    }
}

/* In any order: the specification does not ask for one. */
static bool table_alike(const struct names *n, struct table was, struct table is)
{
    if (was.n != is.n)
        return false;
    for (size_t i = 0; i < was.n; i++) {
        const struct value *v = table_find(is, was.at[i].name);

        if (!v || !value_alike(n, &was.at[i].value, v))
            return false;
    }
    return true;
}

static bool field_alike(const struct names *n, const struct field_info *f, const void *was,
                        const void *is)
{
    switch (f->type) {
    case T_shortstr:
    case T_longstr: return str_eq(name_here(n, wire_str(f, was)), wire_str(f, is));
    case T_table: return table_alike(n, wire_table_of(f, was), wire_table_of(f, is));
    default: return wire_number(f, was) == wire_number(f, is);
    }
}

/* ---- saying it ---- */

static const char *other(const struct names *n, const struct field_info *f, const void *was,
                         const void *is)
{
    struct buf b;
    struct str s;

    buf_init(&b, SIZE_MAX);
    buf_printf(&b, "%s: recorded ", f->name);
    if (was)
        field_print(&b, f, was);
    else
        buf_printf(&b, "absent");
    buf_printf(&b, ", here ");
    if (is)
        field_print(&b, f, is);
    else
        buf_printf(&b, "absent");
    s = arena_copy(n->arena, buf_str(&b));
    buf_clear(&b);
    return s.p;
}

static void args_differ(const struct names *n, const struct frame *was, const struct frame *is,
                        struct difference *d)
{
    const struct method_info *m = was->method;

    for (const struct field_info *f = m->fields; f < m->fields + m->n_fields && !d->what; f++) {
        if (brokers_choose(m, f) || field_alike(n, f, was->args, is->args))
            continue;
        *(is_count(f) ? &d->count : &d->what) = other(n, f, was->args, is->args);
    }
}

static void header_differs(const struct names *n, const struct frame *was, const struct frame *is,
                           struct difference *d)
{
    if (was->class_id != is->class_id || was->weight != is->weight)
        d->what = "class or weight of the content header";
    else if (was->body_size != is->body_size)
        d->what =
            arena_printf(n->arena, "size: recorded %llu, here %llu",
                         (unsigned long long)was->body_size, (unsigned long long)is->body_size)
                .p;
    for (size_t i = 0; i < wire_properties_n && !d->what; i++) {
        const struct field_info *f = &wire_properties[i];
        bool had = wire_has(f, &was->properties), has = wire_has(f, &is->properties);

        if (had != has || (had && !field_alike(n, f, &was->properties, &is->properties)))
            d->what = other(n, f, had ? (const void *)&was->properties : NULL,
                            has ? (const void *)&is->properties : NULL);
    }
}

static const char *bodies_differ(const struct names *n, struct str was, struct str is)
{
    struct str shown[2] = { was, is };
    struct buf b;
    struct str s;

    if (str_eq(was, is))
        return NULL;
    buf_init(&b, SIZE_MAX);
    for (int i = 0; i < 2; i++) {
        bool cut = shown[i].n > 40;

        buf_printf(&b, i ? ", here " : "body: recorded ");
        str_print(&b, (struct str){ shown[i].p, cut ? 40 : shown[i].n });
        if (cut)
            buf_printf(&b, " … (+%zu octets)", shown[i].n - 40);
    }
    s = arena_copy(n->arena, buf_str(&b));
    buf_clear(&b);
    return s.p;
}

bool frames_akin(const struct frame *recorded, const struct frame *here)
{
    if (recorded->fault || here->fault)
        return recorded->fault && here->fault;
    return recorded->type == here->type && recorded->method == here->method;
}

struct difference units_differ(const struct names *n, const struct unit *recorded,
                               const struct unit *here, bool head_only)
{
    const struct frame *was = recorded->head, *is = here->head;
    struct difference d = { NULL, NULL };

    if (was->fault || !was->method || !was->args || !is->args) {
        if (was->type == FRAME_HEADER && is->type == FRAME_HEADER)
            header_differs(n, was, is, &d);
        else if (!str_eq(was->payload, is->payload))
            d.what = "its octets are others";
        return d;
    }
    args_differ(n, was, is, &d);
    if (d.what || head_only)
        return d;
    if (recorded->whole != here->whole || !recorded->header != !here->header)
        d.what = recorded->whole ? "the content is not complete" : "the content is complete";
    else if (recorded->header)
        header_differs(n, recorded->header, here->header, &d);
    if (!d.what)
        d.what = bodies_differ(n, recorded->body, here->body);
    return d;
}
