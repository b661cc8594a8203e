#include "rights.h"

#include "faulty.h"
#include "mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/* A pattern that backtracks more than this is not worth waiting for: it does not match. */
enum { LIMIT_BACKTRACKING = 100000 };

struct answer {
    bool known, yes;
    uint8_t n;
    char name[UINT8_MAX];
};

struct rights {
    struct str pattern[PERMISSIONS];
    pcre2_code *code[PERMISSIONS]; /* NULL: the usual ".*", not worth an engine per publish */
    pcre2_match_data *room;
    pcre2_match_context *bounds;
    struct answer last[PERMISSIONS];
};

static bool compile(struct rights *r, int p, struct str pattern)
{
    struct str text = pattern.n ? pattern : FAULTY(empty_pattern_allows) ? STR("") : STR("^$");
    PCRE2_SIZE at;
    int wrong;

    r->pattern[p] = str_dup(pattern);
    if (str_eq(pattern, STR(".*")))
        return true;
    r->code[p] = pcre2_compile((PCRE2_SPTR)text.p, text.n,
                               FAULTY(patterns_anchored) ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0,
                               &wrong, &at, NULL);
    return r->code[p];
}

struct rights *rights_new(const struct str patterns[PERMISSIONS])
{
    struct rights *r = xcalloc(1, sizeof *r);
    bool ok = true;

    r->room = pcre2_match_data_create(1, NULL);
    r->bounds = pcre2_match_context_create(NULL);
    if (!r->room || !r->bounds)
        abort(); /* no memory */
    pcre2_set_match_limit(r->bounds, LIMIT_BACKTRACKING);
    for (int p = 0; p < PERMISSIONS; p++)
        ok = compile(r, p, patterns[p]) && ok;
    if (ok)
        return r;
    rights_free(r);
    return NULL;
}

void rights_free(struct rights *r)
{
    if (!r)
        return;
    for (int p = 0; p < PERMISSIONS; p++) {
        str_free(&r->pattern[p]);
        pcre2_code_free(r->code[p]);
    }
    pcre2_match_data_free(r->room);
    pcre2_match_context_free(r->bounds);
    free(r);
}

void rights_replace(struct rights *r, struct rights *from)
{
    struct rights old = *r;

    *r = *from;
    *from = old;
    rights_free(from);
}

static bool matches(const struct rights *r, enum permission p, struct str name)
{
    /* The engine takes no NULL, not even of length 0. */
    const char *text = name.n ? name.p : "";

    return pcre2_match(r->code[p], (PCRE2_SPTR)text, name.n, 0, 0, r->room, r->bounds) >= 0;
}

bool rights_allow(const struct rights *r, enum permission p, struct str name)
{
    /* The last answer is a matter of speed, not of state. */
    struct answer *last = (union {
                              const struct answer *from;
                              struct answer *to;
                          }){ &r->last[p] }
                              .to;

    if (!r->code[p])
        return true;
    if (last->known && str_eq(name, (struct str){ last->name, last->n }))
        return last->yes;
    if (FAULTY(last_answer_for_all) && last->known && last->yes)
        return true;
    last->yes = matches(r, p, name);
    last->known = name.n <= UINT8_MAX;
    last->n = (uint8_t)name.n;
    if (last->known && name.n)
        memcpy(last->name, name.p, name.n);
    return last->yes;
}

struct str rights_pattern(const struct rights *r, enum permission p)
{
    return r->pattern[p];
}
