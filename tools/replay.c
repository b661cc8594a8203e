/* replay: holds a recorded conversation with a broker, and judges the broken place again.

     replay FILE --host H --port N --user U --password P --vhost V [--adapter EXE]
                 [--deadline-ms N] [--whole]

   FILE is what a failing case leaves (fixtures/harness/frames_file.c). Exit status: 0 pass, or held
   to the end where nothing was broken; 1 fail or differs; 2 wrong usage or file; 3 not reachable;
   4 the adapter failed. */
#include "replay.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *file, *host, *port, *user, *password, *vhost, *adapter;
    unsigned deadline_ms;
    bool whole;
};

static int usage(const char *what)
{
    fprintf(stderr, "amqproof: replay: %s; see 'tools/amqproof help replay'\n", what);
    return 2;
}

static int read_deadline(struct options *o, const char *text)
{
    char *end;
    unsigned long ms = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || ms == 0 || ms > 600000)
        return usage("--deadline-ms takes a number from 1 to 600000");
    o->deadline_ms = (unsigned)ms;
    return 0;
}

static int parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        { "host", 1, NULL, 'h' },        { "port", 1, NULL, 'p' },  { "user", 1, NULL, 'u' },
        { "password", 1, NULL, 'w' },    { "vhost", 1, NULL, 'v' }, { "adapter", 1, NULL, 'a' },
        { "deadline-ms", 1, NULL, 'd' }, { "whole", 0, NULL, 'l' }, { NULL, 0, NULL, 0 },
    };
    int status = 0;

    opterr = 0;
    for (int c; !status && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'h': o->host = optarg; break;
        case 'p': o->port = optarg; break;
        case 'u': o->user = optarg; break;
        case 'w': o->password = optarg; break;
        case 'v': o->vhost = optarg; break;
        case 'a': o->adapter = optarg; break;
        case 'd': status = read_deadline(o, optarg); break;
        case 'l': o->whole = true; break;
        default: status = usage("unknown option, or one without its value"); break;
        }
    }
    if (!status && argc - optind != 1)
        status = usage("one file");
    o->file = argv[optind];
    return status;
}

/* Before anything is said: can all of it be? */
static bool can_restart(const struct recording *rec, const char *adapter)
{
    for (size_t i = 0; i < rec->n && (!rec->is_broken || i < rec->broken) && !adapter; i++) {
        if (rec->at[i].kind != LINE_RESTART)
            continue;
        fprintf(stderr,
                "amqproof: %s:%u: the broker was restarted here, which needs one that can be: "
                "--broker or --adapter\n",
                rec->file, rec->at[i].number);
        return false;
    }
    return true;
}

/* Where the client sent heartbeats, they were those of a peer that has to. */
static bool beats(const struct recording *rec, size_t conn)
{
    for (size_t i = 0; i < rec->n; i++)
        if (rec->at[i].conn == conn && rec->at[i].who == 'C' && rec->at[i].kind == LINE_FRAME &&
            rec->at[i].frame.type == FRAME_HEARTBEAT)
            return true;
    return false;
}

static void prepare(struct replay *r, const struct options *o, struct recording *rec)
{
    struct arena *a = rec->arena;

    *r = (struct replay){ .recording = rec, .adapter = o->adapter, .deadline_ms = o->deadline_ms };
    r->broker = (struct broker){ o->host, o->port, a, o->whole, false };
    r->names = (struct names){ .arena = a,
                               .recording = rec,
                               .user = str_of(o->user),
                               .password = str_of(o->password),
                               .vhost = str_of(o->vhost) };
    r->talks = arena_alloc(a, rec->connections * sizeof *r->talks);
    for (size_t i = 0; i < rec->connections; i++) {
        talk_init(&r->talks[i], &r->broker, rec->letters[i]);
        r->talks[i].beats = beats(rec, i);
    }
    judge_prepare(r);
}

static void show(const char *label, struct str s)
{
    if (s.n)
        printf("%-7s %.*s\n", label, STR_ARGS(s));
}

static void show_place(const struct replay *r)
{
    const struct recording *rec = r->recording;

    if (rec->is_broken) {
        printf("\n");
        show("wanted", rec->wanted);
        show("then", rec->got);
    }
    if (r->verdict == PASS || r->verdict == FAIL)
        show("now", r->got);
}

/* The same but for its channel, and for how long nothing came. */
static bool is_again(struct str now, struct str then)
{
    static const char silent[] = "nothing (within ";
    size_t n = sizeof silent - 1;

    if (now.n > n && then.n > n && memcmp(now.p, silent, n) == 0 && memcmp(then.p, silent, n) == 0)
        return true;
    if (now.n < 4 || then.n < 4 || memcmp(now.p, then.p, 2) != 0)
        return str_eq(now, then);
    return str_eq((struct str){ now.p + 3, now.n - 3 }, (struct str){ then.p + 3, then.n - 3 });
}

static int conclude(const struct replay *r)
{
    const struct recording *rec = r->recording;
    bool again = is_again(r->got, rec->got);

    if (r->verdict == UNREACHED || r->verdict == UNABLE) {
        fprintf(stderr, "amqproof: %.*s\n", STR_ARGS(r->why));
        return r->verdict == UNREACHED ? 3 : 4;
    }
    show_place(r);
    switch (r->verdict) {
    case PASS:
        printf("pass %.*s: as wanted (%s:%u)\n", STR_ARGS(rec->id), rec->file, r->number);
        return 0;
    case FAIL:
        printf("fail %.*s: %s (%s:%u)\n", STR_ARGS(rec->id),
               again ? "as recorded" : "not as wanted", rec->file, r->number);
        return 1;
    case HELD:
        printf("%.*s %.*s: held as recorded, to its end\n", STR_ARGS(rec->verdict),
               STR_ARGS(rec->id));
        return 0;
    default:
        printf("differs %.*s: %s:%u: %.*s\n", STR_ARGS(rec->id), rec->file, r->number,
               STR_ARGS(r->why));
        return 1;
    }
}

int main(int argc, char **argv)
{
    struct options o = { .host = "127.0.0.1", .port = "5672", .user = "guest" };
    struct recording rec;
    struct replay r;
    struct arena *a;
    int status;

    o.password = "guest";
    o.vhost = "/";
    o.deadline_ms = 5000;
    status = parse(&o, argc, argv);
    if (status)
        return status;
    signal(SIGPIPE, SIG_IGN);
    a = arena_new();
    status = 2;
    if (recording_read(&rec, o.file, a) && can_restart(&rec, o.adapter)) {
        prepare(&r, &o, &rec);
        replay_hold(&r);
        litter_delete(&r);
        status = conclude(&r);
    }
    arena_free(a);
    return status;
}
