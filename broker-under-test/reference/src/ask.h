/* `refbroker status` and `refbroker definitions`: asks a running broker through its local socket,
   and prints the answer. Another process than the broker's; shares no state with it. */
#ifndef REF_ASK_H
#define REF_ASK_H

#include <stdbool.h>

/* Is that word one of ours? */
bool ask_verb(const char *word);
/* argv[0] is the word. Returns the exit code: 2 usage, 3 no broker answers. */
int ask(int argc, char **argv);

#endif
