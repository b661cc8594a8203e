/* A flow: one connection that publishes in batches encoded beforehand, and connections that
   consume. Messages under way are bounded by windows, so a slow broker is not buried.

   flow_open declares, flow_run publishes and waits until all has come, flow_close counts what
   is wrong into bench_result and deletes. */
#ifndef BENCHMARK_FLOW_H
#define BENCHMARK_FLOW_H

#include "link.h"
#include "tally.h"

enum { QUEUES_MOST = 1000, CONFIRMS_MOST = 4096 };

/* "twice", "disordered", "altered" or "lost": one message is published so (or not at all), to be
   found. NULL: none. */
extern const char *bench_planted;

struct shape {
    const char *exchange; /* type; NULL: the default exchange */
    uint32_t body;        /* octets of a message */
    unsigned queues;      /* a fanout gives a message to all, others to one after the other */
    unsigned links;       /* consuming connections; 0: messages stay where they are */
    unsigned bindings;    /* of a topic exchange; a multiple of the queues */
    unsigned idle;        /* other connections, each with a channel and a consumer of its own */
    uint16_t prefetch;    /* 0: no limit */
    bool ack, persistent;
    bool at_once;      /* take each message as it comes: for latencies */
    unsigned confirms; /* unconfirmed messages at most; 0: no confirms asked for */
    uint64_t window;   /* undelivered messages at most */
    unsigned batch;    /* of one write */
};

struct flow {
    const struct target *target;
    struct shape shape;
    struct link publisher, consumers[QUEUES_MOST], idle[QUEUES_MOST];
    struct stream streams[QUEUES_MOST]; /* queue q: connection q % links, channel 1 + q / links */
    struct consumer {                   /* what frames of a connection are taken with */
        struct flow *flow;
        unsigned number;
    } takers[QUEUES_MOST];
    char exchange[64], queues[QUEUES_MOST][64];

    uint8_t *batch; /* `cycle` encoded messages of `stride` octets, the body's at body_at */
    size_t stride, body_at;
    unsigned cycle;
    size_t unsent_at, unsent_to; /* of the batch, what the socket has not yet taken */
    bool gathering;              /* consumers are woken for many octets, not for any */

    uint64_t published, delivered; /* delivered: all of them, whatever they are */
    uint64_t confirmed;            /* delivery tags 1 to that many */
    bool confirmed_early[CONFIRMS_MOST];
    uint64_t heard_ns;     /* when something came last */
    uint64_t memory_at_ns; /* when to look at the broker's memory again; 0: never */
    uint64_t *sent_ns;     /* by number, if latencies are asked for */
    uint64_t *latency_ns, *confirm_ns;
    uint64_t latencies, confirms, latencies_room, unmeasured; /* the first ones warm up */
};

void flow_open(struct flow *f, const struct shape *s, const struct target *t);
/* What nobody read so far is read now. */
void flow_consume(struct flow *f, unsigned links);
/* At most `most` messages, no more of them after `budget_ms`; returns when all has come and is
   confirmed, or nothing comes any more. */
void flow_run(struct flow *f, uint64_t most, unsigned budget_ms);
/* The same, but the queues stay as long as they are: as many go in as come out. */
void flow_run_level(struct flow *f, uint64_t most, unsigned budget_ms);
void flow_fence(struct flow *f); /* returns when the broker has read what consumers said */
void flow_close(struct flow *f);
void flow_watch_memory(struct flow *f); /* from now on, its height is in bench_result */

/* One by one, for latencies. */
void flow_publish(struct flow *f, unsigned n);   /* n <= shape.batch */
void flow_turn(struct flow *f, int64_t wait_ns); /* sends and takes what can be now */
uint64_t flow_copies(const struct flow *f);      /* of one message */
uint64_t flow_right(const struct flow *f);       /* deliveries that were what they had to be */

/* take.c: what the connections hand their octets to. */
size_t flow_know_delivery(void *consumer, const uint8_t *p, size_t n);
bool flow_take_delivery(void *consumer, const struct raw *r);
bool flow_take_confirm(void *flow, const struct raw *r);

#endif
