#include "faultproxy_outlet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SLICES = 20 }; /* of a second: a limited direction speaks so often */

struct outlet_item {
    struct outlet_item *next;
    enum fault_effect effect;
    uint64_t n;
    size_t length, at;
    char octets[];
};

void outlet_init(struct outlet *o)
{
    *o = (struct outlet){ .first = NULL };
    o->end = &o->first;
}

static void take_out(struct outlet *o)
{
    struct outlet_item *item = o->first;

    o->waiting -= item->length - item->at;
    o->first = item->next;
    if (!o->first)
        o->end = &o->first;
    free(item);
}

void outlet_clear(struct outlet *o)
{
    while (o->first)
        take_out(o);
}

void outlet_put(struct outlet *o, const struct fault_step *step)
{
    size_t length = step->effect == EFFECT_SEND ? step->octets.n : 0;
    struct outlet_item *item;

    if (step->effect == EFFECT_SEND && length == 0)
        return;
    item = calloc(1, sizeof *item + length);
    if (!item) {
        perror("faultproxy: out of memory");
        abort();
    }
    item->effect = step->effect;
    item->n = step->n;
    item->length = length;
    if (length)
        memcpy(item->octets, step->octets.p, length);
    o->waiting += length;
    *o->end = item;
    o->end = &item->next;
}

static uint64_t later(uint64_t now_ms, uint64_t ms)
{
    return ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + ms;
}

/* How much of it may go in one write now. */
static size_t slice(const struct outlet *o, size_t left)
{
    uint64_t most = o->rate / SLICES ? o->rate / SLICES : 1;

    return o->limited && most < left ? (size_t)most : left;
}

/* Each item is a segment of its own where the kernel can keep it so: MSG_EOR forbids that the
   next write is added to what still waits there. */
static enum outlet_state send_some(struct outlet *o, struct outlet_item *item, int fd,
                                   uint64_t now_ms)
{
    ssize_t n;

    if (o->limited && o->rate == 0)
        return o->not_before_ms = UINT64_MAX, OUTLET_WAIT;
    n = send(fd, item->octets + item->at, slice(o, item->length - item->at),
             MSG_NOSIGNAL | MSG_EOR);
    if (n < 0 && errno == EINTR)
        return OUTLET_EMPTY;
    if (n < 0)
        return errno == EAGAIN ? OUTLET_FULL : OUTLET_GONE;
    item->at += (size_t)n;
    o->waiting -= (size_t)n;
    o->sent += (uint64_t)n;
    if (o->limited)
        o->not_before_ms = later(now_ms, ((uint64_t)n * 1000 + o->rate - 1) / o->rate);
    if (item->at == item->length)
        take_out(o);
    return OUTLET_EMPTY;
}

static enum outlet_state begin(struct outlet *o, struct outlet_item *item, int fd, uint64_t now_ms)
{
    enum outlet_state state = OUTLET_EMPTY;

    switch (item->effect) {
    case EFFECT_SEND:
        if (!o->finished)
            return send_some(o, item, fd, now_ms);
        break;
    case EFFECT_WAIT: o->not_before_ms = later(now_ms, item->n); break;
    case EFFECT_THROTTLE:
        o->limited = true;
        o->rate = item->n;
        break;
    case EFFECT_FIN:
        o->finished = true;
        state = OUTLET_FIN;
        break;
    case EFFECT_RST: state = OUTLET_RST; break;
    }
    take_out(o);
    return state;
}

enum outlet_state outlet_run(struct outlet *o, int fd, uint64_t now_ms)
{
    enum outlet_state state;

    while (o->first) {
        if (now_ms < o->not_before_ms)
            return OUTLET_WAIT;
        state = begin(o, o->first, fd, now_ms);
        if (state != OUTLET_EMPTY)
            return state;
    }
    return OUTLET_EMPTY;
}
