#include "unacked.h"

#include "mem.h"

#include <stdlib.h>

void unacked_clear(struct unacked *u)
{
    free(u->slots);
    *u = (struct unacked){ .slots = NULL };
}

/* Room for n more at the end: squeezes the settled out, grows only if that was little. */
static void make_room(struct unacked *u, size_t n)
{
    size_t to = 0;

    if (u->capacity - u->end >= n)
        return;
    for (size_t i = u->first; i < u->end; i++) {
        if (u->slots[i].entry)
            u->slots[to++] = u->slots[i];
    }
    u->first = 0;
    u->end = to;
    if (u->capacity < 2 * (u->end + n)) {
        u->capacity = 2 * (u->end + n) + 16;
        u->slots = xgrow(u->slots, u->capacity, sizeof *u->slots);
    }
}

void unacked_add(struct unacked *u, uint64_t tag, struct entry *e)
{
    make_room(u, 1);
    u->slots[u->end++] = (struct unacked_slot){ tag, e };
    u->live++;
}

/* Where the tag stands, or u->end. */
static size_t find(const struct unacked *u, uint64_t tag)
{
    size_t low = u->first, high = u->end;

    if (low < high && tag >= u->slots[low].tag && tag - u->slots[low].tag < high - low &&
        u->slots[low + (tag - u->slots[low].tag)].tag == tag)
        return low + (tag - u->slots[low].tag);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (u->slots[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return low < u->end && u->slots[low].tag == tag ? low : u->end;
}

bool unacked_has(const struct unacked *u, uint64_t tag)
{
    size_t at = find(u, tag);

    return at < u->end && u->slots[at].entry;
}

static void trim(struct unacked *u)
{
    while (u->first < u->end && !u->slots[u->first].entry)
        u->first++;
    while (u->first < u->end && !u->slots[u->end - 1].entry)
        u->end--;
    if (u->first == u->end)
        u->first = u->end = 0;
}

struct entry *unacked_take(struct unacked *u, uint64_t tag)
{
    size_t at = find(u, tag);
    struct entry *e = at < u->end ? u->slots[at].entry : NULL;

    if (e) {
        u->slots[at].entry = NULL;
        u->live--;
        trim(u);
    }
    return e;
}

/* trim leaves a live slot at both ends. */
bool unacked_take_first(struct unacked *u, uint64_t limit, struct unacked_slot *out)
{
    if (u->live == 0 || u->slots[u->first].tag > limit)
        return false;
    *out = u->slots[u->first];
    u->slots[u->first].entry = NULL;
    u->live--;
    trim(u);
    return true;
}

bool unacked_take_last(struct unacked *u, struct unacked_slot *out)
{
    if (u->live == 0)
        return false;
    *out = u->slots[u->end - 1];
    u->slots[u->end - 1].entry = NULL;
    u->live--;
    trim(u);
    return true;
}

static int by_tag(const void *a, const void *b)
{
    const struct unacked_slot *x = a, *y = b;

    return (x->tag > y->tag) - (x->tag < y->tag);
}

void unacked_restore(struct unacked *u, const struct unacked_slot *slots, size_t n)
{
    /* A settled slot of a restored tag may still be there; the sort must not see both. */
    size_t to = u->first;

    for (size_t i = u->first; i < u->end; i++) {
        if (u->slots[i].entry)
            u->slots[to++] = u->slots[i];
    }
    u->end = to;
    make_room(u, n);
    for (size_t i = 0; i < n; i++)
        u->slots[u->end++] = slots[i];
    u->live += n;
    if (n)
        qsort(u->slots + u->first, u->end - u->first, sizeof *u->slots, by_tag);
}
