#include "store_inside.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>

/* One transaction writes at most about this much: LMDB keeps a list of dirty pages
   that may not grow without end. A larger batch takes several; it is committed
   when the last one is. */
enum { LIMIT_TXN = 64 << 20 };

/* What an operation without a body costs at most: the page it touches. */
enum { TOUCHED = 4096 };

struct writer {
    struct store *store;
    MDB_txn *txn;
    MDB_cursor *messages;
    size_t spent, pieces; /* octets of this transaction; transactions before it */
};

void store_fail(struct store *s, const char *what, int rc)
{
    if (atomic_load(&s->failed))
        return;
    snprintf(s->failure, sizeof s->failure, "%s: %s%s%s", s->dir, what, rc ? ": " : "",
             rc ? mdb_strerror(rc) : "");
    atomic_store(&s->failed, true);
}

static int writer_begin(struct writer *w)
{
    int rc = mdb_txn_begin(w->store->env, NULL, 0, &w->txn);

    w->spent = 0;
    if (rc)
        w->txn = NULL;
    return rc ? rc : mdb_cursor_open(w->txn, w->store->messages, &w->messages);
}

static int writer_commit(struct writer *w)
{
    int rc;

    mdb_cursor_close(w->messages);
    w->messages = NULL;
    rc = mdb_txn_commit(w->txn); /* frees it, whatever comes of it */
    w->txn = NULL;
    return rc;
}

static void writer_abort(struct writer *w)
{
    if (w->messages)
        mdb_cursor_close(w->messages);
    if (w->txn)
        mdb_txn_abort(w->txn);
    w->messages = NULL;
    w->txn = NULL;
}

static int spend(struct writer *w, size_t bytes)
{
    int rc;

    w->spent += bytes;
    if (w->spent < LIMIT_TXN)
        return 0;
    rc = writer_commit(w);
    w->pieces += rc == 0;
    return rc ? rc : writer_begin(w);
}

static unsigned char *append(unsigned char *p, struct str s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}

/* Straight into LMDB's page: the body is copied once, from the frame's buffer to here. */
static int put_message(struct writer *w, const struct op *op)
{
    unsigned char key[KEY_OCTETS], *p;
    size_t size = RECORD_HEAD + op->put.exchange.n + op->put.routing_key.n + op->put.properties.n +
                  op->put.body.n;
    MDB_val k = { sizeof key, key }, v = { size, NULL };
    int rc;

    put_key(key, op->queue_id, op->seq);
    rc = mdb_cursor_put(w->messages, &k, &v, MDB_RESERVE);
    if (rc)
        return rc;
    p = v.mv_data;
    put_be(p, (uint64_t)op->put.expires_at_ms, 8);
    put_be(p + 8, op->put.properties.n, 4);
    put_be(p + 12, op->put.exchange.n, 2);
    put_be(p + 14, op->put.routing_key.n, 2);
    p[16] = op->priority;
    p = append(p + RECORD_HEAD, op->put.exchange);
    p = append(p, op->put.routing_key);
    p = append(p, op->put.properties);
    append(p, op->put.body);
    return spend(w, size);
}

static int missing_is_fine(int rc)
{
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int del_message(struct writer *w, const struct op *op)
{
    unsigned char key[KEY_OCTETS];
    MDB_val k = { sizeof key, key };
    int rc;

    put_key(key, op->queue_id, op->seq);
    rc = missing_is_fine(mdb_del(w->txn, w->store->messages, &k, NULL));
    return rc ? rc : spend(w, TOUCHED);
}

static int del_range(struct writer *w, uint64_t queue_id, uint64_t first, uint64_t last)
{
    unsigned char from[KEY_OCTETS], to[KEY_OCTETS];
    int rc = 0;

    put_key(from, queue_id, first);
    put_key(to, queue_id, last);
    while (!rc) {
        MDB_val k = { sizeof from, from }, v;

        rc = mdb_cursor_get(w->messages, &k, &v, MDB_SET_RANGE);
        if (rc || k.mv_size != KEY_OCTETS || memcmp(k.mv_data, to, sizeof to) > 0)
            break;
        rc = mdb_cursor_del(w->messages, 0);
        if (!rc)
            rc = spend(w, TOUCHED / 8); /* many records to a page */
    }
    return missing_is_fine(rc);
}

static int del_queue(struct writer *w, const struct op *op)
{
    unsigned char key[8];
    MDB_val k = { sizeof key, key };
    int rc;

    put_be(key, op->queue_id, sizeof key);
    rc = missing_is_fine(mdb_del(w->txn, w->store->marks, &k, NULL));
    return rc ? rc : del_range(w, op->queue_id, 0, UINT64_MAX);
}

/* Never falls, whatever order the batches bring. */
static int put_mark(struct writer *w, const struct op *op)
{
    unsigned char key[8], value[8];
    MDB_val k = { sizeof key, key }, v;
    int rc;

    put_be(key, op->queue_id, 8);
    put_be(value, op->mark, 8);
    rc = mdb_get(w->txn, w->store->marks, &k, &v);
    if (!rc && v.mv_size == sizeof value && memcmp(v.mv_data, value, sizeof value) >= 0)
        return 0;
    if (missing_is_fine(rc))
        return rc;
    v = (MDB_val){ sizeof value, value };
    return mdb_put(w->txn, w->store->marks, &k, &v, 0);
}

/* LMDB takes keys of 511 octets. A longer name is cut and told from its likes by a
   digest; the whole name is in the value. */
static size_t put_def_key(unsigned char *key, const struct op *op)
{
    size_t n = op->def.key_octets;

    if (n <= LIMIT_DEF_KEY) {
        memcpy(key, op->def.bytes, n);
        return n;
    }
    n = LIMIT_DEF_KEY - SHA256_DIGEST_LENGTH;
    memcpy(key, op->def.bytes, n);
    SHA256((const unsigned char *)op->def.bytes, op->def.key_octets, key + n);
    return LIMIT_DEF_KEY;
}

static int write_def(struct writer *w, const struct op *op)
{
    unsigned char key[LIMIT_DEF_KEY];
    MDB_val k = { 0, key }, v = { DEF_HEAD + op->def.key_octets + op->def.value_octets, NULL };
    int rc;

    k.mv_size = put_def_key(key, op);
    if (op->kind == OP_DEL_DEF)
        return missing_is_fine(mdb_del(w->txn, w->store->defs, &k, NULL));
    rc = mdb_put(w->txn, w->store->defs, &k, &v, MDB_RESERVE);
    if (rc)
        return rc;
    put_be(v.mv_data, op->def.key_octets, DEF_HEAD);
    append((unsigned char *)v.mv_data + DEF_HEAD,
           (struct str){ op->def.bytes, v.mv_size - DEF_HEAD });
    return spend(w, v.mv_size);
}

static int write_op(struct writer *w, const struct op *op)
{
    switch (op->kind) {
    case OP_CANCELLED: return 0;
    case OP_PUT: return put_message(w, op);
    case OP_DEL: return del_message(w, op);
    case OP_DEL_RANGE: return del_range(w, op->queue_id, op->seq, op->last);
    case OP_DEL_QUEUE: return del_queue(w, op);
    case OP_MARK: return put_mark(w, op);
    case OP_PUT_DEF:
    case OP_DEL_DEF: break;
    }
    return write_def(w, op);
}

static int write_once(struct store *s, struct batch *b, size_t *spent)
{
    struct writer w = { .store = s };
    int rc = writer_begin(&w);

    for (size_t i = 0; !rc && i < b->n; i++)
        rc = write_op(&w, &b->op[i]);
    if (!rc)
        rc = writer_commit(&w);
    writer_abort(&w);
    b->in_part = b->in_part || w.pieces > 0;
    *spent = w.spent;
    return rc;
}

/* The map starts small and doubles up to its ceiling. */
static bool grow_map(struct store *s)
{
    MDB_envinfo info;
    size_t size;
    bool grown;

    mdb_env_info(s->env, &info);
    size = info.me_mapsize > s->map_ceiling / 2 ? s->map_ceiling : info.me_mapsize * 2;
    /* It may move, and nobody may be reading then. */
    pthread_mutex_lock(&s->map);
    grown = size > info.me_mapsize && mdb_env_set_mapsize(s->env, size) == 0;
    pthread_mutex_unlock(&s->map);
    return grown;
}

/* Writing a batch again, also after a part of it was committed, ends in the same
   state: the last operation on a key decides. */
enum written store_write(struct store *s, struct batch *b)
{
    size_t spent = 0;
    const char *full;
    int rc = 0;

    if (b->live > 0)
        rc = write_once(s, b, &spent);
    while (rc == MDB_MAP_FULL && grow_map(s))
        rc = write_once(s, b, &spent);
    if (rc == 0)
        return WRITTEN;
    full = store_no_room(s, rc, spent);
    if (!full) {
        store_fail(s, "cannot write", rc);
        return FAILED;
    }
    atomic_store(&s->full, full);
    store_make_room(s, b);
    return NO_ROOM;
}

static bool frees(const struct op *op)
{
    return (op->kind == OP_DEL && !op->bound) || op->kind == OP_DEL_RANGE ||
           op->kind == OP_DEL_QUEUE;
}

/* The same again, so that one more transaction has a number: LMDB gives out the pages of a
   transaction only to the second one after it. */
static int rewrite_format(struct writer *w)
{
    MDB_val k = { sizeof FORMAT_KEY - 1, (char[]){ FORMAT_KEY } };
    MDB_val v = { sizeof FORMAT_VALUE - 1, (char[]){ FORMAT_VALUE } };

    return mdb_put(w->txn, w->store->about, &k, &v, 0);
}

static int commit_deletes(struct store *s, const struct batch *b, size_t *from, size_t most)
{
    struct writer w = { .store = s };
    int rc = writer_begin(&w);
    size_t i = *from;

    for (; !rc && i < b->n && most > 0; i++) {
        if (frees(&b->op[i]))
            rc = write_op(&w, &b->op[i]), most--;
    }
    if (!rc)
        rc = rewrite_format(&w);
    if (!rc)
        rc = writer_commit(&w);
    writer_abort(&w);
    if (!rc)
        *from = i;
    return rc;
}

static size_t count_deletes(const struct batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += frees(&b->op[i]);
    return n;
}

/* A delete needs some pages before it gives any back, so the less there is, the fewer at a time.
   What goes wrong here goes wrong again with the batch, and is told then. */
void store_make_room(struct store *s, const struct batch *b)
{
    size_t n = count_deletes(b), most = n, from = 0;
    bool any = false;

    while (most > 0 && from < b->n && n > 0) {
        if (commit_deletes(s, b, &from, most))
            most /= 4;
        else
            any = true;
    }
    from = 0;
    if (any)
        commit_deletes(s, b, &from, 0);
}
