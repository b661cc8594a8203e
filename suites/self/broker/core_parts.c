/* The small parts by themselves: output and its gates, unacknowledged tags, confirms,
   users. */
#include "suites/self/broker/suites.h"

#include "broker-under-test/reference/src/codec.h"
#include "broker-under-test/reference/src/confirm.h"
#include "broker-under-test/reference/src/limits.h"
#include "broker-under-test/reference/src/mem.h"
#include "broker-under-test/reference/src/unacked.h"
#include "broker-under-test/reference/src/user.h"

#include <stdlib.h>

static void say(struct out *o, const char *text)
{
    str_put(out_reserve(o, strlen(text)), str_of(text));
}

static size_t ready(struct out *o, uint64_t committed)
{
    struct iovec iov[64];
    size_t n = out_iov(o, iov, 64, committed), bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += iov[i].iov_len;
    return bytes;
}

/* What stands behind a gate waits for its batch, and what stands before it does not. */
TEST(out_gates)
{
    struct out o;

    out_init(&o);
    say(&o, "before");
    out_gate(&o, 5);
    say(&o, "behind");
    out_gate(&o, 4);
    say(&o, "more");
    out_gate(&o, 7);
    say(&o, "last");
    CU_ASSERT(ready(&o, 3) == 6);
    out_done(&o, 6);
    CU_ASSERT(ready(&o, 4) == 0 && out_gated(&o, 4));
    CU_ASSERT(ready(&o, 5) == 10);
    CU_ASSERT(ready(&o, 7) == 14);
    out_done(&o, 14);
    CU_ASSERT(out_waiting(&o) == 0);
    out_clear(&o);
}

/* A write under way keeps its octets whatever happens to the rest. */
TEST(out_pinned)
{
    struct message *m = message_new(STR(""), STR(""), STR(""), 8, NULL);
    struct iovec iov[4] = { { NULL, 0 } };
    struct out o;

    m = message_append(m, 0, STR("12345678"));
    out_init(&o);
    say(&o, "head");
    out_body(&o, m, message_body(m));
    message_unref(m);
    say(&o, "tail");
    o.pinned = 7;
    out_clear(&o);
    CU_ASSERT(out_waiting(&o) == 7);
    CU_ASSERT_FATAL(out_iov(&o, iov, 4, 0) == 2);
    CU_ASSERT(memcmp(iov[0].iov_base, "head", 4) == 0 && memcmp(iov[1].iov_base, "123", 3) == 0);
    say(&o, "new");
    out_done(&o, 7);
    CU_ASSERT(ready(&o, 0) == 3);
    out_clear(&o);
    CU_ASSERT(out_waiting(&o) == 0);
}

TEST(out_many_blocks)
{
    struct out o;
    uint64_t seed = 7, said = 0, heard = 0;

    out_init(&o);
    for (int i = 0; i < 20000; i++) {
        size_t n = 1 + (size_t)((seed = seed * 6364136223846793005u + 1) >> 52);
        size_t can;

        memset(out_reserve(&o, n), i & 0xff, n);
        said += n;
        can = ready(&o, 0);
        heard += can / 2;
        out_done(&o, can / 2);
    }
    CU_ASSERT(said - heard == out_waiting(&o));
    out_clear(&o);
}

/* Against the simplest model: an array of what is there. */
TEST(unacked_as_a_model)
{
    enum { TAGS = 4000 };
    static struct entry entries[TAGS + 1];
    static bool there[TAGS + 1];
    struct unacked u = { .slots = NULL };
    struct unacked_slot slot;
    uint64_t seed = 42, last = 0;
    size_t live = 0;

    memset(there, 0, sizeof there);
    while (last < TAGS) {
        uint64_t r = (seed = seed * 6364136223846793005u + 1442695040888963407u) >> 33;
        uint64_t tag = 1 + r % (last + 1);

        if (r % 3 == 0) {
            last++;
            unacked_add(&u, last, &entries[last]);
            there[last] = true;
            live++;
        } else if (r % 3 == 1) {
            CU_ASSERT(unacked_has(&u, tag) == (tag <= last && there[tag]));
            CU_ASSERT(unacked_take(&u, tag) == (tag <= last && there[tag] ? &entries[tag] : NULL));
            live -= tag <= last && there[tag];
            if (tag <= last)
                there[tag] = false;
        } else if (r % 97 == 0 && unacked_take_last(&u, &slot)) {
            unacked_restore(&u, &slot, 1);
        }
        CU_ASSERT_FATAL(u.live == live);
    }
    for (uint64_t tag = 1; tag <= TAGS; tag++) {
        if (!there[tag])
            continue;
        CU_ASSERT(!unacked_take_first(&u, tag - 1, &slot));
        CU_ASSERT(unacked_take_first(&u, tag, &slot) && slot.tag == tag);
    }
    CU_ASSERT(!unacked_take_last(&u, &slot));
    unacked_clear(&u);
}

static uint64_t acked(struct confirms *c, uint64_t committed, bool *multiple)
{
    struct out o;
    struct iovec iov[1];
    struct cursor cur;
    struct m_basic_ack ack = { 0 };

    out_init(&o);
    confirms_flush(c, &o, 1, committed);
    if (out_iov(&o, iov, 1, 0)) {
        cur = cursor_of((struct str){ (char *)iov[0].iov_base + 11, iov[0].iov_len - 12 });
        ack = read_basic_ack(&cur);
        CU_ASSERT(cursor_finished(&cur));
    }
    out_clear(&o);
    *multiple = ack.multiple;
    return ack.delivery_tag;
}

/* In order, together where possible, never before the batch. */
TEST(confirms_wait)
{
    struct confirms c = { .runs = NULL };
    bool multiple;

    confirms_add(&c, 0);
    CU_ASSERT(acked(&c, 0, &multiple) == 1 && !multiple);
    confirms_add(&c, 3);
    confirms_add(&c, 0);
    confirms_add(&c, 3);
    confirms_add(&c, 4);
    CU_ASSERT(acked(&c, 2, &multiple) == 0);
    CU_ASSERT(acked(&c, 3, &multiple) == 4 && multiple);
    CU_ASSERT(acked(&c, 4, &multiple) == 5 && !multiple);
    CU_ASSERT(c.count == 0);
    confirms_clear(&c);
}

TEST(users_and_rights)
{
    const struct str some[PERMISSIONS] = { STR(""), STR("^a\\."), STR(".*") };
    const struct str broken[PERMISSIONS] = { STR("("), STR(""), STR("") };
    struct user *u = user_new(STR("u"));
    const struct rights *r;

    user_set_password(u, STR("secret"));
    CU_ASSERT(user_password_ok(u, STR("secret")));
    CU_ASSERT(!user_password_ok(u, STR("Secret")) && !user_password_ok(u, STR("")));
    CU_ASSERT(user_rights(u, STR("/")) == NULL);
    CU_ASSERT(!user_grant(u, STR("/"), broken));
    CU_ASSERT(user_grant(u, STR("/"), some));
    r = user_rights(u, STR("/"));
    CU_ASSERT(rights_allow(r, MAY_CONFIGURE, STR("")) && !rights_allow(r, MAY_CONFIGURE, STR("q")));
    CU_ASSERT(rights_allow(r, MAY_WRITE, STR("a.b")) && !rights_allow(r, MAY_WRITE, STR("ba.b")));
    CU_ASSERT(rights_allow(r, MAY_READ, STR("whatever")));
    user_free(u);
}

SUITE(core_parts, TEST_CASE(out_gates), TEST_CASE(out_pinned), TEST_CASE(out_many_blocks),
      TEST_CASE(unacked_as_a_model), TEST_CASE(confirms_wait), TEST_CASE(users_and_rights));
