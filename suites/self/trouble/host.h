/* The broker as a process, with the shim in it; its folder; and what it wrote to stderr. */
#ifndef SELF_TROUBLE_HOST_H
#define SELF_TROUBLE_HOST_H

#include "trouble.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct host {
    char dir[64];  /* of everything; below it data/ */
    char data[80]; /* the store's folder */
    struct trouble *trouble;
    pid_t pid; /* 0: none runs */
    unsigned port;
    unsigned files; /* how many descriptors it may have; 0: as many as we */
    char said[4096];
};

/* Folders and the shared file; programs are looked for in `build`. */
bool host_init(struct host *h, const char *build);
void host_clear(struct host *h);
/* An empty store, and nothing fails. */
void host_fresh(struct host *h);
/* Starts it, with the shim or without. False: it ended; host_ended tells how. */
bool host_start(struct host *h, bool shim);
/* Waits for its end, so long; its exit code; -signal; HOST_RUNS. Then `said` is what it said. */
enum { HOST_RUNS = 1000 };
int host_ended(struct host *h, int within_ms);
/* Fills `said` with what it has said so far. */
void host_listen(struct host *h);
void host_kill(struct host *h);
/* Processor time so far, in ticks of the system. */
unsigned long host_ticks(const struct host *h);

#endif
