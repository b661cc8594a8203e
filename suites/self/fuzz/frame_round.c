#include "frame_round.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 64 << 20 };

static void round_with(const struct frame *f, struct str octets, struct print_options o,
                       struct arena *a)
{
    char who, closes;
    const char *wrong;
    struct buf line, again;

    buf_init(&line, ROOM);
    frame_print(&line, 'S', f, &o);
    buf_init(&again, 3 * line.n + 64); /* as frame_parse promises */
    wrong = frame_parse(buf_str(&line), &who, &again, &closes, a);
    if (wrong || who != 'S' || closes || !str_eq(buf_str(&again), octets)) {
        fprintf(stderr, "%.*s\n  %s\n", STR_ARGS(buf_str(&line)), wrong ? wrong : "differs");
        abort();
    }
    buf_clear(&again);
    buf_clear(&line);
}

void frame_round(const struct frame *f, struct str octets, struct arena *a)
{
    round_with(f, octets, (struct print_options){ .verbose = false }, a);
    round_with(f, octets, (struct print_options){ .verbose = true }, a);
}
