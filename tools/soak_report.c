#include "soak_report.h"

#include "soak_ledger.h"

bool soak_good(const struct soak_run *r)
{
    unsigned long long bad = r->ended != NULL || r->kills == 0 || ledger.deliveries == 0;

    for (int v = 0; v < VERDICT_COUNT; v++)
        bad += ledger.bad[v];
    return bad == 0;
}

struct line {
    const char *name, *text;
    unsigned long long n;
};

static void lines(FILE *f, const struct line *l)
{
    for (; l->name; l++)
        fprintf(f, "  %10llu  %s\n", l->n, l->text);
}

/* Names are JSON's, texts the table's. */
#define FACTS                                                                                      \
    {                                                                                              \
        { "published", "messages published", ledger.published },                                   \
            { "confirmed", "confirmed", ledger.fate[CONFIRMED] },                                  \
            { "committed", "committed", ledger.fate[COMMITTED] },                                  \
            { "rolled_back", "rolled back, or never committed", ledger.fate[ROLLED_BACK] },        \
            { "in_doubt", "in doubt when a connection or the broker ended",                        \
              ledger.fate[SENT] + ledger.fate[COMMITTING] },                                       \
            { "returned", "returned", ledger.returned },                                           \
            { "copies", "copies in queues", ledger.copies },                                       \
            { "acknowledged", "copies acknowledged", ledger.acknowledged },                        \
            { "deliveries", "deliveries", ledger.deliveries },                                     \
            { "redeliveries", "deliveries again", ledger.redeliveries },                           \
            { "doubtful_kept", "copies in doubt that were kept", ledger.doubtful_kept },           \
            { "doubtful_gone", "copies in doubt that are gone", ledger.doubtful_gone },            \
            { "acks_overtaken", "acknowledgements overtaken by an end", ledger.acks_overtaken },   \
            { "marks_overtaken", "flags overtaken by a kill", ledger.marks_overtaken },            \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

void soak_table(FILE *f, const struct soak_run *r)
{
    const struct line facts[] = FACTS;

    fprintf(f, "%s, seed %llu: %u kills of %u, %u stops in good order, %u s\n", r->broker, r->seed,
            r->kills, r->wanted, r->stops, r->seconds);
    lines(f, facts);
    fputc('\n', f);
    for (int v = 0; v < VERDICT_COUNT; v++)
        fprintf(f, "  %10llu  %-10s  %s\n", ledger.bad[v], verdict_names[v], verdict_texts[v]);
    if (r->ended)
        fprintf(f, "\n%s\n", r->ended);
}

void soak_json(FILE *f, const struct soak_run *r)
{
    const struct line facts[] = FACTS;

    fprintf(f,
            "{\"schema\":1,\"broker\":\"%s\",\"seed\":%llu,\"kills\":%u,\"wanted\":%u,\"stops\":%u,"
            "\"seconds\":%u,\"good\":%s,\"ended\":",
            r->broker, r->seed, r->kills, r->wanted, r->stops, r->seconds,
            soak_good(r) ? "true" : "false");
    if (r->ended)
        fprintf(f, "\"%s\"", r->ended);
    else
        fputs("null", f);
    for (const struct line *l = facts; l->name; l++)
        fprintf(f, ",\"%s\":%llu", l->name, l->n);
    fputs(",\"verdicts\":{", f);
    for (int v = 0; v < VERDICT_COUNT; v++)
        fprintf(f, "%s\"%s\":%llu", v ? "," : "", verdict_names[v], ledger.bad[v]);
    fputs("}}\n", f);
}
