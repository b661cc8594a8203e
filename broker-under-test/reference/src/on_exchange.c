/* Exchanges: declare, delete, and the bindings between them. */
#include "handlers.h"

#include "access.h"
#include "broker.h"
#include "durable.h"
#include "faulty.h"
#include "names.h"
#include "share.h"
#include "table.h"

#include <assert.h>

static struct refusal missing(const struct channel *ch, struct str name)
{
    return refuse(NOT_FOUND, "no exchange '%.*s' in vhost '%.*s'", STR_ARGS(name),
                  STR_ARGS(ch->conn->vhost->name));
}

static struct refusal nameless(void)
{
    return refuse(ACCESS_REFUSED, "the default exchange is only published and bound to");
}

static void declare_ok(struct channel *ch, const struct m_exchange_declare *m,
                       const struct exchange *x)
{
    if (m->no_wait)
        return;
    conn_await_batch(ch->conn, x->dest.batch);
    SEND_BARE(ch->conn, ch->number, exchange_declare_ok);
}

static bool declared_as(const struct exchange *x, const struct m_exchange_declare *m,
                        enum route_type type)
{
    return x->type == type &&
           (x->dest.durable == m->durable || FAULTY(transient_exchanges_survive)) &&
           x->auto_delete == m->auto_delete && x->internal == m->internal &&
           table_equal(x->arguments, m->arguments);
}

static struct refusal create(struct channel *ch, const struct m_exchange_declare *m,
                             enum route_type type)
{
    struct refusal no = name_may_be_new("exchange", m->exchange);
    struct str alternate;
    struct exchange *x;

    if (no.code || (no = exchange_arguments_ok(m->arguments)).code ||
        (no = share_of_things(ch->conn, "exchange")).code)
        return no;
    if (table_longstr(m->arguments, STR("alternate-exchange"), &alternate) &&
        !FAULTY(alternate_for_all) &&
        ((!FAULTY(alternate_needs_no_read) && (no = may(ch, MAY_READ, m->exchange)).code) ||
         (no = may(ch, MAY_WRITE, alternate)).code))
        return no;
    x = exchange_add(ch->conn->vhost, m->exchange, type,
                     m->durable || FAULTY(transient_exchanges_survive));
    exchange_set(x, m->auto_delete, m->internal, m->arguments);
    durable_put_exchange(x);
    declare_ok(ch, m, x);
    return accepted;
}

/* "If passive and no-wait are both set, the server does nothing." */
static struct refusal declare_passive(struct channel *ch, const struct m_exchange_declare *m)
{
    const struct exchange *x = vhost_exchange(ch->conn->vhost, m->exchange);

    if (m->no_wait)
        return accepted;
    if (!x)
        return missing(ch, m->exchange);
    declare_ok(ch, m, x);
    return accepted;
}

struct refusal on_exchange_declare(struct channel *ch, const struct m_exchange_declare *m)
{
    struct exchange *x = vhost_exchange(ch->conn->vhost, m->exchange);
    struct refusal no;
    enum route_type type;

    if (m->exchange.n == 0)
        return refuse(PRECONDITION_FAILED, "an exchange needs a name");
    if (FAULTY(passive_needs_configure) && (no = may(ch, MAY_CONFIGURE, m->exchange)).code)
        return no;
    if (m->passive)
        return declare_passive(ch, m);
    if ((no = may(ch, MAY_CONFIGURE, m->exchange)).code)
        return no;
    if (!exchange_type(m->type, &type))
        return refuse(COMMAND_INVALID, "no exchange type '%.*s'", STR_ARGS(m->type));
    if (!x)
        return create(ch, m, type);
    if (!declared_as(x, m, type))
        return refuse(PRECONDITION_FAILED, "exchange '%.*s' exists with other properties",
                      STR_ARGS(m->exchange));
    declare_ok(ch, m, x);
    return accepted;
}

struct refusal on_exchange_delete(struct channel *ch, const struct m_exchange_delete *m)
{
    struct exchange *x = vhost_exchange(ch->conn->vhost, m->exchange);
    struct refusal no;
    bool durable;

    if (m->exchange.n == 0)
        return nameless();
    if (name_is_reserved(m->exchange))
        return refuse(ACCESS_REFUSED, "exchange '%.*s' is not to be deleted",
                      STR_ARGS(m->exchange));
    if (!FAULTY(deletes_need_no_right) && (no = may(ch, MAY_CONFIGURE, m->exchange)).code)
        return no;
    if (!x)
        return missing(ch, m->exchange);
    if (m->if_unused && exchange_in_use(x))
        return refuse(PRECONDITION_FAILED, "exchange '%.*s' is in use", STR_ARGS(m->exchange));
    durable = x->dest.durable;
    exchange_delete(x);
    if (m->no_wait)
        return accepted;
    if (durable)
        conn_await_commit(ch->conn);
    SEND_BARE(ch->conn, ch->number, exchange_delete_ok);
    return accepted;
}

/* The ends of a binding between exchanges, or why not. */
static struct refusal ends(struct channel *ch, struct str source, struct str destination,
                           struct exchange **from, struct exchange **to)
{
    struct refusal no;

    if (source.n == 0 || destination.n == 0)
        return nameless();
    if ((no = may(ch, MAY_WRITE, destination)).code ||
        (!FAULTY(binding_needs_no_read) && (no = may(ch, MAY_READ, source)).code))
        return no;
    *from = vhost_exchange(ch->conn->vhost, source);
    *to = vhost_exchange(ch->conn->vhost, destination);
    if (!*from)
        return missing(ch, source);
    if (!*to)
        return missing(ch, destination);
    return accepted;
}

struct refusal on_exchange_bind(struct channel *ch, const struct m_exchange_bind *m)
{
    struct exchange *from = NULL, *to = NULL;
    struct refusal no = ends(ch, m->source, m->destination, &from, &to);

    if (no.code || (no = binding_arguments_ok(m->arguments)).code ||
        (no = share_of_bindings(ch->conn, from)).code)
        return no;
    assert(from && to);
    if (binding_add(from, &to->dest, m->routing_key, m->arguments) &&
        durable_put_binding(from, &to->dest, m->routing_key, m->arguments) && !m->no_wait)
        conn_await_commit(ch->conn);
    if (!m->no_wait)
        SEND_BARE(ch->conn, ch->number, exchange_bind_ok);
    return accepted;
}

struct refusal on_exchange_unbind(struct channel *ch, const struct m_exchange_unbind *m)
{
    struct exchange *from = NULL, *to = NULL;
    struct refusal no = ends(ch, m->source, m->destination, &from, &to);

    if (no.code)
        return no;
    assert(from && to);
    if (!binding_remove(from, &to->dest, m->routing_key, m->arguments))
        return refuse(NOT_FOUND, "no such binding of '%.*s' to '%.*s'", STR_ARGS(m->destination),
                      STR_ARGS(m->source));
    if (durable_del_binding(from, &to->dest, m->routing_key, m->arguments) && !m->no_wait)
        conn_await_commit(ch->conn);
    if (from->auto_delete && !exchange_in_use(from))
        exchange_delete(from);
    if (!m->no_wait)
        SEND_BARE(ch->conn, ch->number, exchange_unbind_ok);
    return accepted;
}
