/* How a handler says no. Handlers return a refusal; dispatch.c alone turns it into
   Channel.Close or Connection.Close, by the severity of the code in codes.def. */
#ifndef REF_REFUSAL_H
#define REF_REFUSAL_H

#include "codec.h"

struct refusal {
    int code;         /* enum reply_code, or 0: accepted */
    const char *text; /* holds until the next refusal */
};

static const struct refusal accepted = { 0, NULL };

__attribute__((format(printf, 2, 3))) struct refusal refuse(enum reply_code code,
                                                            const char *format, ...);
/* Whether the whole connection pays. */
bool refusal_is_hard(struct refusal r);
/* "NOT_FOUND", or "" for a number that is none of ours. */
const char *reply_name(int code);

#endif
