/* Arguments of a definition, from JSON to an encoded field table and back. */
#ifndef REF_ARGUMENTS_JSON_H
#define REF_ARGUMENTS_JSON_H

#include "record.h"

#include <jansson.h>

/* Appends the fields of the object, without a length. NULL counts as an empty one.
   false: no object, or something in it that no field can hold. */
bool arguments_from_json(struct record *out, const json_t *object);
/* The text of an object, appended. JSON knows fewer types: from_json makes a table of it that is
   equal by table_equal, but for octets, times, decimals and floats. */
void arguments_to_json(struct record *out, struct str table);

#endif
