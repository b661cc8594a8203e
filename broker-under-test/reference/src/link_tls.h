/* A link that speaks TLS: between its socket and its connection. For link.c alone. */
#ifndef REF_LINK_TLS_H
#define REF_LINK_TLS_H

#include "link.h"

/* What came from the socket; it may stand in the loop's buffer. */
void link_tls_input(struct link *k, const char *p, size_t n);
/* Sends what there is, and good-bye when the connection is finished. */
void link_tls_flush(struct link *k);
/* The last octets of a connection of TLS are still on their way to the socket. */
bool link_tls_writing(const struct link *k);
/* Its last octets are still on their way to the socket. */
bool link_tls_writing(const struct link *k);
void link_tls_free(struct link *k);

#endif
