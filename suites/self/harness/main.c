/* Runs every suite that was linked; `selftest-harness PATTERN` only those whose name holds the
   pattern. Failures are printed in full, then one closing line. `selftest-harness run …` is
   build/suites with this program's cases: the runner's tests start it as a process of its own.
   `selftest-harness poisons FOLDER` writes what the invariants are poisoned with as captures. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/harness/runner.h"
#include "invariant_poisons.h"
#include "runner_fake.h"

static struct suite_entry *suites;

/* Kept in order of name, so that runs do not depend on the order of linking. */
void suite_register(struct suite_entry *s)
{
    struct suite_entry **at = &suites;

    while (*at && strcmp((*at)->name, s->name) < 0)
        at = &(*at)->next;
    s->next = *at;
    *at = s;
}

static void add(struct suite_entry *s)
{
    CU_SuiteInfo info[] = {
        { .pName = s->name, .pTests = s->tests },
        CU_SUITE_INFO_NULL,
    };

    if (CU_register_suites(info) != CUE_SUCCESS) {
        fprintf(stderr, "selftest-harness: %s: %s\n", s->name, CU_get_error_msg());
        exit(2);
    }
}

static void print_failures(void)
{
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
        printf("not ok  %s: %s  %s:%u  %s\n", f->pSuite ? f->pSuite->pName : "?",
               f->pTest ? f->pTest->pName : "?", f->strFileName, f->uiLineNumber, f->strCondition);
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

    if (strcmp(pattern, "run") == 0)
        return runner_main(argc - 1, argv + 1);
    if (strcmp(pattern, "fake-broker") == 0 && argc > 2)
        return fake_adapter_main(argv[2], argc > 3 ? argv[3] : NULL);
    if (strcmp(pattern, "poisons") == 0 && argc > 2)
        return poisons_write(argv[2]);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    for (struct suite_entry *s = suites; s; s = s->next) {
        if (strstr(s->name, pattern))
            add(s);
    }
    CU_set_test_start_handler(started);
    if (CU_run_all_tests() != CUE_SUCCESS || CU_get_number_of_tests_run() == 0) {
        fprintf(stderr, "selftest-harness: nothing to run for '%s'\n", pattern);
        return 2;
    }
    print_failures();
    failed = CU_get_number_of_tests_failed();
    printf("selftest-harness: %u tests, %u asserts, %u failed\n", CU_get_number_of_tests_run(),
           CU_get_number_of_asserts(), failed);
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
