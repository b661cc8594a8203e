#include "log.h"

#include "str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT = 1024, LINE = 4 * TEXT + 128 };

/* Read on both threads, set on a reload. */
static atomic_int level = LOG_LEVEL_INFO;
static bool forced;
static const char *const names[] = { "error", "warning", "info", "debug" };

void log_set_level(enum log_level l)
{
    if (!forced)
        atomic_store_explicit(&level, (int)l, memory_order_relaxed);
}

bool log_force_level(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            atomic_store_explicit(&level, (int)i, memory_order_relaxed);
            return forced = true;
        }
    }
    return false;
}

/* Who puts returns where it ended. */
static char *put_escaped(char *to, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '\\')
            *to++ = '\\', *to++ = '\\';
        else if (c < 0x20 || c > 0x7e)
            to += sprintf(to, "\\x%02x", c);
        else
            *to++ = (char)c;
    }
    return to;
}

/* Many lines share a second, so it is made once. */
static char *put_second(char *to, time_t second)
{
    static _Thread_local char text[32];
    static _Thread_local size_t n;
    static _Thread_local time_t made_of;
    struct tm utc = { .tm_mday = 1 };

    if (n == 0 || made_of != second) {
        gmtime_r(&second, &utc);
        n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
        made_of = second;
    }
    memcpy(to, text, n);
    return to + n;
}

static char *put_text(char *to, const char *text)
{
    size_t n = strlen(text);

    memcpy(to, text, n);
    return to + n;
}

static char *put_head(char *to, enum log_level l, uint64_t conn)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    to = put_text(put_second(to, now.tv_sec), ".");
    to = put_text(put_decimal(to, (uint64_t)now.tv_nsec / 1000000, 3), "Z ");
    to = put_text(put_text(to, names[l]), conn ? " conn/" : " broker ");
    return conn ? put_text(put_decimal(to, conn, 1), " ") : to;
}

/* One write per line, so that lines of two threads do not mix. Who does not take the log does not
   get it. */
__attribute__((format(printf, 3, 0))) static void
line(enum log_level l, uint64_t conn, const char *format, va_list ap, const char *tail)
{
    char text[TEXT], out[LINE], *end;
    int kept = errno;
    size_t n;

    if ((int)l > atomic_load_explicit(&level, memory_order_relaxed))
        return;
    n = (size_t)vsnprintf(text, sizeof text, format, ap);
    if (tail && n < sizeof text)
        snprintf(text + n, sizeof text - n, ": %s", tail);
    end = put_escaped(put_head(out, l, conn), text);
    *end++ = '\n';
    if (write(STDERR_FILENO, out, (size_t)(end - out)) < 0)
        errno = kept; /* nobody left to tell */
}

#define LINE_OF(l, conn, tail)                                                                     \
    do {                                                                                           \
        va_list ap;                                                                                \
        va_start(ap, format);                                                                      \
        line(l, conn, format, ap, tail);                                                           \
        va_end(ap);                                                                                \
    } while (0)

void log_warn(const char *format, ...)
{
    const char *why = strerror(errno);

    LINE_OF(LOG_LEVEL_WARNING, 0, why);
}

void log_warnx(const char *format, ...)
{
    LINE_OF(LOG_LEVEL_WARNING, 0, NULL);
}

void log_error(const char *format, ...)
{
    LINE_OF(LOG_LEVEL_ERROR, 0, NULL);
}

void log_info(const char *format, ...)
{
    LINE_OF(LOG_LEVEL_INFO, 0, NULL);
}

void log_debug(const char *format, ...)
{
    LINE_OF(LOG_LEVEL_DEBUG, 0, NULL);
}

void log_conn(uint64_t number, enum log_level l, const char *format, ...)
{
    LINE_OF(l, number, NULL);
}

void fatal(const char *format, ...)
{
    LINE_OF(LOG_LEVEL_ERROR, 0, NULL);
    _exit(4);
}
