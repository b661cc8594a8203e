/* Bytes written by hand from the specification, both ways; then each of them cut. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/wire/print.h"
#include "tests.h"

#define SUITE "golden bytes"

struct golden {
    char line[1024];
    struct buf octets;
};

static void read_hex(struct golden *g, const char *text)
{
    for (const char *p = text; *p && *p != ';' && *p != '\n';) {
        char pair[3] = { p[0], p[1], 0 }, *end;
        unsigned long octet;

        if (*p == ' ') {
            p++;
            continue;
        }
        if (*p == '"') {
            size_t n = strcspn(p + 1, "\"");

            buf_put(&g->octets, p + 1, n);
            p += n + 2;
            continue;
        }
        octet = strtoul(pair, &end, 16);
        CU_ASSERT_FATAL(end == pair + 2);
        buf_put_u(&g->octets, 1, octet);
        p += 2;
    }
}

/* Calls each() for every frame of the file, returns how many. */
static size_t read_file(const char *path, void (*each)(const struct golden *))
{
    FILE *f = fopen(path, "r");
    struct golden g = { .line = "" };
    char text[1024];
    size_t n = 0;

    CU_ASSERT_FATAL(f != NULL);
    buf_init(&g.octets, ROOM);
    while (fgets(text, sizeof text, f)) {
        if (*text == ' ')
            read_hex(&g, text);
        if (*text != 'C' && *text != 'S')
            continue;
        if (n++)
            each(&g);
        buf_drop(&g.octets, g.octets.n);
        text[strcspn(text, "\n")] = '\0';
        strcpy(g.line, text);
    }
    if (n)
        each(&g);
    buf_clear(&g.octets);
    fclose(f);
    return n;
}

static void for_all(void (*each)(const struct golden *))
{
    glob_t files;
    size_t n = 0;

    if (glob("fixtures/golden/*.frames", 0, NULL, &files) != 0) {
        CU_FAIL_FATAL("no fixtures/golden/*.frames: run from the top folder");
        return;
    }
    for (size_t i = 0; i < files.gl_pathc; i++)
        n += read_file(files.gl_pathv[i], each);
    globfree(&files);
    CU_ASSERT(n >= 70);
}

static void parse_one(const struct golden *g)
{
    struct arena *a = arena_new();
    struct buf out;
    char who, closes;
    const char *error;

    buf_init(&out, ROOM);
    error = frame_parse(str_of(g->line), &who, &out, &closes, a);
    want_str(str_of(error ? error : ""), S(""), g->line);
    want_str(buf_str(&out), buf_str(&g->octets), g->line);
    CU_ASSERT(who == g->line[0]);
    CU_ASSERT(closes == 0);
    buf_clear(&out);
    arena_free(a);
}

TEST(notation_to_octets)
{
    for_all(parse_one);
}

static void print_one(const struct golden *g)
{
    struct arena *a = arena_new();
    struct cur c = cur_of(at_the_edge(buf_str(&g->octets)));
    struct frame f;
    struct buf out;

    buf_init(&out, ROOM);
    CU_ASSERT_FATAL(frame_get(&c, &f, a) == FRAME_WHOLE);
    CU_ASSERT(c.pos == g->octets.n);
    frame_print(&out, g->line[0], &f, &(struct print_options){ 0 });
    want_str(buf_str(&out), str_of(g->line), "printed");
    CU_ASSERT((strchr(g->line, '#') && strstr(g->line, " raw ")) ==
              (f.fault || strstr(g->line, "padding")));
    buf_clear(&out);
    arena_free(a);
}

TEST(octets_to_notation)
{
    for_all(print_one);
}

/* Part of a frame is never a frame, and nobody looks beyond it. */
static void cut_stream(const struct golden *g)
{
    for (size_t n = 0; n < g->octets.n; n++) {
        struct arena *a = arena_new();
        struct cur c = cur_of(at_the_edge((struct str){ (const char *)g->octets.p, n }));
        struct frame f;

        CU_ASSERT(frame_get(&c, &f, a) == FRAME_SHORT);
        CU_ASSERT(c.pos == 0 && !c.bad);
        arena_free(a);
    }
}

TEST(frame_cut_at_every_length)
{
    for_all(cut_stream);
}

/* The same payload with fewer octets: it no longer decodes. */
static void cut_method(const struct frame *f, struct str part, struct arena *a)
{
    struct cur c = cur_of(part);

    cur_take(&c, 4);
    CU_ASSERT(wire_get_args(&c, f->method, a) == NULL);
    CU_ASSERT(c.bad);
}

static void cut_properties(struct str part, struct arena *a)
{
    struct cur c = cur_of(part);
    struct properties p;

    cur_take(&c, 12);
    CU_ASSERT(!wire_get_properties(&c, &p, a));
    CU_ASSERT(c.bad);
}

static void cut_payload(const struct golden *g)
{
    struct arena *a = arena_new();
    struct cur c = cur_of(buf_str(&g->octets));
    struct frame f;

    CU_ASSERT_FATAL(frame_get(&c, &f, a) == FRAME_WHOLE);
    for (size_t n = 0; n < f.payload.n && !f.fault; n++) {
        struct str part = at_the_edge((struct str){ f.payload.p, n });

        if (f.type == FRAME_METHOD)
            cut_method(&f, part, a);
        else if (f.type == FRAME_HEADER)
            cut_properties(part, a);
    }
    arena_free(a);
}

TEST(payload_cut_at_every_length)
{
    for_all(cut_payload);
}

/* And as a whole frame around the part of the payload. */
static void cut_and_framed(const struct golden *g)
{
    struct arena *a = arena_new();
    struct cur c = cur_of(buf_str(&g->octets));
    struct frame f, shorter;
    struct buf out;

    buf_init(&out, ROOM);
    CU_ASSERT_FATAL(frame_get(&c, &f, a) == FRAME_WHOLE);
    for (size_t n = 0; n < f.payload.n && !f.fault && f.type != FRAME_PROTOCOL_HEADER; n++) {
        frame_put(&out, f.type, f.channel, (struct str){ f.payload.p, n });
        c = cur_of(at_the_edge(buf_str(&out)));
        CU_ASSERT_FATAL(frame_get(&c, &shorter, a) == FRAME_WHOLE);
        CU_ASSERT((shorter.fault == NULL) == (f.type == FRAME_BODY));
        CU_ASSERT(shorter.args == NULL);
        buf_drop(&out, out.n);
    }
    buf_clear(&out);
    arena_free(a);
}

TEST(framed_part_of_a_payload)
{
    for_all(cut_and_framed);
}
