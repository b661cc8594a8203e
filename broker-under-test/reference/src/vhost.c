#include "vhost.h"

#include "broker.h"
#include "durable.h"
#include "faulty.h"
#include "limits.h"
#include "mem.h"
#include "queue.h"
#include "table.h"

#include <assert.h>
#include <stdlib.h>

static const struct {
    const char *name;
    enum route_type type;
} types[] = {
    { "direct", ROUTE_DIRECT },
    { "fanout", ROUTE_FANOUT },
    { "topic", ROUTE_TOPIC },
    { "headers", ROUTE_HEADERS },
};

static const struct {
    const char *name;
    enum route_type type;
} standard[] = {
    { "", ROUTE_DIRECT },
    { "amq.direct", ROUTE_DIRECT },
    { "amq.fanout", ROUTE_FANOUT },
    { "amq.topic", ROUTE_TOPIC },
    { "amq.headers", ROUTE_HEADERS }, /* the name in the specification's table */
    { "amq.match", ROUTE_HEADERS },   /* the name in its text */
};

bool exchange_type(struct str name, enum route_type *type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_eq(name, str_of(types[i].name))) {
            *type = types[i].type;
            return true;
        }
    }
    return false;
}

const char *exchange_type_name(enum route_type type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type == type)
            return types[i].name;
    }
    assert(0 && "exchange type");
    return NULL;
}

struct vhost *vhost_new(struct broker *b, struct str name)
{
    struct vhost *v = xcalloc(1, sizeof *v);

    v->broker = b;
    v->name = str_dup(name);
    v->exchanges = map_new();
    v->queues = map_new();
    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++)
        exchange_add(v, str_of(standard[i].name), standard[i].type, true);
    return v;
}

struct exchange *vhost_exchange(const struct vhost *v, struct str name)
{
    return map_get(v->exchanges, name);
}

struct queue *vhost_queue(const struct vhost *v, struct str name)
{
    return map_get(v->queues, name);
}

struct exchange *exchange_add(struct vhost *v, struct str name, enum route_type type, bool durable)
{
    struct exchange *x = xcalloc(1, sizeof *x);

    v->broker->topology++;
    x->vhost = v;
    x->type = type;
    x->dest.name = str_dup(name);
    x->dest.durable = durable;
    x->router = router_new(type);
    v->broker->things += COST_EXCHANGE;
    map_set(v->exchanges, x->dest.name, x);
    return x;
}

void exchange_set(struct exchange *x, bool auto_delete, bool internal, struct str arguments)
{
    x->auto_delete = auto_delete;
    x->internal = internal;
    x->arguments = str_dup(arguments);
    x->vhost->broker->things += arguments.n;
    if (!table_longstr(x->arguments, STR("alternate-exchange"), &x->alternate))
        x->alternate = (struct str){ NULL, 0 };
}

bool exchange_in_use(const struct exchange *x)
{
    return router_count(x->router) > 0;
}

static struct source *source_of(struct destination *d, const struct exchange *x)
{
    for (size_t i = 0; i < d->source_count; i++) {
        if (d->sources[i].exchange == x)
            return &d->sources[i];
    }
    return NULL;
}

static void drop_source(struct destination *d, struct source *s)
{
    *s = d->sources[--d->source_count];
}

/* Its bindings have changed, and what they take. */
static void count_bindings(const struct exchange *x, size_t before)
{
    x->vhost->broker->topology++;
    x->vhost->broker->things += router_bytes(x->router) - before;
}

bool binding_add(struct exchange *x, struct destination *d, struct str key, struct str arguments)
{
    struct source *s = source_of(d, x);
    size_t before = router_bytes(x->router);

    if (!router_bind(x->router, d, key, arguments))
        return false;
    count_bindings(x, before);
    if (!s) {
        d->sources = xgrow(d->sources, d->source_count + 1, sizeof *d->sources);
        s = &d->sources[d->source_count++];
        *s = (struct source){ .exchange = x };
    }
    s->bindings++;
    return true;
}

bool binding_remove(struct exchange *x, struct destination *d, struct str key, struct str arguments)
{
    struct source *s = source_of(d, x);
    size_t before = router_bytes(x->router);

    if (!router_unbind(x->router, d, key, arguments))
        return false;
    count_bindings(x, before);
    assert(s && s->bindings > 0);
    if (--s->bindings == 0)
        drop_source(d, s);
    return true;
}

void destination_clear(struct destination *d)
{
    while (d->source_count) {
        struct exchange *x = d->sources[d->source_count - 1].exchange;
        size_t before = router_bytes(x->router);

        durable_forget_bindings(x, d);
        router_unbind_all(x->router, d);
        count_bindings(x, before);
        d->source_count--;
        /* Bound to itself it is going already. */
        if (x->auto_delete && !exchange_in_use(x) && &x->dest != d &&
            !FAULTY(auto_delete_exchange_by_unbind_only))
            exchange_delete(x);
    }
    free(d->sources);
    d->sources = NULL;
}

static void forget_source(void *context, void *destination, struct str key, struct str arguments)
{
    struct source *s = source_of(destination, context);

    (void)key;
    (void)arguments;
    if (s)
        drop_source(destination, s);
}

/* The name goes first: deleting may cascade over auto-delete exchanges, and none of
   them may find this one again. */
void exchange_delete(struct exchange *x)
{
    x->vhost->broker->topology++;
    map_pop(x->vhost->exchanges, x->dest.name);
    durable_forget_bindings(x, NULL);
    durable_forget_exchange(x);
    router_each(x->router, forget_source, x);
    destination_clear(&x->dest);
    x->vhost->broker->things -= COST_EXCHANGE + x->arguments.n + router_bytes(x->router);
    router_free(x->router);
    str_free(&x->dest.name);
    str_free(&x->arguments);
    free(x);
}

void vhost_free(struct vhost *v)
{
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    while (map_iter(v->queues, &it, &name, &each))
        queue_free(each);
    for (it = NULL; map_iter(v->exchanges, &it, &name, &each);) {
        struct exchange *x = each;

        router_free(x->router);
        free(x->dest.sources);
        str_free(&x->dest.name);
        str_free(&x->arguments);
        free(x);
    }
    map_free(v->queues);
    map_free(v->exchanges);
    str_free(&v->name);
    free(v);
}
