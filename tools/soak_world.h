/* What the soak works with: the exchanges, queues and routes it declares, and what a message of a
   given number looks like, down to its last octet. Knows no broker and keeps nothing.

   A message is made from the run's seed and its number, so that whoever gets it can make it again
   and compare; a body also carries number, length and checksum, so that what is altered can be told
   from what was never published. */
#ifndef TOOLS_SOAK_WORLD_H
#define TOOLS_SOAK_WORLD_H

#include "fixtures/wire/frame.h"

#define NOT_A_MESSAGE UINT32_MAX

enum { QUEUES = 6, ROUTES = 10, ROUTES_WITH_QUEUES = 8 }; /* these come first */

struct route {
    const char *exchange, *key;
    unsigned queues; /* a bit each; 0: nobody gets it */
};

extern const struct route world_routes[ROUTES];
extern const char *const world_queues[QUEUES];

/* The calls that declare everything, one after the other; the caller waits for each reply. */
struct world_call {
    enum method_id id, reply;
    union {
        struct m_exchange_declare exchange;
        struct m_queue_declare queue;
        struct m_queue_bind bind;
    } args;
};
/* False: that was the last one before. */
bool world_call(unsigned number, struct world_call *call);

/* Appended to b, which was empty. */
void world_body(struct buf *b, uint64_t seed, uint32_t id);
/* As in a content header: flags and list. The arena holds what p points to meanwhile. */
struct properties world_properties(uint32_t id, struct arena *a);

/* What a body says of itself: its number, if its length and checksum hold; else NOT_A_MESSAGE. */
uint32_t world_read(struct str body);
/* The number in the properties, for a body that does not hold; NOT_A_MESSAGE: none. */
uint32_t world_read_properties(const struct properties *p);

#endif
