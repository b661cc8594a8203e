/* What frame_parse refuses, and where it says the mistake is; what frame_print cuts. */
#include <string.h>

#include "fixtures/wire/print.h"
#include "tests.h"

#define SUITE "notation"

static void want_refusal(const char *line, const char *wanted)
{
    struct arena *a = arena_new();
    struct buf out;
    char who, closes;
    const char *error;

    buf_init(&out, ROOM);
    error = frame_parse(str_of(line), &who, &out, &closes, a);
    want_str(str_of(error ? error : "read"), str_of(wanted), line);
    CU_ASSERT(out.n == 0 && closes == 0);
    buf_clear(&out);
    arena_free(a);
}

TEST(mistakes_are_pointed_at)
{
    want_refusal("X 1 heartbeat", "column 1: C or S expected");
    want_refusal("C1 heartbeat", "column 2: ' ' expected");
    want_refusal("C 65536 heartbeat", "column 3: number greater than 65535");
    want_refusal("C 1", "column 4: ' ' expected");
    want_refusal("C 1 ", "column 5: a name expected");
    want_refusal("C 1 queue.destroy", "column 5: no method 'queue.destroy'");
    want_refusal("C 1 queue.declare queu=\"x\"", "column 19: no field 'queu' in queue.declare");
    want_refusal("C 1 queue.declare queue", "column 24: '=' expected");
    want_refusal("C 1 queue.declare queue=x", "column 25: '\"' expected");
    want_refusal("C 1 queue.declare queue=\"x", "column 25: a string that does not end");
    want_refusal("C 1 queue.declare queue=\"\\n\"", "column 26: \\xNN is the only escape");
    want_refusal("C 1 queue.declare queue=\"\\x1g\"", "column 26: \\xNN is the only escape");
    want_refusal("C 1 queue.declare queue=\"\\x1", "column 26: \\xNN is the only escape");
    want_refusal("C 1 queue.declare durable=2", "column 27: number greater than 1");
    want_refusal("C 1 queue.declare durable=", "column 27: a number expected");
    want_refusal("C 1 queue.declare durable=1passive=1", "column 28: a blank expected");
    want_refusal("C 1 queue.declare durable=1 durable=0", "column 29: 'durable' a second time");
    want_refusal("C 1 basic.qos prefetch-count=65536", "column 30: number greater than 65535");
    want_refusal("C 1 basic.ack delivery-tag=18446744073709551616",
                 "column 28: number greater than 18446744073709551615");
    want_refusal("C 1 header size=1", "column 18: header without class=");
    want_refusal("C 1 header class=file size=1", "column 18: no class 'file'");
    want_refusal("C 1 header class=basic priorty=1", "column 24: no property 'priorty'");
    want_refusal("C 1 header class=basic priority=1 priority=1",
                 "column 35: 'priority' a second time");
    want_refusal("C 1 body \"hell\" … (+1020 octets)",
                 "column 17: the line should end here; was it cut?");
    want_refusal("C 0 heartbeat 1", "column 15: the line should end here");
    want_refusal("S - close now", "column 11: fin or rst expected");
    want_refusal("C 1 raw type=256", "column 14: number greater than 255");
    want_refusal("C - octets", "column 11: '\"' expected");
    want_refusal("C - octets \"x\" … (+1 octets)",
                 "column 16: the line should end here; was it cut?");
    want_refusal("C 1 raw typ=1", "column 9: no field 'typ' in raw");
}

TEST(mistakes_in_tables)
{
    want_refusal("C 1 queue.bind arguments={a}", "column 28: ':' expected");
    want_refusal("C 1 queue.bind arguments={a:Q:1}", "column 29: no such type of value");
    want_refusal("C 1 queue.bind arguments={a:", "column 29: no such type of value");
    want_refusal("C 1 queue.bind arguments={a:b:128}", "column 31: number greater than 127");
    want_refusal("C 1 queue.bind arguments={a:b:-129}", "column 32: number greater than 128");
    want_refusal("C 1 queue.bind arguments={a:V b:V}", "column 31: ',' expected");
    want_refusal("C 1 queue.bind arguments={a:A:[V}", "column 33: ',' expected");
    want_refusal("C 1 queue.bind arguments={a:d:x}", "column 31: a number expected");
    want_refusal("C 1 queue.bind arguments={a:f:0x100000000}",
                 "column 31: number greater than 4294967295");
    want_refusal("C 1 queue.bind arguments={a:D:1e+2}", "column 33: '-' expected");
}

TEST(a_long_short_string)
{
    char line[400] = "C 1 queue.declare queue=\"";
    size_t n = strlen(line);

    memset(line + n, 'q', 256);
    line[n + 256] = '"';
    want_refusal(line, "column 25: longer than 255 octets");
    strcpy(line, "C 1 queue.bind arguments={");
    n = strlen(line);
    memset(line + n, 'q', 256);
    strcpy(line + n + 256, ":V}");
    want_refusal(line, "column 27: a name longer than 255 octets");
}

TEST(depth_is_limited_as_on_the_wire)
{
    struct buf line;

    buf_init(&line, ROOM);
    buf_printf(&line, "C 1 queue.bind arguments={");
    for (int i = 0; i < 10000; i++)
        buf_printf(&line, "a:F:{");
    buf_put(&line, "", 1);
    want_refusal((const char *)line.p, "column 346: nested too deep");
    buf_clear(&line);
}

static void want_octets(const char *line, struct str wanted, char wanted_who, char wanted_closes)
{
    struct arena *a = arena_new();
    struct buf out;
    char who, closes;

    buf_init(&out, ROOM);
    CU_ASSERT(frame_parse(str_of(line), &who, &out, &closes, a) == NULL);
    want_str(buf_str(&out), wanted, line);
    CU_ASSERT(who == wanted_who && closes == wanted_closes);
    buf_clear(&out);
    arena_free(a);
}

TEST(lines_that_are_no_frames)
{
    want_octets("", S(""), 0, 0);
    want_octets("   # a comment", S(""), 0, 0);
    want_octets("S - close fin", S(""), 'S', 'f');
    want_octets("C - close rst  # and why", S(""), 'C', 'r');
}

/* Octets that no frame is made of go as they are, also the beginning of one. */
TEST(loose_octets_read_back)
{
    struct str octets = S("\1\0\2 \xce\"AMQ");
    struct buf line;

    buf_init(&line, ROOM);
    loose_octets_print(&line, 'C', octets);
    want_str(buf_str(&line), S("C - octets \"\\x01\\x00\\x02 \\xce\\x22AMQ\""), "printed");
    buf_put(&line, "", 1);
    want_octets((const char *)line.p, octets, 'C', 0);
    buf_clear(&line);
}

TEST(blanks_comments_and_order_are_free)
{
    want_octets("C  2  confirm.select   # yes", S("\1\0\2\0\0\0\5\0\x55\0\x0a\0\xce"), 'C', 0);
    want_octets("C 0x02 confirm.select nowait=0x1", S("\1\0\2\0\0\0\5\0\x55\0\x0a\1\xce"), 'C', 0);
    want_octets("C 1 basic.cancel no-wait=1 consumer-tag=\"t\"",
                S("\1\0\1\0\0\0\7\0\x3c\0\x1e\1t\1\xce"), 'C', 0);
}

static void want_print(const struct frame *f, bool verbose, size_t body_max, const char *wanted)
{
    struct buf out;

    buf_init(&out, ROOM);
    frame_print(&out, 'S', f, &(struct print_options){ verbose, body_max });
    want_str(buf_str(&out), str_of(wanted), "printed");
    buf_clear(&out);
}

TEST(bodies_are_cut_only_when_asked)
{
    struct frame f = { .type = FRAME_BODY, .channel = 1, .payload = S("hello"), .end = FRAME_END };

    want_print(&f, false, 0, "S 1 body \"hello\"");
    want_print(&f, false, 5, "S 1 body \"hello\"");
    want_print(&f, false, 4, "S 1 body \"hell\" … (+1 octets)");
    f.end = 0;
    f.fault = "bad end octet";
    want_print(&f, false, 4,
               "S 1 raw type=3 payload=\"hell\" … (+1 octets) end=0x00 # bad end octet");
}

/* A frame that somebody filled in by hand, with no payload behind it. */
TEST(verbose_shows_every_field)
{
    struct m_basic_cancel args = { .consumer_tag = S("t") };
    struct frame f = {
        .type = FRAME_METHOD, .end = FRAME_END, .method = wire_method(M_basic_cancel), .args = &args
    };

    want_print(&f, false, 0, "S 0 basic.cancel consumer-tag=\"t\"");
    want_print(&f, true, 0, "S 0 basic.cancel consumer-tag=\"t\" no-wait=0");
}
