#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void text_put(struct record *to, const char *format, ...)
{
    char piece[1024];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(piece, sizeof piece, format, ap);
    va_end(ap);
    record_raw(to, (struct str){ piece, (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1 });
}

/* Octets of the UTF-8 character that s begins with; 0: it begins with none. */
static size_t character(struct str s)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : 4;
    unsigned char second = s.n > 1 ? (unsigned char)s.p[1] : 0;

    if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || n > s.n)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)s.p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
        (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
        return 0;
    return n;
}

/* How many octets stand for themselves: names are mostly of that sort. */
static size_t plain(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '"' && s.p[n] != '\\')
        n++;
    return n;
}

void text_json(struct record *to, struct str s)
{
    record_raw(to, STR("\""));
    while (s.n) {
        size_t n = plain(s);

        if (n) {
            record_raw(to, (struct str){ s.p, n });
            s.p += n;
            s.n -= n;
            continue;
        }
        n = character(s);

        if (n == 0)
            record_raw(to, STR("\xef\xbf\xbd")), n = 1;
        else if ((unsigned char)*s.p < 0x20)
            text_put(to, "\\u%04x", (unsigned)*s.p);
        else if (*s.p == '"' || *s.p == '\\')
            text_put(to, "\\%c", *s.p);
        else
            record_raw(to, (struct str){ s.p, n });
        s.p += n;
        s.n -= n;
    }
    record_raw(to, STR("\""));
}
