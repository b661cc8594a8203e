/* Who may come from where, and do what: guest's home is loopback; a reader only reads. */
#define CHAPTER "auth"
#include "suites/steps.h"

/* A Start-Ok for guest over this address, by a client that wants to be told of refusals. */
static struct peer *guest_from(struct t *t, const struct witness *w, struct str host)
{
    struct peer *c = CONNECT(.host = host);

    RAW(c, PROTOCOL_HEADER);
    RECV(c, 0, connection_start);
    SEND(c, 0, connection_start_ok,
         .client_properties =
             TABLE(ARG("capabilities", NESTED(ARG("authentication_failure_close", BOOL(1))))),
         .mechanism = S("PLAIN"), .response = w->response, .locale = S("en_US"));
    return c;
}

/* The same words from an address that is not loopback are worth nothing: refused like a wrong
   password. The twin over loopback is let in. */
WIRE_CASE(guest_from_loopback_only,
          .title = "guest is refused from an address that is not loopback",
          .rules = "ext.access.guest-remote-refused ext.access.guest-loopback", .needs = "remote")
{
    struct witness w = witness(t);
    struct peer *c;

    STEP("from loopback");
    c = guest_from(t, &w, S(""));
    RECV(c, 0, connection_tune);
    STEP("from %.*s", STR_ARGS(t_remote(t)));
    c = guest_from(t, &w, t_remote(t));
    REFUSED_HARD(c, ACCESS_REFUSED, none);
    undisturbed(t, &w);
}

/* It is guest who may not, not the address. */
WIRE_CASE(others_from_anywhere,
          .title = "other users may log in from an address that is not loopback",
          .rules = "ext.access.guest-remote-refused", .needs = "remote users")
{
    struct peer *c =
        OPEN(.host = t_remote(t), .user = S("amqproof-reader"), .password = S("reader"));

    CALL(c, 1, exchange_declare, .exchange = S("amq.direct"), .passive = true);
}

/* May read everything, write and configure nothing. */
WIRE_CASE(reader_only_reads,
          .title = "permissions: a reader may consume, not declare, bind or publish",
          .rules = "constant.access-refused ext.access.queue-declare ext.access.exchange-declare "
                   "ext.access.queue-bind ext.access.publish ext.access.consume",
          .needs = "users")
{
    struct peer *owner = OPEN();
    struct peer *c = OPEN(.user = S("amqproof-reader"), .password = S("reader"));
    struct str q = NAME("q"), x = NAME("x");

    CALL(owner, 1, queue_declare, .queue = q);
    CALL(owner, 1, exchange_declare, .exchange = x, .type = S("fanout"));
    SEND(c, 1, queue_declare, .queue = NAME("mine"));
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    SEND(c, 1, exchange_declare, .exchange = NAME("mine"), .type = S("fanout"));
    REFUSED(c, 1, ACCESS_REFUSED, exchange_declare);
    SEND(c, 1, queue_bind, .queue = q, .exchange = x);
    REFUSED(c, 1, ACCESS_REFUSED, queue_bind);
    SEND(c, 1, queue_delete, .queue = q);
    REFUSED(c, 1, ACCESS_REFUSED, queue_delete);
    PUBLISH(c, 1, S("m"), .exchange = x);
    REFUSED(c, 1, ACCESS_REFUSED, basic_publish);
    STEP("nothing of it happened");
    SEND(owner, 1, queue_declare, .queue = NAME("mine"), .passive = true);
    REFUSED(owner, 1, NOT_FOUND, queue_declare);
    PUBLISH(owner, 1, S("unbound"), .exchange = x);
    GET_EMPTY(owner, 1, q);
    STEP("reading is allowed");
    PUBLISH(owner, 1, S("for the reader"), .routing_key = q);
    CONSUME(c, 1, .queue = q);
    DELIVERED(c, 1, S("for the reader"));
    CALL(owner, 1, queue_delete, .queue = q);
    CALL(owner, 1, exchange_delete, .exchange = x);
}
