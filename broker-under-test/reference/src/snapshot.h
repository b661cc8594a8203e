/* What the broker is at one moment, copied out of it at one go (some 50 ns a queue), so that
   it can be put into words and sent by pieces while the broker goes on. */
#ifndef REF_SNAPSHOT_H
#define REF_SNAPSHOT_H

#include "broker.h"
#include "record.h"

struct totals {
    uint64_t connections, channels, consumers, queues, ready, unacked;
    uint64_t store_file_bytes, resident_bytes, open_files;
};

struct totals totals_of(const struct broker *b, const char *data);

/* How fast it went since somebody asked last. */
struct rates {
    double over_s, published, delivered, acknowledged;
};

struct snapshot;

struct snapshot *snapshot_new(const struct broker *b, const char *data, const struct rates *r,
                              uint64_t up_ms);
void snapshot_free(struct snapshot *s);
/* The next piece of its JSON, some 64 KiB, appended; false: that was the last. */
bool snapshot_more(struct snapshot *s, struct record *to);

#endif
