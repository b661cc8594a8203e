/* The input of the target `broker`: what happens to it, in order.

     octet     the connections that are open already (bits 0 to 2), and how it is set up
     then      octet   connection (bits 0 and 1), what (bits 2 to 4), lend (bit 5)
               short   n: how many octets follow, or how much
               octets  of SAY, FRAME and DRIP alone

   Shared by the target and by seeds.c, which writes programs from conversations. */
#ifndef SELF_FUZZ_PROGRAM_H
#define SELF_FUZZ_PROGRAM_H

enum {
    PROGRAM_PEERS = 4,
    PROGRAM_OPEN = 7, /* first octet: these are open, channel 1, too */
    PROGRAM_LITTLE_MEMORY = 8,
    PROGRAM_SMALL_FRAMES = 16,
    PROGRAM_HEARTBEAT = 32,
    PROGRAM_CAPABLE = 64,   /* what is open already has told all capabilities */
    PROGRAM_STRANGER = 128, /* the last peer does not come from loopback */
    STEP_HEAD = 3,
    STEP_PEER = 3,
    STEP_WHAT = 28,
    STEP_LEND = 32,
};

enum step_what {
    STEP_SAY = 0,         /* these octets come */
    STEP_FRAME = 1 << 2,  /* type, channel (an octet), payload: the frame of it comes */
    STEP_DRIP = 2 << 2,   /* these octets come one by one */
    STEP_TICK = 3 << 2,   /* n ms pass; deadlines are kept */
    STEP_DRAIN = 4 << 2,  /* n octets are taken by the peer; 0: all */
    STEP_COMMIT = 5 << 2, /* n batches are on disk */
    STEP_GONE = 6 << 2,   /* the connection breaks; a new one comes in its place */
    STEP_DISK = 7 << 2,   /* it is full from here on; n 0: it has room */
};

#endif
