#include "mem.h"

#include "limits.h"
#include "log.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>

/* Messages come and go by the thousand. An allocator that gives each away to the system and asks
   for it again makes the kernel clear more memory than the messages fill. */
void mem_init(void)
{
    mallopt(M_TRIM_THRESHOLD, LIMIT_MEMORY_SPARE);
    mallopt(M_MMAP_THRESHOLD, LIMIT_MEMORY_SPARE / 8);
}

void *xmalloc(size_t n)
{
    void *p = malloc(n ? n : 1);

    if (!p)
        fatal("out of memory, %zu bytes wanted", n);
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        fatal("out of memory, %zu times %zu bytes wanted", n, size);
    return p;
}

void *xrealloc(void *old, size_t n)
{
    void *p = realloc(old, n ? n : 1);

    if (!p)
        fatal("out of memory, %zu bytes wanted", n);
    return p;
}

void *xgrow(void *old, size_t n, size_t size)
{
    assert(size && n <= SIZE_MAX / size);
    return xrealloc(old, n * size);
}

struct str str_dup(struct str s)
{
    char *p = xmalloc(s.n + 1);

    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0'; /* for the debugger and for regcomp; nobody counts on it otherwise */
    return (struct str){ p, s.n };
}

void str_free(struct str *s)
{
    union {
        const char *from;
        void *to;
    } cast = { .from = s->p }; /* ours since str_dup, so const may go */

    free(cast.to);
    *s = (struct str){ NULL, 0 };
}
