/* Arguments of a definition, from JSON to an encoded field table. */
#ifndef REF_ARGUMENTS_JSON_H
#define REF_ARGUMENTS_JSON_H

#include "record.h"

#include <jansson.h>

/* Appends the fields of the object, without a length. NULL counts as an empty one.
   false: no object, or something in it that no field can hold. */
bool arguments_from_json(struct record *out, const json_t *object);

#endif
