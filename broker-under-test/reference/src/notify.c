#include "notify.h"

#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A path, or @name of an abstract socket, whose first octet is 0. Returns the length of the
   address, 0 if it is none. */
static socklen_t address(struct sockaddr_un *a)
{
    const char *where = getenv("NOTIFY_SOCKET");
    size_t n = where ? strlen(where) : 0;

    if (n < 2 || n >= sizeof a->sun_path || (*where != '/' && *where != '@'))
        return 0;
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    memcpy(a->sun_path, where, n);
    if (*where == '@')
        a->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static bool send_to_manager(const char *text, size_t n)
{
    struct sockaddr_un a;
    socklen_t size = address(&a);
    int fd = size ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    bool ok = fd >= 0 &&
              sendto(fd, text, n, MSG_NOSIGNAL, (const struct sockaddr *)&a, size) == (ssize_t)n;

    if (size && !ok)
        log_warn("NOTIFY_SOCKET");
    if (fd >= 0)
        close(fd);
    return ok;
}

bool notify(const char *format, ...)
{
    char text[512];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return send_to_manager(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

bool notify_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return notify("RELOADING=1\nMONOTONIC_USEC=%llu\n", (unsigned long long)now.tv_sec * 1000000 +
                                                            (unsigned long long)now.tv_nsec / 1000);
}
