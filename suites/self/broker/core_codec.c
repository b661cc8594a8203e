/* The codec against bytes written by hand from the specification. */
#include "suites/self/broker/suites.h"

#include "broker-under-test/reference/src/codec.h"

#include <stdlib.h>

static struct str sent(struct out *o, char room[512])
{
    struct iovec iov[8];
    size_t n = out_iov(o, iov, 8, UINT64_MAX), at = 0;

    for (size_t i = 0; i < n; i++) {
        memcpy(room + at, iov[i].iov_base, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    return (struct str){ room, at };
}

#define BYTES(literal) ((struct str){ (literal), sizeof(literal) - 1 })

/* queue.declare queue="q" durable=1 auto-delete=1 arguments={} */
TEST(codec_writes_by_hand)
{
    char room[512];
    struct out o;

    out_init(&o);
    send_queue_declare(
        &o, 3,
        &(struct m_queue_declare){ .queue = STR("q"), .durable = true, .auto_delete = true });
    CU_ASSERT(str_eq(sent(&o, room), BYTES("\1\0\3\0\0\0\15"
                                           "\0\062\0\12\0\0\1q\12\0\0\0\0\316")));
    out_clear(&o);
}

/* exchange.declare type="fanout" no-wait=1: the fifth bit of the same octet */
TEST(codec_reads_by_hand)
{
    struct str payload = BYTES("\0\7\1x\6fanout\20\0\0\0\5\1kt\1\0");
    struct cursor c = cursor_of((struct str){ payload.p, payload.n - 1 });
    struct m_exchange_declare m;

    read_exchange_declare(&c);
    CU_ASSERT(c.bad); /* the table says 5 octets and 4 are there */
    payload = BYTES("\0\7\1x\6fanout\20\0\0\0\4\1kt\1");
    c = cursor_of(payload);
    m = read_exchange_declare(&c);
    CU_ASSERT(cursor_finished(&c));
    CU_ASSERT(m.reserved_1 == 7 && str_eq(m.exchange, STR("x")) && str_eq(m.type, STR("fanout")));
    CU_ASSERT(!m.passive && !m.durable && !m.auto_delete && !m.internal && m.no_wait);
    CU_ASSERT(m.arguments.n == 4);
}

/* Whatever is missing, nothing outside is read; each view stands at the end of its own
   allocation so that sanitizers see one octet too many. */
TEST(codec_truncated_everywhere)
{
    struct str whole = BYTES("\0\0\1q\1x\3key\1\0\0\0\10\1aI\0\0\0\1\2");

    for (size_t n = 0; n < whole.n; n++) {
        char *copy = malloc(n ? n : 1);
        struct cursor c;

        memcpy(copy, whole.p, n);
        c = cursor_of((struct str){ copy, n });
        read_queue_bind(&c);
        CU_ASSERT(!cursor_finished(&c));
        free(copy);
    }
}

TEST(codec_finds_methods)
{
    CU_ASSERT(method_find(60, 40) == M_basic_publish);
    CU_ASSERT(method_find(40, 51) == M_exchange_unbind_ok);
    CU_ASSERT(method_find(85, 10) == M_confirm_select);
    CU_ASSERT(method_find(10, 60) == M_connection_blocked);
    CU_ASSERT(method_find(60, 41) == METHOD_COUNT);
    CU_ASSERT(method_find(0, 0) == METHOD_COUNT);
}

TEST(codec_properties)
{
    struct properties p;

    CU_ASSERT(properties_read(&p, BYTES("\0\0")));
    /* headers, delivery-mode, priority, expiration */
    CU_ASSERT(properties_read(&p, BYTES("\071\0\0\0\0\4\1kt\1\2\7\2"
                                        "60")));
    CU_ASSERT(p.delivery_mode == 2 && p.priority == 7 && str_eq(p.expiration, STR("60")));
    CU_ASSERT(p.headers.n == 4);
    CU_ASSERT(!properties_read(&p, BYTES("\20\0")));          /* no value */
    CU_ASSERT(!properties_read(&p, BYTES("\0\0x")));          /* left over */
    CU_ASSERT(!properties_read(&p, BYTES("\0\1\0\0")));       /* another word of flags */
    CU_ASSERT(!properties_read(&p, BYTES("\40\0\0\0\0\1k"))); /* half a field */
}

/* A body is cut to the frame size, head and end octet counted. */
TEST(codec_cuts_bodies)
{
    char body[100], room[512] = "";
    struct message *m = message_new(STR(""), STR(""), STR("\0\0"), sizeof body, NULL);
    struct out o;
    struct str all;

    memset(body, 'b', sizeof body);
    m = message_append(m, 0, (struct str){ body, sizeof body });
    out_init(&o);
    send_content(&o, 1, m, 50);
    all = sent(&o, room);
    CU_ASSERT_FATAL(all.n == 22 + 50 + 50 + 24);
    CU_ASSERT(all.p[22 + 6] == 42 && all.p[22 + 50 + 6] == 42 && all.p[22 + 100 + 6] == 16);
    out_clear(&o);
    message_unref(m);
}

SUITE(core_codec, TEST_CASE(codec_writes_by_hand), TEST_CASE(codec_reads_by_hand),
      TEST_CASE(codec_truncated_everywhere), TEST_CASE(codec_finds_methods),
      TEST_CASE(codec_properties), TEST_CASE(codec_cuts_bodies));
