/* How octets become segments: the arithmetic of the cuts, and packets counted on the wire. */
#include "suites.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_kit.h"
#include "fixtures/peer/clock.h"
#include "fixtures/peer/raw.h"
#include "fixtures/peer/relay.h"
#include "peer_server.h"

enum { FRAMES = 3, FRAME = 16, PIECES = 4096 };

/* channel.open-ok: 7 + 8 + 1 octets. */
static struct buf frames(size_t n)
{
    struct m_channel_open_ok ok = { .reserved_1 = S("") };
    struct buf b;

    buf_init(&b, 1024);
    for (size_t i = 0; i < n; i++)
        frame_put_method(&b, 1, M_channel_open_ok, &ok);
    CU_ASSERT_EQUAL_FATAL(b.n, n * FRAME);
    return b;
}

/* ---- The arithmetic ---- */

struct pieces {
    size_t at[PIECES], n;
};

static void cut(struct pieces *p, enum segmentation mode, struct str octets, uint64_t seed)
{
    struct cutter c;

    cutter_init(&c, mode, seed);
    for (p->n = 0; octets.n > 0 && p->n < PIECES; p->n++) {
        size_t n = cutter_piece(&c, octets.p, octets.n);

        CU_ASSERT_FATAL(n >= 1 && n <= octets.n);
        cutter_went(&c, octets.p, n);
        octets = (struct str){ octets.p + n, octets.n - n };
        p->at[p->n] = n;
    }
    CU_ASSERT_EQUAL(octets.n, 0);
    CU_ASSERT(mode == SEGMENT_RANDOM || c.at == 0);
}

static void byte_cuts(void)
{
    static char body[100000];
    static struct pieces p;
    size_t at = 0;
    struct buf b;

    buf_init(&b, SIZE_MAX);
    frame_put(&b, FRAME_BODY, 1, (struct str){ body, sizeof body });
    cut(&p, SEGMENT_BYTE, buf_str(&b), 1);
    for (size_t i = 0; i < p.n; at += p.at[i], i++) {
        CU_ASSERT(at >= 64 || p.at[i] == 1);
        CU_ASSERT(at >= 1024 || p.at[i] <= 7);
    }
    CU_ASSERT_EQUAL(p.at[p.n - 1], 1);
    CU_ASSERT(p.n < 64 + 960 + 200);
    buf_clear(&b);
}

static void boundary_cuts(void)
{
    /* Every second boundary is not one: an end octet and the next type go together. */
    static const size_t want[] = { 1, 4, 2, 2, 6, 2, 4, 2, 2, 6, 1, 1, 4, 2, 2, 6, 1 };
    static struct pieces p;
    struct buf b = frames(FRAMES);

    cut(&p, SEGMENT_BOUNDARY, buf_str(&b), 1);
    CU_ASSERT_EQUAL(p.n, sizeof want / sizeof want[0]);
    CU_ASSERT(memcmp(p.at, want, sizeof want) == 0);
    buf_clear(&b);
    cut(&p, SEGMENT_BOUNDARY, S("AMQP\0\0\x09\x01"), 1);
    CU_ASSERT_EQUAL(p.n, 4); /* 1, 4, 2, and the last */
}

static void random_cuts(void)
{
    static char octets[100000];
    static struct pieces p, q;
    const struct str s = { octets, sizeof octets };

    cut(&p, SEGMENT_RANDOM, s, 7);
    cut(&q, SEGMENT_RANDOM, s, 7);
    CU_ASSERT(p.n == q.n && memcmp(p.at, q.at, p.n * sizeof p.at[0]) == 0);
    cut(&q, SEGMENT_RANDOM, s, 8);
    CU_ASSERT(p.n != q.n || memcmp(p.at, q.at, p.n * sizeof p.at[0]) != 0);
    CU_ASSERT(p.n > 10);
    cut(&q, SEGMENT_WHOLE, s, 7);
    CU_ASSERT_EQUAL(q.n, 1);
}

/* ---- Packets ---- */

struct wire {
    struct test_server server;
    struct sock sock;
    struct capture_file *file;
    struct capture *capture;
    struct arena *arena;
    char *path;
};

static bool permitted(void)
{
    char error[256] = "";

    if (capture_permitted(kit_server(), error, sizeof error))
        return true;
    fprintf(stderr, "selftest-harness: skipped, may not capture: %s\n", error);
    return false;
}

static void wire_begin(struct wire *w, enum segmentation mode, void (*talk)(int fd))
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    char error[256] = "";

    *w = (struct wire){ .arena = arena_new(), .server = server_start(talk) };
    w->path = kit_file(w->arena);
    w->file = capture_file_open(w->path, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->file);
    a.sin_port = htons(w->server.port);
    CU_ASSERT_FATAL(sock_bind(&w->sock, (const struct sockaddr *)&a, sizeof a, false));
    w->capture = capture_open(w->file, (const struct sockaddr *)&w->sock.local,
                              (const struct sockaddr *)&w->sock.remote, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->capture);
    sock_segment(&w->sock, mode, 1);
    CU_ASSERT_FATAL(sock_connect(&w->sock, clock_ms() + 5000));
}

static uint32_t octets_32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

/* Packets to that port with octets that were not there before: the kernel says again what is not
   acknowledged within milliseconds, as happens on a busy machine. Ethernet, IPv4; the file is in
   our byte order. */
static size_t count_packets(const char *path, uint16_t port)
{
    enum { FILE_HEAD = 24, PACKET_HEAD = 16, ETHERNET = 14, MOST = 1 << 17 };
    static unsigned char packet[MOST];
    uint32_t head[PACKET_HEAD / 4];
    uint32_t end = 0; /* of what was said so far; sequence numbers wrap */
    FILE *f = fopen(path, "re");
    size_t n = 0;

    CU_ASSERT_FATAL(f && fseek(f, FILE_HEAD, SEEK_SET) == 0);
    while (fread(head, sizeof head, 1, f) == 1 && head[2] <= MOST &&
           fread(packet, 1, head[2], f) == head[2]) {
        const unsigned char *ip = packet + ETHERNET, *tcp = ip + (ip[0] & 15) * 4;
        size_t total = (size_t)(ip[2] << 8 | ip[3]);
        size_t heads = (size_t)(ip[0] & 15) * 4 + (size_t)(tcp[12] >> 4) * 4;
        uint32_t ends_at = octets_32(tcp + 4) + (uint32_t)(total - heads);

        if ((tcp[2] << 8 | tcp[3]) != port || total <= heads)
            continue;
        if (n == 0 || (int32_t)(ends_at - end) > 0) {
            end = ends_at;
            n++;
        }
    }
    fclose(f);
    return n;
}

static size_t wire_end(struct wire *w)
{
    size_t n;

    sock_close_fin(&w->sock, clock_ms() + 5000);
    CU_ASSERT(capture_until(w->capture, w->sock.sent, w->sock.received, ENDS_SERVER, 5000));
    capture_close(w->capture);
    capture_file_close(w->file);
    n = count_packets(w->path, w->server.port);
    kit_remove(w->path);
    server_stop(&w->server);
    arena_free(w->arena);
    return n;
}

static size_t peer_packets(enum segmentation mode)
{
    struct buf b = frames(1);
    struct peer p;
    struct wire w;
    size_t n;

    wire_begin(&w, mode, server_drain);
    peer_init(&p, &w.sock, w.arena);
    for (size_t i = 0; i < FRAMES; i++)
        CU_ASSERT(peer_say(&p, buf_str(&b), clock_ms() + 5000));
    CU_ASSERT_EQUAL(p.sock.sent, mode == SEGMENT_COALESCE ? 0 : FRAMES * FRAME);
    hold_release(clock_ms() + 5000);
    CU_ASSERT_EQUAL(p.sock.sent, FRAMES * FRAME);
    w.sock = p.sock;
    n = wire_end(&w);
    p.sock = w.sock;
    peer_clear(&p);
    buf_clear(&b);
    return n;
}

static void packets_of_a_peer(void)
{
    size_t n;

    if (!permitted())
        return;
    CU_ASSERT_EQUAL(peer_packets(SEGMENT_WHOLE), FRAMES);
    CU_ASSERT_EQUAL(peer_packets(SEGMENT_BYTE), FRAMES * FRAME);
    CU_ASSERT_EQUAL(peer_packets(SEGMENT_BOUNDARY), FRAMES * 6);
    CU_ASSERT_EQUAL(peer_packets(SEGMENT_COALESCE), 1);
    n = peer_packets(SEGMENT_RANDOM);
    CU_ASSERT(n > FRAMES && n < FRAMES * FRAME);
}

static size_t relay_packets(enum segmentation mode, bool gather)
{
    struct buf b = frames(1);
    struct relay *r;
    struct wire w;
    int inner;
    size_t n;

    wire_begin(&w, mode, server_drain);
    r = relay_start(&w.sock, &inner);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    if (gather)
        relay_gather(r);
    for (size_t i = 0; i < FRAMES; i++)
        CU_ASSERT_EQUAL(write(inner, b.p, b.n), (ssize_t)b.n);
    relay_settle(r);
    CU_ASSERT_EQUAL(w.sock.sent, FRAMES * FRAME);
    relay_stop(r);
    close(inner);
    n = wire_end(&w);
    buf_clear(&b);
    return n;
}

/* What a library writes in one go goes the same ways. */
static void packets_of_a_relay(void)
{
    size_t n;

    if (!permitted())
        return;
    CU_ASSERT_EQUAL(relay_packets(SEGMENT_BYTE, false), FRAMES * FRAME);
    CU_ASSERT_EQUAL(relay_packets(SEGMENT_COALESCE, true), 1);
    n = relay_packets(SEGMENT_RANDOM, false); /* the thread may find all three at once */
    CU_ASSERT(n > 1 && n < FRAMES * FRAME);
}

/* ---- Reading ---- */

static size_t gulps, largest;

static void gulp(void *to, char who, const void *p, size_t n)
{
    (void)to;
    (void)p;
    gulps += who == 'S';
    if (n > largest)
        largest = n;
}

static void say_kilobytes(int fd)
{
    static char octets[4000];

    server_say(fd, (struct str){ octets, sizeof octets });
}

static void slow_reader(void)
{
    struct test_server server = server_start(say_kilobytes);
    struct sock s = server_connect(&server, false);
    char p[1024];

    gulps = largest = 0;
    s.tap.octets = gulp;
    sock_segment(&s, SEGMENT_SLOW_READER, 1);
    while (s.end == SOCK_OPEN && sock_wait(&s, true, false, clock_ms() + 5000))
        sock_receive(&s, p, sizeof p);
    CU_ASSERT_EQUAL(s.received, 4000);
    CU_ASSERT(gulps >= 4000 / 8 && largest <= 8);
    sock_close_fin(&s, clock_ms() + 5000);
    server_stop(&server);
}

/* A peer that is gone must not be waited for: the cut waits only for what can still be sent. */
static void the_server_is_gone(void)
{
    struct test_server server = server_start(server_reset);
    struct buf b = frames(FRAMES);
    struct sock s = server_connect(&server, false);
    struct arena *a = arena_new();
    int64_t start_ms = clock_ms();
    struct peer p;

    sock_segment(&s, SEGMENT_BYTE, 1);
    sock_wait(&s, true, false, clock_ms() + 5000);
    peer_init(&p, &s, a);
    CU_ASSERT(peer_say(&p, buf_str(&b), clock_ms() + 5000));
    CU_ASSERT(clock_ms() - start_ms < 5000);
    sock_close_fin(&p.sock, clock_ms() + 5000);
    peer_clear(&p);
    buf_clear(&b);
    arena_free(a);
    server_stop(&server);
}

static CU_TestInfo tests[] = {
    { "an octet each", byte_cuts },
    { "cuts around boundaries", boundary_cuts },
    { "cuts by seed", random_cuts },
    { "packets of a raw peer", packets_of_a_peer },
    { "packets behind a library", packets_of_a_relay },
    { "a slow reader", slow_reader },
    { "a server that is gone", the_server_is_gone },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(peer_segments, tests)
