#include "config.h"

#include "log.h"
#include "mem.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* ---- Members of struct settings, by their place ------------------------------------------ */

static uint64_t number_at(const struct settings *s, const struct config_key *k)
{
    const char *from = (const char *)s + k->at;
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (k->size) {
    case 1: return memcpy(&one, from, 1), one;
    case 2: return memcpy(&two, from, 2), two;
    case 4: return memcpy(&four, from, 4), four;
    default: assert(k->size == 8); return memcpy(&eight, from, 8), eight;
    }
}

static void set_number(struct settings *s, const struct config_key *k, uint64_t n)
{
    char *to = (char *)s + k->at;

    switch (k->size) {
    case 1: memcpy(to, &(uint8_t){ (uint8_t)n }, 1); return;
    case 2: memcpy(to, &(uint16_t){ (uint16_t)n }, 2); return;
    case 4: memcpy(to, &(uint32_t){ (uint32_t)n }, 4); return;
    default: assert(k->size == 8); memcpy(to, &n, 8);
    }
}

static struct str text_at(const struct settings *s, const struct config_key *k)
{
    struct str text;

    return memcpy(&text, (const char *)s + k->at, sizeof text), text;
}

static void set_text(struct settings *s, const struct config_key *k, struct str text)
{
    struct str old = text_at(s, k);

    if (old.p != text_at(&default_settings, k).p)
        str_free(&old);
    memcpy((char *)s + k->at, &text, sizeof text);
}

/* ---- Values ---------------------------------------------------------------------------- */

/* As RabbitMQ reads them: k, M, G and with iB are powers of 1024, with B of 1000. */
static bool unit(const char *text, uint64_t *factor)
{
    static const char letters[] = "kMG";
    const char *at =
        *text ? strchr(*text == 'K' ? "k" : letters, *text == 'K' ? 'k' : *text) : NULL;
    uint64_t base = strcmp(text + (*text != 0), "B") == 0 ? 1000 : 1024;

    *factor = 1;
    if (!*text)
        return true;
    if (!at || (text[1] && strcmp(text + 1, "B") != 0 && strcmp(text + 1, "iB") != 0))
        return false;
    for (const char *p = *text == 'K' ? letters : strchr(letters, *text); p >= letters; p--)
        *factor *= base;
    return true;
}

static bool read_number(const struct config_key *k, const char *text, uint64_t *out)
{
    char *end;
    uint64_t factor = 1;

    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || errno)
        return false;
    if (k->kind == CONFIG_BYTES ? !unit(end, &factor) : *end)
        return false;
    if (*out > UINT64_MAX / factor)
        return false;
    *out *= factor;
    return *out >= k->low && *out <= k->high;
}

static bool read_choice(const struct config_key *k, const char *text, uint64_t *out)
{
    size_t n = strlen(text);

    *out = 0;
    for (const char *word = k->choices;; word = strchr(word, '|') + 1, ++*out) {
        if (strcspn(word, "|") == n && memcmp(word, text, n) == 0)
            return true;
        if (!strchr(word, '|'))
            return false;
    }
}

static bool set(struct settings *s, const struct config_key *k, const char *text)
{
    uint64_t n;

    if (k->kind == CONFIG_TEXT) {
        if (strlen(text) < k->low)
            return false;
        set_text(s, k, str_dup(str_of(text)));
        return true;
    }
    if (!(k->kind == CONFIG_CHOICE ? read_choice(k, text, &n) : read_number(k, text, &n)))
        return false;
    set_number(s, k, n);
    return true;
}

void config_value(const struct config_key *k, const struct settings *s, char *out, size_t size)
{
    const char *word = k->choices;
    uint64_t n;

    if (k->kind == CONFIG_TEXT) {
        snprintf(out, size, "%.*s", STR_ARGS(text_at(s, k)));
        return;
    }
    n = number_at(s, k);
    if (k->kind != CONFIG_CHOICE) {
        snprintf(out, size, "%llu", (unsigned long long)n);
        return;
    }
    while (n--)
        word = strchr(word, '|') + 1;
    snprintf(out, size, "%.*s", (int)strcspn(word, "|"), word);
}

void config_allowed(const struct config_key *k, char *out, size_t size)
{
    char words[128];
    size_t n = 0;

    if (k->kind == CONFIG_TEXT) {
        snprintf(out, size, "%s", k->unit);
        return;
    }
    if (k->kind != CONFIG_CHOICE) {
        snprintf(out, size, "%llu to %llu%s%s", (unsigned long long)k->low,
                 (unsigned long long)k->high, *k->unit ? " " : "", k->unit);
        return;
    }
    for (const char *p = k->choices; *p && n + 5 < sizeof words; p++)
        n += (size_t)snprintf(words + n, sizeof words - n, *p == '|' ? " or " : "%c", *p);
    snprintf(out, size, "%s", words);
}

/* ---- The file -------------------------------------------------------------------------- */

static const struct config_key *find(const char *key)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].key, key) == 0)
            return &config_keys[i];
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

/* false and what is wrong with the line; neither empty nor a comment. */
static bool take_line(struct settings *s, char *line, char *wrong, size_t size)
{
    char *equals = strchr(line, '='), *value, allowed[128];
    const struct config_key *k;

    if (!equals) {
        snprintf(wrong, size, "'%s': no '='; a line is key = value", line);
        return false;
    }
    *equals = '\0';
    value = strip(equals + 1);
    k = find(strip(line));
    if (!k) {
        snprintf(wrong, size, "unknown key '%s'; refbroker --help lists them", strip(line));
        return false;
    }
    if (set(s, k, value))
        return true;
    config_allowed(k, allowed, sizeof allowed);
    snprintf(wrong, size, "%s: '%s' is not allowed; %s", k->key, value, allowed);
    return false;
}

bool config_read(struct settings *s, const char *path, char *error, size_t error_size)
{
    FILE *f = fopen(path, "r");
    char line[1024], wrong[1200] = "";
    unsigned at = 0;

    if (!f) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return false;
    }
    while (!*wrong && fgets(line, sizeof line, f)) {
        char *text = strip(line);

        at++;
        if (strlen(line) == sizeof line - 1)
            snprintf(wrong, sizeof wrong, "a line of more than %zu octets", sizeof line - 2);
        else if (*text && *text != '#')
            take_line(s, text, wrong, sizeof wrong);
    }
    if (!*wrong && ferror(f))
        snprintf(wrong, sizeof wrong, "%s", strerror(errno));
    fclose(f);
    if (*wrong)
        snprintf(error, error_size, "%s:%u: %s", path, at, wrong);
    return !*wrong;
}

void config_clear(struct settings *s)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].kind == CONFIG_TEXT)
            set_text(s, &config_keys[i], text_at(&default_settings, &config_keys[i]));
    }
}

/* Strings stay as they are: who uses them has looked once. */
static void take_over(struct settings *now, const struct settings *then, const struct config_key *k)
{
    char before[256], after[256];
    static const char *const when[] = {
        [CONFIG_NOW] = "now",
        [CONFIG_NEW_CONNECTIONS] = "for new connections",
        [CONFIG_RESTART] = "needs a restart",
        [CONFIG_FIRST_START] = "no effect: this data folder has its users",
    };

    config_value(k, now, before, sizeof before);
    config_value(k, then, after, sizeof after);
    if (strcmp(before, after) == 0)
        return;
    if (strstr(k->key, "pass"))
        before[0] = after[0] = '*', before[1] = after[1] = '\0';
    log_info("reload: %s: %s -> %s: %s", k->key, before, after, when[k->when]);
    if (k->when <= CONFIG_NEW_CONNECTIONS && k->kind != CONFIG_TEXT)
        set_number(now, k, number_at(then, k));
}

bool config_reload(struct settings *now, const char *path, char *error, size_t error_size)
{
    struct settings then = default_settings;
    bool ok = config_read(&then, path, error, error_size);

    for (size_t i = 0; ok && i < config_key_count; i++)
        take_over(now, &then, &config_keys[i]);
    config_clear(&then);
    return ok;
}
