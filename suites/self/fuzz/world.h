/* A broker for targets: without disk, log, clock or chance, so that the same octets always do the
   same. */
#ifndef SELF_FUZZ_WORLD_H
#define SELF_FUZZ_WORLD_H

#include "broker-under-test/reference/src/broker.h"

struct broker *world_new(const struct settings *s);
/* Everything is committed and every queue deleted: then no memory may be counted any more. */
void world_free(struct broker *b);
/* A turn of the loop, with so many batches committed before. */
void world_turn(struct broker *b, uint64_t batches);

#endif
