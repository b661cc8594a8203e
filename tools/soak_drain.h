/* Before and after: what the soak declares, and taking out of the queues what is left in them, one
   call after the other. False: it could not be done; why is in the ledger. */
#ifndef TOOLS_SOAK_DRAIN_H
#define TOOLS_SOAK_DRAIN_H

#include "soak_link.h"

bool soak_declare(const struct target *t);
/* Every queue empty, everything acknowledged and that answered. */
bool soak_drain(const struct target *t);

#endif
