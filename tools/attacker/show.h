/* One attack from before to after: the bystander undisturbed, the attack in a process of its own,
   the bystander meanwhile, the end of it, and what came back. */
#ifndef TOOLS_ATTACKER_SHOW_H
#define TOOLS_ATTACKER_SHOW_H

#include "books.h"
#include "bystander.h"
#include "stage.h"

enum {
    LIMIT_DEMANDS = 4,
    /* The memory mark counts what clients put into a broker. Above it stand the process itself
       and what the allocator keeps: so much is allowed for both. */
    ALLOWANCE = 64 << 20,
    /* What may stay after an attack: an allocator's leftovers. */
    LEFTOVER = 32 << 20,
};

struct terms { /* what holds for all attacks of a run */
    const struct target *target;
    pid_t broker;
    uint64_t mark; /* 0: not known */
    bool quick;
};

struct verdict {
    const struct attack *attack;
    uint64_t count; /* what the attack was established with */
    struct latency calm, during;
    double newcomer_ms, newcomer_after_ms; /* -1: not served */
    struct books before, height, after;
    double attack_s, cpu_share, recovery_s;
    char fault[256];                  /* the attack could not be made */
    char demands[LIMIT_DEMANDS][256]; /* what the broker owed the attacker, and did not do */
    unsigned n_demands;
    bool alive, bounded, served, undisturbed, recovered;
};

void show(const struct terms *t, const struct attack *a, struct verdict *v);
/* All of it holds. Latency is judged in a whole run only. */
bool verdict_holds(const struct verdict *v, const struct terms *t);
/* One line of JSON. */
void verdict_print(const struct verdict *v, const struct terms *t);

#endif
