/* What of the model goes into the store, and how it comes back.

       kind  name                        value
       B     "boot"                      u64 count of openings
       V     vhost                       (nothing)
       U     user                        u8 hashing, str hash, str tags
       P     vhost NUL user              str configure, str write, str read
       X     vhost NUL exchange          u8 type, u8 flags, str arguments
       Q     vhost NUL queue             u64 id, u8 flags, str arguments
       L     SHA-256 of the value        a binding: str vhost, str exchange, u8 to a queue?,
                                         str destination, str key, str arguments
   str is a u32 length and the octets. Things that are not durable are passed over here,
   so callers need not ask. */
#ifndef REF_DURABLE_H
#define REF_DURABLE_H

#include "queue.h"
#include "user.h"

struct broker;
struct store_message;

void durable_put_vhost(const struct vhost *v);
void durable_put_user(struct broker *b, const struct user *u);
void durable_put_exchange(struct exchange *x);
void durable_forget_exchange(const struct exchange *x);
void durable_put_queue(struct queue *q);
void durable_forget_queue(const struct queue *q);
/* false: not a durable binding. */
bool durable_put_binding(const struct exchange *x, const struct destination *d, struct str key,
                         struct str arguments);
bool durable_del_binding(const struct exchange *x, const struct destination *d, struct str key,
                         struct str arguments);
/* All of the exchange's bindings to d; to whatever, if d is NULL. */
void durable_forget_bindings(const struct exchange *x, const struct destination *d);

/* Returns the batch it will be committed with. */
uint64_t durable_put_message(const struct queue *q, const struct entry *e);
void durable_del_message(const struct queue *q, const struct entry *e);
/* All from first to last, which are committed. */
void durable_del_messages(const struct queue *q, uint64_t first, uint64_t last);
void durable_mark(const struct queue *q);
/* As it was put; its bytes are counted in *account. */
struct message *durable_message(const struct store_message *s, size_t *account);

/* Fills a new broker from its store and counts this opening. false and a line in error
   if what is there cannot be understood. */
bool durable_recover(struct broker *b, char *error, size_t error_size);

#endif
