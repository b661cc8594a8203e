/* Publisher confirms of one channel, in publish order: runs of messages that wait for
   one batch of the store. Those that need no store join the run before them. */
#ifndef REF_CONFIRM_H
#define REF_CONFIRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct out;

/* Waits for a batch that never comes: it was refused. */
#define CONFIRM_NEVER UINT64_MAX

struct confirm_run {
    uint64_t last;  /* number of its last publish */
    uint64_t batch; /* 0: nothing to wait for; or CONFIRM_NEVER */
};

struct confirms {
    struct confirm_run *runs;
    size_t count, capacity;
    uint64_t published, confirmed;
};

void confirms_clear(struct confirms *c);
/* The next publish is taken care of once the batch is committed. */
void confirms_add(struct confirms *c, uint64_t batch);
/* Sends one Basic.Ack for all that is committed. true: nothing waits any more. */
bool confirms_flush(struct confirms *c, struct out *o, uint16_t channel, uint64_t committed);

/* The store has failed: sends Basic.Ack for what was committed before and what needs no store,
   Basic.Nack for all else. Nothing waits any more. */
bool confirms_settle(struct confirms *c, struct out *o, uint16_t channel, uint64_t committed);

#endif
