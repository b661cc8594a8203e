/* What the soak has found, as a table for people and as JSON. */
#ifndef TOOLS_SOAK_REPORT_H
#define TOOLS_SOAK_REPORT_H

#include <stdbool.h>
#include <stdio.h>

struct soak_run {
    const char *broker;
    unsigned long long seed;
    unsigned kills, wanted, stops, seconds;
    const char *ended; /* NULL: as it should; or what became of the broker */
};

bool soak_good(const struct soak_run *r);
void soak_table(FILE *f, const struct soak_run *r);
void soak_json(FILE *f, const struct soak_run *r);

#endif
