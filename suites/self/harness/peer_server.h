/* A server for tests of the peers: a forked process that listens on a loopback port and hands
   every connection to a function of the test, each in a process of its own. */
#ifndef SELF_PEER_SERVER_H
#define SELF_PEER_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include "fixtures/peer/socket.h"
#include "fixtures/wire/str.h"

struct test_server {
    uint16_t port;
    pid_t pid;
};

/* `talk` gets a blocking socket; when it returns, the socket is closed. */
struct test_server server_start(void (*talk)(int fd));
void server_stop(struct test_server *s); /* its connections' processes end with it */

/* For talk: exactly n octets come, or the process ends; everything goes out. */
void server_expect(int fd, size_t n);
void server_drain(int fd); /* up to the end */
void server_say(int fd, struct str octets);
void server_reset(int fd); /* the next close sends RST */

/* A connected socket to it; asserts that there is one. */
struct sock server_connect(const struct test_server *s, bool small_window);

#endif
