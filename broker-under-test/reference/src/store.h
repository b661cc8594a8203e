/* What survives: definitions and persistent messages, in LMDB.

   The loop thread puts and deletes into an open batch (memory only, no system
   call). store_seal, once per loop turn, hands the batch to the store thread,
   which commits batches back to back with fsync; several sealed batches may
   become one transaction. When a batch is on disk the store wakes the loop with
   the wake callback, and store_committed says how far it got. Whatever promises
   durability to a client (confirm, tx.commit-ok, declare-ok of a durable thing)
   leaves only when store_committed() >= the number its batch was sealed with.

   A put that is deleted while still in the open batch is never written; nor is one in a
   sealed batch that the thread has not begun, unless a transaction (store_atomic) or
   store_del_queue deletes it.

   While there is no room (disk full, size limit reached) nothing is committed, and nothing is
   lost: store_full says why, the store keeps what it was given, tries again every LIMIT_FULL_MS,
   and writes deletes ahead of puts. Any other failure to write is for good: store_failed says
   it once; nothing after it is ever committed.

   Layout (LMDB named databases):
     defs      key: kind octet + name          value: the name, bytes of the caller's
     messages  key: queue id u64 BE + seq u64 BE   value: message record
     marks     key: queue id u64 BE            value: seq u64 BE; every message of
               the queue with seq <= mark has been delivered once before
   A message routed to n durable queues is n records, or shared: the store's choice. */
#ifndef REF_STORE_H
#define REF_STORE_H

#include "str.h"

struct store;

struct store_options {
    const char *dir;             /* exists and is ours alone (locked) */
    size_t map_bytes;            /* ceiling of the file; sparse */
    bool sync;                   /* false: no fsync, for tests only */
    void (*wake)(void *context); /* called from the store thread: uv_async_send */
    void *context;
};

/* NULL and a line in error (its size at most error_size) if it cannot be opened:
   missing, locked by another broker, not ours, damaged. */
struct store *store_open(const struct store_options *o, char *error, size_t error_size);
/* Commits what is open, joins the thread, closes. false: not all was kept, and the log says how
   much was not. A disk that is full then is tried once more, and not waited for. */
bool store_close(struct store *s);

void store_put_def(struct store *s, char kind, struct str name, struct str value);
void store_del_def(struct store *s, char kind, struct str name);

/* The parts of a message record; properties is the content header's payload from
   the property flags on, as it came. */
struct store_message {
    uint64_t queue_id;
    uint64_t seq;
    struct str exchange;
    struct str routing_key;
    struct str properties;
    struct str body;
    int64_t expires_at_ms; /* wall clock; 0: never */
    uint8_t priority;
};
/* A message is put once: its queue and sequence number never come again, nor does a
   queue's id after store_del_queue.
   The views must stay valid until the batch is committed or the message is deleted:
   hold tells the store how to keep and drop the owner (a reference count). */
struct store_hold {
    void *owner;
    void (*retain)(void *owner);  /* called on the loop thread */
    void (*release)(void *owner); /* called on the loop thread, from store_reap */
};
void store_put_message(struct store *s, const struct store_message *m, struct store_hold hold);
void store_del_message(struct store *s, uint64_t queue_id, uint64_t seq);
/* All from first to last; each of them has been committed. */
void store_del_messages(struct store *s, uint64_t queue_id, uint64_t first, uint64_t last);
/* From on to off, what is deleted goes with the open batch and not before it: a put that still
   waits in the batch ahead is written all the same. For transactions, which survive whole or not at
   all, and whose messages stay confirmed until they do. */
void store_atomic(struct store *s, bool on);
void store_del_queue(struct store *s, uint64_t queue_id); /* all its messages and its mark */
void store_set_mark(struct store *s, uint64_t queue_id, uint64_t seq); /* never falls */

/* Ends the turn: what is open will be committed under the number returned (1, 2, …),
   or it is the last number if nothing was open. While a sealed batch still waits for
   the thread, later turns join the open one under one number; store_reap hands it on. */
uint64_t store_seal(struct store *s);
/* The number the batch now open will get: what to wait for. If nothing is put
   into it, store_committed reaches it nevertheless at the next seal (and wakes). */
uint64_t store_pending(const struct store *s);
uint64_t store_committed(const struct store *s);
/* Drops holds of committed batches; call after a wake. */
void store_reap(struct store *s);
/* Octets of messages put and not yet reaped: how far the disk is behind. */
size_t store_backlog(const struct store *s);
/* NULL, or why nothing is committed for now. Either may change at each wake. */
const char *store_full(const struct store *s);
/* NULL, or why nothing is committed any more. */
const char *store_failed(const struct store *s);

const char *store_dir(const struct store *s);
/* Ends the line about a store that is no good. Nothing is repaired: what is missing was confirmed
   to somebody. */
#define STORE_GO_ON "; it is left as it is: put a copy in its place, or start with another --data"

/* Recovery, before the first put. Views live until the visit returns. */
typedef bool store_def_fn(void *context, char kind, struct str name, struct str value);
typedef bool store_message_fn(void *context, const struct store_message *m, bool redelivered);
bool store_each_def(struct store *s, store_def_fn *visit, void *context);
bool store_each_message(struct store *s, uint64_t queue_id, store_message_fn *visit, void *context);
/* At any time, on the loop thread: the committed messages of a queue from first on, until the visit
   says that it is enough. false, and the store has failed: there is no message `first`. */
bool store_read_from(struct store *s, uint64_t queue_id, uint64_t first, store_message_fn *visit,
                     void *context);

#endif
