/* Capturing real sockets on the loopback device: every octet, no sleep. */
#include "suites.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_kit.h"
#include "fixtures/capture/capture_file.h"

enum { DEADLINE_MS = 20000, MEGABYTE = 1 << 20, ROUND_TRIPS = 500 };

/* A listener, a client bound but not connected, and the capture between the two. */
struct pair {
    int family, listener, client, server;
    struct sockaddr_storage from, to;
    struct capture *capture;
};

static socklen_t loopback(int family, struct sockaddr_storage *out, bool any)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    struct sockaddr_in four = { .sin_family = AF_INET };

    six.sin6_addr = any ? in6addr_any : in6addr_loopback;
    four.sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
    memset(out, 0, sizeof *out);
    memcpy(out, family == AF_INET ? (void *)&four : (void *)&six,
           family == AF_INET ? sizeof four : sizeof six);
    return family == AF_INET ? sizeof four : sizeof six;
}

static int bound(int family, struct sockaddr_storage *address, bool any)
{
    int s = socket(family, SOCK_STREAM, 0);
    socklen_t n = loopback(family, address, any);

    if (s < 0 || bind(s, (struct sockaddr *)address, n) != 0) {
        perror("selftest-harness: bind on loopback");
        exit(2);
    }
    getsockname(s, (struct sockaddr *)address, &n);
    return s;
}

static void pair_open(struct pair *p, struct capture_file *f, int family, bool any)
{
    char error[256];
    socklen_t n = sizeof p->to;

    *p = (struct pair){ .family = family };
    p->listener = bound(family, &p->to, false);
    p->client = bound(family, &p->from, any);
    p->capture = capture_open(f, (struct sockaddr *)&p->from, (struct sockaddr *)&p->to, error,
                              sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->capture);
    CU_ASSERT_EQUAL_FATAL(listen(p->listener, 1), 0);
    n = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    CU_ASSERT_EQUAL_FATAL(connect(p->client, (struct sockaddr *)&p->to, n), 0);
    p->server = accept(p->listener, NULL, NULL);
    CU_ASSERT_FATAL(p->server >= 0);
}

static void pair_close(struct pair *p)
{
    capture_close(p->capture);
    close(p->client);
    close(p->server);
    close(p->listener);
}

static bool permitted(void)
{
    char error[256] = "";

    if (capture_permitted(kit_server(), error, sizeof error))
        return true;
    fprintf(stderr, "selftest-harness: skipped, may not capture: %s\n", error);
    return false;
}

static void write_all(int s, struct str octets)
{
    while (octets.n > 0) {
        ssize_t n = write(s, octets.p, octets.n);

        if (n <= 0)
            return;
        octets = (struct str){ octets.p + n, octets.n - (size_t)n };
    }
}

static void read_all(int s, size_t n)
{
    char octets[8192];
    ssize_t got;

    while (n > 0 && (got = read(s, octets, n < sizeof octets ? n : sizeof octets)) > 0)
        n -= (size_t)got;
    CU_ASSERT_EQUAL(n, 0);
}

/* Body frames of different sizes that add up to about a megabyte. */
static struct str megabyte(struct arena *a)
{
    char *body = arena_alloc(a, 20000);
    struct str s;
    struct buf b;

    buf_init(&b, 2 * MEGABYTE);
    for (size_t i = 0; b.n < MEGABYTE; i++) {
        memset(body, 'a' + (int)(i % 26), 20000);
        frame_put(&b, FRAME_BODY, 1, (struct str){ body, i * 613 % 20000 });
    }
    s = arena_copy(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

struct talk {
    int socket;
    struct str octets;
};

static void *write_talk(void *arg)
{
    struct talk *t = arg;

    write_all(t->socket, t->octets);
    return NULL;
}

static void both_ways(struct pair *p, struct str octets)
{
    struct talk talks[2] = { { p->client, octets }, { p->server, octets } };
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, write_talk, &talks[0]);
    pthread_create(&threads[1], NULL, write_talk, &talks[1]);
    read_all(p->server, octets.n);
    read_all(p->client, octets.n);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

static void octets_are_all_there(const struct trace *t, char who, struct str octets)
{
    size_t at = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct trace_event *e = &t->at[i];

        if (e->who != who || e->kind != TRACE_FRAME)
            continue;
        CU_ASSERT_EQUAL_FATAL(e->offset, at);
        CU_ASSERT_FATAL(at + e->octets.n <= octets.n);
        CU_ASSERT_FATAL(memcmp(e->octets.p, octets.p + at, e->octets.n) == 0);
        at += e->octets.n;
    }
    CU_ASSERT_EQUAL(at, octets.n);
}

static void megabytes(int family, bool any)
{
    struct arena *a = arena_new();
    struct capture_file *f = capture_file_open(NULL, NULL, 0);
    struct str octets = megabyte(a);
    struct trace *t;
    struct pair p;

    pair_open(&p, f, family, any);
    both_ways(&p, octets);
    CU_ASSERT_TRUE(capture_until(p.capture, octets.n, octets.n, ENDS_NONE, DEADLINE_MS));
    CU_ASSERT_STRING_EQUAL(capture_error(p.capture), "");
    t = capture_trace(p.capture, a);
    CU_ASSERT_TRUE(t->from_start);
    CU_ASSERT_FALSE(t->incomplete);
    octets_are_all_there(t, 'C', octets);
    octets_are_all_there(t, 'S', octets);
    pair_close(&p);
    capture_file_close(f);
    arena_free(a);
}

static void a_megabyte_each_way(void)
{
    if (!permitted())
        return;
    megabytes(AF_INET, false);
    megabytes(AF_INET, true); /* the client's address shows in its packets only */
}

static void a_megabyte_over_ipv6(void)
{
    int s = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_storage address;
    socklen_t n = loopback(AF_INET6, &address, false);
    bool here = s >= 0 && bind(s, (struct sockaddr *)&address, n) == 0;

    if (s >= 0)
        close(s);
    if (!here)
        fprintf(stderr, "selftest-harness: skipped, no IPv6 on loopback\n");
    else if (permitted())
        megabytes(AF_INET6, false);
}

/* After each answer the barrier, then the trace: it holds the answer, every time. */
static void a_barrier_after_each_answer(void)
{
    struct arena *a = arena_new();
    struct capture_file *f = capture_file_open(NULL, NULL, 0);
    struct pair p;

    if (permitted()) {
        pair_open(&p, f, AF_INET, false);
        for (size_t i = 1; i <= ROUND_TRIPS; i++) {
            write_all(p.client, S("\x01\0\x01\0\0\0\x05\0\x14\0\x0a\0\xce"));
            read_all(p.server, 13);
            write_all(p.server, S("\x01\0\x01\0\0\0\x08\0\x14\0\x0b\0\0\0\0\xce"));
            read_all(p.client, 16);
            if (i % 100 == 0) {
                CU_ASSERT_TRUE_FATAL(
                    capture_until(p.capture, 13 * i, 16 * i, ENDS_NONE, DEADLINE_MS));
                CU_ASSERT_EQUAL(trace_count(capture_trace(p.capture, a), 'S', M_channel_open_ok),
                                i);
            }
        }
        pair_close(&p);
    }
    capture_file_close(f);
    arena_free(a);
}

static void what_never_comes(void)
{
    struct capture_file *f = capture_file_open(NULL, NULL, 0);
    struct pair p;

    if (permitted()) {
        pair_open(&p, f, AF_INET, false);
        write_all(p.client, S("1234"));
        CU_ASSERT_TRUE(capture_until(p.capture, 4, 0, ENDS_NONE, DEADLINE_MS));
        CU_ASSERT_FALSE(capture_until(p.capture, 5, 0, ENDS_NONE, 50));
        CU_ASSERT_PTR_NOT_NULL(strstr(capture_error(p.capture), "client 4 of 5 octets"));
        CU_ASSERT_FALSE(capture_until(p.capture, 4, 0, ENDS_SERVER, 50));
        pair_close(&p);
    }
    capture_file_close(f);
}

static void end_of_stream(bool reset)
{
    const struct linger at_once = { .l_onoff = 1 };
    struct arena *a = arena_new();
    struct capture_file *f = capture_file_open(NULL, NULL, 0);
    struct trace *t;
    struct pair p;

    pair_open(&p, f, AF_INET, false);
    write_all(p.server, S("\x08\0\0\0\0\0\0\xce"));
    read_all(p.client, 8);
    if (reset)
        setsockopt(p.server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(p.server);
    CU_ASSERT_TRUE(capture_until(p.capture, 0, 8, ENDS_SERVER, DEADLINE_MS));
    t = capture_trace(p.capture, a);
    CU_ASSERT_EQUAL(t->at[t->n - 1].kind, reset ? TRACE_RST : TRACE_FIN);
    CU_ASSERT_EQUAL(t->at[t->n - 1].who, 'S');
    p.server = dup(p.client);
    pair_close(&p);
    capture_file_close(f);
    arena_free(a);
}

/* Our own end is waited for as well, when it is asked for. */
static void the_end_that_is_ours(void)
{
    struct arena *a = arena_new();
    struct capture_file *f = capture_file_open(NULL, NULL, 0);
    struct timespec now;
    struct trace *t;
    struct pair p;

    if (permitted()) {
        pair_open(&p, f, AF_INET, false);
        clock_gettime(CLOCK_REALTIME, &now);
        CU_ASSERT_FALSE(capture_until(p.capture, 0, 0, ENDS_CLIENT, 50));
        shutdown(p.client, SHUT_WR);
        CU_ASSERT_TRUE(capture_until(p.capture, 0, 0, ENDS_CLIENT, DEADLINE_MS));
        CU_ASSERT_FALSE(capture_until(p.capture, 0, 0, ENDS_BOTH, 50));
        t = capture_trace(p.capture, a);
        CU_ASSERT_EQUAL(t->at[t->n - 1].who, 'C');
        CU_ASSERT_EQUAL(t->at[t->n - 1].kind, TRACE_FIN);
        CU_ASSERT(t->opened_s <= (double)now.tv_sec + (double)now.tv_nsec / 1e9);
        CU_ASSERT(t->opened_s > (double)now.tv_sec - DEADLINE_MS / 1000.0);
        pair_close(&p);
    }
    capture_file_close(f);
    arena_free(a);
}

static void the_end_of_the_stream(void)
{
    if (!permitted())
        return;
    end_of_stream(false);
    end_of_stream(true);
}

/* Packets that nobody waited for are in the file too, of all connections, and it reads back
   to what the captures themselves say. */
static void one_file_for_all(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a), error[256] = "";
    struct capture_file *f = capture_file_open(path, error, sizeof error);
    struct trace_list *list;
    struct pair p[3];

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    if (permitted()) {
        for (size_t i = 0; i < 3; i++) {
            pair_open(&p[i], f, AF_INET, false);
            write_all(p[i].client, S("AMQP\0\0\x09\x01"));
            write_all(p[i].server, S("\x08\0\0\0\0\0\0\xce"));
        }
        for (size_t i = 0; i < 3; i++)
            pair_close(&p[i]);
        capture_file_close(f);
        list = capture_read(path, 0, a, error, sizeof error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(list);
        CU_ASSERT_EQUAL(list->n, 3);
        CU_ASSERT_FALSE(list->cut);
        for (size_t i = 0; i < list->n; i++)
            CU_ASSERT_STRING_EQUAL(kit_print(list->at[i], a).p,
                                   "C open 0\nC - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
                                   "S 0 heartbeat\n");
    } else {
        capture_file_close(f);
    }
    kit_remove(path);
    arena_free(a);
}

/* The lock keeps the taking thread out, so the ring overruns. What is lost must be said. */
static void an_overrun_is_said(void)
{
    struct arena *a = arena_new();
    struct capture_file *f = capture_file_open(NULL, NULL, 0);
    struct str octets = megabyte(a);
    size_t n = 0;
    struct pair p;

    if (permitted()) {
        pair_open(&p, f, AF_INET, false);
        pthread_mutex_lock(&f->lock);
        for (; n < 2 * LIMIT_RING; n += octets.n)
            both_ways(&p, octets);
        pthread_mutex_unlock(&f->lock);
        CU_ASSERT_FALSE(capture_until(p.capture, n, n, ENDS_NONE, DEADLINE_MS));
        CU_ASSERT_PTR_NOT_NULL(strstr(capture_error(p.capture), "the kernel dropped"));
        pair_close(&p);
    }
    capture_file_close(f);
    arena_free(a);
}

static void no_such_folder(void)
{
    char error[256] = "";

    CU_ASSERT_PTR_NULL(capture_file_open("/nonexistent/case.pcap", error, sizeof error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nonexistent/case.pcap"));
}

static CU_TestInfo tests[] = {
    { "a megabyte each way", a_megabyte_each_way },
    { "a megabyte each way over IPv6", a_megabyte_over_ipv6 },
    { "a barrier after each answer", a_barrier_after_each_answer },
    { "what never comes is said to be missing", what_never_comes },
    { "FIN and RST", the_end_of_the_stream },
    { "our own FIN", the_end_that_is_ours },
    { "one file for all connections", one_file_for_all },
    { "an overrun is said", an_overrun_is_said },
    { "a file that cannot be written", no_such_folder },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(capture_live, tests)
