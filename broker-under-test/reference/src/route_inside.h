/* How route.c and the exchange types that are more than a list share a router.
   Only route*.c include this. */
#ifndef REF_ROUTE_INSIDE_H
#define REF_ROUTE_INSIDE_H

#include "faulty.h"
#include "map.h"
#include "route.h"

#include <sys/queue.h>

TAILQ_HEAD(binding_list, binding);

/* A destination with at least one binding here. */
struct target {
    TAILQ_ENTRY(target) link;
    void *destination;
    uint64_t found_in; /* the match that last found it: once per message */
    struct binding_list bindings;
};

struct binding {
    TAILQ_ENTRY(binding) of_router; /* in the order they were made */
    TAILQ_ENTRY(binding) of_target;
    TAILQ_ENTRY(binding) of_place;
    struct target *target;
    struct place *place;       /* direct, topic */
    struct demands *demands;   /* headers */
    struct str key, arguments; /* arguments in the order of their names */
    struct str identity;       /* destination, key and arguments: views of bytes */
    size_t bytes_counted;
    char bytes[];
};
/* Where the bindings of one key (direct) or one pattern (topic) hang. */
struct place {
    struct binding_list bindings;
};

struct router {
    enum route_type type;
    struct binding_list bindings;
    TAILQ_HEAD(target_list, target) targets;
    struct map *by_identity;    /* -> binding */
    struct map *by_destination; /* -> target */
    struct map *by_key;         /* direct: -> place */
    struct trie *trie;          /* topic */
    struct table_field *fields; /* headers: those of the message being matched */
    size_t fields_max;
    char *scratch; /* an identity being looked up */
    size_t scratch_max;
    void **found;
    size_t n_found, found_max; /* room for every target, made when they are bound */
    uint64_t match;            /* number of the message being matched */
    size_t bytes;              /* of bindings; the trie has its own */
    size_t demands;            /* of all its bindings */
};

/* This binding matches the message; cheap to say twice. */
static inline void route_found(struct router *r, const struct binding *b)
{
    if (b->target->found_in == r->match &&
        !(FAULTY(copy_per_binding) && r->n_found + map_count(r->by_destination) < r->found_max))
        return;
    b->target->found_in = r->match;
    r->found[r->n_found++] = b->target->destination;
}

/* The patterns of a topic exchange, as a tree of words. */
struct trie *trie_new(void);
void trie_free(struct trie *t);
size_t trie_bytes(const struct trie *t);
size_t trie_hashes(const struct trie *t); /* those behind another one */
void trie_add(struct trie *t, struct binding *b);
void trie_remove(struct trie *t, struct binding *b);
void trie_match(struct trie *t, struct router *r, struct str key);

/* What the arguments of a headers binding ask for. */
struct demands *demands_new(struct str arguments);
size_t demands_count(const struct demands *d);
void demands_free(struct demands *d);
void headers_match(struct router *r, struct str headers);

#endif
