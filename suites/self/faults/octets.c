/* Octets: what no rule touches comes out as it went in, however it was cut; what is no frame
   passes from there on; and an engine does not grow. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/wire/random.h"
#include "tests.h"

#define SUITE "octets"

enum { ROOM = 64 << 20 };

TEST(half_frames_wait_for_the_other_half)
{
    play("on C heartbeat if channel=9 drop", "C octets \"A\"\n"
                                             "C octets \"MQP\\x00\\x00\\x09\"\n"
                                             "C octets \"\\x01\\x08\\x00\"\n"
                                             "  C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
                                             "C octets \"\\x00\\x00\\x00\\x00\\x00\"\n"
                                             "C octets \"\\xce\\x08\"\n"
                                             "  C 0 heartbeat\n"
                                             "C ends\n"
                                             "  C octets \"\\x08\"\n");
}

/* The side that no rule is about is not made to wait. */
TEST(the_other_side_is_not_cut)
{
    play("on S heartbeat drop", "C octets \"\\x08\\x00\"\n"
                                "  C octets \"\\x08\\x00\"\n"
                                "C octets \"\\x00\\x00\\x00\\x00\\x00\\xce\"\n"
                                "  C octets \"\\x00\\x00\\x00\\x00\\x00\\xce\"\n");
}

TEST(what_is_no_frame_passes_and_all_after_it)
{
    play("on C frame drop", "C octets \"\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\xceHTTP\"\n"
                            "  C octets \"HTTP\"\n"
                            "C 0 heartbeat\n"
                            "  C 0 heartbeat\n");
    play("on C frame drop", "C octets \"AMQX\"\n"
                            "  C octets \"AMQX\"\n");
    play("on C frame drop", "C octets \"\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\xcd\"\n"
                            "  C 0 raw type=8 payload=\"\" end=0xcd # bad end octet\n");
}

/* Beyond what was agreed: the receiver may judge it by its head, so it must get that. */
TEST(a_head_that_promises_too_much_passes)
{
    play("on C body drop", "C 0 connection.tune-ok frame-max=4096\n"
                           "  C 0 connection.tune-ok frame-max=4096\n"
                           "C octets \"\\x03\\x00\\x01\\x00\\x00\\x0f\\xf8\"\n"
                           "S 0 heartbeat\n"
                           "  S 0 heartbeat\n"
                           "C ends\n"
                           "  C octets \"\\x03\\x00\\x01\\x00\\x00\\x0f\\xf8\"\n");
    play("on C body drop", "C 0 connection.tune-ok frame-max=4096\n"
                           "  C 0 connection.tune-ok frame-max=4096\n"
                           "C octets \"\\x03\\x00\\x01\\x00\\x00\\x0f\\xf9\"\n"
                           "  C octets \"\\x03\\x00\\x01\\x00\\x00\\x0f\\xf9\"\n"
                           "C 1 body \"x\"\n"
                           "  C 1 body \"x\"\n");
}

TEST(a_frame_that_does_not_decode_is_one)
{
    play("on S method drop",
         "S 1 raw type=1 payload=\"\\x00\\x3c\\x00\\x3c\\x09\"\n"
         "S 1 raw type=1 payload=\"\\x00\"\n"
         "S 1 raw type=2 payload=\"\\x00\"\n"
         "  S 1 raw type=2 payload=\"\\x00\" end=0xce # content header too short\n");
    play("on S frame set delivery-tag=1 priority=1",
         "S 1 raw type=1 payload=\"\\x00\\x3c\\x00\\x3c\\x09\"\n"
         "  S 1 raw type=1 payload=\"\\x00<\\x00<\\x09\" end=0xce # arguments too short\n"
         "S 1 raw type=2 payload=\"\\x00\"\n"
         "  S 1 raw type=2 payload=\"\\x00\" end=0xce # content header too short\n");
}

/* ---- random frames --------------------------------------------------------------------- */

static void random_content(struct random *r, struct buf *b, struct arena *a)
{
    struct properties p = random_properties(r, a);
    struct str body = random_str(r, 2000, a);
    size_t n = random_below(r, body.n + 1);

    frame_put_header(b, (uint16_t)random_below(r, 3), 60, body.n, &p);
    frame_put(b, FRAME_BODY, (uint16_t)random_below(r, 3), (struct str){ body.p, n });
    frame_put(b, FRAME_BODY, (uint16_t)random_below(r, 3), (struct str){ body.p + n, body.n - n });
}

static void random_frames(struct random *r, struct buf *b, size_t n)
{
    struct arena *a = arena_new();

    buf_put(b, PROTOCOL_HEADER.p, PROTOCOL_HEADER.n);
    for (size_t i = 0; i < n; i++) {
        enum method_id id = random_method(r);

        if (id == M_connection_tune_ok || id == M_connection_close || id == M_connection_close_ok)
            continue;
        frame_put_method(b, (uint16_t)random_below(r, 3), id, random_args(r, id, a));
        if (random_below(r, 3) == 0)
            random_content(r, b, a);
        if (random_below(r, 5) == 0)
            frame_put_heartbeat(b);
    }
    arena_free(a);
}

static void collect(struct buf *got, const struct fault_step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT(steps[i].effect == EFFECT_SEND);
        buf_put(got, steps[i].octets.p, steps[i].octets.n);
    }
}

/* In pieces of any size, from 1 octet to all of it. */
static void through(const struct fault *f, struct random *r, char from, struct str octets)
{
    struct fault_shared *s = fault_shared_new(f, 1);
    struct fault_engine *e = fault_engine_new(s);
    size_t most = 1 + random_below(r, octets.n), n, steps;
    const struct fault_step *step;
    struct buf got;

    buf_init(&got, ROOM);
    for (size_t at = 0; at < octets.n; at += n) {
        struct str part = { octets.p + at, 0 };

        n = 1 + random_below(r, most);
        part.n = n = n < octets.n - at ? n : octets.n - at;
        step = fault_feed(e, from, part, at, &steps);
        collect(&got, step, steps);
    }
    step = fault_ended(e, from, false, octets.n, &steps);
    collect(&got, step, steps);
    CU_ASSERT(str_eq(buf_str(&got), octets));
    CU_ASSERT(fault_due(e) == UINT64_MAX);
    fault_engine_free(e);
    fault_shared_free(s);
    buf_clear(&got);
}

static void want_unchanged(const char *text)
{
    struct random r = random_of(test_seed());
    struct fault_file f = { 0 };
    struct buf complaints, octets;

    buf_init(&complaints, 4096);
    buf_init(&octets, ROOM);
    if (text)
        CU_ASSERT_FATAL(load_text(&f, text, &complaints));
    for (int i = 0; i < 40; i++) {
        octets.n = 0;
        random_frames(&r, &octets, 1 + random_below(&r, 40));
        through(text ? f.at[0] : NULL, &r, i % 2 ? 'C' : 'S', buf_str(&octets));
    }
    if (text)
        fault_file_clear(&f);
    buf_clear(&octets);
    buf_clear(&complaints);
}

TEST(random_frames_without_a_fault)
{
    want_unchanged(NULL);
}

TEST(random_frames_and_a_fault_that_never_matches)
{
    want_unchanged("fault f\n"
                   "on C frame if channel=4 drop\n"
                   "on S frame if channel=4 drop\n"
                   "on S basic.* +content if channel=5 duplicate\n"
                   "on C basic.*+content@6 swap\n"
                   "on S header if $never=1 remember never=1 then close fin\n"
                   "on C header if last=basic.get-ok channel=9 close 501\n");
}

TEST(random_frames_and_a_fault_that_takes_all_and_changes_nothing)
{
    want_unchanged("fault f\n"
                   "on C frame remember a=channel b=size c=7 per channel\n"
                   "on S frame if last!=absent nth 3 per proxy remember a=channel per channel\n"
                   "on S frame set channel+=0\n"
                   "on C frame if channel=9 drop\n");
}

TEST(random_garbage)
{
    struct random r = random_of(test_seed() + 1);
    struct fault_file f;
    struct buf complaints;

    buf_init(&complaints, 4096);
    CU_ASSERT_FATAL(load_text(&f, "fault f\non C frame set channel+=0\n", &complaints));
    for (int i = 0; i < 300; i++) {
        struct arena *a = arena_new();
        struct str s = random_str(&r, 600, a);

        if (s.n)
            through(f.at[0], &r, 'C', s);
        arena_free(a);
    }
    fault_file_clear(&f);
    buf_clear(&complaints);
}

/* ---- limits ---------------------------------------------------------------------------- */

/* More than may wait: the eldest come out, the others stay. */
TEST(what_is_held_has_a_limit)
{
    static const char beat[] = "\x08\0\0\0\0\0\0\xce";
    struct fault_file f;
    struct buf complaints;
    struct fault_shared *s;
    struct fault_engine *e;
    size_t n, sent = 0;

    buf_init(&complaints, 4096);
    CU_ASSERT_FATAL(load_text(&f, "fault f\non C heartbeat hold 1000\n", &complaints));
    s = fault_shared_new(f.at[0], 1);
    e = fault_engine_new(s);
    for (uint64_t i = 0; i < 5000; i++) {
        fault_feed(e, 'C', (struct str){ beat, 8 }, i, &n);
        sent += n;
    }
    CU_ASSERT(sent == 5000 - 4096);
    CU_ASSERT(fault_due(e) == 1000 + sent);
    fault_engine_free(e);
    fault_shared_free(s);
    fault_file_clear(&f);
    buf_clear(&complaints);
}

/* ---- a fault that does everything ------------------------------------------------------ */

static const char busy[] =
    "fault f\n"
    "on S basic.deliver|basic.return +content every 3 swap then duplicate\n"
    "on S basic.* +content every 4 hold 20\n"
    "on S basic.* +content every 7 hold until C method then set body=\"z\" priority+=1\n"
    "on S method every 5 remember m=method t=delivery-tag per channel\n"
    "on S header every 2 remember h=headers per proxy\n"
    "on S header every 3 set headers=$h headers.n+=1 size-=1 expiration=$m delivery-mode=absent\n"
    "on S body every 2 remember b=body then set body=$b\n"
    "on S method every 11 insert C . basic.ack delivery-tag=$t & S 0 heartbeat then delay 3\n"
    "on S frame every 13 corrupt 7=9 -2=4\n"
    "on S frame every 17 truncate 9\n"
    "on S frame every 19 raw 08000000000000ce\n"
    "on S frame every 23 split 5\n"
    "on S frame every 29 merge\n"
    "on S frame every 31 set channel+=1 then duplicate\n"
    "on C queue.*|exchange.* every 3 answer S . basic.cancel consumer-tag=.queue & S . body $b\n"
    "on C basic.publish +content every 2 drop\n"
    "on C queue.declare every 4 set arguments.x.y=1 arguments.z=absent queue=$m durable=!\n"
    "on C basic.qos every 2 close channel 406\n"
    "on C frame every 50 throttle 1000\n"
    "on C tx.select nth 300 per proxy close 541\n";

static void feed_busily(struct fault_engine *e, struct random *r, uint64_t now)
{
    struct buf octets;
    size_t n, steps;

    buf_init(&octets, ROOM);
    random_frames(r, &octets, 1 + random_below(r, 10));
    for (size_t at = 0; at < octets.n; at += n) {
        n = 1 + random_below(r, octets.n - at);
        fault_feed(e, now % 2 ? 'C' : 'S', (struct str){ (const char *)octets.p + at, n }, now,
                   &steps);
        if (fault_due(e) <= now)
            fault_wake(e, now, &steps);
        CU_ASSERT(fault_due(e) > now);
    }
    buf_clear(&octets);
}

/* Nothing of it is checked but that it holds: the asserts inside, the sanitizers outside. */
TEST(a_fault_that_does_everything)
{
    struct random r = random_of(test_seed() + 2);
    struct fault_file f;
    struct buf complaints;
    struct fault_shared *s;
    size_t steps;

    buf_init(&complaints, 4096);
    CU_ASSERT(load_text(&f, busy, &complaints));
    want_text(buf_str(&complaints), S(""), busy);
    s = fault_shared_new(f.at[0], 1);
    for (int i = 0; i < 20; i++) {
        struct fault_engine *e = fault_engine_new(s);

        for (uint64_t now = 0; now < 100; now++)
            feed_busily(e, &r, now);
        if (i % 2) {
            fault_ended(e, 'S', i % 3 == 0, 200, &steps);
            fault_ended(e, 'C', false, 201, &steps);
            CU_ASSERT(fault_due(e) == UINT64_MAX);
        }
        fault_engine_free(e);
    }
    fault_shared_free(s);
    fault_file_clear(&f);
    buf_clear(&complaints);
}

/* What malloc has given away; 0 under a sanitizer, which has a malloc of its own. */
static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

/* The same traffic over and over, in whole rounds: after each round as much is in use as was
   after the first. */
TEST(an_engine_does_not_grow)
{
    struct fault_file f;
    struct buf complaints, round;
    struct fault_shared *s;
    struct fault_engine *e;
    struct random r = random_of(3);
    size_t first = 0, steps;

    buf_init(&complaints, 4096);
    buf_init(&round, ROOM);
    CU_ASSERT_FATAL(load_text(&f,
                              "fault f\n"
                              "on C basic.*+content every 2 remember b=body then duplicate\n"
                              "on C method every 3 hold 1\n"
                              "on C body every 2 set body=$b\n"
                              "on C channel.open remember c=channel per channel\n",
                              &complaints));
    s = fault_shared_new(f.at[0], 1);
    e = fault_engine_new(s);
    random_frames(&r, &round, 60);
    for (uint64_t i = 1; i <= 600; i++) {
        fault_feed(e, 'C', buf_str(&round), i, &steps);
        fault_wake(e, i + 1, &steps);
        if (i == 300)
            first = in_use();
    }
    CU_ASSERT(in_use() <= first + 65536);
    fault_engine_free(e);
    fault_shared_free(s);
    fault_file_clear(&f);
    buf_clear(&round);
    buf_clear(&complaints);
}
