#define _GNU_SOURCE
#include "runner_drive.h"
#include "runner_fake.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS = 40 };

static const char *path_in(const struct drive *d, const char *name)
{
    static char path[160];

    snprintf(path, sizeof(path), "%s/%s", d->dir, name);
    return path;
}

void drive_write(const struct drive *d, const char *name, const char *text)
{
    FILE *f = fopen(path_in(d, name), "we");

    assert(f);
    fputs(text, f);
    fclose(f);
}

void drive_touch(const struct drive *d, const char *name)
{
    drive_write(d, name, "");
}

/* A port nobody had a moment ago. */
static void draw_port(char *port, size_t n)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    assert(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    snprintf(port, n, "%u", ntohs(a.sin_port));
    close(fd);
}

static int adapter(const struct drive *d, const char *verb)
{
    char command[200];

    snprintf(command, sizeof(command), "%s %s", d->adapter, verb);
    return system(command);
}

void drive_begin(struct drive *d, bool broker)
{
    char self[200], script[300];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    memset(d, 0, sizeof(*d));
    strcpy(d->dir, "/tmp/amqproof-selftest-XXXXXX");
    assert(n > 0 && mkdtemp(d->dir));
    self[n] = '\0';
    snprintf(d->adapter, sizeof(d->adapter), "%s/adapter", d->dir);
    snprintf(script, sizeof(script), "#!/bin/sh\nexec '%s' fake-broker \"$@\"\n", self);
    drive_write(d, "adapter", script);
    assert(chmod(d->adapter, 0700) == 0);
    draw_port(d->port, sizeof(d->port));
    setenv("AMQPROOF_PORT", d->port, 1);
    setenv("AMQPROOF_DATA", d->dir, 1);
    if (broker)
        assert(adapter(d, "start") == 0);
}

static void forget(struct drive *d)
{
    free(d->out);
    free(d->err);
    json_decref(d->events);
    d->out = d->err = NULL;
    d->events = NULL;
}

void drive_end(struct drive *d)
{
    char command[100];

    fake_adapter_main("kill", NULL); /* not by d->adapter: a test may have overwritten it */
    snprintf(command, sizeof(command), "rm -r '%s'", d->dir);
    assert(system(command) == 0);
    forget(d);
}

/* ---- Running ---- */

static void become_runner(const struct drive *d, const char **argv)
{
    int out = open(path_in(d, "stdout"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err = open(path_in(d, "stderr"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    dup2(out, 1);
    dup2(err, 2);
    execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(125);
}

static void start(struct drive *d, const char **argv, size_t n, va_list ap)
{
    do {
        assert(n < ARGUMENTS);
        argv[n] = va_arg(ap, const char *);
    } while (argv[n++]);
    forget(d);
    fflush(NULL);
    d->pid = fork();
    assert(d->pid >= 0);
    if (d->pid == 0)
        become_runner(d, argv);
}

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;

    if (!f || getdelim(&text, &room, '\0', f) < 0) {
        free(text);
        text = strdup("");
    }
    if (f)
        fclose(f);
    return text;
}

static json_t *read_events(const struct drive *d)
{
    json_t *list = json_array(), *line;
    FILE *f = fopen(path_in(d, "out/events.ndjson"), "re");

    while (f && (line = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)) != NULL)
        json_array_append_new(list, line);
    if (f)
        fclose(f);
    return list;
}

void drive_wait_unread(struct drive *d)
{
    int status = 0;

    while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    d->exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    d->out = slurp(path_in(d, "stdout"));
    d->err = slurp(path_in(d, "stderr"));
    if (getenv("SELFTEST_VERBOSE"))
        fprintf(stderr, "%s%s", d->out, d->err);
}

void drive_wait(struct drive *d)
{
    drive_wait_unread(d);
    d->events = read_events(d);
}

static size_t usual(const struct drive *d, const char **argv)
{
    static char out[100];

    snprintf(out, sizeof(out), "%s/out", d->dir);
    argv[0] = "selftest-harness";
    argv[1] = "run";
    argv[2] = "--adapter";
    argv[3] = d->adapter;
    argv[4] = "--out";
    argv[5] = out;
    return 6;
}

void drive_start(struct drive *d, ...)
{
    const char *argv[ARGUMENTS];
    va_list ap;

    va_start(ap, d);
    start(d, argv, usual(d, argv), ap);
    va_end(ap);
}

void drive_run(struct drive *d, ...)
{
    const char *argv[ARGUMENTS];
    va_list ap;

    va_start(ap, d);
    start(d, argv, usual(d, argv), ap);
    va_end(ap);
    drive_wait(d);
}

void drive_bare(struct drive *d, ...)
{
    const char *argv[ARGUMENTS];
    va_list ap;

    va_start(ap, d);
    (void)usual(d, argv);
    start(d, argv, 2, ap);
    va_end(ap);
    drive_wait(d);
}

/* ---- Looking ---- */

const char *drive_text(json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));

    return text ? text : "";
}

json_t *drive_event(const struct drive *d, const char *event, const char *id, size_t n)
{
    size_t i;
    json_t *e;

    json_array_foreach(d->events, i, e)
    {
        if (strcmp(drive_text(e, "event"), event) == 0 &&
            (!id || strcmp(drive_text(e, "id"), id) == 0) && n-- == 0)
            return e;
    }
    return NULL;
}

size_t drive_count(const struct drive *d, const char *event)
{
    size_t n = 0;

    while (drive_event(d, event, NULL, n))
        n++;
    return n;
}

const char *drive_verdict(const struct drive *d, const char *id)
{
    return drive_text(drive_event(d, "result", id, 0), "verdict");
}

bool drive_is_complete(const struct drive *d)
{
    json_t *plan = drive_event(d, "plan", NULL, 0), *end = drive_event(d, "end", NULL, 0);
    json_t *cases = json_object_get(plan, "cases"), *c;
    json_int_t repeat =
        json_integer_value(json_object_get(json_object_get(plan, "options"), "repeat"));
    json_int_t planned = json_integer_value(json_object_get(plan, "planned"));
    json_int_t reported =
        json_integer_value(json_object_get(json_object_get(end, "counts"), "reported"));
    size_t i;

    json_array_foreach(cases, i, c)
    {
        const char *id = drive_text(c, "id");

        if (!drive_event(d, "result", id, (size_t)repeat - 1) ||
            drive_event(d, "result", id, (size_t)repeat))
            return false;
    }
    return drive_count(d, "plan") == 1 && drive_count(d, "end") == 1 && planned > 0 &&
           planned == (json_int_t)json_array_size(cases) * repeat && reported == planned &&
           drive_count(d, "result") == (size_t)planned &&
           json_integer_value(json_object_get(end, "exit")) == d->exit;
}
