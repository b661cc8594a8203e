/* Where the last messages went. Most publish again and again to the same exchange with the same
   key: what that reaches is remembered, and holds while no exchange or binding comes or goes
   (broker->topology counts those changes). Nothing here is state: a miss costs a look-up.

   Owned by the broker, asked by publish.c alone. */
#ifndef REF_MEMO_H
#define REF_MEMO_H

#include "message.h"
#include "vhost.h"

enum { MEMOS = 4096, MEMO_NAMES = 96, MEMO_QUEUES = 16 };

struct memo {
    uint64_t topology; /* at which it holds; 0: never */
    const struct vhost *vhost;
    struct exchange *exchange;
    uint8_t exchange_bytes, key_bytes;
    uint8_t n;
    char names[MEMO_NAMES];
    struct queue *at[MEMO_QUEUES];
};

/* NULL: not known. who: publishers of different numbers are not in each other's way. */
const struct memo *memo_find(const struct vhost *v, uint64_t who, const struct message *m);
/* If the route depends on the names alone, and is not long. */
void memo_keep(const struct vhost *v, uint64_t who, const struct message *m, struct exchange *x,
               struct route r);

#endif
