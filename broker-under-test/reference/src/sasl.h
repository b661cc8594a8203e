/* Who says the client that it is: PLAIN and AMQPLAIN, both in one step. */
#ifndef REF_SASL_H
#define REF_SASL_H

#include "conn.h"

#define SASL_MECHANISMS "PLAIN AMQPLAIN"

bool sasl_offered(struct str mechanism);
/* NULL: not let in, and why. guest comes from loopback only. */
struct user *sasl_login(const struct conn *c, struct str mechanism, struct str response,
                        const char **why);

#endif
