/* The reader of frame notation: what it reads, printed, is read to the same octets; what it
   refuses, it refuses with a place, and without having written anything. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "frame_round.h"

/* A line may say octets that are no frame, or several: then they are said as such. */
static void loose_round(struct str octets, struct arena *a)
{
    char who, closes;
    struct buf line, again;

    buf_init(&line, 4 * octets.n + 64);
    loose_octets_print(&line, 'C', octets);
    buf_init(&again, 3 * line.n + 64);
    assert(!frame_parse(buf_str(&line), &who, &again, &closes, a));
    assert(who == 'C' && !closes && str_eq(buf_str(&again), octets));
    buf_clear(&again);
    buf_clear(&line);
}

static void read_line(struct str line)
{
    struct arena *a = arena_new();
    char who, closes;
    const char *wrong;
    struct frame f;
    struct buf out;
    struct cur c;

    buf_init(&out, 3 * line.n + 64);
    wrong = frame_parse(line, &who, &out, &closes, a);
    c = cur_of(buf_str(&out));
    if (wrong)
        assert(out.n == 0 && strncmp(wrong, "column ", 7) == 0);
    else if (who == 0 || closes)
        assert(out.n == 0);
    else if (frame_get(&c, &f, a) == FRAME_WHOLE && c.pos == out.n)
        frame_round(&f, buf_str(&out), a);
    else
        loose_round(buf_str(&out), a);
    buf_clear(&out);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *at = (const char *)data, *end = at + n;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);

        read_line((struct str){ at, length });
        at += length + (newline != NULL);
    }
    return 0;
}
