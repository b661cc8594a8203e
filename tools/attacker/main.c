/* attacker [--quick] [--only NAME,...] [--mark OCTETS] HOST PORT USER PASSWORD VHOST: one attack
   after the other on a broker that runs; a line of JSON for each. tools/attack calls it. Exit: 0
   all hold, 1 one does not, 2 usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "show.h"
#include "tools/benchmark/proc.h"

struct options {
    bool quick, list;
    const char *only;
    uint64_t mark;
};

static int complain(const char *text)
{
    fprintf(stderr, "attacker: %s\n", text);
    return 2;
}

/* The list's entry "," name "," is in ",only,". */
static bool chosen(const char *only, const char *name)
{
    size_t n = strlen(name);

    if (!only)
        return true;
    for (const char *at = only; (at = strstr(at, name)); at += n) {
        if ((at == only || at[-1] == ',') && (at[n] == ',' || !at[n]))
            return true;
    }
    return false;
}

static int list(void)
{
    for (unsigned i = 0; i < attacks_n; i++)
        printf("%-20s %s\n", attacks[i].name, attacks[i].title);
    return 0;
}

/* An attack takes a descriptor for each of its connections. */
static void raise_limits(void)
{
    struct rlimit r = { .rlim_cur = 200000, .rlim_max = 200000 };

    if (setrlimit(RLIMIT_NOFILE, &r) < 0 && getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int run(const struct options *o, const struct target *t)
{
    struct terms terms = { .target = t,
                           .broker = proc_of_port((unsigned)strtoul(t->port, NULL, 10)),
                           .mark = o->mark,
                           .quick = o->quick };
    bool all = true;

    raise_limits();
    setpriority(PRIO_PROCESS, 0, -10); /* the instrument comes first; refused, it goes without */
    for (unsigned i = 0; i < attacks_n; i++) {
        struct verdict v;

        if (!chosen(o->only, attacks[i].name))
            continue;
        fprintf(stderr, "%s: %s\n", attacks[i].name, attacks[i].title);
        show(&terms, &attacks[i], &v);
        verdict_print(&v, &terms);
        all &= verdict_holds(&v, &terms);
    }
    return all ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options o = { .only = NULL };
    int at = 1;

    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--quick") == 0)
            o.quick = true;
        else if (strcmp(argv[at], "--list") == 0)
            o.list = true;
        else if (strcmp(argv[at], "--only") == 0 && at + 1 < argc)
            o.only = argv[++at];
        else if (strcmp(argv[at], "--mark") == 0 && at + 1 < argc)
            o.mark = strtoull(argv[++at], NULL, 10);
        else
            return complain("unknown option");
    }
    if (o.list)
        return list();
    if (argc - at != 5)
        return complain("HOST PORT USER PASSWORD VHOST are wanted");
    return run(
        &o, &(struct target){ argv[at], argv[at + 1], argv[at + 2], argv[at + 3], argv[at + 4] });
}
