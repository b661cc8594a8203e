#include "operate.h"

#include "config.h"
#include "definitions.h"
#include "log.h"
#include "loop_inside.h"
#include "mem.h"
#include "metrics.h"
#include "notify.h"
#include "socket.h"
#include "tls.h"

#include <signal.h>
#include <stdlib.h>

struct operate {
    struct operate_options options;
    struct broker *broker;
    uv_signal_t hangup;
    struct door *door;
    struct metrics *metrics;
};

static void complain(bool ok, const char *error)
{
    if (!ok)
        log_error("reload: %s; nothing of it was changed", error);
}

/* Each part for itself: a mistake in one keeps the others from nothing. */
static void on_hangup(uv_signal_t *s, int number)
{
    struct operate *o = s->data;
    struct broker *b = o->broker;
    char error[512];

    (void)number;
    notify_reloading();
    log_info("reload: asked for");
    if (o->options.config) {
        complain(config_reload(&b->settings, o->options.config, error, sizeof error), error);
        log_set_level(b->settings.log_level);
    }
    if (o->options.definitions)
        complain(definitions_import(b, o->options.definitions, error, sizeof error), error);
    if (o->options.tls) {
        bool ok = tls_reload(o->options.tls, error, sizeof error);

        complain(ok, error);
        if (ok)
            log_info("reload: certificates read again, for new connections");
    }
    log_info("reload: done");
    notify("READY=1\n");
}

static bool open_metrics(struct operate *o, struct loop *l, char *error, size_t error_size)
{
    const struct settings *s = &o->broker->settings;
    char address[64];

    if (s->metrics_port == 0)
        return true;
    snprintf(address, sizeof address, "%.*s", STR_ARGS(s->metrics_address));
    o->metrics = metrics_open(&l->uv, o->broker, o->options.data, address, s->metrics_port, error,
                              error_size);
    if (!o->metrics)
        return false;
    log_info("metrics at http://%s:%u/metrics", address, metrics_port(o->metrics));
    return true;
}

struct operate *operate_new(struct loop *l, struct broker *b, const struct operate_options *o,
                            char *error, size_t error_size)
{
    struct operate *new = xcalloc(1, sizeof *new);

    new->options = *o;
    new->broker = b;
    uv_signal_init(&l->uv, &new->hangup);
    new->hangup.data = new;
    uv_signal_start(&new->hangup, on_hangup, SIGHUP);
    new->door = door_open(&l->uv, b, o->data, error, error_size);
    if (new->door && open_metrics(new, l, error, error_size)) {
        notify("READY=1\nSTATUS=listening on port %u\n", loop_port(l));
        return new;
    }
    operate_free(new);
    return NULL;
}

static void on_hangup_closed(uv_handle_t *h)
{
    free(h->data);
}

void operate_free(struct operate *o)
{
    if (!o)
        return;
    if (o->door)
        door_close(o->door);
    if (o->metrics)
        metrics_close(o->metrics);
    uv_close((uv_handle_t *)&o->hangup, on_hangup_closed);
}
