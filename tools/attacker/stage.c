#include "stage.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned stage_size(const struct stage *s, unsigned whole, unsigned quick)
{
    return s->quick ? quick : whole;
}

/* One line to the director: a letter, then text. Shorter than PIPE_BUF, so it comes whole. */
static void tell(const struct stage *s, char letter, const char *text)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%c%.250s\n", letter, text);

    if (write(s->say_fd, line, (size_t)n) != n)
        _exit(2);
}

void stage_established(struct stage *s, uint64_t count)
{
    char text[32];

    snprintf(text, sizeof text, "%llu", (unsigned long long)count);
    s->established = true;
    tell(s, 'E', text);
}

bool stage_waits(const struct stage *s, int ms)
{
    struct pollfd p = { .fd = s->stop_fd, .events = POLLIN };

    return poll(&p, 1, ms) == 0; /* its end, too, is an event */
}

bool stage_goes_on(const struct stage *s)
{
    return stage_waits(s, 0);
}

void stage_linger(const struct stage *s)
{
    while (stage_waits(s, 1000))
        ;
}

void stage_demand(struct stage *s, bool met, const char *format, ...)
{
    char text[240];
    va_list args;

    if (met)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell(s, 'D', text);
}

void stage_give_up(struct stage *s, const char *format, ...)
{
    char text[240];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell(s, 'F', text);
    _exit(2);
}

static struct crowd crowd_new(struct stage *s, unsigned n)
{
    struct crowd c = { .at = calloc(n, sizeof *c.at), .n = n };

    if (!c.at)
        stage_give_up(s, "out of memory");
    for (unsigned i = 0; i < n; i++)
        c.at[i] = (struct link){ .fd = -1, .gone = true };
    return c;
}

/* As many at a time as a listener's backlog takes. */
enum { AT_ONCE = 200 };

struct crowd crowd_open(struct stage *s, unsigned n, struct wishes w)
{
    struct crowd c = crowd_new(s, n);

    for (unsigned from = 0; from < n; from += AT_ONCE) {
        unsigned to = from + AT_ONCE < n ? from + AT_ONCE : n;

        for (unsigned i = from; i < to; i++)
            link_open_begin(&c.at[i], s->target, w);
        for (unsigned i = from; i < to; i++) {
            if (link_open_end(&c.at[i]))
                c.alive++;
            else
                link_drop(&c.at[i]);
        }
    }
    return c;
}

struct crowd crowd_dial(struct stage *s, unsigned n)
{
    struct crowd c = crowd_new(s, n);

    for (unsigned i = 0; i < n; i++)
        c.alive += link_dial(&c.at[i], s->target);
    return c;
}

void crowd_drop(struct crowd *c)
{
    for (unsigned i = 0; i < c->n; i++)
        link_drop(&c->at[i]);
    free(c->at);
    *c = (struct crowd){ .at = NULL };
}

unsigned crowd_discard(struct crowd *c)
{
    c->alive = 0;
    for (unsigned i = 0; i < c->n; i++) {
        if (!c->at[i].gone && !link_discard(&c->at[i]))
            link_drop(&c->at[i]);
        c->alive += !c->at[i].gone;
    }
    return c->alive;
}
