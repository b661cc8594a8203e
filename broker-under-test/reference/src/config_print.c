/* The table of settings, for people: in --help, in the example file, in the manual page. */
#include "config.h"

struct facts {
    char value[256], allowed[128];
    const char *when;
};

static void facts(const struct config_key *k, struct facts *f)
{
    static const char *const when[] = {
        [CONFIG_NOW] = "holds at once after a reload",
        [CONFIG_NEW_CONNECTIONS] = "after a reload holds for new connections",
        [CONFIG_RESTART] = "needs a restart",
        [CONFIG_FIRST_START] = "looked at only while the data folder is empty",
    };

    config_value(k, &default_settings, f->value, sizeof f->value);
    config_allowed(k, f->allowed, sizeof f->allowed);
    f->when = when[k->when];
}

/* Words of text, in lines of at most 78 columns that begin with `lead`. */
static void wrap(FILE *to, const char *lead, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column && column + 1 + n > 78) {
            fputc('\n', to);
            column = 0;
        }
        column += (size_t)fprintf(to, "%s%.*s", column ? " " : lead, (int)n, text);
        text += n + (text[n] == ' ');
    }
    fputc('\n', to);
}

static void print_help(FILE *to, const struct config_key *k, const struct facts *f)
{
    char line[640];

    fprintf(to, "  %s =%s%s  (%s)\n", k->key, *f->value ? " " : "", f->value, f->allowed);
    snprintf(line, sizeof line, "%s.", k->meaning);
    wrap(to, "      ", line);
}

static void print_conf(FILE *to, const struct config_key *k, const struct facts *f)
{
    char line[640];

    snprintf(line, sizeof line, "%s.", k->meaning);
    wrap(to, "# ", line);
    snprintf(line, sizeof line, "%s; %s", f->allowed, f->when);
    wrap(to, "# ", line);
    fprintf(to, "#%s =%s%s\n\n", k->key, *f->value ? " " : "", f->value);
}

static void print_man(FILE *to, const struct config_key *k, const struct facts *f)
{
    fprintf(to, ".TP\n.BR \"%s \" \"=%s%s\"\n%s.\n%s; %s.\n", k->key, *f->value ? " " : "",
            f->value, k->meaning, f->allowed, f->when);
}

bool config_print(const char *form, FILE *to)
{
    static const struct {
        const char *form, *title;
        void (*print)(FILE *to, const struct config_key *k, const struct facts *f);
    } forms[] = {
        { "help", "", print_help },
        { "conf",
          "# refbroker.conf: settings of the reference broker, for refbroker --config FILE.\n"
          "# Each key is here with its default, as `refbroker --settings conf` prints it. A line "
          "is\n"
          "# key = value, a comment has a line of its own, and of a key given twice the last "
          "holds.\n"
          "# SIGHUP reads the file again; the log then says what changed.\n\n",
          print_conf },
        { "man", "", print_man },
    };
    struct facts f;

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].form, form) != 0)
            continue;
        fputs(forms[i].title, to);
        for (size_t k = 0; k < config_key_count; k++) {
            facts(&config_keys[k], &f);
            forms[i].print(to, &config_keys[k], &f);
        }
        return true;
    }
    return false;
}
