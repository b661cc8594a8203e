/* What a connection has still to say: encoded octets in blocks, and bodies by
   reference to their message. The loop takes it as an iovec list and reports how
   much the socket took.

   A gate stops the stream at a place until the store has committed a batch: an -Ok
   that promises durability stands behind one. Everything behind it waits too, so
   the order of replies is kept without a thought. */
#ifndef REF_OUT_H
#define REF_OUT_H

#include "message.h"

#include <sys/uio.h>

struct out_block;

struct out_piece {
    const char *p;
    size_t n;
    struct out_block *block; /* one of these two holds the octets */
    struct message *message;
};

struct out_gate {
    uint64_t at;    /* octets of the stream before the gate */
    uint64_t batch; /* opens when this is committed */
};

struct out {
    struct out_piece *pieces; /* a ring; capacity is a power of two */
    size_t first, count, capacity;
    struct out_block *fill; /* where the next encoded octets go */
    size_t fill_used;
    struct out_gate *gates; /* ascending in both fields */
    size_t gate_count;
    uint64_t appended, taken; /* octets over the life of the stream */
    size_t pinned;            /* octets at the front that a write under way reads from */
    size_t lent;              /* of those that wait, octets that are of messages */
};

void out_init(struct out *o);
/* Forgets all that is not pinned. */
void out_clear(struct out *o);

/* n octets in a row to write into, at once: they count as appended. */
char *out_reserve(struct out *o, size_t n);
/* A part of the message's body; takes a reference of its own. */
void out_body(struct out *o, struct message *m, struct str part);
void out_gate(struct out *o, uint64_t batch);

static inline size_t out_waiting(const struct out *o)
{
    return (size_t)(o->appended - o->taken);
}

/* Memory of its own: without the bodies, which are their messages'. */
static inline size_t out_owned(const struct out *o)
{
    return out_waiting(o) - o->lent + o->count * sizeof(struct out_piece);
}

/* Fills at most max entries with what may go now; committed is the store's number. */
size_t out_iov(struct out *o, struct iovec *iov, size_t max, uint64_t committed);
/* The first n octets are sent. */
void out_done(struct out *o, size_t n);
/* Whether something could be sent but for a gate. */
bool out_gated(const struct out *o, uint64_t committed);
/* Nothing more will be committed: drops what stands behind the first gate that is closed. false:
   none is. */
bool out_cut(struct out *o, uint64_t committed);
/* Whole frames to be sent before what stands at the closed gate (out_gated). */
void out_ahead(struct out *o, const char *octets, size_t n);

#endif
