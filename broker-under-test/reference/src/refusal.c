#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>

/* A reply text is a short string: "NAME - text", 255 octets at most. */
static char text[224];

struct refusal refuse(enum reply_code code, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return (struct refusal){ .code = (int)code, .text = text };
}

/* clang-format off */
bool refusal_is_hard(struct refusal r)
{
    enum { NONE, SOFT, HARD };

    switch (r.code) {
#define CODE(name, value, severity) case value: return severity == HARD;
#include "fixtures/spec/codes.def"
    default: return false;
    }
}

const char *reply_name(int code)
{
    switch (code) {
#define CODE(name, value, severity) case value: return #name;
#include "fixtures/spec/codes.def"
#define CODE(name, value, severity) case value: return #name;
#include "fixtures/spec/extra.def"
    default: return "";
    }
}
/* clang-format on */
