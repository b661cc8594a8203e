/* What was wanted at the broken place, read from the recording's own words (the printers are in
   fixtures/harness/wanted.c and beside the steps that ask), and whether a frame satisfies it. */
#ifndef REPLAY_DEMAND_H
#define REPLAY_DEMAND_H

#include "replay_names.h"

enum demand_kind {
    DEMAND_WORDS,     /* a condition in the case's own words: the recording cannot say it again */
    DEMAND_METHOD,    /* S 1 channel.close reply-code=404|406 class-id=50 */
    DEMAND_HEADER,    /* S 1 header */
    DEMAND_PROPERTY,  /* a property delivery-mode: wanted 2, got absent */
    DEMAND_BODY,      /* S 1 body, or S 0 body "hello" */
    DEMAND_END,       /* S - close, and no octet before it */
    DEMAND_SILENCE,   /* silence for 500 ms */
    DEMAND_ANYTHING,  /* an answer, or the end */
    DEMAND_COUNTS,    /* queue "q": 2 messages ready, 0 consumers */
    DEMAND_INVARIANT, /* over the whole conversation */
};

struct demand {
    enum demand_kind kind;
    uint16_t channel;
    const struct method_info *method;
    struct str fields; /* DEMAND_METHOD: what is asked of them; DEMAND_PROPERTY: its value */
    struct str text;   /* DEMAND_BODY: up to what was kept of it; DEMAND_COUNTS: the queue */
    size_t more;       /* DEMAND_BODY: octets that were not kept */
    bool any_body;
    unsigned silence_ms;
    uint64_t messages, consumers; /* UINT64_MAX: any */
    const struct field_info *property;
};

struct demand demand_read(const struct recording *r);
/* NULL: it is so; else why it is not. */
const char *method_unmet(const struct demand *d, const struct names *n, const struct frame *f);
const char *content_unmet(const struct demand *d, const struct names *n, const struct unit *u);
const char *counts_unmet(const struct demand *d, const struct names *n, const struct frame *f);

#endif
