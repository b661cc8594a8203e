#include "socket.h"

#include "definitions.h"
#include "log.h"
#include "mem.h"
#include "snapshot.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME "refbroker.sock"

enum { QUESTION = 64, SESSIONS = 16 };

struct door {
    uv_pipe_t listener;
    struct broker *broker;
    char *data;
    TAILQ_HEAD(session_list, session) sessions;
    unsigned open; /* handles not yet closed: the listener and the sessions */
    uint64_t opened_ms, asked_ms;
    struct counts asked;
};

struct session {
    TAILQ_ENTRY(session) link;
    uv_pipe_t pipe;
    uv_write_t write;
    struct door *door;
    char question[QUESTION];
    size_t have;
    struct snapshot *snapshot; /* what is still to be said of it */
    struct record piece;
};

int door_address(const char *data, struct sockaddr_un *out)
{
    int dir = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (dir >= 0)
        snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", dir, NAME);
    return dir;
}

static void handle_gone(struct door *d)
{
    if (--d->open > 0)
        return;
    free(d->data);
    free(d);
}

/* ---- A session ----------------------------------------------------------------------------- */

static void on_session_closed(uv_handle_t *h)
{
    struct session *s = h->data;

    TAILQ_REMOVE(&s->door->sessions, s, link);
    handle_gone(s->door);
    if (s->snapshot)
        snapshot_free(s->snapshot);
    record_clear(&s->piece);
    free(s);
}

static void end(struct session *s)
{
    if (!uv_is_closing((uv_handle_t *)&s->pipe))
        uv_close((uv_handle_t *)&s->pipe, on_session_closed);
}

static void say_more(struct session *s);

static void on_said(uv_write_t *w, int status)
{
    struct session *s = w->data;

    if (status < 0 || !s->snapshot)
        end(s);
    else
        say_more(s);
}

static void say(struct session *s)
{
    uv_buf_t buf = uv_buf_init(s->piece.p, (unsigned)s->piece.n);

    s->write.data = s;
    if (uv_write(&s->write, (uv_stream_t *)&s->pipe, &buf, 1, on_said) < 0)
        end(s);
}

static void say_more(struct session *s)
{
    s->piece.n = 0;
    if (!snapshot_more(s->snapshot, &s->piece)) {
        snapshot_free(s->snapshot);
        s->snapshot = NULL;
    }
    say(s);
}

static struct rates rates_since(struct door *d)
{
    const struct counts *now = &d->broker->counts, was = d->asked;
    uint64_t now_ms = uv_now(d->listener.loop);
    double s = (double)(now_ms - d->asked_ms) / 1000;
    struct rates r = { .over_s = s };

    d->asked = *now;
    d->asked_ms = now_ms;
    if (s <= 0)
        return r;
    r.published = (double)(now->published - was.published) / s;
    r.delivered = (double)(now->delivered + now->got - was.delivered - was.got) / s;
    r.acknowledged = (double)(now->settled - was.settled) / s;
    return r;
}

static void answer(struct session *s)
{
    struct door *d = s->door;

    if (strcmp(s->question, "status") == 0) {
        struct rates r = rates_since(d);

        s->snapshot = snapshot_new(d->broker, d->data, &r, uv_now(s->pipe.loop) - d->opened_ms);
        say_more(s);
    } else if (strcmp(s->question, "definitions") == 0) {
        definitions_export(d->broker, &s->piece);
        say(s);
    } else {
        text_put(&s->piece, "{\"error\":\"no such question\"}\n");
        say(s);
    }
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct session *s = h->data;

    (void)suggested;
    *buf = uv_buf_init(s->question + s->have, (unsigned)(QUESTION - s->have));
}

static void on_heard(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
    struct session *s = pipe->data;
    char *line_end;

    (void)buf;
    if (n < 0) {
        end(s);
        return;
    }
    s->have += (size_t)n;
    line_end = memchr(s->question, '\n', s->have);
    if (line_end) {
        *line_end = '\0';
        uv_read_stop(pipe);
        answer(s);
    } else if (s->have == QUESTION) {
        end(s);
    }
}

static void on_knock(uv_stream_t *listener, int status)
{
    struct door *d = listener->data;
    struct session *s;

    if (status < 0)
        return;
    s = xcalloc(1, sizeof *s);
    s->door = d;
    TAILQ_INSERT_TAIL(&d->sessions, s, link);
    d->open++;
    uv_pipe_init(listener->loop, &s->pipe, 0);
    s->pipe.data = s;
    if (uv_accept(listener, (uv_stream_t *)&s->pipe) < 0 || d->open > SESSIONS + 1 ||
        uv_read_start((uv_stream_t *)&s->pipe, on_room, on_heard) < 0)
        end(s);
}

/* ---- The door ------------------------------------------------------------------------------ */

/* The folder is ours alone, so a socket that is there was left by a broker that was killed. */
static int listening_socket(const char *data)
{
    struct sockaddr_un a;
    int dir = door_address(data, &a), fd = -1;

    if (dir < 0)
        return -1;
    unlinkat(dir, NAME, 0);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) < 0)) {
        int why = errno;

        close(fd);
        errno = why;
        fd = -1;
    }
    close(dir);
    return fd;
}

struct door *door_open(uv_loop_t *uv, struct broker *b, const char *data, char *error,
                       size_t error_size)
{
    int fd = listening_socket(data), failed;
    struct door *d;

    if (fd < 0) {
        snprintf(error, error_size, "%s/%s: %s", data, NAME, strerror(errno));
        return NULL;
    }
    d = xcalloc(1, sizeof *d);
    TAILQ_INIT(&d->sessions);
    d->open = 1;
    d->broker = b;
    d->opened_ms = d->asked_ms = uv_now(uv);
    d->data = xmalloc(strlen(data) + 1);
    memcpy(d->data, data, strlen(data) + 1);
    uv_pipe_init(uv, &d->listener, 0);
    d->listener.data = d;
    failed = uv_pipe_open(&d->listener, fd);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&d->listener, SESSIONS, on_knock);
    if (!failed)
        return d;
    snprintf(error, error_size, "%s/%s: %s", data, NAME, uv_strerror(failed));
    door_close(d);
    return NULL;
}

static void on_door_closed(uv_handle_t *h)
{
    handle_gone(h->data);
}

void door_close(struct door *d)
{
    int dir = open(d->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct session *s;

    if (dir >= 0) {
        unlinkat(dir, NAME, 0);
        close(dir);
    }
    TAILQ_FOREACH (s, &d->sessions, link)
        end(s);
    uv_close((uv_handle_t *)&d->listener, on_door_closed);
}
