/* From frames to handlers: which method is legal when, who handles it, and what
   becomes of a refusal. */
#ifndef REF_DISPATCH_H
#define REF_DISPATCH_H

#include "conn.h"

/* The protocol header was ours: says Start. */
void dispatch_start(struct conn *c);
void dispatch_frame(struct conn *c, enum frame_type type, uint16_t channel, struct str payload);

#endif
