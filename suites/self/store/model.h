/* What the store should hold, kept in the plainest way: so that it can be compared with what it
   does hold. After each batch its picture is taken, a number that stands for everything in it. */
#ifndef SELF_STORE_MODEL_H
#define SELF_STORE_MODEL_H

#include "broker-under-test/reference/src/store.h"

enum { MODEL_QUEUES = 4, MODEL_SEQS = 200, MODEL_DEFS = 8, BODY_MOST = 70000 };

struct model {
    uint64_t random;
    uint64_t ids[MODEL_QUEUES]; /* a queue that was deleted has a new one */
    uint64_t next_id;
    uint64_t next_seq[MODEL_QUEUES], mark[MODEL_QUEUES];
    bool there[MODEL_QUEUES][MODEL_SEQS];
    unsigned defs[MODEL_DEFS]; /* 0: not there; else its value */
};

void model_init(struct model *m, uint64_t seed);
/* A few random operations, on the store and in the model; the store's batch stays open. Unless
   no other batch is under way (`alone`), deletes are a transaction's: they do not reach back. */
void model_step(struct model *m, struct store *s, bool alone);
/* The same number means: the same definitions and messages, in the same order, with the same marks.
 */
uint64_t model_picture(const struct model *m);
/* False: it cannot be read. */
bool model_picture_of(struct store *s, uint64_t *picture);

#endif
