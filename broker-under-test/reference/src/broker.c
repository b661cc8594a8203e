#include "broker.h"

#include "durable.h"
#include "faulty.h"
#include "limits.h"
#include "log.h"
#include "mem.h"
#include "share.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

const struct settings default_settings = {
    .channel_max = LIMIT_CHANNEL_MAX,
    .frame_max = LIMIT_FRAME_MAX,
    .heartbeat_s = LIMIT_HEARTBEAT_S,
    .memory_high = LIMIT_MEMORY,
    .ready_high = LIMIT_READY,
    .body_max = LIMIT_BODY,
    .handshake_ms = LIMIT_HANDSHAKE_MS,
    .default_user = { "guest", 5 },
    .default_pass = { "guest", 5 },
    .log_level = LOG_LEVEL_INFO,
    .metrics_address = { "127.0.0.1", 9 },
};

static void first_opening(struct broker *b)
{
    const struct str all[PERMISSIONS] = { STR(".*"), STR(".*"), STR(".*") };
    struct vhost *v = broker_add_vhost(b, STR("/"));
    struct user *u = broker_add_user(b, b->settings.default_user);

    user_set_password(u, b->settings.default_pass);
    user_grant(u, v->name, all);
    durable_put_vhost(v);
    durable_put_user(b, u);
}

struct broker *broker_new(const struct settings *s, struct store *store, char *error,
                          size_t error_size)
{
    struct broker *b = xcalloc(1, sizeof *b);
    bool ok;

    b->settings = *s;
    b->topology = 1;
    b->store = store;
    b->vhosts = map_new();
    b->users = map_new();
    TAILQ_INIT(&b->conns);
    TAILQ_INIT(&b->talking);
    TAILQ_INIT(&b->gated);
    TAILQ_INIT(&b->waiting);
    TAILQ_INIT(&b->woken);
    TAILQ_INIT(&b->crowded);
    TAILQ_INIT(&b->confirming);
    b->recovering = true;
    ok = durable_recover(b, error, error_size);
    b->recovering = false;
    if (!ok) {
        broker_free(b);
        return NULL;
    }
    if (map_count(b->vhosts) == 0)
        first_opening(b);
    return b;
}

bool broker_free(struct broker *b)
{
    bool kept;
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    assert(TAILQ_EMPTY(&b->conns));
    kept = store_close(b->store); /* first: it releases the messages it holds */
    while (map_iter(b->vhosts, &it, &name, &each))
        vhost_free(each);
    for (it = NULL; map_iter(b->users, &it, &name, &each);)
        user_free(each);
    map_free(b->vhosts);
    map_free(b->users);
    free(b->routed);
    free(b->todo);
    free(b);
    return kept;
}

struct vhost *broker_vhost(const struct broker *b, struct str name)
{
    return map_get(b->vhosts, name);
}

struct vhost *broker_add_vhost(struct broker *b, struct str name)
{
    struct vhost *v = vhost_new(b, name);

    map_set(b->vhosts, name, v);
    return v;
}

struct user *broker_user(const struct broker *b, struct str name)
{
    return map_get(b->users, name);
}

struct user *broker_add_user(struct broker *b, struct str name)
{
    struct user *u = user_new(name);

    map_set(b->users, name, u);
    return u;
}

/* The high part counts the openings of the store, so nothing that was ever numbered in
   it, by a queue or in one, gets its number again. */
uint64_t broker_new_id(struct broker *b)
{
    return b->boot << 32 | ++b->last_id;
}

uint64_t broker_first_seq(const struct broker *b)
{
    return ((FAULTY(new_before_recovered) ? UINT16_MAX - b->boot : b->boot) << 40) + 1;
}

struct str broker_new_name(struct broker *b, const char *prefix, char out[64])
{
    uint64_t salt;
    int n;

    if (RAND_bytes((unsigned char *)&salt, sizeof salt) != 1)
        abort();
    if (FAULTY(names_made_up_again))
        salt = 0;
    n = snprintf(out, 64, "%s%016llx-%llx", prefix, (unsigned long long)salt,
                 (unsigned long long)++b->last_name);
    return (struct str){ out, (size_t)n };
}

void broker_wake(struct broker *b, struct queue *q)
{
    if (q->woken)
        return;
    TAILQ_INSERT_TAIL(&b->woken, q, wake_link);
    q->woken = true;
}

void broker_unwake(struct broker *b, struct queue *q)
{
    if (q->woken)
        TAILQ_REMOVE(&b->woken, q, wake_link);
    q->woken = false;
}

void broker_pump(struct broker *b)
{
    struct queue *q;

    while ((q = TAILQ_FIRST(&b->woken))) {
        broker_unwake(b, q);
        if (queue_pump(q))
            queue_wake(q);
    }
}

static void flush_confirms(struct broker *b, uint64_t committed)
{
    struct channel *ch, *next;

    for (ch = TAILQ_FIRST(&b->confirming); ch; ch = next) {
        uint64_t before = ch->confirms.confirmed;

        next = TAILQ_NEXT(ch, confirm_link);
        if (b->store_failed
                ? confirms_settle(&ch->confirms, &ch->conn->out, ch->number, committed)
                : confirms_flush(&ch->confirms, &ch->conn->out, ch->number, committed)) {
            TAILQ_REMOVE(&b->confirming, ch, confirm_link);
            ch->confirming = false;
        }
        if (ch->confirms.confirmed != before)
            conn_talk(ch->conn);
    }
}

static void open_gates(struct broker *b)
{
    struct conn *c;

    while ((c = TAILQ_FIRST(&b->gated))) {
        TAILQ_REMOVE(&b->gated, c, talk_link);
        TAILQ_INSERT_TAIL(&b->talking, c, talk_link);
        c->gated = false;
    }
}

static void relieve_crowded(struct broker *b, uint64_t committed)
{
    struct queue *q, *next;

    if (committed == b->seen_committed && !b->crowd_waits)
        return;
    b->crowd_waits = false;
    for (q = TAILQ_FIRST(&b->crowded); q; q = next) {
        next = TAILQ_NEXT(q, crowd_link);
        if (queue_park(q, committed)) {
            TAILQ_REMOVE(&b->crowded, q, crowd_link);
            q->crowded = false;
        }
    }
}

/* Some room between the marks, or it would flicker. */
static void watch_memory(struct broker *b)
{
    size_t mark = b->settings.memory_high / (b->memory_short ? 5 : 1) * (b->memory_short ? 4 : 1);
    bool short_of = share_used(b) > mark;

    if (short_of == b->memory_short)
        return;
    b->memory_short = short_of;
    log_warnx("memory %s its mark: %zu bytes, publishers %s", short_of ? "above" : "below",
              share_used(b), short_of ? "wait" : "go on");
}

/* Not to be told at each try: only when it begins and when it is over. */
static void watch_disk(struct broker *b)
{
    const char *full = store_full(b->store), *failed = store_failed(b->store);

    if (full && !b->disk_full)
        log_error("%s: what is durable waits, publishers are blocked, all else goes on", full);
    if (b->disk_full && !full && !failed)
        log_warnx("there is room on the disk again: what waited is kept, publishers go on");
    if (failed && !b->store_failed)
        log_error("the store failed for good: %s; what is durable is refused, all else goes on; "
                  "see to the disk, then start again",
                  failed);
    b->disk_full = full;
    b->store_failed = failed != NULL;
}

static void watch(struct broker *b)
{
    struct conn *c;

    watch_disk(b);
    watch_memory(b);
    if (b->blocked == (b->memory_short || b->disk_full))
        return;
    b->blocked = !b->blocked;
    for (c = TAILQ_FIRST(&b->conns); c; c = TAILQ_NEXT(c, link)) {
        if (c->publisher)
            conn_tell_blocked(c, b->blocked || c->waits_for);
    }
}

/* What waits now will wait for ever. */
static void refuse_waiting(struct broker *b)
{
    struct conn *c;

    for (c = TAILQ_FIRST(&b->conns); c; c = TAILQ_NEXT(c, link)) {
        conn_store_failed(c);
    }
    open_gates(b);
}

void broker_turn(struct broker *b)
{
    uint64_t committed;

    broker_pump(b);
    store_seal(b->store);
    store_reap(b->store);
    watch(b);
    share_reprieve(b);
    share_relieve(b);
    share_return(b);
    committed = store_committed(b->store);
    flush_confirms(b, committed);
    if (committed != b->seen_committed)
        open_gates(b);
    relieve_crowded(b, committed);
    b->seen_committed = committed;
    if (b->store_failed)
        refuse_waiting(b);
}

struct conn *broker_next_talking(struct broker *b)
{
    struct conn *c = TAILQ_FIRST(&b->talking);

    if (!c)
        return NULL;
    TAILQ_REMOVE(&b->talking, c, talk_link);
    c->talking = false;
    return c;
}
