/* What loop.c and link.c share. */
#ifndef REF_LOOP_INSIDE_H
#define REF_LOOP_INSIDE_H

#include "limits.h"
#include "loop.h"

#include <uv.h>

struct loop {
    uv_loop_t uv;
    struct broker *broker;
    uv_tcp_t listener;
    uv_prepare_t prepare;
    uv_async_t wake;
    uv_signal_t terminate, interrupt;
    uv_timer_t stop_timer;
    bool stopping, was_blocked;
    char buffer[LIMIT_READ]; /* every read goes here and is used up at once */
};

#endif
