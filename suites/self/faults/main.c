/* Tests of the fault language. No socket, no clock but for the seed. */
#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests.h"

struct test {
    const char *suite, *name;
    void (*run)(void);
};

static struct test tests[200];
static size_t n_tests;
static uint64_t seed;

void test_add(const char *suite, const char *name, void (*run)(void))
{
    if (n_tests == sizeof tests / sizeof *tests)
        abort();
    tests[n_tests++] = (struct test){ suite, name, run };
}

uint64_t test_seed(void)
{
    return seed;
}

void want_text(struct str got, struct str wanted, const char *about)
{
    CU_ASSERT(str_eq(got, wanted));
    if (!str_eq(got, wanted))
        fprintf(stderr, "\n---- %s\n---- wanted\n%.*s\n---- got\n%.*s\n----\n", about,
                STR_ARGS(wanted), STR_ARGS(got));
}

static CU_pSuite suite_named(const char *name)
{
    CU_pSuite suite = CU_get_suite(name);

    return suite ? suite : CU_add_suite(name, NULL, NULL);
}

int main(void)
{
    const char *wish = getenv("AMQPROOF_SEED");
    unsigned failures;

    seed = wish ? strtoull(wish, NULL, 0) : (uint64_t)time(NULL);
    printf("AMQPROOF_SEED=%" PRIu64 "\n", seed);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 4;
    for (size_t i = 0; i < n_tests; i++)
        if (!CU_add_test(suite_named(tests[i].suite), tests[i].name, tests[i].run))
            return 4;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}
