#include "ask.h"

#include "ask_table.h"
#include "record.h"
#include "socket.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { USAGE = 2, NOBODY = 3, PATIENCE_S = 30 };

static const char usage[] =
    "usage: refbroker status --data DIR [--json]\n"
    "       refbroker definitions --data DIR\n"
    "\n"
    "Asks the broker that runs on DIR.\n"
    "  status       its memory, rates, store, connections and queues\n"
    "  definitions  its users, vhosts, permissions, exchanges, queues and bindings, as JSON that\n"
    "               --definitions and RabbitMQ read\n"
    "  --json       as it comes, one JSON object\n";

bool ask_verb(const char *word)
{
    return strcmp(word, "status") == 0 || strcmp(word, "definitions") == 0;
}

static int complain(int code, const char *what, const char *why)
{
    fprintf(stderr, "refbroker: %s: %s\n", what, why);
    return code;
}

static int door(const char *data)
{
    struct timeval patience = { .tv_sec = PATIENCE_S };
    struct sockaddr_un a;
    int dir = door_address(data, &a), fd = -1, why;

    if (dir < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (connect(fd, (const struct sockaddr *)&a, sizeof a) < 0) {
            why = errno;
            close(fd);
            errno = why;
            fd = -1;
        }
    }
    why = errno;
    close(dir);
    errno = why;
    return fd;
}

/* false, and errno says why. */
static bool converse(int fd, const char *question, struct record *answer)
{
    char line[64], piece[65536];
    int size = snprintf(line, sizeof line, "%s\n", question);
    ssize_t n;

    if (send(fd, line, (size_t)size, MSG_NOSIGNAL) != size)
        return false;
    while ((n = read(fd, piece, sizeof piece)) > 0)
        record_raw(answer, (struct str){ piece, (size_t)n });
    return n == 0;
}

static int ask_at(const char *data, const char *question, bool json)
{
    struct record answer = { .p = NULL };
    int fd = door(data), code = 0;

    if (fd < 0)
        return complain(NOBODY, data,
                        errno == ECONNREFUSED || errno == ENOENT ? "no broker runs on this folder"
                                                                 : strerror(errno));
    if (!converse(fd, question, &answer))
        code = complain(NOBODY, data, strerror(errno));
    else if (answer.n == 0)
        code =
            complain(NOBODY, data, "the broker ended before it answered, or is busy with others");
    else if (json)
        fwrite(answer.p, 1, answer.n, stdout);
    else if (!ask_print(record_view(&answer), stdout))
        code = complain(NOBODY, data, "the answer makes no sense; is it another version's?");
    close(fd);
    record_clear(&answer);
    return fflush(stdout) == 0 ? code : complain(NOBODY, "stdout", strerror(errno));
}

int ask(int argc, char **argv)
{
    static const struct option longs[] = {
        { "data", required_argument, NULL, 'd' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *data = NULL;
    bool json = strcmp(argv[0], "status") != 0;
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'd': data = optarg; break;
        case 'j': json = true; break;
        case 'h': fputs(usage, stdout); return 0;
        default: return USAGE;
        }
    }
    if (optind < argc)
        return complain(USAGE, argv[optind], "what for? see refbroker status --help");
    if (!data)
        return complain(USAGE, argv[0], "--data DIR is missing");
    return ask_at(data, argv[0], json);
}
