#include "soak_report.h"

#include "soak_ledger.h"

bool soak_good(const struct soak_run *r)
{
    unsigned long long bad = r->ended != NULL || r->kills == 0 || ledger.deliveries == 0;

    for (int v = 0; v < VERDICT_COUNT; v++)
        bad += ledger.bad[v];
    return bad == 0;
}

/* Names are JSON's, texts the table's. */
static const struct line {
    const char *name, *text;
    const unsigned long long *n;
} facts[] = {
    { "published", "messages published", &ledger.published },
    { "confirmed", "confirmed", &ledger.fate[CONFIRMED] },
    { "committed", "committed", &ledger.fate[COMMITTED] },
    { "rolled_back", "rolled back, or never committed", &ledger.fate[ROLLED_BACK] },
    { "in_doubt", "in doubt when a connection or the broker ended", &ledger.in_doubt },
    { "returned", "returned", &ledger.returned },
    { "copies", "copies in queues", &ledger.copies },
    { "acknowledged", "copies acknowledged", &ledger.acknowledged },
    { "deliveries", "deliveries", &ledger.deliveries },
    { "redeliveries", "deliveries again", &ledger.redeliveries },
    { "doubtful_kept", "copies in doubt that were kept", &ledger.doubtful_kept },
    { "doubtful_gone", "copies in doubt that are gone", &ledger.doubtful_gone },
    { "transactions", "transactions in doubt, each whole or not at all", &ledger.transactions },
    { "acks_overtaken", "acknowledgements overtaken by an end", &ledger.acks_overtaken },
    { "marks_overtaken", "flags overtaken by a kill", &ledger.marks_overtaken },
};

enum { FACTS = sizeof facts / sizeof *facts };

void soak_table(FILE *f, const struct soak_run *r)
{
    fprintf(f, "%s, seed %llu: %u kills of %u, %u stops in good order, %u s\n", r->broker, r->seed,
            r->kills, r->wanted, r->stops, r->seconds);
    for (int i = 0; i < FACTS; i++)
        fprintf(f, "  %10llu  %s\n", *facts[i].n, facts[i].text);
    fputc('\n', f);
    for (int v = 0; v < VERDICT_COUNT; v++)
        fprintf(f, "  %10llu  %-10s  %s\n", ledger.bad[v], verdict_names[v], verdict_texts[v]);
    if (r->ended)
        fprintf(f, "\n%s\n", r->ended);
}

void soak_json(FILE *f, const struct soak_run *r)
{
    fprintf(f,
            "{\"schema\":1,\"broker\":\"%s\",\"seed\":%llu,\"kills\":%u,\"wanted\":%u,\"stops\":%u,"
            "\"seconds\":%u,\"good\":%s,\"ended\":",
            r->broker, r->seed, r->kills, r->wanted, r->stops, r->seconds,
            soak_good(r) ? "true" : "false");
    if (r->ended)
        fprintf(f, "\"%s\"", r->ended);
    else
        fputs("null", f);
    for (int i = 0; i < FACTS; i++)
        fprintf(f, ",\"%s\":%llu", facts[i].name, *facts[i].n);
    fputs(",\"verdicts\":{", f);
    for (int v = 0; v < VERDICT_COUNT; v++)
        fprintf(f, "%s\"%s\":%llu", v ? "," : "", verdict_names[v], ledger.bad[v]);
    fputs("}}\n", f);
}
