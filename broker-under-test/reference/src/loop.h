/* The platform: sockets, timers, signals, the wake of the store. All that is asynchronous
   lives here, on one libuv loop; what it means is decided in the broker. */
#ifndef REF_LOOP_H
#define REF_LOOP_H

#include "broker.h"

struct loop;
struct tls_context;

struct loop *loop_new(void);
/* The store's wake, callable from its thread; context is the loop. */
void loop_wake(void *context);
/* Whether that is an address at all. */
bool loop_address_ok(const char *where);
/* false and a line in error: cannot listen there. "ADDR:PORT", port 0 for any. */
bool loop_listen(struct loop *l, const char *where, char *error, size_t error_size);
/* The same for TLS, with these certificates, which must outlive the loop. */
bool loop_listen_tls(struct loop *l, const char *where, struct tls_context *tls, char *error,
                     size_t error_size);
/* The port that it listens on. */
unsigned loop_port(const struct loop *l);
unsigned loop_tls_port(const struct loop *l);
/* Serves until SIGTERM or SIGINT, then says good-bye to all clients. */
void loop_run(struct loop *l, struct broker *b);
void loop_free(struct loop *l);

#endif
