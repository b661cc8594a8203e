/* Text that grows: for listings, JSON by hand, metrics. A record holds it. */
#ifndef REF_TEXT_H
#define REF_TEXT_H

#include "record.h"

__attribute__((format(printf, 2, 3))) void text_put(struct record *to, const char *format, ...);
/* A JSON string with its quotes. What is no UTF-8 becomes U+FFFD. */
void text_json(struct record *to, struct str s);

#endif
