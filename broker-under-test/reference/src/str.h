/* A view of bytes: owns nothing, lives as long as what it points into.
   Used everywhere in the broker; never NUL-terminated unless it says so. */
#ifndef REF_STR_H
#define REF_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_ARGS(s)  (int)(s).n, (s).p /* for "%.*s" */

static inline struct str str_of(const char *z)
{
    return (struct str){ z, strlen(z) };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* In decimal, with zeros before it up to the width; 20 octets at most. Returns where it ended. */
static inline char *put_decimal(char *at, uint64_t n, size_t width)
{
    char digits[20];
    size_t count = 0;

    do
        digits[count++] = (char)('0' + n % 10);
    while ((n /= 10) || count < width);
    while (count)
        *at++ = digits[--count];
    return at;
}

#endif
