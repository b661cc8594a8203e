/* dissect: what AMQP connections in a capture file said, one frame a line.

     dissect FILE.pcap [--port N] [--verbose] [--body N] [--check]

   Every line has the packet's number (as Wireshark counts), seconds since the connection's
   first packet, and the frame in frame notation. */
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

struct options {
    const char *file;
    uint16_t port;
    bool check;
    struct print_options print;
};

static const char help[] =
    "usage: dissect FILE.pcap [--port N] [--verbose] [--body N] [--check]\n"
    "\n"
    "Prints the AMQP 0-9-1 connections in a capture (pcap or pcapng), a frame a line:\n"
    "packet number, seconds since the connection began, C or S, channel, frame.\n"
    "\n"
    "  --port N    only connections to or from this port; without it every\n"
    "              connection that turns out to speak AMQP\n"
    "  --verbose   every field, also zero and reserved ones\n"
    "  --body N    octets of a body that are shown (40; 0: all)\n"
    "  --check     judge each connection by the invariants too\n"
    "\n"
    "Exit status: 0 all is well, 1 --check found violations, 2 wrong usage,\n"
    "4 the file is missing, no capture, cut off, or holds no AMQP.\n";

/* The command line */

static int usage(const char *text, const char *what)
{
    fprintf(stderr, "dissect: %s%s; dissect --help says how\n", text, what);
    return EXIT_USAGE;
}

static bool number(const char *text, unsigned long most, unsigned long *out)
{
    char *end;

    errno = 0;
    *out = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= most;
}

/* 0: go on; otherwise the exit status, negative for "none, all done". */
static int take_option(struct options *o, int option, const char *value)
{
    unsigned long n;

    switch (option) {
    case 'h': fputs(help, stdout); return -1;
    case 'v': o->print.verbose = true; return 0;
    case 'c': o->check = true; return 0;
    case 'p':
        if (!number(value, UINT16_MAX, &n) || n == 0)
            return usage("--port wants a number from 1 to 65535, not ", value);
        o->port = (uint16_t)n;
        return 0;
    case 'b':
        if (!number(value, UINT32_MAX, &n))
            return usage("--body wants a number, not ", value);
        o->print.body_max = n;
        return 0;
    default: return usage("unknown option, or one without its value", "");
    }
}

static int parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        { "help", no_argument, NULL, 'h' },       { "verbose", no_argument, NULL, 'v' },
        { "check", no_argument, NULL, 'c' },      { "port", required_argument, NULL, 'p' },
        { "body", required_argument, NULL, 'b' }, { NULL, 0, NULL, 0 },
    };
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "hv", known, NULL)) != -1)
        if ((status = take_option(o, option, optarg)) != 0)
            return status;
    if (optind == argc)
        return usage("no capture file given", "");
    if (optind + 1 < argc)
        return usage("one capture file at a time, what is ", argv[optind + 1]);
    o->file = argv[optind];
    return 0;
}

/* Printing */

static void print_octets(struct buf *b, const char *word, const struct trace_event *e)
{
    struct str shown = e->octets;

    if (shown.n > BODY_SHOWN)
        shown.n = BODY_SHOWN;
    buf_put(b, word, strlen(word));
    str_print(b, shown);
    if (shown.n < e->octets.n)
        buf_put(b, " \xe2\x80\xa6", 4);
}

static void print_event(struct buf *b, const struct trace_event *e, const struct print_options *o)
{
    char text[64];
    int n = 0;

    switch (e->kind) {
    case TRACE_HEADER:
    case TRACE_FRAME: frame_print(b, e->who, &e->frame, o); return;
    case TRACE_OPEN: n = snprintf(text, sizeof text, "%c - open", e->who); break;
    case TRACE_FIN: n = snprintf(text, sizeof text, "%c - close fin", e->who); break;
    case TRACE_RST: n = snprintf(text, sizeof text, "%c - close rst", e->who); break;
    case TRACE_GAP:
        n = snprintf(text, sizeof text, "%c - gap octets=%" PRIu64, e->who, e->missing);
        break;
    case TRACE_JUNK:
        n = snprintf(text, sizeof text, "%c - junk octets=%zu ", e->who, e->octets.n);
        break;
    }
    buf_put(b, text, (size_t)n);
    if (e->kind == TRACE_JUNK)
        print_octets(b, "", e);
}

static void print_line(const struct trace_event *e, const struct print_options *o)
{
    struct buf b;

    buf_init(&b, LIMIT_LINE);
    print_event(&b, e, o);
    printf("%5" PRIu64 " %9.6f  %.*s", e->packet, e->at_s, STR_ARGS(buf_str(&b)));
    if ((e->kind == TRACE_FRAME || e->kind == TRACE_JUNK) && e->frame.fault)
        printf("  ! %s", e->frame.fault);
    putchar('\n');
    buf_clear(&b);
}

static void print_trace(const struct trace *t, size_t i, size_t n, const struct options *o)
{
    printf("%sconnection %zu of %zu: %.*s -> %.*s%s%s\n", i ? "\n" : "", i + 1, n,
           STR_ARGS(t->client), STR_ARGS(t->server), t->from_start ? "" : ", joined in mid-stream",
           t->incomplete ? ", octets are missing" : "");
    for (size_t k = 0; k < t->n; k++)
        print_line(&t->at[k], &o->print);
}

static size_t check_trace(const struct trace *t, struct arena *a)
{
    struct violations v = { .arena = a };

    invariants_check(t, &v);
    for (size_t i = 0; i < v.n; i++)
        printf("violates %s (%s) in packet %" PRIu64 ": %.*s\n", v.at[i].invariant->name,
               v.at[i].invariant->rules, v.at[i].event->packet, STR_ARGS(v.at[i].text));
    return v.n;
}

static int dissect(const struct options *o, struct arena *a)
{
    char error[LIMIT_ERROR] = "";
    struct trace_list *list = capture_read(o->file, o->port, a, error, sizeof error);
    size_t violated = 0;

    if (!list) {
        fprintf(stderr, "dissect: %s: %s\n", o->file, error);
        return EXIT_UNREADABLE;
    }
    for (size_t i = 0; i < list->n; i++) {
        print_trace(list->at[i], i, list->n, o);
        if (o->check)
            violated += check_trace(list->at[i], a);
    }
    fflush(stdout);
    if (list->cut)
        fprintf(stderr, "dissect: %s: cut off within a packet, after %" PRIu64 " whole ones\n",
                o->file, list->packets);
    if (list->n == 0 && !list->cut)
        fprintf(stderr, "dissect: %s: no AMQP in its %" PRIu64 " packets\n", o->file,
                list->packets);
    if (list->cut || list->n == 0)
        return EXIT_UNREADABLE;
    return violated ? EXIT_VIOLATED : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options o = { .print = { .body_max = BODY_SHOWN } };
    int status = parse(&o, argc, argv);
    struct arena *a;

    if (status != 0)
        return status < 0 ? EXIT_SUCCESS : status;
    a = arena_new();
    status = dissect(&o, a);
    arena_free(a);
    return status;
}
