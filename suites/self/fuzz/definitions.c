/* definitions.json into a fresh broker: it is taken or refused with a line, and a second time
   either. */
#include "fuzz.h"

#include <assert.h>

#include "broker-under-test/reference/src/definitions.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *path = fuzz_path(data, n);
    char error[512] = "";
    struct broker *b = world_new(&default_settings);
    bool first = definitions_import(b, path, error, sizeof error);

    assert(first == !*error);
    assert(definitions_import(b, path, error, sizeof error) == first);
    world_free(b);
    return 0;
}
