/* build/suites: every case that was linked, under the runner. */
#include "fixtures/harness/runner.h"

int main(int argc, char **argv)
{
    return runner_main(argc, argv);
}
