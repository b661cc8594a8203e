/* Every message has a number, and its body says it: octets 0 to 7 are the number, 8 to 15 follow
   from it, the rest is the same in all. A stream is what one queue has to deliver:
   first, first + step, first + 2 step, … Whatever else comes is counted by what is wrong. */
#ifndef BENCHMARK_TALLY_H
#define BENCHMARK_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODY_LEAST = 16, BODY_MOST = 64 << 10, GAPS_MOST = 1024 };

struct gap { /* numbers that were passed over: from, from + step, … below to */
    uint64_t from, to;
};

struct stream {
    uint64_t next, step; /* what has to come now */
    uint64_t body_size;
    uint64_t received, twice, disordered, altered;
    struct gap *gaps; /* GAPS_MOST */
    unsigned n_gaps;
    /* One delivery as it came, all three frames; the next ones differ in tag and number alone. */
    uint8_t *model;
    size_t model_n, model_tag, model_body;
    /* The message that is coming in. */
    bool open, wrong;
    uint64_t tag, at;
    uint8_t head[BODY_LEAST];
};

void body_fill(uint8_t *p, size_t n);              /* a body, still without number */
void body_set_number(uint8_t *p, uint64_t number); /* and with it */

void stream_init(struct stream *s, uint64_t first, uint64_t step, uint64_t body_size);
void stream_clear(struct stream *s);
void stream_header(struct stream *s, uint64_t body_size);
/* True: that was the last of the message, whose number is *number (if it is not altered). */
bool stream_body(struct stream *s, const uint8_t *p, size_t n, uint64_t *number);
/* The same of a message whose every other octet was found right. */
bool stream_number(struct stream *s, const uint8_t head[BODY_LEAST], bool wrong, uint64_t *number);
/* Is this the body, but for its number? */
bool stream_is_filler(const struct stream *s, const uint8_t *p);
/* Of those below `published`, how many never came. */
uint64_t stream_lost(const struct stream *s, uint64_t published);

#endif
