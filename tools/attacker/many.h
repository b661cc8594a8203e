/* The attacks' functions by name, and what several of them say. */
#ifndef TOOLS_ATTACKER_MANY_H
#define TOOLS_ATTACKER_MANY_H

#include "stage.h"

/* clang-format off */
#define ATTACK(name, unit, title) void attack_##name(struct stage *s);
#include "attacks.def"
#undef ATTACK
/* clang-format on */

/* A link with one open channel, or the attack cannot be made. */
void must_open(struct stage *s, struct link *l);
/* … and an exclusive queue of this name. */
void must_declare(struct stage *s, struct link *l, struct str queue);
/* Says the octets until the broker takes no more for a while, or so many have gone: how many. */
uint64_t pour(const struct stage *s, struct link *l, struct str octets, uint64_t most);
/* Until a method this connection says is answered: all before it was worked off. */
bool fence(struct link *l, uint16_t channel);

#endif
