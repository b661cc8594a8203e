#include "access.h"

#include "broker.h"
#include "faulty.h"

struct refusal may(const struct channel *ch, enum permission p, struct str name)
{
    static const char *const verbs[PERMISSIONS] = { "configure", "write", "read" };
    const struct conn *c = ch->conn;
    /* A pattern cannot mean the nameless exchange, so it goes by an alias. */
    struct str known_as = name.n ? name : STR("amq.default");

    if ((FAULTY(configure_right_ignored) && p == MAY_CONFIGURE) ||
        (FAULTY(write_right_ignored) && p == MAY_WRITE))
        return accepted;
    if (rights_allow(c->rights, p, known_as) && !(FAULTY(reading_needs_write) && p == MAY_READ &&
                                                  !rights_allow(c->rights, MAY_WRITE, known_as)))
        return accepted;
    return refuse(ACCESS_REFUSED, "user '%.*s' may not %s '%.*s' in vhost '%.*s'",
                  STR_ARGS(c->user->name), verbs[p], STR_ARGS(known_as), STR_ARGS(c->vhost->name));
}
