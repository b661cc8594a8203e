/* Topic keys that are not what the text says keys are made of. */
#define CHAPTER "routing"
#include "suites/steps.h"

/* A binding belongs to one exchange, the one with the empty key too. */
WIRE_CASE(topic_empty_key_of_two, .title = "the empty key at one of two topic exchanges",
          .rules = "model.exchange.topic-empty-key")
{
    struct peer *c = OPEN();
    struct str bound = NAME("bound"), other = NAME("other");
    struct str q = DECLARE(c, 1, .queue = NAME("q"), .exclusive = true)->queue;

    CALL(c, 1, exchange_declare, .exchange = bound, .type = S("topic"));
    CALL(c, 1, exchange_declare, .exchange = other, .type = S("topic"));
    CALL(c, 1, queue_bind, .queue = q, .exchange = bound, .routing_key = S(""));
    PUBLISH(c, 1, S("elsewhere"), .exchange = other, .routing_key = S(""));
    PUBLISH(c, 1, S("here"), .exchange = bound, .routing_key = S(""));
    GET(c, 1, q, S("here"), .exchange = IS(bound), .message_count = EQ(0));
    CALL(c, 1, exchange_delete, .exchange = bound);
    CALL(c, 1, exchange_delete, .exchange = other);
}

/* Words of letters and digits, says the text, for clients; a broker matches other octets word by
   word just the same, or it is recorded that it does not. */
WIRE_CASE(topic_odd_words, .title = "topic keys with other octets than letters and digits",
          .rules = "model.exchange.topic-key-syntax")
{
    static const char *const keys[] = { "a b.c", "\xc3\xbc.\xe2\x82\xac", "a-b.c_d", "!?.%",
                                        "\x01.\xff" };
    struct witness w = witness(t);

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct peer *c = OPEN();
        struct str x = NAME("x"), two = NAME("two"), three = NAME("three"), key = str_of(keys[i]);
        struct next n;

        STEP("key %zu", i);
        CALL(c, 1, exchange_declare, .exchange = x, .type = S("topic"));
        CALL(c, 1, queue_declare, .queue = two, .exclusive = true);
        CALL(c, 1, queue_declare, .queue = three, .exclusive = true);
        CALL(c, 1, queue_bind, .queue = two, .exchange = x, .routing_key = S("*.*"));
        CALL(c, 1, queue_bind, .queue = three, .exchange = x, .routing_key = S("*.*.*"));
        PUBLISH(c, 1, S("m"), .exchange = x, .routing_key = key);
        SEND(c, 1, basic_get, .queue = two, .no_ack = true);
        n = NEXT(c);
        CHECK(n.kind == GOT_FRAME && n.frame.method, "an answer to basic.get, or a refusal");
        if (n.frame.method->id == M_basic_get_ok) {
            CHECK(str_eq(((const struct m_basic_get_ok *)n.frame.args)->routing_key, key),
                  "the key is the one that was published with");
            CHECK(NEXT(c).frame.body_size == 1, "the header of one octet");
            CHECK(str_eq(NEXT(c).frame.payload, S("m")), "the body");
            GET_EMPTY(c, 1, three);
        } else {
            INFO("key %zu is not matched word by word: %s", i, n.frame.method->name);
            if (n.frame.method->id == M_connection_close)
                SEND(c, 0, connection_close_ok);
        }
        CALL(w.c, 1, exchange_delete, .exchange = x);
        CLOSE(c);
    }
    undisturbed(t, &w);
}
