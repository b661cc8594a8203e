#include "memo.h"

#include "broker.h"

/* The names lie in a message one behind the other. */
static size_t names_bytes(const struct message *m)
{
    return (size_t)m->exchange_bytes + m->key_bytes;
}

/* Keys that are used in turn differ in their last octet, if anywhere. */
static struct memo *place(const struct vhost *v, uint64_t who, const struct message *m)
{
    size_t n = names_bytes(m);
    uint64_t last = n ? (unsigned char)m->data[n - 1] : 0;

    return &v->broker->memos[(who + last) % MEMOS];
}

const struct memo *memo_find(const struct vhost *v, uint64_t who, const struct message *m)
{
    const struct memo *memo = place(v, who, m);

    if (memo->topology != v->broker->topology || memo->vhost != v || m->headers_bytes ||
        memo->exchange_bytes != m->exchange_bytes || memo->key_bytes != m->key_bytes)
        return NULL;
    return memcmp(memo->names, m->data, names_bytes(m)) == 0 ? memo : NULL;
}

void memo_keep(const struct vhost *v, uint64_t who, const struct message *m, struct exchange *x,
               struct route r)
{
    struct memo *memo = place(v, who, m);

    if (m->headers_bytes || names_bytes(m) > MEMO_NAMES || r.n > MEMO_QUEUES)
        return;
    memo->topology = v->broker->topology;
    memo->vhost = v;
    memo->exchange = x;
    memo->exchange_bytes = m->exchange_bytes;
    memo->key_bytes = m->key_bytes;
    memo->n = (uint8_t)r.n;
    memcpy(memo->names, m->data, names_bytes(m));
    for (size_t i = 0; i < r.n; i++)
        memo->at[i] = r.at[i];
}
