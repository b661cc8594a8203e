/* lint-capture: judges captures of anybody's AMQP traffic by the invariants of both sides.

     lint-capture FILE.pcap[ng]... [--port N] [--side server|client] [--list]

   What it says of a packet names it as Wireshark does: by its number in the file, from 1. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/capture/capture.h"
#include "fixtures/capture/invariant.h"
#include "fixtures/wire/print.h"

enum { EXIT_VIOLATED = 1, EXIT_USAGE = 2, EXIT_UNREADABLE = 4 };
enum { BODY_SHOWN = 40, LIMIT_LINE = 1 << 30, LIMIT_ERROR = 512 };

struct lint {
    uint16_t port;
    bool server, client; /* whose side is judged */
    size_t files, connections, violations;
    uint64_t packets;
    bool unreadable;
};

static const char help[] =
    "usage: lint FILE.pcap[ng]... [--port N] [--side server|client] [--list]\n"
    "\n"
    "Judges every AMQP 0-9-1 connection in captures of anybody's traffic: what must\n"
    "hold in each conversation, whatever it is about. A violation is told with the\n"
    "number of its packet as Wireshark shows it, the frame, and the rules it breaks\n"
    "(tools/amqproof explain RULE).\n"
    "\n"
    "  --port N     only connections to or from this port; without it every\n"
    "               connection that turns out to speak AMQP\n"
    "  --side WHO   judge the server alone, or the client alone\n"
    "  --list       the invariants: side, name, rules, what must hold\n"
    "\n"
    "A connection that was joined in mid-stream, or of which packets are missing, is\n"
    "judged as far as it can be, and a line says so.\n"
    "\n"
    "Exit status: 0 nothing found, 1 violations, 2 wrong usage, 4 a file is missing,\n"
    "no capture, cut off, or holds no AMQP 0-9-1.\n";

/* The command line */

static int usage(const char *text, const char *what)
{
    fprintf(stderr, "lint: %s%s; lint --help says how\n", text, what);
    return EXIT_USAGE;
}

static int print_list(void)
{
    for (size_t i = 0; invariants[i]; i++)
        printf("%s\t%s\t%s\t%s\n", invariants[i]->who == 'S' ? "server" : "client",
               invariants[i]->name, invariants[i]->rules, invariants[i]->what);
    return -1;
}

static int take_port(struct lint *l, const char *value)
{
    unsigned long n;
    char *end;

    errno = 0;
    n = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || n == 0 || n > UINT16_MAX)
        return usage("--port wants a number from 1 to 65535, not ", value);
    l->port = (uint16_t)n;
    return 0;
}

static int take_side(struct lint *l, const char *value)
{
    l->server = strcmp(value, "server") == 0;
    l->client = strcmp(value, "client") == 0;
    return l->server || l->client ? 0 : usage("--side is server or client, not ", value);
}

/* 0: go on; otherwise the exit status, negative for "none, all done". */
static int take_option(struct lint *l, int option, const char *value)
{
    switch (option) {
    case 'h': fputs(help, stdout); return -1;
    case 'l': return print_list();
    case 'p': return take_port(l, value);
    case 's': return take_side(l, value);
    default: return usage("unknown option, or one without its value", "");
    }
}

static int parse(struct lint *l, int argc, char **argv)
{
    static const struct option known[] = {
        { "help", no_argument, NULL, 'h' },
        { "list", no_argument, NULL, 'l' },
        { "port", required_argument, NULL, 'p' },
        { "side", required_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1)
        if ((status = take_option(l, option, optarg)) != 0)
            return status;
    return optind == argc ? usage("no capture file given", "") : 0;
}

/* One connection */

/* Somebody else's protocol behind the same four letters, and nobody who answers with ours. */
static bool is_other_version(const struct trace *t)
{
    bool other = false;

    for (size_t i = 0; i < t->n; i++) {
        if (t->at[i].kind == TRACE_FRAME && !t->at[i].frame.fault)
            return false;
        if (t->at[i].kind == TRACE_HEADER && str_eq(t->at[i].octets, PROTOCOL_HEADER))
            return false;
        other |= t->at[i].kind == TRACE_HEADER;
    }
    return other;
}

static uint64_t missing(const struct trace *t)
{
    uint64_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        n += t->at[i].missing;
    return n;
}

static void say_limits(const char *file, size_t number, const struct trace *t)
{
    printf("%s: connection %zu (%.*s -> %.*s): ", file, number, STR_ARGS(t->client),
           STR_ARGS(t->server));
    if (is_other_version(t)) {
        puts("another version of AMQP, not judged");
        return;
    }
    if (!t->from_start)
        printf("joined in mid-stream%s", t->incomplete ? ", " : "");
    if (t->incomplete)
        printf("%" PRIu64 " octets are missing", missing(t));
    printf("; %s judged frame by frame\n", t->from_start ? "what follows them is" : "it is");
}

static void print_event(const struct trace_event *e)
{
    struct print_options o = { .body_max = BODY_SHOWN };
    struct str shown = e->octets;
    struct buf b;

    buf_init(&b, LIMIT_LINE);
    if (e->kind == TRACE_FRAME || e->kind == TRACE_HEADER) {
        frame_print(&b, e->who, &e->frame, &o);
    } else {
        if (shown.n > BODY_SHOWN)
            shown.n = BODY_SHOWN;
        str_print(&b, shown);
    }
    printf("    said    %.*s\n", STR_ARGS(buf_str(&b)));
    buf_clear(&b);
}

static void print_violation(const char *file, size_t connection, const struct violation *v)
{
    printf("%s: packet %" PRIu64 ", connection %zu: %s violates %s\n", file, v->event->packet,
           connection, v->invariant->who == 'S' ? "server" : "client", v->invariant->name);
    printf("    wrong   %.*s\n", STR_ARGS(v->text));
    print_event(v->event);
    printf("    demand  %s\n    rules   %s\n", v->invariant->what, v->invariant->rules);
}

/* In the order of the capture, as a reader goes through it. */
static int by_event(const void *a, const void *b)
{
    const struct violation *x = a, *y = b;

    if (x->event != y->event)
        return x->event < y->event ? -1 : 1;
    return strcmp(x->invariant->name, y->invariant->name);
}

static void judge(struct lint *l, const char *file, size_t number, const struct trace *t)
{
    struct violations v = { .arena = arena_new() };

    if (l->server)
        invariants_check(t, &v);
    if (l->client)
        invariants_check_client(t, &v);
    if (v.n)
        qsort(v.at, v.n, sizeof *v.at, by_event);
    for (size_t i = 0; i < v.n; i++)
        print_violation(file, number, &v.at[i]);
    l->violations += v.n;
    l->connections++;
    arena_free(v.arena);
}

/* One file */

static void complain(struct lint *l, const char *file, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "lint: %s: %s\n", file, why);
    l->unreadable = true;
}

static void judge_all(struct lint *l, const char *file, const struct trace_list *list)
{
    size_t before = l->connections;

    for (size_t i = 0; i < list->n; i++) {
        const struct trace *t = list->at[i];
        bool other = is_other_version(t);

        if (other || !t->from_start || t->incomplete)
            say_limits(file, i + 1, t);
        if (!other)
            judge(l, file, i + 1, t);
    }
    l->packets += list->packets;
    if (list->cut)
        complain(l, file, "cut off within a packet; judged is what is whole");
    else if (l->connections == before)
        complain(l, file, "no AMQP 0-9-1 in it");
}

static void lint_file(struct lint *l, const char *file)
{
    struct arena *a = arena_new();
    char error[LIMIT_ERROR] = "";
    struct trace_list *list = capture_read(file, l->port, a, error, sizeof error);

    l->files++;
    if (list)
        judge_all(l, file, list);
    else
        complain(l, file, error);
    arena_free(a);
}

static void count(size_t n, const char *what, const char *behind)
{
    printf("%zu %s%s%s", n, what, n == 1 ? "" : "s", behind);
}

int main(int argc, char **argv)
{
    struct lint l = { .server = true, .client = true };
    int status = parse(&l, argc, argv);

    if (status != 0)
        return status < 0 ? EXIT_SUCCESS : status;
    for (int i = optind; i < argc; i++)
        lint_file(&l, argv[i]);
    if (l.connections) {
        count(l.files, "file", ", ");
        count(l.connections, "connection", ", ");
        count(l.packets, "packet", ": ");
        count(l.violations, "violation", "\n");
    }
    fflush(stdout);
    if (l.unreadable)
        return EXIT_UNREADABLE;
    return l.violations ? EXIT_VIOLATED : EXIT_SUCCESS;
}
