/* Sizes that are announced and not kept, and tables without a bottom. */
#include <stdlib.h>
#include <string.h>

#include "many.h"

enum { CLASS_BASIC = 60, PIECE = 4000 };

static void put_announcement(struct link *l, uint64_t body_size)
{
    struct m_basic_publish p = { .routing_key = S("nowhere") };
    struct properties none = { 0 };

    link_put(l, 1, M_basic_publish, &p);
    frame_put_header(&l->out, 1, CLASS_BASIC, body_size, &none);
}

static void put_pieces(struct link *l, unsigned n)
{
    static char piece[PIECE];

    for (unsigned i = 0; i < n; i++)
        frame_put(&l->out, FRAME_BODY, 1, (struct str){ piece, sizeof piece });
}

/* A broker may refuse such a body or wait for its octets, but must not make room for it. */
void attack_huge_body(struct stage *s)
{
    static const uint64_t sizes[] = { 1ull << 63, UINT64_MAX, (1ull << 63) - 1, 1ull << 32 };
    uint64_t n = 0;

    for (bool on = true; on; on = stage_goes_on(s)) {
        struct link l;

        must_open(s, &l);
        put_announcement(&l, sizes[n++ % 4]);
        put_pieces(&l, 16);
        link_flush(&l);
        link_discard(&l);
        if (n == stage_size(s, 100, 20))
            stage_established(s, n);
        link_drop(&l);
    }
}

/* 64 connections: each announces 16 MiB and sends all but the last octets. */
void attack_unfinished(struct stage *s)
{
    struct crowd c = crowd_open(s, stage_size(s, 64, 16), (struct wishes){ 1, 0 });
    uint64_t said = 0, each = stage_size(s, 16u << 20, 8u << 20);

    for (unsigned i = 0; i < c.n; i++) {
        struct link *l = &c.at[i];

        if (l->gone || !link_channel(l, 1))
            continue;
        put_announcement(l, each);
        link_flush(l);
        put_pieces(l, 16);
        said += pour(s, l, buf_str(&l->out), each / PIECE * (PIECE + FRAME_OVERHEAD));
        l->out.n = 0;
    }
    stage_established(s, said);
    stage_linger(s);
}

/* Every connection leaves all but the last octets of the largest frame there is. */
void attack_half_frames(struct stage *s)
{
    enum { SIZE = 131072 - FRAME_OVERHEAD };
    static char frame[SIZE];
    unsigned n = stage_size(s, 4000, 200);
    struct link *l = calloc(n, sizeof *l);
    uint64_t said = 0;

    if (!l)
        stage_give_up(s, "out of memory");
    memcpy(frame, "\x03\0\x01", 3);
    frame[4] = (char)(SIZE >> 16);
    frame[5] = (char)(SIZE >> 8);
    frame[6] = (char)SIZE;
    for (unsigned i = 0; i < n; i++) {
        if (link_open(&l[i], s->target, (struct wishes){ 1, 0 }) && link_channel(&l[i], 1) &&
            l[i].frame_max >= SIZE + FRAME_OVERHEAD)
            said += pour(s, &l[i], (struct str){ frame, SIZE }, SIZE);
    }
    stage_established(s, said);
    stage_linger(s);
}

void attack_huge_frame(struct stage *s)
{
    static char octets[64 << 10];
    uint64_t said = 0;

    for (bool on = true; on; on = stage_goes_on(s)) {
        struct link l;

        must_open(s, &l);
        link_say(&l, S("\x01\0\x01\xff\xff\xff\xff"));
        said +=
            pour(s, &l, (struct str){ octets, sizeof octets }, stage_size(s, 8u << 20, 1u << 20));
        if (!s->established)
            stage_established(s, said);
        link_drop(&l);
    }
}

/* ---- tables ----------------------------------------------------------------------------- */

/* Levels inside each other until the frame is full, written from the outside in: "a" of type F
   and a length, or type A and a length. */
static size_t put_nested(char *at, size_t room, bool arrays)
{
    size_t head = arrays ? 5 : 7, levels = (room - 7) / head, n = 0;

    for (size_t i = 0; i < levels; i++) {
        size_t inside = (levels - 1 - i) * head;

        if (i == 0 || !arrays) {
            at[n++] = 1;
            at[n++] = 'a';
        }
        at[n++] = arrays ? 'A' : 'F';
        for (int shift = 24; shift >= 0; shift -= 8)
            at[n++] = (char)(inside >> shift);
    }
    return n;
}

/* As the arguments of a declare; the broker refuses it or takes it, and lives. */
static void say_nested(struct stage *s, bool arrays)
{
    static const char method[] = "\0\x32\0\x0a\0\0\0\0"; /* queue.declare, nameless, no bits */
    static char frame[131072];
    struct link l;
    size_t n, payload;

    must_open(s, &l);
    n = put_nested(frame + 7 + 8 + 4, l.frame_max - 7 - 8 - 4 - 1, arrays);
    payload = 8 + 4 + n;
    memcpy(frame, "\x01\0\x01", 3);
    for (int i = 0; i < 4; i++)
        frame[3 + i] = (char)(payload >> (24 - 8 * i));
    memcpy(frame + 7, method, 8);
    for (int i = 0; i < 4; i++)
        frame[7 + 8 + i] = (char)(n >> (24 - 8 * i));
    frame[7 + payload] = (char)FRAME_END;
    link_say(&l, (struct str){ frame, 7 + payload + 1 });
    link_await(&l, 1, M_queue_declare_ok);
    stage_demand(s, l.refused || !l.gone, "a table that is too deep is answered with silence");
    link_drop(&l);
}

void attack_nested(struct stage *s)
{
    uint64_t n = 0;

    for (bool on = true; on; on = stage_goes_on(s)) {
        say_nested(s, n++ % 2);
        if (n == stage_size(s, 100, 20))
            stage_established(s, n);
    }
}
