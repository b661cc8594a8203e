#include "suites/holding.h"

struct peer *holding(struct t *t, struct str q, int n)
{
    struct peer *c = OPEN(.channels = 2);

    CALL(c, 1, queue_declare, .queue = q, .exclusive = true);
    for (int i = 1; i <= n; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
    CONSUME(c, 1, .queue = q, .consumer_tag = S("c"));
    for (int i = 1; i <= n; i++)
        DELIVERED(c, 1, TEXT("%d", i), .delivery_tag = EQ(i), .redelivered = EQ(0));
    return c;
}

void left_over(struct t *t, struct peer *c, struct str q, const char *bodies)
{
    int n = 0;

    for (const char *p = bodies; *p; p++)
        n += *p != ' ';
    CALL(c, 1, channel_close, .reply_code = 200, .reply_text = S("done"));
    await_queue(t, c, 2, q, n, 0);
    for (const char *p = bodies; *p; p++)
        if (*p != ' ')
            GET(c, 2, q, ((struct str){ p, 1 }), .redelivered = EQ(1));
    GET_EMPTY(c, 2, q);
}
