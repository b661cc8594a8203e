#include "route.h"

#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "route_inside.h"
#include "table.h"

#include <assert.h>
#include <stdlib.h>

struct router *router_new(enum route_type type)
{
    struct router *r = xcalloc(1, sizeof *r);

    r->type = type;
    TAILQ_INIT(&r->bindings);
    TAILQ_INIT(&r->targets);
    r->by_identity = map_new();
    r->by_destination = map_new();
    if (type == ROUTE_DIRECT)
        r->by_key = map_new();
    if (type == ROUTE_TOPIC)
        r->trie = trie_new();
    return r;
}

/* Where the type keeps the binding to find it by message. */
static void place_binding(struct router *r, struct binding *b)
{
    if (r->type == ROUTE_TOPIC) {
        trie_add(r->trie, b);
    } else if (r->type == ROUTE_HEADERS) {
        b->demands = demands_new(b->arguments);
        r->demands += demands_count(b->demands);
    } else if (r->type == ROUTE_DIRECT) {
        b->place = map_get(r->by_key, b->key);
        if (!b->place) {
            b->place = xcalloc(1, sizeof *b->place);
            TAILQ_INIT(&b->place->bindings);
            map_set(r->by_key, b->key, b->place);
        }
        TAILQ_INSERT_TAIL(&b->place->bindings, b, of_place);
    }
}

static void displace_binding(struct router *r, struct binding *b)
{
    if (r->type == ROUTE_TOPIC) {
        trie_remove(r->trie, b);
    } else if (r->type == ROUTE_HEADERS) {
        r->demands -= demands_count(b->demands);
        demands_free(b->demands);
    } else if (r->type == ROUTE_DIRECT) {
        TAILQ_REMOVE(&b->place->bindings, b, of_place);
        if (TAILQ_EMPTY(&b->place->bindings))
            free(map_pop(r->by_key, b->key));
    }
}

static struct str pointer_as_key(void *const *p)
{
    return (struct str){ (const char *)p, sizeof *p };
}

static struct target *target_of(struct router *r, void *destination)
{
    struct target *t = map_get(r->by_destination, pointer_as_key(&destination));
    size_t n;

    if (t)
        return t;
    t = xcalloc(1, sizeof *t);
    t->destination = destination;
    TAILQ_INIT(&t->bindings);
    TAILQ_INSERT_TAIL(&r->targets, t, link);
    map_set(r->by_destination, pointer_as_key(&destination), t);
    n = map_count(r->by_destination);
    if (n > r->found_max) {
        r->found_max = n < 8 ? 8 : n * 2;
        r->found = xgrow(r->found, r->found_max, sizeof *r->found);
    }
    return t;
}

static void target_leave(struct router *r, struct target *t)
{
    if (!TAILQ_EMPTY(&t->bindings))
        return;
    TAILQ_REMOVE(&r->targets, t, link);
    map_pop(r->by_destination, pointer_as_key(&t->destination));
    free(t);
}

/* What makes a binding this one, as bytes in r->scratch:
     0   8  the destination's address
     8   4  octets of the key
     12  k  key
     +   a  arguments, in the order of their names                      */
enum { IDENTITY_HEAD = 12 };

static struct str identity(struct router *r, void *destination, struct str key,
                           struct str arguments)
{
    size_t n = IDENTITY_HEAD + key.n + arguments.n;
    uint32_t key_octets = (uint32_t)key.n;

    if (n > r->scratch_max) {
        r->scratch_max = n < 512 ? 512 : n;
        r->scratch = xgrow(r->scratch, r->scratch_max, 1);
    }
    memset(r->scratch, 0, IDENTITY_HEAD);
    memcpy(r->scratch, &destination, sizeof destination);
    memcpy(r->scratch + 8, &key_octets, 4);
    if (key.n)
        memcpy(r->scratch + IDENTITY_HEAD, key.p, key.n);
    table_sort(arguments, r->scratch + IDENTITY_HEAD + key.n);
    return (struct str){ r->scratch, n };
}

/* Its demands are views of the fields of its arguments. */
static size_t cost(const struct binding *b)
{
    return COST_BINDING + 2 * b->identity.n +
           (b->demands ? table_count(b->arguments) * sizeof(struct table_field) : 0);
}

bool router_bind(struct router *r, void *destination, struct str key, struct str arguments)
{
    struct str id = identity(r, destination, key, arguments);
    struct binding *b;

    assert(destination && key.n <= UINT8_MAX && table_valid(arguments));
    if (map_get(r->by_identity, id))
        return false;
    b = xcalloc(1, sizeof *b + id.n);
    memcpy(b->bytes, id.p, id.n);
    b->identity = (struct str){ b->bytes, id.n };
    b->key = (struct str){ b->bytes + IDENTITY_HEAD, key.n };
    b->arguments = (struct str){ b->key.p + key.n, arguments.n };
    b->target = target_of(r, destination);
    TAILQ_INSERT_TAIL(&b->target->bindings, b, of_target);
    TAILQ_INSERT_TAIL(&r->bindings, b, of_router);
    map_set(r->by_identity, b->identity, b);
    place_binding(r, b);
    r->bytes += b->bytes_counted = cost(b);
    return true;
}

/* The target stays, even without bindings: who empties it lets it leave. */
static void drop(struct router *r, struct binding *b)
{
    r->bytes -= b->bytes_counted;
    displace_binding(r, b);
    map_pop(r->by_identity, b->identity);
    TAILQ_REMOVE(&r->bindings, b, of_router);
    TAILQ_REMOVE(&b->target->bindings, b, of_target);
    free(b);
}

bool router_unbind(struct router *r, void *destination, struct str key, struct str arguments)
{
    struct binding *b = map_get(r->by_identity, identity(r, destination, key, arguments));
    struct target *t;

    if (!b)
        return false;
    t = b->target;
    drop(r, b);
    target_leave(r, t);
    return true;
}

size_t router_unbind_all(struct router *r, void *destination)
{
    struct target *t = map_get(r->by_destination, pointer_as_key(&destination));
    struct binding *b, *next;
    size_t n = 0;

    if (!t)
        return 0;
    for (b = TAILQ_FIRST(&t->bindings); b; b = next, n++) {
        next = TAILQ_NEXT(b, of_target);
        drop(r, b);
    }
    target_leave(r, t);
    return n;
}

void router_free(struct router *r)
{
    struct target *t;

    if (!r)
        return;
    while ((t = TAILQ_FIRST(&r->targets)))
        router_unbind_all(r, t->destination);
    trie_free(r->trie);
    map_free(r->by_key);
    map_free(r->by_destination);
    map_free(r->by_identity);
    free(r->fields);
    free(r->scratch);
    free(r->found);
    free(r);
}

size_t router_bytes(const struct router *r)
{
    return r->bytes + (r->trie ? trie_bytes(r->trie) : 0);
}

size_t router_steps(const struct router *r)
{
    return r->demands + (r->trie ? trie_hashes(r->trie) * LIMIT_KEY_WORDS : 0);
}

size_t router_count(const struct router *r)
{
    return map_count(r->by_identity);
}

void router_each(const struct router *r, router_visit_fn *visit, void *context)
{
    const struct binding *b;

    for (b = TAILQ_FIRST(&r->bindings); b; b = TAILQ_NEXT(b, of_router))
        visit(context, b->target->destination, b->key, b->arguments);
}

static void direct_match(struct router *r, struct str key)
{
    const struct place *place = map_get(r->by_key, key);
    const struct binding *b;

    if (FAULTY(last_octet_of_key_ignored) && !place && key.n)
        place = map_get(r->by_key, (struct str){ key.p, key.n - 1 });
    if (!place)
        return;
    for (b = TAILQ_FIRST(&place->bindings); b; b = TAILQ_NEXT(b, of_place))
        route_found(r, b);
}

/* One destination has as many bindings as it likes and still is one target. */
static void fanout_match(struct router *r)
{
    const struct target *t;

    for (t = TAILQ_FIRST(&r->targets); t; t = TAILQ_NEXT(t, link)) {
        r->found[r->n_found++] = t->destination;
        if (FAULTY(copy_per_binding) && r->n_found + map_count(r->by_destination) < r->found_max &&
            TAILQ_NEXT(TAILQ_FIRST(&t->bindings), of_target))
            r->found[r->n_found++] = t->destination;
    }
}

struct destinations router_match(struct router *r, struct str key, struct str headers)
{
    r->match++;
    r->n_found = 0;
    switch (r->type) {
    case ROUTE_DIRECT: direct_match(r, key); break;
    case ROUTE_FANOUT: fanout_match(r); break;
    case ROUTE_TOPIC: trie_match(r->trie, r, key); break;
    case ROUTE_HEADERS: headers_match(r, headers); break;
    }
    if (FAULTY(first_match_only) && r->n_found > 1)
        r->n_found = 1;
    return (struct destinations){ r->found, r->n_found };
}
