/* TLS between octets and octets: what came from the socket goes in, plaintext comes out,
   and the other way round. Knows neither a socket nor a connection, so tests drive it from
   arrays; a slow reader is the caller's to notice: it writes no more while tls_out has much.

       tls_feed(t, p, n)      octets of the peer; all are taken
       tls_read(t, p, room)   plaintext out of them
       tls_write(t, p, n)     plaintext to send
       tls_out(t)             octets for the peer; tls_out_done(t, n) went, tls_end says good-bye

   Sessions are never resumed, so that every connection shows its certificate anew, and never
   renegotiated. */
#ifndef REF_TLS_H
#define REF_TLS_H

#include "str.h"

#include <stdbool.h>
#include <stdint.h>

/* RabbitMQ's ssl_options.*, as config_table.c has them. */
enum tls_version { TLS_ANY_VERSION, TLS_1_2, TLS_1_3 };

struct tls_settings {
    struct str listen; /* ADDR:PORT, or PORT; empty: no TLS */
    struct str cacertfile, certfile, keyfile;
    bool verify_peer, fail_if_no_peer_cert;
    bool by_common_name;       /* ssl_cert_login_from */
    uint8_t version, version2; /* enum tls_version; none named: both */
};

/* The certificates, read. */
struct tls_context;
struct tls_context *tls_context_new(const struct tls_settings *s, char *error, size_t error_size);
void tls_context_free(struct tls_context *x);
/* Reads the files again. false: one of them is no good any more, so the old ones stay. The
   connections there are keep what they have. */
bool tls_reload(struct tls_context *x, char *error, size_t error_size);

struct tls;

struct tls *tls_new(const struct tls_context *x);
void tls_free(struct tls *t);

void tls_feed(struct tls *t, const char *p, size_t n);
/* 0: none now. */
size_t tls_read(struct tls *t, char *p, size_t room);
/* All of it is taken, once the handshake is over. */
void tls_write(struct tls *t, const char *p, size_t n);
/* What is to go to the peer; it stays where it is until tls_out_done or the next call. */
struct str tls_out(struct tls *t);
void tls_out_done(struct tls *t, size_t n);
/* close_notify: nothing of ours follows. */
void tls_end(struct tls *t);

bool tls_established(const struct tls *t);
/* The peer has said good-bye, in good order. */
bool tls_ended(const struct tls *t);
/* NULL: all is well. Else it is over; an alert may wait in tls_out. */
const char *tls_failure(const struct tls *t);
/* Who the certificate says the peer is: it was checked, and demanded of all who have one. p
   NULL: nobody. Owned by t. */
struct str tls_peer_name(const struct tls *t);
/* "TLSv1.3", for the log. */
const char *tls_version(const struct tls *t);

#endif
