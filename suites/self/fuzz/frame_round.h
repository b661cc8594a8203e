/* What must hold for every frame the harness decodes: printed, with every field and without, it
   is read back to the octets it came from. For the targets `wire` and `notation`. */
#ifndef SELF_FUZZ_FRAME_ROUND_H
#define SELF_FUZZ_FRAME_ROUND_H

#include "fixtures/wire/print.h"

void frame_round(const struct frame *f, struct str octets, struct arena *a);

#endif
