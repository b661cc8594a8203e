/* How the parts of the store fit together. Only store*.c include this.

     store.c         the loop thread's side: open batch, seal, reap, close
     store_batch.c   a batch: operations in order, and an index to cancel puts
     store_thread.c  the store thread: takes batches, and tries again when there was no room
     store_write.c   batches into LMDB transactions
     store_full.c    is it that the disk is full?
     store_open.c    opening, and every reason not to
     store_check.c   whether the file can be read at all
     store_read.c    recovery, and what is read back later

   At any time there are at most three batches with work: one open (loop thread
   only), one waiting (sealed, not begun) and one being written. While one waits,
   a seal leaves the open batch open: what the next turns add will be written in
   the same transaction, which is what makes a slow disk bearable. */
#ifndef REF_STORE_INSIDE_H
#define REF_STORE_INSIDE_H

#include "store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

enum op_kind {
    OP_PUT,
    OP_CANCELLED,
    OP_DEL,
    OP_DEL_RANGE,
    OP_DEL_QUEUE,
    OP_MARK,
    OP_PUT_DEF,
    OP_DEL_DEF
};

struct op {
    enum op_kind kind;
    uint8_t priority;
    bool bound; /* a delete of a transaction: not before the rest of it */
    uint64_t queue_id;
    uint64_t seq; /* of a mark: MARK_SEQ, to be found by it */
    union {
        struct {
            struct str exchange, routing_key, properties, body;
            int64_t expires_at_ms;
            void *owner;
            void (*release)(void *owner);
        } put; /* and cancelled */
        uint64_t mark;
        uint64_t last; /* of a range that begins with seq */
        struct {
            char *bytes; /* ours: kind and name, then value */
            size_t key_octets, value_octets;
        } def;
    };
};

/* No message has it: sequence numbers count up from 1. */
#define MARK_SEQ UINT64_MAX

struct batch {
    STAILQ_ENTRY(batch) link; /* in store.done */
    uint64_t number;
    bool awaited; /* somebody was told the number: it must be reached */
    bool sealed;  /* could not be handed over yet */
    bool in_part; /* a piece of it is on disk: its puts are no longer to be cancelled */
    size_t n, max, live;
    size_t bytes; /* what its messages hold on to */
    struct op *op;
    uint32_t *slot; /* open addressing: index of the operation + 1 */
    size_t slots;   /* a power of two */
    size_t indexed;
};
STAILQ_HEAD(batch_list, batch);

struct batch *batch_new(void);
void batch_free(struct batch *b);
/* Empties it for use again; holds have been released. */
void batch_reset(struct batch *b);
/* A new operation, not in the index. */
struct op *batch_add(struct batch *b, enum op_kind kind, uint64_t queue_id, uint64_t seq);
/* The same, and batch_find will know it: puts and marks. */
struct op *batch_add_indexed(struct batch *b, enum op_kind kind, uint64_t queue_id, uint64_t seq);
struct op *batch_find(const struct batch *b, uint64_t queue_id, uint64_t seq);
/* true if there was such a put, which is now none. */
bool batch_cancel(struct batch *b, uint64_t queue_id, uint64_t seq);
void batch_cancel_queue(struct batch *b, uint64_t queue_id);
/* Appends what `from` has, and its number; `from` is empty then. */
void batch_join(struct batch *into, struct batch *from);
void batch_release_holds(struct batch *b);

struct store {
    MDB_env *env;
    MDB_dbi about, defs, messages, marks;
    int lock_fd;
    size_t map_ceiling;
    char *dir;
    void (*wake)(void *context);
    void *context;

    /* The loop thread's. */
    struct batch *open, *spare;
    size_t backlog;
    bool begun;         /* something was handed over; recovery is past */
    bool atomic;        /* no delete reaches into the waiting batch */
    MDB_cursor *reader; /* its transaction is reset between two readings; NULL: never read */

    /* Between the threads. */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_mutex_t map; /* who reads on the loop thread, or makes the map larger */
    pthread_cond_t work; /* there is a waiting batch, or it is time to stop */
    struct batch *waiting, *writing;
    struct batch_list done;
    bool stop;

    _Atomic uint64_t committed;
    _Atomic(const char *) full; /* why there is no room; NULL: there is, as far as we know */
    _Atomic bool failed;        /* failure is complete and will not change */
    char failure[256];
    size_t lost_messages, lost_changes; /* the thread's, until it is joined */
};

/* store_write.c: what the store thread does with one batch. */
enum written { WRITTEN, NO_ROOM, FAILED };
enum written store_write(struct store *s, struct batch *b);
/* Deletes that stand in a batch for which there is no room, ahead of their turn. */
void store_make_room(struct store *s, const struct batch *b);
/* store_full.c: why this error says that there is no room for so many octets; NULL: it does not. */
const char *store_no_room(struct store *s, int rc, size_t octets);
/* The first failure counts. */
void store_fail(struct store *s, const char *what, int rc);
/* store_thread.c */
void store_init_work(struct store *s);
bool store_start_thread(struct store *s);
/* store_check.c: can every record be read? Forks; before the store thread exists. */
bool store_sound(const char *dir);
/* store_read.c */
void store_end_reading(struct store *s);
/* store_open.c */
bool store_open_env(struct store *s, const struct store_options *o, char *error, size_t size);
void store_close_env(struct store *s);

/* One record in the database "about" says whose file this is and how to read it. */
#define FORMAT_KEY   "format"
#define FORMAT_OURS  "amqproof reference broker, format "
#define FORMAT_VALUE FORMAT_OURS "1"

/* A message's key: queue id and sequence number, big endian so that order is order.
     0  8  queue id
     8  8  seq
   The first eight octets alone are the key of a mark. */
enum { KEY_OCTETS = 16 };

/* A message's value, integers big endian:
     0   8  expires_at_ms
     8   4  octets of properties
     12  2  octets of the exchange's name
     14  2  octets of the routing key
     16  1  priority
     17  .  exchange, routing key, properties, body                       */
enum { RECORD_HEAD = 17 };

/* A definition's key is its kind octet and name, or the front of it and a digest. Value:
     0   4  octets of kind and name
     4   .  kind, name, the caller's value                               */
enum { LIMIT_DEF_KEY = 511, DEF_HEAD = 4 };

static inline void put_be(unsigned char *p, uint64_t value, int octets)
{
    for (int i = octets; i-- > 0; value >>= 8)
        p[i] = (unsigned char)value;
}

static inline uint64_t get_be(const unsigned char *p, int octets)
{
    uint64_t value = 0;

    for (int i = 0; i < octets; i++)
        value = value << 8 | p[i];
    return value;
}

static inline void put_key(unsigned char *p, uint64_t queue_id, uint64_t seq)
{
    put_be(p, queue_id, 8);
    put_be(p + 8, seq, 8);
}

#endif
