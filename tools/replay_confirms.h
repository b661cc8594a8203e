/* What was confirmed on a channel: a broker may confirm one by one, or many at a time, in any
   order. Two such sets are the same if they cover the same publishes. */
#ifndef REPLAY_CONFIRMS_H
#define REPLAY_CONFIRMS_H

#include "fixtures/wire/frame.h"

struct confirmed {
    uint64_t up_to; /* all up to here, and … */
    struct ahead {  /* … these */
        uint64_t tag;
        struct ahead *next;
    } * ahead;
};

struct confirms {
    unsigned conn;
    uint16_t channel;
    struct confirmed recorded, here;
    uint64_t published;
    struct confirms *next;
};

bool is_confirm(const struct frame *f); /* basic.ack from a server; a nack never covers for it */
/* Adds the channel to *list if it is not there. */
struct confirms *confirms_of(struct confirms **list, unsigned conn, uint16_t channel,
                             struct arena *a);
void confirms_add(struct confirmed *c, const struct frame *ack, struct arena *a);
/* Everything that was confirmed in the recording so far is confirmed here. */
bool confirms_cover(const struct confirms *c);
bool confirms_has(const struct confirmed *c, uint64_t tag);
bool confirms_up_to(const struct confirmed *c, uint64_t tag);
/* What the client says counts: publishes since confirm.select, or since the channel began. */
void confirms_note_said(struct confirms *c, enum method_id id);

#endif
