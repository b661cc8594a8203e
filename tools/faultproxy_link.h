/* A client, the broker's end for it, and the engine between them: what either says goes through
   the engine, and what comes out goes where the engine says, in its order. Ends are passed on as
   they are: FIN as FIN behind what was said before it, RST as RST at once. Owns both descriptors
   and the engine. */
#ifndef TOOLS_FAULTPROXY_LINK_H
#define TOOLS_FAULTPROXY_LINK_H

#include <sys/queue.h>

#include "faultproxy_net.h"
#include "faultproxy_outlet.h"

struct proxy_options {
    int listener;
    int ready_fd; /* told the port once clients are accepted; -1: nobody is */
    struct address at, to;
    struct fault_shared *shared;
    bool armed; /* with a fault */
    FILE *log;  /* NULL: none */
};

struct link;

struct side {
    struct link *link;
    int fd;
    char who;      /* 'C' the client, 'S' the server */
    bool readable; /* until the kernel has said that it is not */
    bool writable;
    bool error;   /* the kernel knows of one that we have not met yet */
    bool ended;   /* it says nothing any more, or we do not listen */
    bool shut;    /* we have said FIN to it */
    bool gone;    /* reset: nothing can be said to it */
    bool hurried; /* what the kernel does not take of `out` at once is lost: an RST is behind it */
    uint64_t said;
    struct outlet out; /* to it */
};

struct link {
    TAILQ_ENTRY(link) next;
    struct side client, server;
    struct fault_engine *engine;
    FILE *log; /* NULL: none */
    unsigned number;
    bool connected;    /* to the server */
    bool ending;       /* by a fault: what is said is not heard */
    bool resetting;    /* … by RST */
    bool busy;         /* there may be something to do at once */
    bool over;         /* both descriptors are closed */
    uint64_t due_ms;   /* something to do then; UINT64_MAX: never */
    uint64_t patience; /* after a FIN by a fault: when to stop waiting for theirs; 0: no FIN yet */
};

/* Takes the descriptors; the server's may still be connecting. */
struct link *link_new(unsigned number, int client, int server, const struct proxy_options *o);
void link_free(struct link *l);
/* Does what can be done now; sets busy, due_ms and over. */
void link_pump(struct link *l, uint64_t now_ms);
/* The server did or did not accept. A refused client is reset, as by a port nobody listens on. */
void link_connected(struct link *l, int error);

#endif
