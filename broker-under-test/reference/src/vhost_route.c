#include "broker.h"
#include "faulty.h"
#include "mem.h"

/* The answer and the exchanges still to visit live in the broker, so that a publish
   allocates nothing. */
static void add_queue(struct broker *b, struct queue *q, size_t *n)
{
    if (q->visited == b->last_routing && !FAULTY(copy_per_path) && !FAULTY(copy_per_binding))
        return;
    q->visited = b->last_routing;
    if (*n == b->routed_room) {
        b->routed_room = b->routed_room * 2 + 16;
        b->routed = xgrow(b->routed, b->routed_room, sizeof(struct queue *));
    }
    b->routed[(*n)++] = q;
}

static void add_exchange(struct broker *b, struct exchange *x, size_t *n)
{
    if (x->visited == b->last_routing)
        return;
    x->visited = b->last_routing;
    if (*n == b->todo_room) {
        b->todo_room = b->todo_room * 2 + 16;
        b->todo = xgrow(b->todo, b->todo_room, sizeof(struct exchange *));
    }
    b->todo[(*n)++] = x;
}

struct route vhost_route(struct vhost *v, struct exchange *x, struct str key, struct str headers)
{
    struct broker *b = v->broker;
    size_t queues = 0, exchanges = 0;

    b->last_routing++;
    add_exchange(b, x, &exchanges);
    while (exchanges) {
        struct exchange *at = b->todo[--exchanges], *instead;
        struct destinations d = router_match(at->router, key, headers);

        for (size_t i = 0; i < d.n; i++) {
            struct destination *to = d.at[i];

            if (to->is_queue)
                add_queue(b, (struct queue *)to, &queues);
            else if (at == x || !FAULTY(exchange_bindings_one_hop))
                add_exchange(b, (struct exchange *)to, &exchanges);
        }
        if (d.n == 0 && at->alternate.n && !FAULTY(alternate_ignored) &&
            (instead = vhost_exchange(v, at->alternate)))
            add_exchange(b, instead, &exchanges);
    }
    return (struct route){ .at = b->routed, .n = queues };
}
