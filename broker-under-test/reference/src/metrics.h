/* GET /metrics, in Prometheus' text format, under RabbitMQ's names where it has them. HTTP is
   libmicrohttpd's, driven by our loop: no thread of its own. */
#ifndef REF_METRICS_H
#define REF_METRICS_H

#include "broker.h"
#include "record.h"

#include <uv.h>

struct metrics;

/* NULL and a line in error: cannot listen at "ADDR", port. */
struct metrics *metrics_open(uv_loop_t *uv, const struct broker *b, const char *data,
                             const char *address, uint16_t port, char *error, size_t error_size);
unsigned metrics_port(const struct metrics *m);
/* Its memory goes when the loop has closed its handles. */
void metrics_close(struct metrics *m);

/* The text alone. */
void metrics_text(const struct broker *b, const char *data, struct record *to);

#endif
