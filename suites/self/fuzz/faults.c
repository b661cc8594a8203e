/* Fault files and the engine. The input is a file, a NUL, and what happens then:

     octet  bit 0: from whom (0 the client); bits 1 and 2: octets, time, end, reset
     short  how many octets follow; of time: how many ms pass

   Each fault of the file is armed in turn; once none is. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "fixtures/faults/fault.h"

enum { FAULTS_MOST = 3 };
enum happening { OCTETS, TIME, END, RESET };

struct stage {
    struct fault_engine *e;
    bool armed, over;
    uint64_t now;
    size_t told;
};

static void hear(void *whom, struct str line)
{
    struct stage *s = whom;

    assert(line.n && !memchr(line.p, '\n', line.n));
    s->told++;
}

/* Nothing comes after the end; and what nobody has touched comes as it went. */
static void look_at(struct stage *s, const struct fault_step *steps, size_t n, struct str fed)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        const struct fault_step *step = &steps[i];

        assert(!s->over);
        assert(step->to == 'C' || step->to == 'S');
        s->over = step->effect == EFFECT_FIN || step->effect == EFFECT_RST;
        if (s->armed)
            continue;
        assert(step->effect == EFFECT_SEND && step->octets.n <= fed.n - at);
        assert(!step->octets.n || memcmp(step->octets.p, fed.p + at, step->octets.n) == 0);
        at += step->octets.n;
    }
    assert(s->armed || at == fed.n);
}

static void happen(struct stage *s, uint8_t how, size_t n, struct str octets)
{
    char from = how & 1 ? 'S' : 'C';
    const struct fault_step *steps = NULL;
    size_t count = 0;

    switch ((enum happening)(how >> 1 & 3)) {
    case OCTETS: steps = fault_feed(s->e, from, octets, s->now, &count); break;
    case TIME:
        s->now += n;
        if (fault_due(s->e) <= s->now)
            steps = fault_wake(s->e, s->now, &count);
        break;
    case END:
    case RESET: steps = fault_ended(s->e, from, how >> 1 & 1, s->now, &count); break;
    }
    look_at(s, steps, count, octets);
}

static void play(const struct fault *f, struct cur c)
{
    struct fault_shared *shared = fault_shared_new(f, 1);
    struct stage s = { .e = fault_engine_new(shared), .armed = f != NULL };
    bool ended[2] = { false, false };

    fault_tell(s.e, hear, &s);
    while (cur_left(&c) >= 3) {
        uint8_t how = (uint8_t)cur_u(&c, 1);
        size_t n = (size_t)cur_u(&c, 2);
        struct str octets = { NULL, 0 };

        if ((how >> 1 & 3) == OCTETS)
            octets = cur_take(&c, n < cur_left(&c) ? n : cur_left(&c));
        if (ended[how & 1] && (how >> 1 & 3) != TIME)
            continue; /* an end is the last that somebody says */
        ended[how & 1] |= (how >> 1 & 3) >= END;
        happen(&s, how, n, octets);
    }
    fault_engine_free(s.e);
    fault_shared_free(shared);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint8_t *nul = n ? memchr(data, '\0', n) : NULL;
    size_t text = nul ? (size_t)(nul - data) : n;
    struct cur c = cur_of((struct str){ (const char *)data, n });
    struct fault_file f;
    bool good = fault_file_load(&f, fuzz_path(data, text), NULL);

    cur_take(&c, text + (nul != NULL));
    for (size_t i = 0; good && i < f.n && i < FAULTS_MOST; i++) {
        struct fault_facts facts;

        fault_describe(f.at[i], &facts);
        assert(fault_find(&f, facts.name) == f.at[i]);
        play(f.at[i], c);
    }
    if (!good)
        play(NULL, c);
    fault_file_clear(&f);
    return 0;
}
