/* What the tests of invariants poison: for each invariant conversations that break it and it
   alone, and the same without the defect, which break none, of either side. */
#ifndef SELF_HARNESS_INVARIANT_POISONS_H
#define SELF_HARNESS_INVARIANT_POISONS_H

#include "capture_kit.h"

/* before, then good or bad. NULL for before: an open channel 1. */
struct poison {
    const char *invariant, *before, *good, *bad;
};

/* Each ends with a row whose invariant is NULL. */
extern const struct poison server_poisons[], client_poisons[];

/* Each poison as a capture file in this folder; exit status. */
int poisons_write(const char *folder);

// clang-format off
#define CONSUME                                                                                    \
    KIT_OPEN "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"                                  \
             "S 1 basic.consume-ok consumer-tag=\"t\"\n"
#define DELIVER(tag)                                                                               \
    "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=" #tag " routing-key=\"q\"\n"               \
    "S 1 header class=basic size=0\n"
#define DELIVER_HEAD "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=1 routing-key=\"q\"\n"
#define PUBLISH                                                                                    \
    "C 1 basic.publish routing-key=\"q\"\n"                                                        \
    "C 1 header class=basic size=0\n"
#define CONFIRM                                                                                    \
    KIT_OPEN "C 1 confirm.select\n"                                                                \
             "S 1 confirm.select-ok\n"
#define MANDATORY                                                                                  \
    "C 1 basic.publish exchange=\"x\" routing-key=\"k\" mandatory=1\n"                             \
    "C 1 header class=basic size=0\n"
#define RETURN                                                                                     \
    "S 1 basic.return reply-code=312 reply-text=\"NO_ROUTE\" exchange=\"x\" routing-key=\"k\"\n"   \
    "S 1 header class=basic size=0\n"
#define HEADER   "C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
#define START    "S 0 connection.start version-minor=9 mechanisms=\"PLAIN\" locales=\"en_US\"\n"
#define START_OK "C 0 connection.start-ok mechanism=\"PLAIN\" response=\"r\" locale=\"en_US\"\n"
#define TUNE     "S 0 connection.tune channel-max=2 frame-max=4096\n"
// clang-format on

#endif
