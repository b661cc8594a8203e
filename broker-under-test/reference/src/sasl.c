#include "sasl.h"

#include "broker.h"
#include "faulty.h"
#include "table.h"
#include "user.h"

struct credentials {
    struct str user, password;
};

static bool offers_external(const struct conn *c)
{
    return (c->certified.p && !FAULTY(external_not_offered)) ||
           FAULTY(external_without_certificate);
}

struct str sasl_mechanisms(const struct conn *c)
{
    return offers_external(c) ? STR("PLAIN AMQPLAIN EXTERNAL RABBIT-CR-DEMO")
                              : STR("PLAIN AMQPLAIN RABBIT-CR-DEMO");
}

bool sasl_offered(const struct conn *c, struct str mechanism)
{
    return str_eq(mechanism, STR("PLAIN")) || str_eq(mechanism, STR("AMQPLAIN")) ||
           sasl_challenges(mechanism) ||
           (str_eq(mechanism, STR("EXTERNAL")) &&
            (offers_external(c) || FAULTY(external_by_nothing)));
}

bool sasl_challenges(struct str mechanism)
{
    return str_eq(mechanism, STR("RABBIT-CR-DEMO"));
}

/* [identity] NUL user NUL password */
static bool read_plain(struct str r, struct credentials *out)
{
    const char *first = r.n ? memchr(r.p, 0, r.n) : NULL;
    const char *end = r.p + r.n, *second;

    if (!first)
        return false;
    second = memchr(first + 1, 0, (size_t)(end - first - 1));
    if (!second)
        return false;
    out->user = (struct str){ first + 1, (size_t)(second - first - 1) };
    out->password = (struct str){ second + 1, (size_t)(end - second - 1) };
    return true;
}

/* A field table without its length, with LOGIN and PASSWORD. */
static bool read_amqplain(struct str r, struct credentials *out)
{
    return table_valid(r) && table_longstr(r, STR("LOGIN"), &out->user) &&
           table_longstr(r, STR("PASSWORD"), &out->password);
}

/* Whoever it is, may it come from there? */
static struct user *from_there(const struct conn *c, struct user *u, const char **why)
{
    if (FAULTY(nobody_from_elsewhere) && !c->loopback)
        return NULL;
    if (str_eq(u->name, STR("guest")) && !c->loopback && !c->broker->settings.guest_anywhere &&
        !FAULTY(guest_from_anywhere)) {
        *why = "user 'guest' may come in through loopback only";
        return NULL;
    }
    return u;
}

static struct user *let_in(const struct conn *c, const struct credentials *who, const char **why)
{
    struct user *u = broker_user(c->broker, who->user);

    if (!u || !user_password_ok(u, who->password))
        return NULL;
    if (FAULTY(certificate_beats_password) && c->certified.p)
        u = broker_user(c->broker, c->certified);
    return from_there(c, u, why);
}

/* The response may name who the client wants to be: nobody else than it is. */
static struct user *certified(const struct conn *c, struct str wants, const char **why)
{
    struct user *u = broker_user(c->broker, c->certified);

    if (FAULTY(external_is_guest) || (FAULTY(external_unknown_is_guest) && !u) ||
        (FAULTY(external_by_nothing) && !c->certified.p))
        u = broker_user(c->broker, STR("guest"));
    if (FAULTY(external_wish_granted) && wants.n)
        u = broker_user(c->broker, wants);
    else if (wants.n && !str_eq(wants, c->certified))
        return NULL;
    if (u)
        return from_there(c, u, why);
    *why = "nobody has the name in the certificate";
    return NULL;
}

struct user *sasl_login(const struct conn *c, struct str mechanism, struct str response,
                        const char **why)
{
    struct credentials who;
    bool plain = str_eq(mechanism, STR("PLAIN"));

    *why = "login was refused";
    if (str_eq(mechanism, STR("EXTERNAL")))
        return certified(c, response, why);
    if (!(plain ? read_plain(response, &who) : read_amqplain(response, &who)))
        return NULL;
    return let_in(c, &who, why);
}

struct user *sasl_answer(const struct conn *c, struct str user, struct str response,
                         const char **why)
{
    static const char words[] = "My password is ";
    size_t n = sizeof words - 1;

    *why = "login was refused";
    if (response.n < n || memcmp(response.p, words, n) != 0)
        return NULL;
    return let_in(c, &(struct credentials){ user, { response.p + n, response.n - n } }, why);
}
