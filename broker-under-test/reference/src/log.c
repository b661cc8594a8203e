#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level level = LOG_LEVEL_INFO;
static const char *const names[] = { "error", "warning", "info", "debug" };

bool log_set_level(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* One write per line, so that lines of two processes do not mix. Peers choose part
   of the text: whatever is no printable character becomes a question mark. */
__attribute__((format(printf, 2, 0))) static void line(enum log_level l, const char *format,
                                                       va_list ap, const char *tail)
{
    char stamp[32], text[1024];
    struct timespec now;
    struct tm utc;

    if (l > level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    vsnprintf(text, sizeof text, format, ap);
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    }
    fprintf(stderr, "%s.%03ldZ %s: %s%s%s\n", stamp, now.tv_nsec / 1000000, names[l], text,
            tail ? ": " : "", tail ? tail : "");
}

#define LINE(l, tail)                                                                              \
    do {                                                                                           \
        va_list ap;                                                                                \
        va_start(ap, format);                                                                      \
        line(l, format, ap, tail);                                                                 \
        va_end(ap);                                                                                \
    } while (0)

void log_warn(const char *format, ...)
{
    const char *why = strerror(errno);

    LINE(LOG_LEVEL_WARNING, why);
}

void log_warnx(const char *format, ...)
{
    LINE(LOG_LEVEL_WARNING, NULL);
}

void log_error(const char *format, ...)
{
    LINE(LOG_LEVEL_ERROR, NULL);
}

void log_info(const char *format, ...)
{
    LINE(LOG_LEVEL_INFO, NULL);
}

void log_debug(const char *format, ...)
{
    LINE(LOG_LEVEL_DEBUG, NULL);
}

void fatal(const char *format, ...)
{
    LINE(LOG_LEVEL_ERROR, NULL);
    _exit(4);
}
