#include "names.h"

#include "faulty.h"
#include "limits.h"
#include "table.h"

bool name_is_reserved(struct str name)
{
    return name.n >= 4 && memcmp(name.p, "amq.", 4) == 0;
}

static bool legal(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.:", c));
}

struct refusal name_may_be_new(const char *what, struct str name)
{
    if (name.n > LIMIT_NAME || (FAULTY(names_of_64) && name.n > 64))
        return refuse(PRECONDITION_FAILED, "%s name of %zu octets, %d is the limit", what, name.n,
                      LIMIT_NAME);
    for (size_t i = 0; i < name.n; i++) {
        if (FAULTY(names_unchecked))
            break;
        if (!legal(name.p[i]) || (FAULTY(colon_is_illegal) && name.p[i] == ':'))
            return refuse(PRECONDITION_FAILED, "illegal character in %s name '%.*s'", what,
                          STR_ARGS(name));
    }
    if (name_is_reserved(name))
        return refuse(ACCESS_REFUSED, "%s name '%.*s' has the reserved prefix amq.", what,
                      STR_ARGS(name));
    return accepted;
}

enum kind { KIND_COUNT, KIND_POSITIVE, KIND_PRIORITY, KIND_TEXT, KIND_BOOLEAN };

static const struct known {
    const char *name;
    enum kind kind;
} known[] = {
    { "x-message-ttl", KIND_COUNT },
    { "x-expires", KIND_POSITIVE },
    { "x-max-length", KIND_COUNT },
    { "x-max-length-bytes", KIND_COUNT },
    { "x-max-priority", KIND_PRIORITY },
    { "x-overflow", KIND_TEXT },
    { "x-dead-letter-exchange", KIND_TEXT },
    { "x-dead-letter-routing-key", KIND_TEXT },
    { "x-queue-type", KIND_TEXT },
    { "x-queue-mode", KIND_TEXT },
    { "x-single-active-consumer", KIND_BOOLEAN },
};

static bool is_kind(const struct field_value *v, enum kind kind)
{
    int64_t number = 0;
    struct str text;
    bool flag;

    switch (kind) {
    case KIND_COUNT: return field_integer(v, &number) && number >= 0;
    case KIND_POSITIVE: return field_integer(v, &number) && number > 0;
    case KIND_PRIORITY: return field_integer(v, &number) && number >= 0 && number < LIMIT_LEVELS;
    case KIND_TEXT: return field_longstr(v, &text);
    case KIND_BOOLEAN: return field_boolean(v, &flag);
    }
    return false;
}

static bool one_of(struct str table, const char *name, const char *const *words)
{
    struct str value;

    if (!table_longstr(table, str_of(name), &value))
        return true;
    for (; *words; words++) {
        if (str_eq(value, str_of(*words)))
            return true;
    }
    return false;
}

struct refusal queue_arguments_ok(struct str arguments)
{
    static const char *const overflow[] = { "drop-head", "reject-publish", "reject-publish-dlx",
                                            NULL };
    static const char *const type[] = { "classic", NULL };
    struct field_value v;
    struct str text;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (table_find(arguments, str_of(known[i].name), &v) && !is_kind(&v, known[i].kind))
            return refuse(PRECONDITION_FAILED, "argument '%s' has a wrong type or value",
                          known[i].name);
    }
    if (!one_of(arguments, "x-overflow", overflow))
        return refuse(PRECONDITION_FAILED, "argument 'x-overflow' names no known way");
    if (!one_of(arguments, "x-queue-type", type))
        return refuse(PRECONDITION_FAILED, "argument 'x-queue-type' names no known type");
    if (table_longstr(arguments, STR("x-dead-letter-routing-key"), &text) &&
        !table_longstr(arguments, STR("x-dead-letter-exchange"), &text))
        return refuse(PRECONDITION_FAILED, "x-dead-letter-routing-key without an exchange");
    return accepted;
}

struct refusal exchange_arguments_ok(struct str arguments)
{
    struct field_value v;
    struct str text;

    if (table_find(arguments, STR("alternate-exchange"), &v) && !field_longstr(&v, &text))
        return refuse(PRECONDITION_FAILED, "argument 'alternate-exchange' is no string");
    return accepted;
}

struct refusal binding_arguments_ok(struct str arguments)
{
    static const char *const words[] = { "all", "any", "all-with-x", "any-with-x", NULL };
    struct field_value v;
    struct str text;

    if (!table_find(arguments, STR("x-match"), &v))
        return accepted;
    if (!field_longstr(&v, &text) || !one_of(arguments, "x-match", words))
        return refuse(PRECONDITION_FAILED, "x-match is none of all, any, all-with-x, any-with-x");
    return accepted;
}
