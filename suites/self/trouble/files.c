/* Folders and stores that are no good: exit code 3 and one line that names the place; never a
   crash, and what is there stays as it was. */
#include "tests.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOON_MS = 10000, STOP_MS = 5000, PAGE = 4096, FILE_MOST = 1 << 20 };

static const char *data_file(const struct host *h)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/data.mdb", h->data);
    return path;
}

static void refused(struct host *h, const char *where, const char *why)
{
    int code;

    CHECK(!host_start(h, false), "it starts");
    code = host_ended(h, STOP_MS);
    CHECK(code == 3, "ended with %d: %s", code, h->said);
    CHECK(strstr(h->said, where) && strstr(h->said, why), "wanted '%s', it says: %s", why, h->said);
    CHECK(strchr(h->said, '\n') == h->said + strlen(h->said) - 1, "more than a line: %s", h->said);
    host_kill(h);
}

/* A store with some messages in it, read into `octets`. */
static size_t make_store(struct host *h, char octets[FILE_MOST])
{
    static const struct m_queue_declare jobs = { .queue = { "jobs", 4 }, .durable = true };
    static const struct m_confirm_select select;
    static char body[3000];
    static struct talk t;
    ssize_t n = 0;
    int fd;

    host_fresh(h);
    memset(body, 'b', sizeof body);
    if (CHECK(host_start(h, false) && talk_open(&t, h->port, SOON_MS) &&
                  talk_ask(&t, M_confirm_select, &select, M_confirm_select_ok, SOON_MS) &&
                  talk_ask(&t, M_queue_declare, &jobs, M_queue_declare_ok, SOON_MS),
              "no broker")) {
        for (int i = 0; i < 40; i++)
            talk_publish(&t, "jobs", true, (struct str){ body, i % 2 ? sizeof body : 100 });
        while (t.up && t.settled < t.published)
            talk_hear(&t, INT64_MAX);
        kill(h->pid, SIGTERM);
        CHECK(host_ended(h, STOP_MS) == 0, "%s", h->said);
    }
    talk_end(&t);
    fd = open(data_file(h), O_RDONLY);
    if (fd >= 0)
        n = read(fd, octets, FILE_MOST);
    close(fd);
    CHECK(n > 20 * PAGE && n < FILE_MOST, "%zd octets", n);
    return n > 0 ? (size_t)n : 0;
}

static void lay(struct host *h, const char *octets, size_t n)
{
    FILE *f = fopen(data_file(h), "w");

    CHECK(f && fwrite(octets, 1, n, f) == n && fclose(f) == 0, "cannot write");
}

/* Refused in good order; or it starts, because nothing needs what was altered, and all is there. */
static bool refused_or_whole(struct host *h)
{
    static const struct m_queue_declare jobs = { .queue = { "jobs", 4 },
                                                 .passive = true,
                                                 .durable = true };
    static struct talk t;
    bool started = host_start(h, false);
    int code;

    if (started) {
        CHECK(talk_open(&t, h->port, SOON_MS) &&
                  talk_ask(&t, M_queue_declare, &jobs, M_queue_declare_ok, SOON_MS),
              "it starts, and has lost the queue");
        CHECK(t.messages == 40, "it starts, and has %u of 40 messages", t.messages);
        talk_end(&t);
        host_kill(h);
        return false;
    }
    code = host_ended(h, STOP_MS);
    CHECK(code == 3 && strstr(h->said, "damaged") && strstr(h->said, "start with another"),
          "ended with %d: %s", code, h->said);
    return true;
}

static unsigned damaged(struct host *h)
{
    static char octets[FILE_MOST], page[PAGE];
    bool all = getenv("AMQPROOF_TROUBLE_ALL") != NULL;
    size_t n = make_store(h, octets);
    unsigned tests = 0, seen = 0;

    for (size_t at = 0; at < n; at += PAGE) {
        for (int with = all ? 0 : (int)(at / PAGE % 2); with < 2; with += all ? 1 : 2) {
            saying("page %zu overwritten with %s", at / PAGE, with ? "0xff" : "zeros");
            memcpy(page, octets + at, PAGE);
            memset(octets + at, with ? 0xff : 0, PAGE);
            lay(h, octets, n);
            memcpy(octets + at, page, PAGE);
            seen += refused_or_whole(h);
            tests++;
        }
    }
    CHECK(seen > tests / 4, "%u of %u were refused", seen, tests);
    for (size_t cut = 1; cut < n; cut += n / 12) {
        saying("cut to %zu of %zu octets", cut, n);
        lay(h, octets, cut);
        CHECK(refused_or_whole(h), "it starts");
        tests++;
    }
    return tests;
}

static unsigned folders(struct host *h)
{
    char kept[sizeof h->data];

    memcpy(kept, h->data, sizeof kept);
    saying("not a folder");
    host_fresh(h);
    snprintf(h->data, sizeof h->data, "/dev/null");
    refused(h, "/dev/null", "Not a directory");
    saying("no such place");
    snprintf(h->data, sizeof h->data, "%.60s/no/where", h->dir);
    refused(h, "no/where", "No such file or directory");
    saying("nothing can be written");
    snprintf(h->data, sizeof h->data, "/proc/self");
    refused(h, "/proc/self", "No such file or directory");
    memcpy(h->data, kept, sizeof kept);
    return 3;
}

unsigned run_files(struct host *h)
{
    return folders(h) + damaged(h);
}
