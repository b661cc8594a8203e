/* What the broker's process holds, by /proc: memory, descriptors, threads, processor time. */
#ifndef TOOLS_ATTACKER_BOOKS_H
#define TOOLS_ATTACKER_BOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct books {
    int64_t memory; /* RssAnon; -1: not known, as all of it */
    int64_t fds, threads, cpu_ns;
};

struct books books_now(pid_t pid);
/* Without fds (-1): to count thousands of descriptors takes some milliseconds. */
struct books books_at_a_glance(pid_t pid);
/* Is there, and no zombie. */
bool books_alive(pid_t pid);

#endif
