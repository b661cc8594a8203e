/* One AMQP connection of the generator: a socket, octets that wait to be sent, and a buffer whose
   frames are walked in place. Setting up uses the wire library; what is counted by the million
   goes past it, through `quick` and `take`.

   A broker that hangs up, says Close or is silent for too long ends the workload. */
#ifndef BENCHMARK_LINK_H
#define BENCHMARK_LINK_H

#include "fixtures/wire/frame.h"
#include "result.h"

struct raw { /* a frame, its payload still in the buffer */
    uint8_t type;
    uint16_t channel;
    uint32_t size;
    const uint8_t *payload;
};

struct link {
    int fd;
    uint32_t frame_max;
    struct buf out; /* what was sent of it is dropped when all is */
    size_t out_at;
    uint8_t *in;
    size_t in_n, in_at, in_room;
    struct arena *arena; /* of the last reply */
    /* First asked: how many of these octets are what it knows by heart? 0: look closer. */
    size_t (*quick)(void *owner, const uint8_t *p, size_t n);
    /* Takes a frame that no call waits for; false: not one of those either. */
    bool (*take)(void *owner, const struct raw *f);
    void *owner;
};

enum { SILENCE_MS = 10000 }; /* a broker that does nothing for so long has given up */

void link_open(struct link *l, const struct target *t); /* up to open-ok */
void link_close(struct link *l);                        /* close, close-ok, end of stream */
/* The same in steps, so that many can be under way: each sends, the next awaits the answer. */
void link_begin(struct link *l, const struct target *t);
void link_login(struct link *l, const struct target *t);
void link_enter(struct link *l, const struct target *t);
void link_entered(struct link *l);
void link_leave(struct link *l);
void link_left(struct link *l);

/* Sends a method, and takes frames until the reply is there; its arguments live until the next
 * call. */
const void *link_call(struct link *l, uint16_t channel, enum method_id id, const void *args,
                      enum method_id reply);
void link_open_channel(struct link *l, uint16_t channel);
/* From now on it is ready to be read when so many octets are there. */
void link_gather(const struct link *l, size_t octets);

/* For loops: link_send takes as much of p as the socket does now, link_flush of what waits in
   `out`; link_read reads once what is there and hands every whole frame on. */
size_t link_send(struct link *l, const void *p, size_t n);
bool link_flush(struct link *l); /* true: nothing is left */
bool link_read(struct link *l);  /* false: nothing was there */
/* Returns when all of `out` is sent. */
void link_push(struct link *l);
/* Waits for octets, and hands every whole frame on. */
void link_wait(struct link *l);

static inline uint32_t octets_4(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t octets_8(const uint8_t *p)
{
    return (uint64_t)octets_4(p) << 32 | octets_4(p + 4);
}

#endif
