/* Settings from a file: "key = value" lines, # comments, RabbitMQ's names where it has
   them. */
#ifndef REF_CONFIG_H
#define REF_CONFIG_H

#include "broker.h"

/* false and a line in error, with file and line number. */
bool config_read(struct settings *s, const char *path, char *error, size_t error_size);
/* The strings that config_read made. */
void config_clear(struct settings *s);

#endif
