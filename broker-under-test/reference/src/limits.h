/* Every ceiling and every patience of the broker, each with its reason.
   Sizes in bytes, times in milliseconds, unless the name says otherwise. */
#ifndef REF_LIMITS_H
#define REF_LIMITS_H

/* What Tune offers. RabbitMQ's numbers, which clients know. */
#define LIMIT_CHANNEL_MAX 2047
#define LIMIT_FRAME_MAX   131072
#define LIMIT_HEARTBEAT_S 60
/* Before Tune-Ok: room for long client properties; the specification asks for 4096. */
#define LIMIT_FRAME_EARLY 8192
/* Seven octets of head and the end octet. */
#define FRAME_OVERHEAD 8

/* Larger bodies are refused with 311: nobody may fill the memory with one message. */
#define LIMIT_BODY (128ull << 20)
/* A body is announced before it is sent, so memory is given as octets come: this
   much at once, doubled when it is full. An announcement alone costs no more. */
#define LIMIT_BODY_EAGER (1u << 20)

/* Names by the specification: 127 octets. */
#define LIMIT_NAME 127

/* Bytes waiting for one slow reader: above the high mark its consumers get nothing
   more, below the low mark they do again. Two socket buffers' worth keeps a fast reader busy. */
#define LIMIT_OUT_HIGH (1u << 20)
#define LIMIT_OUT_LOW  (256u << 10)
/* Replies add up too when a client asks and never reads: then it is not read from. */
#define LIMIT_OUT_DEAF (4u << 20)
/* One block of encoded heads; small bodies are copied beside their head because an
   iovec entry and a reference cost more than the copy. */
#define LIMIT_OUT_BLOCK   (16u << 10)
#define LIMIT_BODY_INLINE 1024

/* Entries of one writev. */
#define LIMIT_IOV 512

/* Deliveries of one queue before the next one that can deliver gets its go. */
#define LIMIT_PUMP 32

/* One read of the loop. The buffer is shared by all connections. */
#define LIMIT_READ (256u << 10)

/* The handshake must be done in this time, as with RabbitMQ. */
#define LIMIT_HANDSHAKE_MS 10000
/* Faults in negotiation: a pause that makes guessing slow, then silence. */
#define LIMIT_PAUSE_MS 1000
/* Our Close waits so long for Close-Ok. */
#define LIMIT_CLOSE_MS 5000
/* After the last octet we sent, so long for the peer's end of stream. */
#define LIMIT_LINGER_MS 1000
/* A graceful stop gives clients so long to answer; what was promised is safe either way. */
#define LIMIT_STOP_MS 500

/* Messages held in memory: above, publishers are not read from; below four fifths
   of it, they are again. */
#define LIMIT_MEMORY (1024ull << 20)
/* The store's file may grow to this; it is sparse. */
#define LIMIT_STORE (16ull << 30)

/* Priority levels of a queue that did not ask for any: the specification wants two. */
#define PLAIN_LEVELS 2
#define LIMIT_LEVELS 256

#endif
