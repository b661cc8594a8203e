/* Properties whose values the text bounds or leaves without a meaning: they are carried as they
   are. Where a broker refuses some instead, that is recorded. */
#define CHAPTER "publish"
#include "suites/steps.h"

/* Published with these properties it arrives; false if it is refused, with 406 on the channel or
   502 on the connection, and then it is in no queue. */
static bool arrives(struct t *t, const struct properties *p, struct content *m)
{
    struct peer *c = OPEN();
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    enum answer answer;

    PUBLISH_WITH(c, 1, p, S("body"), .routing_key = q);
    SEND(c, 1, channel_flow, .active = true);
    answer = either(t, c,
                    (struct either){ M_channel_flow_ok, .channel_code = PRECONDITION_FAILED,
                                     .connection_code = SYNTAX_ERROR });
    if (answer == CONNECTION_REFUSED)
        return false;
    if (answer == ACCEPTED)
        *m = GET(c, 1, q, S("body"), .message_count = EQ(0));
    else
        GET_EMPTY(c, 1, q);
    CLOSE(c);
    return answer == ACCEPTED;
}

/* Once cluster-id, now nothing: empty, says the text. */
WIRE_CASE(reserved_property, .title = "the fourteenth property is tolerated, or refused",
          .rules = "basic.content.doc-reserved-property")
{
    struct content m;

    if (arrives(t, PROPS(.message_id = S("m"), .app_id = S("a"), .reserved = S("cluster")), &m))
        WANT_PROPS(m, .message_id = IS(S("m")), .app_id = IS(S("a")), .content_type = ABSENT);
    else
        INFO("a message with the reserved property is refused");
}

/* 1 and 2 have a meaning; other numbers have none. */
WIRE_CASE(delivery_mode_values, .title = "delivery-mode 1 and 2 are carried, others too or refused",
          .rules = "basic.content.delivery-mode.doc-values")
{
    static const uint8_t values[] = { 1, 2, 0, 3, 255 };
    struct content m;

    for (size_t i = 0; i < sizeof(values); i++) {
        STEP("delivery-mode %u", values[i]);
        if (arrives(t, PROPS(.has_delivery_mode = true, .delivery_mode = values[i]), &m)) {
            WANT_PROPS(m, .delivery_mode = EQ(values[i]));
            continue;
        }
        CHECK(i >= 2, "delivery-mode %u is refused", values[i]);
        INFO("delivery-mode %u is refused", values[i]);
    }
}

WIRE_CASE(priority_values, .title = "priorities 0 to 9 are carried, others too or refused",
          .rules = "basic.content.priority.doc-range")
{
    static const uint8_t values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255 };
    struct content m;

    for (size_t i = 0; i < sizeof(values); i++) {
        STEP("priority %u", values[i]);
        if (arrives(t, PROPS(.has_priority = true, .priority = values[i]), &m)) {
            WANT_PROPS(m, .priority = EQ(values[i]));
            continue;
        }
        CHECK(values[i] > 9, "priority %u is refused", values[i]);
        INFO("priority %u is refused", values[i]);
    }
}

/* A string for applications, says the specification; a time in milliseconds, says RabbitMQ. An hour
   is good under both readings, a word under one. */
WIRE_CASE(expiration_carried, .title = "expiration is carried through",
          .rules = "basic.content.expiration.doc-no-behaviour")
{
    struct content m;

    CHECK(arrives(t, PROPS(.expiration = S("3600000")), &m), "an hour is refused");
    WANT_PROPS(m, .expiration = IS(S("3600000")));
    if (arrives(t, PROPS(.expiration = S("tomorrow")), &m))
        WANT_PROPS(m, .expiration = IS(S("tomorrow")));
    else
        INFO("expiration has a meaning: what is no number is refused");
}

/* The user this run logs in as: between the NULs of PLAIN's response. */
static struct str run_user(struct t *t, const struct witness *w)
{
    size_t n = 1;

    while (n < w->response.n && w->response.p[n])
        n++;
    CHECK(w->response.n > 2 && !w->response.p[0] && n < w->response.n, "the run logs in by PLAIN");
    return (struct str){ w->response.p + 1, n - 1 };
}

/* Any name will do, says the specification; RabbitMQ insists on the user of the connection. */
WIRE_CASE(user_id_carried, .title = "user-id is carried through",
          .rules = "basic.content.user-id.doc-no-behaviour ext.user-id.matching")
{
    struct witness w = witness(t);
    struct str user = run_user(t, &w);
    struct content m;

    CHECK(arrives(t, PROPS(.user_id = user), &m), "the user's own name is refused");
    WANT_PROPS(m, .user_id = IS(user));
    if (arrives(t, PROPS(.user_id = NAME("somebody")), &m))
        WANT_PROPS(m, .user_id = IS(NAME("somebody")));
    else
        INFO("user-id has a meaning: another user's name is refused");
}

/* What was sent arrives; more may, and that is recorded. */
WIRE_CASE(headers_added, .title = "header entries are delivered as sent, perhaps with more",
          .rules = "model.message.header-added model.message.header-unmodified")
{
    struct peer *c = OPEN(.channels = 2);
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;
    struct table sent = TABLE(ARG("a", STR("1")), ARG("b", INT32(2)), ARG("c", BOOL(1)));
    bool more = false;

    PUBLISH_WITH(c, 1, PROPS(.headers = sent), S("body"), .routing_key = q);
    await_queue(t, c, 1, q, 1, 0);
    for (int round = 0; round < 3; round++) {
        struct content m = GET(c, 2, q, S("body"), .redelivered = EQ(round > 0));

        WANT_PROPS(m, .headers = HAS(sent));
        more |= m.properties.headers.n > sent.n;
        CALL(c, 2, channel_close, .reply_code = 200, .reply_text = S("again"));
        CALL(c, 2, channel_open);
        await_queue(t, c, 1, q, 1, 0);
    }
    if (more)
        INFO("the broker adds header entries");
}
