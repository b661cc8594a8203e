/* What the operator has of a running broker: reloads by SIGHUP, the local socket, /metrics, and
   words to the service manager. */
#ifndef REF_OPERATE_H
#define REF_OPERATE_H

#include "loop.h"

struct operate;
struct tls_context;

struct operate_options {
    const char *data, *config, *definitions; /* the latter two may be NULL */
    struct tls_context *tls;                 /* or NULL */
};

/* The broker is listening. NULL and a line in error: a door that was asked for does not open. */
struct operate *operate_new(struct loop *l, struct broker *b, const struct operate_options *o,
                            char *error, size_t error_size);
/* Before loop_free. */
void operate_free(struct operate *o);

#endif
