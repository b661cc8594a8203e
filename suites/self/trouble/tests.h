/* The parts of selftest-trouble; each says how many tests it ran. */
#ifndef SELF_TROUBLE_TESTS_H
#define SELF_TROUBLE_TESTS_H

#include "books.h"

/* What is being tried, for the lines of checks that fail. */
__attribute__((format(printf, 1, 2))) void saying(const char *format, ...);

unsigned run_calls(struct host *h);       /* the n-th call on the store's files fails */
unsigned run_files(struct host *h);       /* folders and files that are no good */
unsigned run_descriptors(struct host *h); /* none left */
unsigned run_clock(struct host *h);       /* jumps */

#endif
