/* The broker's log: lines on stderr, all of one form.

       2026-05-04T03:02:01.123Z warning conn/12 closed: 404 NOT_FOUND, no queue 'jobs'

   Time (UTC), level, who: "broker", or the number of a connection; then text. A line is one
   event and one write. Peers choose part of the text: what is no printable ASCII in it comes as
   \xNN, a backslash as \\. Who may call: everybody, on each thread. */
#ifndef REF_LOG_H
#define REF_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* What is logged: this level, and what is worse. */
void log_set_level(enum log_level level);
/* The same by name and for good: log_set_level has no say any more. false if the name is none of
   error, warning, info, debug. */
bool log_force_level(const char *name);

#define PRINTF_LIKE __attribute__((format(printf, 1, 2)))

PRINTF_LIKE void log_warn(const char *format, ...); /* adds strerror(errno) */
PRINTF_LIKE void log_warnx(const char *format, ...);
PRINTF_LIKE void log_error(const char *format, ...);
PRINTF_LIKE void log_info(const char *format, ...);
PRINTF_LIKE void log_debug(const char *format, ...);
/* Of a connection, by its number. */
__attribute__((format(printf, 3, 4))) void log_conn(uint64_t number, enum log_level level,
                                                    const char *format, ...);
/* Says why and ends the process at once: nothing more can be promised. */
PRINTF_LIKE __attribute__((noreturn)) void fatal(const char *format, ...);

#endif
