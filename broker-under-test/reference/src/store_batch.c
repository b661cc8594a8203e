#include "store_inside.h"

#include "mem.h"

#include <assert.h>
#include <stdlib.h>

/* A batch that grew beyond this in a burst gives its memory back. */
enum { KEEP_OPS = 1 << 16, FIRST_OPS = 256 };

struct batch *batch_new(void)
{
    return xcalloc(1, sizeof(struct batch));
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n; i++)
        if (b->op[i].kind == OP_PUT_DEF || b->op[i].kind == OP_DEL_DEF)
            free(b->op[i].def.bytes);
    free(b->slot);
    free(b->op);
    free(b);
}

void batch_reset(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->op[i].kind == OP_PUT_DEF || b->op[i].kind == OP_DEL_DEF)
            free(b->op[i].def.bytes);
    if (b->max > KEEP_OPS) {
        free(b->slot);
        free(b->op);
        *b = (struct batch){ .number = 0 };
        return;
    }
    if (b->indexed)
        memset(b->slot, 0, b->slots * sizeof *b->slot);
    b->n = b->live = b->bytes = b->indexed = 0;
    b->awaited = b->sealed = b->in_part = false;
}

struct op *batch_add(struct batch *b, enum op_kind kind, uint64_t queue_id, uint64_t seq)
{
    struct op *op;

    if (b->n == b->max) {
        b->max = b->max ? b->max * 2 : FIRST_OPS;
        b->op = xgrow(b->op, b->max, sizeof *b->op);
    }
    assert(b->op); /* there is room in it */
    op = &b->op[b->n++];
    op->kind = kind;
    op->queue_id = queue_id;
    op->seq = seq;
    op->bound = false;
    b->live++;
    return op;
}

/* Sequence numbers of one queue are neighbours, so both are spread by
   multiplication and the high bits taken. */
static size_t slot_of(const struct batch *b, uint64_t queue_id, uint64_t seq)
{
    uint64_t h = (queue_id * 0x9e3779b97f4a7c15u ^ seq) * 0xd6e8feb86659fd93u;

    return (size_t)(h >> 32) & (b->slots - 1);
}

/* The slot that holds the key, or the free one where it would be. */
static uint32_t *probe(const struct batch *b, uint64_t queue_id, uint64_t seq)
{
    size_t i = slot_of(b, queue_id, seq);

    for (;; i = (i + 1) & (b->slots - 1)) {
        const struct op *op;

        if (!b->slot[i])
            return &b->slot[i];
        op = &b->op[b->slot[i] - 1];
        if (op->seq == seq && op->queue_id == queue_id)
            return &b->slot[i];
    }
}

static void grow_index(struct batch *b)
{
    uint32_t *old = b->slot;
    size_t n = b->slots;

    b->slots = n ? n * 2 : FIRST_OPS * 2;
    b->slot = xcalloc(b->slots, sizeof *b->slot);
    assert(!b->indexed || b->op);
    for (size_t i = 0; i < n; i++)
        if (old[i])
            *probe(b, b->op[old[i] - 1].queue_id, b->op[old[i] - 1].seq) = old[i];
    free(old);
}

struct op *batch_add_indexed(struct batch *b, enum op_kind kind, uint64_t queue_id, uint64_t seq)
{
    uint32_t *slot;

    if (b->indexed * 2 >= b->slots)
        grow_index(b);
    slot = probe(b, queue_id, seq);
    assert(!*slot && b->n < UINT32_MAX); /* no message is put twice */
    *slot = (uint32_t)b->n + 1;
    b->indexed++;
    return batch_add(b, kind, queue_id, seq);
}

struct op *batch_find(const struct batch *b, uint64_t queue_id, uint64_t seq)
{
    uint32_t slot = b->indexed ? *probe(b, queue_id, seq) : 0;

    return slot ? &b->op[slot - 1] : NULL;
}

bool batch_cancel(struct batch *b, uint64_t queue_id, uint64_t seq)
{
    struct op *op = batch_find(b, queue_id, seq);

    if (!op || op->kind != OP_PUT || b->in_part)
        return false;
    op->kind = OP_CANCELLED;
    b->live--;
    return true;
}

void batch_cancel_queue(struct batch *b, uint64_t queue_id)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->op[i].kind == OP_PUT && b->op[i].queue_id == queue_id) {
            b->op[i].kind = OP_CANCELLED;
            b->live--;
        }
    }
}

static void join_mark(struct batch *into, const struct op *op)
{
    struct op *mark = batch_find(into, op->queue_id, MARK_SEQ);

    if (!mark)
        *batch_add_indexed(into, OP_MARK, op->queue_id, MARK_SEQ) = *op;
    else if (op->mark > mark->mark)
        mark->mark = op->mark;
}

static void join(struct batch *into, const struct op *op)
{
    switch (op->kind) {
    case OP_PUT: *batch_add_indexed(into, OP_PUT, op->queue_id, op->seq) = *op; return;
    case OP_MARK: join_mark(into, op); return;
    case OP_DEL:
        if (!op->bound && batch_cancel(into, op->queue_id, op->seq))
            return;
        break;
    default: break;
    }
    *batch_add(into, op->kind, op->queue_id, op->seq) = *op;
    into->live -= op->kind == OP_CANCELLED;
}

void batch_join(struct batch *into, struct batch *from)
{
    for (size_t i = 0; i < from->n; i++)
        join(into, &from->op[i]);
    into->number = from->number;
    into->awaited = into->awaited || from->awaited;
    into->bytes += from->bytes;
    from->n = 0; /* what its operations own has moved */
    batch_reset(from);
}

void batch_release_holds(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct op *op = &b->op[i];

        if ((op->kind == OP_PUT || op->kind == OP_CANCELLED) && op->put.release)
            op->put.release(op->put.owner);
    }
}
