/* Faults of this broker's own, planted one at a time to see whether the suites find them:

     if (FAULTY(ack_all)) multiple = true;

   faults.def has them all. Only build/refbroker-faulty is compiled with them and takes `--fault
   NAME`; in every other build FAULTY(name) is 0 and nothing of a fault is left. */
#ifndef BROKER_FAULTY_H
#define BROKER_FAULTY_H

#ifdef WITH_FAULTS
#include <stdbool.h>

// clang-format off
enum fault {
    FAULT_none,
#define FAULT(name, rules, what, real) FAULT_##name,
#include "faults.def"
};
// clang-format on

extern enum fault fault_armed;
#define FAULTY(name) (fault_armed == FAULT_##name)

/* By its name, or by one of the ids of real faults that it re-enacts. False: no such fault. */
bool fault_arm(const char *name);
/* name, rules, real ids and what is wrong, by tabs, a line each, on stdout. */
void fault_list(void);
#else
#define FAULTY(name) 0
#endif

#endif
