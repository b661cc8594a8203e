/* The small tables of the handshake: writing ours, reading theirs. */
#ifndef REF_PEER_TABLE_H
#define REF_PEER_TABLE_H

#include "str.h"

struct peer_table {
    char *at;
    size_t n, room;
};

/* Writing asserts that the room is enough: what goes in is ours. */
struct peer_table peer_table_into(char *room, size_t bytes);
void peer_table_bool(struct peer_table *t, const char *name, bool value);
void peer_table_text(struct peer_table *t, const char *name, const char *value);
void peer_table_table(struct peer_table *t, const char *name, struct str value);
struct str peer_table_str(const struct peer_table *t);

/* The table under that name, or an empty one. */
struct str table_in(struct str table, struct str name);
bool table_true(struct str table, struct str name);

#endif
