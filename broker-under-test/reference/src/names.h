/* What may be declared under which name, and with which arguments. */
#ifndef REF_NAMES_H
#define REF_NAMES_H

#include "refusal.h"

/* A new exchange's or queue's name: letters, digits, hyphen, underscore, period, colon,
   at most 127 octets, and not amq., which is ours. */
struct refusal name_may_be_new(const char *what, struct str name);
bool name_is_reserved(struct str name);

/* The x- arguments whose meaning is known have the right type; others are only kept. */
struct refusal queue_arguments_ok(struct str arguments);
struct refusal exchange_arguments_ok(struct str arguments);
/* x-match, where there is one, is a string and one of its words. */
struct refusal binding_arguments_ok(struct str arguments);

#endif
