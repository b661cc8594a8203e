#include "ask_table.h"

#include <jansson.h>

static const json_t *in(const json_t *from, const char *key)
{
    return json_object_get(from, key);
}

static long long number(const json_t *from, const char *key)
{
    return (long long)json_number_value(in(from, key));
}

static const char *word(const json_t *from, const char *key)
{
    const char *text = json_string_value(in(from, key));

    return text ? text : "";
}

static const char *size_of(long long bytes, char out[32])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double n = (double)bytes;
    unsigned u = 0;

    for (; n >= 1024 && u + 1 < sizeof units / sizeof units[0]; u++)
        n /= 1024;
    snprintf(out, 32, u ? "%.1f %s" : "%.0f %s", n, units[u]);
    return out;
}

static void print_head(const json_t *all, FILE *to)
{
    const json_t *memory = in(all, "memory"), *m = in(all, "messages"), *rates = in(m, "rates");
    const json_t *store = in(all, "store"), *totals = in(all, "totals");
    char a[32], b[32], c[32];

    fprintf(to, "%s %s, process %lld, up %.0f s\n", word(all, "product"), word(all, "version"),
            number(all, "pid"), json_number_value(in(all, "up_s")));
    fprintf(to, "memory    messages %s of %s, process %s%s\n",
            size_of(number(memory, "messages"), a), size_of(number(memory, "mark"), b),
            size_of(number(memory, "resident"), c),
            json_is_true(in(memory, "publishers_blocked")) ? "; publishers are blocked" : "");
    fprintf(to, "messages  %lld ready, %lld unacknowledged\n", number(m, "ready"),
            number(m, "unacked"));
    fprintf(to, "rates     %.1f/s published, %.1f/s delivered, %.1f/s acknowledged, over %.1f s\n",
            json_number_value(in(rates, "published")), json_number_value(in(rates, "delivered")),
            json_number_value(in(rates, "acknowledged")), json_number_value(in(rates, "over_s")));
    fprintf(to, "store     %s; batch %lld committed, %s behind, file of %s\n", word(store, "state"),
            number(store, "committed_batch"), size_of(number(store, "backlog_bytes"), a),
            size_of(number(store, "file_bytes"), b));
    fprintf(to, "totals    %lld connections, %lld channels, %lld queues, %lld consumers\n",
            number(totals, "connections"), number(totals, "channels"), number(totals, "queues"),
            number(totals, "consumers"));
}

static void print_conns(const json_t *conns, FILE *to)
{
    fprintf(to, "\n%-8s %-22s %-16s %-12s %-8s %8s\n", "conn", "peer", "user", "vhost", "state",
            "channels");
    for (size_t i = 0; i < json_array_size(conns); i++) {
        const json_t *c = json_array_get(conns, i);

        fprintf(to, "%-8lld %-22s %-16s %-12s %-8s %8lld\n", number(c, "number"), word(c, "peer"),
                word(c, "user"), word(c, "vhost"), word(c, "state"), number(c, "channels"));
    }
}

static void print_queues(const json_t *queues, FILE *to)
{
    fprintf(to, "\n%-32s %-12s %9s %9s %9s %10s\n", "queue", "vhost", "ready", "unacked",
            "consumers", "memory");
    for (size_t i = 0; i < json_array_size(queues); i++) {
        const json_t *q = json_array_get(queues, i);
        char bytes[32];

        fprintf(to, "%-32s %-12s %9lld %9lld %9lld %10s\n", word(q, "name"), word(q, "vhost"),
                number(q, "ready"), number(q, "unacked"), number(q, "consumers"),
                size_of(number(q, "memory_bytes"), bytes));
    }
}

bool ask_print(struct str json, FILE *to)
{
    json_t *all = json_loadb(json.p, json.n, 0, NULL);
    bool ok = json_is_array(in(all, "queues")) && json_is_array(in(all, "connections"));

    if (ok) {
        print_head(all, to);
        print_conns(in(all, "connections"), to);
        print_queues(in(all, "queues"), to);
    }
    json_decref(all);
    return ok;
}
