#include "replay_demand.h"

#include <string.h>

#include "fixtures/wire/scan.h"

static bool begins(struct str s, const char *z)
{
    return s.n >= strlen(z) && memcmp(s.p, z, strlen(z)) == 0;
}

static struct str behind(struct str s, const char *z)
{
    return (struct str){ s.p + strlen(z), s.n - strlen(z) };
}

/* Takes z if it is next. */
static bool scan_text(struct scan *s, const char *z)
{
    if (s->error || s->line.n - s->pos < strlen(z) || memcmp(s->line.p + s->pos, z, strlen(z)) != 0)
        return false;
    s->pos += strlen(z);
    return true;
}

static struct str rest_of(const struct scan *s)
{
    return (struct str){ s->line.p + s->pos, s->line.n - s->pos };
}

/* ---- reading ---- */

static void read_body(struct demand *d, struct scan *s)
{
    d->kind = DEMAND_BODY;
    d->any_body = scan_at_end(s);
    if (d->any_body)
        return;
    d->text = scan_string(s);
    if (scan_text(s, " … (+"))
        d->more = scan_number(s, SIZE_MAX);
}

/* "login (connection.open-ok)", and whatever else only words say. */
static void read_other(struct demand *d, struct str what)
{
    const char *open = memchr(what.p, '(', what.n);
    struct str name = { open ? open + 1 : what.p, 0 };

    if (open && what.p[what.n - 1] == ')')
        name.n = (size_t)(what.p + what.n - 1 - name.p);
    d->method = wire_find_name(name);
    if (d->method)
        d->kind = DEMAND_METHOD;
}

static void read_server_frame(struct demand *d, struct str s, struct arena *a)
{
    struct scan scan = { .line = s, .a = a };
    struct str what;

    d->channel = (uint16_t)scan_number(&scan, UINT16_MAX);
    scan_expect(&scan, ' ');
    if (scan.error)
        return;
    what = rest_of(&scan);
    if (scan_text(&scan, "header")) {
        d->kind = DEMAND_HEADER;
        return;
    }
    if (begins(what, "body") || begins(what, "content body")) {
        scan_text(&scan, "content ");
        scan_text(&scan, "body");
        read_body(d, &scan);
        return;
    }
    d->method = scan_peek(&scan) == '(' ? NULL : wire_find_name(scan_word(&scan));
    d->fields = rest_of(&scan);
    if (d->method)
        d->kind = DEMAND_METHOD;
    else
        read_other(d, what);
}

static void read_counts(struct demand *d, struct str s, struct arena *a)
{
    struct scan scan = { .line = s, .a = a };

    d->text = scan_string(&scan);
    d->consumers = UINT64_MAX;
    if (!scan_text(&scan, ": "))
        return;
    d->messages = scan_number(&scan, UINT32_MAX);
    if (!scan_text(&scan, " messages ready"))
        return;
    if (scan_text(&scan, ", "))
        d->consumers = scan_number(&scan, UINT32_MAX);
    if (!scan.error)
        d->kind = DEMAND_COUNTS;
}

static void read_property(struct demand *d, struct str s, struct arena *a)
{
    struct scan scan = { .line = s, .a = a };
    struct str name = scan_word(&scan);

    for (size_t i = 0; i < wire_properties_n; i++)
        if (str_eq(name, str_of(wire_properties[i].name)))
            d->property = &wire_properties[i];
    if (!d->property || !scan_text(&scan, ": wanted "))
        return;
    d->fields = rest_of(&scan);
    d->kind = DEMAND_PROPERTY;
}

struct demand demand_read(const struct recording *r)
{
    struct demand d = { .kind = DEMAND_WORDS };
    struct str w = r->wanted;

    if (r->invariant.n)
        d.kind = DEMAND_INVARIANT;
    else if (begins(w, "S - close"))
        d.kind = DEMAND_END;
    else if (begins(w, "S "))
        read_server_frame(&d, behind(w, "S "), r->arena);
    else if (begins(w, "an answer, or the end"))
        d.kind = DEMAND_ANYTHING;
    else if (begins(w, "queue \""))
        read_counts(&d, behind(w, "queue "), r->arena);
    else if (begins(w, "property "))
        read_property(&d, behind(w, "property "), r->arena);
    else if (begins(w, "a property "))
        read_property(&d, behind(w, "a property "), r->arena);
    else if (begins(w, "silence for ")) {
        struct scan scan = { .line = behind(w, "silence for "), .a = r->arena };

        d.silence_ms = (unsigned)scan_number(&scan, 600000);
        d.kind = DEMAND_SILENCE;
    }
    if ((d.kind == DEMAND_BODY || d.kind == DEMAND_PROPERTY) && r->judged != SIZE_MAX)
        d.channel = r->at[r->judged].frame.channel; /* it was not known there */
    return d;
}

/* ---- values: =7, !=7, >=7, <=7, =1..9, =1|2, ="text", ="pre"…, =(not empty), ={…}, >={…} ---- */

static bool number_meets(struct scan *s, uint64_t v)
{
    bool no = scan_text(s, "!="), least = !no && scan_text(s, ">="),
         most = !no && !least && scan_text(s, "<=");
    uint64_t lo;
    bool met;

    if (!no && !least && !most)
        scan_expect(s, '=');
    lo = scan_number(s, UINT64_MAX);
    if (no)
        return v != lo;
    if (least)
        return v >= lo;
    if (most)
        return v <= lo;
    if (scan_text(s, ".."))
        return v >= lo && v <= scan_number(s, UINT64_MAX);
    met = v == lo;
    while (scan_if(s, '|'))
        met |= v == scan_number(s, UINT64_MAX);
    return met;
}

static bool text_meets(struct scan *s, const struct names *n, struct str v)
{
    struct str wanted;

    scan_expect(s, '=');
    if (scan_text(s, "(not empty)"))
        return v.n > 0;
    wanted = name_here(n, scan_string(s));
    if (scan_text(s, "…"))
        return v.n >= wanted.n && str_eq((struct str){ v.p, wanted.n }, wanted);
    return str_eq(v, wanted);
}

static bool table_meets(struct scan *s, struct table v)
{
    bool least = scan_if(s, '>');
    struct table wanted;

    scan_expect(s, '=');
    if (scan_text(s, "(not empty)"))
        return v.n > 0;
    wanted = scan_table(s);
    if (!least)
        return table_eq(v, wanted);
    for (size_t i = 0; i < wanted.n; i++) {
        const struct value *has = table_find(v, wanted.at[i].name);

        if (!has || !value_eq(has, &wanted.at[i].value))
            return false;
    }
    return true;
}

static bool field_meets(struct scan *s, const struct names *n, const struct field_info *f,
                        const void *args)
{
    switch (f->type) {
    case T_shortstr:
    case T_longstr: return text_meets(s, n, wire_str(f, args));
    case T_table: return table_meets(s, wire_table_of(f, args));
    default: return number_meets(s, wire_number(f, args));
    }
}

/* Names may have a '-', which scan_word takes, and end where the operator begins. */
static const struct field_info *find_field(const struct method_info *m, struct str name)
{
    for (const struct field_info *f = m->fields; f < m->fields + m->n_fields; f++)
        if (str_eq(name, str_of(f->name)))
            return f;
    return NULL;
}

const char *method_unmet(const struct demand *d, const struct names *n, const struct frame *f)
{
    struct scan s = { .line = d->fields, .a = n->arena };

    if (f->fault || f->type != FRAME_METHOD || f->method != d->method || !f->args)
        return "it is something else";
    while (!scan_at_end(&s)) {
        struct str name = scan_word(&s);
        const struct field_info *field = find_field(d->method, name);

        if (!field || s.error)
            return "what was wanted cannot be read";
        if (!field_meets(&s, n, field, f->args))
            return arena_printf(n->arena, "%s is another", field->name).p;
    }
    return s.error;
}

/* In the words of fixtures/wire/match.c: 7, "text", {…}, absent; what else it can say is not
   asked of properties. */
static const char *property_unmet(const struct demand *d, const struct names *n,
                                  const struct properties *p)
{
    struct str value = arena_printf(n->arena, "=%.*s", STR_ARGS(d->fields));
    struct scan s = { .line = value, .a = n->arena };
    bool has = wire_has(d->property, p), met;

    if (begins(d->fields, "absent"))
        return has ? "the property is there" : NULL;
    met = has && field_meets(&s, n, d->property, p);
    if (s.error)
        return "what was wanted cannot be read";
    return met ? NULL : "the property is another";
}

static bool body_meets(const struct demand *d, struct str body)
{
    return d->any_body ||
           (body.n == d->text.n + d->more && str_eq((struct str){ body.p, d->text.n }, d->text));
}

const char *content_unmet(const struct demand *d, const struct names *n, const struct unit *u)
{
    if (!u->header)
        return "no content header came";
    if (d->kind == DEMAND_HEADER)
        return u->header->class_id == 60 ? NULL : "the header is of another class";
    if (d->kind == DEMAND_PROPERTY)
        return property_unmet(d, n, &u->header->properties);
    if (!u->whole)
        return "the body is not complete";
    return body_meets(d, u->body) ? NULL : "the body is another";
}

const char *counts_unmet(const struct demand *d, const struct names *n, const struct frame *f)
{
    const struct m_queue_declare_ok *ok = f->args;

    if (f->fault || !f->method || f->method->id != M_queue_declare_ok)
        return "it is something else";
    if (ok->message_count != d->messages)
        return arena_printf(n->arena, "message-count is %u", (unsigned)ok->message_count).p;
    if (d->consumers != UINT64_MAX && ok->consumer_count != d->consumers)
        return arena_printf(n->arena, "consumer-count is %u", (unsigned)ok->consumer_count).p;
    return NULL;
}
