/* What the kernel says of a broker's process: who it is, its processor time, its memory.
   Everything is by pid, and "not known" is an answer. */
#ifndef BENCHMARK_PROC_H
#define BENCHMARK_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Who listens on this TCP port; 0: nobody, or its process is not ours to look into. */
pid_t proc_of_port(unsigned port);
/* User and system time of all its threads, also of those that ended; -1: not known. */
int64_t proc_cpu_ns(pid_t pid);
/* Its first thread runs, or waits for a processor. */
bool proc_runs(pid_t pid);
/* Anonymous memory in octets (RssAnon); -1: not known. */
int64_t proc_memory(pid_t pid);

#endif
