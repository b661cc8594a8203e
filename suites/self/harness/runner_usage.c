/* Bad input: one clear line on stderr, the right exit code, a report where there can be one. */
#define _GNU_SOURCE
#include "suites.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner_drive.h"

/* One line, and it says this. */
static void complains(const struct drive *d, int code, const char *text)
{
    const char *end = strchr(d->err, '\n');

    CU_ASSERT_EQUAL(d->exit, code);
    CU_ASSERT(end && end[1] == '\0');
    if (!strstr(d->err, text)) {
        CU_FAIL("another complaint");
        printf("wanted '%s', got '%s'\n", text, d->err);
    }
}

static void usage(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--frobnicate", NULL);
    complains(&d, 2, "no such option: --frobnicate");
    drive_run(&d, "stray", NULL);
    complains(&d, 2, "no such argument: stray");
    drive_run(&d, "--seed", NULL);
    complains(&d, 2, "an argument is missing for --seed");
    drive_run(&d, "--jobs", "0", NULL);
    complains(&d, 2, "--jobs wants a number from 1 to 256, not '0'");
    drive_run(&d, "--seed", "-1", NULL);
    complains(&d, 2, "--seed wants a number");
    drive_run(&d, "--capture", "camera", NULL);
    complains(&d, 2, "--capture knows no 'camera'");
    drive_run(&d, "--segmentation", "wavy", NULL);
    complains(&d, 2, "--segmentation knows no 'wavy'");
    drive_bare(&d, "--only", "zz-process/passes", NULL);
    complains(&d, 2, "which broker?");
    drive_end(&d);
}

static void selects_nothing(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-prozess", NULL);
    complains(&d, 2, "the pattern 'zz-prozess' selects nothing");
    drive_run(&d, "--only", "zz-process", "--only", "typo", NULL);
    complains(&d, 2, "the pattern 'typo' selects nothing");
    drive_run(&d, "--only", "zz-process/passes", "--skip", "zz-process", NULL);
    complains(&d, 2, "nothing selected");
    CU_ASSERT_EQUAL(json_array_size(d.events), 0);
    drive_end(&d);
}

static void unwritable(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_bare(&d, "--port", d.port, "--only", "zz-process/passes", "--out", "/proc/nowhere", NULL);
    complains(&d, 2, "cannot write to /proc/nowhere");
    drive_run(&d, "--only", "zz-process/passes", "--ledger", "/nowhere", NULL);
    complains(&d, 2, "cannot read the ledger /nowhere");
    drive_run(&d, "--only", "zz-process/passes", "--rules", "/nowhere", NULL);
    complains(&d, 2, "cannot read the rules in /nowhere");
    drive_end(&d);
}

static void unknown_rule(void)
{
    struct drive d;
    char rules[100];

    drive_begin(&d, true);
    drive_write(&d, "rules.tsv", "id\tlevel\texpected\nother.rule\tMUST\tnothing\n");
    drive_write(&d, "extensions.tsv", "id\tlevel\texpected\n");
    snprintf(rules, sizeof(rules), "%s/rules.tsv", d.dir);
    drive_run(&d, "--only", "zz-process/passes", "--rules", rules, NULL);
    complains(&d, 4, "zz-process/passes names the rule transport.closure.states");
    drive_end(&d);
}

static void rule_is_printed(void)
{
    struct drive d;
    char rules[100];

    drive_begin(&d, true);
    drive_write(&d, "rules.tsv",
                "id\tlevel\texpected\n"
                "transport.closure.states\tMUST\tA rule with words enough that its text does not "
                "fit into one line of eighty columns at all.\n");
    drive_write(&d, "extensions.tsv", "id\tlevel\texpected\n");
    snprintf(rules, sizeof(rules), "%s/rules.tsv", d.dir);
    drive_run(&d, "--only", "zz-process/fails", "--rules", rules, "--rerun-prefix", "again run",
              NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "transport.closure.states (MUST)\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "A rule with words enough that its text does not fit "));
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "again run --only zz-process/fails\n"));
    CU_ASSERT_PTR_NULL(strchr(d.out, '\033'));
    drive_end(&d);
}

static void no_shard(void)
{
    static const char *const wrong[] = { "0/3",  "4/3",  "1",    "1/",   "/3",
                                         "1/3x", "1//3", "-1/3", "1/257" };
    struct drive d;

    drive_begin(&d, true);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        drive_run(&d, "--shard", wrong[i], NULL);
        complains(&d, 2, "--shard wants I/N");
    }
    drive_run(&d, "--only", "zz-process/passes", "--shard", "2/2", NULL);
    complains(&d, 2, "--shard 2/2 has nothing to run: 1 selected");
    CU_ASSERT_EQUAL(json_array_size(d.events), 0);
    drive_end(&d);
}

/* ---- The broker cannot be reached ---- */

static void refused(void)
{
    struct drive d;

    drive_begin(&d, false);
    drive_run(&d, "--only", "zz-process/passes", NULL);
    complains(&d, 3, "Connection refused");
    CU_ASSERT_PTR_NOT_NULL(strstr(d.err, d.port));
    CU_ASSERT(drive_is_complete(&d));
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/passes"), "not-reached");
    drive_bare(&d, "--port", d.port, "--host", "no.such.host.invalid", NULL);
    complains(&d, 3, "no such host");
    drive_end(&d);
}

static void wrong_password(void)
{
    struct drive d;

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-process/passes", "--password", "w", "--user", "somebody", NULL);
    complains(&d, 3, "user 'somebody' is refused: wrong user or password");
    drive_end(&d);
}

static void bad_adapter(void)
{
    struct drive d;

    drive_begin(&d, false);
    drive_write(&d, "adapter", "#!/bin/sh\nexit 0\n");
    drive_run(&d, "--only", "zz-process/passes", NULL);
    complains(&d, 3, "must exit 127");
    drive_write(&d, "adapter",
                "#!/bin/sh\n[ \"$1\" = describe ] || exit 127\necho broken >&2\nexit 5\n");
    drive_run(&d, "--only", "zz-process/passes", NULL);
    complains(&d, 3, "describe failed (exit 5): broken");
    CU_ASSERT(drive_is_complete(&d));
    drive_bare(&d, "--adapter", "/nowhere/adapter", "--only", "zz-process/passes", NULL);
    complains(&d, 3, "/nowhere/adapter");
    drive_end(&d);
}

/* Something listens and says this to whoever comes; NULL: nothing at all. */
static pid_t stranger(char *port, size_t n, const char *octets, size_t len)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    pid_t pid;

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &size) < 0)
        return -1;
    snprintf(port, n, "%u", ntohs(a.sin_port));
    pid = fork();
    if (pid == 0) {
        char hello[64];
        int c;

        alarm(60);
        while ((c = accept(fd, NULL, NULL)) >= 0) {
            if (octets && read(c, hello, sizeof(hello)) > 0 && write(c, octets, len) >= 0)
                close(c);
        }
        _exit(0);
    }
    close(fd);
    return pid;
}

/* Who says something is known at once, whenever that is; only silence has to be waited for. */
static void meets(const char *octets, size_t len, const char *complaint)
{
    struct drive d;
    char port[8];
    pid_t pid = stranger(port, sizeof(port), octets, len);

    CU_ASSERT_FATAL(pid > 0);
    drive_begin(&d, false);
    drive_bare(&d, "--port", port, "--only", "zz-process/passes", "--deadline-ms",
               octets ? "5000" : "200", NULL);
    complains(&d, 3, complaint);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.err, port));
    drive_end(&d);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

#define MEETS(literal, complaint) meets(literal, sizeof(literal) - 1, complaint)

static void strangers(void)
{
    MEETS("\x15\x03\x03\x00\x02\x02\x46", "expects TLS");
    MEETS("HTTP/1.1 400 Bad Request\r\n", "HTTP server");
    MEETS("AMQP\x03\x01\x00\x00", "offers 3-1-0-0");
    MEETS("SSH-2.0-x\r\n", "no AMQP broker");
    MEETS("\x01\x00\x00", "no AMQP broker");
    MEETS("", "TLS expected, or no AMQP broker?");
    meets(NULL, 0, "timeout: accepts connections but does not answer");
}

/* ---- The ledger, as a run sees it ---- */

static void ledger_in_a_run(void)
{
    struct drive d;
    const char *fingerprint;
    char text[2000], path[100];

    drive_begin(&d, true);
    drive_run(&d, "--only", "zz-process/fails", NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    fingerprint = drive_text(drive_event(&d, "result", NULL, 0), "fingerprint");
    snprintf(text, sizeof(text), "zz-process/fails\t%s\tknown\tsomewhere\n", fingerprint);
    drive_write(&d, "ledger.tsv", text);
    snprintf(path, sizeof(path), "%s/ledger.tsv", d.dir);
    drive_run(&d, "--only", "zz-process/fails", "--ledger", path, NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", NULL, 0), "ledger"), "matched");
    CU_ASSERT_STRING_EQUAL(drive_verdict(&d, "zz-process/fails"), "fail");

    drive_write(&d, "ledger.tsv", "zz-process/fails\totherwise\tknown\tsomewhere\n");
    drive_run(&d, "--only", "zz-process/fails", "--ledger", path, NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", NULL, 0), "ledger"), "differs");
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "differently failing"));

    drive_write(&d, "ledger.tsv", "zz-process/passes\t*\tknown\tsomewhere\n");
    drive_run(&d, "--only", "zz-process/passes", "--ledger", path, NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", NULL, 0), "ledger"), "stale");
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "STALE LEDGER LINE  zz-process/passes"));

    drive_write(&d, "ledger.tsv", "zz-process/gone\t*\tknown\tsomewhere\n");
    drive_run(&d, "--only", "zz-process/passes", "--ledger", path, NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "ledger", NULL, 0), "case"),
                           "zz-process/gone");

    /* A death is nobody's known deviation. */
    drive_write(&d, "ledger.tsv", "zz-death/killer\t*\tknown\tsomewhere\n");
    drive_run(&d, "--only", "zz-death/killer", "--ledger", path, NULL);
    CU_ASSERT_EQUAL(d.exit, 1);
    CU_ASSERT_STRING_EQUAL(drive_text(drive_event(&d, "result", NULL, 0), "ledger"), "none");
    drive_end(&d);
}

static void listing(void)
{
    struct drive d;

    drive_begin(&d, false);
    drive_bare(&d, "--list", "--only", "zz-process/passes", NULL);
    CU_ASSERT_EQUAL(d.exit, 0);
    CU_ASSERT_STRING_EQUAL(d.out,
                           "zz-process/passes\ttransport.closure.states\ta case that passes\n");
    drive_bare(&d, "--list-json", "--only", "zz-restart/kill_*", NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.out, "\"group\": \"kill\""));
    drive_end(&d);
}

static CU_TestInfo tests[] = {
    { "options", usage },
    { "patterns that select nothing", selects_nothing },
    { "no shard", no_shard },
    { "files that cannot be written or read", unwritable },
    { "a case with an unknown rule", unknown_rule },
    { "a failure shows its rule", rule_is_printed },
    { "nobody listens", refused },
    { "wrong password", wrong_password },
    { "adapters that are none", bad_adapter },
    { "others than AMQP brokers", strangers },
    { "the ledger in a run", ledger_in_a_run },
    { "--list", listing },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(runner_usage, tests)
