/* From packets to frames, whatever happens to the packets on the way. */
#include "suites.h"

#include <pcap/dlt.h>
#include <stdio.h>
#include <string.h>

#include "capture_kit.h"

static const char said[] = KIT_OPEN "C 1 queue.declare queue=\"jobs\" durable=1\n"
                                    "S 1 queue.declare-ok queue=\"jobs\"\n"
                                    "C 1 basic.publish routing-key=\"jobs\"\n"
                                    "C 1 header class=basic size=12\n"
                                    "C 1 body \"hello \"\n"
                                    "C 1 body \"octets\"\n" KIT_CLOSE;

struct story {
    struct arena *arena;
    struct kit_packets packets;
    struct synth synth;
};

/* segment: octets in a packet at most; isn: where both sequence numbers begin. */
static void tell(struct story *s, size_t segment, uint32_t isn)
{
    s->arena = arena_new();
    s->packets = (struct kit_packets){ .arena = s->arena };
    synth_init(&s->synth, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take,
               &s->packets);
    s->synth.segment = segment;
    if (isn)
        s->synth.next[0] = s->synth.next[1] = isn;
    kit_synth_text(&s->synth, said, s->arena);
}

static struct str expected(struct story *s)
{
    return kit_print(kit_trace(said, s->arena), s->arena);
}

static bool is_data(struct str octets, unsigned port)
{
    struct packet p;

    return packet_decode(DLT_EN10MB, octets, &p) && p.payload.n > 0 && p.from.port == port;
}

static size_t find_data(const struct kit_packets *p, unsigned port, size_t nth)
{
    for (size_t i = 0; i < p->n; i++)
        if (is_data(p->at[i], port) && nth-- == 0)
            return i;
    return p->n;
}

static void drop(struct kit_packets *p, size_t i)
{
    memmove(p->at + i, p->at + i + 1, (p->n - i - 1) * sizeof *p->at);
    p->n--;
}

static void insert(struct kit_packets *p, size_t i, struct str octets)
{
    kit_take(p, octets);
    octets = p->at[p->n - 1];
    memmove(p->at + i + 1, p->at + i, (p->n - i - 1) * sizeof *p->at);
    p->at[i] = octets;
}

static void same_as_said(struct story *s)
{
    struct trace *t = kit_flow_trace(&s->packets, s->arena);
    struct str got = kit_print(t, s->arena), want = expected(s);

    CU_ASSERT(str_eq(got, want));
    if (!str_eq(got, want))
        fprintf(stderr, "wanted:\n%.*s\ngot:\n%.*s\n", STR_ARGS(want), STR_ARGS(got));
    CU_ASSERT(t->from_start);
    CU_ASSERT_FALSE(t->incomplete);
    arena_free(s->arena);
}

static void cut_anywhere(void)
{
    for (size_t segment = 1; segment < 40; segment++) {
        struct story s;

        tell(&s, segment, 0);
        same_as_said(&s);
    }
}

/* Frames of one direction keep their order, and each is as late as its last octet: swapping
   neighbours of one direction changes nothing but the packet numbers. */
static void out_of_order(void)
{
    struct story s;

    tell(&s, 7, 0);
    for (size_t i = 0; i + 2 < s.packets.n; i++) {
        unsigned port = is_data(s.packets.at[i], 40000) ? 40000 : 5672;

        /* data, its acknowledgement, data of the same side */
        if (is_data(s.packets.at[i], port) && is_data(s.packets.at[i + 2], port)) {
            struct str first = s.packets.at[i];

            s.packets.at[i] = s.packets.at[i + 2];
            s.packets.at[i + 2] = first;
            i += 2;
        }
    }
    same_as_said(&s);
}

static void retransmitted(void)
{
    struct story s;

    tell(&s, 11, 0);
    for (size_t i = s.packets.n; i-- > 0;)
        insert(&s.packets, i, s.packets.at[i]);
    same_as_said(&s);
}

/* The second copy of some octets comes with others around it, and is not the one that counts. */
static void overlapping(void)
{
    struct story s;
    struct buf b;

    tell(&s, 16, 0);
    buf_init(&b, LIMIT_SYNTH_PACKET);
    for (size_t n = 1; n < 20; n++) {
        size_t i = find_data(&s.packets, 40000, n);
        struct packet p;

        CU_ASSERT_TRUE_FATAL(packet_decode(DLT_EN10MB, s.packets.at[i], &p));
        synth_packet(&b, &p.from, &p.to, p.seq - 5, p.ack, TCP_ACK, S("?????"));
        insert(&s.packets, i, buf_str(&b));
    }
    buf_clear(&b);
    same_as_said(&s);
}

static void wrapped_sequence(void)
{
    for (uint32_t before = 1; before < 200; before += 13) {
        struct story s;

        tell(&s, 9, UINT32_MAX - before);
        same_as_said(&s);
    }
}

/* One octet before what comes next, of no meaning: some keepalives have it, others are empty. */
static void kept_alive(void)
{
    struct story s;
    struct buf b;

    tell(&s, 4096, 0);
    buf_init(&b, LIMIT_SYNTH_PACKET);
    for (size_t n = 0; n < 6; n++) {
        size_t i = find_data(&s.packets, 40000, n);
        struct packet p;

        CU_ASSERT_TRUE_FATAL(packet_decode(DLT_EN10MB, s.packets.at[i], &p));
        synth_packet(&b, &p.from, &p.to, p.seq - 1, p.ack, TCP_ACK, n % 2 ? S("\0") : S(""));
        insert(&s.packets, i, buf_str(&b));
    }
    buf_clear(&b);
    same_as_said(&s);
}

/* The first octet of a segment comes alone, as it does against a window of zero, then all. */
static void zero_window_probed(void)
{
    struct story s;
    struct packet p;
    struct buf b;
    size_t i;

    tell(&s, 4096, 0);
    i = find_data(&s.packets, 40000, 4);
    CU_ASSERT_TRUE_FATAL(packet_decode(DLT_EN10MB, s.packets.at[i], &p));
    buf_init(&b, LIMIT_SYNTH_PACKET);
    synth_packet(&b, &p.from, &p.to, p.seq, p.ack, TCP_ACK, (struct str){ p.payload.p, 1 });
    insert(&s.packets, i, buf_str(&b));
    buf_clear(&b);
    same_as_said(&s);
}

/* Losing one packet loses the frames in it; those before and behind are all there. */
static void lost_in_the_middle(void)
{
    struct story s;
    struct trace *t;
    struct str text;

    tell(&s, 4096, 0);
    drop(&s.packets, find_data(&s.packets, 40000, 4)); /* queue.declare: header … open, 4th */
    t = kit_flow_trace(&s.packets, s.arena);
    text = kit_print(t, s.arena);
    CU_ASSERT(t->incomplete);
    CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "C gap "));
    CU_ASSERT_EQUAL(trace_count(t, 'C', M_channel_open), 0);
    CU_ASSERT_EQUAL(trace_count(t, 'C', M_queue_declare), 1);
    CU_ASSERT_EQUAL(trace_count(t, 'C', M_basic_publish), 1);
    CU_ASSERT_EQUAL(trace_count(t, 'S', M_connection_close_ok), 1);
    CU_ASSERT_PTR_NULL(strstr(text.p, "junk"));
    arena_free(s.arena);
}

/* The lost packet held the middle of frames only: the length in the head says where to go on. */
static void lost_within_a_frame(void)
{
    static const char big[] = KIT_OPEN "C 1 basic.publish routing-key=\"jobs\"\n"
                                       "C 1 header class=basic size=3000\n";
    struct arena *a = arena_new();
    struct kit_packets list = { .arena = a };
    struct trace *t;
    struct synth s;
    struct buf body;

    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &list);
    kit_synth_text(&s, big, a);
    buf_init(&body, 8192);
    for (size_t i = 0; i < 375; i++) /* looks like heartbeats all through */
        buf_put(&body, "\x08\0\0\0\0\0\0\xce", 8);
    s.segment = 500;
    {
        struct buf frame;

        buf_init(&frame, 8192);
        frame_put(&frame, FRAME_BODY, 1, buf_str(&body));
        synth_data(&s, SYNTH_CLIENT, buf_str(&frame));
        buf_clear(&frame);
    }
    buf_clear(&body);
    kit_synth_text(&s, KIT_CLOSE, a);
    drop(&list, find_data(&list, 40000, 8));
    t = kit_flow_trace(&list, a);
    CU_ASSERT(t->incomplete);
    CU_ASSERT_EQUAL(trace_count(t, 'C', M_connection_close), 1);
    for (size_t i = 0; i < t->n; i++)
        CU_ASSERT(t->at[i].kind != TRACE_FRAME || t->at[i].frame.type != FRAME_HEARTBEAT);
    arena_free(a);
}

/* Nothing follows the hole, but the other side acknowledged what was in it. */
static void lost_at_the_end(void)
{
    static const char open[] = KIT_OPEN "C 1 basic.publish routing-key=\"jobs\"\n";
    struct arena *a = arena_new();
    struct kit_packets list = { .arena = a };
    struct trace *t;
    struct synth s;

    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &list);
    kit_synth_text(&s, open, a);
    drop(&list, list.n - 2);
    t = kit_flow_trace(&list, a);
    CU_ASSERT(t->incomplete);
    CU_ASSERT_PTR_NOT_NULL(strstr(kit_print(t, a).p, "C gap "));
    arena_free(a);
}

/* Joined at any packet: every frame that begins in a later packet is found, nothing is invented,
   and client and server are told apart. */
static void joined_in_mid_stream(void)
{
    struct story s;
    struct str all;

    tell(&s, 4096, 0);
    all = expected(&s);
    while (s.packets.n > 12) {
        struct trace *t;

        drop(&s.packets, 0);
        t = kit_flow_trace(&s.packets, s.arena);
        if (find_data(&s.packets, 40000, 2) == s.packets.n)
            break; /* too little is left to know the client by */
        for (size_t i = 0; i < t->n; i++) {
            struct trace one = { .at = &t->at[i], .n = 1 };

            CU_ASSERT_PTR_NOT_NULL(strstr(all.p, kit_print(&one, s.arena).p));
        }
        CU_ASSERT_EQUAL(trace_count(t, 'C', M_connection_close), 1);
        CU_ASSERT_EQUAL(trace_count(t, 'S', M_connection_close_ok), 1);
    }
    arena_free(s.arena);
}

static void joined_within_a_frame(void)
{
    struct story s;
    struct trace *t;

    tell(&s, 10, 0);
    for (size_t i = 0; i < 9; i++)
        drop(&s.packets, 0);
    t = kit_flow_trace(&s.packets, s.arena);
    CU_ASSERT_FALSE(t->from_start);
    CU_ASSERT_EQUAL(trace_count(t, 'C', M_queue_declare), 1);
    CU_ASSERT_EQUAL(trace_count(t, 'S', M_queue_declare_ok), 1);
    CU_ASSERT_PTR_NULL(strstr(kit_print(t, s.arena).p, "junk"));
    arena_free(s.arena);
}

/* A short snapshot keeps the packet but not all of its octets. */
static void short_snapshot(void)
{
    struct story s;
    struct trace *t;
    size_t i;

    tell(&s, 4096, 0);
    i = find_data(&s.packets, 40000, 5);
    s.packets.at[i].n -= 4;
    t = kit_flow_trace(&s.packets, s.arena);
    CU_ASSERT(t->incomplete);
    CU_ASSERT_EQUAL(trace_count(t, 'C', M_queue_declare), 0);
    CU_ASSERT_EQUAL(trace_count(t, 'C', M_basic_publish), 1);
    arena_free(s.arena);
}

/* Packet numbers are those of the packet with which the frame became readable. */
static void numbered_by_last_octet(void)
{
    struct story s;
    struct trace *t;
    size_t last;

    tell(&s, 3, 0);
    t = kit_flow_trace(&s.packets, s.arena);
    last = find_data(&s.packets, 40000, 2); /* eight octets: three packets */
    CU_ASSERT_EQUAL(t->at[1].kind, TRACE_HEADER);
    CU_ASSERT_EQUAL(t->at[1].packet, last + 1);
    CU_ASSERT_EQUAL(t->at[1].offset, 0);
    for (size_t i = 1; i < t->n; i++)
        CU_ASSERT(t->at[i - 1].packet <= t->at[i].packet);
    arena_free(s.arena);
}

static void ended_within_a_frame(void)
{
    static const char cut[] = KIT_OPEN "C 1 queue.declare queue=\"jobs\"\n";
    struct arena *a = arena_new();
    struct kit_packets list = { .arena = a };
    const struct trace_event *e;
    struct trace *t;
    struct synth s;

    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &list);
    kit_synth_text(&s, cut, a);
    synth_data(&s, SYNTH_CLIENT, S("\x01\0\x01\0\0\0\x09\0"));
    t = kit_flow_trace(&list, a);
    CU_ASSERT_EQUAL(t->at[t->n - 1].kind, TRACE_FRAME); /* more may come: no verdict yet */
    synth_end(&s, SYNTH_CLIENT, false);
    t = kit_flow_trace(&list, a);
    e = &t->at[t->n - 2];
    CU_ASSERT_EQUAL(e->kind, TRACE_JUNK);
    CU_ASSERT_EQUAL(e->octets.n, 8);
    CU_ASSERT_STRING_EQUAL(e->frame.fault, "ends within a frame");
    arena_free(a);
}

static void no_frames_at_all(void)
{
    struct arena *a = arena_new();
    struct kit_packets list = { .arena = a };
    struct trace *t;
    struct synth s;

    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &list);
    synth_data(&s, SYNTH_CLIENT, S("GET / HTTP/1.1\r\n\r\n"));
    synth_data(&s, SYNTH_SERVER, S("AMQP\0\0\x09\x01"));
    synth_end(&s, SYNTH_SERVER, true);
    t = kit_flow_trace(&list, a);
    CU_ASSERT_STRING_EQUAL(kit_print(t, a).p, "C open 0\nC junk 18\n"
                                              "S - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
                                              "S rst 0\n");
    arena_free(a);
}

static CU_TestInfo tests[] = {
    { "frames cut into packets anywhere", cut_anywhere },
    { "packets out of order", out_of_order },
    { "packets sent twice", retransmitted },
    { "packets that overlap", overlapping },
    { "sequence numbers that wrap", wrapped_sequence },
    { "keepalives, empty and of one octet", kept_alive },
    { "a zero-window probe", zero_window_probed },
    { "a packet lost in the middle", lost_in_the_middle },
    { "a packet lost within a frame", lost_within_a_frame },
    { "a packet lost at the end", lost_at_the_end },
    { "joined in mid-stream", joined_in_mid_stream },
    { "joined within a frame", joined_within_a_frame },
    { "a short snapshot", short_snapshot },
    { "packet numbers", numbered_by_last_octet },
    { "a stream that ends within a frame", ended_within_a_frame },
    { "a stream without frames", no_frames_at_all },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(capture_reassembly, tests)
