/* One connection with one channel, driven without waiting: link_step takes what has come, and what
   is a whole thing (a method with its content) goes to `hear`. Owns the socket and all that was
   heard on it, until link_drop.

   What it wants for itself it answers itself: the handshake up to Channel.Open-Ok, Close,
   heartbeats (none are agreed on). */
#ifndef TOOLS_SOAK_LINK_H
#define TOOLS_SOAK_LINK_H

#include "fixtures/peer/raw.h"

struct target {
    const char *host, *port, *user, *password, *vhost;
    struct sockaddr_storage address;
    socklen_t length;
};

struct heard {
    enum method_id id;
    const void *args;
    bool content;
    struct properties properties;
    struct str body;
};

enum link_state { LINK_DOWN, LINK_GREETING, LINK_UP };

struct link {
    enum link_state state;
    struct peer peer;
    struct arena *arena;
    uint32_t frame_max;
    const struct target *target;
    /* what is being received */
    struct heard half;
    bool has_half, has_header;
    uint64_t body_size;
    struct buf body;
    /* M_channel_open_ok is the first that it hears. */
    void (*hear)(void *owner, const struct heard *h);
    void *owner;
    /* The broker's Close, and what else it should not have said. */
    char refusal[300];
};

enum { CHANNEL = 1, LIMIT_SILENCE_MS = 10000 };

/* False: nobody is there. */
bool link_dial(struct link *l, const struct target *t);
/* False: the connection has ended, and everything before its end was heard. */
bool link_step(struct link *l);
/* The same, but waits until something comes. */
bool link_wait(struct link *l, int64_t until_ms);

void link_say(struct link *l, enum method_id id, const void *args);
void link_publish(struct link *l, const struct m_basic_publish *m, const struct properties *p,
                  struct str body);
/* Gathers what is said from here to there into one write. */
void link_cork(struct link *l);
void link_uncork(struct link *l);

enum link_end { END_FIN, END_RST };
void link_drop(struct link *l, enum link_end how);

#endif
