/* The end of the ledger: what of everything was never seen again, and which transactions came
   through in part. */
#include "soak_books.h"

/* It was there after the life it was published in: so it was kept, whatever was promised. */
static bool survived(const struct copy *c)
{
    return c->seen && books.sessions[c->session].life >
                          books.sessions[books.messages[c->message].session].life;
}

static void close_copy(const struct copy *c)
{
    const struct message *m = &books.messages[c->message];

    if (c->state >= ACKED)
        ledger.acknowledged++;
    else if (books_promised(m) || survived(c))
        ledger_bad(BAD_lost, "%s", books_say(c));
    if (m->fate == SENT || m->fate == COMMITTING) {
        ledger.doubtful_kept += c->seen;
        ledger.doubtful_gone += !c->seen;
    }
}

/* Of a transaction in doubt: a message that it published is there in a later life, or is not
   although nobody has settled it in its own; what it acknowledged has come again (which was noted
   then), or never, although it had been promised. */
static void add_to_groups(const struct copy *c)
{
    const struct message *m = &books.messages[c->message];
    struct group *published = &books.groups[m->group];

    if (survived(c) || (c->seen && books_life_of(m->session)->gracefully))
        published->done++;
    else if (c->state < ACKED)
        published->undone++;
    if (c->state == ACKED && books_promised(m))
        books.groups[c->group].done++;
}

static void tell_group(uint32_t group)
{
    for (uint32_t i = 0; i < books.n_copies; i++) {
        const struct copy *c = &books.copies[i];

        if (books.messages[c->message].group == group)
            ledger_more("published: %s", books_say(c));
        else if (c->group == group)
            ledger_more("acknowledged: %s", books_say(c));
    }
}

static void close_groups(void)
{
    for (uint32_t i = 0; i < books.n_copies; i++)
        add_to_groups(&books.copies[i]);
    for (uint32_t i = 1; i < books.n_groups; i++) {
        const struct group *g = &books.groups[i];

        if (!g->doubtful || g->done + g->undone == 0)
            continue;
        ledger.transactions++;
        if (!g->done || !g->undone)
            continue;
        ledger_bad(
            BAD_lost,
            "transaction %u, in doubt: kept in part, %u copies are as after it and %u as before", i,
            g->done, g->undone);
        tell_group(i);
    }
}

void ledger_close(void)
{
    for (uint32_t i = 0; i < books.n_copies; i++)
        close_copy(&books.copies[i]);
    close_groups();
    for (uint32_t i = 0; i < books.n_messages; i++)
        ledger.fate[books.messages[i].fate]++;
    ledger.copies = books.n_copies;
    ledger.in_doubt = ledger.fate[SENT] + ledger.fate[COMMITTING];
}
