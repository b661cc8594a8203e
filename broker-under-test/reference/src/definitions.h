/* Definitions as RabbitMQ exports them: vhosts, users, permissions, exchanges, queues,
   bindings. What exists already stays, except that users and permissions are replaced:
   the file is their source. */
#ifndef REF_DEFINITIONS_H
#define REF_DEFINITIONS_H

#include "broker.h"

/* false and a line in error: unreadable, no JSON, or something in it cannot be. What came
   before that is imported. */
bool definitions_import(struct broker *b, const char *path, char *error, size_t error_size);

#endif
