#include "faultproxy_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Modest, so that a slow reader is felt at the other end; the kernel's own grow to megabytes. */
enum { SOCKET_BUFFER = 128 << 10 };

/* A view of the storage as what the family says. */
static struct sockaddr_in *v4(struct address *a)
{
    return (struct sockaddr_in *)(void *)&a->at;
}

static struct sockaddr_in6 *v6(struct address *a)
{
    return (struct sockaddr_in6 *)(void *)&a->at;
}

static struct sockaddr *any(struct address *a)
{
    return (struct sockaddr *)(void *)&a->at;
}

static bool is_loopback(const struct address *a)
{
    struct address b = *a;

    if (a->at.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&v6(&b)->sin6_addr);
    return ntohl(v4(&b)->sin_addr.s_addr) >> 24 == 127;
}

bool net_is_any(const struct address *a)
{
    struct address b = *a;

    if (a->at.ss_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&v6(&b)->sin6_addr);
    return v4(&b)->sin_addr.s_addr == htonl(INADDR_ANY);
}

unsigned net_port(const struct address *a)
{
    struct address b = *a;

    return ntohs(a->at.ss_family == AF_INET6 ? v6(&b)->sin6_port : v4(&b)->sin_port);
}

static void set_port(struct address *a, unsigned port)
{
    if (a->at.ss_family == AF_INET6)
        v6(a)->sin6_port = htons((uint16_t)port);
    else
        v4(a)->sin_port = htons((uint16_t)port);
}

const char *net_text(const struct address *a, char text[ADDRESS_TEXT])
{
    struct address b = *a;
    char host[INET6_ADDRSTRLEN] = "?";

    if (a->at.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &v6(&b)->sin6_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT, "[%s]:%u", host, net_port(a));
    } else {
        inet_ntop(AF_INET, &v4(&b)->sin_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT, "%s:%u", host, net_port(a));
    }
    return text;
}

/* Of several addresses of a name the first of that family, or else the first. */
static const struct addrinfo *preferred(const struct addrinfo *list, int family)
{
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        if (a->ai_family == family)
            return a;
    }
    return list;
}

static bool is_port(const char *text, bool listening)
{
    char *end;
    long port = strtol(text, &end, 10);

    return *text >= '0' && *text <= '9' && !*end && port >= !listening && port < 65536;
}

const char *net_parse(const char *text, bool listening, const struct address *like,
                      struct address *a)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    const char *colon = strrchr(text, ':');
    const struct addrinfo *chosen;
    char host[256];
    size_t n = colon ? (size_t)(colon - text) : 0;
    bool bracketed = n > 2 && text[0] == '[' && text[n - 1] == ']';

    if (n == 0 || n >= sizeof host || !is_port(colon + 1, listening))
        return listening ? "it reads ADDR:PORT" : "it reads HOST:PORT";
    snprintf(host, sizeof host, "%.*s", (int)(bracketed ? n - 2 : n), text + bracketed);
    if (listening)
        want.ai_flags = AI_NUMERICHOST;
    if (getaddrinfo(host, colon + 1, &want, &list) != 0)
        return listening ? "no address of this machine" : "no such host";
    chosen = preferred(list, like ? like->at.ss_family : AF_INET);
    memcpy(&a->at, chosen->ai_addr, chosen->ai_addrlen);
    a->length = chosen->ai_addrlen;
    freeaddrinfo(list);
    return NULL;
}

/* A listening socket's sizes are those of what it accepts. */
static void tune(int fd)
{
    int one = 1, size = SOCKET_BUFFER;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static int give_up(int fd)
{
    int e = errno;

    close(fd);
    errno = e;
    return -1;
}

int net_listen(struct address *a)
{
    int one = 1, fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    tune(fd);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, any(a), a->length) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, any(a), &a->length) < 0)
        return give_up(fd);
    return fd;
}

int net_accept(int listener)
{
    int one = 1, fd = accept(listener, NULL, NULL);

    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* The client's own address, where this machine has it. Not loopback towards another machine: the
   answer would not find back. */
static void bind_like(int fd, int client, const struct address *to)
{
    struct address from = { .length = sizeof from.at };
    int one = 1;

    if (getpeername(client, any(&from), &from.length) < 0 ||
        from.at.ss_family != to->at.ss_family || (is_loopback(&from) && !is_loopback(to)))
        return;
    set_port(&from, 0);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    (void)!bind(fd, any(&from), from.length); /* fails for a client from elsewhere */
}

int net_dial(int client, bool listens_anywhere, struct address *to)
{
    struct address came_by = { .length = sizeof came_by.at };
    unsigned port = net_port(to);
    int fd;

    if (listens_anywhere && is_loopback(to) &&
        getsockname(client, any(&came_by), &came_by.length) == 0 &&
        came_by.at.ss_family == to->at.ss_family) {
        *to = came_by;
        set_port(to, port);
    }
    fd = socket(to->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    tune(fd);
    bind_like(fd, client, to);
    if (connect(fd, any(to), to->length) < 0 && errno != EINPROGRESS)
        return give_up(fd);
    return fd;
}

int net_dialled(int fd)
{
    int e = 0;
    socklen_t n = sizeof e;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) < 0 ? errno : e;
}

void net_close_rst(int fd)
{
    struct linger hard = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}
