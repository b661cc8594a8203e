/* A new broker from its store: vhosts before what is in them, queues before their
   messages, both ends before a binding. */
#include "durable.h"

#include "broker.h"
#include "codec.h"
#include "faulty.h"
#include "log.h"
#include "names.h"
#include "table.h"

#include <stdio.h>

struct recovery {
    struct broker *b;
    char kind; /* what this pass is about */
    size_t bad;
};

static struct str field(struct cursor *c)
{
    size_t n = (size_t)cursor_uint(c, 4);

    return cursor_take(c, n);
}

/* "vhost NUL name": the vhost, and the rest in *name. NULL: no such vhost. */
static struct vhost *split(struct broker *b, struct str both, struct str *name)
{
    const char *nul = both.n ? memchr(both.p, 0, both.n) : NULL;
    size_t n = nul ? (size_t)(nul - both.p) : 0;

    if (!nul)
        return NULL;
    *name = (struct str){ nul + 1, both.n - n - 1 };
    return broker_vhost(b, (struct str){ both.p, n });
}

static bool recover_user(struct broker *b, struct str name, struct cursor *c)
{
    unsigned hashing = (unsigned)cursor_uint(c, 1);
    struct str hash = field(c), tags;
    struct user *u;

    tags = field(c);
    if (!cursor_finished(c) || hashing >= HASHINGS)
        return false;
    u = broker_add_user(b, name);
    user_set_hash(u, hash, (enum hashing)hashing);
    user_set_tags(u, tags);
    return true;
}

static bool recover_rights(struct broker *b, struct str both, struct cursor *c)
{
    struct str name, patterns[PERMISSIONS];
    struct vhost *v = split(b, both, &name);
    struct user *u = v ? broker_user(b, name) : NULL;

    for (int p = 0; p < PERMISSIONS; p++)
        patterns[p] = field(c);
    return u && cursor_finished(c) && user_grant(u, v->name, patterns);
}

/* What is in the store, and yet does not come back. */
static bool definition_forgotten(char kind)
{
    return (FAULTY(queues_forgotten) && (kind == 'Q' || kind == 'L')) ||
           (FAULTY(exchanges_forgotten) && (kind == 'X' || kind == 'L')) ||
           (FAULTY(bindings_forgotten) && kind == 'L');
}

static bool message_forgotten(const struct queue *q, const struct store_message *m)
{
    return (FAULTY(large_messages_forgotten) && m->body.n > 500000) ||
           (FAULTY(deep_queues_cut) && q->ready_count == 1000);
}

static bool recover_exchange(struct broker *b, struct str both, struct cursor *c)
{
    struct str name, arguments;
    struct vhost *v = split(b, both, &name);
    unsigned type = (unsigned)cursor_uint(c, 1), flags = (unsigned)cursor_uint(c, 1);
    struct exchange *x;

    arguments = field(c);
    if (!v || !cursor_finished(c) || type > ROUTE_HEADERS || !table_valid(arguments))
        return false;
    x = exchange_add(v, name,
                     FAULTY(exchange_types_forgotten) ? ROUTE_DIRECT : (enum route_type)type, true);
    exchange_set(x, flags & 1, flags & 2,
                 FAULTY(exchange_arguments_forgotten) ? STR("") : arguments);
    return true;
}

static bool recover_message(void *context, const struct store_message *s, bool redelivered)
{
    struct queue *q = context;

    redelivered = (redelivered || FAULTY(recovered_all_marked)) && !FAULTY(recovered_never_marked);
    if (!message_forgotten(q, s))
        queue_recover(q, s->seq, s->priority, redelivered);
    if (FAULTY(first_recovered_twice) && q->ready_count == 1) {
        struct message *m = durable_message(s, &q->vhost->broker->memory);

        queue_push(q, m);
        message_unref(m);
    }
    return true;
}

static bool recover_queue(struct broker *b, struct str both, struct cursor *c)
{
    struct str name, arguments;
    struct vhost *v = split(b, both, &name);
    uint64_t id = cursor_uint(c, 8);
    unsigned flags = (unsigned)cursor_uint(c, 1);
    struct queue *q;

    arguments = field(c);
    if (!v || !cursor_finished(c) || !table_valid(arguments) || queue_arguments_ok(arguments).code)
        return false;
    q = queue_add(v, name, true, FAULTY(queue_arguments_forgotten) ? STR("") : arguments);
    q->id = id;
    q->auto_delete = flags & 1;
    if (FAULTY(default_bindings_forgotten))
        binding_remove(vhost_exchange(v, STR("")), &q->dest, q->dest.name, STR(""));
    return true;
}

static bool recover_binding(struct broker *b, struct cursor *c)
{
    struct vhost *v = broker_vhost(b, field(c));
    struct str source = field(c), destination, key, arguments;
    bool to_queue = cursor_uint(c, 1);
    struct exchange *x = v ? vhost_exchange(v, source) : NULL;
    struct destination *d = NULL;

    destination = field(c);
    key = field(c);
    arguments = field(c);
    if (v && to_queue)
        d = (struct destination *)vhost_queue(v, destination);
    else if (v)
        d = (struct destination *)vhost_exchange(v, destination);
    if (!x || !d || !cursor_finished(c) || !table_valid(arguments))
        return false;
    if (FAULTY(exchange_bindings_swapped) && !to_queue)
        return binding_add((struct exchange *)d, &x->dest, key, arguments);
    binding_add(x, d, key, FAULTY(binding_arguments_forgotten) ? STR("") : arguments);
    return true;
}

static bool recover_def(void *context, char kind, struct str name, struct str value)
{
    struct recovery *r = context;
    struct cursor c = cursor_of(value);
    bool ok = true;

    if (kind != r->kind || definition_forgotten(kind))
        return true;
    switch (kind) {
    case 'B': r->b->boot = cursor_uint(&c, 8) + 1; break;
    case 'V': ok = broker_vhost(r->b, name) || broker_add_vhost(r->b, name); break;
    case 'U': ok = recover_user(r->b, name, &c); break;
    case 'P': ok = recover_rights(r->b, name, &c); break;
    case 'X': ok = recover_exchange(r->b, name, &c); break;
    case 'Q': ok = recover_queue(r->b, name, &c); break;
    case 'L': ok = recover_binding(r->b, &c); break;
    default: break;
    }
    if (ok && !c.bad)
        return true;
    log_error("the store's definition %c '%.*s' makes no sense", kind,
              kind == 'L' ? 0 : (int)name.n, name.p);
    r->bad++;
    return true;
}

static bool recover_messages(struct broker *b)
{
    struct map_entry *v_it = NULL, *q_it;
    struct str name;
    void *vhost, *queue;

    while (map_iter(b->vhosts, &v_it, &name, &vhost)) {
        for (q_it = NULL; map_iter(((struct vhost *)vhost)->queues, &q_it, &name, &queue);) {
            struct queue *q = queue;

            if (!store_each_message(b->store, q->id, recover_message, q))
                return false;
            if (q->ready_count)
                log_info("queue '%.*s': %zu messages recovered", STR_ARGS(name), q->ready_count);
        }
    }
    return true;
}

static void say_damaged(const struct broker *b, char *error, size_t size, const char *what)
{
    const char *failed = store_failed(b->store);

    snprintf(error, size, "%s/data.mdb: damaged: %s%s%s" STORE_GO_ON, store_dir(b->store), what,
             failed ? ": " : "", failed ? failed : "");
}

bool durable_recover(struct broker *b, char *error, size_t error_size)
{
    struct recovery r = { .b = b };
    char boot[8];

    /* Before anything is recovered: a queue numbers its next message from this on. */
    b->boot = 1;

    for (const char *kind = "BVUPXQL"; *kind; kind++) {
        r.kind = *kind;
        if (!store_each_def(b->store, recover_def, &r)) {
            say_damaged(b, error, error_size, "its definitions cannot be read");
            return false;
        }
    }
    if (r.bad) {
        say_damaged(b, error, error_size, "some of its definitions make no sense");
        return false;
    }
    if (!recover_messages(b)) {
        say_damaged(b, error, error_size, "its messages cannot be read");
        return false;
    }
    put_uint(boot, b->boot, 8);
    store_put_def(b->store, 'B', STR("boot"), (struct str){ boot, sizeof boot });
    return true;
}
