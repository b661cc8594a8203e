#include "peer_server.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures/peer/clock.h"

/* Nobody survives the test that started it. */
static void die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void accept_for_ever(int listener, void (*talk)(int fd))
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);

        if (fd < 0)
            _exit(1);
        if (fork() == 0) {
            die_with_parent();
            close(listener);
            talk(fd);
            close(fd);
            _exit(0);
        }
        close(fd);
    }
}

struct test_server server_start(void (*talk)(int fd))
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct test_server s;

    assert(listener >= 0 && bind(listener, (struct sockaddr *)&a, n) == 0);
    assert(listen(listener, 16) == 0 && getsockname(listener, (struct sockaddr *)&a, &n) == 0);
    s.port = ntohs(a.sin_port);
    s.pid = fork();
    assert(s.pid >= 0);
    if (s.pid == 0) {
        die_with_parent();
        accept_for_ever(listener, talk);
    }
    close(listener);
    return s;
}

void server_stop(struct test_server *s)
{
    kill(s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

void server_expect(int fd, size_t n)
{
    char octet;

    while (n-- > 0)
        if (read(fd, &octet, 1) != 1)
            _exit(1);
}

void server_drain(int fd)
{
    char piece[1 << 14];

    while (read(fd, piece, sizeof piece) > 0)
        ;
}

void server_say(int fd, struct str octets)
{
    while (octets.n) {
        ssize_t n = send(fd, octets.p, octets.n, MSG_NOSIGNAL);

        if (n <= 0)
            _exit(1);
        octets.p += n;
        octets.n -= (size_t)n;
    }
}

void server_reset(int fd)
{
    struct linger hard = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

struct sock server_connect(const struct test_server *s, bool small_window)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(s->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sock sock;

    CU_ASSERT_FATAL(sock_bind(&sock, (const struct sockaddr *)&a, sizeof a, small_window));
    CU_ASSERT_FATAL(sock_connect(&sock, clock_ms() + 5000));
    return sock;
}
