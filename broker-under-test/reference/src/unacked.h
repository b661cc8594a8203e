/* What a channel was given and has not settled: entries by delivery tag.
   Tags only rise, so this is a row in their order. Settling from the front, the
   usual way, costs nothing; anywhere else, a binary search. */
#ifndef REF_UNACKED_H
#define REF_UNACKED_H

#include "queue.h"

struct unacked_slot {
    uint64_t tag;
    struct entry *entry; /* NULL: settled, not yet squeezed out */
};

struct unacked {
    struct unacked_slot *slots;
    size_t first, end, capacity, live;
};

void unacked_clear(struct unacked *u);
/* tag is higher than all before. */
void unacked_add(struct unacked *u, uint64_t tag, struct entry *e);
bool unacked_has(const struct unacked *u, uint64_t tag);
/* NULL: no such tag. */
struct entry *unacked_take(struct unacked *u, uint64_t tag);
/* The lowest, or the highest, tag; false if there is none up to the limit, or at all. */
bool unacked_take_first(struct unacked *u, uint64_t limit, struct unacked_slot *out);
bool unacked_take_last(struct unacked *u, struct unacked_slot *out);
/* Puts n taken ones back, in any order. */
void unacked_restore(struct unacked *u, const struct unacked_slot *slots, size_t n);

#endif
