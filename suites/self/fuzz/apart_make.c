/* Frames of a client, at random: arguments are of the right type and often of the right sort,
   names few, so that one frame finds what another has declared. */
#include "apart.h"

#include <assert.h>
#include <string.h>

#include "fixtures/wire/frame.h"
#include "fixtures/wire/random.h"

enum { ROOM = 1 << 20, NAMES = 8 };

struct maker {
    struct random r;
    struct arena *a;
    apart_take *take;
    void *context;
    uint8_t channel;
};

static bool one_in(struct maker *m, size_t n)
{
    return random_below(&m->r, n) == 0;
}

static struct str one_of(struct maker *m, const char *const *list, size_t n)
{
    return str_of(list[random_below(&m->r, n)]);
}

/* A name of the sort that the field is for. */
static bool fitting_name(struct maker *m, const char *domain, const char *field, struct str *out)
{
    static const char *const queues[] = { "", "q", "q", "r", "s", "p", "amq.x", "Q" };
    static const char *const exchanges[] = { "",          "amq.topic",   "amq.direct", "amq.fanout",
                                             "amq.match", "amq.headers", "e",          "f" };
    static const char *const keys[] = { "q", "r", "a.b", "a.*", "#", "*.b.#", "", "a" };
    static const char *const tags[] = { "", "t", "u", "t", "v", "w", "t", "u" };
    static const char *const types[] = { "direct", "fanout", "topic",  "headers",
                                         "topic",  "fanout", "direct", "x" };

    if (strcmp(domain, "queue-name") == 0)
        *out = one_of(m, queues, NAMES);
    else if (strcmp(domain, "exchange-name") == 0)
        *out = one_of(m, exchanges, NAMES);
    else if (strcmp(domain, "consumer-tag") == 0)
        *out = one_of(m, tags, NAMES);
    else if (strcmp(field, "type") == 0)
        *out = one_of(m, types, NAMES);
    else if (strcmp(field, "routing-key") == 0)
        *out = one_of(m, keys, NAMES);
    else if (strcmp(field, "destination") == 0 || strcmp(field, "source") == 0)
        *out = one_of(m, exchanges, NAMES);
    else if (strcmp(field, "virtual-host") == 0)
        *out = S("/");
    else if (strcmp(field, "expiration") == 0)
        *out = one_of(m, (const char *const[]){ "0", "1", "1000", "x" }, 4);
    else if (strcmp(field, "user-id") == 0)
        *out = S("guest");
    else
        return false;
    return true;
}

/* Arguments that mean something, with values that may or may not. */
static struct table fitting_table(struct maker *m)
{
    static const char *const keys[] = { "x-message-ttl",
                                        "x-expires",
                                        "x-max-length",
                                        "x-max-length-bytes",
                                        "x-dead-letter-exchange",
                                        "x-max-priority",
                                        "alternate-exchange",
                                        "x-match",
                                        "x-priority",
                                        "x-overflow",
                                        "CC",
                                        "BCC",
                                        "x-single-active-consumer",
                                        "x-dead-letter-routing-key",
                                        "a",
                                        "b" };
    static const char *const words[] = { "all", "any", "e", "q", "drop-head", "reject-publish" };
    size_t n = random_below(&m->r, 4);
    struct field *at = arena_alloc(m->a, (n + 1) * sizeof *at);

    for (size_t i = 0; i < n; i++) {
        struct value *v = &at[i].value;

        at[i].name = one_of(m, keys, sizeof keys / sizeof *keys);
        if (one_in(m, 2)) {
            *v = (struct value){ .tag = 'S' };
            v->s = one_of(m, words, sizeof words / sizeof *words);
        } else if (one_in(m, 4)) {
            struct value *in = arena_alloc(m->a, sizeof *in);

            *in = (struct value){ .tag = 'S' };
            in->s = S("q");
            *v = (struct value){ .tag = 'A' };
            v->array = (struct array){ in, 1 };
        } else {
            *v = (struct value){ .tag = 'I' };
            v->i = (int64_t)random_below(&m->r, 12) - 1;
        }
    }
    return (struct table){ at, n };
}

static void fit(struct maker *m, const struct field_info *f, void *args)
{
    struct str name;

    if (one_in(m, 12))
        return; /* anything, as it is */
    switch (f->type) {
    case T_bit: wire_set_number(f, args, one_in(m, 4)); break;
    case T_shortstr:
    case T_longstr:
        if (fitting_name(m, f->domain, f->name, &name))
            *wire_str_at(f, args) = name;
        else
            wire_str_at(f, args)->n %= 4;
        break;
    case T_table: *wire_table_at(f, args) = fitting_table(m); break;
    case T_longlong: wire_set_number(f, args, random_below(&m->r, 8)); break;
    case T_octet: wire_set_number(f, args, 1 + random_below(&m->r, 2)); break;
    case T_short: wire_set_number(f, args, random_below(&m->r, 4)); break;
    default: break;
    }
}

static void give(struct maker *m, uint8_t type, struct str payload)
{
    uint8_t *out = arena_alloc(m->a, payload.n + 2);

    out[0] = type;
    out[1] = m->channel;
    if (payload.n)
        memcpy(out + 2, payload.p, payload.n);
    m->take(m->context, out, payload.n + 2);
}

static void give_method(struct maker *m, enum method_id id)
{
    const struct method_info *info = wire_method(id);
    void *args = random_args(&m->r, id, m->a);
    struct buf b;

    for (size_t i = 0; i < info->n_fields; i++)
        fit(m, &info->fields[i], args);
    m->channel = info->class_id == 10 ? 0 : (uint8_t)(1 + one_in(m, 6));
    buf_init(&b, ROOM);
    wire_put_method(&b, id, args);
    give(m, FRAME_METHOD, buf_str(&b));
    buf_clear(&b);
}

static void give_content(struct maker *m)
{
    struct properties p = { 0 };
    struct str body = random_str(&m->r, one_in(m, 8) ? 9000 : 40, m->a);
    struct buf b;

    if (!one_in(m, 3))
        p = random_properties(&m->r, m->a);
    for (size_t i = 0; i < wire_properties_n; i++)
        fit(m, &wire_properties[i], &p);
    buf_init(&b, ROOM);
    buf_put_u(&b, 2, 60);
    buf_put_u(&b, 2, 0);
    buf_put_u(&b, 8, body.n);
    wire_put_properties(&b, &p);
    give(m, FRAME_HEADER, buf_str(&b));
    buf_clear(&b);
    if (body.n)
        give(m, FRAME_BODY, body);
}

/* What clients mostly say, more often than the rest. */
static enum method_id likely_method(struct maker *m)
{
    static const enum method_id often[] = {
        M_basic_publish, M_basic_publish, M_basic_publish,    M_basic_get,        M_basic_consume,
        M_basic_ack,     M_basic_nack,    M_basic_reject,     M_queue_declare,    M_queue_declare,
        M_queue_bind,    M_queue_delete,  M_queue_purge,      M_exchange_declare, M_exchange_bind,
        M_basic_qos,     M_tx_select,     M_tx_commit,        M_confirm_select,   M_basic_recover,
        M_basic_cancel,  M_channel_open,  M_channel_flow,     M_channel_close,    M_exchange_delete,
        M_tx_rollback,   M_queue_unbind,  M_channel_close_ok,
    };

    if (one_in(m, 10))
        return random_method(&m->r);
    return often[random_below(&m->r, sizeof often / sizeof *often)];
}

void make_up_frames(uint64_t seed, apart_take *take, void *context)
{
    struct maker m = { .r = random_of(seed), .a = arena_new(), .take = take, .context = context };

    m.r.plain_bools = true;
    for (size_t n = 1 + random_below(&m.r, 4); n; n--) {
        enum method_id id = likely_method(&m);

        give_method(&m, id);
        if (wire_method(id)->content && !one_in(&m, 16))
            give_content(&m);
    }
    arena_free(m.a);
}
