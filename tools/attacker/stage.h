/* Where an attack stands: in a process of its own, which says when it is established, goes on
   until it is told to stop, and then is gone with all its sockets.

       void attack_x(struct stage *s)
       {
           ... opens, sends ...
           stage_established(s, n);        n of what it is about: connections, queues, octets
           while (stage_goes_on(s))        or stage_linger(s), if being there is all
               ... one round more ...
       }

   What the broker owes the attacker itself (to be cut off, to be refused) is demanded with
   stage_demand: it is a line of the verdict. */
#ifndef TOOLS_ATTACKER_STAGE_H
#define TOOLS_ATTACKER_STAGE_H

#include "link.h"

struct stage {
    const struct target *target;
    bool quick;
    uint64_t mark; /* the broker's memory mark, as far as the attacker knows */
    int say_fd, stop_fd;
    bool established;
};

/* One of both, by how much time there is. */
unsigned stage_size(const struct stage *s, unsigned whole, unsigned quick);
void stage_established(struct stage *s, uint64_t count);
bool stage_goes_on(const struct stage *s);
/* Waits up to so long; false: it is over. */
bool stage_waits(const struct stage *s, int ms);
void stage_linger(const struct stage *s);
void stage_demand(struct stage *s, bool met, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The attack itself cannot be made: our fault or the machine's. Does not return. */
_Noreturn void stage_give_up(struct stage *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* n connections that are open, those that the broker took: their number. */
struct crowd {
    struct link *at;
    unsigned n, alive;
};
struct crowd crowd_open(struct stage *s, unsigned n, struct wishes w);
/* The same, but only the sockets. */
struct crowd crowd_dial(struct stage *s, unsigned n);
void crowd_drop(struct crowd *c);
/* Throws away what came; counts who is left. */
unsigned crowd_discard(struct crowd *c);

struct attack {
    const char *name, *title, *unit;
    void (*run)(struct stage *s);
};
extern const struct attack attacks[];
extern const unsigned attacks_n;

#endif
