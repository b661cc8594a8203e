/* Definitions as RabbitMQ exports them: vhosts, users, permissions, exchanges, queues,
   bindings. What exists already stays, except that users and permissions are replaced:
   the file is their source. */
#ifndef REF_DEFINITIONS_H
#define REF_DEFINITIONS_H

#include "broker.h"
#include "record.h"

/* false and a line in error: unreadable, no JSON, or something in it cannot be. What came
   before that is imported. */
bool definitions_import(struct broker *b, const char *path, char *error, size_t error_size);

/* All of them as JSON, appended: users with their hashes, never with passwords. What is exclusive
   to a connection is left out, and what every vhost has of its own. */
void definitions_export(const struct broker *b, struct record *to);

#endif
