#include "map.h"

#include "log.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

/* uthash's own answer to no memory is exit(-1) without a word. */
#define uthash_fatal(why) fatal("map: %s", why)
/* Names come from clients; who does not know the seed cannot make them collide. */
static unsigned hash_octets(const char *p, size_t n);
#define HASH_FUNCTION(key, octets, hash) ((hash) = hash_octets(key, octets))
#include <uthash.h>

struct map_entry {
    UT_hash_handle hh;
    void *value;
    char key[];
};

struct map {
    struct map_entry *head;
};

/* Where map_iter stands when the last entry has been handed out: the caller may
   pop that entry, so the place must not be an entry, and NULL means "from the start". */
static struct map_entry past_the_end;

static uint64_t seed;

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static unsigned hash_octets(const char *p, size_t n)
{
    uint64_t hash = mix(seed, n), word = 0;

    for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    for (size_t i = 0; i < n; i++)
        word = word << 8 | (unsigned char)p[i];
    return (unsigned)mix(mix(hash, word), seed);
}

static unsigned hash_of(struct str key)
{
    unsigned hash;

    HASH_VALUE(key.n ? key.p : "", key.n, hash);
    return hash;
}

static struct map_entry *find(const struct map *m, struct str key, unsigned hash)
{
    struct map_entry *e = NULL;

    HASH_FIND_BYHASHVALUE(hh, m->head, key.n ? key.p : "", key.n, hash, e);
    return e;
}

struct map *map_new(void)
{
    if (seed == 0 && getentropy(&seed, sizeof seed) < 0)
        fatal("no random numbers");
    return xcalloc(1, sizeof(struct map));
}

void map_free(struct map *m)
{
    struct map_entry *e, *next;

    if (!m)
        return;
    e = m->head;
    HASH_CLEAR(hh, m->head); /* the table; the entries stay linked */
    for (; e; e = next) {
        next = e->hh.next;
        free(e);
    }
    free(m);
}

void *map_get(const struct map *m, struct str key)
{
    const struct map_entry *e = find(m, key, hash_of(key));

    return e ? e->value : NULL;
}

void *map_xget(const struct map *m, struct str key)
{
    void *value = map_get(m, key);

    assert(value);
    return value;
}

void *map_set(struct map *m, struct str key, void *value)
{
    unsigned hash = hash_of(key);
    struct map_entry *e = find(m, key, hash);
    void *old = NULL;

    assert(value);
    if (e) {
        old = e->value;
        e->value = value;
        return old;
    }
    e = xcalloc(1, sizeof *e + key.n);
    if (key.n)
        memcpy(e->key, key.p, key.n);
    e->value = value;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, m->head, e->key, key.n, hash, e);
    return NULL;
}

void *map_pop(struct map *m, struct str key)
{
    struct map_entry *e = find(m, key, hash_of(key));
    void *value;

    if (!e)
        return NULL;
    value = e->value;
    HASH_DEL(m->head, e);
    free(e);
    return value;
}

size_t map_count(const struct map *m)
{
    return HASH_COUNT(m->head);
}

bool map_iter(const struct map *m, struct map_entry **it, struct str *key, void **value)
{
    struct map_entry *e = *it ? *it : m->head;

    if (!e || e == &past_the_end)
        return false;
    *key = (struct str){ e->key, e->hh.keylen };
    *value = e->value;
    *it = e->hh.next ? e->hh.next : &past_the_end;
    return true;
}
