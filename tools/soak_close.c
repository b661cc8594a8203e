/* The end of the ledger: what of everything was never seen again, and which transactions came
   through in part. */
#include <stdlib.h>

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

/* A transaction whose Commit was not answered: what of it is there in a later life, and what is
   not although nobody has settled it in its own. */
struct group {
    uint32_t there, missing, example;
};

static void add_to_group(struct group *groups, const struct copy *c)
{
    const struct message *m = &books.messages[c->message];
    struct group *g = &groups[m->group];

    if (m->fate != COMMITTING)
        return;
    if (survived(c) || (c->seen && books_life_of(m->session)->gracefully)) {
        g->there++;
    } else if (c->state < ACKED) {
        g->missing++;
        g->example = c->message;
    }
}

static void close_groups(void)
{
    struct group *groups = calloc(books.groups + 1, sizeof *groups);

    for (uint32_t i = 0; groups && i < books.n_copies; i++)
        add_to_group(groups, &books.copies[i]);
    for (uint32_t i = 1; groups && i <= books.groups; i++) {
        if (groups[i].there && groups[i].missing)
            ledger_bad(BAD_lost,
                       "transaction %u: committed in part; %u copies are there, %u are not, such "
                       "as one of message %u",
                       i, groups[i].there, groups[i].missing, groups[i].example);
    }
    free(groups);
}

void ledger_close(void)
{
    for (uint32_t i = 0; i < books.n_copies; i++)
        close_copy(&books.copies[i]);
    close_groups();
    for (uint32_t i = 0; i < books.n_messages; i++)
        ledger.fate[books.messages[i].fate]++;
    ledger.copies = books.n_copies;
}
