/* The bindings of one exchange, and which destinations a message reaches.
   One implementation per exchange type behind one set of calls; cost depends on
   the key and on what matches, not on how many bindings there are (direct: one
   hash look-up; topic: a trie walked by words; fanout: a list; headers: linear).
   Knows nothing of queues: a destination is a pointer it never looks into. */
#ifndef REF_ROUTE_H
#define REF_ROUTE_H

#include "str.h"

enum route_type { ROUTE_DIRECT, ROUTE_FANOUT, ROUTE_TOPIC, ROUTE_HEADERS };

struct router;

struct router *router_new(enum route_type type);
void router_free(struct router *r);

/* A binding is (destination, key, arguments); arguments is the encoded field
   table without its length, copied. Binding twice with equal arguments is one
   binding: false the second time. Tables are equal whatever the order of their
   fields. */
bool router_bind(struct router *r, void *destination, struct str key, struct str arguments);
/* false if there was no such binding. */
bool router_unbind(struct router *r, void *destination, struct str key, struct str arguments);
/* Forgets every binding to a destination, as when a queue is deleted. */
size_t router_unbind_all(struct router *r, void *destination);
size_t router_count(const struct router *r);
/* Memory that its bindings take, with their patterns and arguments. */
size_t router_bytes(const struct router *r);
/* What one message may cost at most, in steps (LIMIT_ROUTE_STEPS). */
size_t router_steps(const struct router *r);

typedef void router_visit_fn(void *context, void *destination, struct str key,
                             struct str arguments);
/* Every binding, in the order in which they were made. */
void router_each(const struct router *r, router_visit_fn *visit, void *context);

/* Destinations of one message, each once however many bindings match. The result
   lives in the router until the next call on it. headers is the message's encoded
   headers table without its length (empty if it has none). */
struct destinations {
    void *const *at;
    size_t n;
};
struct destinations router_match(struct router *r, struct str key, struct str headers);

#endif
