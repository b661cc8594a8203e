#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TCP_LISTENS = 10 }; /* as /proc/net/tcp has it */

/* The inode of the socket that listens on this port; 0: none. */
static unsigned long listener(const char *table, unsigned port)
{
    char line[512];
    unsigned long inode = 0, candidate;
    unsigned local, state;
    FILE *f = fopen(table, "r");

    if (!f)
        return 0;
    while (!inode && fgets(line, sizeof line, f)) {
        if (sscanf(line,
                   " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu",
                   &local, &state, &candidate) == 3 &&
            local == port && state == TCP_LISTENS)
            inode = candidate;
    }
    fclose(f);
    return inode;
}

static bool holds(const char *pid, const char *socket)
{
    char path[300], to[64];
    bool found = false;
    DIR *d;

    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    d = opendir(path);
    if (!d)
        return false;
    for (struct dirent *e; !found && (e = readdir(d)) != NULL;) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, to, sizeof to - 1);

        if (n > 0) {
            to[n] = '\0';
            found = strcmp(to, socket) == 0;
        }
    }
    closedir(d);
    return found;
}

static pid_t owner(unsigned long inode)
{
    char socket[64];
    pid_t pid = 0;
    DIR *d = opendir("/proc");

    if (!d)
        return 0;
    snprintf(socket, sizeof socket, "socket:[%lu]", inode);
    for (struct dirent *e; !pid && (e = readdir(d)) != NULL;) {
        if (isdigit((unsigned char)e->d_name[0]) && holds(e->d_name, socket))
            pid = (pid_t)strtol(e->d_name, NULL, 10);
    }
    closedir(d);
    return pid;
}

pid_t proc_of_port(unsigned port)
{
    unsigned long inode = listener("/proc/net/tcp", port);

    if (!inode)
        inode = listener("/proc/net/tcp6", port);
    return inode ? owner(inode) : 0;
}

/* /proc/PID/stat has the same sum in steps of 10 ms; the process's clock has nanoseconds. */
int64_t proc_cpu_ns(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return -1;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* proc(5): the state comes behind the name in parentheses. */
bool proc_runs(pid_t pid)
{
    char path[64], text[256] = "";
    const char *state;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    f = pid > 0 ? fopen(path, "r") : NULL;
    if (!f)
        return false;
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    state = strrchr(text, ')');
    return state && state[1] == ' ' && state[2] == 'R';
}

int64_t proc_memory(pid_t pid)
{
    char path[64], line[256];
    long long kib = -1;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    f = pid > 0 ? fopen(path, "r") : NULL;
    if (!f)
        return -1;
    while (kib < 0 && fgets(line, sizeof line, f)) {
        if (sscanf(line, "RssAnon: %lld kB", &kib) != 1)
            kib = -1;
    }
    fclose(f);
    return kib < 0 ? -1 : kib * 1024;
}
