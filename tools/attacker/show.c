#include "show.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RATE = 1000, ESTABLISH_MS = 120000, STOP_MS = 30000, RECOVERY_MS = 20000 };

struct child {
    pid_t pid;
    int hear_fd, stop_fd;
    char text[4096];
    size_t n;
    bool established, over;
};

struct scene {
    const struct terms *terms;
    struct verdict *v;
    struct child child;
};

/* ---- the attack's process --------------------------------------------------------------- */

/* An attacker has machines of its own; here it gets what the others leave. Where the kernel shares
   processors among sessions first (autogroup), a process's own priority says nothing to others. */
static void give_way(void)
{
    FILE *f;

    setpriority(PRIO_PROCESS, 0, 19);
    setsid();
    f = fopen("/proc/self/autogroup", "w");
    if (!f)
        return;
    fputs("19", f);
    fclose(f);
}

static _Noreturn void perform(const struct terms *t, const struct attack *a, int say, int stop)
{
    struct stage s = {
        .target = t->target, .quick = t->quick, .mark = t->mark, .say_fd = say, .stop_fd = stop
    };

    signal(SIGPIPE, SIG_IGN);
    if (!t->quick) /* then latency is not judged, and patience is short */
        give_way();
    a->run(&s);
    _exit(0);
}

static bool start(struct scene *sc)
{
    int up[2], down[2];

    if (pipe(up) < 0 || pipe(down) < 0)
        return false;
    fflush(stdout);
    sc->child = (struct child){ .pid = fork() };
    if (sc->child.pid == 0) {
        close(up[0]);
        close(down[1]);
        perform(sc->terms, sc->v->attack, up[1], down[0]);
    }
    close(up[1]);
    close(down[0]);
    fcntl(up[0], F_SETFL, O_NONBLOCK);
    sc->child.hear_fd = up[0];
    sc->child.stop_fd = down[1];
    return sc->child.pid > 0;
}

static void hear_line(struct scene *sc, const char *line)
{
    struct verdict *v = sc->v;

    if (*line == 'E') {
        sc->child.established = true;
        v->count = strtoull(line + 1, NULL, 10);
    } else if (*line == 'F') {
        snprintf(v->fault, sizeof v->fault, "%s", line + 1);
    } else if (*line == 'D' && v->n_demands < LIMIT_DEMANDS) {
        snprintf(v->demands[v->n_demands++], sizeof v->demands[0], "%s", line + 1);
    }
}

static void hear(struct scene *sc)
{
    struct child *c = &sc->child;
    ssize_t n = read(c->hear_fd, c->text + c->n, sizeof c->text - 1 - c->n);
    char *end;

    c->over |= n == 0;
    c->n += n > 0 ? (size_t)n : 0;
    c->text[c->n] = '\0';
    while ((end = strchr(c->text, '\n'))) {
        *end = '\0';
        hear_line(sc, c->text);
        c->n -= (size_t)(end + 1 - c->text);
        memmove(c->text, end + 1, c->n + 1);
    }
}

/* ---- meanwhile -------------------------------------------------------------------------- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void note(struct scene *sc, struct books now)
{
    struct books *h = &sc->v->height;

    h->memory = larger(h->memory, now.memory);
    h->fds = larger(h->fds, now.fds);
    h->threads = larger(h->threads, now.threads);
    if (sc->child.pid > 0)
        hear(sc);
}

static void sample(struct scene *sc)
{
    note(sc, books_now(sc->terms->broker));
}

/* From the bystander's own thread, between two messages: what takes long would be in his figures.
 */
static void glance(void *scene)
{
    struct scene *sc = scene;

    note(sc, books_at_a_glance(sc->terms->broker));
}

static void no_tick(void *unused)
{
    (void)unused;
}

/* Until the child says so, or the time is over. */
static bool await(struct scene *sc, const bool *what, int ms)
{
    int64_t until = now_ns() + (int64_t)ms * 1000000;

    while (!*what && !sc->child.over && now_ns() < until) {
        struct pollfd p = { .fd = sc->child.hear_fd, .events = POLLIN };

        poll(&p, 1, 20);
        sample(sc);
    }
    return *what;
}

static void stop(struct scene *sc)
{
    close(sc->child.stop_fd);
    if (!await(sc, &sc->child.over, STOP_MS))
        kill(sc->child.pid, SIGKILL);
    waitpid(sc->child.pid, NULL, 0);
    close(sc->child.hear_fd);
    sc->child.pid = 0;
}

/* ---- before, during, after -------------------------------------------------------------- */

static void during(struct scene *sc, struct bystander *b)
{
    struct verdict *v = sc->v;
    int64_t cpu = books_now(sc->terms->broker).cpu_ns, start_ns = now_ns();

    v->undisturbed =
        bystander_measure(b, sc->terms->quick ? 300 : 3000, RATE, &v->during, glance, sc);
    cpu = books_now(sc->terms->broker).cpu_ns - cpu;
    v->cpu_share = (double)cpu / (double)(now_ns() - start_ns);
    v->newcomer_ms = newcomer_served(sc->terms->target);
    v->served = v->newcomer_ms >= 0 && v->undisturbed && v->during.missing == 0;
    sample(sc);
}

static bool back(const struct verdict *v, const struct books *now)
{
    return now->memory <= v->before.memory + LEFTOVER && now->fds <= v->before.fds &&
           now->threads <= v->before.threads;
}

static void recovery(struct scene *sc)
{
    struct verdict *v = sc->v;
    int64_t start_ns = now_ns(), until = start_ns + (int64_t)RECOVERY_MS * 1000000;

    for (;;) {
        v->after = books_now(sc->terms->broker);
        if (back(v, &v->after) || now_ns() > until)
            break;
        poll(NULL, 0, 20);
    }
    v->recovery_s = (double)(now_ns() - start_ns) / 1e9;
    v->newcomer_after_ms = newcomer_served(sc->terms->target);
    v->recovered = back(v, &v->after) && v->newcomer_after_ms >= 0;
}

static void attack(struct scene *sc, struct bystander *b)
{
    int64_t start_ns = now_ns();

    if (!start(sc)) {
        snprintf(sc->v->fault, sizeof sc->v->fault, "no process for it");
        return;
    }
    if (await(sc, &sc->child.established, ESTABLISH_MS)) {
        sc->v->attack_s = (double)(now_ns() - start_ns) / 1e9;
        during(sc, b);
    } else if (!sc->v->fault[0]) {
        snprintf(sc->v->fault, sizeof sc->v->fault, "it was not established");
    }
    stop(sc);
    recovery(sc);
}

void show(const struct terms *t, const struct attack *a, struct verdict *v)
{
    struct scene sc = { .terms = t, .v = v };
    struct bystander b;

    *v = (struct verdict){ .attack = a, .newcomer_ms = -1, .newcomer_after_ms = -1 };
    v->before = v->height = books_now(t->broker);
    if (bystander_open(&b, t->target) &&
        bystander_measure(&b, t->quick ? 200 : 2000, RATE, &v->calm, no_tick, NULL)) {
        v->before = v->height = books_now(t->broker);
        attack(&sc, &b);
    } else {
        snprintf(v->fault, sizeof v->fault, "the bystander is not served, before any attack");
    }
    bystander_close(&b);
    v->alive = books_alive(t->broker) && v->newcomer_after_ms >= 0;
    v->bounded = t->mark == 0 || v->height.memory <= (int64_t)t->mark + ALLOWANCE;
}
