#include "definitions.h"

#include "arguments_json.h"
#include "durable.h"
#include "log.h"
#include "names.h"
#include "queue.h"
#include "record.h"
#include "user.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct import {
    struct broker *b;
    const char *problem; /* of the entry at hand */
};

/* A string member; the empty one if it is missing. */
static struct str text(const json_t *entry, const char *key)
{
    const json_t *v = json_object_get(entry, key);

    if (!json_is_string(v))
        return (struct str){ "", 0 };
    return (struct str){ json_string_value(v), json_string_length(v) };
}

static bool flag(const json_t *entry, const char *key)
{
    return json_is_true(json_object_get(entry, key));
}

static bool no(struct import *i, const char *problem)
{
    i->problem = problem;
    return false;
}

static bool import_vhost(struct import *i, const json_t *entry)
{
    struct str name = text(entry, "name");

    if (name.n == 0 || name.n > 127)
        return no(i, "a vhost's name has 1 to 127 octets");
    if (!broker_vhost(i->b, name))
        durable_put_vhost(broker_add_vhost(i->b, name));
    return true;
}

/* base64 of salt and hash. */
static bool set_hash(struct import *i, struct user *u, const json_t *entry)
{
    struct str encoded = text(entry, "password_hash"), kind = text(entry, "hashing_algorithm");
    unsigned char raw[256];
    enum hashing hashing = HASH_SHA256;
    int n;

    if (kind.n && !hashing_of(kind, &hashing))
        return no(i, "hashing_algorithm is none of rabbit_password_hashing_sha256, _sha512, _md5");
    if (encoded.n == 0) { /* who has none comes in by certificate, or not at all */
        user_set_hash(u, STR(""), hashing);
        return true;
    }
    if (encoded.n > 256 || encoded.n % 4)
        return no(i, "password_hash is no base64 of a hash");
    n = EVP_DecodeBlock(raw, (const unsigned char *)encoded.p, (int)encoded.n);
    for (size_t end = encoded.n; n > 0 && encoded.p[end - 1] == '='; end--)
        n--;
    if (n < 0 || (size_t)n != 4 + hashing_bytes(hashing))
        return no(i, "password_hash is not four octets of salt and a hash of that algorithm");
    user_set_hash(u, (struct str){ (const char *)raw, (size_t)n }, hashing);
    return true;
}

/* A list since 3.9, words with commas between before. */
static void set_tags(struct user *u, const json_t *tags)
{
    struct record words = { .p = NULL };

    if (json_is_string(tags))
        record_raw(&words, (struct str){ json_string_value(tags), json_string_length(tags) });
    for (size_t n = 0; n < json_array_size(tags); n++) {
        const char *word = json_string_value(json_array_get(tags, n));

        record_raw(&words, words.n && word ? STR(",") : STR(""));
        record_raw(&words, str_of(word ? word : ""));
    }
    user_set_tags(u, record_view(&words));
    record_clear(&words);
}

static bool import_user(struct import *i, const json_t *entry)
{
    struct str name = text(entry, "name"), password = text(entry, "password");
    struct user *u = broker_user(i->b, name);

    if (name.n == 0 || name.n > 255)
        return no(i, "a user's name has 1 to 255 octets");
    if (!u)
        u = broker_add_user(i->b, name);
    if (password.n)
        user_set_password(u, password);
    else if (!set_hash(i, u, entry))
        return false;
    set_tags(u, json_object_get(entry, "tags"));
    durable_put_user(i->b, u);
    return true;
}

static bool import_permission(struct import *i, const json_t *entry)
{
    struct user *u = broker_user(i->b, text(entry, "user"));
    struct vhost *v = broker_vhost(i->b, text(entry, "vhost"));
    struct str patterns[PERMISSIONS] = { text(entry, "configure"), text(entry, "write"),
                                         text(entry, "read") };

    if (!u || !v)
        return no(i, "its user or its vhost does not exist");
    if (!user_grant(u, v->name, patterns))
        return no(i, "one of its patterns is no regular expression");
    durable_put_user(i->b, u);
    return true;
}

/* The vhost of an entry and its arguments, encoded; the record is the caller's to clear. */
static struct vhost *entry_in(struct import *i, const json_t *entry, struct record *arguments)
{
    struct vhost *v = broker_vhost(i->b, text(entry, "vhost"));

    if (!v)
        no(i, "its vhost does not exist");
    else if (!arguments_from_json(arguments, json_object_get(entry, "arguments")))
        return no(i, "its arguments cannot be field values"), NULL;
    return v;
}

static bool add_exchange(struct import *i, struct vhost *v, const json_t *entry,
                         struct str arguments)
{
    struct str name = text(entry, "name");
    enum route_type type;
    struct exchange *x;

    if (vhost_exchange(v, name))
        return true;
    if (!exchange_type(text(entry, "type"), &type))
        return no(i, "unknown exchange type");
    if (name.n > 255 || exchange_arguments_ok(arguments).code)
        return no(i, "its name is too long or its arguments are wrong");
    x = exchange_add(v, name, type, flag(entry, "durable"));
    exchange_set(x, flag(entry, "auto_delete"), flag(entry, "internal"), arguments);
    durable_put_exchange(x);
    return true;
}

static bool add_queue(struct import *i, struct vhost *v, const json_t *entry, struct str arguments)
{
    struct str name = text(entry, "name");
    struct queue *q;

    if (vhost_queue(v, name))
        return true;
    if (name.n == 0 || name.n > 255 || queue_arguments_ok(arguments).code)
        return no(i, "its name or its arguments are wrong");
    q = queue_add(v, name, flag(entry, "durable"), arguments);
    q->auto_delete = flag(entry, "auto_delete");
    durable_put_queue(q);
    return true;
}

static bool add_binding(struct import *i, struct vhost *v, const json_t *entry,
                        struct str arguments)
{
    struct exchange *x = vhost_exchange(v, text(entry, "source")), *to;
    struct str name = text(entry, "destination"), key = text(entry, "routing_key");
    struct destination *d = NULL;
    struct queue *q;

    if (str_eq(text(entry, "destination_type"), STR("exchange")))
        d = (to = vhost_exchange(v, name)) ? &to->dest : NULL;
    else
        d = (q = vhost_queue(v, name)) ? &q->dest : NULL;
    if (!x || !d) { /* RabbitMQ exports bindings of exchanges that it does not export */
        log_warnx("definitions: binding of '%.*s' to '%.*s' left out: one of them does not exist",
                  STR_ARGS(name), STR_ARGS(text(entry, "source")));
        return true;
    }
    if (key.n > 255 || binding_arguments_ok(arguments).code)
        return no(i, "its key or its arguments are wrong");
    if (binding_add(x, d, key, arguments))
        durable_put_binding(x, d, key, arguments);
    return true;
}

typedef bool add_fn(struct import *i, struct vhost *v, const json_t *entry, struct str arguments);

static bool import_in_vhost(struct import *i, const json_t *entry, add_fn *add)
{
    struct record arguments = { .p = NULL };
    struct vhost *v = entry_in(i, entry, &arguments);
    bool ok = v && add(i, v, entry, record_view(&arguments));

    record_clear(&arguments);
    return ok;
}

static bool import_exchange(struct import *i, const json_t *entry)
{
    return import_in_vhost(i, entry, add_exchange);
}

static bool import_queue(struct import *i, const json_t *entry)
{
    return import_in_vhost(i, entry, add_queue);
}

static bool import_binding(struct import *i, const json_t *entry)
{
    return import_in_vhost(i, entry, add_binding);
}

/* In the order in which they need each other. */
static const struct {
    const char *name;
    bool (*import)(struct import *i, const json_t *entry);
} sections[] = {
    { "vhosts", import_vhost },           { "users", import_user },
    { "permissions", import_permission }, { "exchanges", import_exchange },
    { "queues", import_queue },           { "bindings", import_binding },
};

bool definitions_import(struct broker *b, const char *path, char *error, size_t error_size)
{
    struct import i = { .b = b };
    json_error_t wrong;
    json_t *all = json_load_file(path, 0, &wrong), *entry;
    bool ok = json_is_object(all);
    size_t n;

    if (!ok)
        snprintf(error, error_size, "%s: %s", path, all ? "no JSON object" : wrong.text);
    for (size_t s = 0; ok && s < sizeof sections / sizeof sections[0]; s++) {
        json_array_foreach(json_object_get(all, sections[s].name), n, entry)
        {
            if (ok && !(ok = sections[s].import(&i, entry)))
                snprintf(error, error_size, "%s: %s[%zu]: %s", path, sections[s].name, n,
                         i.problem);
        }
    }
    json_decref(all);
    if (ok)
        log_info("definitions of %s imported", path);
    return ok;
}
