#include "many.h"

/* clang-format off */
const struct attack attacks[] = {
#define ATTACK(name, unit, title) { #name, title, unit, attack_##name },
#include "attacks.def"
#undef ATTACK
};
/* clang-format on */

const unsigned attacks_n = sizeof attacks / sizeof attacks[0];
