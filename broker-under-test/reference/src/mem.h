/* Memory or death: out of memory is fatal and loud, so no caller checks.
   What was confirmed is in the store and safe. */
#ifndef REF_MEM_H
#define REF_MEM_H

#include "str.h"

/* Once, before the first allocation that matters: tells the allocator how we live. */
void mem_init(void);
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
/* n elements of size, asserted not to overflow. */
void *xgrow(void *p, size_t n, size_t size);
/* For what comes and goes by the million, messages and their entries: some that were freed are kept
   by size and given out again. n is the same both times. */
void *piece_new(size_t n);
void piece_free(void *p, size_t n);
/* A copy that the caller frees through str_free. */
struct str str_dup(struct str s);
void str_free(struct str *s);
/* Copies the view to at, which has the room; returns the octet after it. */
static inline char *str_put(char *at, struct str s)
{
    if (s.n)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

#endif
