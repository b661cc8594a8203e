#include "message.h"

#include "limits.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

static size_t head_bytes(const struct message *m)
{
    return (size_t)m->exchange_bytes + m->key_bytes + m->properties_bytes;
}

static void count(const struct message *m)
{
    if (m->account)
        *m->account += sizeof *m + m->room;
}

static void uncount(const struct message *m)
{
    if (m->account)
        *m->account -= sizeof *m + m->room;
}

struct message *message_new(struct str exchange, struct str key, struct str properties,
                            size_t body_bytes, size_t *account)
{
    size_t head = exchange.n + key.n + properties.n;
    size_t room = head + (body_bytes < LIMIT_BODY_EAGER ? body_bytes : LIMIT_BODY_EAGER);
    struct message *m = piece_new(sizeof *m + room);

    assert(exchange.n <= UINT8_MAX && key.n <= UINT8_MAX && properties.n <= UINT32_MAX);
    *m = (struct message){
        .account = account,
        .body_bytes = body_bytes,
        .room = room,
        .references = 1,
        .properties_bytes = (uint32_t)properties.n,
        .exchange_bytes = (uint8_t)exchange.n,
        .key_bytes = (uint8_t)key.n,
    };
    str_put(str_put(str_put(m->data, exchange), key), properties);
    count(m);
    return m;
}

struct message *message_append(struct message *m, size_t have, struct str piece)
{
    size_t head = head_bytes(m), want = head + have + piece.n, full = head + m->body_bytes;

    assert(piece.n <= m->body_bytes - have);
    if (want > m->room) {
        size_t room = m->room * 2 > want ? m->room * 2 : want;

        uncount(m);
        m->room = room < full ? room : full;
        m = xrealloc(m, sizeof *m + m->room);
        count(m);
    }
    str_put(m->data + head + have, piece);
    return m;
}

struct message *message_ref(struct message *m)
{
    m->references++;
    return m;
}

void message_unref(struct message *m)
{
    if (--m->references > 0)
        return;
    uncount(m);
    piece_free(m, sizeof *m + m->room);
}
