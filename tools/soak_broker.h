/* The broker as its adapter has it: a verb at a time, run beside the loop so that work goes on
   while the broker is being killed. */
#ifndef TOOLS_SOAK_BROKER_H
#define TOOLS_SOAK_BROKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct verb {
    const char *name; /* NULL: none is under way */
    pid_t pid;
    int fd; /* readable when it has ended */
    int64_t until_ms;
};

/* What it says is appended to `log`. */
void verb_start(struct verb *v, const char *adapter, const char *name, const char *log);
enum { VERB_UNDER_WAY = -1, VERB_BROKEN_OFF = -2 };
/* Its exit code once it has ended; after its time it is broken off. */
int verb_ended(struct verb *v);
/* Waits for it. */
int verb_call(const char *adapter, const char *name, const char *log);

#endif
