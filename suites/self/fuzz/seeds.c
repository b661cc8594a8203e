/* seeds DIR FILE...: what the fuzzers begin with, from captures (*.pcap), conversations in frame
   notation (fixtures/golden) and fault files (*.faults). Of each conversation:

     DIR/wire/NAME       its octets, both sides as they came; DIR/codec/NAME the same
     DIR/notation/NAME   its frames as text
     DIR/broker/NAME     what the clients said, as a program (program.h)
     DIR/capture/NAME    a short capture, made of its first frames
     DIR/faults/NAME     a fault, and the conversation it happens to

   Faults and conversations are put together in turn. What is long is left out, and each capture is
   there with and without its handshakes: a short seed is tried a thousand times while a long one
   is once. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/capture/capture.h"
#include "fixtures/wire/print.h"
#include "program.h"

enum { ROOM = 16 << 20, LIMIT_SEED = 3000, LIMIT_STEP = 2000, FAULTS_MOST = 2000, FRAMES_MOST = 8 };

struct seeds {
    const char *dir;
    struct str faults[FAULTS_MOST];
    size_t n_faults, next_fault;
    struct arena *arena;
};

static void die(const char *what)
{
    perror(what);
    exit(4);
}

static struct str slurp(const char *path, struct arena *a)
{
    FILE *f = fopen(path, "rb");
    char room[65536];
    struct buf b;
    struct str s;
    size_t n;

    if (!f)
        die(path);
    buf_init(&b, ROOM);
    while (b.n < ROOM - sizeof room && (n = fread(room, 1, sizeof room, f)) > 0)
        buf_put(&b, room, n);
    fclose(f);
    s = arena_copy(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

static void put_file(const struct seeds *s, const char *target, const char *name, struct str octets)
{
    struct arena *a = arena_new();
    const char *path = arena_printf(a, "%s/%s/%s", s->dir, target, name).p;
    FILE *f = octets.n && octets.n <= LIMIT_SEED ? fopen(path, "wb") : NULL;

    if (f && (fwrite(octets.p, 1, octets.n, f) != octets.n || fclose(f)))
        die(path);
    arena_free(a);
}

/* ---- a conversation, in all its forms ---------------------------------------------------- */

struct talk {
    struct buf wire, broker, fault, text;
    uint8_t peer; /* in the program */
    bool without_connection;
};

/* All of it, or what happens behind a handshake. */
static void talk_init(struct talk *t, bool without_connection)
{
    buf_init(&t->wire, ROOM);
    buf_init(&t->broker, ROOM);
    buf_init(&t->fault, ROOM);
    buf_init(&t->text, ROOM);
    t->peer = 0;
    t->without_connection = without_connection;
    buf_put_u(&t->broker, 1, without_connection ? PROGRAM_OPEN | PROGRAM_CAPABLE : 0);
}

static void talk_write(struct seeds *s, struct talk *t, const char *name)
{
    struct str fault = { "", 0 };
    struct buf both;

    if (s->n_faults)
        fault = s->faults[s->next_fault++ % s->n_faults];
    buf_init(&both, 2 * ROOM);
    buf_put(&both, fault.p, fault.n);
    buf_put_u(&both, 1, 0);
    buf_put(&both, t->fault.p, t->fault.n);
    put_file(s, "wire", name, buf_str(&t->wire));
    put_file(s, "codec", name, buf_str(&t->wire));
    put_file(s, "broker", name, buf_str(&t->broker));
    put_file(s, "faults", name, buf_str(&both));
    put_file(s, "notation", name, buf_str(&t->text));
    buf_clear(&both);
    buf_clear(&t->wire);
    buf_clear(&t->broker);
    buf_clear(&t->fault);
    buf_clear(&t->text);
}

/* What is said on channel 0 is said in every conversation, and makes the rest rare. */
static bool is_of_connection(struct str octets)
{
    struct arena *a = arena_new();
    struct cur c = cur_of(octets);
    struct frame f;
    bool is = frame_get(&c, &f, a) == FRAME_WHOLE && f.channel == 0;

    arena_free(a);
    return is;
}

static void put_step(struct talk *t, unsigned what, size_t n)
{
    buf_put_u(&t->broker, 1, what | t->peer);
    buf_put_u(&t->broker, 2, n);
}

/* The channel of a step is an octet; what has a higher one goes as octets. */
static void to_program(struct talk *t, struct str octets)
{
    struct cur c = cur_of(octets);
    struct arena *a = arena_new();
    struct frame f;

    if (frame_get(&c, &f, a) == FRAME_WHOLE && f.type != FRAME_PROTOCOL_HEADER && f.channel < 256 &&
        f.end == FRAME_END && f.payload.n < LIMIT_STEP) {
        put_step(t, STEP_FRAME, f.payload.n + 2);
        buf_put_u(&t->broker, 1, f.type);
        buf_put_u(&t->broker, 1, f.channel);
        buf_put(&t->broker, f.payload.p, f.payload.n);
    } else if (octets.n < LIMIT_STEP) {
        put_step(t, STEP_SAY, octets.n);
        buf_put(&t->broker, octets.p, octets.n);
    }
    arena_free(a);
}

static void said(struct talk *t, char who, struct str octets)
{
    if (octets.n > UINT16_MAX || t->wire.n > LIMIT_SEED ||
        (t->without_connection && is_of_connection(octets)))
        return;
    buf_put(&t->wire, octets.p, octets.n);
    buf_put_u(&t->fault, 1, who == 'S');
    buf_put_u(&t->fault, 2, octets.n);
    buf_put(&t->fault, octets.p, octets.n);
    if (who == 'C') {
        to_program(t, octets);
        return;
    }
    /* Where the server spoke, the disk had time, and the client may have listened. */
    put_step(t, STEP_COMMIT, 9);
    put_step(t, STEP_DRAIN, 0);
}

static void ends(struct talk *t, char who, bool reset)
{
    buf_put_u(&t->fault, 1, (who == 'S' ? 1U : 0U) | (reset ? 6U : 4U));
    buf_put_u(&t->fault, 2, 0);
    if (who == 'C')
        put_step(t, STEP_GONE, 0);
}

/* ---- from text --------------------------------------------------------------------------- */

static void read_line(struct talk *t, struct str line)
{
    struct arena *a = arena_new();
    struct buf out;
    char who, closes;

    buf_init(&out, 3 * line.n + 64);
    if (!frame_parse(line, &who, &out, &closes, a)) {
        if (closes)
            ends(t, who, closes == 'r');
        else if (out.n)
            said(t, who, buf_str(&out));
    }
    buf_clear(&out);
    arena_free(a);
}

static void text_file(struct seeds *s, const char *name, struct str text)
{
    struct talk t;

    talk_init(&t, false);
    buf_put(&t.text, text.p, text.n);
    while (text.n) {
        const char *newline = memchr(text.p, '\n', text.n);
        size_t n = newline ? (size_t)(newline - text.p) : text.n;

        read_line(&t, (struct str){ text.p, n });
        n += newline != NULL;
        text = (struct str){ text.p + n, text.n - n };
    }
    talk_write(s, &t, name);
}

/* ---- from captures ----------------------------------------------------------------------- */

static void follow(struct talk *t, const struct trace *trace)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->at[i];

        if (e->kind == TRACE_FIN || e->kind == TRACE_RST)
            ends(t, e->who, e->kind == TRACE_RST);
        else if (e->octets.n)
            said(t, e->who, e->octets);
        if (t->text.n > LIMIT_SEED || e->octets.n > LIMIT_SEED)
            continue; /* it will be too long */
        if (e->kind == TRACE_FRAME || e->kind == TRACE_HEADER) {
            frame_print(&t->text, e->who, &e->frame, &(struct print_options){ .body_max = 0 });
            buf_put(&t->text, "\n", 1);
        }
    }
}

static void say_first(struct capture *c, const struct trace *trace)
{
    for (size_t i = 0, n = 0; i < trace->n && n < FRAMES_MOST; i++) {
        const struct trace_event *e = &trace->at[i];

        if (!e->octets.n || e->octets.n > 300 || is_of_connection(e->octets))
            continue;
        capture_record(c, e->who, e->octets.p, e->octets.n);
        n++;
    }
}

static void short_capture(const struct seeds *s, const struct trace *trace, const char *name,
                          struct arena *a)
{
    const char *path = arena_printf(a, "%s/capture/%s", s->dir, name).p;
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(40000) };
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(5672) };
    char error[256] = "";
    struct capture_file *file = capture_file_open(path, error, sizeof error);
    struct capture *c;

    if (!file)
        die(error);
    from.sin_addr.s_addr = to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c = capture_relay(file, (struct sockaddr *)(void *)&from, (struct sockaddr *)(void *)&to);
    say_first(c, trace);
    capture_close(c);
    capture_file_close(file);
}

static void capture(struct seeds *s, const char *name, const char *path, bool without_connection)
{
    struct arena *a = arena_new();
    char error[256] = "";
    struct trace_list *list = capture_read(path, 0, a, error, sizeof error);
    struct talk t;

    talk_init(&t, without_connection);
    for (size_t i = 0; list && i < list->n; i++) {
        t.peer = (uint8_t)(i % PROGRAM_PEERS);
        follow(&t, list->at[i]);
        if (without_connection && i == 0)
            short_capture(s, list->at[i], name, a);
    }
    talk_write(s, &t, arena_printf(a, "%s%s", name, without_connection ? ".open" : "").p);
    arena_free(a);
}

/* ---- faults ------------------------------------------------------------------------------ */

/* A fault is from its `fault` line to the next. */
static const char *next_fault(const char *at)
{
    const char *next = strstr(at, "\nfault ");

    return next ? next + 1 : at + strlen(at);
}

static void fault_file(struct seeds *s, const char *text)
{
    const char *at = strncmp(text, "fault ", 6) == 0 ? text : next_fault(text);

    while (*at && s->n_faults < FAULTS_MOST) {
        const char *end = next_fault(at);

        s->faults[s->n_faults++] = (struct str){ at, (size_t)(end - at) };
        at = end;
    }
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), t = strlen(tail);

    return n >= t && strcmp(s + n - t, tail) == 0;
}

static void read_file(struct seeds *s, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    if (ends_with(path, ".pcap")) {
        capture(s, name, path, false);
        capture(s, name, path, true);
    } else if (!ends_with(path, ".faults")) {
        text_file(s, name, slurp(path, s->arena));
    }
}

int main(int argc, char **argv)
{
    struct seeds s = { .arena = arena_new() };

    if (argc < 3) {
        fputs("usage: seeds DIR FILE.pcap|FILE.frames|FILE.faults...\n", stderr);
        return 2;
    }
    s.dir = argv[1];
    for (int i = 2; i < argc; i++)
        if (ends_with(argv[i], ".faults"))
            fault_file(&s, slurp(argv[i], s.arena).p);
    for (int i = 2; i < argc; i++)
        read_file(&s, argv[i]);
    arena_free(s.arena);
    return 0;
}
