/* What the driver and the shim inside the broker's process share: a file of this struct, mapped by
   both; AMQPROOF_TROUBLE names it. The driver says what is to fail and may take it back while the
   broker runs; the shim counts. */
#ifndef SELF_TROUBLE_H
#define SELF_TROUBLE_H

#include <stdatomic.h>
#include <stdint.h>

/* Which calls are counted, and may fail; of files, those whose name is the store's. */
enum trouble_calls {
    CALL_WRITE = 1,  /* write, pwrite, writev, pwritev, ftruncate, posix_fallocate */
    CALL_SYNC = 2,   /* fsync, fdatasync, msync */
    CALL_OPEN = 4,   /* open, mmap */
    CALL_ACCEPT = 8, /* accept, accept4 */
};

struct trouble {
    _Atomic uint32_t calls;    /* a set of the above */
    _Atomic uint32_t from, to; /* the numbers, from 1, of those that fail; from 0: none */
    _Atomic int error;         /* with this errno */
    _Atomic uint32_t half;     /* the first that fails writes half of it */
    _Atomic uint32_t counted, failed;
    _Atomic int64_t jump_s; /* added to the wall clock */
};

#endif
