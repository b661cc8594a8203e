/* The local door: a socket DIR/refbroker.sock, for its owner alone, where `refbroker status` and
   `refbroker definitions` ask a running broker. A question is one line, the answer is JSON and
   then the end of the stream. On the loop's thread; a long answer goes out by pieces, and who
   does not read keeps nobody waiting. */
#ifndef REF_SOCKET_H
#define REF_SOCKET_H

#include "broker.h"

#include <uv.h>

struct door;

/* NULL and a line in error: cannot listen there. */
struct door *door_open(uv_loop_t *uv, struct broker *b, const char *data, char *error,
                       size_t error_size);
/* Its memory goes when the loop has closed its handles. */
void door_close(struct door *d);

/* The address of the socket, however long the name of the folder: held by dir_fd, to be closed
   once it was bound or connected to. -1: no such folder. */
struct sockaddr_un;
int door_address(const char *data, struct sockaddr_un *out);

#endif
