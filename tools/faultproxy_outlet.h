/* What waits to be said to one socket: octets, pauses, a limit of speed and the end, strictly one
   after the other. Owns copies of the octets, not the descriptor. Time is an argument. */
#ifndef TOOLS_FAULTPROXY_OUTLET_H
#define TOOLS_FAULTPROXY_OUTLET_H

#include "fixtures/faults/fault.h"

struct outlet_item;

struct outlet {
    struct outlet_item *first, **end; /* where the next one is put */
    size_t waiting;                   /* octets of the items */
    uint64_t not_before_ms;           /* the next item begins then; UINT64_MAX: never */
    uint64_t rate;                    /* octets a second, if limited */
    bool limited;
    bool finished; /* FIN is said: octets behind it are dropped */
    uint64_t sent; /* octets the kernel took */
};

enum outlet_state {
    OUTLET_EMPTY,
    OUTLET_FULL, /* the kernel takes no more for now */
    OUTLET_WAIT, /* until not_before_ms */
    OUTLET_FIN,  /* all is sent, and now the FIN is due; it is taken out */
    OUTLET_RST,  /* the same for an RST */
    OUTLET_GONE, /* nobody is there any more to send to */
};

void outlet_init(struct outlet *o);
void outlet_clear(struct outlet *o); /* drops what waits */
/* One step; octets of EFFECT_SEND are copied. EFFECT_FIN here ends this one direction. */
void outlet_put(struct outlet *o, const struct fault_step *step);
/* Sends what may be sent now, and says why it stopped. */
enum outlet_state outlet_run(struct outlet *o, int fd, uint64_t now_ms);

#endif
