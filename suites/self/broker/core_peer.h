/* A world without sockets: a broker on a folder of its own, and peers that talk to it
   from arrays. Frames to send are encoded with the broker's own codec, which is fair
   here: what is tested is the core behind it, and the codec has hand-written bytes of
   its own in core_codec.c. */
#ifndef SELF_BROKER_CORE_PEER_H
#define SELF_BROKER_CORE_PEER_H

#include "broker-under-test/reference/src/broker.h"
#include "suites/self/broker/suites.h"

struct world {
    struct broker *b;
    char dir[64];
    uint64_t now;
    int woken[2]; /* pipe: the store writes, we wait */
};

void world_open(struct world *w);
void world_open_with(struct world *w, const struct settings *s);
void world_close(struct world *w);
/* A broker on a copy of what is on disk this moment: as after SIGKILL. w goes on. */
void world_fork(struct world *w, struct world *after);
/* Turns until nothing waits for the store any more. */
void world_settle(struct world *w);

struct peer {
    struct world *w;
    struct conn *c;
    struct out out;
    char *in;
    size_t in_n, in_at;
};

struct frame {
    unsigned type;
    uint16_t channel;
    enum method method; /* METHOD_COUNT if it is none */
    struct str payload; /* of a method: its arguments */
};

/* A raw connection, nothing said yet. */
void peer_raw(struct peer *p, struct world *w);
/* Through the handshake, with channel 1 open. */
void peer_connect(struct peer *p, struct world *w);
void peer_connect_with(struct peer *p, struct world *w, struct str client_properties);
void peer_leave(struct peer *p);

void peer_header(struct peer *p);
void peer_start_ok(struct peer *p, struct str client_properties, const char *password);
void peer_tune_ok(struct peer *p, uint16_t channel_max, uint32_t frame_max, uint16_t heartbeat);

/* Queued by SAY; peer_send gives it to the broker, in one piece. */
#define SAY(p, channel, name, ...)                                                                 \
    send_##name(&(p)->out, channel, &(struct m_##name){ __VA_ARGS__ })
#define SAY_BARE(p, channel, name) SAY(p, channel, name, .no_field = 0)
void say_publish(struct peer *p, uint16_t channel, struct str exchange, struct str key,
                 struct str body, uint8_t delivery_mode);
void say_publish_with(struct peer *p, uint16_t channel, const struct m_basic_publish *m,
                      struct str properties, struct str body);
void peer_send(struct peer *p);
/* All queued octets, without sending; the caller frees. */
struct str peer_bytes(struct peer *p);
void bytes_free(struct str bytes);
void peer_give(struct peer *p, struct str bytes);

/* The next frame from the broker; false: none. Sends what is queued and settles first. */
bool peer_next(struct peer *p, struct frame *f);
/* The next frame is that method; its arguments are read with READ. */
bool peer_gets(struct peer *p, enum method m, struct frame *f);
#define GETS(p, name) peer_gets(p, M_##name, &(struct frame){ 0 })
#define READ(f, name)                                                                              \
    read_##name(&(struct cursor){ .p = (const uint8_t *)(f).payload.p, .length = (f).payload.n })
bool peer_silent(struct peer *p);
/* A delivery or Get-Ok with content: true if it is that body. */
struct delivery {
    enum method method;
    uint64_t tag;
    bool redelivered;
    uint32_t left;
    char body[64];
};
bool peer_delivery(struct peer *p, struct delivery *d);
bool peer_closed_channel(struct peer *p, uint16_t channel, unsigned code);
bool peer_closed_connection(struct peer *p, unsigned code);

void declare_queue(struct peer *p, struct str name, bool durable);
void get_body(struct peer *p, struct str queue, struct delivery *d);

#endif
