/* Registering tests, and what several of them need. A test registers itself; define
   SUITE as the name of the file's suite before the first TEST. */
#ifndef SELF_WIRE_TESTS_H
#define SELF_WIRE_TESTS_H

#include <CUnit/CUnit.h>

#include "fixtures/wire/frame.h"

void test_add(const char *suite, const char *name, void (*run)(void));

#define TEST(name)                                                                                 \
    static void name(void);                                                                        \
    __attribute__((constructor)) static void add_##name(void)                                      \
    {                                                                                              \
        test_add(SUITE, #name, name);                                                              \
    }                                                                                              \
    static void name(void)

enum { ROOM = 64 << 20 }; /* no test comes near it */

uint64_t test_seed(void); /* printed at the start; AMQPROOF_SEED sets it */

/* Fails the test, with both texts, unless they are equal. */
void want_str(struct str got, struct str wanted, const char *about);

/* Octets that end where the mapped memory ends: one octet more is SIGSEGV. The view holds
   until the next call. */
struct str at_the_edge(struct str octets);

#endif
