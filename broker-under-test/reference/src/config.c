#include "config.h"

#include "codec.h"
#include "log.h"
#include "mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *out >= low && *out <= high;
}

static void replace(struct str *at, const struct str *preset, const char *value)
{
    if (at->p != preset->p)
        str_free(at);
    *at = str_dup(str_of(value));
}

/* NULL: taken. */
static const char *set(struct settings *s, const char *key, const char *value)
{
    static const char bad[] = "value out of range";
    uint64_t n = 0;

    if (strcmp(key, "channel_max") == 0) {
        if (!number(value, 1, UINT16_MAX, &n))
            return bad;
        s->channel_max = (uint16_t)n;
    } else if (strcmp(key, "frame_max") == 0) {
        if (!number(value, SPEC_FRAME_MIN_SIZE, 1u << 30, &n))
            return bad;
        s->frame_max = (uint32_t)n;
    } else if (strcmp(key, "heartbeat") == 0) {
        if (!number(value, 0, UINT16_MAX, &n))
            return bad;
        s->heartbeat_s = (uint16_t)n;
    } else if (strcmp(key, "max_message_size") == 0) {
        if (!number(value, 1, UINT32_MAX, &n))
            return bad;
        s->body_max = (size_t)n;
    } else if (strcmp(key, "handshake_timeout") == 0) {
        if (!number(value, 100, 3600000, &n))
            return bad;
        s->handshake_ms = n;
    } else if (strcmp(key, "vm_memory_high_watermark.absolute") == 0) {
        if (!number(value, 1 << 16, SIZE_MAX / 8, &n))
            return bad;
        s->memory_high = (size_t)n;
    } else if (strcmp(key, "default_user") == 0) {
        replace(&s->default_user, &default_settings.default_user, value);
    } else if (strcmp(key, "default_pass") == 0) {
        replace(&s->default_pass, &default_settings.default_pass, value);
    } else if (strcmp(key, "loopback_users") == 0) {
        if (strcmp(value, "none") != 0 && strcmp(value, "guest") != 0)
            return "must be guest or none";
        s->guest_anywhere = strcmp(value, "none") == 0;
    } else if (strcmp(key, "log.level") == 0) {
        return log_set_level(value) ? NULL : "unknown level";
    } else {
        return "unknown key";
    }
    return NULL;
}

static char *strip(char *text)
{
    size_t n;

    text += strspn(text, " \t\r\n");
    for (n = strlen(text); n && strchr(" \t\r\n", text[n - 1]);)
        text[--n] = '\0';
    return text;
}

bool config_read(struct settings *s, const char *path, char *error, size_t error_size)
{
    FILE *f = fopen(path, "r");
    char line[1024];
    const char *wrong = NULL;
    unsigned at = 0;

    if (!f) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return false;
    }
    while (!wrong && fgets(line, sizeof line, f)) {
        char *key = strip(line), *equals = strchr(key, '=');

        at++;
        if (*key == '#' || !*key)
            continue;
        if (!equals) {
            wrong = "no '='";
            break;
        }
        *equals = '\0';
        wrong = set(s, strip(key), strip(equals + 1));
    }
    fclose(f);
    if (wrong)
        snprintf(error, error_size, "%s:%u: %s", path, at, wrong);
    return !wrong;
}

void config_clear(struct settings *s)
{
    if (s->default_user.p != default_settings.default_user.p)
        str_free(&s->default_user);
    if (s->default_pass.p != default_settings.default_pass.p)
        str_free(&s->default_pass);
}
