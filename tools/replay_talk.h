/* The connections of a replay: they say octets, hear frames, print both as they go, and keep what
   was said as a trace, for the invariants. They judge nothing. */
#ifndef REPLAY_TALK_H
#define REPLAY_TALK_H

#include <sys/queue.h>

#include "fixtures/capture/trace.h"
#include "fixtures/peer/clock.h"
#include "fixtures/peer/raw.h"

struct heard {
    struct frame frame;
    TAILQ_ENTRY(heard) link;
};

struct broker {
    const char *host, *port;
    struct arena *arena;
    bool whole, quiet; /* lines are not cut to a terminal's width; nothing is printed */
};

struct talk {
    const struct broker *broker;
    struct str letter; /* printed in front; empty if there is one connection */
    struct peer peer;
    bool is_open, over; /* over: we have closed it */
    bool beats;         /* heartbeats are ours, not the recording's */
    TAILQ_HEAD(, heard) heard;
    struct trace_event *events;
    size_t n_events;
    uint64_t said_octets, heard_octets;
    int64_t start_ms;
};

void talk_init(struct talk *t, const struct broker *b, struct str letter);
/* False: errno says why. */
bool talk_open(struct talk *t, int64_t until_ms);
/* False: it was not taken in time. */
bool talk_say(struct talk *t, struct str octets, int64_t until_ms);
/* Takes in a frame more; false: none came in time, or the stream has ended (talk_ended). Heartbeats
   and news of the broker's memory are passed over. */
bool talk_listen(struct talk *t, int64_t until_ms);
bool talk_ended(const struct talk *t);
void talk_close(struct talk *t, bool reset, int64_t until_ms);
struct heard *talk_first(struct talk *t, uint16_t channel); /* NULL: none */
void talk_drop(struct talk *t, struct heard *h);
struct trace talk_trace(const struct talk *t);

/* A line of the conversation, no wider than a terminal if it can be helped. */
void line_show(const struct broker *b, struct str letter, struct str text);

#endif
