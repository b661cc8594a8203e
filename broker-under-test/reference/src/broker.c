#include "broker.h"

#include "durable.h"
#include "faulty.h"
#include "limits.h"
#include "log.h"
#include "mem.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

const struct settings default_settings = {
    .channel_max = LIMIT_CHANNEL_MAX,
    .frame_max = LIMIT_FRAME_MAX,
    .heartbeat_s = LIMIT_HEARTBEAT_S,
    .memory_high = LIMIT_MEMORY,
    .body_max = LIMIT_BODY,
    .handshake_ms = LIMIT_HANDSHAKE_MS,
    .default_user = { "guest", 5 },
    .default_pass = { "guest", 5 },
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
    b->store = store;
    b->vhosts = map_new();
    b->users = map_new();
    TAILQ_INIT(&b->conns);
    TAILQ_INIT(&b->talking);
    TAILQ_INIT(&b->gated);
    TAILQ_INIT(&b->woken);
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

void broker_free(struct broker *b)
{
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    assert(TAILQ_EMPTY(&b->conns));
    store_close(b->store); /* first: it releases the messages it holds */
    while (map_iter(b->vhosts, &it, &name, &each))
        vhost_free(each);
    for (it = NULL; map_iter(b->users, &it, &name, &each);)
        user_free(each);
    map_free(b->vhosts);
    map_free(b->users);
    free(b->routed);
    free(b->todo);
    free(b);
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
        if (confirms_flush(&ch->confirms, &ch->conn->out, ch->number, committed)) {
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

/* Some room between the marks, or it would flicker. */
static void watch_memory(struct broker *b)
{
    size_t mark = b->settings.memory_high / (b->blocked ? 5 : 1) * (b->blocked ? 4 : 1);
    bool short_of = b->memory > mark;
    struct conn *c;

    if (short_of == b->blocked)
        return;
    b->blocked = short_of;
    log_warnx("memory %s its mark: %zu bytes of messages, publishers %s",
              short_of ? "above" : "below", b->memory, short_of ? "wait" : "go on");
    for (c = TAILQ_FIRST(&b->conns); c; c = TAILQ_NEXT(c, link)) {
        if (c->publisher)
            conn_tell_blocked(c, short_of);
    }
}

void broker_turn(struct broker *b)
{
    uint64_t committed;

    broker_pump(b);
    store_seal(b->store);
    store_reap(b->store);
    committed = store_committed(b->store);
    flush_confirms(b, committed);
    if (committed != b->seen_committed)
        open_gates(b);
    b->seen_committed = committed;
    watch_memory(b);
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
