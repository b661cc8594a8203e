#include "tally.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "result.h"

static uint8_t filler[BODY_MOST];

/* Bits spread so that no number's octets look like another's. */
static uint64_t mixed(uint64_t n)
{
    n = (n ^ (n >> 31)) * 0x9e3779b97f4a7c15u;
    return n ^ (n >> 29);
}

static void make_filler(void)
{
    uint64_t x = 1;

    if (filler[BODY_LEAST])
        return;
    for (size_t i = 0; i < sizeof filler; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        filler[i] = (uint8_t)(x >> 56 | 1);
    }
}

void body_fill(uint8_t *p, size_t n)
{
    assert(n >= BODY_LEAST && n <= BODY_MOST);
    make_filler();
    memcpy(p, filler, n);
}

void body_set_number(uint8_t *p, uint64_t number)
{
    uint64_t check = mixed(number);

    memcpy(p, &number, sizeof number); /* for ourselves alone, so in our own order */
    memcpy(p + 8, &check, sizeof check);
}

void stream_init(struct stream *s, uint64_t first, uint64_t step, uint64_t body_size)
{
    *s = (struct stream){ .next = first, .step = step, .body_size = body_size };
    s->gaps = calloc(GAPS_MOST, sizeof *s->gaps);
    if (!s->gaps)
        bench_give_up("out of memory");
    make_filler();
}

void stream_clear(struct stream *s)
{
    free(s->gaps);
    free(s->model);
}

static void add_gap(struct stream *s, uint64_t from, uint64_t to)
{
    if (s->n_gaps == GAPS_MOST)
        bench_give_up("more than %d gaps in what one queue delivers", GAPS_MOST);
    s->gaps[s->n_gaps++] = (struct gap){ from, to };
}

/* Was it passed over? Then its gap becomes smaller, or two. */
static bool fill_gap(struct stream *s, uint64_t number)
{
    for (unsigned i = 0; i < s->n_gaps; i++) {
        struct gap g = s->gaps[i];

        if (number < g.from || number >= g.to)
            continue;
        s->gaps[i] = s->gaps[--s->n_gaps];
        if (g.from < number)
            add_gap(s, g.from, number);
        if (number + s->step < g.to)
            add_gap(s, number + s->step, g.to);
        return true;
    }
    return false;
}

static void out_of_turn(struct stream *s, uint64_t number)
{
    if (number % s->step != s->next % s->step) {
        s->twice++; /* it is another queue's, which has it too, or lost it */
        return;
    }
    s->received++;
    if (number > s->next) {
        add_gap(s, s->next, number);
        s->next = number + s->step;
    } else if (fill_gap(s, number)) {
        s->disordered++;
    } else {
        s->received--;
        s->twice++;
    }
}

void stream_header(struct stream *s, uint64_t body_size)
{
    s->wrong = body_size != s->body_size;
    s->at = 0;
}

static void compare(struct stream *s, const uint8_t *p, size_t n)
{
    size_t from = s->at < BODY_LEAST ? BODY_LEAST - (size_t)s->at : 0;

    if (s->at + n > s->body_size) {
        s->wrong = true;
        return;
    }
    if (s->at < BODY_LEAST)
        memcpy(s->head + s->at, p, n < from ? n : from);
    if (n > from && memcmp(p + from, filler + s->at + from, n - from) != 0)
        s->wrong = true;
}

bool stream_number(struct stream *s, const uint8_t head[BODY_LEAST], bool wrong, uint64_t *number)
{
    uint64_t check;

    memcpy(number, head, sizeof *number);
    memcpy(&check, head + 8, sizeof check);
    if (wrong || check != mixed(*number)) {
        s->altered++;
    } else if (*number == s->next) {
        s->next += s->step;
        s->received++;
    } else {
        out_of_turn(s, *number);
    }
    return true;
}

bool stream_body(struct stream *s, const uint8_t *p, size_t n, uint64_t *number)
{
    compare(s, p, n);
    s->at += n;
    return s->at >= s->body_size && stream_number(s, s->head, s->wrong, number);
}

bool stream_is_filler(const struct stream *s, const uint8_t *p)
{
    return memcmp(p + BODY_LEAST, filler + BODY_LEAST, s->body_size - BODY_LEAST) == 0;
}

static uint64_t numbers_in(const struct stream *s, uint64_t from, uint64_t to)
{
    return from < to ? (to - from + s->step - 1) / s->step : 0;
}

uint64_t stream_lost(const struct stream *s, uint64_t published)
{
    uint64_t lost = numbers_in(s, s->next, published);

    for (unsigned i = 0; i < s->n_gaps; i++)
        lost += numbers_in(s, s->gaps[i].from, s->gaps[i].to);
    return lost;
}
