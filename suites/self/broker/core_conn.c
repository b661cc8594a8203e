/* The connection core, driven from arrays: negotiation, framing, time, the end. */
#include "suites/self/broker/core_peer.h"

#include "broker-under-test/reference/src/limits.h"

#include <stdlib.h>

/* t capabilities { authentication_failure_close = true } */
#define CAN_HEAR_REFUSAL                                                                           \
    ((struct str){ "\14capabilitiesF\0\0\0\37\34authentication_failure_closet\1", 49 })

static struct str whole_conversation(struct peer *p)
{
    peer_header(p);
    peer_start_ok(p, STR(""), "guest");
    peer_tune_ok(p, 2047, 131072, 0);
    SAY(p, 0, connection_open, .virtual_host = STR("/"));
    SAY(p, 1, channel_open, .no_field = 0);
    SAY(p, 1, queue_declare, .queue = STR("q"), .exclusive = true);
    say_publish(p, 1, STR(""), STR("q"), STR("hello"), 1);
    SAY(p, 1, basic_get, .queue = STR("q"), .no_ack = true);
    SAY(p, 0, connection_close, .reply_code = 200, .reply_text = STR("bye"));
    return peer_bytes(p);
}

static void expect_conversation(struct peer *p)
{
    struct delivery d;

    CU_ASSERT(GETS(p, connection_start));
    CU_ASSERT(GETS(p, connection_tune));
    CU_ASSERT(GETS(p, connection_open_ok));
    CU_ASSERT(GETS(p, channel_open_ok));
    CU_ASSERT(GETS(p, queue_declare_ok));
    CU_ASSERT(peer_delivery(p, &d) && strcmp(d.body, "hello") == 0 && !d.redelivered);
    CU_ASSERT(GETS(p, connection_close_ok));
    CU_ASSERT(conn_finished(p->c));
}

/* The same conversation, cut into pieces of every size. */
TEST(conn_cut_anyhow)
{
    struct world w;

    world_open(&w);
    for (size_t piece = 1; piece < 300; piece += piece < 20 ? 1 : 37) {
        struct peer p;
        struct str all;

        peer_raw(&p, &w);
        all = whole_conversation(&p);
        for (size_t at = 0; at < all.n; at += piece) {
            size_t n = all.n - at < piece ? all.n - at : piece;

            peer_give(&p, (struct str){ all.p + at, n });
        }
        bytes_free(all);
        expect_conversation(&p);
        peer_leave(&p);
    }
    world_close(&w);
}

/* After every prefix of a good conversation, garbage. The broker stands, and somebody
   else is served. */
TEST(conn_garbage_at_every_prefix)
{
    struct world w;
    struct peer other, p;
    uint64_t seed = 1;
    struct str all;

    world_open(&w);
    peer_raw(&p, &w);
    all = whole_conversation(&p);
    peer_leave(&p);
    for (size_t n = 0; n <= all.n; n++) {
        char garbage[64];

        for (size_t i = 0; i < sizeof garbage; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            garbage[i] = (char)(seed >> 56);
        }
        peer_raw(&p, &w);
        peer_give(&p, (struct str){ all.p, n });
        peer_give(&p, (struct str){ garbage, sizeof garbage });
        world_settle(&w);
        conn_tick(p.c, w.now + LIMIT_HANDSHAKE_MS);
        peer_leave(&p);
    }
    bytes_free(all);
    peer_connect(&other, &w);
    declare_queue(&other, STR("alive"), false);
    peer_leave(&other);
    world_close(&w);
}

/* One octet of a good conversation turned over, at every place. */
TEST(conn_one_octet_wrong)
{
    struct world w;
    struct peer p;
    struct str all;
    char *bent;

    world_open(&w);
    peer_raw(&p, &w);
    all = whole_conversation(&p);
    peer_leave(&p);
    bent = malloc(all.n);
    for (size_t n = 0; n < all.n; n++) {
        memcpy(bent, all.p, all.n);
        bent[n] = (char)(bent[n] ^ (1 << n % 8));
        peer_raw(&p, &w);
        peer_give(&p, (struct str){ bent, all.n });
        world_settle(&w);
        peer_leave(&p);
    }
    CU_ASSERT(map_count(broker_vhost(w.b, STR("/"))->queues) == 0);
    free(bent);
    bytes_free(all);
    world_close(&w);
}

TEST(conn_wrong_header)
{
    struct world w;
    struct peer p;

    world_open(&w);
    peer_raw(&p, &w);
    peer_give(&p, STR("GET / HTTP/1.1\r\n\r\n"));
    CU_ASSERT(!peer_next(&p, &(struct frame){ 0 }));
    CU_ASSERT(p.in_n == 8 && memcmp(p.in, "AMQP\0\0\11\1", 8) == 0);
    CU_ASSERT(conn_finished(p.c));
    peer_leave(&p);
    world_close(&w);
}

/* Silence, a pause, the end: nobody learns why. */
TEST(conn_wrong_password)
{
    struct world w;
    struct peer p;

    world_open(&w);
    peer_raw(&p, &w);
    peer_header(&p);
    peer_start_ok(&p, STR(""), "wrong");
    CU_ASSERT(GETS(&p, connection_start));
    CU_ASSERT(peer_silent(&p));
    CU_ASSERT(!conn_finished(p.c) && conn_deadline(p.c) == w.now + LIMIT_PAUSE_MS);
    conn_tick(p.c, conn_deadline(p.c));
    CU_ASSERT(conn_finished(p.c) && peer_silent(&p));
    peer_leave(&p);

    peer_raw(&p, &w);
    peer_header(&p);
    peer_start_ok(&p, CAN_HEAR_REFUSAL, "wrong");
    CU_ASSERT(GETS(&p, connection_start));
    CU_ASSERT(peer_closed_connection(&p, ACCESS_REFUSED));
    peer_leave(&p);
    world_close(&w);
}

TEST(conn_tune_limits)
{
    static const struct {
        uint16_t channel_max;
        uint32_t frame_max;
        bool good;
    } offers[] = {
        { 2047, 131072, true },  { 0, 0, true },          { 1, 4096, true },
        { 2048, 131072, false }, { 2047, 131073, false }, { 2047, 4095, false },
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct peer p;

        peer_raw(&p, &w);
        peer_header(&p);
        peer_start_ok(&p, STR(""), "guest");
        peer_tune_ok(&p, offers[i].channel_max, offers[i].frame_max, 0);
        SAY(&p, 0, connection_open, .virtual_host = STR("/"));
        CU_ASSERT(GETS(&p, connection_start) && GETS(&p, connection_tune));
        if (offers[i].good)
            CU_ASSERT(GETS(&p, connection_open_ok));
        CU_ASSERT(peer_silent(&p));
        peer_leave(&p);
    }
    world_close(&w);
}

/* A frame of the agreed size is taken; one octet more is refused by its head alone, and
   the Close-Ok behind it is heard. */
TEST(conn_frame_too_large)
{
    char *body = calloc(1, LIMIT_FRAME_MAX);
    struct world w;
    struct peer p;
    struct delivery d;

    world_open(&w);
    peer_connect(&p, &w);
    declare_queue(&p, STR("q"), false);
    say_publish(&p, 1, STR(""), STR("q"), (struct str){ body, LIMIT_FRAME_MAX - FRAME_OVERHEAD },
                1);
    get_body(&p, STR("q"), &d);
    p.c->frame_max += 1; /* the peer's codec cuts by it */
    say_publish(&p, 1, STR(""), STR("q"), (struct str){ body, LIMIT_FRAME_MAX - 7 }, 1);
    p.c->frame_max -= 1;
    CU_ASSERT(peer_closed_connection(&p, FRAME_ERROR));
    SAY_BARE(&p, 0, connection_close_ok);
    CU_ASSERT(peer_silent(&p) && conn_finished(p.c));
    peer_leave(&p);
    free(body);
    world_close(&w);
}

/* No frame at all: not one octet more is said. */
TEST(conn_no_frame)
{
    static const struct str bad[] = {
        { "\1\0\1\0\0\0\4\0\24\0\24\0", 12 }, /* end octet 0 */
        { "\5\0\1\0\0\0\0\316", 8 },          /* type 5 */
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < 2; i++) {
        struct peer p;

        peer_connect(&p, &w);
        peer_give(&p, bad[i]);
        CU_ASSERT(peer_silent(&p) && conn_finished(p.c));
        peer_leave(&p);
    }
    world_close(&w);
}

/* Wrong at the right time: the code, and who pays. */
TEST(conn_out_of_place)
{
    static const struct {
        struct str bytes;
        unsigned code;
    } wrong[] = {
        { { "\1\0\1\0\0\0\4\0\12\0\62\316", 12 }, COMMAND_INVALID },  /* connection.close on 1 */
        { { "\1\0\2\0\0\0\4\0\132\0\12\316", 12 }, CHANNEL_ERROR },   /* tx.select on closed 2 */
        { { "\1\0\0\0\0\0\4\0\132\0\12\316", 12 }, CHANNEL_ERROR },   /* tx.select on 0 */
        { { "\1\0\1\0\0\0\5\0\24\0\12\0\316", 13 }, CHANNEL_ERROR },  /* channel.open twice */
        { { "\1\0\1\0\0\0\4\0\132\0\13\316", 12 }, COMMAND_INVALID }, /* tx.select-ok */
        { { "\1\0\1\0\0\0\4\1\0\0\12\316", 12 }, NOT_IMPLEMENTED },   /* class 256 */
        { { "\3\0\1\0\0\0\1x\316", 9 }, UNEXPECTED_FRAME },           /* body of nothing */
        { { "\10\0\1\0\0\0\0\316", 8 }, FRAME_ERROR },                /* heartbeat on 1 */
        { { "\1\0\1\0\0\0\2\0\74\316", 10 }, FRAME_ERROR },           /* half a method id */
        { { "\1\0\1\0\0\0\5\0\132\0\12x\316", 13 }, SYNTAX_ERROR },   /* an octet too many */
        { { "\1\x10\0\0\0\0\5\0\24\0\12\0\316", 13 }, NOT_ALLOWED },  /* channel 4096 */
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct peer p;

        peer_connect(&p, &w);
        peer_give(&p, wrong[i].bytes);
        CU_ASSERT(peer_closed_connection(&p, wrong[i].code));
        /* Whatever else comes is not heard, a crossing Close is answered. */
        SAY(&p, 1, queue_declare, .queue = STR("late"));
        SAY(&p, 0, connection_close, .reply_code = 200);
        CU_ASSERT(GETS(&p, connection_close_ok));
        CU_ASSERT(conn_finished(p.c));
        peer_leave(&p);
    }
    CU_ASSERT(!vhost_queue(broker_vhost(w.b, STR("/")), STR("late")));
    world_close(&w);
}

TEST(conn_heartbeats)
{
    struct world w;
    struct peer p;
    struct frame f;

    world_open(&w);
    peer_connect(&p, &w);
    p.c->heartbeat_ms = 10000;
    CU_ASSERT(conn_deadline(p.c) == w.now + 5000);
    w.now += 5000;
    conn_tick(p.c, w.now);
    CU_ASSERT(peer_next(&p, &f) && f.type == FRAME_HEARTBEAT && f.channel == 0 && !f.payload.n);
    for (int i = 0; i < 10; i++) { /* any traffic counts */
        w.now += 9000;
        SAY(&p, 1, channel_flow, .active = true);
        CU_ASSERT(GETS(&p, channel_flow_ok));
        conn_tick(p.c, w.now);
        CU_ASSERT(!conn_finished(p.c));
    }
    conn_tick(p.c, w.now + 24999);
    CU_ASSERT(p.c->state == CONN_OPEN);
    conn_tick(p.c, w.now + 25000);
    CU_ASSERT(conn_finished(p.c));
    peer_leave(&p);
    world_close(&w);
}

TEST(conn_patience)
{
    struct world w;
    struct peer p;

    world_open(&w);
    peer_raw(&p, &w);
    peer_give(&p, STR("AMQP"));
    CU_ASSERT(conn_deadline(p.c) == w.now + LIMIT_HANDSHAKE_MS);
    conn_tick(p.c, conn_deadline(p.c));
    CU_ASSERT(conn_finished(p.c));
    peer_leave(&p);

    peer_connect(&p, &w);
    conn_force_close(p.c, "test");
    CU_ASSERT(peer_closed_connection(&p, CONNECTION_FORCED));
    CU_ASSERT(!conn_finished(p.c));
    conn_tick(p.c, w.now + LIMIT_CLOSE_MS);
    CU_ASSERT(conn_finished(p.c));
    peer_leave(&p);
    world_close(&w);
}

SUITE(core_conn, TEST_CASE(conn_cut_anyhow), TEST_CASE(conn_garbage_at_every_prefix),
      TEST_CASE(conn_one_octet_wrong), TEST_CASE(conn_wrong_header), TEST_CASE(conn_wrong_password),
      TEST_CASE(conn_tune_limits), TEST_CASE(conn_frame_too_large), TEST_CASE(conn_no_frame),
      TEST_CASE(conn_out_of_place), TEST_CASE(conn_heartbeats), TEST_CASE(conn_patience));
