/* One connection of an attacker, or of a bystander: a socket that never blocks, octets to be
   sent, frames that came. A broker that hangs up or refuses is an answer here, not an error:
   `gone` and `refused` say so, and every call returns false from then on. Owns its socket. */
#ifndef TOOLS_ATTACKER_LINK_H
#define TOOLS_ATTACKER_LINK_H

#include "fixtures/wire/frame.h"

struct target {
    const char *host, *port, *user, *password, *vhost;
};

struct link {
    int fd;               /* -1: none */
    bool gone;            /* the broker has ended it, or never took it */
    unsigned refused;     /* the reply code of the last Close heard, of channel or connection */
    uint16_t channel_max; /* agreed; and so is */
    uint32_t frame_max;
    struct buf out;
    size_t again_at; /* of what is said over and over: how far the last time came */
    uint8_t *in;
    size_t in_n, in_at, in_room;
    struct arena *arena; /* of what was heard last */
};

enum { SILENCE_MS = 20000 }; /* a broker that does not answer for so long serves nobody */

struct wishes { /* what Tune-Ok asks for; 0: what is offered */
    uint16_t channel_max, heartbeat;
};

/* All return false if the broker did not do its part. */
bool link_dial(struct link *l, const struct target *t);
bool link_open(struct link *l, const struct target *t, struct wishes w);
/* The same in two halves, so that thousands are opened side by side: all octets up to Open at
   once, then Open-Ok. */
bool link_open_begin(struct link *l, const struct target *t, struct wishes w);
bool link_open_end(struct link *l);
bool link_channel(struct link *l, uint16_t channel);
/* Closes as one should. */
bool link_bye(struct link *l);
/* Closes the socket and forgets. */
void link_drop(struct link *l);

/* All of it, waiting for room; reads nothing meanwhile. */
bool link_say(struct link *l, struct str octets);
/* As much as goes now; 0: none. */
size_t link_push(struct link *l, struct str octets);
/* Octets that are said over and over: as much as goes now, from where the last call ended. */
size_t link_again(struct link *l, struct str octets);
/* What waits in `out`, all of it. */
bool link_flush(struct link *l);
/* A method into `out`. */
void link_put(struct link *l, uint16_t channel, enum method_id id, const void *args);
/* Publish, header and body into `out`. */
struct message {
    struct str exchange, key, body;
    bool mandatory;
    struct properties properties;
};
void link_put_publish(struct link *l, uint16_t channel, const struct message *m);

enum heard { HEARD, SILENCE, GONE };
/* The next frame, if one comes within the time; valid until the next call. */
enum heard link_hear(struct link *l, struct frame *f, int within_ms);
/* Passes over all frames until this method of this channel; a Close ends the waiting. */
const void *link_await(struct link *l, uint16_t channel, enum method_id id);
/* Says it and awaits the answer. */
const void *link_call(struct link *l, uint16_t channel, enum method_id id, const void *args,
                      enum method_id reply);
/* Declares a queue; exclusive and no more than that. */
bool link_queue(struct link *l, uint16_t channel, struct str name);
/* Throws away what has come; false: the stream has ended. */
bool link_discard(struct link *l);

int64_t now_ns(void);

#endif
