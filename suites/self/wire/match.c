/* The matcher's truth table: each demand met and not met, and the words for it. */
#include "fixtures/wire/match.h"

#include "tests.h"

#define SUITE "matching"

/* wanted NULL: the demands are met. */
static void want_verdict(const char *got, const char *wanted)
{
    want_str(str_of(got ? got : "met"), str_of(wanted ? wanted : "met"), "verdict");
}

/* Against queue.declare-ok queue="jobs" message-count=7 consumer-count=0. */
static void ok(struct want_queue_declare_ok w, const char *wanted)
{
    struct m_queue_declare_ok args = { .queue = S("jobs"), .message_count = 7 };
    struct arena *a = arena_new();

    want_verdict(match_args(M_queue_declare_ok, &args, &w, a), wanted);
    arena_free(a);
}

#define OK(text, ...) ok((struct want_queue_declare_ok){ __VA_ARGS__ }, text)

TEST(numbers)
{
    OK(NULL, .message_count = EQ(7));
    OK("message-count: wanted 8, got 7", .message_count = EQ(8));
    OK("message-count: wanted 0, got 7", .message_count = EQ(0));
    OK("message-count: wanted 18446744073709551615, got 7", .message_count = EQ(UINT64_MAX));
    OK(NULL, .message_count = NE(8));
    OK("message-count: wanted other than 7, got 7", .message_count = NE(7));
    OK(NULL, .message_count = AT_LEAST(7));
    OK("message-count: wanted at least 8, got 7", .message_count = AT_LEAST(8));
    OK(NULL, .message_count = AT_MOST(7));
    OK("message-count: wanted at most 6, got 7", .message_count = AT_MOST(6));
    OK("message-count: wanted 0, got 7", .message_count = AT_MOST(0));
    OK(NULL, .message_count = BETWEEN(7, 9));
    OK(NULL, .message_count = BETWEEN(5, 7));
    OK("message-count: wanted 8 to 9, got 7", .message_count = BETWEEN(8, 9));
    OK("message-count: wanted 5 to 6, got 7", .message_count = BETWEEN(5, 6));
    OK(NULL, .message_count = ONE_OF(1, 7, 9));
    OK("message-count: wanted one of 1, 6, 8, got 7", .message_count = ONE_OF(1, 6, 8));
    OK("message-count: wanted one of 6, got 7", .message_count = ONE_OF(6));
}

TEST(strings)
{
    OK(NULL, .queue = IS(S("jobs")));
    OK("queue: wanted \"job\", got \"jobs\"", .queue = IS(S("job")));
    OK("queue: wanted \"jobs2\", got \"jobs\"", .queue = IS(S("jobs2")));
    OK("queue: wanted \"joba\", got \"jobs\"", .queue = IS(S("joba")));
    OK("queue: wanted \"\", got \"jobs\"", .queue = IS(S("")));
    OK(NULL, .queue = STARTS(S("jo")));
    OK(NULL, .queue = STARTS(S("jobs")));
    OK(NULL, .queue = STARTS(S("")));
    OK("queue: wanted \"amq.\"…, got \"jobs\"", .queue = STARTS(S("amq.")));
    OK("queue: wanted \"jobs2\"…, got \"jobs\"", .queue = STARTS(S("jobs2")));
    OK(NULL, .queue = NONEMPTY);
}

TEST(the_first_field_that_differs_is_named)
{
    OK(NULL, .queue = { .kind = WANT_ANY });
    OK(NULL, .queue = IS(S("jobs")), .message_count = EQ(7), .consumer_count = EQ(0));
    OK("message-count: wanted 1, got 7", .queue = NONEMPTY, .message_count = EQ(1),
       .consumer_count = EQ(1));
    OK("consumer-count: wanted 1, got 0", .queue = NONEMPTY, .consumer_count = EQ(1));
}

TEST(an_empty_string_is_not_something)
{
    struct arena *a = arena_new();
    struct m_queue_declare_ok args = { .queue = S("") };
    struct want_queue_declare_ok w = { .queue = NONEMPTY };

    want_verdict(match_args(M_queue_declare_ok, &args, &w, a), "queue: wanted something, got \"\"");
    want_verdict(match_args(M_queue_declare_ok, &args, NULL, a), NULL);
    arena_free(a);
}

TEST(bits)
{
    struct arena *a = arena_new();
    struct m_basic_deliver args = { .redelivered = true };
    struct want_basic_deliver good = { .redelivered = EQ(1) }, bad = { .redelivered = EQ(0) };

    want_verdict(match_args(M_basic_deliver, &args, &good, a), NULL);
    want_verdict(match_args(M_basic_deliver, &args, &bad, a), "redelivered: wanted 0, got 1");
    arena_free(a);
}

/* Against connection.start server-properties={a:I:1, b:S:"x"}. */
static void table_ok(struct want w, const char *wanted)
{
    struct m_connection_start args = {
        .server_properties = TABLE(ARG("a", INT32(1)), ARG("b", STR("x"))),
    };
    struct want_connection_start demands = { .server_properties = w };
    struct arena *a = arena_new();

    want_verdict(match_args(M_connection_start, &args, &demands, a), wanted);
    arena_free(a);
}

#define TABLE_OK(text, ...) table_ok((struct want)__VA_ARGS__, text)
#define GOT                 ", got {a:I:1, b:S:\"x\"}"

TEST(tables)
{
    TABLE_OK(NULL, EQ_TABLE(TABLE(ARG("a", INT32(1)), ARG("b", STR("x")))));
    TABLE_OK("server-properties: wanted {a:I:1}" GOT, EQ_TABLE(TABLE(ARG("a", INT32(1)))));
    TABLE_OK(NULL, EQ_TABLE(TABLE(ARG("b", STR("x")), ARG("a", INT32(1)))));
    TABLE_OK("server-properties: wanted {b:S:\"x\", a:I:2}" GOT,
             EQ_TABLE(TABLE(ARG("b", STR("x")), ARG("a", INT32(2)))));
    TABLE_OK(NULL, HAS(TABLE(ARG("b", STR("x")))));
    TABLE_OK(NULL, HAS(TABLE(ARG("b", STR("x")), ARG("a", INT32(1)))));
    TABLE_OK("server-properties: wanted at least {a:i:1}" GOT, HAS(TABLE(ARG("a", UINT32(1)))));
    TABLE_OK("server-properties: wanted at least {a:I:2}" GOT, HAS(TABLE(ARG("a", INT32(2)))));
    TABLE_OK("server-properties: wanted at least {c:V}" GOT, HAS(TABLE(ARG("c", VOID_VALUE))));
    TABLE_OK(NULL, NONEMPTY);
}

TEST(an_empty_table_is_not_something)
{
    struct arena *a = arena_new();
    struct m_connection_start args = { .version_minor = 9 };
    struct want_connection_start w = { .server_properties = NONEMPTY };

    want_verdict(match_args(M_connection_start, &args, &w, a),
                 "server-properties: wanted something, got {}");
    arena_free(a);
}

/* Against content-type="" delivery-mode=2. */
static void props(struct want_properties w, const char *wanted)
{
    struct properties p = { .has_content_type = true,
                            .has_delivery_mode = true,
                            .delivery_mode = 2 };
    struct arena *a = arena_new();

    want_verdict(match_properties(&p, &w, a), wanted);
    arena_free(a);
}

#define PROPERTIES(text, ...) props((struct want_properties){ __VA_ARGS__ }, text)

TEST(properties)
{
    PROPERTIES(NULL, .headers = { .kind = WANT_ANY });
    PROPERTIES(NULL, .delivery_mode = EQ(2), .content_type = IS(S("")), .priority = ABSENT);
    PROPERTIES("delivery-mode: wanted 1, got 2", .delivery_mode = EQ(1));
    PROPERTIES("delivery-mode: wanted absent, got 2", .delivery_mode = ABSENT);
    PROPERTIES("content-type: wanted absent, got \"\"", .content_type = ABSENT);
    PROPERTIES("priority: wanted 0, got absent", .priority = EQ(0));
    PROPERTIES("priority: wanted other than 1, got absent", .priority = NE(1));
    PROPERTIES("message-id: wanted \"\", got absent", .message_id = IS(S("")));
    PROPERTIES("headers: wanted {}, got absent", .headers = EQ_TABLE(((struct table){ 0 })));
}

TEST(no_demand_at_all)
{
    struct properties p = { 0 };
    struct arena *a = arena_new();

    want_verdict(match_properties(&p, NULL, a), NULL);
    arena_free(a);
}
