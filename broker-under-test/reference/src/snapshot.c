#include "snapshot.h"

#include "mem.h"
#include "queue.h"
#include "text.h"
#include "user.h"
#include "version.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

/* Names lie one behind the other in one block, and rows say where. */
struct place {
    size_t at, n;
};

struct queue_row {
    struct place name, vhost;
    bool durable, exclusive;
    uint64_t ready, unacked, consumers, bytes;
};

struct conn_row {
    struct place peer, user, vhost;
    uint64_t number, channels, unsent;
    const char *state;
};

struct snapshot {
    struct record names, head;
    struct queue_row *queues;
    struct conn_row *conns;
    size_t queue_count, conn_count;
    size_t next; /* row to be told: connections first, then queues */
    bool begun;
};

/* ---- Totals ------------------------------------------------------------------------------- */

static uint64_t resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long long size = 0, pages = 0;

    if (f && fscanf(f, "%llu %llu", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    uint64_t n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n > 3 ? n - 3 : 0; /* ".", "..", and the one that looks */
}

/* The file is sparse: what it takes, not how long it is. */
static uint64_t file_bytes(const char *data)
{
    char path[4096];
    struct stat st;

    snprintf(path, sizeof path, "%s/data.mdb", data);
    return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_blocks * 512;
}

static size_t open_channels(const struct conn *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->channel_room; i++)
        n += c->channels[i] && c->channels[i]->state == CH_OPEN;
    return n;
}

static void add_queues(const struct vhost *v, struct totals *t)
{
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    while (map_iter(v->queues, &it, &name, &each)) {
        const struct queue *q = each;

        t->queues++;
        t->ready += q->ready_count;
        t->unacked += q->unacked_count;
        t->consumers += q->consumers;
    }
}

struct totals totals_of(const struct broker *b, const char *data)
{
    struct totals t = { .store_file_bytes = file_bytes(data),
                        .resident_bytes = resident(),
                        .open_files = open_files() };
    struct map_entry *it = NULL;
    const struct conn *c;
    struct str name;
    void *v;

    for (c = TAILQ_FIRST(&b->conns); c; c = TAILQ_NEXT(c, link)) {
        t.connections++;
        t.channels += open_channels(c);
    }
    while (map_iter(b->vhosts, &it, &name, &v))
        add_queues(v, &t);
    return t;
}

/* ---- Copying ------------------------------------------------------------------------------ */

static struct place keep(struct snapshot *s, struct str text)
{
    struct place p = { s->names.n, text.n };

    record_raw(&s->names, text);
    return p;
}

static const char *state_name(const struct conn *c)
{
    if (c->state & CONN_NEGOTIATING)
        return "opening";
    if (c->state == CONN_OPEN)
        return c->publisher && c->broker->blocked ? "blocked" : "running";
    return "closing";
}

static void keep_conn(struct snapshot *s, const struct conn *c)
{
    s->conns[s->conn_count++] = (struct conn_row){
        .peer = keep(s, str_of(c->peer)),
        .user = keep(s, c->user ? c->user->name : STR("")),
        .vhost = keep(s, c->vhost ? c->vhost->name : STR("")),
        .number = c->number,
        .channels = open_channels(c),
        .unsent = out_waiting(&c->out),
        .state = state_name(c),
    };
}

static void keep_queues(struct snapshot *s, const struct vhost *v)
{
    struct place vhost = keep(s, v->name);
    struct map_entry *it = NULL;
    struct str name;
    void *each;

    while (map_iter(v->queues, &it, &name, &each)) {
        const struct queue *q = each;

        s->queues[s->queue_count++] = (struct queue_row){
            .name = keep(s, q->dest.name),
            .vhost = vhost,
            .durable = q->dest.durable,
            .exclusive = q->owner,
            .ready = q->ready_count,
            .unacked = q->unacked_count,
            .consumers = q->consumers,
            .bytes = q->ready_bytes,
        };
    }
}

/* ---- Telling ------------------------------------------------------------------------------ */

static void tell_number(struct record *to, const char *name, uint64_t n)
{
    text_put(to, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void tell_messages(struct record *to, const struct broker *b, const struct totals *t,
                          const struct rates *r)
{
    const struct counts *n = &b->counts;

    text_put(to, "\"messages\":{\"ready\":%llu", (unsigned long long)t->ready);
    tell_number(to, "unacked", t->unacked);
    tell_number(to, "published", n->published);
    tell_number(to, "delivered", n->delivered + n->got);
    tell_number(to, "acknowledged", n->settled);
    text_put(to, ",\"rates\":{\"over_s\":%.3f,\"published\":%.1f,\"delivered\":%.1f", r->over_s,
             r->published, r->delivered);
    text_put(to, ",\"acknowledged\":%.1f}},", r->acknowledged);
}

static void tell_store(struct record *to, const struct broker *b, const struct totals *t)
{
    const char *state = store_failed(b->store) ? store_failed(b->store) : store_full(b->store);

    text_put(to, "\"store\":{\"state\":");
    text_json(to, state ? str_of(state) : STR("ok"));
    tell_number(to, "committed_batch", store_committed(b->store));
    tell_number(to, "backlog_bytes", store_backlog(b->store));
    tell_number(to, "file_bytes", t->store_file_bytes);
    text_put(to, "},");
}

static void tell_head(struct snapshot *s, const struct broker *b, const struct totals *t,
                      const struct rates *r, uint64_t up_ms)
{
    struct record *to = &s->head;

    text_put(to, "{\"product\":\"%s\",\"version\":\"%s\",\"pid\":%ld,\"up_s\":%.3f,",
             BROKER_PRODUCT, BROKER_VERSION, (long)getpid(), (double)up_ms / 1000);
    text_put(to, "\"memory\":{\"messages\":%zu", b->memory);
    tell_number(to, "mark", b->settings.memory_high);
    tell_number(to, "resident", t->resident_bytes);
    text_put(to, ",\"publishers_blocked\":%s},", b->blocked ? "true" : "false");
    tell_messages(to, b, t, r);
    tell_store(to, b, t);
    text_put(to, "\"totals\":{\"connections\":%llu", (unsigned long long)t->connections);
    tell_number(to, "channels", t->channels);
    tell_number(to, "queues", t->queues);
    tell_number(to, "consumers", t->consumers);
    text_put(to, "},\n\"connections\":[");
}

static void tell_name(struct record *to, const struct snapshot *s, const char *key, struct place p)
{
    text_put(to, "\"%s\":", key);
    text_json(to, (struct str){ s->names.p + p.at, p.n });
    text_put(to, ",");
}

static void tell_conn(struct record *to, const struct snapshot *s, const struct conn_row *c)
{
    text_put(to, "{\"number\":%llu,", (unsigned long long)c->number);
    tell_name(to, s, "peer", c->peer);
    tell_name(to, s, "user", c->user);
    tell_name(to, s, "vhost", c->vhost);
    text_put(to, "\"state\":\"%s\"", c->state);
    tell_number(to, "channels", c->channels);
    tell_number(to, "unsent_bytes", c->unsent);
    text_put(to, "}");
}

static void tell_queue(struct record *to, const struct snapshot *s, const struct queue_row *q)
{
    text_put(to, "{");
    tell_name(to, s, "name", q->name);
    tell_name(to, s, "vhost", q->vhost);
    text_put(to, "\"durable\":%s,\"exclusive\":%s", q->durable ? "true" : "false",
             q->exclusive ? "true" : "false");
    tell_number(to, "ready", q->ready);
    tell_number(to, "unacked", q->unacked);
    tell_number(to, "consumers", q->consumers);
    tell_number(to, "memory_bytes", q->bytes);
    text_put(to, "}");
}

bool snapshot_more(struct snapshot *s, struct record *to)
{
    size_t begun_at = to->n;

    if (!s->begun)
        record_raw(to, record_view(&s->head));
    s->begun = true;
    while (to->n - begun_at < PIECE && s->next < s->conn_count + s->queue_count) {
        size_t i = s->next++;

        if (i == s->conn_count)
            text_put(to, "],\n\"queues\":[");
        text_put(to, i == 0 || i == s->conn_count ? "\n" : ",\n");
        if (i < s->conn_count)
            tell_conn(to, s, &s->conns[i]);
        else
            tell_queue(to, s, &s->queues[i - s->conn_count]);
    }
    if (s->next < s->conn_count + s->queue_count)
        return true;
    text_put(to, s->queue_count ? "]}\n" : "],\n\"queues\":[]}\n");
    return false;
}

struct snapshot *snapshot_new(const struct broker *b, const char *data, const struct rates *r,
                              uint64_t up_ms)
{
    struct snapshot *s = xcalloc(1, sizeof *s);
    struct totals t = totals_of(b, data);
    struct map_entry *it = NULL;
    const struct conn *c;
    struct str name;
    void *v;

    tell_head(s, b, &t, r, up_ms);
    s->queues = xgrow(NULL, t.queues, sizeof *s->queues);
    s->conns = xgrow(NULL, t.connections, sizeof *s->conns);
    for (c = TAILQ_FIRST(&b->conns); c; c = TAILQ_NEXT(c, link))
        keep_conn(s, c);
    while (map_iter(b->vhosts, &it, &name, &v))
        keep_queues(s, v);
    return s;
}

void snapshot_free(struct snapshot *s)
{
    record_clear(&s->names);
    record_clear(&s->head);
    free(s->queues);
    free(s->conns);
    free(s);
}
