/* Stands between AMQP 0-9-1 clients and a broker, and misbehaves by rule: fixtures/faults/README.md
   has the rules' language. With no fault armed every octet, FIN and RST passes as it came.

     faultproxy --listen ADDR:PORT --to HOST:PORT [--faults FILE --fault NAME] [--seed N]
                [--ready-fd N] [--log FILE]
     faultproxy --list FILE
     faultproxy --check FILE...

   Exit 0: ended by SIGTERM, or all is well with the files; 1: a file is wrong, or the system gives
   out; 2: usage; 3: the address to listen on is refused. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "faultproxy_loop.h"

static const char usage[] =
    "usage: faultproxy --listen ADDR:PORT --to HOST:PORT [--faults FILE --fault NAME] [--seed N]\n"
    "                  [--ready-fd N] [--log FILE]\n"
    "       faultproxy --list FILE\n"
    "       faultproxy --check FILE...\n"
    "\n"
    "Stands between AMQP 0-9-1 clients and a broker, and misbehaves by rule.\n"
    "\n"
    "  --listen ADDR:PORT  where clients come; port 0: any that is free\n"
    "  --to HOST:PORT      the broker. On every address (0.0.0.0) in front of a broker on\n"
    "                      loopback, it is reached at the address the client came to\n"
    "  --faults FILE       rules; fixtures/faults/README.md has their language\n"
    "  --fault NAME        the one of them that is armed; none: all passes as it came\n"
    "  --seed N            for rules with a chance (1)\n"
    "  --ready-fd N        writes the port to this descriptor once connections are accepted\n"
    "  --log FILE          a line for each connection, its end, and what a fault did to it;\n"
    "                      -: stderr\n"
    "  --list FILE         the faults of a file, one a line\n"
    "  --check FILE...     what is wrong with these files, by line; exit 1 if anything is\n"
    "\n"
    "SIGTERM ends it.\n";

enum exits { EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_ADDRESS = 3 };

struct options {
    const char *listen, *to, *faults, *fault, *log, *list;
    uint64_t seed;
    int ready_fd;
    bool check;
};

__attribute__((format(printf, 2, 3), noreturn)) static void give_up(enum exits code,
                                                                    const char *format, ...)
{
    va_list ap;

    fputs("faultproxy: ", stderr);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit((int)code);
}

static uint64_t number(const char *option, const char *text, uint64_t most)
{
    char *rest;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &rest, 10);
    if (*text < '0' || *text > '9' || *rest || errno || v > most)
        give_up(EXIT_USAGE, "%s takes a number, not '%s'", option, text);
    return v;
}

/* Returns the index of the first word behind the options. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        { "listen", 1, NULL, 'l' }, { "to", 1, NULL, 't' },   { "faults", 1, NULL, 'F' },
        { "fault", 1, NULL, 'f' },  { "seed", 1, NULL, 's' }, { "ready-fd", 1, NULL, 'r' },
        { "log", 1, NULL, 'o' },    { "list", 1, NULL, 'i' }, { "check", 0, NULL, 'c' },
        { "help", 0, NULL, 'h' },   { NULL, 0, NULL, 0 },
    };

    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        switch (c) {
        case 'l': o->listen = optarg; break;
        case 't': o->to = optarg; break;
        case 'F': o->faults = optarg; break;
        case 'f': o->fault = optarg; break;
        case 's': o->seed = number("--seed", optarg, UINT64_MAX); break;
        case 'r': o->ready_fd = (int)number("--ready-fd", optarg, 1023); break;
        case 'o': o->log = optarg; break;
        case 'i': o->list = optarg; break;
        case 'c': o->check = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        case ':': give_up(EXIT_USAGE, "%s needs a value", argv[optind - 1]);
        default: give_up(EXIT_USAGE, "unknown option '%s'; see --help", argv[optind - 1]);
        }
    }
    return optind;
}

/* ---- files of faults ---- */

static int list_faults(const char *path)
{
    struct fault_file file;
    struct fault_facts facts;
    bool whole = fault_file_load(&file, path, stderr);

    for (size_t i = 0; whole && i < file.n; i++) {
        fault_describe(file.at[i], &facts);
        printf("%-32s %s\n", facts.name, facts.what);
    }
    fault_file_clear(&file);
    return whole ? 0 : EXIT_WRONG;
}

static bool check_file(const char *path)
{
    struct fault_file file;
    bool whole = fault_file_load(&file, path, stderr);

    if (whole)
        printf("%s: %zu fault%s\n", path, file.n, file.n == 1 ? "" : "s");
    fault_file_clear(&file);
    return whole;
}

static int check_files(int n, char **paths)
{
    int wrong = 0;

    if (n == 0)
        give_up(EXIT_USAGE, "--check needs a file");
    for (int i = 0; i < n; i++)
        wrong |= !check_file(paths[i]);
    return wrong ? EXIT_WRONG : 0;
}

/* NULL: none is asked for. */
static const struct fault *armed(const struct options *o, struct fault_file *file)
{
    const struct fault *f;

    if (!o->faults && !o->fault)
        return NULL;
    if (!o->faults)
        give_up(EXIT_USAGE, "--fault needs --faults FILE");
    if (!fault_file_load(file, o->faults, stderr))
        exit(EXIT_USAGE);
    if (!o->fault)
        return NULL;
    f = fault_find(file, o->fault);
    if (!f)
        give_up(EXIT_USAGE, "no fault '%s' in %s", o->fault, o->faults);
    return f;
}

/* ---- running ---- */

/* Two descriptors a client. */
static void raise_descriptor_limit(void)
{
    struct rlimit most;

    if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
        most.rlim_cur = most.rlim_max;
        setrlimit(RLIMIT_NOFILE, &most);
    }
}

static FILE *open_log(const char *path)
{
    FILE *f = !path ? NULL : strcmp(path, "-") == 0 ? stderr : fopen(path, "ae");

    if (path && !f)
        give_up(EXIT_USAGE, "--log %s: %s", path, strerror(errno));
    if (f)
        setvbuf(f, NULL, _IOLBF, 0);
    return f;
}

static void read_addresses(const struct options *o, struct proxy_options *p)
{
    const char *problem;

    if (!o->listen || !o->to)
        give_up(EXIT_USAGE, "--listen ADDR:PORT and --to HOST:PORT are needed; see --help");
    if ((problem = net_parse(o->listen, true, NULL, &p->at)) != NULL)
        give_up(EXIT_USAGE, "--listen %s: %s", o->listen, problem);
    if ((problem = net_parse(o->to, false, &p->at, &p->to)) != NULL)
        give_up(EXIT_USAGE, "--to %s: %s", o->to, problem);
}

static int run(const struct options *o)
{
    struct fault_file file = { .arena = NULL };
    struct proxy_options p = { .listener = -1, .ready_fd = o->ready_fd };
    const struct fault *f;
    bool worked;

    read_addresses(o, &p);
    if (o->ready_fd >= 0 && fcntl(o->ready_fd, F_GETFD) < 0)
        give_up(EXIT_USAGE, "--ready-fd %d: %s", o->ready_fd, strerror(errno));
    f = armed(o, &file);
    p.log = open_log(o->log);
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN);
    p.listener = net_listen(&p.at);
    if (p.listener < 0)
        give_up(EXIT_ADDRESS, "cannot listen on %s: %s", o->listen, strerror(errno));
    p.shared = fault_shared_new(f, o->seed);
    p.armed = f != NULL;
    worked = proxy_run(&p);
    fault_shared_free(p.shared);
    if (o->faults)
        fault_file_clear(&file);
    if (!worked)
        give_up(EXIT_WRONG, "%s", strerror(errno));
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = { .seed = 1, .ready_fd = -1 };
    int rest = parse(argc, argv, &o);

    if (o.check)
        return check_files(argc - rest, argv + rest);
    if (rest < argc)
        give_up(EXIT_USAGE, "unexpected argument '%s'; see --help", argv[rest]);
    if (o.list)
        return list_faults(o.list);
    return run(&o);
}
