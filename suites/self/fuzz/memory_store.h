/* store.h in memory, for the targets that hold a broker: see memory_store.c. */
#ifndef SELF_FUZZ_MEMORY_STORE_H
#define SELF_FUZZ_MEMORY_STORE_H

#include "broker-under-test/reference/src/store.h"

struct store *memory_store(void);
/* So many more of the sealed batches are on the disk that is not there. */
void memory_store_commit(struct store *s, uint64_t batches);
/* A full one commits nothing until there is room again. */
void memory_store_fill(struct store *s, bool full);

#endif
