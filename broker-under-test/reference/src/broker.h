/* The broker: what all connections share. One thread, no globals, no clock. */
#ifndef REF_BROKER_H
#define REF_BROKER_H

#include "conn.h"
#include "counts.h"
#include "log.h"
#include "map.h"
#include "memo.h"
#include "store.h"
#include "tls.h"

struct settings {
    uint16_t channel_max;
    uint32_t frame_max;
    uint16_t heartbeat_s;
    size_t memory_high;
    size_t ready_high; /* of one queue's ready messages, what is in memory */
    size_t body_max;
    uint64_t handshake_ms;
    bool guest_anywhere; /* loopback_users = none */
    struct str default_user, default_pass;
    enum log_level log_level;
    uint16_t metrics_port; /* 0: no /metrics */
    struct str metrics_address;
    struct tls_settings tls;
};

extern const struct settings default_settings;

struct broker {
    struct settings settings;
    struct store *store;
    struct map *vhosts, *users;
    TAILQ_HEAD(conn_list, conn) conns, talking, gated;
    TAILQ_HEAD(woken_list, queue) woken;
    TAILQ_HEAD(crowded_list, queue) crowded; /* longer than what may be in memory */
    bool crowd_waits;                        /* and need not wait for the store to go on */
    TAILQ_HEAD(confirming_list, channel) confirming;
    bool recovering; /* what comes from the store is not put into it */
    uint64_t seen_committed;
    size_t memory;               /* messages and entries */
    size_t things, held, unsent; /* the other accounts, see share.h */
    size_t used_most;            /* since memory was last given back */
    size_t conn_count;
    TAILQ_HEAD(waiting_list, conn) waiting; /* publishers to long queues */
    bool reprieved;                         /* one of them may go on */
    struct counts counts;
    const char *disk_full; /* why durable things wait; NULL: they do not */
    bool store_failed;
    bool memory_short;
    bool blocked;  /* by either: publishers are not read from */
    uint64_t boot; /* how often this store was opened: the high part of new numbers */
    uint64_t last_id, last_serial, last_conn, last_routing;
    uint64_t last_name; /* of queues and tags the broker names */
    uint64_t topology;  /* raised when an exchange or a binding comes or goes */
    struct memo memos[MEMOS];
    struct queue **routed; /* vhost_route's answer */
    size_t routed_room;
    struct exchange **todo; /* and the exchanges it has still to visit */
    size_t todo_room;
};

/* Takes the store, whose wake must lead to broker_turn. Recovers what is in it; an
   empty one gets vhost "/" and the default user. NULL and a line in error on damage. */
struct broker *broker_new(const struct settings *s, struct store *store, char *error,
                          size_t error_size);
/* All connections are gone. Closes the store; false: not all was kept. */
bool broker_free(struct broker *b);

struct vhost *broker_vhost(const struct broker *b, struct str name);
struct vhost *broker_add_vhost(struct broker *b, struct str name);
struct user *broker_user(const struct broker *b, struct str name);
struct user *broker_add_user(struct broker *b, struct str name);

/* Unique over restarts. */
uint64_t broker_new_id(struct broker *b);
uint64_t broker_first_seq(const struct broker *b);
/* "amq.gen-..." and the like, into out. */
struct str broker_new_name(struct broker *b, const char *prefix, char out[64]);

void broker_wake(struct broker *b, struct queue *q);
void broker_unwake(struct broker *b, struct queue *q);
/* Delivers what can be delivered. */
void broker_pump(struct broker *b);

/* The end of a loop turn: seals the batch, sends what has been committed meanwhile,
   blocks or unblocks publishers. */
void broker_turn(struct broker *b);
/* Connections that have something to send, one a call; NULL: no more. */
struct conn *broker_next_talking(struct broker *b);

#endif
