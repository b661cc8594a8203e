/* What the operator says and hears: hashes and patterns against RabbitMQ's own examples, settings,
   values as JSON, the text of a listing. */
#include "suites/self/broker/core_peer.h"

#include "broker-under-test/reference/src/arguments_json.h"
#include "broker-under-test/reference/src/config.h"
#include "broker-under-test/reference/src/metrics.h"
#include "broker-under-test/reference/src/queue.h"
#include "broker-under-test/reference/src/snapshot.h"
#include "broker-under-test/reference/src/table.h"
#include "broker-under-test/reference/src/text.h"
#include "broker-under-test/reference/src/user.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

/* The two examples that RabbitMQ's documentation has had: salt 908DC60A and "test12" by SHA-256,
   salt CAD5089B and "simon" by MD5. */
TEST(password_hashes)
{
    static const struct {
        const char *base64, *password;
        enum hashing hashing;
    } known[] = {
        { "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", "test12", HASH_SHA256 },
        { "ytUIm8s3AnKsXQjptplKFytfVxI=", "simon", HASH_MD5 },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct user *u = user_new(STR("u"));
        struct str password = str_of(known[i].password);
        unsigned char raw[64];

        EVP_DecodeBlock(raw, (const unsigned char *)known[i].base64, (int)strlen(known[i].base64));
        user_set_hash(u, (struct str){ (char *)raw, 4 + hashing_bytes(known[i].hashing) },
                      known[i].hashing);
        CU_ASSERT(user_password_ok(u, password));
        CU_ASSERT(!user_password_ok(u, (struct str){ password.p, password.n - 1 }));
        u->hashing = HASH_SHA512;
        CU_ASSERT(!user_password_ok(u, password));
        user_free(u);
    }
}

static bool allows(const char *pattern, struct str name)
{
    const struct str patterns[PERMISSIONS] = { str_of(pattern), STR(""), STR(".*") };
    struct rights *r = rights_new(patterns);
    bool first = rights_allow(r, MAY_CONFIGURE, name);

    CU_ASSERT(rights_allow(r, MAY_CONFIGURE, name) == first); /* asked again, answered the same */
    CU_ASSERT(!rights_allow(r, MAY_WRITE, STR("q")) && rights_allow(r, MAY_READ, name));
    rights_free(r);
    return first;
}

TEST(patterns_are_perls)
{
    CU_ASSERT(allows("mine", STR("is-mine-too")) && !allows("^mine", STR("is-mine")));
    CU_ASSERT(allows("", STR("")) && !allows("", STR("q")) && allows("^$", STR("")));
    CU_ASSERT(allows("^(?!amq\\.)\\w+$", STR("jobs")) && !allows("^(?!amq\\.)\\w+$", STR("amq.x")));
    CU_ASSERT(allows("^q\\d+$", STR("q17")) && !allows("^q\\d+$", STR("qx")));
    CU_ASSERT(allows("^a.b$", STR("a\0b")) && allows("(?i)JOBS", STR("my jobs")));
    /* Backtracks without end: no answer is no. */
    CU_ASSERT(!allows("^(a+)+$", STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")));
}

TEST(rights_are_replaced_in_place)
{
    const struct str none[PERMISSIONS] = { STR(""), STR(""), STR("") };
    const struct str all[PERMISSIONS] = { STR(".*"), STR("q"), STR(".*") };
    struct user *u = user_new(STR("u"));
    const struct rights *held;

    CU_ASSERT(user_grant(u, STR("/"), none));
    held = user_rights(u, STR("/")); /* as an open connection does */
    CU_ASSERT(!rights_allow(held, MAY_WRITE, STR("q")));
    CU_ASSERT(user_grant(u, STR("/"), all));
    CU_ASSERT(rights_allow(held, MAY_WRITE, STR("q")) && held == user_rights(u, STR("/")));
    user_free(u);
}

/* ---- Settings ------------------------------------------------------------------------------ */

static void write_file(char path[32], const char *text)
{
    int fd;

    snprintf(path, 32, "/tmp/self-conf.XXXXXX");
    fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

TEST(every_setting_takes_its_default_and_bounds)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *k = &config_keys[i];
        char value[256], text[600], path[32], error[512] = "", after[256];
        struct settings s = default_settings;

        config_value(k, &default_settings, value, sizeof value);
        if (k->kind == CONFIG_TEXT && !*value)
            snprintf(value, sizeof value, "something");
        snprintf(text, sizeof text, "%s=%s\n", k->key, value);
        write_file(path, text);
        CU_ASSERT(config_read(&s, path, error, sizeof error));
        config_value(k, &s, after, sizeof after);
        CU_ASSERT_STRING_EQUAL(value, after);
        config_clear(&s);
        unlink(path);
        if (k->kind != CONFIG_NUMBER && k->kind != CONFIG_BYTES)
            continue;
        snprintf(text, sizeof text, "%s = %llu\n", k->key, (unsigned long long)k->high + 1);
        write_file(path, text);
        CU_ASSERT(!config_read(&s, path, error, sizeof error) && strstr(error, k->key));
        unlink(path);
    }
}

TEST(sizes_have_units)
{
    static const struct {
        const char *text;
        size_t bytes;
    } good[] = { { "4096", 4096 },  { "8k", 8192 },      { "8kiB", 8192 },  { "8kB", 8000 },
                 { "1M", 1 << 20 }, { "1MiB", 1 << 20 }, { "1MB", 1000000 } };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct settings s = default_settings;
        char path[32], text[64], error[512];

        snprintf(text, sizeof text, "frame_max = %s", good[i].text);
        write_file(path, text);
        CU_ASSERT(config_read(&s, path, error, sizeof error));
        CU_ASSERT_EQUAL(s.frame_max, good[i].bytes);
        unlink(path);
    }
}

/* ---- JSON ---------------------------------------------------------------------------------- */

TEST(text_is_json)
{
    struct record r = { .p = NULL };
    json_t *v;

    text_json(&r, STR("a\"\\\n\x01\xc3\xa4\xff\xe2\x82z"));
    v = json_loadb(r.p, r.n, JSON_DECODE_ANY, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_STRING_EQUAL(json_string_value(v),
                           "a\"\\\n\x01\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    json_decref(v);
    record_clear(&r);
}

/* There and back: equal as arguments are. */
TEST(arguments_go_round)
{
    static const char text[] =
        "{\"n\":-5,\"d\":2.5,\"whole\":3.0,\"big\":1e300,\"t\":true,\"s\":\"x\","
        "\"v\":null,\"a\":[1,[],{}],\"f\":{\"deep\":[false]}}";
    struct record first = { .p = NULL }, second = { .p = NULL }, json = { .p = NULL };
    json_t *in = json_loads(text, 0, NULL), *out;

    CU_ASSERT_FATAL(in && arguments_from_json(&first, in));
    arguments_to_json(&json, record_view(&first));
    out = json_loadb(json.p, json.n, 0, NULL);
    CU_ASSERT_FATAL(out && json_equal(in, out));
    CU_ASSERT(arguments_from_json(&second, out));
    CU_ASSERT(table_equal(record_view(&first), record_view(&second)));
    json_decref(in);
    json_decref(out);
    record_clear(&first);
    record_clear(&second);
    record_clear(&json);
}

/* ---- Listings ------------------------------------------------------------------------------ */

/* More than one piece, and queues that come and go meanwhile. */
TEST(a_snapshot_is_of_one_moment)
{
    struct record all = { .p = NULL };
    struct world w;
    struct vhost *v;
    struct snapshot *s;
    unsigned pieces = 1;
    json_t *json;

    world_open(&w);
    v = broker_vhost(w.b, STR("/"));
    for (int i = 0; i < 3000; i++) {
        char name[32];

        queue_add(v, (struct str){ name, (size_t)snprintf(name, sizeof name, "q\"%d", i) }, false,
                  STR(""));
    }
    s = snapshot_new(w.b, w.dir, &(struct rates){ .over_s = 1 }, 5);
    while (snapshot_more(s, &all)) {
        pieces++;
        if (vhost_queue(v, STR("q\"2999")))
            queue_delete(vhost_queue(v, STR("q\"2999")));
    }
    snapshot_free(s);
    json = json_loadb(all.p, all.n, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    CU_ASSERT(pieces > 2);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "queues")), 3000);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "connections")), 0);
    json_decref(json);
    record_clear(&all);
    world_close(&w);
}

SUITE(core_operate, TEST_CASE(password_hashes), TEST_CASE(patterns_are_perls),
      TEST_CASE(rights_are_replaced_in_place),
      TEST_CASE(every_setting_takes_its_default_and_bounds), TEST_CASE(sizes_have_units),
      TEST_CASE(text_is_json), TEST_CASE(arguments_go_round),
      TEST_CASE(a_snapshot_is_of_one_moment));
