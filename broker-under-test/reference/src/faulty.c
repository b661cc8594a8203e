#include "faulty.h"

#include <stdio.h>
#include <string.h>

#ifdef WITH_FAULTS

enum fault fault_armed = FAULT_none;

// clang-format off
static const struct {
    const char *name, *rules, *what, *real;
} faults[] = {
    { "none", "", "", "" },
#define FAULT(name, rules, what, real) { #name, rules, what, real },
#include "faults.def"
};
// clang-format on

/* Is `word` one of the words in `words`? */
static bool among(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = strstr(words, word); n && at; at = strstr(at + 1, word)) {
        bool begins = at == words || at[-1] == ' ';

        if (begins && (at[n] == '\0' || at[n] == ' '))
            return true;
    }
    return false;
}

bool fault_arm(const char *name)
{
    for (size_t i = 1; i < sizeof faults / sizeof faults[0]; i++) {
        if (strcmp(faults[i].name, name) != 0 && !among(faults[i].real, name))
            continue;
        fault_armed = (enum fault)i;
        return true;
    }
    return false;
}

void fault_list(void)
{
    for (size_t i = 1; i < sizeof faults / sizeof faults[0]; i++)
        printf("%s\t%s\t%s\t%s\n", faults[i].name, faults[i].rules, faults[i].real, faults[i].what);
}
#endif
