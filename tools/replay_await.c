/* Waiting for what was recorded: the next unit of a channel that is akin to it. What another broker
   may say earlier or later waits its turn; what it says instead is handed back. */
#include "replay.h"

/* Comes when it comes: another broker may say it earlier or later among the others. */
static bool is_any_time(const struct frame *f)
{
    if (f->fault || !f->method)
        return false;
    switch (f->method->id) {
    case M_basic_deliver:
    case M_basic_return:
    case M_basic_ack:
    case M_basic_nack:
    case M_basic_cancel:
    case M_channel_flow: return true;
    default: return false;
    }
}

static bool is_goodbye(const struct frame *f)
{
    return !f->fault && f->method && f->method->id == M_connection_close;
}

enum found { FOUND, NOT_YET, STRANGER };

/* The unit that begins with h; *next: the frame behind it on its channel, if there is one yet. */
static struct unit gather(struct talk *t, struct heard *h, struct heard **next)
{
    uint16_t channel = h->frame.channel;
    struct unit u = unit_of(&h->frame);

    *next = NULL;
    while ((h = TAILQ_NEXT(h, link))) {
        if (h->frame.channel != channel)
            continue;
        if (!unit_add(&u, &h->frame, t->broker->arena)) {
            *next = h;
            break;
        }
    }
    return u;
}

static void drop_unit(struct talk *t, struct heard *h, const struct heard *next)
{
    uint16_t channel = h->frame.channel;

    while (h && h != next) {
        struct heard *behind = TAILQ_NEXT(h, link);

        if (h->frame.channel == channel)
            talk_drop(t, h);
        h = behind;
    }
}

/* last: nothing more will come, so what is there counts although it is not whole. */
static enum found find(struct talk *t, const struct frame *head, bool last, struct unit *here,
                       const struct frame **stranger)
{
    struct heard *h, *next;

    for (h = talk_first(t, head->channel); h; h = next) {
        *here = gather(t, h, &next);
        if (frames_akin(head, here->head)) {
            if (!here->whole && !next && !last)
                return NOT_YET;
            drop_unit(t, h, next);
            return FOUND;
        }
        *stranger = here->head;
        if (!is_any_time(here->head))
            return STRANGER;
    }
    TAILQ_FOREACH (h, &t->heard, link) {
        if (is_goodbye(&h->frame)) {
            *stranger = &h->frame;
            return STRANGER;
        }
    }
    return NOT_YET;
}

bool replay_await(struct replay *r, struct talk *t, const struct frame *head, struct unit *here,
                  const struct frame **stranger)
{
    int64_t until_ms = replay_deadline(r);
    enum found found;

    *stranger = NULL;
    while ((found = find(t, head, false, here, stranger)) == NOT_YET)
        if (t->over || !talk_listen(t, until_ms)) {
            found = find(t, head, true, here, stranger);
            break;
        }
    return found == FOUND;
}
