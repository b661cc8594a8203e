/* Measures brokers beside each other: each workload on one broker after the other, each in a
   process of its own, and one line of JSON on stdout for each. tools/bench starts brokers, calls
   this, and makes the table.

     benchmark [--quick] [--round N] [--only WORK[,WORK]...] [--plant FAULT]
               NAME HOST PORT USER PASSWORD VHOST BACKLOG ...
     benchmark --list

   Exit 0: all measured, every message accounted for; 1: not so; 2: usage. */
#include <arpa/inet.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"
#include "work.h"

enum { TARGETS_MOST = 16, TARGET_WORDS = 7, LIMIT_S = 60 };

struct options {
    unsigned round;   /* to be said in the results */
    const char *only; /* NULL: all */
    struct target targets[TARGETS_MOST];
    uint64_t backlogs[TARGETS_MOST]; /* how many messages each can be asked to keep */
    unsigned n_targets;
};

static int usage(void)
{
    fputs("usage: benchmark [--quick] [--round N] [--only WORK[,WORK]...] [--plant "
          "twice|disordered|altered|lost] "
          "NAME HOST PORT USER PASSWORD VHOST BACKLOG ... | --list\n",
          stderr);
    return 2;
}

static bool selected(const char *only, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = only; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    }
    return !only;
}

static bool all_known(const char *only)
{
    unsigned wanted = 1, known = 0;

    for (const char *at = only; at && (at = strchr(at, ',')) != NULL; at++)
        wanted++;
    for (unsigned i = 0; i < bench_works_n; i++)
        known += selected(only, bench_works[i].name);
    return !only || known == wanted;
}

/* Whose both ends have one address is on this machine, and its process may be looked at. */
static bool is_here(const struct target *t)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    struct sockaddr_storage ours;
    socklen_t n = sizeof ours;
    char a[64] = "", b[64] = "-";
    int fd;

    if (getaddrinfo(t->host, t->port, &want, &list) != 0)
        return false;
    fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0 &&
        getsockname(fd, (struct sockaddr *)&ours, &n) == 0) {
        getnameinfo((struct sockaddr *)&ours, n, a, sizeof a, NULL, 0, NI_NUMERICHOST);
        getnameinfo(list->ai_addr, list->ai_addrlen, b, sizeof b, NULL, 0, NI_NUMERICHOST);
    }
    if (fd >= 0)
        close(fd);
    freeaddrinfo(list);
    return strcmp(a, b) == 0;
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        { "quick", 0, NULL, 'q' }, { "round", 1, NULL, 'r' }, { "only", 1, NULL, 'o' },
        { "plant", 1, NULL, 'p' }, { NULL, 0, NULL, 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "+", known, NULL)) != -1;) {
        switch (c) {
        case 'q': bench_quick = true; break;
        case 'r': o->round = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'o': o->only = optarg; break;
        case 'p': bench_planted = optarg; break;
        default: return false;
        }
    }
    for (; argc - optind >= TARGET_WORDS && o->n_targets < TARGETS_MOST; optind += TARGET_WORDS) {
        char **w = argv + optind;

        o->backlogs[o->n_targets] = strtoull(w[6], NULL, 10);
        o->targets[o->n_targets++] = (struct target){ w[0], w[1], w[2], w[3], w[4], w[5], 0 };
    }
    return optind == argc && o->n_targets > 0 && o->round > 0 && all_known(o->only);
}

/* In the child. A broker that keeps us for ever costs one workload, not the run. */
static void measure(const struct work *w, const struct target *t, unsigned round)
{
    bench_begin_result(w->name, t, round);
    alarm(w->limit_s ? w->limit_s : LIMIT_S);
    prctl(PR_SET_TIMERSLACK, 1);
    w->run(w, t);
    bench_print_result();
    _Exit(bench_all_accounted_for() ? 0 : 1);
}

static bool run_one(const struct work *w, const struct target *t, unsigned round)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        measure(w, t, round);
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("benchmark: a process for the workload");
        exit(4);
    }
    if (WIFSIGNALED(status)) {
        printf(
            "{\"work\":\"%s\",\"broker\":\"%s\",\"round\":%u,\"error\":\"ended by signal %d\"}\n",
            w->name, t->name, round, WTERMSIG(status));
        fflush(stdout);
    }
    return status == 0;
}

int main(int argc, char **argv)
{
    struct options o = { .round = 1 };
    bool good = true;

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (unsigned i = 0; i < bench_works_n; i++)
            puts(bench_works[i].name);
        return 0;
    }
    if (!parse(argc, argv, &o))
        return usage();
    for (unsigned i = 0; i < o.n_targets; i++) {
        if (is_here(&o.targets[i]))
            o.targets[i].pid = proc_of_port((unsigned)strtoul(o.targets[i].port, NULL, 10));
    }
    for (unsigned i = 0; i < bench_works_n; i++) {
        for (unsigned t = 0; selected(o.only, bench_works[i].name) && t < o.n_targets; t++) {
            bench_backlog = o.backlogs[t];
            good &= run_one(&bench_works[i], &o.targets[t], o.round);
        }
    }
    return good ? 0 : 1;
}
