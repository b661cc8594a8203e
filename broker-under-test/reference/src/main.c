/* refbroker: options, then broker and loop until a signal. Exit codes: 0 stopped,
   2 usage or settings, 3 cannot listen or open the data, 4 not all was kept (the
   log says what), or failed while running. */
#include "ask.h"
#include "broker.h"
#include "config.h"
#include "definitions.h"
#include "faulty.h"
#include "limits.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "operate.h"
#include "version.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_START = 3, EXIT_LOST = 4 };

struct options {
    const char *listen, *listen_tls, *data, *config, *definitions;
    int ready_fd;
};

static const char usage[] =
    "usage: refbroker --data DIR [--listen ADDR:PORT] [--config FILE] [--definitions FILE]\n"
    "                 [--log error|warning|info|debug] [--ready-fd N]\n"
    "       refbroker status|definitions --data DIR\n"
    "       refbroker --settings help|conf|man | --version | --help\n"
    "\n"
    "An AMQP 0-9-1 broker. Runs in the foreground, logs to stderr, stops on SIGTERM.\n"
    "  --listen ADDR:PORT  default 127.0.0.1:5672; port 0 takes a free one\n"
    "  --listen-tls ADDR:PORT  for TLS as well; the settings ssl_options.* name the certificate\n"
    "  --data DIR          where durable things live; made if it is missing\n"
    "  --config FILE       settings, key = value\n"
    "  --definitions FILE  vhosts, users, exchanges, queues, bindings as RabbitMQ exports them\n"
    "  --log LEVEL         what is logged, whatever the file says; default info\n"
    "  --ready-fd N        writes the port to this descriptor once connections are accepted\n"
    "  --settings FORM     all settings with their defaults: to read, as a file, for the manual\n";

static int complain(const char *text)
{
    fprintf(stderr, "refbroker: %s\n", text);
    return EXIT_USAGE;
}

static int help(void)
{
    fputs(usage, stdout);
    puts("\nSettings of the file, with their defaults:");
    config_print("help", stdout);
    return 0;
}

static bool descriptor(const char *text, int *fd)
{
    char *end;
    long n = strtol(text, &end, 10);

    *fd = (int)n;
    return *text && !*end && n >= 0 && n < 1024;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        { "listen", required_argument, NULL, 'l' },
        { "data", required_argument, NULL, 'd' },
        { "config", required_argument, NULL, 'c' },
        { "definitions", required_argument, NULL, 'D' },
        { "log", required_argument, NULL, 'L' },
        { "listen-tls", required_argument, NULL, 't' },
        { "ready-fd", required_argument, NULL, 'r' },
        { "settings", required_argument, NULL, 's' },
#ifdef WITH_FAULTS
        { "fault", required_argument, NULL, 'F' },
        { "faults", no_argument, NULL, 'f' },
#endif
        { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'l': o->listen = optarg; break;
        case 't': o->listen_tls = optarg; break;
        case 'd': o->data = optarg; break;
        case 'c': o->config = optarg; break;
        case 'D': o->definitions = optarg; break;
        case 'L':
            if (!log_force_level(optarg))
                return complain("--log takes error, warning, info or debug");
            break;
        case 'r':
            if (!descriptor(optarg, &o->ready_fd))
                return complain("--ready-fd takes the number of a descriptor");
            break;
#ifdef WITH_FAULTS
        case 'F':
            if (!fault_arm(optarg))
                return complain("no such fault; see --faults");
            break;
        case 'f': fault_list(); return 0;
#endif
        case 's':
            if (!config_print(optarg, stdout))
                return complain("--settings takes help, conf or man");
            return 0;
        case 'v': puts(BROKER_PRODUCT " " BROKER_VERSION); return 0;
        case 'h': return help();
        default: return EXIT_USAGE;
        }
    }
    if (optind < argc)
        return complain("arguments without an option; see --help");
    if (!loop_address_ok(o->listen))
        return complain("--listen takes ADDR:PORT, a numeric address or localhost");
    if (o->listen_tls && !loop_address_ok(o->listen_tls))
        return complain("--listen-tls takes ADDR:PORT, a numeric address or localhost");
    return o->data ? -1 : complain("--data DIR is missing; see --help");
}

static void say_ready(const struct loop *l, const struct options *o)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%u\n", loop_port(l));

    log_info("listening %.*s:%u", (int)(strrchr(o->listen, ':') - o->listen), o->listen,
             loop_port(l));
    if (loop_tls_port(l))
        log_info("listening for TLS at port %u", loop_tls_port(l));
    if (o->ready_fd < 0)
        return;
    if (write(o->ready_fd, text, (size_t)n) != n)
        log_warn("--ready-fd %d", o->ready_fd);
    close(o->ready_fd);
}

static struct broker *open_broker(const struct settings *s, const struct options *o, struct loop *l,
                                  char *error, size_t error_size)
{
    struct store_options so = {
        .dir = o->data, .map_bytes = LIMIT_STORE, .sync = true, .wake = loop_wake, .context = l
    };
    struct store *store;

    if (mkdir(o->data, 0700) < 0 && errno != EEXIST) {
        snprintf(error, error_size, "%s: %s", o->data, strerror(errno));
        return NULL;
    }
    store = store_open(&so, error, error_size);
    return store ? broker_new(s, store, error, error_size) : NULL;
}

/* NULL and no error: nobody asked for TLS. */
static struct tls_context *open_tls(const struct settings *s, struct loop *l, char *error,
                                    size_t error_size)
{
    struct tls_context *tls;
    char where[128];

    if (!s->tls.listen.n)
        return NULL;
    snprintf(where, sizeof where, "%s%.*s",
             strchr(s->tls.listen.p, ':') ? "" : "0.0.0.0:", STR_ARGS(s->tls.listen));
    tls = tls_context_new(&s->tls, error, error_size);
    if (tls && loop_listen_tls(l, where, tls, error, error_size))
        return tls;
    tls_context_free(tls);
    return NULL;
}

static int serve(const struct settings *s, const struct options *o)
{
    struct loop *l = loop_new();
    char error[512] = "";
    struct broker *b = open_broker(s, o, l, error, sizeof error);
    bool ok = b &&
              (!o->definitions || definitions_import(b, o->definitions, error, sizeof error)) &&
              loop_listen(l, o->listen, error, sizeof error);
    struct tls_context *tls = ok ? open_tls(s, l, error, sizeof error) : NULL;
    struct operate *doors = NULL;
    bool kept;

    if (ok && !*error)
        doors =
            operate_new(l, b, &(struct operate_options){ o->data, o->config, o->definitions, tls },
                        error, sizeof error);
    ok = doors != NULL;
    if (ok) {
        say_ready(l, o);
        loop_run(l, b);
    } else {
        fprintf(stderr, "refbroker: %s\n", error);
    }
    operate_free(doors);
    kept = !b || broker_free(b);
    loop_free(l);
    tls_context_free(tls);
    if (ok)
        log_info("stopped");
    if (!ok)
        return EXIT_START;
    return kept ? 0 : EXIT_LOST;
}

int main(int argc, char **argv)
{
    struct options o = { .listen = "127.0.0.1:5672", .ready_fd = -1 };
    struct settings s = default_settings;
    char error[512];
    int code;

    if (argc > 1 && ask_verb(argv[1]))
        return ask(argc - 1, argv + 1);
    code = parse(argc, argv, &o);
    if (code >= 0)
        return code;
    mem_init();
    signal(SIGPIPE, SIG_IGN);
    if (o.config && !config_read(&s, o.config, error, sizeof error))
        return complain(error);
    log_set_level(s.log_level);
    if (o.listen_tls) {
        str_free(&s.tls.listen);
        s.tls.listen = str_dup(str_of(o.listen_tls));
    }
    code = serve(&s, &o);
    config_clear(&s);
    return code;
}
