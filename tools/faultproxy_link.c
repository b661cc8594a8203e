#include "faultproxy_link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_MOST = 64 << 10,
    WAITING_MOST = 256 << 10, /* towards one side, before the other is not read any more */
    ANSWERS_MOST = 64 << 20,  /* towards the side itself, which would not read what it asks for */
    ROUNDS = 16,              /* before another connection has its turn */
    PATIENCE_MS = 5000,       /* after a fault's FIN */
};

static void note(const struct link *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(const struct link *l, const char *format, ...)
{
    va_list ap;

    if (!l->log)
        return;
    fprintf(l->log, "%u ", l->number);
    va_start(ap, format);
    vfprintf(l->log, format, ap);
    va_end(ap);
    fputc('\n', l->log);
}

static struct side *other(struct side *s)
{
    return s == &s->link->client ? &s->link->server : &s->link->client;
}

/* ---- birth and end ---- */

static void side_init(struct side *s, struct link *l, char who, int fd)
{
    *s = (struct side){ .link = l, .fd = fd, .who = who, .writable = true };
    outlet_init(&s->out);
}

static void note_fault(void *whom, struct str line)
{
    note(whom, "%.*s", STR_ARGS(line));
}

struct link *link_new(unsigned number, int client, int server, const struct proxy_options *o)
{
    struct link *l = calloc(1, sizeof *l);

    if (!l) {
        perror("faultproxy: out of memory");
        abort();
    }
    l->number = number;
    l->log = o->log;
    l->due_ms = UINT64_MAX;
    l->engine = fault_engine_new(o->shared);
    if (o->log && o->armed)
        fault_tell(l->engine, note_fault, l);
    side_init(&l->client, l, 'C', client);
    side_init(&l->server, l, 'S', server);
    return l;
}

/* FIN or RST, as the kernel sees fit; both descriptors are gone afterwards. */
static void end(struct link *l, bool reset, const char *why)
{
    if (l->over)
        return;
    l->over = true;
    if (reset) {
        net_close_rst(l->client.fd);
        net_close_rst(l->server.fd);
    } else {
        close(l->client.fd);
        close(l->server.fd);
    }
    note(l,
         "over: %s; the client said %" PRIu64 " and got %" PRIu64 " octets, the server %" PRIu64
         " and %" PRIu64,
         why, l->client.said, l->client.out.sent, l->server.said, l->server.out.sent);
}

void link_free(struct link *l)
{
    end(l, false, "the proxy ends");
    outlet_clear(&l->client.out);
    outlet_clear(&l->server.out);
    fault_engine_free(l->engine);
    free(l);
}

void link_connected(struct link *l, int error)
{
    l->connected = true;
    if (!error)
        return;
    note(l, "the broker cannot be reached: %s", strerror(error));
    end(l, true, "reset");
}

/* ---- what the engine says ---- */

/* FIN on both sides, each behind what waits for it. */
static void finish(struct link *l)
{
    const struct fault_step fin = { .effect = EFFECT_FIN };

    l->ending = true;
    outlet_put(&l->client.out, &fin);
    outlet_put(&l->server.out, &fin);
}

static void apply(struct link *l, const struct fault_step *steps, size_t n)
{
    for (size_t i = 0; i < n && !l->ending; i++) {
        struct side *to = steps[i].to == 'C' ? &l->client : &l->server;

        if (steps[i].effect == EFFECT_FIN) {
            finish(l);
        } else {
            l->ending = l->resetting = steps[i].effect == EFFECT_RST;
            outlet_put(&to->out, &steps[i]);
        }
    }
}

/* ---- from a side ---- */

/* It says nothing further. The other learns of it behind what was said before. */
static void heard_end(struct side *s, bool reset, uint64_t now_ms)
{
    struct link *l = s->link;
    const struct fault_step last = { .effect = reset ? EFFECT_RST : EFFECT_FIN };
    const struct fault_step *steps;
    size_t n;

    if (!s->ended || reset)
        note(l, "the %s sent %s", s->who == 'C' ? "client" : "server", reset ? "RST" : "FIN");
    if (!s->ended && !l->ending) {
        steps = fault_ended(l->engine, s->who, reset, now_ms, &n);
        apply(l, steps, n);
    }
    s->ended = true;
    if (reset) {
        s->gone = true;
        outlet_clear(&s->out);
    }
    if (reset && l->resetting)
        end(l, true, "reset");
    if (l->ending)
        return;
    outlet_put(&other(s)->out, &last);
    other(s)->hurried |= reset;
}

static bool has_room(struct side *s)
{
    return other(s)->out.waiting < WAITING_MOST && s->out.waiting < ANSWERS_MOST;
}

/* What is there may be read before its reset is passed on; but for that nobody waits. */
static bool must_hurry(const struct side *s)
{
    return s->error && !s->gone;
}

/* True: something happened, and more may be there. */
static bool hear(struct side *s, uint64_t now_ms)
{
    static char octets[READ_MOST];
    struct link *l = s->link;
    const struct fault_step *steps;
    ssize_t n;
    size_t count;

    if (s->ended || !s->readable || !has_room(s)) {
        if (!must_hurry(s))
            return false;
        heard_end(s, true, now_ms);
        return true;
    }
    n = recv(s->fd, octets, sizeof octets, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        s->readable = errno == EINTR;
        return s->readable || must_hurry(s);
    }
    if (n <= 0) {
        heard_end(s, n < 0 || s->error, now_ms);
        return true;
    }
    s->said += (uint64_t)n;
    if (!l->ending) {
        steps = fault_feed(l->engine, s->who, (struct str){ octets, (size_t)n }, now_ms, &count);
        apply(l, steps, count);
    }
    return true;
}

/* ---- to a side ---- */

static void shut(struct side *s, uint64_t now_ms)
{
    struct link *l = s->link;

    if (!s->gone)
        shutdown(s->fd, SHUT_WR);
    s->shut = true;
    if (l->ending && !l->patience)
        l->patience = now_ms + PATIENCE_MS;
}

/* A write met the RST first. What the peer said before it may still be there to be read. */
static void met_reset(struct side *s)
{
    outlet_clear(&s->out);
    s->error = s->readable = true;
}

static bool say(struct side *s, uint64_t now_ms)
{
    struct link *l = s->link;
    uint64_t before = s->out.sent;

    if (s->gone || (!s->writable && !s->hurried))
        return false;
    switch (outlet_run(&s->out, s->fd, now_ms)) {
    case OUTLET_EMPTY: break;
    case OUTLET_WAIT:
        if (s->out.not_before_ms < l->due_ms)
            l->due_ms = s->out.not_before_ms;
        break;
    case OUTLET_FULL:
        s->writable = false;
        if (s->hurried)
            end(l, true, "reset");
        break;
    case OUTLET_FIN: shut(s, now_ms); return true;
    case OUTLET_RST: end(l, true, "reset"); break;
    case OUTLET_GONE: met_reset(s); return true;
    }
    return s->out.sent != before;
}

/* ---- both ---- */

static bool done(const struct side *s)
{
    return s->gone || (s->shut && s->ended);
}

static void wake(struct link *l, uint64_t now_ms)
{
    const struct fault_step *steps;
    size_t n;

    if (l->ending || fault_due(l->engine) > now_ms)
        return;
    steps = fault_wake(l->engine, now_ms, &n);
    apply(l, steps, n);
}

static void look_at_time(struct link *l, uint64_t now_ms)
{
    uint64_t due = l->ending ? l->patience ? l->patience : UINT64_MAX : fault_due(l->engine);

    if (due < l->due_ms)
        l->due_ms = due;
    if (done(&l->client) && done(&l->server))
        end(l, false, "ended");
    else if (l->patience && l->patience <= now_ms)
        end(l, false, "ended by the proxy alone");
}

void link_pump(struct link *l, uint64_t now_ms)
{
    l->busy = l->connected;
    for (int i = 0; i < ROUNDS && l->busy && !l->over; i++) {
        l->due_ms = UINT64_MAX;
        wake(l, now_ms);
        l->busy = say(&l->client, now_ms);
        l->busy |= !l->over && say(&l->server, now_ms);
        l->busy |= !l->over && hear(&l->client, now_ms);
        l->busy |= !l->over && hear(&l->server, now_ms);
    }
    if (!l->over && l->connected)
        look_at_time(l, now_ms);
}
