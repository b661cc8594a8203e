/* A store in a folder of its own, for the tests of the store: wakes are counted and
   can be waited for, the store thread can be held after a commit, holds are counted. */
#ifndef SELF_BROKER_STORE_RIG_H
#define SELF_BROKER_STORE_RIG_H

#include "broker-under-test/reference/src/store.h"

#include <pthread.h>

struct rig {
    char dir[64];
    struct store *store;
    size_t map_bytes;
    bool sync;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned wakes;
    bool hold; /* the store thread stays in its wake until this is false */
    int retained, released;
};

/* A new folder, and a store open in it. */
void rig_init(struct rig *r);
/* Closes, and removes the folder. */
void rig_clear(struct rig *r);
/* Opens again what was closed (or never was, as after a fork). */
void rig_open(struct rig *r);
void rig_close(struct rig *r);
void rig_reopen(struct rig *r);
/* The line that store_open leaves when it fails; it must fail. */
const char *rig_open_error(struct rig *r);

void rig_set_hold(struct rig *r, bool hold);
/* Until that many wakes have been counted; false if it takes forever. */
bool rig_wait_wakes(struct rig *r, unsigned n);
/* Seals, and waits until all of it is on disk; false if that fails. or there is no room. */
bool rig_commit(struct rig *r);
bool rig_wait(struct rig *r, uint64_t number);

/* A message of that queue and number with a text as its body. */
void rig_put(struct rig *r, uint64_t queue_id, uint64_t seq, const char *body);
/* What the queue holds, as "1 2! 3 " where ! is redelivered. */
const char *rig_list(struct rig *r, uint64_t queue_id);

/* Runs fn in a child process that ends without closing anything; its exit code. */
int rig_in_child(struct rig *r, void (*fn)(struct rig *r));

#endif
