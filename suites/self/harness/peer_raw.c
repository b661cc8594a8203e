/* The raw peer hears frames, however their octets arrive, and what is none. */
#include "suites.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixtures/peer/clock.h"
#include "fixtures/peer/raw.h"
#include "peer_server.h"

static struct arena *arena;
static struct test_server server;
static struct peer peer;

static void begin(void (*talk)(int fd))
{
    struct sock s;

    server = server_start(talk);
    s = server_connect(&server, false);
    arena = arena_new();
    peer_init(&peer, &s, arena);
}

static void end(void)
{
    if (peer.sock.fd >= 0)
        sock_close_fin(&peer.sock, clock_ms() + 5000);
    peer_clear(&peer);
    arena_free(arena);
    server_stop(&server);
}

static enum peer_heard next(struct frame *f)
{
    return peer_next(&peer, false, clock_ms() + 5000, f);
}

/* channel.open-ok on channel 5, and a header frame behind it. */
static struct buf two_frames(void)
{
    struct m_channel_open_ok ok = { .reserved_1 = S("") };
    struct properties p = { .priority = 3, .has_priority = true };
    struct buf b;

    buf_init(&b, 1024);
    frame_put_method(&b, 5, M_channel_open_ok, &ok);
    frame_put_header(&b, 5, 60, 1000, &p);
    return b;
}

static void hear_two_frames(void)
{
    struct frame f;

    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_EQUAL(f.channel, 5);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.method);
    CU_ASSERT_EQUAL(f.method->id, M_channel_open_ok);
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_EQUAL(f.type, FRAME_HEADER);
    CU_ASSERT_EQUAL(f.body_size, 1000);
    CU_ASSERT_EQUAL(f.properties.priority, 3);
    CU_ASSERT_EQUAL(next(&f), HEARD_FIN);
}

/* Each octet in a segment of its own: the client answers each, so none can be joined. */
static void say_octet_by_octet(int fd)
{
    struct buf b = two_frames();

    for (size_t i = 0; i < b.n; i++) {
        server_say(fd, (struct str){ (const char *)b.p + i, 1 });
        server_expect(fd, 1);
    }
}

static void octet_by_octet(void)
{
    struct buf b = two_frames();
    struct frame f;

    begin(say_octet_by_octet);
    for (size_t i = 0; i + 1 < b.n; i++) {
        CU_ASSERT(sock_wait(&peer.sock, true, false, clock_ms() + 5000));
        /* A deadline that is over already still takes what is there. */
        if (peer_next(&peer, false, clock_ms() - 1, &f) == HEARD_FRAME)
            CU_ASSERT_EQUAL(f.channel, 5);
        peer_say(&peer, S("."), clock_ms() + 5000);
    }
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_EQUAL(f.type, FRAME_HEADER);
    CU_ASSERT_PTR_NULL(f.fault);
    peer_say(&peer, S("."), clock_ms() + 5000);
    CU_ASSERT_EQUAL(next(&f), HEARD_FIN);
    buf_clear(&b);
    end();
}

static void say_at_once(int fd)
{
    server_say(fd, buf_str(&(struct buf[]){ two_frames() }[0]));
}

static void in_one_segment(void)
{
    begin(say_at_once);
    hear_two_frames();
    end();
}

/* Frames stay where they are while megabytes follow them. */
enum { BODIES = 300, BODY = 10000 };

static void say_much(int fd)
{
    static char body[BODY];
    struct buf b;

    buf_init(&b, SIZE_MAX);
    for (unsigned i = 0; i < BODIES; i++) {
        memset(body, (int)(i & 0xff), sizeof body);
        frame_put(&b, FRAME_BODY, (uint16_t)i, (struct str){ body, sizeof body });
    }
    server_say(fd, buf_str(&b));
}

static void frames_stay_valid(void)
{
    struct frame f[BODIES];

    begin(say_much);
    for (unsigned i = 0; i < BODIES; i++)
        CU_ASSERT_EQUAL_FATAL(next(&f[i]), HEARD_FRAME);
    for (unsigned i = 0; i < BODIES; i++) {
        CU_ASSERT_EQUAL(f[i].channel, i);
        CU_ASSERT_EQUAL_FATAL(f[i].payload.n, BODY);
        CU_ASSERT_EQUAL((uint8_t)f[i].payload.p[0], (i & 0xff));
        CU_ASSERT_EQUAL((uint8_t)f[i].payload.p[BODY - 1], (i & 0xff));
    }
    end();
}

static void say_garbage(int fd)
{
    server_say(fd, S("HTTP/1.1 400 Bad Request\r\n"));
}

static void garbage_is_one_faulty_frame(void)
{
    struct frame f;

    begin(say_garbage);
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_PTR_NOT_NULL(f.fault);
    CU_ASSERT(f.payload.n > 0 && f.payload.p[0] == 'H');
    CU_ASSERT_EQUAL(next(&f), HEARD_FIN);
    end();
}

static void say_bad_end(int fd)
{
    server_say(fd, S("\x08\0\0\0\0\0\0\xcd"));
}

static void a_bad_end_octet_is_a_fault(void)
{
    struct frame f;

    begin(say_bad_end);
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME); /* a heartbeat, but not one to pass over */
    CU_ASSERT_PTR_NOT_NULL(f.fault);
    end();
}

static void say_half(int fd)
{
    server_say(fd, S("\x01\0\x01\0\0\0\x10"
                     "half"));
}

static void a_frame_is_cut_off(void)
{
    struct frame f;

    begin(say_half);
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_PTR_NOT_NULL(f.fault);
    CU_ASSERT_EQUAL(next(&f), HEARD_FIN);
    end();
}

static void say_protocol_header(int fd)
{
    server_say(fd, S("AM"));
    server_say(fd, S("QP\0\0\x09\x01"));
}

static void a_protocol_header(void)
{
    struct frame f;

    begin(say_protocol_header);
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_EQUAL(f.type, FRAME_PROTOCOL_HEADER);
    CU_ASSERT_PTR_NULL(f.fault);
    end();
}

static void say_nothing(int fd)
{
    server_drain(fd);
}

static void silence(void)
{
    struct frame f;
    int64_t start_ms = clock_ms();

    begin(say_nothing);
    CU_ASSERT_EQUAL(peer_next(&peer, false, start_ms + 30, &f), HEARD_SILENCE);
    CU_ASSERT(clock_ms() - start_ms >= 30);
    end();
}

/* One heartbeat each half interval, and what the server sends of them is passed over. */
static void count_heartbeats(int fd)
{
    server_say(fd, S("\x08\0\0\0\0\0\0\xce"));
    server_expect(fd, 8);
    server_say(fd, S("\x08\0\0\0\0\0\0\xce"));
    server_expect(fd, 8);
    server_say(fd, buf_str(&(struct buf[]){ two_frames() }[0]));
}

static void heartbeats(void)
{
    int64_t start_ms = clock_ms();

    begin(count_heartbeats);
    peer.heartbeat = 1;
    hear_two_frames();
    CU_ASSERT(clock_ms() - start_ms >= 1000);
    /* two heartbeats, or one more where this process was not let run for a while */
    CU_ASSERT(peer.sock.sent >= 16 && peer.sock.sent % 8 == 0);
    end();
}

/* The server says how many reads it took: corked words come as one. */
static void count_reads(int fd)
{
    char p[64];
    struct m_channel_open_ok ok = { .reserved_1 = S("") };
    struct buf b;
    ssize_t n = read(fd, p, sizeof p);

    buf_init(&b, 1024);
    frame_put_method(&b, (uint16_t)n, M_channel_open_ok, &ok);
    server_say(fd, buf_str(&b));
}

static void cork(void)
{
    struct frame f;

    begin(count_reads);
    peer.corked = true;
    for (int i = 0; i < 10; i++)
        CU_ASSERT(peer_say(&peer, S("word"), clock_ms() + 5000));
    CU_ASSERT_EQUAL(peer.sock.sent, 0);
    peer.corked = false;
    CU_ASSERT(peer_flush(&peer, clock_ms() + 5000));
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_EQUAL(f.channel, 40);
    end();
}

/* Neither side reads first: the peer takes what comes while it cannot get rid of its own. */
enum { FLOOD = 8 << 20 };

static void flood(int fd)
{
    static char body[FLOOD];
    int small = 4096;
    struct buf b;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    buf_init(&b, SIZE_MAX);
    frame_put(&b, FRAME_BODY, 1, (struct str){ body, sizeof body });
    server_say(fd, buf_str(&b));
    server_drain(fd);
}

static void no_deadlock(void)
{
    static char body[FLOOD];
    struct frame f;

    begin(flood);
    CU_ASSERT_FALSE(peer_say(&peer, (struct str){ body, sizeof body }, clock_ms() + 300));
    CU_ASSERT_EQUAL_FATAL(next(&f), HEARD_FRAME);
    CU_ASSERT_EQUAL(f.payload.n, FLOOD);
    sock_close_rst(&peer.sock); /* what is left would take its time */
    end();
}

static CU_TestInfo tests[] = {
    { "frames octet by octet", octet_by_octet },
    { "frames in one segment", in_one_segment },
    { "frames stay valid while others come", frames_stay_valid },
    { "octets that begin no frame", garbage_is_one_faulty_frame },
    { "a bad end octet", a_bad_end_octet_is_a_fault },
    { "a frame cut off by the end", a_frame_is_cut_off },
    { "a protocol header in two pieces", a_protocol_header },
    { "silence", silence },
    { "heartbeats both ways", heartbeats },
    { "a cork gathers", cork },
    { "reads while it cannot write", no_deadlock },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(peer_raw, tests)
