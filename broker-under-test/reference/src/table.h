/* Field tables as they came off the wire, read in place: a table here is the
   encoded fields without the four octets of length before them. Nothing is
   copied, nothing is owned, and no byte outside the view is ever read, whether
   the table is well formed or not.

   Which types: those RabbitMQ accepts (t b B s u I i l L f d D S A T F V x), and
   U, the specification's own 16-bit integer. Where the specification and common
   practice disagree practice wins: s is a 16-bit integer, l and L are signed. */
#ifndef REF_TABLE_H
#define REF_TABLE_H

#include "str.h"

/* Tables and arrays inside each other. A frame could hold thousands, and each
   level costs stack; nobody who means well needs more than a few. */
#define LIMIT_TABLE_DEPTH 64

/* One value: its type octet, and its octets without the length that S, A, F and
   x carry in front. data of F is a table again, of A a row of values. */
struct field_value {
    char type;
    struct str data;
};

/* Every field complete, of a known type, not nested too deep, and nothing left over. */
bool table_valid(struct str table);

/* The first field of that name. */
bool table_find(struct str table, struct str name, struct field_value *out);

/* for (rest = table; table_next(&rest, &name, &value);) ... also ends where the
   table stops making sense, which table_valid would have told. */
bool table_next(struct str *rest, struct str *name, struct field_value *out);
/* The same for the values of an A. */
bool array_next(struct str *rest, struct field_value *out);

/* Do these declare the same thing? Order of fields does not matter, nor which
   integer type carries a number (RabbitMQ's argument equivalence): x-max-length
   is 5 whether it came as I or as l. */
bool table_equal(struct str a, struct str b);
bool field_equal(const struct field_value *a, const struct field_value *b);
/* Looser, as the headers exchange compares: 1 is 1.0, and S and x are both octets. */
bool field_matches(const struct field_value *a, const struct field_value *b);

/* A table taken apart: its fields in the order of their names; fields of one name
   keep their order. out has room for table_count of them. */
struct table_field {
    struct str name;
    struct field_value value;
};
size_t table_count(struct str table);
void table_fields(struct str table, struct table_field *out);
/* The same as bytes again, written to out (table.n octets). The table is valid. */
void table_sort(struct str table, char *out);

/* Getters answer false for another type. Integers are any of b B s U u I i l L;
   a timestamp is none. */
bool field_integer(const struct field_value *v, int64_t *out);
bool field_boolean(const struct field_value *v, bool *out);
bool field_longstr(const struct field_value *v, struct str *out);
bool table_integer(struct str table, struct str name, int64_t *out);
bool table_longstr(struct str table, struct str name, struct str *out);

#endif
