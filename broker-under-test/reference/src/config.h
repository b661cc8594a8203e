/* Settings from a file: "key = value" lines, # comments, RabbitMQ's names where it has
   them. One table (config_table.c) says what each key is; the reader, the example file, the
   manual page and --help all go by it. To add a key: a member of struct settings, its default
   in default_settings, a row in the table; then `refbroker --settings conf` makes the example
   again, and `refbroker --settings man` the section of the manual page. */
#ifndef REF_CONFIG_H
#define REF_CONFIG_H

#include "broker.h"

#include <stdio.h>

enum config_kind {
    CONFIG_NUMBER, /* an unsigned member of 1, 2, 4 or 8 octets; low to high */
    CONFIG_BYTES,  /* the same; the file may say 100MiB, 2GB */
    CONFIG_TEXT,   /* a struct str; empty: not set */
    CONFIG_CHOICE, /* a member like CONFIG_NUMBER's: the place of the word in choices */
};

/* When a changed value holds, after SIGHUP. */
enum config_when {
    CONFIG_NOW,
    CONFIG_NEW_CONNECTIONS,
    CONFIG_RESTART,
    CONFIG_FIRST_START, /* only while the data folder is empty */
};

struct config_key {
    const char *key;
    enum config_kind kind;
    enum config_when when;
    size_t at, size; /* of the member in struct settings */
    uint64_t low, high;
    const char *choices; /* "error|warning|info|debug" */
    const char *unit;    /* "seconds"; "" where there is none */
    const char *meaning; /* one sentence, without a full stop */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* false and a line in error, with file, line number, key, and what is allowed. */
bool config_read(struct settings *s, const char *path, char *error, size_t error_size);
/* The strings that config_read made. */
void config_clear(struct settings *s);

/* What the file now says, of which `now` is what holds: takes over what can be, and has one line
   for each key that differs. For SIGHUP. false and a line in error: the file is wrong, and
   nothing was changed. */
bool config_reload(struct settings *now, const char *path, char *error, size_t error_size);

/* A value as the file would say it. */
void config_value(const struct config_key *k, const struct settings *s, char *out, size_t size);
/* "0 to 65535 seconds". */
void config_allowed(const struct config_key *k, char *out, size_t size);
/* All keys: "help", "conf" (the example file) or "man" (a section in roff). false: none of them. */
bool config_print(const char *form, FILE *to);

#endif
