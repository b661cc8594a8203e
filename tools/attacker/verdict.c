/* What an attack's figures mean, and how they are written down. */
#include <stdio.h>

#include "show.h"
#include "tools/benchmark/json.h"

/* Below a millisecond a machine with two cores measures its own scheduler. */
static const double NOISE_US = 1000, WORSE = 3;

static bool kept_up(const struct verdict *v)
{
    return v->during.p99 <= NOISE_US || v->during.p99 <= WORSE * v->calm.p99;
}

bool verdict_holds(const struct verdict *v, const struct terms *t)
{
    return !v->fault[0] && !v->n_demands && v->alive && v->bounded && v->served && v->recovered &&
           (t->quick || kept_up(v));
}

static void print_latency(const char *name, const struct latency *l)
{
    printf(",\"%s_us\":{\"p50\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f,\"most\":%.1f,\"sent\":%llu,"
           "\"missing\":%llu}",
           name, l->p50, l->p99, l->p999, l->most, (unsigned long long)l->sent,
           (unsigned long long)l->missing);
}

static void print_books(const char *name, const struct books *b)
{
    printf(",\"%s\":{\"memory\":%lld,\"fds\":%lld,\"threads\":%lld}", name, (long long)b->memory,
           (long long)b->fds, (long long)b->threads);
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

static void print_demands(const struct verdict *v)
{
    printf(",\"demands\":[");
    for (unsigned i = 0; i < v->n_demands; i++) {
        printf("%s", i ? "," : "");
        json_string(v->demands[i]);
    }
    printf("]");
}

void verdict_print(const struct verdict *v, const struct terms *t)
{
    printf("{\"attack\":\"%s\",\"title\":", v->attack->name);
    json_string(v->attack->title);
    printf(",\"count\":%llu,\"unit\":\"%s\"", (unsigned long long)v->count, v->attack->unit);
    print_latency("calm", &v->calm);
    print_latency("during", &v->during);
    printf(",\"newcomer_ms\":%.1f,\"newcomer_after_ms\":%.1f", v->newcomer_ms,
           v->newcomer_after_ms);
    print_books("before", &v->before);
    print_books("height", &v->height);
    print_books("after", &v->after);
    printf(",\"established_s\":%.2f,\"cpu_share\":%.2f,\"recovery_s\":%.2f", v->attack_s,
           v->cpu_share, v->recovery_s);
    print_demands(v);
    printf(",\"alive\":%s,\"bounded\":%s,\"served\":%s,\"kept_up\":%s,\"recovered\":%s",
           truth(v->alive), truth(v->bounded), truth(v->served), truth(kept_up(v)),
           truth(v->recovered));
    printf(",\"fault\":");
    json_string(v->fault);
    printf(",\"holds\":%s}\n", truth(verdict_holds(v, t)));
    fflush(stdout);
}
