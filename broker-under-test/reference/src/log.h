/* The broker's log: lines on stderr. Who may call: everybody. */
#ifndef REF_LOG_H
#define REF_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* false if the name is none of error, warning, info, debug. */
bool log_set_level(const char *name);

#define PRINTF_LIKE __attribute__((format(printf, 1, 2)))

PRINTF_LIKE void log_warn(const char *format, ...); /* adds strerror(errno) */
PRINTF_LIKE void log_warnx(const char *format, ...);
PRINTF_LIKE void log_error(const char *format, ...);
PRINTF_LIKE void log_info(const char *format, ...);
PRINTF_LIKE void log_debug(const char *format, ...);
/* Says why and ends the process at once: nothing more can be promised. */
PRINTF_LIKE __attribute__((noreturn)) void fatal(const char *format, ...);

#endif
