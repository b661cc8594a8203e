#include "metrics.h"

#include "mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRAPERS = 16, PATIENCE_S = 10 };

struct metrics {
    struct MHD_Daemon *http;
    const struct broker *broker;
    char *data;
    uv_poll_t ready; /* libmicrohttpd's epoll: something to do */
    uv_timer_t due;  /* or its patience is over */
    unsigned open;   /* handles not yet closed */
};

static enum MHD_Result respond(struct MHD_Connection *c, unsigned code, struct str body,
                               const char *type)
{
    union {
        const char *from;
        void *to;
    } octets = { .from = body.p }; /* copied, not written to */
    struct MHD_Response *r =
        MHD_create_response_from_buffer(body.n, octets.to, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result done;

    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    done = MHD_queue_response(c, code, r);
    MHD_destroy_response(r);
    return done;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_bytes, void **state)
{
    const struct metrics *m = context;
    struct record text = { .p = NULL };
    enum MHD_Result done;

    (void)version;
    (void)upload;
    (void)upload_bytes;
    (void)state;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return respond(c, MHD_HTTP_METHOD_NOT_ALLOWED, STR("GET only\n"), "text/plain");
    if (strcmp(url, "/metrics") != 0)
        return respond(c, MHD_HTTP_NOT_FOUND, STR("only /metrics is here\n"), "text/plain");
    metrics_text(m->broker, m->data, &text);
    done = respond(c, MHD_HTTP_OK, record_view(&text), "text/plain; version=0.0.4");
    record_clear(&text);
    return done;
}

static void on_due(uv_timer_t *t);

static void run(struct metrics *m)
{
    MHD_UNSIGNED_LONG_LONG ms;

    MHD_run(m->http);
    if (MHD_get_timeout(m->http, &ms) == MHD_YES)
        uv_timer_start(&m->due, on_due, ms, 0);
    else
        uv_timer_stop(&m->due);
}

static void on_due(uv_timer_t *t)
{
    run(t->data);
}

static void on_ready(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    run(p->data);
}

static struct MHD_Daemon *start(struct metrics *m, const char *address, uint16_t port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    unsigned flags = MHD_USE_EPOLL;
    const void *at = &v4;

    if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
        flags |= MHD_USE_IPv6;
        at = &v6;
    } else if (inet_pton(AF_INET, address, &v4.sin_addr) != 1) {
        errno = EINVAL;
        return NULL;
    }
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, m, MHD_OPTION_SOCK_ADDR, at,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)SCRAPERS,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE_S, MHD_OPTION_END);
}

struct metrics *metrics_open(uv_loop_t *uv, const struct broker *b, const char *data,
                             const char *address, uint16_t port, char *error, size_t error_size)
{
    struct metrics *m = xcalloc(1, sizeof *m);

    errno = 0;
    m->broker = b;
    m->http = start(m, address, port);
    if (!m->http) {
        snprintf(error, error_size, "prometheus.tcp: cannot listen on %s, port %u: %s", address,
                 port, errno ? strerror(errno) : "refused");
        free(m);
        return NULL;
    }
    m->data = xmalloc(strlen(data) + 1);
    memcpy(m->data, data, strlen(data) + 1);
    m->open = 2;
    m->ready.data = m->due.data = m;
    uv_timer_init(uv, &m->due);
    uv_poll_init(uv, &m->ready, MHD_get_daemon_info(m->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    uv_poll_start(&m->ready, UV_READABLE, on_ready);
    return m;
}

unsigned metrics_port(const struct metrics *m)
{
    return MHD_get_daemon_info(m->http, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void on_closed(uv_handle_t *h)
{
    struct metrics *m = h->data;

    if (--m->open > 0)
        return;
    free(m->data);
    free(m);
}

void metrics_close(struct metrics *m)
{
    uv_poll_stop(&m->ready);
    MHD_stop_daemon(m->http);
    uv_close((uv_handle_t *)&m->ready, on_closed);
    uv_close((uv_handle_t *)&m->due, on_closed);
}
