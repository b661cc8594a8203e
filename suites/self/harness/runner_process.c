/* Cases that misbehave as processes: whatever they do, the run has a verdict for each. */
#define _GNU_SOURCE
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner_drive.h"

static bool message_says(const struct drive *d, const char *id, const char *text)
{
    return strstr(drive_text(drive_event(d, "result", id, 0), "message"), text) != NULL;
}

static void check_fault(const struct drive *d, const char *id, const char *text)
{
    CU_ASSERT_STRING_EQUAL(drive_verdict(d, id), "harness-fault");
    if (!message_says(d, id, text)) {
        CU_FAIL("another message");
        printf("%s: %s\n", id, drive_text(drive_event(d, "result", id, 0), "message"));
    }
}

static void ends(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-process/[!n]*", "--skip", "zz-process/announces", "--jobs", "4",
              NULL);
    CU_ASSERT_EQUAL(d.exit, 4);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/passes"), "pass");
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/talks"), "pass");
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/fails"), "fail");
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/weakly"), "weak");
    check_fault(&d, "zz-process/segfault", "SIGSEGV");
    check_fault(&d, "zz-process/aborts", "SIGABRT");
    check_fault(&d, "zz-process/aborts", "last words");
    check_fault(&d, "zz-process/exits", "exited with 7");
    check_fault(&d, "zz-process/garbage", "garbage");
    check_fault(&d, "zz-process/twice", "more than one result");
    check_fault(&d, "zz-process/cut", "cut");
    check_fault(&d, "zz-process/leaks", "left processes behind: ");
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/leaks_and_fails"), "fail");
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "\nall "));
    drive_end(&d);
}

/* The process that was left behind has been killed when its result is there. */
static void left_behind_is_killed(void)
{
    struct drive d;
    const char *at;
    int pid = 0;
    struct pollfd gone = { .events = POLLIN };

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-process/leaks", NULL);
    at = strchr(drive_text(drive_event(&d, "result", NULL, 0), "message"), '(');
    CU_ASSERT_FATAL(at && sscanf(at, "(%d)", &pid) == 1);
    /* Killed is not yet dead: the kernel says when. */
    gone.fd = pidfd_open(pid, 0);
    CU_ASSERT((gone.fd < 0 && errno == ESRCH) || poll(&gone, 1, 5000) == 1);
    if (gone.fd >= 0)
        close(gone.fd);
    drive_end(&d);
}

/* One more try, and no more. */
static void second_try(void)
{
    struct drive d;
    json_t *notes;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-cut/*", NULL);
    CU_ASSERT_EQUAL(d.exit, 4);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-cut/once"), "pass");
    notes = json_object_get(drive_event(&d, "result", "zz-cut/once", 0), "notes");
    CU_ASSERT_PTR_NOT_NULL_FATAL(json_string_value(json_array_get(notes, 0)));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(json_string_value(json_array_get(notes, 0)), "ran a second time"));
    check_fault(&d, "zz-cut/always", "capture cut");
    drive_end(&d);
}

static void limit(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-process/never_ends", "--case-limit-ms", "150", NULL);
    CU_ASSERT_EQUAL(d.exit, 4);
    CU_ASSERT(drive_is_complete(&d));
    check_fault(&d, "zz-process/never_ends", "exceeded its limit of 150 ms");
    setenv("AMQPROOF_CASE_LIMIT_MS", "120", 1);
    drive_run(&d, "--only", "zz-process/never_ends", NULL);
    unsetenv("AMQPROOF_CASE_LIMIT_MS");
    check_fault(&d, "zz-process/never_ends", "exceeded its limit of 120 ms");
    drive_end(&d);
}

static void stop_with(int number, const char *name)
{
    struct drive d;
    char fifo[100], octet;
    int fd;

    drive_begin(&d, true);
    snprintf(fifo, sizeof(fifo), "%s/fifo", d.dir);
    CU_ASSERT_FATAL(mkfifo(fifo, 0600) == 0);
    setenv("SELFTEST_FIFO", fifo, 1);
    drive_start(&d, "--only", "zz-process/announces", "--only", "zz-process/weakly", "--jobs", "1",
                "--repeat", "3", NULL);
    fd = open(fifo, O_RDONLY); /* returns when the case is there */
    CU_ASSERT_EQUAL(read(fd, &octet, 1), 1);
    kill(d.pid, number);
    drive_wait(&d);
    close(fd);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT(json_is_true(json_object_get(drive_event(&d, "end", NULL, 0), "interrupted")));
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/announces"), "not-reached");
    CU_ASSERT(message_says(&d, "zz-process/announces", name));
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/weakly"), "not-reached");
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "Interrupted"));
    drive_end(&d);
}

static void interrupted(void)
{
    stop_with(SIGTERM, "SIGTERM");
    stop_with(SIGINT, "SIGINT");
}

/* /dev/full stands for a disk that fills up in mid-run. */
static void disk_full(void)
{
    struct drive d;
    char path[100];

    drive_begin(&d, true);
    snprintf(path, sizeof(path), "%s/out", d.dir);
    CU_ASSERT_FATAL(mkdir(path, 0700) == 0);
    snprintf(path, sizeof(path), "%s/out/events.ndjson", d.dir);
    CU_ASSERT_FATAL(symlink("/dev/full", path) == 0);
    drive_start(&d, "--only", "zz-process/passes", "--only", "zz-process/weakly", NULL);
    /* Reading /dev/full never ends: what is looked at afterwards is a file. */
    drive_wait_unread(&d);
    CU_ASSERT_EQUAL(d.exit, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.err, "No space left on device"));
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "\nall "));
    drive_end(&d);
}

static void repeats_and_strict(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-process/passes", "--only", "zz-process/weakly", "--repeat", "5",
              "--shuffle", "--seed", "7", NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_EQUAL(drive_count(&d, "result"), 10);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "seed 7"));
    drive_run(&d, "--only", "zz-process/weakly", "--strict", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "WEAK  zz-process/weakly"));
    drive_end(&d);
}

static void kept_captures(void)
{
    struct drive d;
    char path[120];
    struct stat s;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-process/passes", "--only", "zz-process/fails", "--keep", "red",
              NULL);
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", "zz-process/passes", 0), "capture"),
                           "");
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", "zz-process/fails", 0), "capture"),
                           "captures/zz-process.fails.pcap");
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", "zz-process/fails", 0), "frames"),
                           "frames/zz-process.fails.frames");
    snprintf(path, sizeof(path), "%s/out/captures/zz-process.passes.pcap", d.dir);
    CU_ASSERT_NOT_EQUAL(stat(path, &s), 0);
    snprintf(path, sizeof(path), "%s/out/captures/zz-process.fails.pcap", d.dir);
    CU_ASSERT_EQUAL(stat(path, &s), 0);
    drive_end(&d);
}

/* A slot is free once the result is here; the process is still looked after. */
static void leaving(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-leave", "--jobs", "1", "--case-limit-ms", "5000", NULL);
    CU_ASSERT_EQUAL(d.exit, 4);
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", NULL, 0), "id"), "zz-leave/b_next");
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-leave/b_next"), "pass");
    check_fault(&d, "zz-leave/a_lingers", "exceeded its limit of 5000 ms");
    drive_end(&d);
}

static json_int_t unstable(const struct drive *d)
{
    json_t *counts = json_object_get(drive_event(d, "end", NULL, 0), "counts");

    return json_integer_value(json_object_get(counts, "unstable"));
}

static void stability(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-flake/flaky", "--only", "zz-flake/steady", "--repeat", "3",
              "--shuffle", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT_EQUAL(unstable(&d), 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(d.out, "from run to run (1)\n  zz-flake/flaky: 1 pass, 2 weak\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "%  zz-flake/steady\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "Does not conform: 1 cases change their verdict."));
    /* What is red in every run is red, whatever colour of red. */
    drive_run(&d, "--only", "zz-flake/worse", "--only", "zz-flake/steady", "--repeat", "2", NULL);
    CU_ASSERT_EQUAL(d.exit, 4);
    CU_ASSERT_EQUAL(unstable(&d), 0);
    /* Now it has settled. */
    drive_run(&d, "--only", "zz-flake/flaky", "--repeat", "2", NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    CU_ASSERT_PTR_NULL(strstr(d.out, "unstable"));
    drive_end(&d);
}

static void segmented(void)
{
    static const char *const modes[] = { "byte",     "boundary",    "random",
                                         "coalesce", "slow-reader", "whole" };
    struct drive d;
    json_t *options;

    drive_begin(&d, true);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        drive_run(&d, "--only", "zz-process/passes", "--only", "zz-process/fails", "--segmentation",
                  modes[i], "--seed", "9", "--rerun-prefix", "again", NULL);
        CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/passes"), "pass");
        options = json_object_get(drive_event(&d, "plan", NULL, 0), "options");
        CU_ASSERT_STRING_EQUAL(drive_text(options, "segmentation"), modes[i]);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "again --only zz-process/fails"));
    drive_run(&d, "--only", "zz-process/fails", "--segmentation", "byte", "--seed", "9",
              "--rerun-prefix", "again", NULL);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(d.out, "again --segmentation byte --seed 9 --only zz-process/fails"));
    drive_end(&d);
}

static CU_TestInfo tests[] = {
    { "every kind of end", ends },
    { "what is left behind is killed", left_behind_is_killed },
    { "the limit of a case", limit },
    { "a cut capture has a second try", second_try },
    { "interrupted in mid-run", interrupted },
    { "the disk is full", disk_full },
    { "repetition, shuffle, strict", repeats_and_strict },
    { "captures that are kept", kept_captures },
    { "a process that leaves slowly holds up nobody", leaving },
    { "a verdict that changes", stability },
    { "every segmentation", segmented },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(runner_process, tests)
