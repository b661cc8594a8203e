/* The harness's decoder: a stream of octets is cut into frames, methods, content headers and
   tables; each is printed, and read back. What does not decode is shown raw, to the same octets. */
#include "fuzz.h"

#include <assert.h>

#include "frame_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    struct cur c = cur_of((struct str){ (const char *)data, n });
    size_t start = 0;
    struct frame f;

    while (frame_get(&c, &f, a) == FRAME_WHOLE) {
        assert(c.pos > start && c.pos <= n && !c.bad);
        frame_round(&f, (struct str){ (const char *)data + start, c.pos - start }, a);
        start = c.pos;
    }
    assert(c.pos == start && !c.bad);
    arena_free(a);
    return 0;
}
