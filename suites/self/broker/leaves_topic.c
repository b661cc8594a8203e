/* Topic matching: a table of patterns and keys, and the trie against a matcher so
   simple that it is its own proof. */
#include "broker-under-test/reference/src/route.h"
#include "broker-under-test/reference/src/mem.h"
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

static const struct str none = { NULL, 0 };

/* Every pattern against every key, in the words of RabbitMQ 3.10.8, which was asked
   for each of them: for each key, the patterns that match. */
static const char *const patterns[] = {
    "",        "#",     "*",       "#.#", "*.#",   "#.*",   "*.*",   "#.*.#", "a",
    "a.#",     "#.a",   "a.*",     "*.a", "a.#.b", "a.*.b", "#.a.#", ".",     "a.",
    ".a",      "..",    "*.",      ".*",  ".#",    "#.",    "a..b",  "a.*.#", "#.#.#",
    "a.#.#.b", "*.*.*", "#.b.#.a", "a*",  "a#",    "#a",    "**",
};

static const struct {
    const char *key, *matched; /* patterns, each after a blank */
} keys[] = {
    { "", "  # #.# #.#.#" },
    { "a", " # #.# #.#.# #.* #.*.# #.a #.a.# * *.# a a.#" },
    { "b", " # #.# #.#.# #.* #.*.# * *.#" },
    { "a.b", " # #.# #.#.# #.* #.*.# #.a.# *.# *.* a.# a.#.#.b a.#.b a.* a.*.#" },
    { "b.a", " # #.# #.#.# #.* #.*.# #.a #.a.# #.b.#.a *.# *.* *.a" },
    { "a.a", " # #.# #.#.# #.* #.*.# #.a #.a.# *.# *.* *.a a.# a.* a.*.#" },
    { ".", " # #. #.# #.#.# #.* #.*.# *. *.# *.* . .# .*" },
    { "a.", " # #. #.# #.#.# #.* #.*.# #.a.# *. *.# *.* a. a.# a.* a.*.#" },
    { ".a", " # #.# #.#.# #.* #.*.# #.a #.a.# *.# *.* *.a .# .* .a" },
    { "..", " # #. #.# #.#.# #.* #.*.# *.# *.*.* .# .." },
    { "a..b", " # #.# #.#.# #.* #.*.# #.a.# *.# *.*.* a.# a.#.#.b a.#.b a.*.# a.*.b a..b" },
    { "a.x.b", " # #.# #.#.# #.* #.*.# #.a.# *.# *.*.* a.# a.#.#.b a.#.b a.*.# a.*.b" },
    { "a.b.a.b", " # #.# #.#.# #.* #.*.# #.a.# *.# a.# a.#.#.b a.#.b a.*.#" },
    { "*", " # #.# #.#.# #.* #.*.# * *.#" },
    { "#", " # #.# #.#.# #.* #.*.# * *.#" },
    { "a.*", " # #.# #.#.# #.* #.*.# #.a.# *.# *.* a.# a.* a.*.#" },
    { "a.#", " # #.# #.#.# #.* #.*.# #.a.# *.# *.* a.# a.* a.*.#" },
    { "a*", " # #.# #.#.# #.* #.*.# * *.# a*" },
    { "A", " # #.# #.#.# #.* #.*.# * *.#" },
    { "b.b.a", " # #.# #.#.# #.* #.*.# #.a #.a.# #.b.#.a *.# *.*.*" },
};

enum { PATTERNS = sizeof patterns / sizeof *patterns, KEYS = sizeof keys / sizeof *keys };

static struct str text(const char *s)
{
    return (struct str){ s, strlen(s) };
}

static bool listed(const char *list, const char *pattern)
{
    size_t n = strlen(pattern);

    for (; *list; list += 1 + strcspn(list + 1, " "))
        if (strcspn(list + 1, " ") == n && memcmp(list + 1, pattern, n) == 0)
            return true;
    return false;
}

static bool matched(struct destinations d, const void *destination)
{
    size_t times = 0;

    for (size_t i = 0; i < d.n; i++)
        times += d.at[i] == destination;
    CU_ASSERT(times <= 1);
    return times == 1;
}

TEST(what_rabbitmq_says)
{
    struct router *r = router_new(ROUTE_TOPIC);
    char destination[PATTERNS];

    for (size_t p = 0; p < PATTERNS; p++)
        CU_ASSERT(router_bind(r, &destination[p], text(patterns[p]), none));
    for (size_t k = 0; k < KEYS; k++) {
        struct destinations d = router_match(r, text(keys[k].key), none);

        for (size_t p = 0; p < PATTERNS; p++) {
            bool want = listed(keys[k].matched, patterns[p]);

            if (matched(d, &destination[p]) != want)
                fprintf(stderr, "key \"%s\" pattern \"%s\"\n", keys[k].key, patterns[p]);
            CU_ASSERT_EQUAL(matched(d, &destination[p]), want);
        }
    }
    router_free(r);
}

/* Pairs one by one, alone in their router. */
TEST(pairs)
{
    static const struct {
        const char *pattern, *key;
        bool match;
    } rows[] = {
        { "old.*", "old.boy", true },
        { "old.*", "old.boy.python", false },
        { "old.#", "old.boy.python", true },
        { "old.#", "old", true },
        { "old.#", "older", false },
        { "*.orange.*", "quick.orange.rabbit", true },
        { "*.orange.*", "orange.rabbit", false },
        { "*.*.rabbit", "quick.orange.rabbit", true },
        { "*.*.rabbit", "rabbit", false },
        { "lazy.#", "lazy.brown.fox.x.y", true },
        { "lazy.#", "lazy", true },
        { "#.#.#.#.#.#.#.#", "", true },
        { "#.#.#.#.#.#.#.#", "a.b", true },
        { "*.#.*", "a", false },
        { "*.#.*", "a.b", true },
        { "*.#.*", "a.b.c.d", true },
        { "#.a.*.#.b", "a.b", false },
        { "#.a.*.#.b", "a.x.b", true },
        { "#.a.*.#.b", "x.a.a.b.b", true },
        { "a.#.a", "a", false },
        { "a.#.a", "a.a", true },
        { "a.#.a", "a.a.a", true },
        { "...", "...", true },
        { "...", "..", false },
        { "*.*.*.*", "...", true },
        { "#..#", "a..b", true },
        { "#..#", "a.b", false },
        { "..#", "..", true },
        { "#..", "..", true },
        { "#..", "a..", true },
        { "Aa", "aA", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct router *r = router_new(ROUTE_TOPIC);
        char destination;

        router_bind(r, &destination, text(rows[i].pattern), none);
        CU_ASSERT_EQUAL(router_match(r, text(rows[i].key), none).n, (size_t)rows[i].match);
        router_free(r);
    }
}

/* Words as a list, and the definition of * and # word for word. */
struct words {
    const char *at[64];
    size_t n;
};

static struct words split(char *s)
{
    struct words w = { .n = 0 };

    if (!*s)
        return w;
    for (char *dot; (dot = strchr(s, '.')); s = dot + 1) {
        *dot = '\0';
        w.at[w.n++] = s;
    }
    w.at[w.n++] = s;
    return w;
}

static bool naive(const struct words *p, size_t i, const struct words *k, size_t j)
{
    if (i == p->n)
        return j == k->n;
    if (strcmp(p->at[i], "#") == 0)
        return naive(p, i + 1, k, j) || (j < k->n && naive(p, i, k, j + 1));
    return j < k->n && (strcmp(p->at[i], "*") == 0 || strcmp(p->at[i], k->at[j]) == 0) &&
           naive(p, i + 1, k, j + 1);
}

static uint32_t seed;

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* Up to six words of a few kinds; empty ones too. */
static void random_words(char *out, const char *const *kinds, uint32_t n_kinds)
{
    uint32_t words = roll(7);

    *out = '\0';
    for (uint32_t i = 0; i < words; i++) {
        strcat(out, i ? "." : "");
        strcat(out, kinds[roll(n_kinds)]);
    }
}

static bool naive_match(const char *pattern, const char *key)
{
    char p[64], k[64];
    struct words pw, kw;

    strcpy(p, pattern);
    strcpy(k, key);
    pw = split(p);
    kw = split(k);
    return naive(&pw, 0, &kw, 0);
}

static const char *const in_patterns[] = { "a", "b", "*", "#", "", "cc", "#" };
static const char *const in_keys[] = { "a", "b", "cc", "", "d" };

enum { BINDINGS = 120 };

struct crowd {
    char pattern[BINDINGS][64];
    bool bound[BINDINGS];
};

static size_t differences(struct router *r, struct crowd *c, const char *key)
{
    struct destinations d = router_match(r, text(key), none);
    size_t wrong = 0;

    for (size_t i = 0; i < BINDINGS; i++)
        wrong += matched(d, &c->bound[i]) != (c->bound[i] && naive_match(c->pattern[i], key));
    return wrong;
}

/* Bindings come and go while keys are matched, so that pruning is under test too. */
TEST(trie_against_definition)
{
    struct crowd *c = xcalloc(1, sizeof *c);
    struct router *r = router_new(ROUTE_TOPIC);
    size_t wrong = 0;

    seed = 42;
    for (int round = 0; round < 20000; round++) {
        size_t i = roll(BINDINGS);
        char key[64];

        if (c->bound[i]) {
            wrong += !router_unbind(r, &c->bound[i], text(c->pattern[i]), none);
        } else {
            random_words(c->pattern[i], in_patterns, 7);
            wrong += !router_bind(r, &c->bound[i], text(c->pattern[i]), none);
        }
        c->bound[i] = !c->bound[i];
        random_words(key, in_keys, 5);
        if (round % 4 == 0)
            wrong += differences(r, c, key);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    router_free(r);
    free(c);
}

/* 60 words against 30 times '#': C(60, 30) ways for a matcher that tries them in turn. */
TEST(many_hashes_end)
{
    struct router *r = router_new(ROUTE_TOPIC);
    char pattern[128] = "", key[128] = "", destination;

    for (int i = 0; i < 30; i++)
        strcat(pattern, "#.a.");
    strcat(pattern, "b");
    for (int i = 0; i < 60; i++)
        strcat(key, "a.");
    router_bind(r, &destination, text(pattern), none);
    CU_ASSERT_EQUAL(router_match(r, text(key), none).n, 0);
    key[strlen(key) - 1] = '\0';
    strcat(key, ".b");
    CU_ASSERT_EQUAL(router_match(r, text(key), none).n, 1);
    router_free(r);
}

/* A dead-letter key may be longer than any binding key: no word of it is known. */
TEST(overlong_word)
{
    struct router *r = router_new(ROUTE_TOPIC);
    char word[1000], one, all;

    memset(word, 'a', sizeof word);
    router_bind(r, &one, STR("aaa"), none);
    router_bind(r, &all, STR("*"), none);
    CU_ASSERT_EQUAL(router_match(r, (struct str){ word, sizeof word }, none).n, 1);
    router_free(r);
}

SUITE(leaves_topic, TEST_CASE(what_rabbitmq_says), TEST_CASE(pairs),
      TEST_CASE(trie_against_definition), TEST_CASE(many_hashes_end), TEST_CASE(overlong_word));
