/* A client's whole handshake up to an open channel 1, in one piece: what a program of the target
   `broker` may begin behind. */
#ifndef SELF_FUZZ_HELLO_H
#define SELF_FUZZ_HELLO_H

#include "broker-under-test/reference/src/str.h"

struct str hello_octets(bool capable); /* valid for ever */

#endif
