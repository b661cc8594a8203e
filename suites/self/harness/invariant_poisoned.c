/* Each invariant has a conversation that breaks it and only it, and the same conversation
   without the defect, which breaks none. */
#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "fixtures/capture/invariant.h"
#include "invariant_poisons.h"

static struct str conversation(const struct poison *p, const char *rest, struct arena *a)
{
    return arena_printf(a, "%s%s", p->before ? p->before : KIT_OPEN, rest);
}

/* Both sides, always: what poisons one must be no fault of the other. */
static struct violations judge(const struct poison *p, const char *rest, struct arena *a)
{
    struct violations v = { .arena = a };
    const struct trace *t = kit_trace(conversation(p, rest, a).p, a);

    invariants_check(t, &v);
    invariants_check_client(t, &v);
    return v;
}

static void print_all(const struct poison *p, const char *rest, const struct violations *v)
{
    fprintf(stderr, "for %s:\n%s", p->invariant, rest);
    for (size_t i = 0; i < v->n; i++)
        fprintf(stderr, "  violates %s: %.*s\n", v->at[i].invariant->name, STR_ARGS(v->at[i].text));
}

static void twins_of(const struct poison *p)
{
    for (; p->invariant; p++) {
        struct arena *a = arena_new();
        struct violations v = judge(p, p->good, a);

        CU_ASSERT_EQUAL(v.n, 0);
        if (v.n != 0)
            print_all(p, p->good, &v);
        arena_free(a);
    }
}

static void healthy_twins_break_none(void)
{
    twins_of(server_poisons);
    twins_of(client_poisons);
}

static void poisons_of(const struct poison *p)
{
    for (; p->invariant; p++) {
        struct arena *a = arena_new();
        struct violations v = judge(p, p->bad, a);
        bool alone = v.n > 0;

        for (size_t k = 0; k < v.n; k++)
            alone &= strcmp(v.at[k].invariant->name, p->invariant) == 0;
        CU_ASSERT(alone);
        if (!alone)
            print_all(p, p->bad, &v);
        arena_free(a);
    }
}

static void poison_breaks_one_alone(void)
{
    poisons_of(server_poisons);
    poisons_of(client_poisons);
}

/* What `lint` says of a capture: nothing but this invariant, or nothing at all. */
static void linted(const struct poison *p, const char *rest, const char *invariant,
                   const char *path)
{
    struct arena *a = arena_new();
    struct str out, violates = S(" violates ");
    size_t n = 0;
    bool alone = true;

    kit_record(path, conversation(p, rest, a).p, a);
    CU_ASSERT_EQUAL(kit_run("lint-capture", path, &out, a), invariant ? 1 : 0);
    for (const char *at = out.p; (at = strstr(at, violates.p)); n++) {
        at += violates.n;
        alone &= invariant && strcspn(at, "\n") == strlen(invariant) &&
                 strncmp(at, invariant, strlen(invariant)) == 0;
    }
    CU_ASSERT(alone && (n > 0) == (invariant != NULL));
    if (!alone || (n > 0) != (invariant != NULL))
        fprintf(stderr, "for %s:\n%s%.*s", p->invariant, rest, STR_ARGS(out));
    arena_free(a);
}

/* The same by files and by the program: one capture for each poison, and exactly its invariant. */
static void lint_finds_each(void)
{
    const struct poison *const tables[] = { server_poisons, client_poisons };
    struct arena *a = arena_new();
    char *path = kit_file(a);

    for (size_t i = 0; i < 2; i++) {
        for (const struct poison *p = tables[i]; p->invariant; p++) {
            linted(p, p->bad, p->invariant, path);
            linted(p, p->good, NULL, path);
        }
    }
    kit_remove(path);
    arena_free(a);
}

/* The frame-max of the conversations is 4096: a body frame of 4096 octets in all just fits. */
static void body_of(const char *invariant, const char *before, char who, size_t n, const char *path)
{
    const struct poison p = { .invariant = invariant, .before = before };
    const char *wrong = n + FRAME_OVERHEAD > 4096 ? invariant : NULL;
    struct arena *a = arena_new();
    char body[4100];
    struct violations v;
    struct str text;

    memset(body, 'x', sizeof body);
    text = arena_printf(a, "%c 1 header class=basic size=%zu\n%c 1 body \"%.*s\"\n", who, n, who,
                        (int)n, body);
    v = judge(&p, text.p, a);
    CU_ASSERT_EQUAL(v.n, wrong ? 1 : 0);
    CU_ASSERT(v.n == 0 || strcmp(v.at[0].invariant->name, invariant) == 0);
    linted(&p, text.p, wrong, path);
    arena_free(a);
}

static void frame_size(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a);

    for (size_t n = 4088; n <= 4089; n++) {
        body_of("frame-size", CONSUME DELIVER_HEAD, 'S', n, path);
        body_of("client-frame-size", KIT_OPEN "C 1 basic.publish\n", 'C', n, path);
    }
    kit_remove(path);
    arena_free(a);
}

/* For whoever wants to look at them: FOLDER/INVARIANT.N.pcap, a file for each poison. */
int poisons_write(const char *folder)
{
    const struct poison *const tables[] = { server_poisons, client_poisons };

    for (size_t i = 0; i < 2; i++) {
        for (const struct poison *p = tables[i]; p->invariant; p++) {
            struct arena *a = arena_new();
            int n = (int)(p - tables[i]) + 1;
            const char *path = arena_printf(a, "%s/%s.%d.pcap", folder, p->invariant, n).p;

            kit_record(path, conversation(p, p->bad, a).p, a);
            arena_free(a);
        }
    }
    return 0;
}

/* Open before tune-ok is the client's fault, open-ok to it the server's: each is told its own. */
static void both_at_fault(void)
{
    static const struct poison p = { .before = HEADER START START_OK TUNE };
    struct arena *a = arena_new();
    struct violations v = judge(&p,
                                "C 0 connection.open virtual-host=\"/\"\nS 0 connection.open-ok\n"
                                "C 0 connection.tune-ok\n",
                                a);

    CU_ASSERT_EQUAL_FATAL(v.n, 2);
    CU_ASSERT_STRING_EQUAL(v.at[0].invariant->name, "handshake");
    CU_ASSERT_STRING_EQUAL(v.at[1].invariant->name, "client-handshake");
    arena_free(a);
}

static bool is_poisoned(const char *name)
{
    for (const struct poison *p = server_poisons; p->invariant; p++)
        if (strcmp(p->invariant, name) == 0)
            return true;
    for (const struct poison *p = client_poisons; p->invariant; p++)
        if (strcmp(p->invariant, name) == 0)
            return true;
    return strstr(name, "frame-size") != NULL; /* by frame_size, above */
}

static void none_is_untested(void)
{
    for (size_t i = 0; invariants[i]; i++) {
        bool found = is_poisoned(invariants[i]->name);

        CU_ASSERT(found);
        if (!found)
            fprintf(stderr, "%s is never poisoned\n", invariants[i]->name);
    }
}

/* Is there a line that begins with this id and a tab? */
static bool has_rule(const char *file, struct str id)
{
    char line[4096];
    bool found = false;
    FILE *f = fopen(file, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    while (!found && fgets(line, sizeof line, f))
        found = strncmp(line, id.p, id.n) == 0 && line[id.n] == '\t';
    fclose(f);
    return found;
}

static void rules_exist(void)
{
    for (size_t i = 0; invariants[i]; i++) {
        const char *p = invariants[i]->rules;

        CU_ASSERT(*p != '\0');
        for (; *p; p += strspn(p, " ")) {
            struct str id = { p, strcspn(p, " ") };
            bool found = has_rule("fixtures/spec/rules.tsv", id) ||
                         has_rule("fixtures/spec/extensions.tsv", id);

            CU_ASSERT(found);
            if (!found)
                fprintf(stderr, "%s: no rule %.*s\n", invariants[i]->name, STR_ARGS(id));
            p += id.n;
        }
    }
}

static CU_TestInfo tests[] = {
    { "healthy twins break no invariant", healthy_twins_break_none },
    { "each poison breaks its invariant alone", poison_breaks_one_alone },
    { "lint finds each in a capture file, and it alone", lint_finds_each },
    { "the largest body frame, and one octet more", frame_size },
    { "where both are at fault", both_at_fault },
    { "every invariant is poisoned", none_is_untested },
    { "the rules of all invariants exist", rules_exist },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(invariant_poisoned, tests)
