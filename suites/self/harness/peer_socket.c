/* The socket layer: ends told apart, octets counted, connections lost in each way. */
#include "suites.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/peer/clock.h"
#include "peer_server.h"

/* What the tap was told, as letters: octets by their side, ends as f or r behind it. */
static char told[64];

static void tell_octets(void *to, char who, const void *p, size_t n)
{
    (void)p;
    CU_ASSERT(n > 0);
    strncat(to, (char[]){ who, 0 }, sizeof told - strlen(told) - 1);
}

static void tell_end(void *to, char who, bool reset)
{
    strncat(to, (char[]){ who, reset ? 'r' : 'f', 0 }, sizeof told - strlen(told) - 1);
}

static struct sock tapped(const struct test_server *server)
{
    struct sock s = server_connect(server, false);

    told[0] = '\0';
    s.tap = (struct tap){ tell_octets, tell_end, told };
    return s;
}

static size_t receive(struct sock *s, char *p, size_t n)
{
    CU_ASSERT(sock_wait(s, true, false, clock_ms() + 5000));
    return sock_receive(s, p, n);
}

static void say_hello(int fd)
{
    server_expect(fd, 4);
    server_say(fd, S("hello"));
}

static void fin_after_octets(void)
{
    struct test_server server = server_start(say_hello);
    struct sock s = tapped(&server);
    char p[16];

    CU_ASSERT_EQUAL(sock_receive(&s, p, sizeof p), 0);
    CU_ASSERT_EQUAL(s.end, SOCK_OPEN);
    CU_ASSERT_EQUAL(sock_send(&s, "ping", 4), 4);
    CU_ASSERT_EQUAL(receive(&s, p, sizeof p), 5);
    CU_ASSERT(memcmp(p, "hello", 5) == 0);
    CU_ASSERT_EQUAL(receive(&s, p, sizeof p), 0);
    CU_ASSERT_EQUAL(s.end, SOCK_FIN);
    CU_ASSERT_EQUAL(s.sent, 4);
    CU_ASSERT_EQUAL(s.received, 5);
    CU_ASSERT_EQUAL(sock_wired(&s), 4);
    CU_ASSERT_EQUAL(sock_taken(&s), 5);
    sock_close_fin(&s, clock_ms() + 5000);
    CU_ASSERT_STRING_EQUAL(told, "CSSfCf");
    server_stop(&server);
}

static void hello_and_reset(int fd)
{
    server_expect(fd, 4);
    server_say(fd, S("hello"));
    server_expect(fd, 1);
    server_reset(fd);
}

static void rst_after_octets(void)
{
    struct test_server server = server_start(hello_and_reset);
    struct sock s = tapped(&server);
    char p[16];

    sock_send(&s, "ping", 4);
    CU_ASSERT_EQUAL(receive(&s, p, sizeof p), 5);
    sock_send(&s, "!", 1);
    CU_ASSERT_EQUAL(receive(&s, p, sizeof p), 0);
    CU_ASSERT_EQUAL(s.end, SOCK_RST);
    CU_ASSERT_EQUAL(sock_send(&s, "more", 4), 4); /* swallowed */
    CU_ASSERT_EQUAL(s.sent, 5);
    sock_close_fin(&s, clock_ms() + 5000);
    CU_ASSERT_STRING_EQUAL(told, "CSCSrCf");
    server_stop(&server);
}

/* The writer meets the RST first, and the reader still learns that it was one. */
static void rst_seen_by_the_writer(void)
{
    struct test_server server = server_start(server_reset);
    struct sock s = tapped(&server);
    char p[16];

    sock_wait(&s, true, false, clock_ms() + 5000);
    CU_ASSERT_EQUAL(sock_send(&s, "ping", 4), 4);
    CU_ASSERT_EQUAL(s.sent, 0);
    CU_ASSERT_EQUAL(sock_receive(&s, p, sizeof p), 0);
    CU_ASSERT_EQUAL(s.end, SOCK_RST);
    sock_close_fin(&s, clock_ms() + 5000);
    server_stop(&server);
}

/* The server tells how its client went: octet F for end of file, R for a reset. */
static int verdict_pipe[2];

static void report_end(int fd)
{
    char octet;
    ssize_t n;

    do
        n = read(fd, &octet, 1);
    while (n == 1);
    if (write(verdict_pipe[1], n == 0 ? "F" : "R", 1) != 1)
        _exit(1);
}

static char end_as_seen(void (*lose)(struct sock *s))
{
    struct test_server server;
    struct sock s;
    char seen = '?';

    CU_ASSERT_FATAL(pipe(verdict_pipe) == 0);
    server = server_start(report_end);
    s = server_connect(&server, false);
    sock_send(&s, "last words", 10);
    lose(&s);
    CU_ASSERT_EQUAL(s.fd, -1);
    CU_ASSERT_EQUAL(sock_wired(&s), 10);
    CU_ASSERT_EQUAL(read(verdict_pipe[0], &seen, 1), 1);
    close(verdict_pipe[0]);
    close(verdict_pipe[1]);
    server_stop(&server);
    return seen;
}

static void lose_by_fin(struct sock *s)
{
    sock_close_fin(s, clock_ms() + 5000);
}

static void lose_by_rst(struct sock *s)
{
    sock_close_rst(s);
}

static void lose_by_kill(struct sock *s)
{
    sock_close_killed(s, -1);
}

static void ways_to_go(void)
{
    CU_ASSERT_EQUAL(end_as_seen(lose_by_fin), 'F');
    CU_ASSERT_EQUAL(end_as_seen(lose_by_rst), 'R');
    CU_ASSERT_EQUAL(end_as_seen(lose_by_kill), 'F');
}

static void nobody_there(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    struct sock s;
    int taken = socket(AF_INET, SOCK_STREAM, 0);

    /* Bound and not listening: nobody else can open this port meanwhile. */
    CU_ASSERT_FATAL(bind(taken, (struct sockaddr *)&a, n) == 0);
    CU_ASSERT_FATAL(getsockname(taken, (struct sockaddr *)&a, &n) == 0);
    CU_ASSERT(sock_bind(&s, (const struct sockaddr *)&a, n, false));
    CU_ASSERT_NOT_EQUAL(((struct sockaddr_in *)&s.local)->sin_port, 0);
    CU_ASSERT_FALSE(sock_connect(&s, clock_ms() + 5000));
    CU_ASSERT_EQUAL(errno, ECONNREFUSED);
    CU_ASSERT_EQUAL(s.fd, -1);
    close(taken);
}

static void hold(int fd)
{
    server_drain(fd);
}

static void a_deadline_passes(void)
{
    struct test_server server = server_start(hold);
    struct sock s = server_connect(&server, false);
    int64_t start_ms = clock_ms();

    CU_ASSERT_FALSE(sock_wait(&s, true, false, start_ms + 50));
    CU_ASSERT(clock_ms() - start_ms >= 50);
    sock_close_rst(&s);
    server_stop(&server);
}

static CU_TestInfo tests[] = {
    { "octets, then FIN", fin_after_octets },
    { "octets, then RST", rst_after_octets },
    { "a write meets the RST before a read does", rst_seen_by_the_writer },
    { "FIN, RST, and a killed process as the server sees them", ways_to_go },
    { "a refused connection", nobody_there },
    { "a deadline passes", a_deadline_passes },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(peer_socket, tests)
