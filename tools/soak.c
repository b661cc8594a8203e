/* The message ledger: publishers, consumers and a broker that is killed under them, at random
   moments of one seed; in the end every message has to be accounted for. tools/soak starts the
   broker, calls this, and stops it.

     soak --adapter EXE --broker NAME --host H --port P --user U --password P --vhost V
          --kills N --seconds S --seed N --out DIR

   The adapter finds its environment as tools/soak made it. Leaves soak.json, soak.txt and
   faults.txt in DIR, and what the adapter said in adapter.log. Exit 0: everything is accounted for,
   1: not so, 2: usage, 3: nobody answers at first, 4: our own. */
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/peer/clock.h"
#include "soak_actor.h"
#include "soak_broker.h"
#include "soak_drain.h"
#include "soak_report.h"

enum { PUBLISHERS = 5, CONSUMERS = 9, FINISH_MS = 20000, LIMIT_PATH = 4096, IDLE_MS = 2 };

struct options {
    const char *adapter, *out;
    struct target target;
    struct soak_run run;
};

struct soak {
    const struct options *o;
    struct soak_run *run;
    struct scene scene;
    struct random random;
    struct publisher publishers[PUBLISHERS];
    struct consumer consumers[CONSUMERS];
    struct verb verb;
    int64_t begun_ms, until_ms, next_ms;
    char log[LIMIT_PATH];
    int64_t told_ms;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

/* ---- the loop ---- */

static void wait_for_anything(const struct soak *s)
{
    struct pollfd p[PUBLISHERS + CONSUMERS + 1];
    nfds_t n = 0;

    for (int i = 0; i < PUBLISHERS; i++) {
        if (s->publishers[i].link.state != LINK_DOWN)
            p[n++] = (struct pollfd){ .fd = s->publishers[i].link.peer.sock.fd, .events = POLLIN };
    }
    for (int i = 0; i < CONSUMERS; i++) {
        if (s->consumers[i].link.state != LINK_DOWN)
            p[n++] = (struct pollfd){ .fd = s->consumers[i].link.peer.sock.fd, .events = POLLIN };
    }
    if (s->verb.name)
        p[n++] = (struct pollfd){ .fd = s->verb.fd, .events = POLLIN };
    poll(p, n, IDLE_MS);
}

static void turn(struct soak *s)
{
    wait_for_anything(s);
    for (int i = 0; i < PUBLISHERS; i++)
        publisher_step(&s->publishers[i]);
    for (int i = 0; i < CONSUMERS; i++)
        consumer_step(&s->consumers[i]);
}

static void tell(struct soak *s)
{
    bool screen = isatty(2);
    int64_t now_ms = clock_ms();
    unsigned long long bad = 0;

    if (now_ms - s->told_ms < (screen ? 500 : 20000))
        return;
    s->told_ms = now_ms;
    for (int v = 0; v < VERDICT_COUNT; v++)
        bad += ledger.bad[v];
    fprintf(stderr, "%ssoak: %u of %u kills, %llu messages, %llu deliveries, %llu faults, %lld s%s",
            screen ? "\r" : "", s->run->kills, s->run->wanted, ledger.published, ledger.deliveries,
            bad, (long long)(now_ms - s->begun_ms) / 1000, screen ? "   " : "\n");
}

/* ---- the broker's lives ---- */

/* Some lives are over before they have begun, some see everybody at work. */
static void plan(struct soak *s)
{
    bool last = s->run->kills + 1 >= s->run->wanted;
    static const struct {
        unsigned from, span;
    } lengths[] = { { 0, 20 }, { 20, 130 }, { 20, 130 }, { 150, 250 } };
    size_t which = last ? 3 : random_below(&s->random, 4);

    s->next_ms =
        clock_ms() + lengths[which].from + (int64_t)random_below(&s->random, lengths[which].span);
}

static void broken(struct soak *s, const char *why)
{
    if (!s->run->ended)
        s->run->ended = why;
    s->scene.up = false;
}

/* What it said before it died is still to be heard: none of it may be taken for what its successor
   says. */
static void bury(struct soak *s, bool gracefully)
{
    for (int i = 0; i < PUBLISHERS; i++)
        publisher_end(&s->publishers[i]);
    for (int i = 0; i < CONSUMERS; i++)
        consumer_end(&s->consumers[i]);
    ledger_new_life(gracefully);
    s->run->kills += !gracefully;
    s->run->stops += gracefully;
}

static void end_life(struct soak *s, bool gracefully)
{
    s->scene.up = false;
    verb_start(&s->verb, s->o->adapter, gracefully ? "stop" : "kill", s->log);
}

static void go_on(struct soak *s)
{
    const char *name = s->verb.name;
    int status = verb_ended(&s->verb);

    if (status == VERB_UNDER_WAY)
        return;
    if (status != 0) {
        broken(s, strcmp(name, "start") == 0 ? "the broker did not come back: see adapter.log"
                                             : "the broker did not end: see adapter.log");
    } else if (strcmp(name, "start") == 0) {
        s->scene.up = true;
        plan(s);
    } else {
        bury(s, strcmp(name, "stop") == 0);
        verb_start(&s->verb, s->o->adapter, "start", s->log);
    }
}

/* Until there were enough lives: the last one is still there then, and was used. */
static void work(struct soak *s)
{
    while (!s->run->ended) {
        /* The last kill is that before the queues are emptied. */
        bool enough =
            s->run->kills + 1 >= s->run->wanted || clock_ms() >= s->until_ms || interrupted;

        turn(s);
        tell(s);
        if (s->verb.name)
            go_on(s);
        else if (clock_ms() < s->next_ms)
            continue;
        else if (enough)
            return;
        else
            end_life(s, random_below(&s->random, 12) == 0);
    }
}

static bool anybody(const struct soak *s)
{
    bool there = false;

    for (int i = 0; i < PUBLISHERS; i++)
        there |= s->publishers[i].link.state != LINK_DOWN;
    for (int i = 0; i < CONSUMERS; i++)
        there |= s->consumers[i].link.state != LINK_DOWN;
    return there;
}

static void finish(struct soak *s)
{
    int64_t until_ms = clock_ms() + FINISH_MS;

    s->scene.finishing = true;
    while (anybody(s) && clock_left(until_ms) > 0)
        turn(s);
    for (int i = 0; i < PUBLISHERS; i++)
        publisher_clear(&s->publishers[i]);
    for (int i = 0; i < CONSUMERS; i++)
        consumer_clear(&s->consumers[i]);
}

static bool again(struct soak *s, bool gracefully)
{
    if (verb_call(s->o->adapter, gracefully ? "stop" : "kill", s->log) != 0) {
        broken(s, "the broker did not end: see adapter.log");
        return false;
    }
    bury(s, gracefully);
    if (verb_call(s->o->adapter, "start", s->log) != 0)
        broken(s, "the broker did not come back: see adapter.log");
    return !s->run->ended;
}

/* What is left is judged as the disk has it; what was taken then must not come back. */
static void account(struct soak *s)
{
    bool emptied = !s->run->ended && again(s, false) && soak_drain(&s->o->target) &&
                   again(s, true) && soak_drain(&s->o->target);

    if (!emptied)
        broken(s, "the queues could not be emptied: see faults.txt");
    ledger_close();
}

static void begin(struct soak *s)
{
    uint64_t seed = s->run->seed;

    ledger_seed = seed;
    s->random = random_of(seed);
    s->begun_ms = s->told_ms = clock_ms();
    s->until_ms = s->begun_ms + (int64_t)s->run->seconds * 1000;
    s->scene = (struct scene){ .target = &s->o->target, .up = true };
    for (int i = 0; i < PUBLISHERS; i++)
        publisher_init(&s->publishers[i], &s->scene, random_u64(&s->random));
    for (int i = 0; i < CONSUMERS; i++)
        consumer_init(&s->consumers[i], &s->scene, random_u64(&s->random));
}

/* ---- from outside ---- */

static FILE *open_in(const char *dir, const char *name)
{
    char path[LIMIT_PATH];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(4);
    }
    return f;
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        { "adapter", 1, NULL, 'a' }, { "broker", 1, NULL, 'b' }, { "host", 1, NULL, 'h' },
        { "port", 1, NULL, 'p' },    { "user", 1, NULL, 'u' },   { "password", 1, NULL, 'w' },
        { "vhost", 1, NULL, 'v' },   { "kills", 1, NULL, 'k' },  { "seconds", 1, NULL, 's' },
        { "seed", 1, NULL, 'r' },    { "out", 1, NULL, 'o' },    { NULL, 0, NULL, 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'a': o->adapter = optarg; break;
        case 'b': o->run.broker = optarg; break;
        case 'h': o->target.host = optarg; break;
        case 'p': o->target.port = optarg; break;
        case 'u': o->target.user = optarg; break;
        case 'w': o->target.password = optarg; break;
        case 'v': o->target.vhost = optarg; break;
        case 'k': o->run.wanted = (unsigned)strtoul(optarg, NULL, 10); break;
        case 's': o->run.seconds = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'r': o->run.seed = strtoull(optarg, NULL, 10); break;
        case 'o': o->out = optarg; break;
        default: return false;
        }
    }
    return optind == argc && o->adapter && o->run.broker && o->target.host && o->target.port &&
           o->target.user && o->target.password && o->target.vhost && o->out;
}

static bool resolve(struct target *t)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list = NULL;

    if (getaddrinfo(t->host, t->port, &want, &list) != 0)
        return false;
    memcpy(&t->address, list->ai_addr, list->ai_addrlen);
    t->length = list->ai_addrlen;
    freeaddrinfo(list);
    return true;
}

static void report(const struct options *o)
{
    FILE *f = open_in(o->out, "soak.json");

    soak_json(f, &o->run);
    fclose(f);
    f = open_in(o->out, "soak.txt");
    soak_table(f, &o->run);
    fclose(f);
    soak_table(stdout, &o->run);
}

int main(int argc, char **argv)
{
    static struct options o = { .run = { .wanted = 50, .seconds = 60 } };
    static struct soak s;

    if (!parse(argc, argv, &o)) {
        fputs("soak: usage: see the head of tools/soak.c; tools/soak calls it\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    s.o = &o;
    s.run = &o.run;
    snprintf(s.log, sizeof s.log, "%s/adapter.log", o.out);
    ledger_open(open_in(o.out, "faults.txt"));
    begin(&s);
    if (!resolve(&o.target) || !soak_declare(&o.target)) {
        fputs("soak: the broker takes no declarations: see faults.txt\n", stderr);
        return 3;
    }
    plan(&s); /* its first life begins behind the declarations, however long they took */
    work(&s);
    finish(&s);
    account(&s);
    o.run.seconds = (unsigned)((clock_ms() - s.begun_ms) / 1000);
    if (isatty(2))
        fputc('\n', stderr);
    report(&o);
    return soak_good(&o.run) ? 0 : 1;
}
