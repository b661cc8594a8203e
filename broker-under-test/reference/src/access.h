/* May this connection's user do that to a thing of that name? */
#ifndef REF_ACCESS_H
#define REF_ACCESS_H

#include "channel.h"
#include "user.h"

struct refusal may(const struct channel *ch, enum permission p, struct str name);

#endif
