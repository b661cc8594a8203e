/* The answer to "status", for people: a few lines, then two tables. */
#ifndef REF_ASK_TABLE_H
#define REF_ASK_TABLE_H

#include "str.h"

#include <stdio.h>

/* false: that is no answer to "status". */
bool ask_print(struct str json, FILE *to);

#endif
