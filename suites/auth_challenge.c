/* Mechanisms that challenge: Secure and Secure-Ok, as often as the server likes. Only one of them
   is known well enough to be answered: RabbitMQ's demonstration, which asks for the password after
   it was told the user. */
#define CHAPTER "auth"
#include "suites/steps.h"

#include <string.h>

#define DEMO S("RABBIT-CR-DEMO")

static bool on_offer(struct t *t, const struct witness *w, struct str mechanism)
{
    const struct trace_event *e = trace_find(TRACE(w->c), NULL, 'S', M_connection_start);
    struct str m = ((const struct m_connection_start *)e->frame.args)->mechanisms;

    for (size_t i = 0; i + mechanism.n <= m.n; i++)
        if (str_eq((struct str){ m.p + i, mechanism.n }, mechanism))
            return true;
    return false;
}

/* The run's user and password, out of the PLAIN response NUL user NUL password. */
static void plain_parts(struct t *t, struct str response, struct str *user, struct str *password)
{
    const char *second = response.n > 1 ? memchr(response.p + 1, 0, response.n - 1) : NULL;

    CHECK(second && !response.p[0], "the run logs in by PLAIN");
    *user = (struct str){ response.p + 1, (size_t)(second - response.p - 1) };
    *password = (struct str){ second + 1, (size_t)(response.p + response.n - second - 1) };
}

/* Up to the challenge; and the answer that would be right. */
static struct peer *challenged(struct t *t, const struct witness *w, struct str *answer)
{
    struct str user, password;
    struct peer *c;

    if (!on_offer(t, w, DEMO))
        UNSUPPORTED("no mechanism on offer challenges, or none that we know");
    plain_parts(t, w->response, &user, &password);
    *answer = glued(t, S("My password is "), password);
    c = up_to_start(t);
    SEND(c, 0, connection_start_ok, .mechanism = DEMO, .response = user, .locale = S("en_US"));
    RECV(c, 0, connection_secure, .challenge = NONEMPTY);
    return c;
}

/* Tune comes when the server is satisfied, and not before. */
WIRE_CASE(challenge, .title = "Secure, Secure-Ok with the right answer, Tune",
          .rules = "connection.secure.doc-challenge connection.secure-ok.chassis-server")
{
    struct witness w = witness(t);
    struct str answer;
    struct peer *c = challenged(t, &w, &answer);

    SEND(c, 0, connection_secure_ok, .response = answer);
    RECV(c, 0, connection_tune);
    SEND(c, 0, connection_tune_ok, .channel_max = w.offer.channel_max,
         .frame_max = w.offer.frame_max);
    on_to_channel(t, c, &w);
    QUIET(c, 1);
    CLOSE(c);
}

/* No answer, a wrong one, one too long: no Tune, and the end; the right one still gets in. */
WIRE_CASE(challenge_failed, .title = "Secure-Ok with an empty or a wrong answer: the stream ends",
          .rules = "connection.secure-ok.response.assert-notnull connection.secure.doc-challenge "
                   "transport.negotiation.auth-failure-close")
{
    struct witness w = witness(t);
    struct str right;
    struct peer *c[] = { challenged(t, &w, &right), challenged(t, &w, &right),
                         challenged(t, &w, &right) };
    struct peer *twin = challenged(t, &w, &right);
    struct str answers[] = { S(""), S("My password is "), glued(t, right, S("x")) };

    for (size_t i = 0; i < 3; i++) {
        CORK(c[i]);
        SEND(c[i], 0, connection_secure_ok, .response = answers[i]);
        SEND(c[i], 0, connection_tune_ok, .channel_max = w.offer.channel_max,
             .frame_max = w.offer.frame_max);
        SEND(c[i], 0, connection_open, .virtual_host = w.vhost);
        UNCORK(c[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        STEP("answer %zu", i);
        ENDS_SILENTLY(c[i]);
    }
    SEND(twin, 0, connection_secure_ok, .response = right);
    RECV(twin, 0, connection_tune);
    undisturbed(t, &w);
}
