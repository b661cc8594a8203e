/* A client that waits for one answer at a time, on channel 1, and keeps what it heard. Owns its
   socket and arena, from talk_open to talk_end. */
#ifndef SELF_TROUBLE_TALK_H
#define SELF_TROUBLE_TALK_H

#include "fixtures/peer/raw.h"

enum { TAGS_MOST = 64, BODY_MOST = 1 << 15 };

struct talk {
    bool up; /* nobody has ended it */
    struct peer peer;
    struct arena *arena;
    enum method_id last;           /* what was heard last */
    uint16_t code;                 /* of the broker's Close; 0: none */
    bool blocked;                  /* for now */
    char reason[64];               /* the last that Blocked gave */
    unsigned beats;                /* heartbeats heard */
    unsigned messages;             /* as the last Declare-Ok said */
    uint64_t published, settled;   /* confirms: tags up to this one were answered */
    char answer[TAGS_MOST];        /* by tag: 'a' ack, 'n' nack, 0 none */
    char body[BODY_MOST];          /* of the last message it got */
    size_t body_octets, body_size; /* what came, and what was announced */
};

/* False: no Channel.Open-Ok in that time. */
bool talk_open(struct talk *t, unsigned port, int within_ms);
/* The same, with heartbeats each second. */
bool talk_open_beating(struct talk *t, unsigned port, int within_ms);
void talk_end(struct talk *t);
void talk_say(struct talk *t, enum method_id id, const void *args);
void talk_publish(struct talk *t, const char *queue, bool persistent, struct str body);
/* Hears what comes until then, or until the first method; true: there was one. */
bool talk_hear(struct talk *t, int64_t until_ms);
/* Says it and waits for the answer. False: another end, or none in that time. */
bool talk_ask(struct talk *t, enum method_id id, const void *args, enum method_id answer,
              int within_ms);
bool talk_wait(struct talk *t, enum method_id answer, int within_ms);

#endif
