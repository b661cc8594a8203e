/* The reader of captures: file, packets, TCP streams, frames, trace; then every invariant, and
   every frame is printed. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "fixtures/capture/capture.h"
#include "fixtures/capture/invariant.h"
#include "fixtures/wire/print.h"

enum { ROOM = 64 << 20 };

static void judge(const struct trace *t, struct arena *a)
{
    struct violations v = { .arena = a };

    invariants_check(t, &v);
    invariants_check_client(t, &v);
    for (size_t i = 0; i < v.n; i++)
        assert(v.at[i].event >= t->at && v.at[i].event < t->at + t->n && v.at[i].text.n);
}

/* In order, and each with octets of its own. */
static void look_at(const struct trace *t, uint64_t packets)
{
    struct buf line;

    buf_init(&line, ROOM);
    for (const struct trace_event *e = t->at; e < t->at + t->n; e++) {
        assert(e->who == 'C' || e->who == 'S');
        assert(e->packet <= packets && (e == t->at || e->packet >= e[-1].packet));
        assert((e->kind != TRACE_FRAME && e->kind != TRACE_HEADER) ||
               e->octets.n >= FRAME_OVERHEAD);
        assert(e->kind != TRACE_GAP || (e->missing && t->incomplete));
        if (e->kind == TRACE_FRAME)
            frame_print(&line, e->who, &e->frame, &(struct print_options){ .body_max = 20 });
        line.n = 0;
    }
    buf_clear(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    char error[256] = "";
    struct trace_list *list = capture_read(fuzz_path(data, n), 0, a, error, sizeof error);

    assert(list || *error);
    for (size_t i = 0; list && i < list->n; i++) {
        look_at(list->at[i], list->packets);
        judge(list->at[i], a);
    }
    arena_free(a);
    return 0;
}
