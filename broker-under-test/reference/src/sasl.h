/* Who says the client that it is: PLAIN and AMQPLAIN in one step; RABBIT-CR-DEMO, which RabbitMQ
   has to try challenges with, in two: the user, and on being asked the password; EXTERNAL leaves it
   to the certificate. */
#ifndef REF_SASL_H
#define REF_SASL_H

#include "conn.h"

#define SASL_CHALLENGE "Please tell me your password"

/* What Start offers; EXTERNAL only to those whose certificate was checked. */
struct str sasl_mechanisms(const struct conn *c);
bool sasl_offered(const struct conn *c, struct str mechanism);
/* It starts with the user's name; the rest comes with Secure-Ok. */
bool sasl_challenges(struct str mechanism);
/* NULL: not let in, and why. guest comes from loopback only. */
struct user *sasl_login(const struct conn *c, struct str mechanism, struct str response,
                        const char **why);
/* The same for the answer to SASL_CHALLENGE. */
struct user *sasl_answer(const struct conn *c, struct str user, struct str response,
                         const char **why);

#endif
