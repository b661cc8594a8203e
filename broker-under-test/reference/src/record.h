/* Values of the store's definitions: numbers and counted strings in a row. */
#ifndef REF_RECORD_H
#define REF_RECORD_H

#include "str.h"

struct record {
    char *p;
    size_t n, room;
};

void record_clear(struct record *r);
void record_uint(struct record *r, uint64_t value, size_t octets);
void record_str(struct record *r, struct str s); /* u32 length, octets */
void record_raw(struct record *r, struct str s);
struct str record_view(const struct record *r);

#endif
