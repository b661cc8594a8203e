#include "out.h"

#include "limits.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

struct out_block {
    size_t references; /* pieces that point into it, and one while it is being filled */
    size_t room;
    char data[];
};

static void block_unref(struct out_block *b)
{
    if (b && --b->references == 0)
        free(b);
}

void out_init(struct out *o)
{
    *o = (struct out){ .capacity = 0 };
}

static void drop_first(struct out *o)
{
    struct out_piece *p = &o->pieces[o->first];

    block_unref(p->block);
    if (p->message) {
        o->lent -= p->n;
        message_unref(p->message);
    }
    o->first = (o->first + 1) & (o->capacity - 1);
    o->count--;
}

static void grow(struct out *o)
{
    size_t capacity = o->capacity ? o->capacity * 2 : 8;
    struct out_piece *pieces = xgrow(NULL, capacity, sizeof *pieces);

    for (size_t i = 0; i < o->count; i++)
        pieces[i] = o->pieces[(o->first + i) & (o->capacity - 1)];
    free(o->pieces);
    o->pieces = pieces;
    o->first = 0;
    o->capacity = capacity;
}

static struct out_piece *last(struct out *o)
{
    return o->count ? &o->pieces[(o->first + o->count - 1) & (o->capacity - 1)] : NULL;
}

static void drop_last(struct out *o)
{
    struct out_piece *p = &o->pieces[(o->first + o->count - 1) & (o->capacity - 1)];

    block_unref(p->block);
    if (p->message) {
        o->lent -= p->n;
        message_unref(p->message);
    }
    o->appended -= p->n;
    o->count--;
}

void out_clear(struct out *o)
{
    while (o->count && last(o)->n <= out_waiting(o) - o->pinned)
        drop_last(o);
    if (o->count) {
        if (last(o)->message)
            o->lent -= out_waiting(o) - o->pinned;
        last(o)->n -= out_waiting(o) - o->pinned;
        o->appended = o->taken + o->pinned;
    }
    block_unref(o->fill);
    o->fill = NULL;
    free(o->gates);
    o->gates = NULL;
    o->gate_count = 0;
    if (o->count)
        return;
    free(o->pieces);
    out_init(o);
}

static void push(struct out *o, struct out_piece piece)
{
    if (o->count == o->capacity)
        grow(o);
    assert(o->pieces);
    o->pieces[(o->first + o->count++) & (o->capacity - 1)] = piece;
    o->appended += piece.n;
}

static void new_block(struct out *o, size_t n)
{
    size_t room = n > LIMIT_OUT_BLOCK ? n : LIMIT_OUT_BLOCK;

    block_unref(o->fill);
    o->fill = xmalloc(sizeof *o->fill + room);
    o->fill->references = 1;
    o->fill->room = room;
    o->fill_used = 0;
}

char *out_reserve(struct out *o, size_t n)
{
    struct out_piece *p = last(o);
    char *at;

    if (!o->fill || n > o->fill->room - o->fill_used)
        new_block(o, n);
    at = o->fill->data + o->fill_used;
    o->fill_used += n;
    if (p && p->block == o->fill) {
        assert(p->p + p->n == at);
        p->n += n;
        o->appended += n;
    } else {
        o->fill->references++;
        push(o, (struct out_piece){ .p = at, .n = n, .block = o->fill });
    }
    return at;
}

void out_body(struct out *o, struct message *m, struct str part)
{
    o->lent += part.n;
    push(o, (struct out_piece){ .p = part.p, .n = part.n, .message = message_ref(m) });
}

void out_gate(struct out *o, uint64_t batch)
{
    struct out_gate *g = o->gate_count ? &o->gates[o->gate_count - 1] : NULL;

    if (g && g->at == o->appended) {
        g->batch = batch > g->batch ? batch : g->batch;
        return;
    }
    if (g && g->batch >= batch)
        return;
    o->gates = xgrow(o->gates, o->gate_count + 1, sizeof *o->gates);
    o->gates[o->gate_count++] = (struct out_gate){ .at = o->appended, .batch = batch };
}

static void open_gates(struct out *o, uint64_t committed)
{
    size_t n = 0;

    while (n < o->gate_count && o->gates[n].batch <= committed)
        n++;
    if (n == 0)
        return;
    o->gate_count -= n;
    memmove(o->gates, o->gates + n, o->gate_count * sizeof *o->gates);
}

/* Neither goes into what has been encoded or lent: a gate stands between two frames, and what
   stands before it is sent or under way. */
bool out_cut(struct out *o, uint64_t committed)
{
    uint64_t end;

    open_gates(o, committed);
    if (!o->gate_count)
        return false;
    end = o->gates[0].at;
    while (o->count && last(o)->n <= o->appended - end)
        drop_last(o);
    assert(o->appended == end || o->count); /* what is behind the gate is in pieces */
    if (o->appended > end)
        last(o)->n -= (size_t)(o->appended - end);
    o->appended = end;
    o->gate_count = 0;
    block_unref(o->fill);
    o->fill = NULL;
    return true;
}

void out_ahead(struct out *o, const char *octets, size_t n)
{
    struct out_piece piece = { .p = NULL, .n = n };

    assert(o->gate_count && o->gates[0].at == o->taken && !o->pinned);
    if (o->count == o->capacity)
        grow(o);
    piece.block = xmalloc(sizeof *piece.block + n);
    piece.block->references = 1;
    piece.block->room = n;
    piece.p = memcpy(piece.block->data, octets, n);
    o->first = (o->first + o->capacity - 1) & (o->capacity - 1);
    o->pieces[o->first] = piece;
    o->count++;
    o->appended += n;
    for (size_t i = 0; i < o->gate_count; i++)
        o->gates[i].at += n;
}

size_t out_iov(struct out *o, struct iovec *iov, size_t max, uint64_t committed)
{
    uint64_t at = o->taken;
    size_t n = 0;

    open_gates(o, committed);
    while (n < max && n < o->count) {
        const struct out_piece *p = &o->pieces[(o->first + n) & (o->capacity - 1)];
        size_t bytes = p->n;

        if (o->gate_count && bytes > o->gates[0].at - at)
            bytes = (size_t)(o->gates[0].at - at);
        if (bytes == 0)
            break;
        /* writev only reads, but its vector knows no const. */
        iov[n++] = (struct iovec){ .iov_base = (union {
                                                   const char *from;
                                                   void *to;
                                               }){ p->p }
                                                   .to,
                                   .iov_len = bytes };
        at += bytes;
    }
    return n;
}

void out_done(struct out *o, size_t n)
{
    assert(n <= out_waiting(o));
    o->pinned = 0;
    o->taken += n;
    while (n > 0) {
        struct out_piece *p = &o->pieces[o->first];

        if (n < p->n) {
            p->p += n;
            p->n -= n;
            o->lent -= p->message ? n : 0;
            return;
        }
        n -= p->n;
        drop_first(o);
    }
}

bool out_gated(const struct out *o, uint64_t committed)
{
    return o->gate_count && o->gates[0].batch > committed && o->gates[0].at == o->taken;
}
