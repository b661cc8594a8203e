#include "capture_kit.h"

#include <arpa/inet.h>
#include <libgen.h>
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures/wire/print.h"

static struct sockaddr *address(uint16_t port)
{
    static struct sockaddr_in client, server;
    struct sockaddr_in *a = port == 5672 ? &server : &client;

    *a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
    a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return (struct sockaddr *)(void *)a;
}

struct sockaddr *kit_client(void)
{
    return address(40000);
}

struct sockaddr *kit_server(void)
{
    return address(5672);
}

/* What one line says: octets of a side, or its end. */
struct said {
    char who, closes;
    struct str octets;
};

static const char *next_line(const char *text, struct said *out, struct arena *a)
{
    size_t n = strcspn(text, "\n");
    const char *wrong;
    struct buf b;

    *out = (struct said){ 0 };
    buf_init(&b, 1 << 24);
    wrong = frame_parse((struct str){ text, n }, &out->who, &b, &out->closes, a);
    if (wrong) {
        fprintf(stderr, "selftest-harness: %.*s: %s\n", (int)n, text, wrong);
        exit(2);
    }
    out->octets = arena_copy(a, buf_str(&b));
    buf_clear(&b);
    return text + n + (text[n] == '\n');
}

void kit_say(struct capture *c, const char *text, struct arena *a)
{
    while (*text) {
        struct said said;

        text = next_line(text, &said, a);
        if (said.closes)
            capture_record_end(c, said.who, said.closes == 'r');
        else
            capture_record(c, said.who, said.octets.p, said.octets.n);
    }
}

struct trace *kit_trace(const char *text, struct arena *a)
{
    char error[256];
    struct capture_file *f = capture_file_open(NULL, error, sizeof error);
    struct capture *c = capture_relay(f, kit_client(), kit_server());
    struct trace *t;

    kit_say(c, text, a);
    t = capture_trace(c, a);
    capture_close(c);
    capture_file_close(f);
    return t;
}

static void print_event(struct buf *b, const struct trace_event *e)
{
    static const char *const words[] = {
        [TRACE_OPEN] = "open", [TRACE_JUNK] = "junk", [TRACE_GAP] = "gap",
        [TRACE_FIN] = "fin",   [TRACE_RST] = "rst",
    };
    char text[64];
    int n;

    if (e->kind == TRACE_FRAME || e->kind == TRACE_HEADER) {
        frame_print(b, e->who, &e->frame, &(struct print_options){ .body_max = 20 });
        buf_put(b, "\n", 1);
        return;
    }
    n = snprintf(text, sizeof text, "%c %s %llu\n", e->who, words[e->kind],
                 (unsigned long long)(e->kind == TRACE_GAP ? e->missing : e->octets.n));
    buf_put(b, text, (size_t)n);
}

struct str kit_print(const struct trace *t, struct arena *a)
{
    struct str s;
    struct buf b;

    buf_init(&b, 1 << 26);
    for (size_t i = 0; i < t->n; i++)
        print_event(&b, &t->at[i]);
    s = arena_copy(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

/* Packets */

void kit_take(void *packets, struct str packet)
{
    struct kit_packets *p = packets;

    if (p->n == p->room) {
        struct str *more;

        p->room = p->room ? 2 * p->room : 64;
        more = arena_alloc(p->arena, p->room * sizeof *more);
        if (p->n)
            memcpy(more, p->at, p->n * sizeof *more);
        p->at = more;
    }
    p->at[p->n++] = arena_copy(p->arena, packet);
}

void kit_synth_text(struct synth *s, const char *text, struct arena *a)
{
    while (*text) {
        struct said said;
        unsigned from;

        text = next_line(text, &said, a);
        from = said.who == 'C' ? SYNTH_CLIENT : SYNTH_SERVER;
        if (said.closes)
            synth_end(s, from, said.closes == 'r');
        else
            synth_data(s, from, said.octets);
    }
}

struct trace *kit_flow_trace(const struct kit_packets *list, struct arena *a)
{
    struct flow *f = flow_new(endpoint_of(kit_client()), endpoint_of(kit_server()));
    struct trace *t;

    for (size_t i = 0; i < list->n; i++) {
        struct packet p;

        if (packet_decode(DLT_EN10MB, list->at[i], &p))
            flow_take(f, &p, i + 1, (double)i);
    }
    flow_guess_client(f, 0);
    t = flow_trace(f, a);
    flow_free(f);
    return t;
}

/* Files */

char *kit_file(struct arena *a)
{
    const char *where = getenv("TMPDIR");
    struct str folder = arena_printf(a, "%s/amqproof-XXXXXX", where ? where : "/tmp");
    char *path = arena_alloc(a, folder.n + 1);

    memcpy(path, folder.p, folder.n + 1);
    if (!mkdtemp(path)) {
        perror(path);
        exit(2);
    }
    folder = arena_printf(a, "%s/case.pcap", path);
    path = arena_alloc(a, folder.n + 1);
    memcpy(path, folder.p, folder.n + 1);
    return path;
}

void kit_remove(const char *file)
{
    char *folder = strdup(file);

    unlink(file);
    rmdir(dirname(folder));
    free(folder);
}

void kit_record(const char *path, const char *text, struct arena *a)
{
    char error[256];
    struct capture_file *f = capture_file_open(path, error, sizeof error);
    struct capture *c = capture_relay(f, kit_client(), kit_server());

    kit_say(c, text, a);
    capture_close(c);
    capture_file_close(f);
}

int kit_run(const char *program, const char *args, struct str *out, struct arena *a)
{
    static char text[1 << 16];
    char self[4096] = "";
    struct str command;
    size_t n;
    int status;
    FILE *p;

    if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0)
        return -1;
    command = arena_printf(a, "%s/%s %s 2>&1", dirname(self), program, args);
    p = popen(command.p, "r");
    n = p ? fread(text, 1, sizeof text, p) : 0;
    status = p ? pclose(p) : -1;
    *out = arena_copy(a, (struct str){ text, n });
    return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
