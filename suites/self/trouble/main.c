/* selftest-trouble [PART]: the broker when the n-th call fails, for every n; when it has no
   descriptors left; when the clock jumps. Run beside build/refbroker and build/trouble-shim.so.

   AMQPROOF_TROUBLE_ALL=1: each n with each way to end (else one of them, by turns). */
#include "tests.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

unsigned long checks, checks_failed;
static char about[128]; /* what is being tried */

bool check(bool good, const char *file, int line, const char *what, const char *format, ...)
{
    va_list args;

    checks++;
    if (good)
        return true;
    checks_failed++;
    printf("not ok  %s: %s:%d  %s: ", about, file, line, what);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    return false;
}

void saying(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(about, sizeof about, format, args);
    va_end(args);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        unsigned (*run)(struct host *h);
    } parts[] = { { "calls", run_calls },
                  { "files", run_files },
                  { "descriptors", run_descriptors },
                  { "clock", run_clock } };
    const char *build = getenv("AMQPROOF_BUILD");
    unsigned tests = 0, failed = 0;
    struct host h;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!host_init(&h, build ? build : "build")) {
        fprintf(stderr, "selftest-trouble: build/refbroker and build/trouble-shim.so are needed\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        unsigned long before = checks_failed;

        if (argc > 1 && !strstr(parts[i].name, argv[1]))
            continue;
        tests += parts[i].run(&h);
        failed += checks_failed > before;
    }
    host_clear(&h);
    printf("selftest-trouble: %u tests, %lu asserts, %u failed\n", tests, checks, failed);
    return failed || tests == 0;
}
