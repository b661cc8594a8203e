/* One socket and its connection. */
#ifndef REF_LINK_H
#define REF_LINK_H

#include "conn.h"

#include <uv.h>

struct loop;
struct tls;

struct link {
    struct loop *loop;
    struct conn *conn;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    uint64_t armed_ms; /* when the timer rings; NEVER: it does not */
    bool reading, writing;
    size_t read_room;     /* octets of one read: fewer if they keep the others waiting */
    uint64_t filled_turn; /* of the loop, in which it had as much as fits: the others are next */
    bool ending;          /* all is said: only waits for the peer's end */
    bool leaving;         /* in loop->leaving */
    TAILQ_ENTRY(link) leaving_link;
    bool closing;
    unsigned handles; /* not yet closed */
    size_t lent;
    struct tls *tls;   /* NULL: plain octets */
    char *lent_cipher; /* its octets that libuv is writing */
    bool introduced;   /* the connection knows whose certificate it is */
    bool said_goodbye; /* close_notify */
};

/* Accepts from the listener. */
void link_accept(struct loop *l, uv_stream_t *listener);
/* Sends what there is, closes what is finished, sees to reading and the timer. */
void link_flush(struct link *k);
void link_see_to_reading(struct link *k);
/* Of those that are not read from: who has gone meanwhile? */
void link_look_after_unread(struct loop *l);
/* A turn's share of those whose stream has ended. */
void link_close_leaving(struct loop *l);
void link_close(struct link *k);

#endif
