/* What the broker has done since it started. Plain numbers of the loop thread, raised where the
   thing happens: an addition each, no more. */
#ifndef REF_COUNTS_H
#define REF_COUNTS_H

#include <stdint.h>

struct counts {
    uint64_t connections_opened, connections_closed;
    uint64_t logins_accepted, logins_refused;
    uint64_t channels_opened, channels_closed;
    uint64_t queues_created, queues_deleted;
    uint64_t published; /* messages received */
    uint64_t routed, returned, dropped;
    uint64_t delivered, got; /* by Deliver, by Get */
    uint64_t redelivered;    /* of both */
    uint64_t settled;        /* acknowledged or rejected for good */
};

#endif
