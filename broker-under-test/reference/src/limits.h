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
#define LIMIT_BODY_EAGER (256u << 10)

/* Names by the specification: 127 octets. */
#define LIMIT_NAME 127

/* Bytes waiting for one slow reader: above the high mark its consumers get nothing
   more, below the low mark they do again. Two socket buffers' worth keeps a fast reader busy. */
#define LIMIT_OUT_HIGH (1u << 20)
#define LIMIT_OUT_LOW  (256u << 10)
/* Replies add up too when a client asks and never reads: then it is not read from. */
#define LIMIT_OUT_DEAF (4u << 20)
/* When many do not read: each has its part, and at least what one small message needs. */
#define LIMIT_OUT_LEAST (4u << 10)
/* One block of encoded heads; small bodies are copied beside their head because an
   iovec entry and a reference cost more than the copy. */
#define LIMIT_OUT_BLOCK   (16u << 10)
#define LIMIT_BODY_INLINE 1024

/* Entries of one writev. */
#define LIMIT_IOV 512
/* Octets encrypted ahead of what the socket takes: four full records. */
#define LIMIT_TLS_AHEAD (64u << 10)

/* Deliveries of one queue before the next one that can deliver gets its go. */
#define LIMIT_PUMP 32

/* One read of the loop. The buffer is shared by all connections. */
#define LIMIT_READ (512u << 10)
/* So long one connection may keep the others waiting: if it was more, half as much is read of it
   next time, down to a few small frames. */
#define LIMIT_SLICE_NS   200000
#define LIMIT_READ_FIRST (16u << 10)
#define LIMIT_READ_LEAST (2u << 10)

/* The handshake must be done in this time, as with RabbitMQ. */
#define LIMIT_HANDSHAKE_MS 10000
/* Faults in negotiation: a pause that makes guessing slow, then silence. */
#define LIMIT_PAUSE_MS 1000
/* Our Close waits so long for Close-Ok. */
#define LIMIT_CLOSE_MS 5000
/* Of what comes in crowds so much in one turn of the loop; then those who are there already have
   theirs. Each costs some 20 to 40 us. */
#define LIMIT_TURN_ACCEPTS 16
#define LIMIT_TURN_RINGS   16
#define LIMIT_TURN_CLOSES  12
/* After the last octet we sent, so long for the peer's end of stream. */
#define LIMIT_LINGER_MS 1000
/* Who is not read from is looked at so often: has it gone? */
#define LIMIT_GONE_MS 1000
/* A graceful stop gives clients so long to answer; what was promised is safe either way. */
#define LIMIT_STOP_MS 500

/* Messages held in memory: above, publishers are not read from; below four fifths
   of it, they are again. */
#define LIMIT_MEMORY (1024ull << 20)
/* What the allocator may keep at its end although nothing uses it. */
#define LIMIT_MEMORY_SPARE (8 << 20)
/* Of these, the ready messages of one queue; what is behind them waits in the store, if it is
   there. Read back so much at a time. */
#define LIMIT_READY      (4u << 20)
#define LIMIT_READY_BACK (64u << 10)
/* If all queues together hold more than this, each has a part only of its room. */
#define LIMIT_READY_ALL   (32u << 20)
#define LIMIT_READY_PARTS 64
/* Entries that one turn looks at to park them. */
#define LIMIT_PARK 4096
/* Parts of the mark (share.h): backlog, beyond which publishers to long queues wait; things that
   are declared; what one connection holds and must end itself; what waits to be read. */
#define LIMIT_PART_BACKLOG 2
#define LIMIT_PART_THINGS  2
#define LIMIT_PART_HELD    4
#define LIMIT_PART_UNSENT  8
/* Then a connection may still make so many, while there is half of what is left: enough for one
   that comes to work. */
#define LIMIT_THINGS_EACH 64
/* A queue is long then if it has this part of what is left, in octets or in messages of a usual
   size; a queue whose consumers keep up never is. */
#define LIMIT_PARTS_BACKLOG   64
#define LIMIT_BACKLOG_LEAST   (64u << 10)
#define LIMIT_BACKLOG_MESSAGE 1024
#define LIMIT_BACKLOG_COUNT   64
/* What each thing that clients make takes, with its place in every map and the allocator's part;
   names, arguments and patterns are counted beside it. */
#define COST_CONNECTION 6144
#define COST_CHANNEL    1024
#define COST_CONSUMER   1024
#define COST_EXCHANGE   1024
#define COST_QUEUE      640
#define COST_BINDING    448
#define COST_WORD       128
/* What one message may cost at an exchange, in steps: a demand of a headers binding is one, a #
   behind a # in a topic pattern one for each word of the longest key. A millisecond at most. */
#define LIMIT_ROUTE_STEPS 32768
#define LIMIT_KEY_WORDS   128
/* Of messages and entries that were freed, what is kept to be used again at once. */
#define LIMIT_PIECES_KEPT (256u << 10)
/* Freed memory is the allocator's until so much of it came together. */
#define LIMIT_KEPT_FREE (16u << 20)
/* The store's file may grow to this; it is sparse. */
#define LIMIT_STORE (16ull << 30)
/* Descriptors that are not for connections. */
#define LIMIT_SPARE_FILES 16
/* The kernel's table of them is made for so many at the start. */
#define LIMIT_FILES_READY 32768
/* The pause after an accept that failed, so that the loop does not spin on it. */
#define LIMIT_KNOCK_MS 200
/* A full disk is tried again so often. */
#define LIMIT_FULL_MS 200

/* Priority levels of a queue that did not ask for any: the specification wants two. */
#define PLAIN_LEVELS 2
#define LIMIT_LEVELS 256

#endif
