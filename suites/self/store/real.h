/* For what stands before the C library's own functions: how it comes to those. REAL(type, name),
   at the head of a function, defines real_name.call. */
#ifndef SELF_STORE_REAL_H
#define SELF_STORE_REAL_H

#include <assert.h>
#include <dlfcn.h>

static inline void *real_next(const char *name, void **kept)
{
    if (!*kept)
        *kept = dlsym(RTLD_NEXT, name);
    assert(*kept);
    return *kept;
}

/* A function pointer out of dlsym, in the one way that C allows. */
#define REAL(type, name)                                                                           \
    static void *kept_##name;                                                                      \
    union {                                                                                        \
        void *p;                                                                                   \
        type *call;                                                                                \
    } real_##name = { real_next(#name, &kept_##name) }

#endif
