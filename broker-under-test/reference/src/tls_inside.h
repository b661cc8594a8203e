/* What tls.c and tls_context.c share. */
#ifndef REF_TLS_INSIDE_H
#define REF_TLS_INSIDE_H

#include "tls.h"

#include <openssl/ssl.h>

struct tls_context {
    const struct tls_settings *settings;
    SSL_CTX *ssl; /* the connections there are hold on to theirs */
};

/* OpenSSL's reason for what failed last; clears its list. */
const char *tls_reason(void);

#endif
