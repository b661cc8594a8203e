#include "confirm.h"

#include "codec.h"
#include "faulty.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

void confirms_clear(struct confirms *c)
{
    free(c->runs);
    *c = (struct confirms){ .runs = NULL };
}

void confirms_add(struct confirms *c, uint64_t batch)
{
    struct confirm_run *last = c->count ? &c->runs[c->count - 1] : NULL;

    c->published++;
    if (last && last->batch >= batch &&
        (last->batch == CONFIRM_NEVER) == (batch == CONFIRM_NEVER)) {
        last->last = c->published;
        return;
    }
    if (c->count == c->capacity) {
        c->capacity = c->capacity * 2 + 4;
        c->runs = xgrow(c->runs, c->capacity, sizeof *c->runs);
    }
    assert(c->runs);
    c->runs[c->count++] = (struct confirm_run){ .last = c->published, .batch = batch };
}

static void say(struct out *o, uint16_t channel, bool kept, uint64_t tag, bool multiple)
{
    if (kept)
        send_basic_ack(o, channel,
                       &(struct m_basic_ack){ .delivery_tag = tag, .multiple = multiple });
    else
        send_basic_nack(o, channel,
                        &(struct m_basic_nack){ .delivery_tag = tag, .multiple = multiple });
}

bool confirms_settle(struct confirms *c, struct out *o, uint16_t channel, uint64_t committed)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct confirm_run *r = &c->runs[i];

        say(o, channel, r->batch <= committed, r->last, r->last - c->confirmed > 1);
        c->confirmed = r->last;
    }
    c->count = 0;
    return true;
}

bool confirms_flush(struct confirms *c, struct out *o, uint16_t channel, uint64_t committed)
{
    size_t done = 0;
    uint64_t last = 0;

    while (done < c->count && c->runs[done].batch <= committed)
        last = c->runs[done++].last;
    if (done) {
        struct m_basic_ack ack = { .delivery_tag = last,
                                   .multiple = last - c->confirmed > 1 && !FAULTY(confirms_last) };

        send_basic_ack(o, channel, &ack);
        c->confirmed = last;
        c->count -= done;
        memmove(c->runs, c->runs + done, c->count * sizeof *c->runs);
    }
    return c->count == 0;
}
