/* Maps from names to things. uthash lives in map.c and nowhere else.
   A map owns its keys (copied at map_set) and never its values.
   Out of memory is fatal, as everywhere in the broker. */
#ifndef REF_MAP_H
#define REF_MAP_H

#include "str.h"

struct map;
struct map_entry;

struct map *map_new(void);
void map_free(struct map *m);

/* NULL if the key is not there. */
void *map_get(const struct map *m, struct str key);
/* Asserts that the key is there: for keys that are ours. */
void *map_xget(const struct map *m, struct str key);
/* Adds or replaces; returns the value replaced, or NULL. value is not NULL. */
void *map_set(struct map *m, struct str key, void *value);
/* Takes the value out; NULL if it was not there. */
void *map_pop(struct map *m, struct str key);
size_t map_count(const struct map *m);

/* for (it = NULL; map_iter(m, &it, &key, &value);) ... in insertion order.
   The entry just returned may be popped inside the loop; no other may. */
bool map_iter(const struct map *m, struct map_entry **it, struct str *key, void **value);

#endif
