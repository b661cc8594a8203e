/* What a user may do in one vhost: three patterns, matched against names as RabbitMQ does it. */
#ifndef REF_RIGHTS_H
#define REF_RIGHTS_H

#include "str.h"

enum permission { MAY_CONFIGURE, MAY_WRITE, MAY_READ, PERMISSIONS };

struct rights;

/* Perl's regular expressions, found anywhere in the name; the empty one means ^$. NULL: one of
   them does not compile. */
struct rights *rights_new(const struct str patterns[PERMISSIONS]);
void rights_free(struct rights *r);
/* What `from` says holds in r from now on, for all who point to r; `from` is used up. */
void rights_replace(struct rights *r, struct rights *from);
/* Remembers its last answer, since most ask for the same name again and again. */
bool rights_allow(const struct rights *r, enum permission p, struct str name);
struct str rights_pattern(const struct rights *r, enum permission p);

#endif
