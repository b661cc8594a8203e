/* The broker dies, hangs, is restarted, stays down: planned = reported all the same. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner_drive.h"

static void verdict_is(const struct drive *d, const char *id, const char *verdict)
{
    CU_ASSERT_STRING_EQUAL(drive_verdict(d, id), verdict);
}

static const char *kind(const struct drive *d, size_t n)
{
    return drive_text(drive_event(d, "restart", NULL, n), "kind");
}

static size_t times(const struct drive *d, const char *verb)
{
    char path[100], said[32];
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/verbs", d->dir);
    f = fopen(path, "re");
    while (f && fscanf(f, "%31s", said) == 1)
        n += strcmp(said, verb) == 0;
    if (f)
        fclose(f);
    return n;
}

/* ---- Death ---- */

static void dies_once(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-death/killer", "--only", "zz-death/later", "--jobs", "1", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-death/killer", "died");
    verdict_is(&d, "zz-death/later", "pass");
    CU_ASSERT_STRING_EQUAL(kind(&d, 0), "recover");
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "DIED  zz-death/killer"));
    drive_end(&d);
}

static void dies_too_often(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-death", "--jobs", "1", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-death/killer", "died");
    verdict_is(&d, "zz-death/killer_again", "died");
    verdict_is(&d, "zz-death/killer_third", "died");
    verdict_is(&d, "zz-death/killer_yet_again", "died");
    verdict_is(&d, "zz-death/later", "not-reached");
    CU_ASSERT_EQUAL(times(&d, "start"), 1 + 3);
    drive_end(&d);
}

static void dies_and_stays_down(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_touch(&d, "no-return");
    drive_run(&d, "--only", "zz-death/killer", "--only", "zz-death/later", "--jobs", "1", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-death/killer", "died");
    verdict_is(&d, "zz-death/later", "not-reached");
    CU_ASSERT_PTR_NOT_NULL(strstr(
        drive_text(drive_event(&d, "result", "zz-death/later", 0), "message"), "it stays down"));
    drive_end(&d);
}

/* One death, several victims: none of them is taken for a failure of its own. */
static void dies_in_company(void)
{
    struct drive d;
    json_t *notes;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-together", "--jobs", "2", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-together/bystander", "died");
    verdict_is(&d, "zz-together/culprit", "died");
    verdict_is(&d, "zz-together/later_on", "pass");
    CU_ASSERT_EQUAL(drive_count(&d, "restart"), 1);
    notes = json_object_get(drive_event(&d, "result", "zz-together/culprit", 0), "notes");
    CU_ASSERT_PTR_NOT_NULL(json_string_value(json_array_get(notes, 0)));
    drive_end(&d);
}

/* Without an adapter nobody can start it again. */
static void dies_without_adapter(void)
{
    struct drive d;
    char out[100];

    drive_begin(&d, true);
    snprintf(out, sizeof(out), "%s/out", d.dir);
    drive_bare(&d, "--port", d.port, "--out", out, "--only", "zz-death/killer", "--only",
               "zz-death/later", "--jobs", "1", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-death/killer", "died");
    verdict_is(&d, "zz-death/later", "not-reached");
    drive_end(&d);
}

/* ---- Silence ---- */

static void hangs(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-hang/hangs", "--deadline-ms", "1500", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-hang/hangs", "hung");
    drive_end(&d);
}

static void one_answer_missing(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-hang/one_answer_missing", "--deadline-ms", "1500", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    verdict_is(&d, "zz-hang/one_answer_missing", "fail");
    CU_ASSERT_EQUAL(drive_count(&d, "restart"), 0);
    drive_end(&d);
}

/* ---- Restarts ---- */

static void restarts(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-restart", "--skip", "*/forgot", "--jobs", "1", NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_EQUAL(drive_count(&d, "restart"), 2);
    CU_ASSERT_STRING_EQUAL(kind(&d, 0), "graceful");
    CU_ASSERT_EQUAL(
        json_integer_value(json_object_get(drive_event(&d, "restart", NULL, 0), "cases")), 3);
    CU_ASSERT_STRING_EQUAL(kind(&d, 1), "kill");
    CU_ASSERT_EQUAL(times(&d, "restart"), 1);
    CU_ASSERT_EQUAL(times(&d, "kill"), 1);
    drive_end(&d);
}

static void does_not_come_back(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_touch(&d, "no-return");
    drive_run(&d, "--only", "zz-restart", "--skip", "*/forgot", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    /* Who waited is sent home at once, not when its patience is over. */
    CU_ASSERT_PTR_NULL(strstr(
        drive_text(drive_event(&d, "result", "zz-restart/graceful_one", 0), "message"), "stopped"));
    verdict_is(&d, "zz-restart/graceful_one", "not-reached");
    verdict_is(&d, "zz-restart/graceful_three", "not-reached");
    verdict_is(&d, "zz-restart/kill_two", "not-reached");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(drive_text(drive_event(&d, "result", "zz-restart/graceful_one", 0), "message"),
               "did not come back"));
    drive_end(&d);
}

static void forgotten_restart(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-restart/forgot", NULL);
    CU_ASSERT_EQUAL(d.exit, 4);
    verdict_is(&d, "zz-restart/forgot", "harness-fault");
    drive_end(&d);
}

static void unsupported(void)
{
    struct drive d;
    char out[100];

    drive_begin(&d, true);
    snprintf(out, sizeof(out), "%s/out", d.dir);
    drive_bare(&d, "--port", d.port, "--out", out, "--only", "zz-restart", "--only",
               "zz-process/needy", "--only", "zz-process/passes", NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-process/needy", "unsupported");
    verdict_is(&d, "zz-restart/graceful_one", "unsupported");
    verdict_is(&d, "zz-restart/kill_two", "unsupported");
    verdict_is(&d, "zz-process/passes", "pass");
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "unsupported: needs kill (2)\n"
                                         "  zz-restart/kill_one zz-restart/kill_two\n"));
    drive_run(&d, "--only", "zz-process/needy", NULL);
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", NULL, 0), "message"),
                           "needs telepathy");
    drive_end(&d);
}

/* ---- Clusters ---- */

static void breaks_and_mends(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_touch(&d, "cluster");
    drive_run(&d, "--only", "zz-cluster/node_*", "--only", "zz-cluster/partition", "--jobs", "1",
              NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_EQUAL(drive_count(&d, "restart"), 4);
    CU_ASSERT_STRING_EQUAL(kind(&d, 0), "node-kill");
    CU_ASSERT_EQUAL(
        json_integer_value(json_object_get(drive_event(&d, "restart", NULL, 0), "cases")), 2);
    CU_ASSERT_STRING_EQUAL(kind(&d, 1), "node-start");
    CU_ASSERT_STRING_EQUAL(kind(&d, 2), "partition");
    CU_ASSERT_STRING_EQUAL(kind(&d, 3), "heal");
    CU_ASSERT_EQUAL(times(&d, "node-kill3"), 1);
    CU_ASSERT_EQUAL(times(&d, "node-start3"), 1);
    CU_ASSERT_EQUAL(times(&d, "partition3"), 1);
    CU_ASSERT_EQUAL(times(&d, "heal"), 1);
    drive_end(&d);
}

/* Nobody is left to ask for it. */
static void mends_all_the_same(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_touch(&d, "cluster");
    drive_run(&d, "--only", "zz-cluster/gives_up", "--repeat", "2", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_EQUAL(drive_count(&d, "restart"), 4);
    CU_ASSERT_EQUAL(times(&d, "partition3"), 2);
    CU_ASSERT_EQUAL(times(&d, "heal"), 2);
    drive_end(&d);
}

static void does_not_heal(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_touch(&d, "cluster");
    drive_touch(&d, "no-return");
    drive_run(&d, "--only", "zz-cluster/partition", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    verdict_is(&d, "zz-cluster/partition", "not-reached");
    drive_end(&d);
}

static void forgotten_mending(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_touch(&d, "cluster");
    drive_run(&d, "--only", "zz-cluster/forgot_to_mend", NULL);
    CU_ASSERT_EQUAL(d.exit, 4);
    verdict_is(&d, "zz-cluster/forgot_to_mend", "harness-fault");
    drive_end(&d);
}

static void no_cluster(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-cluster", NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    verdict_is(&d, "zz-cluster/node_one", "unsupported");
    verdict_is(&d, "zz-cluster/partition", "unsupported");
    CU_ASSERT_STRING_EQUAL(
        drive_text(drive_event(&d, "result", "zz-cluster/partition", 0), "message"),
        "needs cluster");
    CU_ASSERT_EQUAL(drive_count(&d, "restart"), 0);
    drive_end(&d);
}

static CU_TestInfo tests[] = {
    { "dies once, is started again", dies_once },
    { "dies four times", dies_too_often },
    { "dies and stays down", dies_and_stays_down },
    { "dies in company", dies_in_company },
    { "dies without an adapter", dies_without_adapter },
    { "hangs", hangs },
    { "one answer missing is no hang", one_answer_missing },
    { "one restart for all", restarts },
    { "does not come back from its restart", does_not_come_back },
    { "a restart forgotten", forgotten_restart },
    { "what nobody can do is unsupported", unsupported },
    { "a cluster is broken once for all, and mended", breaks_and_mends },
    { "a cluster is mended when no case is left", mends_all_the_same },
    { "a partition that does not heal", does_not_heal },
    { "a mending forgotten", forgotten_mending },
    { "where there is no cluster", no_cluster },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(runner_broker, tests)
