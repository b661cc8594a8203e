/* The descriptors against the tables they are made from. */
#include <stdio.h>
#include <string.h>

#include "fixtures/wire/method.h"
#include "tests.h"

#define SUITE "descriptors"

// clang-format off
static const struct {
    const char *name;
    uint16_t class_id, method_id;
    enum method_id id;
} rows[] = {
#define ON_METHOD(name, class_index, method_index, direction, sync, content) \
    { #name, class_index, method_index, M_##name },
#include "fixtures/wire/every.def"
};
// clang-format on

enum { N_ROWS = sizeof rows / sizeof *rows };

/* queue_declare_ok and queue.declare-ok */
static bool same_name(const char *table, const char *spelled)
{
    size_t n = strlen(table), dot = strcspn(table, "_");

    if (strlen(spelled) != n || spelled[dot] != '.')
        return false;
    for (size_t i = 0; i < n; i++)
        if (i != dot && spelled[i] != (table[i] == '_' ? '-' : table[i]))
            return false;
    return true;
}

TEST(every_method_is_found)
{
    CU_ASSERT(N_ROWS == M_COUNT - 1);
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct method_info *m = wire_method(rows[i].id);

        CU_ASSERT(m->id == rows[i].id);
        CU_ASSERT(same_name(rows[i].name, m->name));
        CU_ASSERT(wire_find(rows[i].class_id, rows[i].method_id) == m);
        CU_ASSERT(wire_find_name(str_of(m->name)) == m);
    }
    CU_ASSERT(wire_find(50, 99) == NULL);
    CU_ASSERT(wire_find(0, 0) == NULL);
    CU_ASSERT(wire_find_name(S("queue_declare")) == NULL);
    CU_ASSERT(wire_find_name(S("")) == NULL);
}

TEST(nothing_else_is_found)
{
    size_t found = 0;

    for (unsigned class_id = 0; class_id < 256; class_id++)
        for (unsigned method_id = 0; method_id < 256; method_id++)
            found += wire_find((uint16_t)class_id, (uint16_t)method_id) != NULL;
    CU_ASSERT(found == N_ROWS);
    CU_ASSERT(wire_find(50 + 256, 10) == NULL);
    CU_ASSERT(wire_find(50, 10 + 256) == NULL);
}

TEST(names_are_unique)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct method_info *m = wire_method(rows[i].id);

        for (size_t j = i + 1; j < N_ROWS; j++)
            CU_ASSERT(strcmp(m->name, wire_method(rows[j].id)->name) != 0);
        for (size_t f = 0; f < m->n_fields; f++)
            for (size_t g = f + 1; g < m->n_fields; g++)
                CU_ASSERT(strcmp(m->fields[f].name, m->fields[g].name) != 0);
    }
}

TEST(a_row_in_full)
{
    const struct method_info *m = wire_method(M_basic_get);

    CU_ASSERT_STRING_EQUAL(m->name, "basic.get");
    CU_ASSERT(m->direction == C2S && m->synchronous && !m->content);
    CU_ASSERT(m->replies[0] == M_basic_get_ok && m->replies[1] == M_basic_get_empty);
    CU_ASSERT(m->replies[2] == M_none);
    CU_ASSERT(m->n_fields == 3 && m->size == sizeof(struct m_basic_get));
    CU_ASSERT_STRING_EQUAL(m->fields[2].name, "no-ack");
    CU_ASSERT_STRING_EQUAL(m->fields[1].domain, "queue-name");
    CU_ASSERT(m->fields[1].offset == offsetof(struct m_basic_get, queue));
    CU_ASSERT(wire_method(M_basic_get_ok)->content);
    CU_ASSERT(!wire_method(M_basic_ack)->synchronous);
    CU_ASSERT(wire_method(M_basic_ack)->direction == BOTH);
    CU_ASSERT(wire_method(M_tx_select)->n_fields == 0);
}

TEST(properties_are_in_flag_order)
{
    CU_ASSERT(wire_properties_n == 14);
    CU_ASSERT_STRING_EQUAL(wire_properties[0].name, "content-type");
    CU_ASSERT_STRING_EQUAL(wire_properties[3].name, "delivery-mode");
    CU_ASSERT_STRING_EQUAL(wire_properties[13].name, "reserved");
}

TEST(classes_and_codes)
{
    uint16_t id = 0;

    CU_ASSERT_STRING_EQUAL(wire_class_name(60), "basic");
    CU_ASSERT_STRING_EQUAL(wire_class_name(85), "confirm");
    CU_ASSERT(wire_class_name(30) == NULL);
    CU_ASSERT(wire_find_class(S("tx"), &id) && id == 90);
    CU_ASSERT(!wire_find_class(S("file"), &id));
    CU_ASSERT_STRING_EQUAL(wire_code_name(404), "NOT_FOUND");
    CU_ASSERT_STRING_EQUAL(wire_code_name(312), "NO_ROUTE");
    CU_ASSERT(wire_code_name(299) == NULL);
    CU_ASSERT(wire_code_is_hard(540) && !wire_code_is_hard(406) && !wire_code_is_hard(312));
}
