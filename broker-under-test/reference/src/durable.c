#include "durable.h"

#include "broker.h"
#include "faulty.h"
#include "mem.h"
#include "record.h"
#include "table.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum {
    KIND_VHOST = 'V',
    KIND_USER = 'U',
    KIND_RIGHTS = 'P',
    KIND_EXCHANGE = 'X',
    KIND_QUEUE = 'Q',
    KIND_BINDING = 'L'
};

/* What is in the store, or was. With none (the broker is coming up from it), nothing is put. */
static struct store *store_of(const struct vhost *v)
{
    return v->broker->recovering ? NULL : v->broker->store;
}

static struct record pair(struct str vhost, struct str name)
{
    struct record r = { .p = NULL };

    record_raw(&r, vhost);
    record_uint(&r, 0, 1);
    record_raw(&r, name);
    return r;
}

static void put(struct store *s, char kind, struct record *name, struct record *value)
{
    store_put_def(s, kind, record_view(name), record_view(value));
    record_clear(name);
    record_clear(value);
}

static void del(struct store *s, char kind, struct record *name)
{
    store_del_def(s, kind, record_view(name));
    record_clear(name);
}

void durable_put_vhost(const struct vhost *v)
{
    store_put_def(v->broker->store, KIND_VHOST, v->name, STR(""));
}

void durable_put_user(struct broker *b, const struct user *u)
{
    struct map_entry *it = NULL;
    struct record value = { .p = NULL };
    struct str vhost;
    void *rights;

    record_uint(&value, u->hashing, 1);
    record_str(&value, u->password_hash);
    record_str(&value, u->tags);
    store_put_def(b->store, KIND_USER, u->name, record_view(&value));
    while (map_iter(u->rights, &it, &vhost, &rights)) {
        struct record name = pair(vhost, u->name);

        value.n = 0;
        for (int p = 0; p < PERMISSIONS; p++)
            record_str(&value, rights_pattern(rights, (enum permission)p));
        store_put_def(b->store, KIND_RIGHTS, record_view(&name), record_view(&value));
        record_clear(&name);
    }
    record_clear(&value);
}

void durable_put_exchange(struct exchange *x)
{
    struct store *s = store_of(x->vhost);
    struct record name, value = { .p = NULL };

    if (!s || !x->dest.durable || (FAULTY(auto_delete_not_stored) && x->auto_delete))
        return;
    name = pair(x->vhost->name, x->dest.name);
    record_uint(&value, x->type, 1);
    record_uint(&value, (uint64_t)(x->auto_delete | x->internal << 1), 1);
    record_str(&value, x->arguments);
    put(s, KIND_EXCHANGE, &name, &value);
    x->dest.batch = store_pending(s);
}

void durable_forget_exchange(const struct exchange *x)
{
    struct store *s = store_of(x->vhost);
    struct record name;

    if (!s || !x->dest.durable || FAULTY(deleted_exchanges_return))
        return;
    name = pair(x->vhost->name, x->dest.name);
    del(s, KIND_EXCHANGE, &name);
}

void durable_put_queue(struct queue *q)
{
    struct store *s = store_of(q->vhost);
    struct record name, value = { .p = NULL };

    if (!s || (!q->dest.durable && !(FAULTY(exclusive_queues_survive) && q->owner)) ||
        (FAULTY(auto_delete_not_stored) && q->auto_delete))
        return;
    name = pair(q->vhost->name, q->dest.name);
    record_uint(&value, q->id, 8);
    record_uint(&value, q->auto_delete, 1);
    record_str(&value, q->arguments);
    put(s, KIND_QUEUE, &name, &value);
    q->dest.batch = store_pending(s);
}

void durable_forget_queue(const struct queue *q)
{
    struct store *s = store_of(q->vhost);
    struct record name;

    if (!s || !q->dest.durable || FAULTY(deleted_queues_return))
        return;
    name = pair(q->vhost->name, q->dest.name);
    del(s, KIND_QUEUE, &name);
    store_del_queue(s, q->id);
}

/* The default exchange binds every queue under its name by itself. */
static bool binding_counts(const struct exchange *x, const struct destination *d, struct str key,
                           struct str arguments)
{
    bool by_itself = x->dest.name.n == 0 && arguments.n == 0 && str_eq(key, d->name);

    return store_of(x->vhost) && x->dest.durable && d->durable && !by_itself;
}

/* With the fields in the order of their names, as the router knows bindings apart. */
static struct record binding(const struct exchange *x, const struct destination *d, struct str key,
                             struct str arguments)
{
    struct record value = { .p = NULL };
    char *sorted = xmalloc(arguments.n);

    table_sort(arguments, sorted);
    record_str(&value, x->vhost->name);
    record_str(&value, x->dest.name);
    record_uint(&value, d->is_queue, 1);
    record_str(&value, d->name);
    record_str(&value, key);
    record_str(&value, (struct str){ sorted, arguments.n });
    free(sorted);
    return value;
}

/* All of a binding is its name, which is too long for a key of the store. */
static struct str digest(struct str value, char room[EVP_MAX_MD_SIZE])
{
    unsigned n = 0;

    if (!EVP_Digest(value.p, value.n, (unsigned char *)room, &n, EVP_sha256(), NULL))
        abort(); /* hashing memory cannot fail unless OpenSSL itself is broken */
    return (struct str){ room, n };
}

bool durable_put_binding(const struct exchange *x, const struct destination *d, struct str key,
                         struct str arguments)
{
    char room[EVP_MAX_MD_SIZE];
    struct record value;

    if (!binding_counts(x, d, key, arguments))
        return false;
    value = binding(x, d, key, arguments);
    store_put_def(store_of(x->vhost), KIND_BINDING, digest(record_view(&value), room),
                  record_view(&value));
    record_clear(&value);
    return true;
}

bool durable_del_binding(const struct exchange *x, const struct destination *d, struct str key,
                         struct str arguments)
{
    char room[EVP_MAX_MD_SIZE];
    struct record value;

    if (!binding_counts(x, d, key, arguments))
        return false;
    value = binding(x, d, key, arguments);
    store_del_def(store_of(x->vhost), KIND_BINDING, digest(record_view(&value), room));
    record_clear(&value);
    return true;
}

struct forgetting {
    const struct exchange *x;
    const struct destination *d; /* NULL: any */
};

static void forget(void *context, void *destination, struct str key, struct str arguments)
{
    const struct forgetting *f = context;

    if (!f->d || f->d == destination)
        durable_del_binding(f->x, destination, key, arguments);
}

void durable_forget_bindings(const struct exchange *x, const struct destination *d)
{
    struct forgetting f = { x, d };

    if (x->dest.durable && (!d || d->durable))
        router_each(x->router, forget, &f);
}

static void retain(void *owner)
{
    message_ref(owner);
}

static void release(void *owner)
{
    message_unref(owner);
}

uint64_t durable_put_message(const struct queue *q, const struct entry *e)
{
    struct store *s = q->vhost->broker->store;
    struct message *m = e->message;
    struct store_message record = {
        .queue_id = q->id,
        .seq = e->seq,
        .exchange = message_exchange(m),
        .routing_key = message_key(m),
        .properties = message_properties(m),
        .body = message_body(m),
        .expires_at_ms = m->expires_at_ms,
        .priority = m->priority,
    };

    store_put_message(s, &record, (struct store_hold){ m, retain, release });
    return store_pending(s);
}

void durable_del_message(const struct queue *q, const struct entry *e)
{
    if (!FAULTY(acked_return))
        store_del_message(q->vhost->broker->store, q->id, e->seq);
}

void durable_del_messages(const struct queue *q, uint64_t first, uint64_t last)
{
    if (!FAULTY(acked_return) && !FAULTY(purged_return))
        store_del_messages(q->vhost->broker->store, q->id, first, last);
}

struct message *durable_message(const struct store_message *s, size_t *account)
{
    struct message *m = message_new(s->exchange, s->routing_key,
                                    FAULTY(recovered_properties_lost) ? STR("\0\0") : s->properties,
                                    s->body.n, account);

    m = message_append(m, 0, s->body);
    if (FAULTY(recovered_bodies_cut) && m->body_bytes)
        m->body_bytes--;
    m->persistent = true;
    m->priority = s->priority;
    m->expires_at_ms = s->expires_at_ms;
    return m;
}

void durable_mark(const struct queue *q)
{
    store_set_mark(q->vhost->broker->store, q->id, q->mark);
}
