/* What loop.c and link.c share. */
#ifndef REF_LOOP_INSIDE_H
#define REF_LOOP_INSIDE_H

#include "limits.h"
#include "loop.h"

#include <uv.h>

struct loop {
    uv_loop_t uv;
    struct broker *broker;
    uv_tcp_t listener, tls_listener;
    struct tls_context *tls; /* or NULL; not ours */
    uv_prepare_t prepare;
    uv_async_t wake;
    uv_signal_t terminate, interrupt;
    uv_timer_t stop_timer;
    uint64_t turn; /* their number, and what it has had of crowds: see limits.h */
    unsigned accepted, rung;
    bool held_back[2];                      /* a listener has somebody for the next turn */
    TAILQ_HEAD(leaving_list, link) leaving; /* whose stream has ended */
    uv_timer_t gone_timer;                  /* runs while some are not read from */
    bool stopping, was_blocked;
    bool deaf, crowded; /* nobody can be accepted; is let in; said once */
    int kept_fd[2];     /* of listeners that rest; -1: it does not */
    uv_timer_t knock_timer;
    int files_most;          /* descriptors we may have; 0: without end */
    char buffer[LIMIT_READ]; /* every read goes here and is used up at once */
};

#endif
