/* Logging in: mechanisms, passwords, and that a refusal says nothing. Every case has a witness
   who shows how this run's user logs in; the good response is the twin of the bad ones. */
#define CHAPTER "auth"
#include "suites/steps.h"

/* A Start-Ok that is refused, with what would follow it right behind: nobody may answer that. */
static void login_refused(struct t *t, const struct witness *w, struct str mechanism,
                          struct str response)
{
    struct peer *c = up_to_start(t);

    CORK(c);
    SEND(c, 0, connection_start_ok, .mechanism = mechanism, .response = response,
         .locale = S("en_US"));
    SEND(c, 0, connection_tune_ok, .channel_max = w->offer.channel_max,
         .frame_max = w->offer.frame_max);
    SEND(c, 0, connection_open, .virtual_host = w->vhost);
    UNCORK(c);
    ENDS_SILENTLY(c);
}

static void logged_in(struct t *t, const struct witness *w, struct str mechanism,
                      struct str response)
{
    struct peer *c = up_to_start(t);

    CALL(c, 0, connection_start_ok, .mechanism = mechanism, .response = response,
         .locale = S("en_US"));
    SEND(c, 0, connection_tune_ok, .channel_max = w->offer.channel_max,
         .frame_max = w->offer.frame_max);
    on_to_channel(t, c, w);
    CLOSE(c);
}

/* The run's user and password, out of the PLAIN response NUL user NUL password. */
static void plain_parts(struct t *t, struct str response, struct str *user, struct str *password)
{
    size_t at = 1;

    while (at < response.n && response.p[at])
        at++;
    CHECK(response.n > 2 && !response.p[0] && at < response.n, "the run logs in by PLAIN");
    *user = (struct str){ response.p + 1, at - 1 };
    *password = (struct str){ response.p + at + 1, response.n - at - 1 };
}

/* ---- PLAIN ------------------------------------------------------------------------------- */

WIRE_CASE(plain, .title = "PLAIN with user and password logs in",
          .rules = "connection.start-ok.chassis-server connection.start.mechanisms.doc-list "
                   "connection.tune-ok.chassis-server")
{
    struct witness w = witness(t);

    logged_in(t, &w, S("PLAIN"), w.response);
}

CLIENT_CASE(plain, .title = "PLAIN with user and password logs in",
            .rules = "connection.start-ok.chassis-server")
{
    struct session *s = SESSION();

    DO(s, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    LEAVE(s);
}

/* An octet too many; and the same user gets in with the right one right after. */
WIRE_CASE(wrong_password, .title = "a wrong password: the stream ends, nothing is said",
          .rules = "transport.negotiation.auth-failure-close "
                   "transport.negotiation.silent-close-before-open "
                   "ext.auth-notification.without-capability")
{
    struct witness w = witness(t);

    login_refused(t, &w, S("PLAIN"), glued(t, w.response, S("x")));
    undisturbed(t, &w);
    logged_in(t, &w, S("PLAIN"), w.response);
}

WIRE_CASE(password_cut_short, .title = "a password without its last octet is wrong",
          .rules = "transport.negotiation.auth-failure-close")
{
    struct witness w = witness(t);

    login_refused(t, &w, S("PLAIN"), first_octets(w.response, w.response.n - 1));
    undisturbed(t, &w);
}

WIRE_CASE(password_empty, .title = "an empty password is wrong",
          .rules = "transport.negotiation.auth-failure-close")
{
    struct witness w = witness(t);
    struct str user, password;

    plain_parts(t, w.response, &user, &password);
    login_refused(t, &w, S("PLAIN"), glued(t, glued(t, S("\0"), user), S("\0")));
    undisturbed(t, &w);
}

WIRE_CASE(user_unknown, .title = "a user nobody knows: the stream ends, nothing is said",
          .rules = "transport.negotiation.auth-failure-close "
                   "transport.negotiation.silent-close-before-open")
{
    struct witness w = witness(t);
    struct str user, password;

    plain_parts(t, w.response, &user, &password);
    login_refused(t, &w, S("PLAIN"),
                  glued(t, glued(t, glued(t, S("\0"), NAME("nobody")), S("\0")), password));
    undisturbed(t, &w);
}

WIRE_CASE(response_empty, .title = "PLAIN with an empty response is refused",
          .rules = "connection.start-ok.response.assert-notnull "
                   "transport.negotiation.auth-failure-close")
{
    struct witness w = witness(t);

    login_refused(t, &w, S("PLAIN"), S(""));
    undisturbed(t, &w);
}

WIRE_CASE(response_malformed, .title = "PLAIN with a response that has no password is refused",
          .rules = "transport.negotiation.auth-failure-close transport.security.invalid-data")
{
    struct witness w = witness(t);
    struct str user, password;

    plain_parts(t, w.response, &user, &password);
    login_refused(t, &w, S("PLAIN"), glued(t, S("\0"), user));
    undisturbed(t, &w);
}

/* ---- AMQPLAIN: a table without its length ---------------------------------------------------- */

static struct str amqplain(struct t *t, struct str user, struct str password)
{
    struct buf b;
    struct str octets;

    buf_init(&b, 4096);
    table_put(&b, TABLE(ARG("LOGIN", LONGSTR(user)), ARG("PASSWORD", LONGSTR(password))));
    octets = arena_copy(t_arena(t), buf_str(&b));
    buf_clear(&b);
    return (struct str){ octets.p + 4, octets.n - 4 };
}

static bool has_amqplain(struct t *t, const struct witness *w)
{
    const struct trace_event *e = trace_find(TRACE(w->c), NULL, 'S', M_connection_start);
    struct str m = ((const struct m_connection_start *)e->frame.args)->mechanisms;

    for (size_t i = 0; i + 8 <= m.n; i++)
        if (str_eq((struct str){ m.p + i, 8 }, S("AMQPLAIN")))
            return true;
    return false;
}

WIRE_CASE(amqplain, .title = "AMQPLAIN with LOGIN and PASSWORD logs in",
          .rules = "ext.access.sasl-amqplain connection.start.mechanisms.doc-list")
{
    struct witness w = witness(t);
    struct str user, password;

    if (!has_amqplain(t, &w))
        UNSUPPORTED("AMQPLAIN is not on offer");
    plain_parts(t, w.response, &user, &password);
    logged_in(t, &w, S("AMQPLAIN"), amqplain(t, user, password));
}

WIRE_CASE(amqplain_wrong_password, .title = "AMQPLAIN with a wrong password is refused",
          .rules = "ext.access.sasl-amqplain transport.negotiation.auth-failure-close")
{
    struct witness w = witness(t);
    struct str user, password;

    if (!has_amqplain(t, &w))
        UNSUPPORTED("AMQPLAIN is not on offer");
    plain_parts(t, w.response, &user, &password);
    login_refused(t, &w, S("AMQPLAIN"), amqplain(t, user, glued(t, password, S("x"))));
    undisturbed(t, &w);
}

WIRE_CASE(amqplain_malformed, .title = "AMQPLAIN with half a table is refused",
          .rules = "ext.access.sasl-amqplain transport.security.invalid-data")
{
    struct witness w = witness(t);

    if (!has_amqplain(t, &w))
        UNSUPPORTED("AMQPLAIN is not on offer");
    login_refused(t, &w, S("AMQPLAIN"), S("\x05LOGINS\0\0\xff\xff"));
    undisturbed(t, &w);
}

/* ---- Which mechanism --------------------------------------------------------------------------
 */

WIRE_CASE(
    mechanism_unknown, .title = "a mechanism that is not on offer is refused",
    .rules = "connection.start-ok.mechanism.validity connection.start-ok.mechanism.doc-one-of")
{
    struct witness w = witness(t);

    login_refused(t, &w, S("X-NO-SUCH-MECHANISM"), w.response);
    undisturbed(t, &w);
}

WIRE_CASE(mechanism_empty, .title = "an empty mechanism is refused",
          .rules = "connection.start-ok.mechanism.assert-notnull "
                   "connection.start-ok.mechanism.validity")
{
    struct witness w = witness(t);

    login_refused(t, &w, S(""), w.response);
    undisturbed(t, &w);
}

/* The whole list is not one of its words, and neither is a word's beginning. */
WIRE_CASE(mechanism_list, .title = "the list of two mechanisms is none",
          .rules = "connection.start-ok.mechanism.validity")
{
    struct witness w = witness(t);

    login_refused(t, &w, S("PLAIN AMQPLAIN"), w.response);
    undisturbed(t, &w);
}

WIRE_CASE(mechanism_cut_short, .title = "half a mechanism is none",
          .rules = "connection.start-ok.mechanism.validity")
{
    struct witness w = witness(t);

    login_refused(t, &w, S("PLAI"), w.response);
    undisturbed(t, &w);
}

/* ---- Notification ------------------------------------------------------------------------------
 */

/* Who asks to be told is told: Close 403 before the end, where the broker can do so. */
WIRE_CASE(failure_told, .title = "authentication_failure_close: a wrong password gets Close 403",
          .rules = "ext.auth-notification.with-capability constant.access-refused")
{
    struct witness w = witness(t);
    struct peer *c = CONNECT();
    const struct m_connection_start *start;
    const struct value *can, *this;

    RAW(c, PROTOCOL_HEADER);
    start = RECV(c, 0, connection_start);
    can = table_find(start->server_properties, S("capabilities"));
    this =
        can && can->tag == 'F' ? table_find(can->table, S("authentication_failure_close")) : NULL;
    if (!this || this->tag != 't' || !this->u)
        UNSUPPORTED("the broker does not declare authentication_failure_close");
    SEND(c, 0, connection_start_ok,
         .client_properties =
             TABLE(ARG("capabilities", NESTED(ARG("authentication_failure_close", BOOL(1))))),
         .mechanism = S("PLAIN"), .response = glued(t, w.response, S("x")), .locale = S("en_US"));
    REFUSED_HARD(c, ACCESS_REFUSED, none);
    undisturbed(t, &w);
}

/* ---- Locale -------------------------------------------------------------------------------------
 */

/* The rule wants one of those on offer; brokers do not look. */
static void odd_locale(struct t *t, struct str locale)
{
    struct witness w = witness(t);
    struct peer *c = up_to_start(t);

    SEND(c, 0, connection_start_ok, .mechanism = w.mechanism, .response = w.response,
         .locale = locale);
    if (SERVED(c, connection_tune, END_OF_STREAM, SYNTAX_ERROR, NOT_ALLOWED, ACCESS_REFUSED))
        INFO("the locale is not looked at");
    else
        INFO("the locale is refused");
    undisturbed(t, &w);
}

WIRE_CASE(locale_empty, .title = "Start-Ok with an empty locale",
          .rules = "connection.start-ok.locale.assert-notnull")
{
    odd_locale(t, S(""));
}

WIRE_CASE(locale_unknown, .title = "Start-Ok with a locale that is not on offer",
          .rules = "connection.start-ok.locale.doc-one-of")
{
    odd_locale(t, S("tlh_QO"));
}
