/* Logging in: mechanisms, passwords, and that a refusal says nothing. Every case has a witness
   who shows how this run's user logs in; the good response is the twin of the bad ones. */
#define CHAPTER "auth"
#include "suites/steps.h"

/* A Start-Ok that will be refused, with what would follow it right behind: nobody may answer that.
 */
static struct peer *tries(struct t *t, const struct witness *w, struct str mechanism,
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
    return c;
}

/* Tried side by side: a refusal may take its time. */
static void all_refused(struct t *t, const struct witness *w, struct peer **c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        STEP("connection %c", (int)('b' + i));
        ENDS_SILENTLY(c[i]);
    }
    undisturbed(t, w);
}
#define ALL_REFUSED(c) all_refused(t, &w, c, sizeof(c) / sizeof((c)[0]))

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
                   "connection.tune-ok.chassis-server ext.access.sasl-plain")
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

/* An octet too many, one too few, none; and the same user gets in with the right one after. */
WIRE_CASE(wrong_password, .slow = true,
          .title = "a wrong password: the stream ends, nothing is said",
          .rules = "transport.negotiation.auth-failure-close "
                   "transport.negotiation.silent-close-before-open "
                   "ext.auth-notification.without-capability "
                   "ext.access.sasl-plain")
{
    struct witness w = witness(t);
    struct str user, password, right = w.response;

    plain_parts(t, right, &user, &password);
    struct peer *c[] = {
        tries(t, &w, S("PLAIN"), glued(t, right, S("x"))),
        tries(t, &w, S("PLAIN"), first_octets(right, right.n - 1)),
        tries(t, &w, S("PLAIN"), first_octets(right, right.n - password.n)),
    };
    ALL_REFUSED(c);
    logged_in(t, &w, S("PLAIN"), right);
}

WIRE_CASE(user_unknown, .slow = true,
          .title = "a user nobody knows: the stream ends, nothing is said",
          .rules = "transport.negotiation.auth-failure-close "
                   "transport.negotiation.silent-close-before-open")
{
    struct witness w = witness(t);
    struct str user, password;

    plain_parts(t, w.response, &user, &password);
    struct peer *c[] = {
        tries(t, &w, S("PLAIN"),
              glued(t, S("\0"), glued(t, NAME("nobody"), glued(t, S("\0"), password)))),
        tries(t, &w, S("PLAIN"), glued(t, S("\0\0"), password)),
    };
    ALL_REFUSED(c);
}

WIRE_CASE(response_malformed, .slow = true,
          .title = "PLAIN with a response that holds no password is refused",
          .rules = "connection.start-ok.response.assert-notnull "
                   "transport.negotiation.auth-failure-close transport.security.invalid-data")
{
    struct witness w = witness(t);
    struct str user, password;

    plain_parts(t, w.response, &user, &password);
    struct peer *c[] = {
        tries(t, &w, S("PLAIN"), S("")),
        tries(t, &w, S("PLAIN"), glued(t, S("\0"), user)),
        tries(t, &w, S("PLAIN"), S("\0")),
    };
    ALL_REFUSED(c);
}

/* Whoever guesses passwords should not be able to guess many. The pause is read off the capture. */
WIRE_CASE(failure_pauses, .slow = true,
          .title = "a refused login is followed by a pause, then by the end",
          .rules = "transport.security.negotiation-pause "
                   "transport.negotiation.auth-failure-close")
{
    struct witness w = witness(t);
    struct peer *c = tries(t, &w, S("PLAIN"), glued(t, w.response, S("x")));
    const struct trace *trace;
    double said = 0, end = 0;

    ENDS_SILENTLY(c);
    t_drop_fin(t, c);
    trace = TRACE(c);
    for (size_t i = 0; i < trace->n; i++) {
        if (trace->at[i].kind == TRACE_FRAME && trace->at[i].who == 'C')
            said = trace->at[i].at_s;
        else if (trace->at[i].kind == TRACE_FIN || trace->at[i].kind == TRACE_RST)
            end = end > 0 ? end : trace->at[i].at_s;
    }
    if (end - said < 0.9)
        WEAK("a refused login ends the connection without a pause");
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

/* Mechanisms are words with blanks between; both are short enough to look at each place. */
static bool is_offered(struct t *t, const struct witness *w, struct str mechanism)
{
    const struct trace_event *e = trace_find(TRACE(w->c), NULL, 'S', M_connection_start);
    struct str m = ((const struct m_connection_start *)e->frame.args)->mechanisms;

    for (size_t i = 0; i + mechanism.n <= m.n; i++)
        if (str_eq((struct str){ m.p + i, mechanism.n }, mechanism))
            return true;
    return false;
}

WIRE_CASE(amqplain, .title = "AMQPLAIN with LOGIN and PASSWORD logs in",
          .rules = "ext.access.sasl-amqplain connection.start.mechanisms.doc-list", .revision = 2)
{
    struct witness w = witness(t);
    struct str user, password;

    if (!is_offered(t, &w, S("AMQPLAIN")))
        UNSUPPORTED("AMQPLAIN is not on offer");
    plain_parts(t, w.response, &user, &password);
    logged_in(t, &w, S("AMQPLAIN"), amqplain(t, user, password));
}

WIRE_CASE(amqplain_wrong, .slow = true,
          .title = "AMQPLAIN with a wrong password or half a table is refused",
          .rules = "ext.access.sasl-amqplain transport.negotiation.auth-failure-close "
                   "transport.security.invalid-data",
          .revision = 2)
{
    struct witness w = witness(t);
    struct str user, password;

    if (!is_offered(t, &w, S("AMQPLAIN")))
        UNSUPPORTED("AMQPLAIN is not on offer");
    plain_parts(t, w.response, &user, &password);
    struct peer *c[] = {
        tries(t, &w, S("AMQPLAIN"), amqplain(t, user, glued(t, password, S("x")))),
        tries(t, &w, S("AMQPLAIN"), S("\x05LOGINS\0\0\xff\xff")),
        tries(t, &w, S("AMQPLAIN"), w.response),
    };
    ALL_REFUSED(c);
}

/* ---- Which mechanism --------------------------------------------------------------- */

/* None, an unheard-of one, half of one, and two at once: not one of those on offer. */
WIRE_CASE(mechanism_unknown, .slow = true, .title = "a mechanism that is not on offer is refused",
          .rules = "connection.start-ok.mechanism.validity "
                   "connection.start-ok.mechanism.doc-one-of "
                   "connection.start-ok.mechanism.assert-notnull")
{
    struct witness w = witness(t);
    struct peer *c[] = {
        tries(t, &w, S(""), w.response),
        tries(t, &w, S("X-NO-SUCH-MECHANISM"), w.response),
        tries(t, &w, S("PLAI"), w.response),
        tries(t, &w, S("PLAIN AMQPLAIN"), w.response),
    };

    ALL_REFUSED(c);
}

/* What is on offer can be chosen. Two mechanisms need no words of ours: ANONYMOUS lets anybody in,
   EXTERNAL whom the layer below has identified; where it has not, it is not to be offered. */
WIRE_CASE(mechanisms_wordless, .slow = true,
          .title = "ANONYMOUS and EXTERNAL work where they are on offer",
          .rules = "connection.start.mechanisms.doc-list connection.start-ok.mechanism.validity")
{
    static const struct str wordless[] = { { "ANONYMOUS", 9 }, { "EXTERNAL", 8 } };
    struct witness w = witness(t);

    struct peer *c[] = { tries(t, &w, wordless[0], S("")), tries(t, &w, wordless[1], S("")) };

    for (size_t i = 0; i < 2; i++) {
        STEP("%s", wordless[i].p);
        if (is_offered(t, &w, wordless[i]))
            RECV(c[i], 0, connection_tune);
        else
            ENDS_SILENTLY(c[i]);
    }
    undisturbed(t, &w);
}

/* ---- Notification ------------------------------------------------------------------ */

static void asks_to_be_told(struct t *t, struct peer *c, struct str response)
{
    SEND(c, 0, connection_start_ok,
         .client_properties =
             TABLE(ARG("capabilities", NESTED(ARG("authentication_failure_close", BOOL(1))))),
         .mechanism = S("PLAIN"), .response = response, .locale = S("en_US"));
}

/* Who asks to be told is told: Close 403 before the end, where the broker can do so. */
WIRE_CASE(failure_told, .title = "authentication_failure_close: a wrong password gets Close 403",
          .rules = "ext.auth-notification.with-capability constant.access-refused", .revision = 2)
{
    struct witness w = witness(t);
    struct peer *c = CONNECT();
    const struct m_connection_start *start;
    const struct value *can, *this;
    struct str user, password;

    RAW(c, PROTOCOL_HEADER);
    start = RECV(c, 0, connection_start);
    can = table_find(start->server_properties, S("capabilities"));
    this =
        can && can->tag == 'F' ? table_find(can->table, S("authentication_failure_close")) : NULL;
    if (!this || this->tag != 't' || !this->u)
        UNSUPPORTED("the broker does not declare authentication_failure_close");
    plain_parts(t, w.response, &user, &password);
    STEP("a wrong password");
    asks_to_be_told(t, c, glued(t, w.response, S("x")));
    REFUSED_HARD(c, ACCESS_REFUSED, none);
    STEP("an empty password");
    c = up_to_start(t);
    asks_to_be_told(t, c, first_octets(w.response, w.response.n - password.n));
    REFUSED_HARD(c, ACCESS_REFUSED, none);
    undisturbed(t, &w);
}

/* ---- Locale ------------------------------------------------------------------------ */

/* The rule wants one of those on offer; brokers do not look. */
static void odd_locale(struct t *t, struct str locale)
{
    struct witness w = witness(t);
    struct peer *c = up_to_start(t);

    SEND(c, 0, connection_start_ok, .mechanism = w.mechanism, .response = w.response,
         .locale = locale);
    if (SERVED(c, connection_tune, END_OF_STREAM, SYNTAX_ERROR, NOT_ALLOWED, ACCESS_REFUSED))
        INFO("the locale is not looked at");
    undisturbed(t, &w);
}

WIRE_CASE(locale_empty, .slow = true, .title = "Start-Ok with an empty locale",
          .rules = "connection.start-ok.locale.assert-notnull")
{
    odd_locale(t, S(""));
}

WIRE_CASE(locale_unknown, .slow = true, .title = "Start-Ok with a locale that is not on offer",
          .rules = "connection.start-ok.locale.doc-one-of")
{
    odd_locale(t, S("tlh_QO"));
}
