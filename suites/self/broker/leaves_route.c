/* Bindings as such, and the direct, fanout and headers exchanges. */
#include "broker-under-test/reference/src/route.h"
#include "broker-under-test/reference/src/mem.h"
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

static const struct str none = { NULL, 0 };

#define A_1      "\1al\0\0\0\0\0\0\0\1"
#define A_2      "\1al\0\0\0\0\0\0\0\2"
#define A_1_INT  "\1aI\0\0\0\1"
#define A_1_REAL "\1ad\x3f\xf0\0\0\0\0\0\0"
#define A_TEXT   "\1aS\0\0\0\1x"
#define A_OCTETS "\1ax\0\0\0\1x"
#define A_VOID   "\1aV"
#define B_2      "\1bl\0\0\0\0\0\0\0\2"
#define X_1      "\3x-hl\0\0\0\0\0\0\0\1"
#define ANY      "\7x-matchS\0\0\0\3any"
#define ALL      "\7x-matchS\0\0\0\3all"
#define ALL_X    "\7x-matchS\0\0\0\012all-with-x"
#define ANY_X    "\7x-matchS\0\0\0\012any-with-x"

static const enum route_type types[] = { ROUTE_DIRECT, ROUTE_FANOUT, ROUTE_TOPIC, ROUTE_HEADERS };
enum { TYPES = 4 };

TEST(same_binding_counts_once)
{
    for (size_t t = 0; t < TYPES; t++) {
        struct router *r = router_new(types[t]);
        char a, b;

        CU_ASSERT(router_bind(r, &a, STR("k"), STR(A_1 B_2)));
        CU_ASSERT(!router_bind(r, &a, STR("k"), STR(B_2 A_1))); /* order is no difference */
        CU_ASSERT(router_bind(r, &a, STR("k"), STR(A_1)));
        CU_ASSERT(router_bind(r, &a, STR("k2"), STR(A_1 B_2)));
        CU_ASSERT(router_bind(r, &b, STR("k"), STR(A_1 B_2)));
        CU_ASSERT_EQUAL(router_count(r), 4);
        CU_ASSERT(!router_unbind(r, &b, STR("k2"), STR(A_1 B_2)));
        CU_ASSERT(!router_unbind(r, &a, STR("k"), none));
        CU_ASSERT(router_unbind(r, &a, STR("k"), STR(B_2 A_1)));
        CU_ASSERT(!router_unbind(r, &a, STR("k"), STR(B_2 A_1)));
        CU_ASSERT_EQUAL(router_count(r), 3);
        router_free(r);
    }
}

TEST(one_delivery_per_destination)
{
    for (size_t t = 0; t < TYPES; t++) {
        struct router *r = router_new(types[t]);
        struct destinations d;
        char a;

        router_bind(r, &a, STR("k"), STR(A_1));
        router_bind(r, &a, STR("k"), none);
        router_bind(r, &a, STR("#"), none);
        for (int again = 0; again < 2; again++) {
            d = router_match(r, STR("k"), STR(A_1));
            CU_ASSERT_EQUAL(d.n, 1);
            CU_ASSERT_PTR_EQUAL(d.at[0], &a);
        }
        router_free(r);
    }
}

TEST(unbind_all_forgets_one_destination)
{
    for (size_t t = 0; t < TYPES; t++) {
        struct router *r = router_new(types[t]);
        struct destinations d;
        char a, b;

        CU_ASSERT_EQUAL(router_unbind_all(r, &a), 0);
        router_bind(r, &a, STR("k"), none);
        router_bind(r, &a, STR("k.#"), none);
        router_bind(r, &b, STR("k"), none);
        CU_ASSERT_EQUAL(router_unbind_all(r, &a), 2);
        CU_ASSERT_EQUAL(router_count(r), 1);
        d = router_match(r, STR("k"), none);
        CU_ASSERT(d.n == 1 && d.at[0] == &b);
        CU_ASSERT_EQUAL(router_unbind_all(r, &b), 1);
        CU_ASSERT_EQUAL(router_match(r, STR("k"), none).n, 0);
        router_free(r);
    }
}

static void note_key(void *context, void *destination, struct str key, struct str arguments)
{
    char *seen = context;

    CU_ASSERT_PTR_NOT_NULL(destination);
    strncat(seen, key.p, key.n);
    strcat(seen, arguments.n ? "+ " : " ");
}

TEST(each_in_the_order_made)
{
    struct router *r = router_new(ROUTE_DIRECT);
    char a, b, seen[64] = "";

    router_bind(r, &a, STR("one"), none);
    router_bind(r, &b, STR("two"), STR(A_1));
    router_bind(r, &a, STR("three"), none);
    router_bind(r, &b, STR("one"), none);
    router_unbind(r, &a, STR("three"), none);
    router_each(r, note_key, seen);
    CU_ASSERT_STRING_EQUAL(seen, "one two+ one ");
    router_free(r);
}

TEST(direct_is_octet_for_octet)
{
    struct router *r = router_new(ROUTE_DIRECT);
    char a, b, c;

    router_bind(r, &a, STR("key"), none);
    router_bind(r, &b, STR("Key"), none);
    router_bind(r, &c, STR(""), none);
    CU_ASSERT_EQUAL(router_match(r, STR("key"), none).n, 1);
    CU_ASSERT_EQUAL(router_match(r, STR("ke"), none).n, 0);
    CU_ASSERT_EQUAL(router_match(r, STR("#"), none).n, 0);
    CU_ASSERT_PTR_EQUAL(router_match(r, none, none).at[0], &c);
    router_free(r);
}

TEST(direct_many)
{
    enum { MANY = 5000 };
    struct router *r = router_new(ROUTE_DIRECT);
    char *destination = xmalloc(MANY), key[16];
    size_t wrong = 0;

    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "k%d", i % 1000);
        router_bind(r, destination + i, str_of(key), none);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        wrong += router_match(r, str_of(key), none).n != MANY / 1000;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    router_free(r);
    free(destination);
}

TEST(fanout_takes_all)
{
    struct router *r = router_new(ROUTE_FANOUT);
    char destination[300];

    CU_ASSERT_EQUAL(router_match(r, STR("x"), none).n, 0);
    for (size_t i = 0; i < sizeof destination; i++)
        router_bind(r, &destination[i], STR("whatever"), none);
    CU_ASSERT_EQUAL(router_match(r, STR("x"), none).n, sizeof destination);
    router_free(r);
}

/* As RabbitMQ 3.10.8 answered when asked the same. */
TEST(headers)
{
    const struct {
        struct str arguments, headers;
        bool match;
    } rows[] = {
        { STR(""), STR(""), true },
        { STR(""), STR(A_1), true },
        { STR(ALL), STR(""), true },
        { STR(ALL_X), STR(""), true },
        { STR(ANY), STR(""), false },
        { STR(ANY), STR(A_1), false },
        { STR(ANY_X), STR(A_1), false },
        { STR(A_1), STR(A_1), true },
        { STR(A_1), STR(A_1_INT), true },
        { STR(A_1), STR(A_1_REAL), true },
        { STR(A_1_REAL), STR(A_1_INT), true },
        { STR(A_1), STR("\1aT\0\0\0\0\0\0\0\1"), true },
        { STR(A_1), STR("\1at\1"), false },
        { STR(A_1), STR(A_2), false },
        { STR(A_1), STR(A_TEXT), false },
        { STR(A_1), STR(A_VOID), false },
        { STR(A_1), STR(B_2), false },
        { STR(A_1), STR(""), false },
        { STR(A_TEXT), STR(A_OCTETS), true },
        { STR(A_TEXT), STR("\1aS\0\0\0\1X"), false },
        { STR("\1al\0\x20\0\0\0\0\0\1"), STR("\1ad\x43\x40\0\0\0\0\0\0"), false }, /* 2^53 + 1 */
        { STR(A_VOID), STR(A_1), true },
        { STR(A_VOID), STR(A_TEXT), true },
        { STR(A_VOID), STR(A_VOID), true },
        { STR(A_VOID), STR(B_2), false },
        { STR(ANY A_VOID), STR(A_TEXT), true },
        { STR(A_1 B_2), STR(B_2 A_1), true },
        { STR(A_1 B_2), STR("\1zV" B_2 "\1!V" A_1), true },
        { STR(A_1 B_2), STR(A_1), false },
        { STR(A_1 B_2), STR(A_2 B_2), false },
        { STR(ANY A_1 B_2), STR(A_1), true },
        { STR(ANY A_1 B_2), STR(B_2), true },
        { STR(ANY A_1 B_2), STR(A_2 B_2), true },
        { STR(ANY A_1 B_2), STR(A_2), false },
        { STR(X_1), STR(""), true }, /* x- names are no demands */
        { STR(ANY X_1), STR(X_1), false },
        { STR(ALL_X X_1), STR(X_1), true },
        { STR(ALL_X X_1), STR(""), false },
        { STR(ANY_X X_1), STR(X_1), true },
        { STR(ALL_X A_1 X_1), STR(A_1), false },
        { STR(ANY_X A_1 X_1), STR(A_1), true },
        { STR(A_1 A_2), STR(A_1 A_2), true }, /* of one name: in order */
        { STR(A_1 A_2), STR(A_2 A_1), false },
        { STR(A_1 A_2), STR(A_1), false },
        { STR(A_1), STR(A_2 A_1), false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct router *r = router_new(ROUTE_HEADERS);
        char destination;
        size_t n;

        CU_ASSERT(router_bind(r, &destination, STR("ignored"), rows[i].arguments));
        n = router_match(r, STR(""), rows[i].headers).n;
        if (n != rows[i].match)
            fprintf(stderr, "headers: row %zu\n", i);
        CU_ASSERT_EQUAL(n, (size_t)rows[i].match);
        router_free(r);
    }
}

TEST(headers_among_many)
{
    enum { MANY = 300 };
    struct router *r = router_new(ROUTE_HEADERS);
    char destination[MANY], field[] = A_1;
    size_t wrong = 0;

    for (int i = 0; i < MANY; i++) {
        field[9] = (char)(i >> 8);
        field[10] = (char)i;
        router_bind(r, &destination[i], none, (struct str){ field, sizeof field - 1 });
    }
    for (int i = 0; i < MANY; i++) {
        struct destinations d;

        field[9] = (char)(i >> 8);
        field[10] = (char)i;
        d = router_match(r, none, (struct str){ field, sizeof field - 1 });
        wrong += d.n != 1 || d.at[0] != &destination[i];
    }
    CU_ASSERT_EQUAL(wrong, 0);
    router_free(r);
}

SUITE(leaves_route, TEST_CASE(same_binding_counts_once), TEST_CASE(one_delivery_per_destination),
      TEST_CASE(unbind_all_forgets_one_destination), TEST_CASE(each_in_the_order_made),
      TEST_CASE(direct_is_octet_for_octet), TEST_CASE(direct_many), TEST_CASE(fanout_takes_all),
      TEST_CASE(headers), TEST_CASE(headers_among_many));
