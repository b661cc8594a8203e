/* Who comes with a certificate: whose is believed, and who is logged in by it. A server asks for
   certificates here, and lets in who has none. */
#define CHAPTER "tls"
#include "suites/steps.h"

#include "fixtures/peer/tls.h"

#include <string.h>

/* ---- which certificates are believed -------------------------------------------------------- */

/* Nothing is served by this certificate. In TLS 1.2 the handshake fails; in 1.3 it is over for the
   client before the server has looked, so the refusal comes as the first thing that is read. */
static void refused_by(struct t *t, const char *certificate, enum tls_version v)
{
    const char *why = NULL;
    struct peer *c =
        CONNECT(.tls = TLS(.certificate = certificate, .version = v), .tls_trouble = &why);

    STEP("%s by TLS 1.%d", certificate, v == TLS_1_2 ? 2 : 3);
    CHECK(c || handshake_refused(why), "the handshake is refused: %s", why);
    if (!c)
        return;
    RAW(c, PROTOCOL_HEADER);
    HANGUP(c);
}

static void believed(struct t *t, const char *certificate)
{
    struct peer *c = OPEN(.tls = TLS(.certificate = certificate));

    QUIET(c, 1);
    CLOSE(c);
}

WIRE_CASE(certificate_believed, .needs = "tls",
          .title = "a client certificate of the right authority, and none: both are let in",
          .rules = "ext.tls.verify-peer ext.tls.no-certificate")
{
    believed(t, "client");
    believed(t, NULL);
}

WIRE_CASE(certificate_of_stranger, .needs = "tls",
          .title = "a client certificate that no authority of the broker's has signed is refused",
          .rules = "ext.tls.verify-peer", .revision = 2)
{
    struct witness w = witness(t);

    refused_by(t, "stranger", TLS_1_2);
    refused_by(t, "stranger", TLS_1_3);
    believed(t, "client");
    undisturbed(t, &w);
}

WIRE_CASE(certificate_expired, .needs = "tls",
          .title = "a client certificate that has expired is refused",
          .rules = "ext.tls.verify-expired", .revision = 2)
{
    struct witness w = witness(t);

    refused_by(t, "expired", TLS_1_2);
    refused_by(t, "expired", TLS_1_3);
    believed(t, "client");
    undisturbed(t, &w);
}

/* ---- EXTERNAL ---------------------------------------------------------------------- */

/* Mechanisms are words with blanks between. */
static bool offers(struct t *t, const struct m_connection_start *start, struct str mechanism)
{
    const char *list = TEXT(" %.*s ", STR_ARGS(start->mechanisms)).p;

    return strstr(list, TEXT(" %.*s ", STR_ARGS(mechanism)).p) != NULL;
}

/* Start was heard. Ends the case if this broker does not know EXTERNAL at all. */
static struct peer *start_with(struct t *t, const char *certificate,
                               const struct m_connection_start **start)
{
    struct peer *c = CONNECT(.tls = TLS(.certificate = certificate));

    RAW(c, PROTOCOL_HEADER);
    *start = RECV(c, 0, connection_start);
    return c;
}

static struct peer *external(struct t *t, const char *certificate, struct str response)
{
    const struct m_connection_start *start;
    struct peer *c = start_with(t, certificate, &start);

    if (!offers(t, start, S("EXTERNAL")))
        UNSUPPORTED("EXTERNAL is not on offer");
    SEND(c, 0, connection_start_ok,
         .client_properties =
             TABLE(ARG("capabilities", NESTED(ARG("authentication_failure_close", BOOL(1))))),
         .mechanism = S("EXTERNAL"), .response = response, .locale = S("en_US"));
    return c;
}

/* Only where a certificate was shown does the word mean something. */
WIRE_CASE(external_offered, .needs = "tls",
          .title = "EXTERNAL is offered by TLS with a certificate, and not without TLS",
          .rules = "ext.tls.external-offered ext.tls.external-not-on-plain")
{
    const struct m_connection_start *start;
    struct peer *c = CONNECT();

    STEP("without TLS");
    RAW(c, PROTOCOL_HEADER);
    start = RECV(c, 0, connection_start);
    CHECK(!offers(t, start, S("EXTERNAL")), "EXTERNAL without TLS");
    STEP("with a certificate");
    start_with(t, "client", &start);
    CHECK(offers(t, start, S("EXTERNAL")), "mechanisms are %.*s", STR_ARGS(start->mechanisms));
    CHECK(offers(t, start, S("PLAIN")), "mechanisms are %.*s", STR_ARGS(start->mechanisms));
}

/* The certificate names amqproof-reader, who may only read: by that it is known who came in. */
WIRE_CASE(external, .needs = "tls users",
          .title = "EXTERNAL logs in whom the certificate names, with that user's permissions",
          .rules = "ext.tls.external")
{
    struct peer *owner = OPEN(), *c = external(t, "client", S(""));
    const struct m_connection_tune *offer = RECV(c, 0, connection_tune);
    struct witness w = { .vhost = S("/") };
    struct str q = NAME("q");

    SEND(c, 0, connection_tune_ok, .channel_max = offer->channel_max,
         .frame_max = offer->frame_max);
    on_to_channel(t, c, &w);
    CALL(owner, 1, queue_declare, .queue = q);
    PUBLISH(owner, 1, S("for the reader"), .routing_key = q);
    SEND(c, 1, queue_declare, .queue = NAME("mine"));
    REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
    PUBLISH(c, 1, S("m"), .routing_key = q);
    REFUSED(c, 1, ACCESS_REFUSED, basic_publish);
    GET(c, 1, q, S("for the reader"));
    CALL(owner, 1, queue_delete, .queue = q);
    CLOSE(c);
}

/* Refused like a wrong password; the twin is the certificate of somebody who is known. */
WIRE_CASE(external_unknown, .needs = "tls users", .slow = true,
          .title = "EXTERNAL with the certificate of nobody who is known: Close 403",
          .rules = "ext.tls.external-unknown ext.auth-notification.with-capability")
{
    struct witness w = witness(t);
    struct peer *c = external(t, "unknown", S(""));

    REFUSED_HARD(c, ACCESS_REFUSED, none);
    RECV(external(t, "client", S("")), 0, connection_tune);
    undisturbed(t, &w);
}

WIRE_CASE(external_no_certificate, .needs = "tls", .slow = true,
          .title = "EXTERNAL without a certificate logs nobody in",
          .rules = "ext.tls.external-no-certificate")
{
    struct witness w = witness(t);
    const struct m_connection_start *start;
    struct peer *c = start_with(t, NULL, &start);

    SEND(c, 0, connection_start_ok, .mechanism = S("EXTERNAL"), .response = S(""),
         .locale = S("en_US"));
    ENDS_SILENTLY(c);
    undisturbed(t, &w);
}

/* RFC 4422, appendix A: the response is whom the client asks to act as. */
WIRE_CASE(external_identity, .needs = "tls users", .slow = true,
          .title = "EXTERNAL whose response asks to be another user",
          .rules = "ext.tls.external-identity", .revision = 2)
{
    struct witness w = witness(t);
    struct peer *c = external(t, "client", S("guest"));
    struct next n = NEXT(c);
    const struct m_connection_tune *offer = n.frame.args;
    const struct m_connection_close *close = n.frame.args;

    CHECK(n.kind == GOT_FRAME && n.frame.method && n.frame.args, "neither Tune nor Close");
    if (n.frame.method->id == M_connection_tune) {
        SEND(c, 0, connection_tune_ok, .channel_max = offer->channel_max,
             .frame_max = offer->frame_max);
        on_to_channel(t, c, &w);
        SEND(c, 1, queue_declare, .queue = NAME("as guest"));
        REFUSED(c, 1, ACCESS_REFUSED, queue_declare);
        INFO("the response is not looked at");
    } else {
        CHECK(n.frame.method->id == M_connection_close, "%s", n.frame.method->name);
        CHECK(close->reply_code == ACCESS_REFUSED, "Close %u", close->reply_code);
        SEND(c, 0, connection_close_ok);
        HANGUP(c);
    }
    undisturbed(t, &w);
}

/* The certificate identifies a connection; its user may still be told by a password. */
WIRE_CASE(plain_beside_certificate, .needs = "tls",
          .title = "PLAIN with a certificate: the password's user is logged in",
          .rules = "ext.tls.amqp ext.access.sasl-plain")
{
    struct peer *c = OPEN(.tls = TLS(.certificate = "client"));

    CALL(c, 1, queue_declare, .queue = NAME("q"), .exclusive = true);
    CLOSE(c);
}
