/* How a file of tests joins build/selftest-broker: it registers itself.

       TEST(map_keeps_order)
       {
           CU_ASSERT(...);
       }
       SUITE(leaves_map, TEST_CASE(map_keeps_order), TEST_CASE(...));

   The constructor inside SUITE is the only registration: main.c has no list, and a
   file that is linked cannot be forgotten. Names are unique over all files. */
#ifndef SELF_BROKER_SUITES_H
#define SELF_BROKER_SUITES_H

#include <CUnit/CUnit.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

struct test_suite {
    const char *name;
    const struct test_case *cases; /* ends with a NULL name */
    struct test_suite *next;       /* the registry's */
};

void suite_register(struct test_suite *s);

/* clang-format off */
#define TEST(name) static void test_##name(void)
#define TEST_CASE(name) { #name, test_##name }
#define SUITE(id, ...)                                                          \
    static const struct test_case cases_##id[] = { __VA_ARGS__, { NULL, NULL } }; \
    static struct test_suite suite_##id = { #id, cases_##id, NULL };              \
    __attribute__((constructor)) static void join_##id(void)                      \
    {                                                                             \
        suite_register(&suite_##id);                                              \
    }                                                                             \
    struct test_suite /* takes the semicolon after SUITE(...) */
/* clang-format on */

#endif
