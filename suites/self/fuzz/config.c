/* The configuration file: it is taken, or refused with one line that names the file. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "broker-under-test/reference/src/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *path = fuzz_path(data, n);
    struct settings s = default_settings;
    char error[512] = "";
    bool taken = config_read(&s, path, error, sizeof error);

    assert(taken ? !*error : strncmp(error, path, strlen(path)) == 0);
    assert(!strchr(error, '\n'));
    config_clear(&s);
    return 0;
}
