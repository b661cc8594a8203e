/* Registering tests, and the play that most of them are. A test registers itself; define SUITE as
   the name of the file's suite before the first TEST. */
#ifndef SELF_FAULTS_TESTS_H
#define SELF_FAULTS_TESTS_H

#include <CUnit/CUnit.h>

#include "fixtures/faults/fault.h"
#include "fixtures/wire/frame.h"

void test_add(const char *suite, const char *name, void (*run)(void));

#define TEST(name)                                                                                 \
    static void name(void);                                                                        \
    __attribute__((constructor)) static void add_##name(void)                                      \
    {                                                                                              \
        test_add(SUITE, #name, name);                                                              \
    }                                                                                              \
    static void name(void)

uint64_t test_seed(void); /* printed at the start; AMQPROOF_SEED sets it */

/* Fails the test, with both texts, unless they are equal. */
void want_text(struct str got, struct str wanted, const char *about);

/* The lines of one fault (its `fault` line is added) and a play. In a play a line at the margin
   is what happens:

     C 1 basic.ack delivery-tag=1      this side sends a frame …
     C octets "\x01\x00"               … or just octets
     at 100                            the clock; what is due comes out
     C ends | C resets                 its stream is over

   and what is indented by two blanks below it is what the engine has made of it, in this order:
   a line for each write, its frames with ` + ` between, `S` being what the client gets; and
   `S waits 100`, `S throttled 100`, `fin`, `rst`. */
void play(const char *fault, const char *script);
/* The same, but indented is what the engine has told about it: the lines of the log. */
void play_log(const char *fault, const char *script);

/* What is complained about in a file of this text, with "F" for its path. */
void want_complaints(const char *text, const char *wanted);

/* The file stays until the next call; what `f` holds is the caller's to clear. */
bool load_text(struct fault_file *f, const char *text, struct buf *complaints);

#endif
