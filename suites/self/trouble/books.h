/* One conversation with a broker that gets into trouble, and the promises that were heard in it;
   and whether a broker that was started again keeps them. */
#ifndef SELF_TROUBLE_BOOKS_H
#define SELF_TROUBLE_BOOKS_H

#include "host.h"
#include "talk.h"

#include <stdio.h>

/* Counts an assertion; false, and a line about it, if it does not hold. */
#define CHECK(condition, ...) check(condition, __FILE__, __LINE__, #condition, __VA_ARGS__)
__attribute__((format(printf, 5, 6))) bool check(bool good, const char *file, int line,
                                                 const char *what, const char *format, ...);
extern unsigned long checks, checks_failed;

enum way {
    FULL,
    HALF,
    BROKEN,
    WAYS
};                                   /* ENOSPC and on; the same, begun by half a write; EIO once */
enum end { ROOM, KILL, STOP, ENDS }; /* what comes while it is in trouble */

enum { MESSAGES = 12, FIRST_OF_TX = 5, BEHIND_TX = 8 };

struct books {
    struct host *host;
    enum way way;
    enum end end;
    unsigned n; /* the call that fails */
    bool troubled, over;
    bool queue, gone, commit_said, commit;
    char fate[MESSAGES]; /* 0 not said, 's' said, 'a' acked, 'n' nacked */
};

/* From the first Declare on, up to the end that was asked for. False: nothing failed in it. */
void books_talk(struct books *b);
/* With a broker that has no shim. */
void books_audit(struct books *b);

#endif
