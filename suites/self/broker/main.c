/* Runs every suite that was linked; `selftest-broker PATTERN` only those whose name
   holds the pattern. Failures are printed in full, then one closing line. */
#include "suites.h"

#include "broker-under-test/reference/src/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct test_suite *suites;

/* Kept in order of name, so that runs do not depend on the order of linking. */
void suite_register(struct test_suite *s)
{
    struct test_suite **at = &suites;

    while (*at && strcmp((*at)->name, s->name) < 0)
        at = &(*at)->next;
    s->next = *at;
    *at = s;
}

static void add(const struct test_suite *s)
{
    CU_pSuite suite = CU_add_suite(s->name, NULL, NULL);

    for (const struct test_case *t = s->cases; suite && t->name; t++) {
        if (!CU_add_test(suite, t->name, t->run)) {
            fprintf(stderr, "selftest-broker: %s: %s\n", t->name, CU_get_error_msg());
            exit(2);
        }
    }
}

static void print_failures(void)
{
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext) {
        printf("not ok  %s: %s  %s:%u  %s\n", f->pSuite ? f->pSuite->pName : "?",
               f->pTest ? f->pTest->pName : "?", f->strFileName, f->uiLineNumber, f->strCondition);
    }
}

static void started(const CU_pTest test, const CU_pSuite suite)
{
    if (getenv("SELFTEST_VERBOSE"))
        fprintf(stderr, "%s: %s\n", suite->pName, test->pName);
}

int main(int argc, char **argv)
{
    const char *pattern = argc > 1 ? argv[1] : "";
    unsigned failed;

    log_force_level(getenv("SELFTEST_VERBOSE") ? "debug" : "error");
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    for (const struct test_suite *s = suites; s; s = s->next) {
        if (strstr(s->name, pattern))
            add(s);
    }
    CU_set_test_start_handler(started);
    if (CU_run_all_tests() != CUE_SUCCESS || CU_get_number_of_tests_run() == 0) {
        fprintf(stderr, "selftest-broker: nothing to run for '%s'\n", pattern);
        return 2;
    }
    print_failures();
    failed = CU_get_number_of_tests_failed();
    printf("selftest-broker: %u tests, %u asserts, %u failed\n", CU_get_number_of_tests_run(),
           CU_get_number_of_asserts(), failed);
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
