/* Tells the service manager how the broker is: one datagram to NOTIFY_SOCKET, if there is one.
   Knows nothing of the broker. */
#ifndef REF_NOTIFY_H
#define REF_NOTIFY_H

#include <stdbool.h>

/* "READY=1\nSTATUS=…" Who does not listen does not get it; false: nobody was told. */
__attribute__((format(printf, 1, 2))) bool notify(const char *format, ...);
/* RELOADING=1, which wants to know when. */
bool notify_reloading(void);

#endif
