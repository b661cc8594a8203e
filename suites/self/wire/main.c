/* Tests of the codec. No socket, no clock but for the seed. */
#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fixtures/wire/print.h"
#include "tests.h"

struct test {
    const char *suite, *name;
    void (*run)(void);
};

static struct test tests[100];
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

void want_str(struct str got, struct str wanted, const char *about)
{
    struct buf b;

    CU_ASSERT(str_eq(got, wanted));
    if (str_eq(got, wanted))
        return;
    buf_init(&b, ROOM);
    buf_printf(&b, "\n    %s\n      wanted ", about);
    str_print(&b, wanted);
    buf_printf(&b, "\n      got    ");
    str_print(&b, got);
    fprintf(stderr, "%.*s\n", STR_ARGS(buf_str(&b)));
    buf_clear(&b);
}

struct str at_the_edge(struct str octets)
{
    static const size_t room = 1 << 20;
    static char *start;
    char *p;

    if (!start) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);

        start = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED || mprotect(start + room, page, PROT_NONE) != 0)
            abort();
    }
    if (octets.n > room)
        abort();
    p = start + room - octets.n;
    if (octets.n)
        memcpy(p, octets.p, octets.n);
    return (struct str){ p, octets.n };
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
