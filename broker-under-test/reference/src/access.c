#include "access.h"

#include "broker.h"

struct refusal may(const struct channel *ch, enum permission p, struct str name)
{
    static const char *const verbs[PERMISSIONS] = { "configure", "write", "read" };
    const struct conn *c = ch->conn;
    /* A pattern cannot mean the nameless exchange, so it goes by an alias. */
    struct str known_as = name.n ? name : STR("amq.default");

    if (rights_allow(c->rights, p, known_as))
        return accepted;
    return refuse(ACCESS_REFUSED, "user '%.*s' may not %s '%.*s' in vhost '%.*s'",
                  STR_ARGS(c->user->name), verbs[p], STR_ARGS(known_as), STR_ARGS(c->vhost->name));
}
