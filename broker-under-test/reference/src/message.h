/* A published message: one allocation, shared by every queue it reached and by every
   output that still has to send its body. Counted references, loop thread only. */
#ifndef REF_MESSAGE_H
#define REF_MESSAGE_H

#include "str.h"

struct broker;

struct message {
    size_t *account;       /* where its bytes are counted while it lives; may be NULL */
    size_t body_bytes;     /* as announced */
    size_t room;           /* bytes of data[] */
    uint64_t publisher;    /* number of the connection, for no-local */
    int64_t expires_at_ms; /* wall clock; 0: never */
    uint32_t references;
    uint32_t properties_bytes;
    uint32_t headers_at, headers_bytes; /* in the properties, without its length */
    uint8_t exchange_bytes;
    uint8_t key_bytes;
    uint8_t priority;
    bool persistent;
    char data[]; /* exchange, routing key, properties, body */
};

/* Room for the body is given up to LIMIT_BODY_EAGER, the rest by message_append. Its bytes are
   counted in *account, which may be NULL, until it is gone. */
struct message *message_new(struct str exchange, struct str key, struct str properties,
                            size_t body_bytes, size_t *account);
/* May move the message; have is how many octets of the body it holds already.
   Only before it is shared. */
struct message *message_append(struct message *m, size_t have, struct str piece);

struct message *message_ref(struct message *m);
void message_unref(struct message *m);

static inline struct str message_exchange(const struct message *m)
{
    return (struct str){ m->data, m->exchange_bytes };
}

static inline struct str message_key(const struct message *m)
{
    return (struct str){ m->data + m->exchange_bytes, m->key_bytes };
}

static inline struct str message_properties(const struct message *m)
{
    return (struct str){ m->data + m->exchange_bytes + m->key_bytes, m->properties_bytes };
}

static inline struct str message_headers(const struct message *m)
{
    return (struct str){ message_properties(m).p + m->headers_at, m->headers_bytes };
}

static inline struct str message_body(const struct message *m)
{
    struct str p = message_properties(m);

    return (struct str){ p.p + p.n, m->body_bytes };
}

#endif
