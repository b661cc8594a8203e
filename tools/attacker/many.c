#include "many.h"

void must_open(struct stage *s, struct link *l)
{
    if (!link_open(l, s->target, (struct wishes){ 0, 0 }) || !link_channel(l, 1))
        stage_give_up(s, "no connection with a channel: the broker says %u", l->refused);
}

void must_declare(struct stage *s, struct link *l, struct str queue)
{
    must_open(s, l);
    if (!link_queue(l, 1, queue))
        stage_give_up(s, "no queue: the broker says %u", l->refused);
}

/* Half a second without room is what a broker that has stopped reading looks like. */
uint64_t pour(const struct stage *s, struct link *l, struct str octets, uint64_t most)
{
    uint64_t said = 0;
    unsigned refusals = 0;

    while (said < most && !l->gone && refusals < 50) {
        size_t n = link_again(l, octets);

        said += n;
        refusals = n ? 0 : refusals + 1;
        if (n == 0 && !stage_waits(s, 10))
            break;
    }
    return said;
}

bool fence(struct link *l, uint16_t channel)
{
    struct m_basic_qos qos = { 0 };

    return link_call(l, channel, M_basic_qos, &qos, M_basic_qos_ok) != NULL;
}
