#include "access.h"

#include "broker.h"
#include "faulty.h"

struct refusal may(const struct channel *ch, enum permission p, struct str name)
{
    static const char *const verbs[PERMISSIONS] = { "configure", "write", "read" };
    const struct conn *c = ch->conn;
    /* A pattern cannot mean the nameless exchange, so it goes by an alias. */
    struct str known_as = name.n || FAULTY(default_exchange_unmatched) ? name : STR("amq.default");

    if ((FAULTY(configure_right_ignored) && p == MAY_CONFIGURE) ||
        (FAULTY(write_right_ignored) && p == MAY_WRITE) ||
        (FAULTY(read_right_ignored) && p == MAY_READ))
        return accepted;
    if (rights_allow(c->rights, p, known_as) && !(FAULTY(reading_needs_write) && p == MAY_READ &&
                                                  !rights_allow(c->rights, MAY_WRITE, known_as)))
        return accepted;
    return refuse(ACCESS_REFUSED, "user '%.*s' may not %s '%.*s' in vhost '%.*s'",
                  STR_ARGS(c->user->name), verbs[p], STR_ARGS(known_as), STR_ARGS(c->vhost->name));
}

struct refusal may_queue(struct channel *ch, enum permission p, struct str name, struct queue **q)
{
    struct str meant = name.n ? name : ch->last_queue;
    struct refusal no = meant.n ? may(ch, p, meant) : accepted;

    if (FAULTY(absence_told_to_all) && !vhost_queue(ch->conn->vhost, meant))
        return channel_queue(ch, name, q);
    return no.code ? no : channel_queue(ch, name, q);
}
