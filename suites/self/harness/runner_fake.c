#define _GNU_SOURCE
#include "runner_fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixtures/wire/frame.h"

enum { CONNECTIONS = 60, LIFE_S = 120, LIMIT_TALK = 1 << 20 };

struct guest {
    int fd;
    struct buf in;
    bool waits;
};

struct fake {
    int listener;
    struct guest guests[CONNECTIONS];
    size_t n;
    bool dies_together;
};

static void answer(struct guest *g, uint16_t channel, enum method_id id, const void *args)
{
    struct buf b;

    buf_init(&b, LIMIT_TALK);
    frame_put_method(&b, channel, id, args);
    (void)send(g->fd, b.p, b.n, MSG_NOSIGNAL);
    buf_clear(&b);
}

/* ---- What it says ---- */

/* A case's name for "die" ends so, whatever else stands before it. */
static bool asks(struct str name, const char *what)
{
    size_t n = strlen(what);

    return name.n >= n && memcmp(name.p + name.n - n, what, n) == 0;
}

static bool says(struct str text, const char *word)
{
    return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static void on_declare(struct fake *f, struct guest *g, const struct frame *fr)
{
    const struct m_queue_declare *m = fr->args;

    if (asks(m->queue, "hang")) {
        for (;;)
            pause();
    }
    if (asks(m->queue, "together"))
        f->dies_together = true;
    else if (asks(m->queue, "die"))
        _exit(0);
    else if (asks(m->queue, "wait"))
        g->waits = true;
    else
        answer(g, fr->channel, M_queue_declare_ok,
               &(struct m_queue_declare_ok){ .queue = m->queue });
}

static void on_start_ok(struct guest *g, const struct m_connection_start_ok *m)
{
    if (says(m->response, "guest"))
        answer(g, 0, M_connection_tune,
               &(struct m_connection_tune){ .channel_max = 100, .frame_max = 131072 });
    else
        answer(g, 0, M_connection_close,
               &(struct m_connection_close){ .reply_code = 403, .reply_text = S("no entry") });
}

static void on_method(struct fake *f, struct guest *g, const struct frame *fr)
{
    switch (fr->method ? fr->method->id : M_none) {
    case M_connection_start_ok: on_start_ok(g, fr->args); break;
    case M_connection_open:
        answer(g, 0, M_connection_open_ok, &(struct m_connection_open_ok){ .end_ = 0 });
        break;
    case M_connection_close:
        answer(g, 0, M_connection_close_ok, &(struct m_connection_close_ok){ .end_ = 0 });
        break;
    case M_channel_open:
        answer(g, fr->channel, M_channel_open_ok, &(struct m_channel_open_ok){ .end_ = 0 });
        break;
    case M_channel_close:
        answer(g, fr->channel, M_channel_close_ok, &(struct m_channel_close_ok){ .end_ = 0 });
        break;
    case M_queue_delete:
        answer(g, fr->channel, M_queue_delete_ok,
               &(struct m_queue_delete_ok){ .message_count = 0 });
        break;
    case M_queue_declare: on_declare(f, g, fr); break;
    default: break;
    }
}

static void on_frame(struct fake *f, struct guest *g, const struct frame *fr)
{
    struct m_connection_start start = { .version_minor = 9,
                                        .mechanisms = S("PLAIN"),
                                        .locales = S("en_US") };

    if (fr->type == FRAME_PROTOCOL_HEADER)
        answer(g, 0, M_connection_start, &start);
    else if (fr->args)
        on_method(f, g, fr);
}

/* ---- Its loop ---- */

static bool hear(struct fake *f, struct guest *g)
{
    struct arena *arena = arena_new();
    char octets[4096];
    struct frame fr;
    struct cur c;
    ssize_t n = recv(g->fd, octets, sizeof(octets), 0);

    if (n > 0)
        buf_put(&g->in, octets, (size_t)n);
    c = cur_of(buf_str(&g->in));
    while (frame_get(&c, &fr, arena) == FRAME_WHOLE)
        on_frame(f, g, &fr);
    buf_drop(&g->in, c.pos);
    arena_free(arena);
    return n > 0;
}

static void step(struct fake *f)
{
    struct pollfd p[CONNECTIONS + 1] = { { .fd = f->listener, .events = POLLIN } };
    size_t n = f->n;

    for (size_t i = 0; i < n; i++)
        p[i + 1] = (struct pollfd){ .fd = f->guests[i].fd, .events = POLLIN };
    if (poll(p, n + 1, -1) < 0)
        return;
    for (size_t i = n; i-- > 0;) {
        struct guest *g = &f->guests[i];

        if (f->dies_together && g->waits)
            _exit(0);
        if (!p[i + 1].revents || hear(f, g))
            continue;
        close(g->fd);
        buf_clear(&g->in);
        *g = f->guests[--f->n];
    }
    for (size_t i = 0; i < f->n && f->dies_together; i++) {
        if (f->guests[i].waits)
            _exit(0);
    }
    if (p[0].revents && f->n < CONNECTIONS) {
        f->guests[f->n] = (struct guest){ .fd = accept(f->listener, NULL, NULL) };
        buf_init(&f->guests[f->n++].in, LIMIT_TALK);
    }
}

static int listen_at(uint16_t port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0)
        return -1;
    return fd;
}

/* ---- The adapter ---- */

static FILE *file(const char *name, const char *mode)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", getenv("AMQPROOF_DATA"), name);
    return fopen(path, mode);
}

static bool exists(const char *name)
{
    FILE *f = file(name, "re");

    if (f)
        fclose(f);
    return f != NULL;
}

static void end_it(void)
{
    FILE *f = file("pid", "re");
    int pid = 0;

    if (f && fscanf(f, "%d", &pid) == 1 && pid > 1 && kill(pid, SIGKILL) == 0) {
        struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };

        /* A zombie counts as ended: who reaps it is not our business. */
        if (p.fd >= 0)
            poll(&p, 1, 10000);
        close(p.fd);
    }
    if (f)
        fclose(f);
}

static int start_it(void)
{
    struct fake f = { .listener = listen_at((uint16_t)atoi(getenv("AMQPROOF_PORT"))) };
    FILE *pid;

    if (exists("pid") && exists("no-return")) {
        fprintf(stderr, "it stays down\n");
        return 1;
    }
    if (f.listener < 0) {
        perror("fake broker");
        return 1;
    }
    pid = file("pid", "we");
    if (fork() == 0) {
        setsid();
        /* Should a test forget it: no fake broker outlives this. */
        alarm(LIFE_S);
        fprintf(pid, "%d\n", getpid());
        fclose(pid);
        for (int fd = 0; fd < 3; fd++)
            close(fd);
        for (;;)
            step(&f);
    }
    return 0;
}

static int describe(void)
{
    printf("product=Fake\nversion=1.0\nurl=amqp://guest:guest@127.0.0.1:%s/%%2f\n"
           "restart=yes\nkill=yes\nvhosts=\nusers=\ntls=no\ncluster=%s\n",
           getenv("AMQPROOF_PORT"), exists("cluster") ? "yes" : "no");
    return 0;
}

static bool is_of_a_cluster(const char *verb)
{
    return strncmp(verb, "node-", 5) == 0 || strcmp(verb, "partition") == 0 ||
           strcmp(verb, "heal") == 0;
}

int fake_adapter_main(const char *verb, const char *argument)
{
    FILE *log = file("verbs", "ae");

    if (log) {
        fprintf(log, "%s%s ", verb, argument ? argument : "");
        fclose(log);
    }
    if (exists("cluster") && is_of_a_cluster(verb))
        return exists("no-return") && strcmp(verb, "heal") == 0;
    if (strcmp(verb, "describe") == 0)
        return describe();
    if (strcmp(verb, "kill") == 0 || strcmp(verb, "stop") == 0 || strcmp(verb, "restart") == 0)
        end_it();
    else if (strcmp(verb, "start") != 0)
        return 127;
    return strcmp(verb, "start") == 0 || strcmp(verb, "restart") == 0 ? start_it() : 0;
}
