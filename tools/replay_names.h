/* What may differ from broker to broker: names and tags that the server makes up are remembered
   as they were recorded and as this broker says them, and put into what the client says. Whose
   connection it was (user, password, virtual host) changes with the URL. */
#ifndef REPLAY_NAMES_H
#define REPLAY_NAMES_H

#include "replay_file.h"

struct made_up { /* a name */
    struct str recorded, here;
    struct made_up *next;
};

struct tag {
    unsigned conn;
    uint16_t channel;
    uint64_t recorded, here;
    struct tag *next;
};

struct names {
    struct arena *arena;
    const struct recording *recording;
    struct str user, password, vhost; /* of the URL */
    struct made_up *made_up;
    struct tag *tags;
    struct m_connection_tune offered, offered_here;
};

/* From an answer and what was recorded in its place. */
void names_learn(struct names *n, unsigned conn, const struct frame *recorded,
                 const struct frame *here);
struct str name_here(const struct names *n, struct str recorded);
uint64_t tag_here(const struct names *n, unsigned conn, uint16_t channel, uint64_t recorded);
/* The octets of a client's line for this broker. */
struct str said_here(const struct names *n, const struct line *l);

#endif
