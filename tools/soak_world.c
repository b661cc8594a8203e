#include "soak_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/wire/random.h"

/* A body:
     0   4  "soak"
     4   4  number of the message
     8   4  octets of the whole
     12  .  anything
     -8  8  checksum of everything before it                          */
enum { HEAD = 12, TAIL = 8, LEAST = HEAD + TAIL };

const char *const world_queues[QUEUES] = { "soak.0", "soak.1", "soak.2",
                                           "soak.3", "soak.4", "soak.5" };

const struct route world_routes[ROUTES] = {
    { "", "soak.0", 1 << 0 },
    { "", "soak.1", 1 << 1 },
    { "soak.direct", "one", 1 << 1 },
    { "soak.direct", "two", 1 << 2 | 1 << 3 },
    { "soak.fanout", "whatever", 1 << 3 | 1 << 4 | 1 << 5 },
    { "soak.topic", "a.b", 1 << 0 | 1 << 5 },
    { "soak.topic", "a.c", 1 << 0 },
    { "soak.topic", "x.y.b", 1 << 5 },
    { "soak.direct", "nobody", 0 },
    { "soak.topic", "a.x.y", 0 },
};

static const struct {
    const char *exchange, *key;
    unsigned queue;
} bindings[] = {
    { "soak.direct", "one", 1 }, { "soak.direct", "two", 2 }, { "soak.direct", "two", 3 },
    { "soak.fanout", "", 3 },    { "soak.fanout", "", 4 },    { "soak.fanout", "", 5 },
    { "soak.topic", "a.*", 0 },  { "soak.topic", "#.b", 5 },
};

static const struct {
    const char *name, *type;
} exchanges[] = {
    { "soak.direct", "direct" },
    { "soak.fanout", "fanout" },
    { "soak.topic", "topic" },
};

enum {
    EXCHANGES = sizeof exchanges / sizeof *exchanges,
    BINDINGS = sizeof bindings / sizeof *bindings,
};

bool world_call(unsigned number, struct world_call *call)
{
    memset(call, 0, sizeof *call);
    if (number < EXCHANGES) {
        call->id = M_exchange_declare;
        call->reply = M_exchange_declare_ok;
        call->args.exchange =
            (struct m_exchange_declare){ .exchange = str_of(exchanges[number].name),
                                         .type = str_of(exchanges[number].type),
                                         .durable = true };
    } else if ((number -= EXCHANGES) < QUEUES) {
        call->id = M_queue_declare;
        call->reply = M_queue_declare_ok;
        call->args.queue =
            (struct m_queue_declare){ .queue = str_of(world_queues[number]), .durable = true };
    } else if ((number -= QUEUES) < BINDINGS) {
        call->id = M_queue_bind;
        call->reply = M_queue_bind_ok;
        call->args.bind =
            (struct m_queue_bind){ .queue = str_of(world_queues[bindings[number].queue]),
                                   .exchange = str_of(bindings[number].exchange),
                                   .routing_key = str_of(bindings[number].key) };
    } else {
        return false;
    }
    return true;
}

/* FNV-1a. */
static uint64_t checksum(const uint8_t *p, size_t n)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++)
        sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* Most are small; some do not fit into a frame, or into a page of anything. */
static size_t length(struct random *r)
{
    size_t of_64 = random_below(r, 64);

    if (of_64 < 48)
        return LEAST + random_below(r, 256);
    if (of_64 < 62)
        return LEAST + random_below(r, 6000);
    return LEAST + random_below(r, 200000);
}

void world_body(struct buf *b, uint64_t seed, uint32_t id)
{
    struct random r = random_of(seed ^ (uint64_t)id << 20);
    size_t n = length(&r);

    buf_put(b, "soak", 4);
    buf_put_u(b, 4, id);
    buf_put_u(b, 4, n);
    while (b->n + 8 + TAIL <= n)
        buf_put_u(b, 8, random_u64(&r));
    while (b->n + TAIL < n)
        buf_put_u(b, 1, random_u64(&r) & 0xff);
    buf_put_u(b, 8, checksum(b->p, b->n));
}

struct properties world_properties(uint32_t id, struct arena *a)
{
    struct field *f = arena_alloc(a, 2 * sizeof *f);

    f[0] = (struct field){ S("number"), INT64((int64_t)id) };
    f[1] = (struct field){ S("odd"), BOOL(id & 1) };
    return (struct properties){
        .has_content_type = true,
        .content_type = S("application/x-soak"),
        .has_headers = true,
        .headers = { .at = f, .n = 2 },
        .has_delivery_mode = true,
        .delivery_mode = 2,
        .has_correlation_id = true,
        .correlation_id = arena_printf(a, "%u", id),
        .has_timestamp = id % 3 == 0,
        .timestamp = id,
        .has_type = id % 5 == 0,
        .type = S("every fifth"),
    };
}

uint32_t world_read(struct str body)
{
    struct cur c = cur_of(body);
    uint32_t id;

    if (body.n < LEAST || memcmp(body.p, "soak", 4) != 0)
        return NOT_A_MESSAGE;
    cur_take(&c, 4);
    id = (uint32_t)cur_u(&c, 4);
    if (cur_u(&c, 4) != body.n)
        return NOT_A_MESSAGE;
    cur_take(&c, body.n - HEAD - TAIL);
    return cur_u(&c, 8) == checksum(c.p, body.n - TAIL) ? id : NOT_A_MESSAGE;
}

uint32_t world_read_properties(const struct properties *p)
{
    char text[16];
    char *end;
    unsigned long long id;

    snprintf(text, sizeof text, "%.*s", STR_ARGS(p->correlation_id));
    id = strtoull(text, &end, 10);
    return p->has_correlation_id && end != text && !*end && id < NOT_A_MESSAGE ? (uint32_t)id
                                                                               : NOT_A_MESSAGE;
}
