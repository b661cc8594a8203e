/* The harness's side of the broker targets: it makes up what a client could say, and judges what
   the broker says. Harness and broker have names in common (struct str, table_find), so nothing
   of either shows here, and the objects behind this are linked apart. */
#ifndef SELF_FUZZ_APART_H
#define SELF_FUZZ_APART_H

#include <stddef.h>
#include <stdint.h>

/* One connection's output, cut anyhow. Asserts that it is frames that a server may send, each
   whole and decodable, contents complete, and silence behind the last one. */
struct judge;
struct judge *judge_new(void);
void judge_free(struct judge *j);
void judge_octets(struct judge *j, const void *octets, size_t n, uint32_t frame_max);

/* A few frames of a client at random, each as `type octet, channel octet, payload`, given to
   `take`. A publish comes with its content. */
typedef void apart_take(void *context, const uint8_t *octets, size_t n);
void make_up_frames(uint64_t seed, apart_take *take, void *context);

#endif
