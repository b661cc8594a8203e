/* From the protocol header to Open, and the end. */
#include "handlers.h"

#include "broker.h"
#include "dispatch.h"
#include "faulty.h"
#include "limits.h"
#include "log.h"
#include "mem.h"
#include "peer_table.h"
#include "sasl.h"
#include "share.h"
#include "user.h"
#include "version.h"

#include <unistd.h>

static struct str capabilities(char room[512])
{
    static const char *const names[] = {
        "publisher_confirms",           "exchange_exchange_bindings", "basic.nack",
        "consumer_cancel_notify",       "connection.blocked",         "per_consumer_qos",
        "authentication_failure_close",
    };
    struct peer_table t = peer_table_into(room, 512);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        peer_table_bool(&t, names[i], true);
    return peer_table_str(&t);
}

/* The same for all, so they are made once. */
static struct str server_properties(void)
{
    static char room[1024];
    static struct peer_table t;
    char caps[512], host[256] = "localhost";

    if (t.at)
        return peer_table_str(&t);
    t = peer_table_into(room, sizeof room);
    gethostname(host, sizeof host - 1);
    peer_table_table(&t, "capabilities", capabilities(caps));
    peer_table_text(&t, "product", BROKER_PRODUCT);
    peer_table_text(&t, "version", BROKER_VERSION);
    peer_table_text(&t, "platform", "C");
    peer_table_text(&t, "host", host);
    peer_table_text(&t, "information", "A reference broker for AMQP 0-9-1");
    peer_table_text(&t, "copyright", "The amqproof authors");
    return peer_table_str(&t);
}

void dispatch_start(struct conn *c)
{
    if (FAULTY(heartbeat_before_start) && TAILQ_NEXT(c, link))
        frame_reserve(&c->out, FRAME_HEARTBEAT, 0, 0);
    SEND(c, 0, connection_start, .version_major = 0, .version_minor = 9,
         .server_properties = server_properties(), .mechanisms = sasl_mechanisms(c),
         .locales = STR("en_US"));
    conn_enter(c, CONN_STARTING);
}

static void read_capabilities(struct conn *c, struct str client_properties)
{
    struct str caps = table_in(client_properties, STR("capabilities"));

    c->cap_cancel_notify = table_true(caps, STR("consumer_cancel_notify"));
    c->cap_auth_close = table_true(caps, STR("authentication_failure_close"));
    c->cap_blocked = table_true(caps, STR("connection.blocked"));
}

/* Faults in negotiation end in silence. A client that said it understands a refusal of
   its user or its vhost is told, a convention of RabbitMQ's; this is the one place to
   change to tell the others too. */
static struct refusal turn_away(struct conn *c, enum reply_code code, const char *why,
                                const struct method_row *method)
{
    if (c->cap_auth_close)
        conn_close(c, refuse(code, "%s", why), method->class_id, method->method_id);
    else
        conn_shun(c, why);
    return accepted;
}

static struct refusal tune(struct conn *c, enum method asked, const char *why)
{
    const struct settings *s = &c->broker->settings;

    *(c->user ? &c->broker->counts.logins_accepted : &c->broker->counts.logins_refused) += 1;
    if (!c->user)
        return turn_away(
            c, FAULTY(external_refused_by_530) && c->certified.p ? NOT_ALLOWED : ACCESS_REFUSED,
            why, method_row(asked));
    SEND(c, 0, connection_tune, .channel_max = s->channel_max, .frame_max = s->frame_max,
         .heartbeat = s->heartbeat_s);
    conn_enter(c, CONN_TUNING);
    return accepted;
}

struct refusal on_connection_start_ok(struct conn *c, const struct m_connection_start_ok *m)
{
    const char *why;

    read_capabilities(c, m->client_properties);
    if (!sasl_offered(c, m->mechanism))
        return refuse(SYNTAX_ERROR, "mechanism '%.*s'", STR_ARGS(m->mechanism));
    if (!str_eq(m->locale, STR("en_US")))
        return refuse(SYNTAX_ERROR, "locale '%.*s'", STR_ARGS(m->locale));
    if (sasl_challenges(m->mechanism)) {
        c->claims = str_dup(m->response);
        SEND(c, 0, connection_secure, .challenge = STR(SASL_CHALLENGE));
        conn_enter(c, CONN_SECURING);
        return accepted;
    }
    c->user = sasl_login(c, m->mechanism, m->response, &why);
    return tune(c, M_connection_start_ok, why);
}

struct refusal on_connection_secure_ok(struct conn *c, const struct m_connection_secure_ok *m)
{
    const char *why;

    c->user = sasl_answer(c, c->claims, m->response, &why);
    return tune(c, M_connection_secure_ok, why);
}

/* Zero means no limit of theirs, so ours holds. More than we offered is refused. */
struct refusal on_connection_tune_ok(struct conn *c, const struct m_connection_tune_ok *m)
{
    const struct settings *s = &c->broker->settings;
    uint16_t channel_max = m->channel_max ? m->channel_max : s->channel_max;
    uint32_t frame_max = m->frame_max ? m->frame_max : s->frame_max;

    if (FAULTY(zero_frame_max_is_least) && m->frame_max == 0)
        frame_max = SPEC_FRAME_MIN_SIZE;
    if (FAULTY(zero_channel_max_is_all) && m->channel_max == 0)
        channel_max = UINT16_MAX;
    if (FAULTY(tune_ok_leaks) && m->heartbeat)
        c->broker->settings.heartbeat_s = m->heartbeat;
    if (m->channel_max > s->channel_max)
        return refuse(NOT_ALLOWED, "channel-max %u above %u", channel_max, s->channel_max);
    if (frame_max > s->frame_max)
        return refuse(NOT_ALLOWED, "frame-max %u above %u", frame_max, s->frame_max);
    if (frame_max < SPEC_FRAME_MIN_SIZE)
        return refuse(NOT_ALLOWED, "frame-max %u below %u", frame_max, SPEC_FRAME_MIN_SIZE);
    c->channel_max = FAULTY(tune_ok_ignored) ? s->channel_max : channel_max;
    c->frame_max = FAULTY(tune_ok_ignored) ? s->frame_max : frame_max;
    c->heartbeat_ms = m->heartbeat * 1000ull;
    conn_enter(c, CONN_OPENING);
    return accepted;
}

struct refusal on_connection_open(struct conn *c, const struct m_connection_open *m)
{
    struct vhost *v = broker_vhost(c->broker, m->virtual_host);
    const struct rights *r = v ? user_rights(c->user, v->name) : NULL;
    const struct method_row *row = method_row(M_connection_open);

    if (!v)
        return turn_away(c, NOT_ALLOWED, "no such virtual host", row);
    if (!r)
        return turn_away(c, NOT_ALLOWED, "no access to this virtual host", row);
    if (share_of_things(c, "connection").code)
        return turn_away(c, RESOURCE_ERROR, "no memory for another connection", row);
    c->vhost = v;
    c->rights = r;
    SEND(c, 0, connection_open_ok, .no_field = 0);
    conn_enter(c, CONN_OPEN);
    log_conn(c->number, LOG_LEVEL_INFO, "opened: user '%.*s' in vhost '%.*s' from %s",
             STR_ARGS(c->user->name), STR_ARGS(v->name), c->peer);
    return accepted;
}

struct refusal on_connection_update_secret(struct conn *c,
                                           const struct m_connection_update_secret *m)
{
    if (!user_password_ok(c->user, m->new_secret))
        return refuse(NOT_ALLOWED, "the new secret is refused");
    SEND_BARE(c, 0, connection_update_secret_ok);
    return accepted;
}

/* All that was the connection's is gone before the answer says so. */
struct refusal on_connection_close(struct conn *c, const struct m_connection_close *m)
{
    log_conn(c->number, LOG_LEVEL_INFO, "closed by its client: %u %.*s", m->reply_code,
             STR_ARGS(m->reply_text));
    conn_release(c);
    SEND_BARE(c, 0, connection_close_ok);
    conn_enter(c, CONN_DEAD);
    return accepted;
}

struct refusal on_connection_close_ok(struct conn *c, const struct m_connection_close_ok *m)
{
    (void)m;
    if (FAULTY(socket_outlives_close_ok))
        return accepted;
    conn_enter(c, CONN_DEAD);
    conn_talk(c);
    return accepted;
}
