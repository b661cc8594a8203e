/* Addresses and sockets of the proxy: where it listens, and how it reaches the broker so that the
   broker sees what it would see without a proxy. All descriptors are non-blocking. */
#ifndef TOOLS_FAULTPROXY_NET_H
#define TOOLS_FAULTPROXY_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
    struct sockaddr_storage at;
    socklen_t length;
};

enum { ADDRESS_TEXT = 64 };

/* HOST:PORT or [HOST]:PORT; listening: an address of this machine, and port 0 is allowed.
   Otherwise the family of `like` is preferred, if that is not NULL. NULL: read; else what is
   wrong with it. */
const char *net_parse(const char *text, bool listening, const struct address *like,
                      struct address *a);
const char *net_text(const struct address *a, char text[ADDRESS_TEXT]);
unsigned net_port(const struct address *a);

/* -1: errno says why. `a` becomes what it listens on (the port, if that was 0). */
int net_listen(struct address *a);
/* Before the first accept on it: buffers as small as ours, no delay. */
int net_accept(int listener);

/* Towards the broker on behalf of this client. Where a broker on loopback is reached through a
   proxy that listens on every address, it is asked at the one the client came in by; and if the
   client is on this machine, from the address it has. -1: errno says why. `to` becomes what was
   dialled. The connection may still be under way. */
int net_dial(int client, bool listens_anywhere, struct address *to);
/* After the descriptor became writable: 0, or the error. */
int net_dialled(int fd);

bool net_is_any(const struct address *a);
void net_close_rst(int fd);

#endif
