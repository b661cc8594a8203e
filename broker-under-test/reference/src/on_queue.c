/* Queues: declare, bind, unbind, purge, delete. */
#include "handlers.h"

#include "access.h"
#include "broker.h"
#include "durable.h"
#include "faulty.h"
#include "mem.h"
#include "names.h"
#include "share.h"
#include "table.h"

static void remember(struct channel *ch, const struct queue *q)
{
    struct str old = ch->last_queue;

    if (FAULTY(first_declared_queue_remembered) && old.n)
        return;
    ch->last_queue = str_dup(q->dest.name);
    str_free(&old);
}

static void declare_ok(struct channel *ch, const struct m_queue_declare *m, const struct queue *q)
{
    remember(ch, q);
    if (m->no_wait)
        return;
    conn_await_batch(ch->conn, q->dest.batch);
    SEND(ch->conn, ch->number, queue_declare_ok, .queue = q->dest.name,
         .message_count =
             (uint32_t)(q->ready_count + (FAULTY(held_messages_counted) ? q->unacked_count : 0)),
         .consumer_count = (uint32_t)queue_active_consumers(q));
}

/* An exclusive queue ends with its connection, so its durable bit has no meaning. */
static bool declared_as(const struct queue *q, const struct m_queue_declare *m)
{
    return ((q->owner != NULL) == m->exclusive || FAULTY(exclusive_not_compared)) &&
           (q->dest.durable == (m->durable && !m->exclusive) || FAULTY(transient_queues_survive)) &&
           q->auto_delete == m->auto_delete && table_equal(q->arguments, m->arguments);
}

static struct refusal foreign(struct str name)
{
    return refuse(RESOURCE_LOCKED, "queue '%.*s' belongs to another connection", STR_ARGS(name));
}

static struct refusal create(struct channel *ch, const struct m_queue_declare *m, struct str name)
{
    struct conn *c = ch->conn;
    struct str alternate;
    struct refusal no = queue_arguments_ok(m->arguments);
    struct queue *q;

    if (no.code || (no = share_of_things(c, "queue")).code)
        return no;
    if (table_longstr(m->arguments, STR("x-dead-letter-exchange"), &alternate) &&
        !FAULTY(dead_letters_for_all) &&
        ((!FAULTY(dead_letters_need_no_read) && (no = may(ch, MAY_READ, name)).code) ||
         (no = may(ch, MAY_WRITE, alternate)).code))
        return no;
    q = queue_add(c->vhost, name, (m->durable || FAULTY(transient_queues_survive)) && !m->exclusive,
                  m->arguments);
    q->auto_delete = m->auto_delete;
    if (m->exclusive) {
        q->owner = c;
        TAILQ_INSERT_TAIL(&c->owned, q, owned_link);
    }
    durable_put_queue(q);
    declare_ok(ch, m, q);
    return accepted;
}

static struct refusal declare_passive(struct channel *ch, const struct m_queue_declare *m)
{
    struct queue *q;
    struct refusal no = channel_queue(ch, m->queue, &q);

    /* "If passive and no-wait are both set, the server does nothing." */
    if (m->no_wait)
        return accepted;
    if (no.code)
        return no;
    declare_ok(ch, m, q);
    return accepted;
}

struct refusal on_queue_declare(struct channel *ch, const struct m_queue_declare *m)
{
    char generated[64];
    struct str name = m->queue;
    struct queue *q;
    struct refusal no;

    if (FAULTY(passive_needs_configure) && (no = may(ch, MAY_CONFIGURE, name)).code)
        return no;
    if (FAULTY(passive_refused_for_all) && m->passive && may(ch, MAY_CONFIGURE, name).code)
        return refuse(NOT_ALLOWED, "no rights on queue '%.*s'", STR_ARGS(name));
    if (FAULTY(passive_of_queues_watched) && m->passive && may(ch, MAY_CONFIGURE, name).code &&
        may(ch, MAY_WRITE, name).code && (no = may(ch, MAY_READ, name)).code)
        return no;
    if (m->passive)
        return declare_passive(ch, m);
    if (name.n == 0)
        name = broker_new_name(ch->conn->broker, "amq.gen-", generated);
    q = vhost_queue(ch->conn->vhost, name);
    if (q && q->owner && q->owner != ch->conn)
        return foreign(name);
    if (!q && m->queue.n && (no = name_may_be_new("queue", name)).code)
        return no;
    if (!(FAULTY(generated_name_for_all) && m->queue.n == 0) &&
        (no = may(ch, MAY_CONFIGURE, name)).code)
        return no;
    if (!q)
        return create(ch, m, name);
    if (!declared_as(q, m))
        return refuse(PRECONDITION_FAILED, "queue '%.*s' exists with other properties",
                      STR_ARGS(name));
    declare_ok(ch, m, q);
    return accepted;
}

/* Both ends of a binding, or why not. A blank queue with a blank key means the queue's
   own name as key. */
struct ends {
    struct queue *q;
    struct exchange *x;
    struct str key;
};

static struct refusal ends(struct channel *ch, struct str queue, struct str exchange,
                           struct str key, struct ends *e)
{
    struct refusal no = FAULTY(binding_needs_no_read) ? accepted : may(ch, MAY_READ, exchange);

    if (no.code || (no = may_queue(ch, MAY_WRITE, queue, &e->q)).code)
        return no;
    e->x = vhost_exchange(ch->conn->vhost, exchange);
    if (!e->x)
        return refuse(NOT_FOUND, "no exchange '%.*s' in vhost '%.*s'", STR_ARGS(exchange),
                      STR_ARGS(ch->conn->vhost->name));
    e->key = queue.n == 0 && key.n == 0 && !FAULTY(both_blank_is_blank_key) ? e->q->dest.name : key;
    return accepted;
}

struct refusal on_queue_bind(struct channel *ch, const struct m_queue_bind *m)
{
    struct ends e;
    struct refusal no = ends(ch, m->queue, m->exchange, m->routing_key, &e);

    if (!no.code && FAULTY(refused_binding_kept))
        binding_add(e.x, &e.q->dest, e.key, m->arguments);
    if (no.code || (no = binding_arguments_ok(m->arguments)).code ||
        (no = share_of_bindings(ch->conn, e.x)).code)
        return no;
    if (binding_add(e.x, &e.q->dest, e.key, m->arguments) &&
        durable_put_binding(e.x, &e.q->dest, e.key, m->arguments) && !m->no_wait)
        conn_await_commit(ch->conn);
    if (!m->no_wait)
        SEND_BARE(ch->conn, ch->number, queue_bind_ok);
    return accepted;
}

struct refusal on_queue_unbind(struct channel *ch, const struct m_queue_unbind *m)
{
    struct ends e;
    struct refusal no = ends(ch, m->queue, m->exchange, m->routing_key, &e);

    if (no.code)
        return no;
    if (!binding_remove(e.x, &e.q->dest, e.key, m->arguments))
        return refuse(NOT_FOUND, "no such binding of '%.*s' to '%.*s'", STR_ARGS(e.q->dest.name),
                      STR_ARGS(m->exchange));
    if (durable_del_binding(e.x, &e.q->dest, e.key, m->arguments))
        conn_await_commit(ch->conn);
    if (e.x->auto_delete && !exchange_in_use(e.x))
        exchange_delete(e.x);
    SEND_BARE(ch->conn, ch->number, queue_unbind_ok);
    return accepted;
}

struct refusal on_queue_purge(struct channel *ch, const struct m_queue_purge *m)
{
    struct queue *q;
    struct refusal no = FAULTY(purge_needs_no_right) ? channel_queue(ch, m->queue, &q)
                                                     : may_queue(ch, MAY_READ, m->queue, &q);
    size_t n;

    if (no.code)
        return no;
    n = queue_purge(q);
    if (!m->no_wait)
        SEND(ch->conn, ch->number, queue_purge_ok, .message_count = (uint32_t)n);
    return accepted;
}

/* The answer goes first, so that a client waiting for it does not get the notices to its own
   consumers instead; it stands behind the gate all the same. */
struct refusal on_queue_delete(struct channel *ch, const struct m_queue_delete *m)
{
    struct queue *q;
    struct refusal no = FAULTY(deletes_need_no_right) ? channel_queue(ch, m->queue, &q)
                                                      : may_queue(ch, MAY_CONFIGURE, m->queue, &q);

    if (no.code)
        return no;
    if (m->if_unused && (q->consumers || (FAULTY(once_used_always_used) && q->had_consumer)))
        return refuse(PRECONDITION_FAILED, "queue '%.*s' has consumers", STR_ARGS(q->dest.name));
    if (m->if_empty && q->ready_count)
        return refuse(PRECONDITION_FAILED, "queue '%.*s' is not empty", STR_ARGS(q->dest.name));
    if (q->dest.durable && !m->no_wait)
        conn_await_commit(ch->conn);
    if (!m->no_wait)
        SEND(ch->conn, ch->number, queue_delete_ok, .message_count = (uint32_t)q->ready_count);
    queue_delete(q);
    return accepted;
}
