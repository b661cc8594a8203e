/* A channel that holds what it was delivered, and what is left when it is gone: for cases about
   acknowledging and refusing. Include after case.h; owns nothing. */
#ifndef SUITES_HOLDING_H
#define SUITES_HOLDING_H

#include "fixtures/harness/case.h"

/* A connection of two channels; channel 1 holds messages "1" … "n" of an exclusive queue. */
struct peer *holding(struct t *t, struct str q, int n);
/* Closes channel 1; the queue then holds exactly these messages, a blank between. */
void left_over(struct t *t, struct peer *c, struct str q, const char *bodies);

#endif
