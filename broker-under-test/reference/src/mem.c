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

/* Pieces that were freed, by size in steps. A build that watches over freed memory keeps none. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED 1
#elif defined(__has_feature)
#define WATCHED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define WATCHED 0
#endif
enum {
    PIECE_STEP = 16, /* as the allocator's */
    PIECE_MOST = 1536,
};

struct piece {
    struct piece *next;
};

/* Each thread has its own, though one alone is busy with them. */
static _Thread_local struct piece *kept[PIECE_MOST / PIECE_STEP + 1];
static _Thread_local size_t kept_bytes;

static size_t steps(size_t n)
{
    return (n + PIECE_STEP - 1) / PIECE_STEP;
}

void *piece_new(size_t n)
{
    struct piece **first = n <= PIECE_MOST ? &kept[steps(n)] : NULL, *p;

    if (!first || !*first)
        return xmalloc(steps(n) * PIECE_STEP);
    p = *first;
    *first = p->next;
    kept_bytes -= steps(n) * PIECE_STEP;
    return p;
}

void piece_free(void *p, size_t n)
{
    struct piece *piece = p;

    if (WATCHED || n > PIECE_MOST || kept_bytes > LIMIT_PIECES_KEPT) {
        free(p);
        return;
    }
    piece->next = kept[steps(n)];
    kept[steps(n)] = piece;
    kept_bytes += steps(n) * PIECE_STEP;
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
