/* What the fuzz targets have in common. Each target is one file with a LLVMFuzzerTestOneInput;
   libFuzzer calls it with octets of its own making, and what must hold is asserted. */
#ifndef SELF_FUZZ_FUZZ_H
#define SELF_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
/* These two are the target's, if it wants them. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);
/* libFuzzer's own. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);

/* A path under which these octets can be read as a file, in memory; valid until the next call. */
const char *fuzz_path(const void *octets, size_t n);

#endif
