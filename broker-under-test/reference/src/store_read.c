#include "store_inside.h"

#include <assert.h>

/* Opens a cursor for reading; the transaction goes with it. */
static MDB_cursor *cursor_open(struct store *s, MDB_dbi dbi)
{
    MDB_cursor *c = NULL;
    MDB_txn *txn;
    int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);

    assert(!s->begun);
    if (!rc && (rc = mdb_cursor_open(txn, dbi, &c)))
        mdb_txn_abort(txn);
    if (rc)
        store_fail(s, "cannot read", rc);
    return rc ? NULL : c;
}

static void cursor_close(MDB_cursor *c)
{
    MDB_txn *txn = mdb_cursor_txn(c);

    mdb_cursor_close(c);
    mdb_txn_abort(txn);
}

static struct str view(const MDB_val *v)
{
    return (struct str){ v->mv_data, v->mv_size };
}

/* The end of the records is good news, anything else is not. */
static bool ended_well(struct store *s, int rc)
{
    if (rc && rc != MDB_NOTFOUND)
        store_fail(s, "cannot read", rc);
    return rc == MDB_NOTFOUND || rc == 0;
}

static struct str cut(struct str *rest, size_t n)
{
    struct str part = { rest->p, n };

    rest->p += n;
    rest->n -= n;
    return part;
}

static bool visit_def(const MDB_val *v, store_def_fn *visit, void *context, bool *more)
{
    struct str rest = view(v), key;
    size_t octets;

    if (rest.n < DEF_HEAD)
        return false;
    octets = (size_t)get_be(v->mv_data, DEF_HEAD);
    cut(&rest, DEF_HEAD);
    if (octets < 1 || octets > rest.n)
        return false;
    key = cut(&rest, octets);
    *more = visit(context, *key.p, (struct str){ key.p + 1, key.n - 1 }, rest);
    return true;
}

bool store_each_def(struct store *s, store_def_fn *visit, void *context)
{
    MDB_cursor *c = cursor_open(s, s->defs);
    MDB_val k, v;
    bool more = true;
    int rc = 0;

    if (!c)
        return false;
    while (!rc && more) {
        rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
        if (!rc && !visit_def(&v, visit, context, &more))
            rc = MDB_CORRUPTED;
    }
    cursor_close(c);
    return ended_well(s, rc) && more;
}

static bool decode(const MDB_val *k, const MDB_val *v, struct store_message *m)
{
    const unsigned char *key = k->mv_data, *head = v->mv_data;
    struct str rest = view(v);
    size_t properties, exchange, routing_key;

    if (k->mv_size != KEY_OCTETS || rest.n < RECORD_HEAD)
        return false;
    properties = (size_t)get_be(head + 8, 4);
    exchange = (size_t)get_be(head + 12, 2);
    routing_key = (size_t)get_be(head + 14, 2);
    if (properties + exchange + routing_key > rest.n - RECORD_HEAD)
        return false;
    m->queue_id = get_be(key, 8);
    m->seq = get_be(key + 8, 8);
    m->expires_at_ms = (int64_t)get_be(head, 8);
    m->priority = head[16];
    cut(&rest, RECORD_HEAD);
    m->exchange = cut(&rest, exchange);
    m->routing_key = cut(&rest, routing_key);
    m->properties = cut(&rest, properties);
    m->body = rest;
    return true;
}

/* 0 if the queue has none: every message counts from 1. */
static int read_mark(struct store *s, MDB_txn *txn, uint64_t queue_id, uint64_t *mark)
{
    unsigned char key[8];
    MDB_val k = { sizeof key, key }, v;
    int rc;

    *mark = 0;
    put_be(key, queue_id, 8);
    rc = mdb_get(txn, s->marks, &k, &v);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (!rc && v.mv_size == 8)
        *mark = get_be(v.mv_data, 8);
    return rc;
}

bool store_each_message(struct store *s, uint64_t queue_id, store_message_fn *visit, void *context)
{
    MDB_cursor *c = cursor_open(s, s->messages);
    unsigned char from[KEY_OCTETS];
    MDB_val k = { sizeof from, from }, v;
    uint64_t mark;
    bool more = true;
    int rc;

    if (!c)
        return false;
    put_key(from, queue_id, 0);
    rc = read_mark(s, mdb_cursor_txn(c), queue_id, &mark);
    if (!rc)
        rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
    while (!rc && more) {
        struct store_message m;

        if (!decode(&k, &v, &m)) {
            rc = MDB_CORRUPTED;
            break;
        }
        if (m.queue_id != queue_id)
            break;
        more = visit(context, &m, m.seq <= mark);
        if (more)
            rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
    }
    cursor_close(c);
    return ended_well(s, rc) && more;
}

/* A transaction and its cursor are made once; making them anew would cost more than a message. */
static int begin_reading(struct store *s)
{
    MDB_txn *txn;
    int rc;

    if (s->reader) {
        txn = mdb_cursor_txn(s->reader);
        rc = mdb_txn_renew(txn);
        return rc ? rc : mdb_cursor_renew(txn, s->reader);
    }
    rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
    if (!rc && (rc = mdb_cursor_open(txn, s->messages, &s->reader))) {
        s->reader = NULL;
        mdb_txn_abort(txn);
    }
    return rc;
}

void store_end_reading(struct store *s)
{
    if (s->reader)
        cursor_close(s->reader);
    s->reader = NULL;
}

/* Its first message must be there, for somebody counts on it. */
static int read_from(MDB_cursor *c, MDB_val *k, store_message_fn *visit, void *context)
{
    struct store_message m = { .queue_id = get_be(k->mv_data, 8) };
    uint64_t queue_id = m.queue_id;
    MDB_val v;
    int rc = mdb_cursor_get(c, k, &v, MDB_SET);

    while (!rc) {
        if (!decode(k, &v, &m))
            return MDB_CORRUPTED;
        if (m.queue_id != queue_id || !visit(context, &m, false))
            return 0;
        rc = mdb_cursor_get(c, k, &v, MDB_NEXT);
        if (rc == MDB_NOTFOUND)
            return 0;
    }
    return rc;
}

bool store_read_from(struct store *s, uint64_t queue_id, uint64_t first, store_message_fn *visit,
                     void *context)
{
    unsigned char from[KEY_OCTETS];
    MDB_val k = { sizeof from, from };
    int rc;

    put_key(from, queue_id, first);
    pthread_mutex_lock(&s->map);
    rc = begin_reading(s);
    if (!rc)
        rc = read_from(s->reader, &k, visit, context);
    if (s->reader)
        mdb_txn_reset(mdb_cursor_txn(s->reader)); /* or it would keep old pages from being used */
    pthread_mutex_unlock(&s->map);
    if (rc)
        store_fail(s, "cannot read a message back", rc);
    return rc == 0;
}
