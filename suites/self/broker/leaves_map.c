/* map.h against an array that does the same slowly. */
#include "broker-under-test/reference/src/map.h"
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS = 400, ROUNDS = 100000 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Keys of every length, also with NUL inside and one of no octets at all. */
static struct str key_of(size_t i, char *buffer)
{
    size_t n = i && i % 40 == 0 ? 40 : i % 40;

    memset(buffer, (int)(i / 40), n);
    return (struct str){ n ? buffer : NULL, n };
}

TEST(random_operations)
{
    struct map *m = map_new();
    int values[KEYS], wrong = 0;
    bool there[KEYS] = { false };
    size_t count = 0;
    uint32_t seed = 1;

    for (int round = 0; round < ROUNDS; round++) {
        size_t i = next_random(&seed) % KEYS;
        char buffer[40];
        struct str key = key_of(i, buffer);
        void *was = there[i] ? &values[i] : NULL;

        switch (next_random(&seed) % 3) {
        case 0:
            wrong += map_set(m, key, &values[i]) != was;
            count += !there[i];
            there[i] = true;
            break;
        case 1:
            wrong += map_pop(m, key) != was;
            count -= there[i];
            there[i] = false;
            break;
        default: wrong += map_get(m, key) != was;
        }
        wrong += map_count(m) != count;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(count > 0);
    map_free(m);
}

TEST(set_answers_what_it_replaced)
{
    struct map *m = map_new();
    int a, b;

    CU_ASSERT_PTR_NULL(map_set(m, STR("k"), &a));
    CU_ASSERT_PTR_EQUAL(map_set(m, STR("k"), &b), &a);
    CU_ASSERT_PTR_EQUAL(map_xget(m, STR("k")), &b);
    CU_ASSERT_EQUAL(map_count(m), 1);
    map_free(m);
}

TEST(keys_are_copied)
{
    struct map *m = map_new();
    char key[] = "mine";
    int a;

    map_set(m, str_of(key), &a);
    key[0] = 'x';
    CU_ASSERT_PTR_EQUAL(map_get(m, STR("mine")), &a);
    CU_ASSERT_PTR_NULL(map_get(m, STR("xine")));
    map_free(m);
}

static void fill(struct map *m, const char *names)
{
    for (; *names; names++)
        map_set(m, (struct str){ names, 1 }, m);
}

/* What a walk sees, in order; the keys in drop are popped as they pass. */
static void walk(struct map *m, const char *drop, char *seen)
{
    struct map_entry *it;
    struct str key;
    void *value;

    for (it = NULL; map_iter(m, &it, &key, &value);) {
        char name = *key.p;

        *seen++ = name;
        if (strchr(drop, name))
            CU_ASSERT_PTR_EQUAL(map_pop(m, key), m);
    }
    *seen = '\0';
}

TEST(walk_in_insertion_order)
{
    struct map *m = map_new();
    char seen[16];

    walk(m, "", seen);
    CU_ASSERT_STRING_EQUAL(seen, "");
    fill(m, "hello-wrd");
    fill(m, "o"); /* replaced, not moved */
    walk(m, "", seen);
    CU_ASSERT_STRING_EQUAL(seen, "helo-wrd");
    map_free(m);
}

TEST(the_entry_passed_may_be_popped)
{
    struct map *m = map_new();
    char seen[16];

    fill(m, "abcdef");
    walk(m, "af", seen); /* first and last among them */
    CU_ASSERT_STRING_EQUAL(seen, "abcdef");
    walk(m, "bcde", seen);
    CU_ASSERT_STRING_EQUAL(seen, "bcde");
    CU_ASSERT_EQUAL(map_count(m), 0);
    fill(m, "z");
    walk(m, "", seen);
    CU_ASSERT_STRING_EQUAL(seen, "z");
    map_free(m);
}

SUITE(leaves_map, TEST_CASE(random_operations), TEST_CASE(set_answers_what_it_replaced),
      TEST_CASE(keys_are_copied), TEST_CASE(walk_in_insertion_order),
      TEST_CASE(the_entry_passed_may_be_popped));
