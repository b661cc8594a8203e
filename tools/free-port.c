/* Prints TCP ports of loopback that nobody uses, nor will as AMQPROOF_PORT or AMQPROOF_TLS_PORT:
   free-port [HOW-MANY]

   They lie below the ephemeral range. A port from inside it (bind to 0) could be taken by
   any outgoing connection while the broker that owns it restarts. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOWEST = 10000, TRIES = 10000, MOST = 64 };

/* The first ephemeral port, or Linux's default where it cannot be read. */
static unsigned ephemeral_from(void)
{
    unsigned low = 0;
    FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");

    if (f) {
        if (fscanf(f, "%u", &low) != 1)
            low = 0;
        fclose(f);
    }
    return low > LOWEST + MOST && low <= 65536 ? low : 32768;
}

/* Chosen already for a broker that does not listen yet. */
static bool promised(unsigned port)
{
    static const char *const to[] = { "AMQPROOF_PORT", "AMQPROOF_TLS_PORT" };

    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        const char *p = getenv(to[i]);

        if (p && strtoul(p, NULL, 10) == port)
            return true;
    }
    return false;
}

/* Held until exit, so that two of one call differ. */
static bool take(unsigned port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    a.sin_addr.s_addr = htonl(INADDR_ANY); /* whoever listens on any address is in the way too */
    if (bind(fd, (const struct sockaddr *)&a, sizeof a) == 0)
        return true;
    close(fd);
    return false;
}

static unsigned candidate(unsigned end)
{
    unsigned r = 0;

    if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
        r = (unsigned)getpid() * 2654435761U + (unsigned)rand();
    return LOWEST + r % (end - LOWEST);
}

int main(int argc, char **argv)
{
    long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    unsigned end = ephemeral_from();

    if (argc > 2 || wanted < 1 || wanted > MOST) {
        fprintf(stderr, "usage: free-port [HOW-MANY, at most %d]\n", MOST);
        return 2;
    }
    for (int tries = 0; wanted > 0; tries++) {
        unsigned port = candidate(end);

        if (tries == TRIES) {
            fprintf(stderr, "free-port: no free port between %d and %u\n", LOWEST, end - 1);
            return 1;
        }
        if (!promised(port) && take(port)) {
            printf("%u\n", port);
            wanted--;
        }
    }
    return 0;
}
