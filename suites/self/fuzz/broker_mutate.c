/* Changes programs as programs: steps are put in, taken out, doubled, or changed within their
   bounds, and frames that a client could say are made up. One time in four libFuzzer does as it
   likes. */
#include "fuzz.h"

#include <string.h>

#include "apart.h"
#include "program.h"

enum { STEPS = 256 };

struct steps { /* where each begins, and behind the last where it ends */
    size_t at[STEPS + 1];
    size_t n;
};

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static size_t said_in(const uint8_t *step)
{
    return (step[0] & STEP_WHAT) <= STEP_DRIP ? (size_t)step[1] << 8 | step[2] : 0;
}

static void find_steps(const uint8_t *data, size_t n, struct steps *s)
{
    size_t at = 1;

    *s = (struct steps){ .n = 0 };
    while (s->n < STEPS && n - at >= STEP_HEAD) {
        size_t octets = said_in(data + at);

        s->at[s->n++] = at;
        at += STEP_HEAD;
        at += octets < n - at ? octets : n - at;
    }
    s->at[s->n] = at;
}

/* One place in a program, where steps are put in one behind the other. */
struct place {
    uint8_t *data;
    size_t n, most, at;
    uint8_t peer;
};

static void put_step(struct place *p, uint8_t how, size_t count, const uint8_t *octets, size_t n)
{
    size_t whole = STEP_HEAD + n;

    if (whole > p->most - p->n || count > UINT16_MAX)
        return;
    memmove(p->data + p->at + whole, p->data + p->at, p->n - p->at);
    p->data[p->at] = how | p->peer;
    p->data[p->at + 1] = (uint8_t)(count >> 8);
    p->data[p->at + 2] = (uint8_t)count;
    if (n)
        memcpy(p->data + p->at + STEP_HEAD, octets, n);
    p->at += whole;
    p->n += whole;
}

static void put_frame(void *context, const uint8_t *octets, size_t n)
{
    put_step(context, STEP_FRAME, n, octets, n);
}

static void put_other(struct place *p, uint64_t *chance)
{
    static const uint8_t what[] = { STEP_TICK, STEP_DRAIN, STEP_DRAIN, STEP_COMMIT,
                                    STEP_GONE, STEP_DRAIN, STEP_DISK,  STEP_DRAIN | STEP_LEND };
    static const size_t much[] = { 0, 1, 7, 100, 1000, 5000, 30000, 65535 };

    put_step(p, what[next(chance) % 8], much[next(chance) % 8], NULL, 0);
}

static size_t take_out(uint8_t *data, size_t n, size_t from, size_t to)
{
    memmove(data + from, data + to, n - to);
    return n - (to - from);
}

/* What a step says, by libFuzzer; its length follows. */
static size_t change_within(uint8_t *data, size_t n, size_t most, size_t from, size_t to)
{
    uint8_t octets[4096];
    size_t was = to - from - STEP_HEAD, room = most - (n - was), is;

    if (was > sizeof octets)
        return n;
    memcpy(octets, data + from + STEP_HEAD, was);
    is = LLVMFuzzerMutate(octets, was, room < sizeof octets ? room : sizeof octets);
    memmove(data + from + STEP_HEAD + is, data + to, n - to);
    memcpy(data + from + STEP_HEAD, octets, is);
    data[from + 1] = (uint8_t)(is >> 8);
    data[from + 2] = (uint8_t)is;
    return n - was + is;
}

static size_t change_step(uint8_t *data, size_t n, size_t most, const struct steps *s,
                          uint64_t *chance)
{
    size_t i = next(chance) % s->n, from = s->at[i], to = s->at[i + 1];

    switch (next(chance) % 8) {
    case 0: return take_out(data, n, from, to);
    case 1: data[from] = (uint8_t)next(chance); return n;
    case 2: data[from] ^= (uint8_t)(1 + next(chance) % 3); return n; /* somebody else */
    case 3: data[from + 1 + next(chance) % 2] = (uint8_t)next(chance); return n;
    case 4:
        if (to - from > most - n)
            return n;
        memmove(data + to, data + from, n - from);
        return n + (to - from);
    default: return to - from > STEP_HEAD ? change_within(data, n, most, from, to) : n;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
    uint64_t chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, what = next(&chance) % 8;
    struct steps s;
    struct place p;

    if (n == 0 || most < 64 || what < 2)
        return LLVMFuzzerMutate(data, n, most);
    find_steps(data, n, &s);
    if (s.n && what < 5)
        return change_step(data, n, most, &s, &chance);
    p = (struct place){ .data = data, .n = n, .most = most };
    p.at = s.at[next(&chance) % (s.n + 1)];
    p.peer = next(&chance) % 3 ? 0 : (uint8_t)(next(&chance) % PROGRAM_PEERS);
    if (what == 5)
        put_other(&p, &chance);
    else
        make_up_frames(next(&chance), put_frame, &p);
    return p.n;
}
