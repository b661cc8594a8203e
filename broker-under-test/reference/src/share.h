/* Memory that is short, and who has to do without: nobody may take it from the others. All that
   clients make the broker keep is counted, in four accounts, each with its own remedy.

     b->memory  messages in queues   over half the mark, publishers to long queues wait; over the
                                     mark, all do (broker.c)
     b->things  what was declared    connections, channels, exchanges, queues, bindings, consumers:
                                     at half the mark who has made many is refused
     b->held    what one connection  frames and bodies that are not whole, transactions: at a
                alone can release    quarter of the mark the heaviest holder is closed
     b->unsent  what a peer must     at an eighth of the mark each may have no more than its part
                read first           before it waits

   Loop thread only. */
#ifndef REF_SHARE_H
#define REF_SHARE_H

#include "broker.h"
#include "queue.h"

/* How much of the mark is in use, all accounts together. */
size_t share_used(const struct broker *b);

/* accepted, or RESOURCE_ERROR: it gets no room for one more of what is named. */
struct refusal share_of_things(struct conn *c, const char *what);
/* The same for a binding, which costs time as well. */
struct refusal share_of_bindings(struct conn *c, const struct exchange *x);
/* What the connection holds was so much, and now is. */
static inline void share_hold(struct conn *c, size_t before, size_t after)
{
    c->held += after - before;
    c->broker->held += after - before;
}
/* Between two frames: closes the heaviest holders until what is held is a quarter again. */
void share_relieve(struct broker *b);

/* After something was appended to its output, or taken off. */
static inline void share_count_unsent(struct conn *c)
{
    size_t owned = out_owned(&c->out);

    c->broker->unsent += owned - c->unsent;
    c->unsent = owned;
}
/* What it may have waiting before nothing is delivered to it; four times that, and it is not
   read from. */
size_t share_unsent(const struct broker *b);

/* It published into the queue: if memory is short and the queue is long, it waits. */
void share_judge(struct conn *c, struct queue *q);
/* Those who waited for a queue that has become short, or for memory, go on. */
void share_reprieve(struct broker *b);
/* It waits no more, whatever for. */
void share_forgive(struct conn *c);
/* The queue goes. */
void share_forget_queue(struct queue *q);
/* Much was freed: the allocator gives it back to the system. */
void share_return(struct broker *b);

#endif
