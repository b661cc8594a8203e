/* What /metrics says: one row a metric. */
#include "metrics.h"

#include "snapshot.h"
#include "text.h"
#include "version.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

struct metric {
    const char *name, *type, *labels, *help;
    uint64_t value;
};

static void put_metric(struct record *to, const struct metric *m)
{
    text_put(to, "# TYPE %s %s\n# HELP %s %s\n", m->name, m->type, m->name, m->help);
    text_put(to, "%s%s %llu\n", m->name, m->labels, (unsigned long long)m->value);
}

static uint64_t most_files(void)
{
    struct rlimit r;

    return getrlimit(RLIMIT_NOFILE, &r) < 0 ? 0 : (uint64_t)r.rlim_cur;
}

static uint64_t disk_free(const char *data)
{
    struct statvfs v;

    return statvfs(data, &v) < 0 ? 0 : (uint64_t)v.f_bavail * v.f_frsize;
}

// clang-format off
#define GAUGE(n, v, text)   put_metric(to, &(struct metric){ .name = n, .type = "gauge", .labels = "", .value = v, .help = text })
#define COUNTER(n, v, text) put_metric(to, &(struct metric){ .name = n, .type = "counter", .labels = "", .value = v, .help = text })
/* RabbitMQ has these by protocol, and some by type of queue; we have one of each. */
#define GLOBAL(n, v, text)  put_metric(to, &(struct metric){ .name = "rabbitmq_global_" n, .type = "counter", .labels = "{protocol=\"amqp091\"}", .value = v, .help = text })
#define QUEUED(n, v, text)  put_metric(to, &(struct metric){ .name = "rabbitmq_global_" n, .type = "counter", .labels = "{protocol=\"amqp091\",queue_type=\"rabbit_classic_queue\"}", .value = v, .help = text })

static void put_now(struct record *to, const struct broker *b, const struct totals *t)
{
    GAUGE("rabbitmq_connections", t->connections, "Connections currently open");
    GAUGE("rabbitmq_channels", t->channels, "Channels currently open");
    GAUGE("rabbitmq_consumers", t->consumers, "Consumers currently connected");
    GAUGE("rabbitmq_queues", t->queues, "Queues available");
    GAUGE("rabbitmq_queue_messages_ready", t->ready, "Messages ready to be delivered to consumers");
    GAUGE("rabbitmq_queue_messages_unacked", t->unacked, "Messages delivered to consumers but not yet acknowledged");
    GAUGE("rabbitmq_queue_messages", t->ready + t->unacked, "Sum of ready and unacknowledged messages - total queue depth");
    GAUGE("refbroker_message_memory_bytes", b->memory, "Memory that messages take");
    GAUGE("rabbitmq_resident_memory_limit_bytes", b->settings.memory_high, "Memory high watermark in bytes; here, of messages");
    GAUGE("rabbitmq_alarms_memory_used_watermark", b->memory_short, "is 1 if the memory watermark alarm is in effect");
    GAUGE("rabbitmq_alarms_free_disk_space_watermark", store_full(b->store) != NULL, "is 1 if there is no room to write to");
}

static void put_process(struct record *to, const struct broker *b, const struct totals *t, const char *data)
{
    GAUGE("rabbitmq_process_resident_memory_bytes", t->resident_bytes, "Memory used in bytes");
    GAUGE("rabbitmq_process_open_fds", t->open_files, "Open file descriptors");
    GAUGE("rabbitmq_process_max_fds", most_files(), "Open file descriptors limit");
    GAUGE("rabbitmq_disk_space_available_bytes", disk_free(data), "Disk space available in bytes");
    GAUGE("process_resident_memory_bytes", t->resident_bytes, "Resident memory size in bytes.");
    GAUGE("process_open_fds", t->open_files, "Number of open file descriptors.");
    GAUGE("process_max_fds", most_files(), "Maximum number of open file descriptors.");
    GAUGE("refbroker_store_file_bytes", t->store_file_bytes, "Room that the store takes on the disk");
    GAUGE("refbroker_store_backlog_bytes", store_backlog(b->store), "Octets of messages that are not on the disk yet");
    GAUGE("refbroker_store_failed", store_failed(b->store) != NULL, "is 1 if nothing can be written any more");
    COUNTER("refbroker_store_batches_total", store_committed(b->store), "Batches committed");
}

static void put_since_start(struct record *to, const struct counts *n)
{
    COUNTER("rabbitmq_connections_opened_total", n->connections_opened, "Total number of connections opened");
    COUNTER("rabbitmq_connections_closed_total", n->connections_closed, "Total number of connections closed or terminated");
    COUNTER("rabbitmq_channels_opened_total", n->channels_opened, "Total number of channels opened");
    COUNTER("rabbitmq_channels_closed_total", n->channels_closed, "Total number of channels closed");
    COUNTER("rabbitmq_queues_created_total", n->queues_created, "Total number of queues created");
    COUNTER("rabbitmq_queues_deleted_total", n->queues_deleted, "Total number of queues deleted");
    COUNTER("rabbitmq_auth_attempts_total", n->logins_accepted + n->logins_refused, "Total number of authorization attempts");
    COUNTER("rabbitmq_auth_attempts_succeeded_total", n->logins_accepted, "Total number of successful authentication attempts");
    COUNTER("rabbitmq_auth_attempts_failed_total", n->logins_refused, "Total number of failed authentication attempts");
    GLOBAL("messages_received_total", n->published, "Total number of messages received from publishers");
    GLOBAL("messages_routed_total", n->routed, "Total number of messages routed to queues or streams");
    GLOBAL("messages_unroutable_returned_total", n->returned, "Total number of messages published as mandatory into an exchange and returned to the publisher as unroutable");
    GLOBAL("messages_unroutable_dropped_total", n->dropped, "Total number of messages published as non-mandatory into an exchange and dropped as unroutable");
    QUEUED("messages_delivered_total", n->delivered + n->got, "Total number of messages delivered to consumers");
    QUEUED("messages_redelivered_total", n->redelivered, "Total number of messages redelivered to consumers");
    QUEUED("messages_acknowledged_total", n->settled, "Total number of message acknowledgements received from consumers");
}
// clang-format on

void metrics_text(const struct broker *b, const char *data, struct record *to)
{
    struct totals t = totals_of(b, data);

    text_put(to,
             "# TYPE rabbitmq_build_info untyped\n# HELP rabbitmq_build_info Version info\n"
             "rabbitmq_build_info{product_name=\"%s\",product_version=\"%s\"} 1\n",
             BROKER_PRODUCT, BROKER_VERSION);
    put_now(to, b, &t);
    put_process(to, b, &t, data);
    put_since_start(to, &b->counts);
}
