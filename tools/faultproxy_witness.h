/* What a fault did, for the log: the frames that came and did not go on as they were (-), and those
   that went and had not come so (+), in frame notation. One that waits is both in turn.
   Compares what goes in with what comes out; it knows nothing of rules. */
#ifndef TOOLS_FAULTPROXY_WITNESS_H
#define TOOLS_FAULTPROXY_WITNESS_H

#include <stdio.h>

#include "fixtures/wire/bytes.h"

struct witness;

struct witness *witness_new(FILE *log, unsigned number); /* number: of the connection */
void witness_free(struct witness *w);                    /* NULL: nothing */
void witness_heard(struct witness *w, char from, struct str octets);
void witness_said(struct witness *w, char to, struct str octets);
/* After what one piece of input led to. */
void witness_settle(struct witness *w);

#endif
