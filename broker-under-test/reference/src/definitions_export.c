/* The broker's definitions as RabbitMQ would write them. */
#include "definitions.h"

#include "arguments_json.h"
#include "mem.h"
#include "names.h"
#include "queue.h"
#include "text.h"
#include "user.h"
#include "version.h"

#include <openssl/evp.h>
#include <stdlib.h>

/* A list whose items are put one by one: commas between, each on its line. */
struct list {
    struct record *to;
    bool begun;
};

static struct list list(struct record *to, const char *name)
{
    text_put(to, ",\n\"%s\":[", name);
    return (struct list){ .to = to };
}

static struct record *item(struct list *l)
{
    text_put(l->to, l->begun ? ",\n{" : "\n{");
    l->begun = true;
    return l->to;
}

static void put(struct record *to, const char *key, struct str value)
{
    text_put(to, "\"%s\":", key);
    text_json(to, value);
    text_put(to, ",");
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

static void put_arguments(struct record *to, struct str arguments)
{
    text_put(to, "\"arguments\":");
    arguments_to_json(to, arguments);
    text_put(to, "}");
}

/* ---- Users, and what they may do ----------------------------------------------------------- */

static void put_tags(struct record *to, struct str tags)
{
    text_put(to, "\"tags\":[");
    while (tags.n) {
        const char *comma = memchr(tags.p, ',', tags.n);
        size_t n = comma ? (size_t)(comma - tags.p) : tags.n;

        text_json(to, (struct str){ tags.p, n });
        text_put(to, comma ? "," : "");
        n += comma != NULL;
        tags = (struct str){ tags.p + n, tags.n - n };
    }
    text_put(to, "]}");
}

static void put_user(struct record *to, const struct user *u)
{
    size_t room = 4 * (u->password_hash.n / 3 + 1) + 1;
    char *base64 = xmalloc(room);
    int n = EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)u->password_hash.p,
                            (int)u->password_hash.n);

    put(to, "name", u->name);
    put(to, "password_hash", (struct str){ base64, (size_t)n });
    put(to, "hashing_algorithm", str_of(hashing_name(u->hashing)));
    put_tags(to, u->tags);
    free(base64);
}

static void put_rights(struct list *l, const struct user *u)
{
    struct map_entry *it = NULL;
    struct str vhost;
    void *r;

    while (map_iter(u->rights, &it, &vhost, &r)) {
        struct record *to = item(l);

        put(to, "user", u->name);
        put(to, "vhost", vhost);
        put(to, "configure", rights_pattern(r, MAY_CONFIGURE));
        put(to, "write", rights_pattern(r, MAY_WRITE));
        text_put(to, "\"read\":");
        text_json(to, rights_pattern(r, MAY_READ));
        text_put(to, "}");
    }
}

static void put_users(struct record *to, const struct broker *b)
{
    struct list users = list(to, "users"), rights;
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    while (map_iter(b->users, &it, &name, &each))
        put_user(item(&users), each);
    text_put(to, "]");
    rights = list(to, "permissions");
    for (it = NULL; map_iter(b->users, &it, &name, &each);)
        put_rights(&rights, each);
    text_put(to, "]");
}

/* ---- What is in a vhost -------------------------------------------------------------------- */

typedef void put_fn(struct list *l, const struct vhost *v);

static void each_vhost(struct record *to, const struct broker *b, const char *name, put_fn *put_all)
{
    struct list l = list(to, name);
    struct map_entry *it = NULL;
    struct str ignored;
    void *v;

    while (map_iter(b->vhosts, &it, &ignored, &v))
        put_all(&l, v);
    text_put(to, "]");
}

static void put_vhost(struct list *l, const struct vhost *v)
{
    struct record *to = item(l);

    text_put(to, "\"name\":");
    text_json(to, v->name);
    text_put(to, "}");
}

static void put_queues(struct list *l, const struct vhost *v)
{
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    while (map_iter(v->queues, &it, &name, &each)) {
        const struct queue *q = each;

        if (q->owner)
            continue;
        put(item(l), "name", name);
        put(l->to, "vhost", v->name);
        text_put(l->to, "\"durable\":%s,\"auto_delete\":%s,", truth(q->dest.durable),
                 truth(q->auto_delete));
        put_arguments(l->to, q->arguments);
    }
}

static void put_exchanges(struct list *l, const struct vhost *v)
{
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    while (map_iter(v->exchanges, &it, &name, &each)) {
        const struct exchange *x = each;

        if (name.n == 0 || name_is_reserved(name))
            continue;
        put(item(l), "name", name);
        put(l->to, "vhost", v->name);
        put(l->to, "type", str_of(exchange_type_name(x->type)));
        text_put(l->to, "\"durable\":%s,\"auto_delete\":%s,\"internal\":%s,",
                 truth(x->dest.durable), truth(x->auto_delete), truth(x->internal));
        put_arguments(l->to, x->arguments);
    }
}

struct source_of {
    struct list *l;
    const struct exchange *x;
};

static void put_binding(void *context, void *destination, struct str key, struct str arguments)
{
    const struct source_of *from = context;
    const struct destination *d = destination;
    struct record *to;

    /* A queue's destination is its first member. */
    if (d->is_queue && ((const struct queue *)destination)->owner)
        return;
    to = item(from->l);
    put(to, "source", from->x->dest.name);
    put(to, "vhost", from->x->vhost->name);
    put(to, "destination", d->name);
    put(to, "destination_type", d->is_queue ? STR("queue") : STR("exchange"));
    put(to, "routing_key", key);
    put_arguments(to, arguments);
}

static void put_bindings(struct list *l, const struct vhost *v)
{
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    while (map_iter(v->exchanges, &it, &name, &each)) {
        const struct exchange *x = each;

        if (name.n)
            router_each(x->router, put_binding, &(struct source_of){ l, x });
    }
}

/* rabbit_version says whose form it is; RabbitMQ looks at it where a user's hash has no name. */
void definitions_export(const struct broker *b, struct record *to)
{
    text_put(to,
             "{\"rabbit_version\":\"3.10.8\",\"rabbitmq_version\":\"3.10.8\","
             "\"product_name\":\"%s\",\"product_version\":\"%s\"",
             BROKER_PRODUCT, BROKER_VERSION);
    put_users(to, b);
    each_vhost(to, b, "vhosts", put_vhost);
    text_put(to, ",\n\"topic_permissions\":[],\n\"parameters\":[],\n\"global_parameters\":[],\n"
                 "\"policies\":[]");
    each_vhost(to, b, "queues", put_queues);
    each_vhost(to, b, "exchanges", put_exchanges);
    each_vhost(to, b, "bindings", put_bindings);
    text_put(to, "}\n");
}
