/* A play: frames in, steps out, both as text. The whole transcript is compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/wire/print.h"
#include "tests.h"

enum { ROOM = 64 << 20 }; /* no test comes near it */

/* ---- files ----------------------------------------------------------------------------- */

static void file_of(char *path, const char *text)
{
    int fd = mkstemp(path);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (!out || fputs(text, out) == EOF || fclose(out) == EOF)
        abort();
}

/* Appends the complaints, with the file's path in front of each line as "F". */
static void put_complaints(struct buf *b, const char *text, const char *path)
{
    size_t n = strlen(path);

    for (const char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        CU_ASSERT(strncmp(line, path, n) == 0);
        buf_printf(b, "F%.*s", (int)(end - line - (ptrdiff_t)n), line + n);
    }
}

bool load_text(struct fault_file *f, const char *text, struct buf *complaints)
{
    char path[] = "/tmp/selftest-faults-XXXXXX", *said = NULL;
    size_t n = 0;
    FILE *errors = open_memstream(&said, &n);
    bool good;

    if (!errors)
        abort();
    file_of(path, text);
    good = fault_file_load(f, path, errors);
    unlink(path);
    fclose(errors);
    put_complaints(complaints, said, path);
    free(said);
    return good;
}

void want_complaints(const char *text, const char *wanted)
{
    struct fault_file f;
    struct buf got;

    buf_init(&got, ROOM);
    CU_ASSERT(load_text(&f, text, &got) == (*wanted == '\0'));
    want_text(buf_str(&got), str_of(wanted), text);
    fault_file_clear(&f);
    buf_clear(&got);
}

/* ---- what the engine made of it -------------------------------------------------------- */

struct stage {
    struct fault_engine *e;
    struct arena *a;
    uint64_t now;
    struct buf text;
    bool log; /* what is told about it, instead of what comes out */
};

static void frames_print(struct stage *s, char to, struct str octets)
{
    char from = to == 'C' ? 'S' : 'C';
    struct cur c = cur_of(octets);
    struct frame f;

    buf_printf(&s->text, "  ");
    while (cur_left(&c)) {
        if (c.pos)
            buf_printf(&s->text, " + ");
        if (octets.p[c.pos] <= 8 || octets.p[c.pos] == 'A') {
            if (frame_get(&c, &f, s->a) == FRAME_WHOLE) {
                frame_print(&s->text, from, &f, &(struct print_options){ .verbose = false });
                continue;
            }
        }
        buf_printf(&s->text, "%c octets ", from);
        str_print(&s->text, cur_take(&c, cur_left(&c)));
    }
    buf_printf(&s->text, "\n");
}

static void steps_print(struct stage *s, const struct fault_step *steps, size_t n)
{
    for (const struct fault_step *step = steps; step < steps + n; step++) {
        char from = step->to == 'C' ? 'S' : 'C';

        switch (step->effect) {
        case EFFECT_SEND: frames_print(s, step->to, step->octets); break;
        case EFFECT_WAIT: buf_printf(&s->text, "  %c waits %u\n", from, (unsigned)step->n); break;
        case EFFECT_THROTTLE:
            buf_printf(&s->text, "  %c throttled %u\n", from, (unsigned)step->n);
            break;
        case EFFECT_FIN: buf_printf(&s->text, "  fin\n"); break;
        case EFFECT_RST: buf_printf(&s->text, "  rst\n"); break;
        }
    }
}

/* ---- what happens ---------------------------------------------------------------------- */

static const struct fault_step *feed_line(struct stage *s, struct str line, size_t *n)
{
    static const char octets[] = " octets \"";
    const struct fault_step *steps;
    struct buf out;
    char who, closes;
    const char *error;
    struct str copy = line;

    buf_init(&out, ROOM);
    if (line.n > sizeof octets && memcmp(line.p + 1, octets, sizeof octets - 1) == 0)
        copy = arena_printf(s->a, "C - protocol-header %.*s", (int)line.n - 9, line.p + 9);
    error = frame_parse(copy, &who, &out, &closes, s->a);
    if (error)
        fprintf(stderr, "\n%.*s: %s\n", STR_ARGS(line), error);
    CU_ASSERT_FATAL(error == NULL);
    steps = fault_feed(s->e, line.p[0], buf_str(&out), s->now, n);
    buf_clear(&out);
    return steps;
}

static bool ends_with(struct str line, const char *z)
{
    size_t n = strlen(z);

    return line.n > n && memcmp(line.p + line.n - n, z, n) == 0;
}

static void act(struct stage *s, struct str line)
{
    const struct fault_step *steps;
    size_t n = 0;

    buf_printf(&s->text, "%.*s\n", STR_ARGS(line));
    if (strncmp(line.p, "at ", 3) == 0) {
        s->now = strtoull(line.p + 3, NULL, 10);
        steps = fault_wake(s->e, s->now, &n);
    } else if (ends_with(line, " ends") || ends_with(line, " resets"))
        steps = fault_ended(s->e, line.p[0], ends_with(line, " resets"), s->now, &n);
    else
        steps = feed_line(s, line, &n);
    if (!s->log)
        steps_print(s, steps, n);
}

static void act_all(struct stage *s, const char *script)
{
    for (const char *line = script, *end; *line; line = end) {
        size_t n = strcspn(line, "\n");

        end = line + n + (line[n] == '\n');
        if (line[0] != ' ' && n)
            act(s, (struct str){ line, n });
    }
}

static void tell_stage(void *whom, struct str line)
{
    struct stage *s = whom;

    buf_printf(&s->text, "  %.*s\n", STR_ARGS(line));
}

static void play_it(const char *fault, const char *script, bool log)
{
    struct fault_file f;
    struct stage s = { .a = arena_new(), .log = log };
    struct str text = arena_printf(s.a, "fault f\n%s", fault);
    struct fault_shared *shared;

    buf_init(&s.text, ROOM);
    if (!load_text(&f, text.p, &s.text))
        fprintf(stderr, "\n%s%.*s", text.p, STR_ARGS(buf_str(&s.text)));
    CU_ASSERT_FATAL(s.text.n == 0);
    shared = fault_shared_new(fault_find(&f, "f"), 1);
    s.e = fault_engine_new(shared);
    if (log)
        fault_tell(s.e, tell_stage, &s);
    act_all(&s, script);
    want_text(buf_str(&s.text), str_of(script), fault);
    fault_engine_free(s.e);
    fault_shared_free(shared);
    fault_file_clear(&f);
    buf_clear(&s.text);
    arena_free(s.a);
}

void play(const char *fault, const char *script)
{
    play_it(fault, script, false);
}

void play_log(const char *fault, const char *script)
{
    play_it(fault, script, true);
}
