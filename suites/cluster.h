/* What the cases of the cluster chapter share: parties, each connected to a node, and the books of
   one queue, in which every message has its line: confirmed, delivered, acknowledged. Whatever a
   party hears goes into the books, and what must not be ends the case there: altered, duplicated,
   again without the flag, reordered; at the end, by books_balance, lost. Include after case.h. */
#ifndef SUITES_CLUSTER_H
#define SUITES_CLUSTER_H

#include "suites/steps.h"

enum { LIMIT_MESSAGES = 1000 };

struct party;
struct booking {
    struct party *by;
    bool confirmed, answered;
    unsigned deliveries;
    bool acknowledged; /* it must not come again */
    bool settled;      /* nor after a disturbance */
    bool overtaken; /* acknowledged, which a disturbance may have overtaken: it may come, marked */
};

/* Messages are numbers, from 1; so are their bodies and message ids. */
struct books {
    struct str queue;
    unsigned published;
    struct booking at[LIMIT_MESSAGES + 1];
};

struct party {
    struct peer *c;
    struct books *books;
    unsigned published; /* by this one; its delivery-tags are … */
    unsigned number[LIMIT_MESSAGES + 1];
    unsigned got; /* number and tag of the last delivery */
    uint64_t tag;
    unsigned highest; /* of its messages, that was delivered: the order is each publisher's own */
};

/* The kinds of queue that are on more than one node. A mirrored one is so by its name: the adapter
   has a policy for what ends with .mirrored. */
enum replicas { QUORUM, MIRRORED };

/* One body, two cases, NAME_quorum and NAME_mirrored; it takes `enum replicas kind`. */
// clang-format off
#define ON_REPLICAS(name, how, title_, quorum_rules, mirrored_rules)                               \
    static void name##_on(struct t *t, enum replicas kind);                                        \
    WIRE_CASE(name##_quorum, .title = title_ " (quorum queue)", .rules = quorum_rules,             \
              .restart = how, .needs = "cluster")                                                  \
    {                                                                                              \
        name##_on(t, QUORUM);                                                                      \
    }                                                                                              \
    WIRE_CASE(name##_mirrored, .title = title_ " (mirrored queue)", .rules = mirrored_rules,       \
              .restart = how, .needs = "cluster mirrored")                                         \
    {                                                                                              \
        name##_on(t, MIRRORED);                                                                    \
    }                                                                                              \
    static void name##_on(struct t *t, enum replicas kind)
// clang-format on

/* In the place of `how`, for a case that changed what it judges: REVISED(NODE_KILL, 2). */
#define REVISED(how, revision_) how, .revision = (revision_)

/* What was answered at one node is news at the others, a moment later: these ask until it is known,
   some seconds at most. queue_reaches: at every node. */
bool known_at(struct t *t, struct peer *c, struct str queue);
void await_known(struct t *t, struct peer *c, struct str queue);
void queue_reaches(struct t *t, struct str queue);
/* Until at least so many messages are ready: what a lost consumer held is back. */
void await_returned(struct t *t, struct peer *c, struct str queue, unsigned least);

/* Declares a queue of that kind at a node, where its leader is then, and opens its books. */
struct books *replicated(struct t *t, enum replicas kind, unsigned node);
/* The books of any queue. */
struct books *books_of(struct t *t, struct str queue);

/* A connection to that node, its channel in confirm mode. */
struct party *party_at(struct t *t, struct books *b, unsigned node);
/* n persistent messages. */
void publishes(struct t *t, struct party *p, unsigned n);
/* n messages, all of them confirmed. */
void publishes_safely(struct t *t, struct party *p, unsigned n);
/* Until each of its messages has its ack, or its nack. */
void hears_answers(struct t *t, struct party *p);
void consumes(struct t *t, struct party *p);
/* The next delivery; acknowledges it if asked. */
void receives(struct t *t, struct party *p, bool acknowledge);
/* The last delivery. */
void acknowledges(struct t *t, struct party *p);
/* Acknowledged so that no disturbance can overtake it: a message published behind it is confirmed.
 */
void settles(struct t *t, struct party *p);

enum heard {
    HEARD_NOTHING,  /* within the time given */
    HEARD_ANSWER,   /* basic.ack or basic.nack of what it published */
    HEARD_DELIVERY, /* also of basic.get */
    HEARD_EMPTY,    /* basic.get-empty */
    HEARD_CANCEL,   /* its consumer was cancelled */
    HEARD_CLOSE,    /* of the channel, answered */
    HEARD_END,      /* of the connection */
};
/* Takes whatever comes next into the books; within_ms as for t_next. */
extern enum heard hears(struct t *t, struct party *p, unsigned within_ms);
/* Whatever its node had still said, and then the end of the connection. */
void hears_the_end(struct t *t, struct party *p);

/* The cluster was disturbed: acknowledgements that nobody answered may be lost. */
void books_disturbed(struct books *b);
/* Gets and acknowledges all that is in the queue, then no confirmed message may be missing. */
void books_balance(struct t *t, struct books *b, unsigned node);

#endif
