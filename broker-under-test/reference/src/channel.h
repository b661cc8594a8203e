/* A channel: what it consumes and has not settled, the content it is sending, and
   whether its publishes are confirmed, transacted or neither. */
#ifndef REF_CHANNEL_H
#define REF_CHANNEL_H

#include "codec.h"
#include "confirm.h"
#include "refusal.h"
#include "unacked.h"

struct tx;

enum channel_state {
    CH_CLOSED = 1,
    CH_OPEN = 2,
    CH_CLOSING = 4, /* we sent Close and wait for Close-Ok */
};

enum channel_mode { MODE_PLAIN, MODE_CONFIRM, MODE_TX };

/* A Publish on its way in: method, header, body. */
struct content {
    enum { CONTENT_NONE, CONTENT_HEADER, CONTENT_BODY } want;
    char names[2 * UINT8_MAX]; /* exchange and routing key, outliving the method's frame */
    struct str exchange, key;
    bool mandatory, immediate;
    struct message *message;
    size_t have; /* octets of the body */
};

struct channel {
    struct conn *conn;
    uint16_t number;
    uint64_t serial; /* of all channels ever; 0 is none */
    enum channel_state state;
    enum channel_mode mode;
    bool flow;
    struct map *consumers; /* by tag */
    struct unacked unacked;
    size_t slots_counted; /* of them, in broker->things */
    uint64_t last_tag;
    /* Qos, global clear: what every new consumer gets. */
    uint32_t consumer_window;
    size_t consumer_window_bytes;
    /* Qos, global set: shared by all consumers of the channel. 0: no limit. */
    uint32_t window, window_used;
    size_t window_bytes, window_bytes_used;
    struct str last_queue; /* declared here; what a blank name means */
    struct content content;
    struct confirms confirms;
    TAILQ_ENTRY(channel) confirm_link; /* in broker->confirming */
    bool confirming;
    struct tx *tx;
};

struct channel *channel_new(struct conn *c, uint16_t number);
/* Opens it, as fresh as the first time. */
void channel_open(struct channel *ch);
/* Ends its life: requeues, cancels, forgets. It is in `state` afterwards. */
void channel_end(struct channel *ch, enum channel_state state);
void channel_free(struct channel *ch);

/* A delivery is out under the tag: it counts until it is settled. c is NULL for Get. */
void channel_track(struct channel *ch, uint64_t tag, struct entry *e, struct consumer *c);
/* It was taken out of unacked: gives room in the windows, wakes who waited for it. */
void channel_release(struct channel *ch, struct entry *e);
/* A consumer is gone; what it was given remains. */
void channel_forget_consumer(struct channel *ch, struct consumer *c);
/* All its consumers may be able again. */
void channel_wake(struct channel *ch);

/* Where a handler's method names no queue, the last one declared here. */
struct refusal channel_queue(struct channel *ch, struct str name, struct queue **q);

enum outcome { OUTCOME_DONE, OUTCOME_REQUEUE };
/* Ack, Reject and Nack: to one tag, or to all up to it (0: all). */
struct refusal channel_settle(struct channel *ch, uint64_t tag, bool multiple,
                              enum outcome outcome);
/* As channel_settle does at last, without a transaction in between. */
void channel_apply(struct channel *ch, struct entry *e, enum outcome outcome);

#endif
