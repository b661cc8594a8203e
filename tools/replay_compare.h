/* Does this broker say what was recorded? Methods and fields count, not how the content was cut
   into frames. Not looked at, since it may differ from broker to broker: server-properties,
   mechanisms and locales, what Tune offers, reply texts, times inside tables, delivery tags, the
   ids of a cluster. Names that the server made up are those remembered. Counts of messages and
   consumers are a matter of when one looks; a difference in them is only noted. */
#ifndef REPLAY_COMPARE_H
#define REPLAY_COMPARE_H

#include "replay_names.h"

struct difference {
    const char *what;  /* NULL: none; "redelivered: recorded 1, here 0" */
    const char *count; /* NULL, or the same of a count */
};

/* The same method, or the same kind of frame: worth comparing. */
bool frames_akin(const struct frame *recorded, const struct frame *here);
/* head_only: the content is judged elsewhere. */
struct difference units_differ(const struct names *n, const struct unit *recorded,
                               const struct unit *here, bool head_only);

#endif
