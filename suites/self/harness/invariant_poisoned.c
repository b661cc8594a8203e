/* Each invariant has a conversation that breaks it and only it, and the same conversation
   without the defect, which breaks none. */
#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "capture_kit.h"
#include "fixtures/capture/invariant.h"

/* before, then good or bad. NULL for before: an open channel 1. */
struct poisoned {
    const char *invariant, *before, *good, *bad;
};

#define CONSUME                                                                                    \
    KIT_OPEN "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"                                  \
             "S 1 basic.consume-ok consumer-tag=\"t\"\n"
#define DELIVER(tag)                                                                               \
    "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=" #tag " routing-key=\"q\"\n"               \
    "S 1 header class=basic size=0\n"
#define DELIVER_HEAD "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=1 routing-key=\"q\"\n"
#define PUBLISH                                                                                    \
    "C 1 basic.publish routing-key=\"q\"\n"                                                        \
    "C 1 header class=basic size=0\n"
#define CONFIRM                                                                                    \
    KIT_OPEN "C 1 confirm.select\n"                                                                \
             "S 1 confirm.select-ok\n"
#define MANDATORY                                                                                  \
    "C 1 basic.publish exchange=\"x\" routing-key=\"k\" mandatory=1\n"                             \
    "C 1 header class=basic size=0\n"
#define RETURN                                                                                     \
    "S 1 basic.return reply-code=312 reply-text=\"NO_ROUTE\" exchange=\"x\" routing-key=\"k\"\n"   \
    "S 1 header class=basic size=0\n"
#define HEADER   "C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
#define START    "S 0 connection.start version-minor=9 mechanisms=\"PLAIN\" locales=\"en_US\"\n"
#define START_OK "C 0 connection.start-ok mechanism=\"PLAIN\" response=\"r\" locale=\"en_US\"\n"
#define TUNE     "S 0 connection.tune channel-max=2 frame-max=4096\n"

static const struct poisoned table[] = {
    { "frame-end", NULL, "S 0 heartbeat\n", "S 0 raw type=8 payload=\"\" end=0xcd\n" },
    { "frame-type", NULL, "S 0 heartbeat\n", "S 0 raw type=4 payload=\"\" end=0xce\n" },
    { "method-layout", KIT_OPEN "C 1 queue.purge queue=\"q\"\n",
      "S 1 raw type=1 payload=\"\\x00\\x32\\x00\\x1f\\x00\\x00\\x00\\x00\" end=0xce\n",
      "S 1 raw type=1 payload=\"\\x00\\x32\\x00\\x1f\\x00\\x00\\x00\\x00\\x00\" end=0xce\n" },
    { "heartbeat", NULL, "S 0 heartbeat\n", "S 0 raw type=8 payload=\"x\" end=0xce\n" },
    { "heartbeat", NULL, "S 0 heartbeat\n", "S 1 raw type=8 payload=\"\" end=0xce\n" },
    { "channel-zero", NULL, "", "S 1 connection.blocked reason=\"low on memory\"\n" },
    { "channel-zero", NULL, "", "S 0 raw type=3 payload=\"x\" end=0xce\n" },
    { "direction", NULL, "", "S 1 basic.recover-async\n" },
    { "protocol-header", "C - protocol-header \"AMQP\\x00\\x00\\x09\\x02\"\n",
      "S - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\nS - close fin\n",
      "S - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n" START },
    { "handshake", HEADER START, START_OK TUNE, TUNE START_OK },
    { "handshake", HEADER, START START_OK TUNE, START START_OK START TUNE },
    { "handshake", HEADER START START_OK TUNE,
      "C 0 connection.tune-ok\nC 0 connection.open virtual-host=\"/\"\nS 0 connection.open-ok\n",
      "C 0 connection.open virtual-host=\"/\"\nS 0 connection.open-ok\nC 0 connection.tune-ok\n" },
    { "channel-open", KIT_OPEN "C 1 basic.publish exchange=\"nobody\"\n",
      "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=60 method-id=40\n"
      "C 1 channel.close-ok\n",
      "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=60 method-id=40\n"
      "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=60 method-id=40\n" },
    { "channel-open", CONSUME "C 1 channel.close reply-code=200\n",
      DELIVER(1) "S 1 channel.close-ok\n", "S 1 channel.close-ok\n" DELIVER(1) },
    { "channel-max", KIT_OPEN "C 2 channel.open\nS 2 channel.open-ok\n",
      "C 2 channel.close reply-code=200\nS 2 channel.close-ok\n"
      "C 3 channel.open\nS 3 channel.open-ok\n",
      "C 3 channel.open\nS 3 channel.open-ok\n" },
    { "content-sequence", CONSUME DELIVER_HEAD, "S 1 header class=basic size=2\nS 1 body \"ab\"\n",
      "S 1 body \"ab\"\n" },
    { "content-sequence", CONSUME "C 1 basic.qos prefetch-count=9\n" DELIVER_HEAD,
      "S 1 header class=basic size=2\nS 1 body \"a\"\nS 1 body \"b\"\nS 1 basic.qos-ok\n",
      "S 1 header class=basic size=2\nS 1 body \"a\"\nS 1 basic.qos-ok\n" },
    { "content-sequence", CONSUME, DELIVER(1), DELIVER(1) "S 1 header class=basic size=0\n" },
    { "body-size", CONSUME DELIVER_HEAD "S 1 header class=basic size=2\n",
      "S 1 body \"a\"\nS 1 body \"b\"\n", "S 1 body \"a\"\nS 1 body \"bc\"\n" },
    { "body-size", CONSUME DELIVER_HEAD "S 1 header class=basic size=2\n", "S 1 body \"ab\"\n",
      "S 1 body \"ab\"\nS 1 body \"c\"\n" },
    { "header-class", CONSUME DELIVER_HEAD, "S 1 header class=basic size=0\n",
      "S 1 header class=tx size=0\n" },
    { "header-weight", CONSUME DELIVER_HEAD,
      "S 1 raw type=2 payload=\"\\x00<\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
      "\\x00\\x00\" end=0xce\n",
      "S 1 raw type=2 payload=\"\\x00<\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
      "\\x00\\x00\" end=0xce\n" },
    { "properties", CONSUME DELIVER_HEAD,
      "S 1 raw type=2 payload=\"\\x00<\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
      "\\x10\\x00\\x01\" end=0xce\n",
      "S 1 raw type=2 payload=\"\\x00<\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
      "\\x10\\x00\" end=0xce\n" },
    { "delivery-tags", CONSUME DELIVER(1), DELIVER(2), DELIVER(1) },
    { "delivery-tags", CONSUME, DELIVER(1), DELIVER(0) },
    { "delivery-tags", CONSUME DELIVER(1) "C 1 basic.get queue=\"q\"\n",
      "S 1 basic.get-ok delivery-tag=2\nS 1 header class=basic size=0\n",
      "S 1 basic.get-ok delivery-tag=1\nS 1 header class=basic size=0\n" },
    { "delivery-before-consume-ok", KIT_OPEN "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n",
      "S 1 basic.consume-ok consumer-tag=\"t\"\n" DELIVER(1),
      DELIVER(1) "S 1 basic.consume-ok consumer-tag=\"t\"\n" },
    { "delivery-before-consume-ok", KIT_OPEN "C 1 basic.consume queue=\"q\"\n",
      "S 1 basic.consume-ok consumer-tag=\"t\"\n" DELIVER(1),
      DELIVER(1) "S 1 basic.consume-ok consumer-tag=\"t\"\n" },
    { "delivery-after-cancel-ok", CONSUME "C 1 basic.cancel consumer-tag=\"t\"\n",
      DELIVER(1) "S 1 basic.cancel-ok consumer-tag=\"t\"\n",
      "S 1 basic.cancel-ok consumer-tag=\"t\"\n" DELIVER(1) },
    { "delivery-after-cancel-ok", CONSUME, DELIVER(1) "S 1 basic.cancel consumer-tag=\"t\"\n",
      "S 1 basic.cancel consumer-tag=\"t\"\n" DELIVER(1) },
    { "known-consumer", CONSUME, DELIVER(1),
      "S 1 basic.deliver consumer-tag=\"u\" delivery-tag=1\nS 1 header class=basic size=0\n" },
    { "flow-paused", CONSUME "C 1 channel.flow active=0\n",
      DELIVER(1) "S 1 channel.flow-ok active=0\n", "S 1 channel.flow-ok active=0\n" DELIVER(1) },
    { "prefetch-window",
      KIT_OPEN "C 1 basic.qos prefetch-count=2\nS 1 basic.qos-ok\n"
               "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"
               "S 1 basic.consume-ok consumer-tag=\"t\"\n" DELIVER(1) DELIVER(2),
      "C 1 basic.ack delivery-tag=1\n" DELIVER(3), DELIVER(3) },
    { "prefetch-window",
      KIT_OPEN "C 1 basic.qos prefetch-count=2 global=1\nS 1 basic.qos-ok\n"
               "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"
               "S 1 basic.consume-ok consumer-tag=\"t\"\n"
               "C 1 basic.consume queue=\"q\" consumer-tag=\"u\"\n"
               "S 1 basic.consume-ok consumer-tag=\"u\"\n" DELIVER(
                   1) "S 1 basic.deliver consumer-tag=\"u\" delivery-tag=2\n"
                      "S 1 header class=basic size=0\n",
      "C 1 basic.nack delivery-tag=2 multiple=1\n" DELIVER(3) DELIVER(4), DELIVER(3) },
    { "confirm-asked", NULL, PUBLISH, PUBLISH "S 1 basic.ack delivery-tag=1\n" },
    { "confirm-known", CONFIRM PUBLISH, "S 1 basic.ack delivery-tag=1\n",
      "S 1 basic.ack delivery-tag=2\n" },
    { "confirm-known", CONFIRM PUBLISH, "S 1 basic.nack delivery-tag=1\n",
      "S 1 basic.nack delivery-tag=0\n" },
    { "confirm-once", CONFIRM PUBLISH PUBLISH PUBLISH,
      "S 1 basic.ack delivery-tag=2\nS 1 basic.ack delivery-tag=3 multiple=1\n",
      "S 1 basic.ack delivery-tag=2 multiple=1\nS 1 basic.nack delivery-tag=1\n" },
    { "confirm-once", CONFIRM PUBLISH PUBLISH, "S 1 basic.ack delivery-tag=2 multiple=1\n",
      "S 1 basic.ack delivery-tag=2 multiple=1\nS 1 basic.ack delivery-tag=1 multiple=1\n" },
    { "return-asked", NULL, MANDATORY RETURN,
      "C 1 basic.publish exchange=\"x\" routing-key=\"k\"\nC 1 header class=basic "
      "size=0\n" RETURN },
    { "return-asked", KIT_OPEN MANDATORY RETURN, "", RETURN },
    { "reply-order",
      KIT_OPEN "C 1 queue.declare queue=\"q\"\nC 1 queue.bind queue=\"q\" exchange=\"x\"\n",
      "S 1 queue.declare-ok queue=\"q\"\nS 1 queue.bind-ok\n",
      "S 1 queue.bind-ok\nS 1 queue.declare-ok queue=\"q\"\n" },
    { "reply-order", KIT_OPEN "C 1 queue.declare queue=\"q\" no-wait=1\n", "",
      "S 1 queue.declare-ok queue=\"q\"\n" },
    { "reply-order", NULL, "", "S 1 tx.select-ok\n" },
    { "reply-names", KIT_OPEN "C 1 queue.declare queue=\"q\"\n",
      "S 1 queue.declare-ok queue=\"q\"\n", "S 1 queue.declare-ok queue=\"r\"\n" },
    { "reply-names", KIT_OPEN "C 1 queue.declare\n", "S 1 queue.declare-ok queue=\"amq.gen\"\n",
      "S 1 queue.declare-ok\n" },
    { "reply-names", KIT_OPEN "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n",
      "S 1 basic.consume-ok consumer-tag=\"t\"\n", "S 1 basic.consume-ok consumer-tag=\"u\"\n" },
    { "reply-names", KIT_OPEN "C 1 channel.flow active=1\n", "S 1 channel.flow-ok active=1\n",
      "S 1 channel.flow-ok active=0\n" },
    { "silence-after-close-ok", CONSUME "C 0 connection.close reply-code=200\n",
      DELIVER(1) "S 0 connection.close-ok\nS 0 heartbeat\nS - close fin\n",
      "S 0 connection.close-ok\n" DELIVER(1) "S - close fin\n" },
    { "silence-after-close", CONSUME,
      DELIVER(1) "S 0 connection.close reply-code=320 reply-text=\"CONNECTION_FORCED\"\n",
      "S 0 connection.close reply-code=320 reply-text=\"CONNECTION_FORCED\"\n" DELIVER(1) },
    { "reply-code", NULL, "S 0 connection.close reply-code=541 reply-text=\"INTERNAL_ERROR\"\n",
      "S 0 connection.close reply-code=599 reply-text=\"what\"\n" },
    { "reply-code", KIT_OPEN MANDATORY, RETURN,
      "S 1 basic.return reply-text=\"NO_ROUTE\" exchange=\"x\" routing-key=\"k\"\n"
      "S 1 header class=basic size=0\n" },
    { "code-scope", KIT_OPEN "C 1 queue.purge queue=\"q\"\n",
      "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 method-id=30\n",
      "S 0 connection.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 method-id=30\n" },
    { "code-scope", KIT_OPEN "C 1 basic.cancel consumer-tag=\"t\"\n",
      "S 0 connection.close reply-code=530 reply-text=\"NOT_ALLOWED\" class-id=60 method-id=30\n",
      "S 1 channel.close reply-code=530 reply-text=\"NOT_ALLOWED\" class-id=60 method-id=30\n" },
    { "reply-text", NULL, "S 0 connection.close reply-code=541 reply-text=\"INTERNAL_ERROR\"\n",
      "S 0 connection.close reply-code=541\n" },
    { "blamed-method", KIT_OPEN "C 1 queue.purge queue=\"q\"\n",
      "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 method-id=30\n",
      "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 method-id=40\n" },
};

enum { N_TABLE = sizeof table / sizeof *table };

static struct violations judge(const char *before, const char *rest, struct arena *a)
{
    struct violations v = { .arena = a };
    struct str text = arena_printf(a, "%s%s", before ? before : KIT_OPEN, rest);

    invariants_check(kit_trace(text.p, a), &v);
    return v;
}

static void print_all(const struct poisoned *p, const struct violations *v)
{
    fprintf(stderr, "for %s:\n%s", p->invariant, p->bad);
    for (size_t i = 0; i < v->n; i++)
        fprintf(stderr, "  violates %s: %.*s\n", v->at[i].invariant->name, STR_ARGS(v->at[i].text));
}

static void healthy_twins_break_none(void)
{
    for (size_t i = 0; i < N_TABLE; i++) {
        struct arena *a = arena_new();
        struct violations v = judge(table[i].before, table[i].good, a);

        CU_ASSERT_EQUAL(v.n, 0);
        if (v.n != 0)
            print_all(&table[i], &v);
        arena_free(a);
    }
}

static void poison_breaks_one_alone(void)
{
    for (size_t i = 0; i < N_TABLE; i++) {
        struct arena *a = arena_new();
        struct violations v = judge(table[i].before, table[i].bad, a);
        bool alone = v.n > 0;

        for (size_t k = 0; k < v.n; k++)
            alone &= strcmp(v.at[k].invariant->name, table[i].invariant) == 0;
        CU_ASSERT(alone);
        if (!alone)
            print_all(&table[i], &v);
        arena_free(a);
    }
}

/* The frame-max of the conversations is 4096: a body frame of 4096 octets in all just fits. */
static void frame_size(void)
{
    for (size_t more = 0; more < 2; more++) {
        struct arena *a = arena_new();
        struct violations v;
        char body[4100];
        struct str text;

        memset(body, 'x', sizeof body);
        text = arena_printf(a, DELIVER_HEAD "S 1 header class=basic size=%zu\nS 1 body \"%.*s\"\n",
                            4088 + more, (int)(4088 + more), body);
        v = judge(CONSUME, text.p, a);
        CU_ASSERT_EQUAL(v.n, more);
        CU_ASSERT(!more || strcmp(v.at[0].invariant->name, "frame-size") == 0);
        arena_free(a);
    }
}

static void none_is_untested(void)
{
    for (size_t i = 0; invariants[i]; i++) {
        bool found = strcmp(invariants[i]->name, "frame-size") == 0;

        for (size_t k = 0; k < N_TABLE; k++)
            found |= strcmp(table[k].invariant, invariants[i]->name) == 0;
        CU_ASSERT(found);
        if (!found)
            fprintf(stderr, "%s is never poisoned\n", invariants[i]->name);
    }
}

/* Is there a line that begins with this id and a tab? */
static bool has_rule(const char *file, struct str id)
{
    char line[4096];
    bool found = false;
    FILE *f = fopen(file, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    while (!found && fgets(line, sizeof line, f))
        found = strncmp(line, id.p, id.n) == 0 && line[id.n] == '\t';
    fclose(f);
    return found;
}

static void rules_exist(void)
{
    for (size_t i = 0; invariants[i]; i++) {
        const char *p = invariants[i]->rules;

        CU_ASSERT(*p != '\0');
        for (; *p; p += strspn(p, " ")) {
            struct str id = { p, strcspn(p, " ") };
            bool found = has_rule("fixtures/spec/rules.tsv", id) ||
                         has_rule("fixtures/spec/extensions.tsv", id);

            CU_ASSERT(found);
            if (!found)
                fprintf(stderr, "%s: no rule %.*s\n", invariants[i]->name, STR_ARGS(id));
            p += id.n;
        }
    }
}

static CU_TestInfo tests[] = {
    { "healthy twins break no invariant", healthy_twins_break_none },
    { "each poison breaks its invariant alone", poison_breaks_one_alone },
    { "the largest body frame, and one octet more", frame_size },
    { "every invariant is poisoned", none_is_untested },
    { "the rules of all invariants exist", rules_exist },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(invariant_poisoned, tests)
