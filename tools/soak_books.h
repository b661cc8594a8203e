/* What soak_ledger.c (as it goes) and soak_close.c (at the end) both read; nobody else does. */
#ifndef TOOLS_SOAK_BOOKS_H
#define TOOLS_SOAK_BOOKS_H

#include "soak_ledger.h"

struct message {
    uint32_t session, seq, group;
    uint32_t first_copy;
    uint32_t sent; /* when */
    uint8_t route, fate;
    bool mandatory, returned;
};

enum copy_state {
    NEW,
    HELD,
    RELEASED,
    ACKED,    /* said, no more is known */
    ANSWERED, /* and something behind it was answered */
    FOR_GOOD, /* and committed */
};

struct copy {
    uint32_t message;
    uint32_t session;   /* who had it last */
    uint32_t delivered; /* when last */
    uint32_t answered;  /* when, if it was */
    uint32_t group;     /* of the transaction it was acknowledged in; 0: none */
    uint8_t state, queue;
    bool seen; /* at all; then session says in which life last */
};

struct session {
    uint32_t life, seq;
    bool live;
    struct turn *turns; /* what was last delivered first, by publisher and queue */
    uint32_t n_turns, room;
};

struct turn {
    uint32_t publisher, queue, seq;
};

/* A transaction. Of one whose Commit was not answered, everything is done or nothing is. */
struct group {
    bool doubtful;
    uint32_t done, undone;
};

struct life {
    bool gracefully;
    uint32_t stored[QUEUES]; /* a message sent then is known to be stored */
};

struct books {
    struct message *messages;
    struct copy *copies;
    struct session *sessions;
    struct life *lives;
    struct group *groups;
    uint32_t n_messages, n_copies, n_sessions, n_lives, n_groups, now;
    uint32_t room_messages, room_copies, room_sessions, room_lives, room_groups;
};
extern struct books books;

/* For a line about a copy: its number, queue, how it was published and what became of it. */
const char *books_say(const struct copy *c);
const struct life *books_life_of(uint32_t session);
/* Is this message promised to be there? */
bool books_promised(const struct message *m);

#endif
