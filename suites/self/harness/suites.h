/* How a file of tests joins build/selftest-harness: it registers itself.

       static void stale_line_is_red(void)
       {
           CU_ASSERT(...);
       }
       static CU_TestInfo tests[] = {
           { "a stale line is red", stale_line_is_red },
           CU_TEST_INFO_NULL,
       };
       SELF_SUITE(ledger, tests)

   The constructor inside SELF_SUITE is the only registration: main.c has no list, and a file
   that is linked cannot be forgotten. Names are unique over all files. Run one suite with
   `selftest-harness ledger`; `selftest-harness run OPTIONS` is the runner itself with the
   synthetic cases (chapters "zz-…") that these tests drive. */
#ifndef SELF_HARNESS_SUITES_H
#define SELF_HARNESS_SUITES_H

#include <CUnit/CUnit.h>

struct suite_entry {
    const char *name;
    CU_TestInfo *tests; /* ends with CU_TEST_INFO_NULL */
    struct suite_entry *next;
};

void suite_register(struct suite_entry *s);

/* clang-format off */
#define SELF_SUITE(id, test_infos)                                                                 \
    static struct suite_entry suite_##id = { #id, test_infos, NULL };                              \
    __attribute__((constructor)) static void join_##id(void)                                       \
    {                                                                                              \
        suite_register(&suite_##id);                                                               \
    }
/* clang-format on */

#endif
