/* A store without a disk and without a thread: the targets say when a batch is committed. It holds
   on to what it was given until then, as the real one may, and from then on reads back what was
   put and is not deleted. Definitions are forgotten. */
#include "memory_store.h"

#include <assert.h>
#include <stdlib.h>

/* A message, of the batch it was put in to the batch it was deleted in. */
struct record {
    struct store_message m; /* its strings are in `octets` */
    char *octets;
    struct store_hold hold; /* owner NULL: given back */
    uint64_t put, deleted;  /* batches; deleted 0: not */
    bool cancelled;
};

struct open {
    bool filled, awaited;
};

struct store {
    uint64_t sealed, committed;
    struct open *open; /* the batch */
    bool full, atomic;
    struct record *at; /* in the order they were put */
    size_t n, room;
    uint64_t marked_queue, mark; /* the last that was set */
};

struct store *memory_store(void)
{
    struct store *s = calloc(1, sizeof *s);

    assert(s);
    s->open = calloc(1, sizeof *s->open);
    assert(s->open);
    return s;
}

void memory_store_commit(struct store *s, uint64_t batches)
{
    uint64_t behind = s->sealed - s->committed;

    if (!s->full)
        s->committed += batches < behind ? batches : behind;
}

void memory_store_fill(struct store *s, bool full)
{
    s->full = full;
}

/* ---- messages ---------------------------------------------------------------------------- */

static void record_free(struct record *r)
{
    assert(!r->hold.owner);
    free(r->octets);
    r->octets = NULL;
}

/* Gives back what is committed, and forgets what is deleted for good. */
void store_reap(struct store *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++) {
        struct record r = s->at[i];

        if (r.hold.owner && r.put <= s->committed) {
            r.hold.release(r.hold.owner);
            r.hold.owner = NULL;
        }
        if (!r.hold.owner && r.deleted && r.deleted <= s->committed)
            record_free(&r);
        else
            s->at[kept++] = r;
    }
    s->n = kept;
}

static struct str keep(char **at, struct str s)
{
    struct str kept = { *at, s.n };

    if (s.n)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return kept;
}

static struct record *add(struct store *s)
{
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->at = realloc(s->at, s->room * sizeof *s->at);
        assert(s->at);
    }
    return &s->at[s->n++];
}

void store_put_message(struct store *s, const struct store_message *m, struct store_hold hold)
{
    struct record *r = add(s);
    char *at = malloc(m->exchange.n + m->routing_key.n + m->properties.n + m->body.n + 1);

    assert(at);
    *r = (struct record){ .m = *m, .octets = at, .hold = hold, .put = s->sealed + 1 };
    r->m.exchange = keep(&at, m->exchange);
    r->m.routing_key = keep(&at, m->routing_key);
    r->m.properties = keep(&at, m->properties);
    r->m.body = keep(&at, m->body);
    hold.retain(hold.owner);
    s->open->filled = true;
}

/* One that waits in the open batch was never put. */
static void forget(struct store *s, struct record *r)
{
    r->cancelled = r->put == s->sealed + 1 && !s->atomic;
    r->deleted = s->sealed + 1;
    s->open->filled = true;
}

void store_del_messages(struct store *s, uint64_t queue_id, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < s->n; i++) {
        struct record *r = &s->at[i];

        if (r->m.queue_id == queue_id && r->m.seq >= first && r->m.seq <= last && !r->deleted)
            forget(s, r);
    }
}

void store_del_message(struct store *s, uint64_t queue_id, uint64_t seq)
{
    store_del_messages(s, queue_id, seq, seq);
}

void store_del_queue(struct store *s, uint64_t queue_id)
{
    s->open->filled = true;
    store_del_messages(s, queue_id, 0, UINT64_MAX);
}

void store_atomic(struct store *s, bool on)
{
    s->atomic = on;
}

static bool readable(const struct store *s, const struct record *r)
{
    return r->put <= s->committed && !r->cancelled && (!r->deleted || r->deleted > s->committed);
}

bool store_read_from(struct store *s, uint64_t queue_id, uint64_t first, store_message_fn *visit,
                     void *context)
{
    bool begun = false;

    for (size_t i = 0; i < s->n; i++) {
        const struct record *r = &s->at[i];

        if (r->m.queue_id != queue_id || r->m.seq < first || !readable(s, r))
            continue;
        assert(begun || r->m.seq == first); /* who asks for it knows that it is there */
        begun = true;
        if (!visit(context, &r->m, s->marked_queue == queue_id && r->m.seq <= s->mark))
            return true;
    }
    assert(begun);
    return begun;
}

/* ---- the rest ---------------------------------------------------------------------------- */

void store_put_def(struct store *s, char kind, struct str name, struct str value)
{
    (void)kind;
    (void)name;
    (void)value;
    s->open->filled = true;
}

void store_del_def(struct store *s, char kind, struct str name)
{
    (void)kind;
    (void)name;
    s->open->filled = true;
}

void store_set_mark(struct store *s, uint64_t queue_id, uint64_t seq)
{
    s->marked_queue = queue_id;
    s->mark = seq;
    s->open->filled = true;
}

uint64_t store_seal(struct store *s)
{
    if (s->open->filled || s->open->awaited)
        s->sealed++;
    *s->open = (struct open){ .filled = false };
    return s->sealed;
}

/* Whoever asks will wait for it. */
uint64_t store_pending(const struct store *s)
{
    s->open->awaited = true;
    return s->sealed + 1;
}

uint64_t store_committed(const struct store *s)
{
    return s->committed;
}

size_t store_backlog(const struct store *s)
{
    return s->n;
}

const char *store_dir(const struct store *s)
{
    (void)s;
    return "memory";
}

const char *store_full(const struct store *s)
{
    return s->full ? "it is full, so says the program" : NULL;
}

const char *store_failed(const struct store *s)
{
    (void)s;
    return NULL;
}

bool store_close(struct store *s)
{
    store_seal(s);
    s->committed = s->sealed;
    store_reap(s);
    for (size_t i = 0; i < s->n; i++)
        record_free(&s->at[i]);
    free(s->at);
    free(s->open);
    free(s);
    return true;
}

bool store_each_def(struct store *s, store_def_fn *visit, void *context)
{
    (void)s;
    (void)visit;
    (void)context;
    return true;
}

bool store_each_message(struct store *s, uint64_t queue_id, store_message_fn *visit, void *context)
{
    (void)s;
    (void)queue_id;
    (void)visit;
    (void)context;
    return true;
}
