/* One connection's core: bytes and the time in, bytes and a deadline out. It never
   sees a socket or a clock, so tests drive it from arrays. The caller:

       conn_input(c, bytes, n, now)       whatever came, cut anyhow
       conn_output(c, iov, max)           what to send; conn_output_done(c, n, now) what went
       conn_deadline(c)                   when to call conn_tick(c, now) at the latest
       conn_finished(c)                   all said: close the socket
       conn_gone(c)                       the socket is closed or broken; then conn_free(c)

   and between turns broker_turn(), which settles with the store what a turn promised. */
#ifndef REF_CONN_H
#define REF_CONN_H

#include "channel.h"

struct broker;
struct user;
struct rights;
struct vhost;

#define NEVER UINT64_MAX

enum conn_state {
    CONN_HEADER = 1,   /* the protocol header is to come */
    CONN_STARTING = 2, /* we sent Start */
    CONN_TUNING = 4,   /* we sent Tune */
    CONN_OPENING = 8,  /* tuned; Open is to come */
    CONN_OPEN = 16,
    CONN_CLOSING = 32,   /* we sent Close and wait for Close-Ok */
    CONN_PAUSED = 64,    /* refused in negotiation: silent, then closed */
    CONN_DEAD = 128,     /* flush, then close */
    CONN_SECURING = 256, /* we sent Secure */
};
enum {
    CONN_NEGOTIATING = CONN_HEADER | CONN_STARTING | CONN_SECURING | CONN_TUNING | CONN_OPENING
};

struct conn {
    TAILQ_ENTRY(conn) link; /* in broker->conns */
    TAILQ_ENTRY(conn) talk_link;
    TAILQ_ENTRY(conn) wait_link; /* in broker->waiting */
    struct broker *broker;
    uint64_t number;
    char peer[64]; /* address, for the log */
    bool loopback;
    void *owner; /* the loop's own record of it */

    enum conn_state state;
    uint16_t channel_max;
    uint32_t frame_max;
    uint64_t heartbeat_ms; /* 0: none */
    bool cap_cancel_notify, cap_auth_close, cap_blocked;
    struct str claims;    /* the user that a challenged client says it is; owned */
    struct str certified; /* who its certificate says that it is; owned; p NULL: nobody */
    struct user *user;
    const struct rights *rights;
    struct vhost *vhost;
    TAILQ_HEAD(owned_list, queue) owned; /* exclusive to it */

    struct channel **channels; /* by number; NULL: never opened */
    size_t channel_room;

    char *partial; /* a frame that has not come whole */
    size_t partial_bytes, partial_room;
    uint64_t skip; /* octets of a refused frame still to pass by */

    struct out out;
    bool talking;   /* in broker->talking, or broker->gated: has something to send */
    bool gated;     /* the latter: waits for the store */
    bool clogged;   /* out is over its mark, consumers wait */
    bool publisher; /* has published */
    bool told_blocked;
    struct queue *waits_for; /* it is long, and memory is short; NULL: it does not wait */
    size_t held, unsent;     /* its part of those accounts, see share.h */
    size_t partial_counted;
    uint64_t things_made; /* over its life */

    uint64_t born_ms, state_since_ms, heard_ms, said_ms, now_ms;
};

struct conn *conn_new(struct broker *b, const char *peer, bool loopback, uint64_t now_ms);
/* The layer below knows who that is, by a certificate that was checked; for EXTERNAL. p NULL: it
   does not. */
void conn_identify(struct conn *c, struct str name);
void conn_free(struct conn *c);

void conn_input(struct conn *c, const char *bytes, size_t n, uint64_t now_ms);
size_t conn_output(struct conn *c, struct iovec *iov, size_t max);
void conn_output_done(struct conn *c, size_t n, uint64_t now_ms);
/* A write of the first n octets goes on behind our back: whatever happens, they stay
   where they are until conn_output_done or conn_free. */
void conn_output_lent(struct conn *c, size_t n);
uint64_t conn_deadline(const struct conn *c);
void conn_tick(struct conn *c, uint64_t now_ms);
bool conn_finished(const struct conn *c);
/* false: leave what comes in the socket, its sender is too fast or does not listen. */
bool conn_wants_input(const struct conn *c);
void conn_gone(struct conn *c);
/* The operator ends it: Close 320. */
void conn_force_close(struct conn *c, const char *why);
/* Memory or the disk is short (or no longer): tells a publisher that can be told. */
void conn_tell_blocked(struct conn *c, bool blocked);
/* What it waits for will never be on disk: Close 541 instead. */
void conn_store_failed(struct conn *c);

/* The rest is for the handlers and dispatch. */

/* What is said from here on waits until what was done so far is on disk. */
void conn_await_commit(struct conn *c);
/* The same, until that batch is. */
void conn_await_batch(struct conn *c, uint64_t batch);
/* If all that is to be said waits for the store: whole frames that need not. */
bool conn_say_ahead(struct conn *c, const char *octets, size_t n);
/* What came of a frame is forgotten, what is still to come of it is passed by. */
void conn_pass_by(struct conn *c);
/* Something was appended to out. */
void conn_talk(struct conn *c);
static inline struct channel *conn_channel(const struct conn *c, uint16_t number)
{
    return number < c->channel_room ? c->channels[number] : NULL;
}
struct channel *conn_add_channel(struct conn *c, uint16_t number);
void conn_enter(struct conn *c, enum conn_state state);
/* Sends Close and ends all channels. */
void conn_close(struct conn *c, struct refusal why, uint16_t class_id, uint16_t method_id);
/* No more data, now. For frames that are none. */
void conn_drop(struct conn *c, const char *why);
/* Refused in negotiation: by silence, after a pause. */
void conn_shun(struct conn *c, const char *why);
/* Ends all channels and what the connection owned exclusively. */
void conn_release(struct conn *c);

/* One method frame of the connection, appended. */
#define SEND(c, channel, name, ...)                                                                \
    do {                                                                                           \
        send_##name(&(c)->out, channel, &(struct m_##name){ __VA_ARGS__ });                        \
        conn_talk(c);                                                                              \
    } while (0)
/* For methods without fields. */
#define SEND_BARE(c, channel, name) SEND(c, channel, name, .no_field = 0)

#endif
