/* Conversations that break no invariant: what both readings of the text allow, what our own
   lying peer does to a server that answers correctly, and captures with holes. */
#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "capture_kit.h"
#include "fixtures/capture/invariant.h"

#define CONSUME(tag)                                                                               \
    "C 1 basic.consume queue=\"q\" consumer-tag=\"" tag "\"\n"                                     \
    "S 1 basic.consume-ok consumer-tag=\"" tag "\"\n"
#define DELIVER(tag, number)                                                                       \
    "S 1 basic.deliver consumer-tag=\"" tag "\" delivery-tag=" #number " routing-key=\"q\"\n"      \
    "S 1 header class=basic size=3\n"                                                              \
    "S 1 body \"abc\"\n"
#define QOS(count) "C 1 basic.qos prefetch-count=" #count "\nS 1 basic.qos-ok\n"
#define PUBLISH    "C 1 basic.publish routing-key=\"q\"\nC 1 header class=basic size=0\n"
#define HEADER     "C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
#define START      "S 0 connection.start version-minor=9 mechanisms=\"PLAIN\" locales=\"en_US\"\n"
#define START_OK   "C 0 connection.start-ok mechanism=\"PLAIN\" response=\"r\" locale=\"en_US\"\n"
#define CLOSE_501                                                                                  \
    "S 0 connection.close reply-code=501 reply-text=\"FRAME_ERROR\"\n"                             \
    "C 0 connection.close-ok\nS - close fin\n"

static const struct {
    const char *title, *text;
} table[] = {
    { "a frame of unknown type from the client",
      KIT_OPEN "C 0 raw type=9 payload=\"x\" end=0xce\n" CLOSE_501 },
    { "a frame of the client with a bad end",
      KIT_OPEN "C 1 raw type=1 payload=\"\\x00\\x14\\x00\\x0a\\x00\" end=0x00\n" CLOSE_501 },
    { "an unknown method of the client, and it is blamed",
      KIT_OPEN "C 1 raw type=1 payload=\"\\x00\\x3c\\x03\\xe7\" end=0xce\n"
               "S 0 connection.close reply-code=540 reply-text=\"NOT_IMPLEMENTED\" class-id=60 "
               "method-id=999\n" },
    { "a malformed request that is served all the same",
      KIT_OPEN "C 1 raw type=1 payload=\"\\x00\\x5a\\x00\\x0a\\x00\" end=0xce\n"
               "S 1 tx.select-ok\n" },
    { "a malformed request that is passed over",
      KIT_OPEN "C 1 raw type=1 payload=\"\\x00\\x5a\\x00\\x0a\\x00\" end=0xce\n"
               "C 1 confirm.select\nS 1 confirm.select-ok\n" },
    { "an unsupported version",
      "C - protocol-header \"AMQP\\x00\\x00\\x08\\x00\"\n"
      "S - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\nS - close fin\n" },
    { "a wrong password, told in a close",
      HEADER START START_OK "S 0 connection.close reply-code=403 reply-text=\"ACCESS_REFUSED\"\n" },
    { "a wrong password, nothing said", HEADER START START_OK "S - close rst\n" },
    { "a client that says all it has at once", HEADER START_OK
      "C 0 connection.tune-ok frame-max=4096\n"
      "C 0 connection.open virtual-host=\"/\"\nC 1 channel.open\n"
      "C 1 confirm.select\n" PUBLISH START
      "S 0 connection.tune frame-max=4096\nS 0 connection.open-ok\n"
      "S 1 channel.open-ok\nS 1 confirm.select-ok\nS 1 basic.ack delivery-tag=1\n" },
    { "a channel opened twice",
      KIT_OPEN "C 1 channel.open\n"
               "S 0 connection.close reply-code=504 "
               "reply-text=\"CHANNEL_ERROR\" class-id=20 method-id=10\n" },
    { "content without a header", KIT_OPEN "C 1 basic.publish\nC 1 queue.declare queue=\"q\"\n"
                                           "S 0 connection.close reply-code=505 "
                                           "reply-text=\"UNEXPECTED_FRAME\" class-id=50 "
                                           "method-id=10\n" },
    { "methods after the server has closed the channel",
      KIT_OPEN "C 1 queue.purge queue=\"q\"\nC 1 tx.select\nC 1 queue.declare queue=\"r\"\n"
               "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 "
               "method-id=30\nC 1 tx.select\nC 1 channel.close-ok\nC 1 channel.open\n"
               "S 1 channel.open-ok\nC 1 tx.select\nS 1 tx.select-ok\n" },
    { "channel.close from both sides",
      KIT_OPEN "C 1 queue.purge queue=\"q\"\nC 1 channel.close reply-code=200\n"
               "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 "
               "method-id=30\nS 1 channel.close-ok\nC 1 channel.close-ok\n" },
    { "connection.close from both sides",
      KIT_OPEN "C 0 connection.close reply-code=200\n"
               "S 0 connection.close reply-code=320 reply-text=\"CONNECTION_FORCED\"\n"
               "S 0 connection.close-ok\nC 0 connection.close-ok\nS - close fin\n" },
    { "a channel reopened before close-ok has come",
      KIT_OPEN CONSUME("t") DELIVER(
          "t", 1) "C 1 channel.close reply-code=200\n"
                  "C 1 channel.open\nC 1 confirm.select\n" PUBLISH DELIVER(
                      "t", 2) "S 1 channel.close-ok\nS 1 channel.open-ok\nS 1 confirm.select-ok\n"
                              "S 1 basic.ack delivery-tag=1\n" CONSUME("t") DELIVER("t", 1) },
    { "heartbeats between the frames of a content, and contents on two channels",
      KIT_OPEN CONSUME("t") "C 2 channel.open\nS 2 channel.open-ok\n"
                            "C 2 basic.get queue=\"q\"\n"
                            "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=1\nS 0 heartbeat\n"
                            "S 1 header class=basic size=2\nS 2 basic.get-ok delivery-tag=1\n"
                            "S 1 body \"a\"\nS 2 header class=basic size=1\nS 1 body \"b\"\n"
                            "S 2 body \"c\"\n" },
    { "each consumer has the window for itself",
      KIT_OPEN QOS(1) CONSUME("t") CONSUME("u") DELIVER("t", 1) DELIVER("u", 2) },
    { "a window raised while consuming, for running consumers too",
      KIT_OPEN QOS(1) CONSUME("t") DELIVER("t", 1) QOS(3) DELIVER("t", 2) DELIVER("t", 3) },
    { "a window raised, its qos-ok still to come",
      KIT_OPEN QOS(1) CONSUME("t") "C 1 basic.qos prefetch-count=2\n" DELIVER("t", 1)
          DELIVER("t", 2) "S 1 basic.qos-ok\n" },
    { "a window lowered while consuming, for new consumers only",
      KIT_OPEN QOS(3) CONSUME("t") QOS(1) DELIVER("t", 1) DELIVER("t", 2) DELIVER("t", 3) },
    { "a shared window set while consuming, for new consumers only",
      KIT_OPEN CONSUME("t") DELIVER("t", 1) "C 1 basic.qos prefetch-count=1 global=1\n"
                                            "S 1 basic.qos-ok\n" DELIVER("t", 2) },
    { "a window of 0 is none",
      KIT_OPEN QOS(1) QOS(0) CONSUME("t") DELIVER("t", 1) DELIVER("t", 2) },
    { "no window for consumers without acknowledgements",
      KIT_OPEN QOS(1) "C 1 basic.consume queue=\"q\" consumer-tag=\"t\" no-ack=1\n"
                      "S 1 basic.consume-ok consumer-tag=\"t\"\n" DELIVER("t", 1) DELIVER("t", 2) },
    { "gets are outside the window",
      KIT_OPEN QOS(1) CONSUME("t") DELIVER("t", 1) "C 1 basic.get queue=\"q\"\n"
                                                   "S 1 basic.get-ok delivery-tag=2\n"
                                                   "S 1 header class=basic size=0\n" },
    { "acknowledging all opens the window",
      KIT_OPEN QOS(2) CONSUME("t") DELIVER("t", 1)
          DELIVER("t", 2) "C 1 basic.ack multiple=1\n" DELIVER("t", 3) DELIVER("t", 4) },
    { "so do reject and recover",
      KIT_OPEN QOS(1) CONSUME("t")
          DELIVER("t", 1) "C 1 basic.reject delivery-tag=1 requeue=1\n" DELIVER(
              "t", 2) "C 1 basic.recover requeue=1\nS 1 basic.recover-ok\n" DELIVER("t", 3) },
    { "a consumer that nobody was told the tag of",
      KIT_OPEN "C 1 basic.consume queue=\"q\" no-wait=1\n" DELIVER("amq.ctag-1", 1) },
    { "a consumer with no-wait, and again",
      KIT_OPEN "C 1 basic.consume queue=\"q\" consumer-tag=\"t\" no-wait=1\n" DELIVER(
          "t", 1) "C 1 basic.cancel consumer-tag=\"t\"\n"
                  "C 1 basic.consume queue=\"q\" consumer-tag=\"t\" no-wait=1\n" DELIVER(
                      "t", 2) "S 1 basic.cancel-ok consumer-tag=\"t\"\n" DELIVER("t", 3) },
    { "deliveries after cancel with no-wait",
      KIT_OPEN CONSUME("t") "C 1 basic.cancel consumer-tag=\"t\" no-wait=1\n" DELIVER("t", 1) },
    { "a tag used again after cancel-ok",
      KIT_OPEN CONSUME("t") "C 1 basic.cancel consumer-tag=\"t\"\n"
                            "S 1 basic.cancel-ok consumer-tag=\"t\"\n" CONSUME("t")
                                DELIVER("t", 1) },
    { "the server cancels, the client says cancel-ok",
      KIT_OPEN CONSUME("t") DELIVER("t", 1) "S 1 basic.cancel consumer-tag=\"t\" no-wait=1\n"
                                            "C 1 basic.cancel-ok consumer-tag=\"t\"\n" },
    { "confirms out of order, then a multiple one over them",
      KIT_OPEN "C 1 confirm.select nowait=1\n" PUBLISH PUBLISH PUBLISH PUBLISH
               "S 1 basic.ack delivery-tag=3\nS 1 basic.nack delivery-tag=2\n"
               "S 1 basic.ack delivery-tag=4 multiple=1\n" },
    { "two returns of the same key",
      KIT_OPEN "C 1 basic.publish routing-key=\"k\" mandatory=1\nC 1 header class=basic size=0\n"
               "C 1 basic.publish routing-key=\"k\" immediate=1\nC 1 header class=basic size=0\n"
               "S 1 basic.return reply-code=312 reply-text=\"NO_ROUTE\" routing-key=\"k\"\n"
               "S 1 header class=basic size=0\n"
               "S 1 basic.return reply-code=313 reply-text=\"NO_CONSUMERS\" routing-key=\"k\"\n"
               "S 1 header class=basic size=0\n" },
    { "a queue name that was cleaned of a line end",
      KIT_OPEN "C 1 queue.declare queue=\"a\\x0ab\"\nS 1 queue.declare-ok queue=\"ab\"\n" },
    { "flow stopped and started again, one answer late",
      KIT_OPEN CONSUME("t") "C 1 channel.flow active=0\nC 1 channel.flow active=1\n"
                            "S 1 channel.flow-ok active=0\n" DELIVER(
                                "t", 1) "S 1 channel.flow-ok active=1\n" },
    { "errata 3: unbind refused by the connection",
      KIT_OPEN "C 1 queue.unbind queue=\"q\"\n"
               "S 0 connection.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 "
               "method-id=50\n" },
    { "errata 10: 540 by the channel",
      KIT_OPEN PUBLISH "S 1 channel.close reply-code=540 reply-text=\"NOT_IMPLEMENTED\" "
                       "class-id=60 method-id=40\n" },
    { "limits of 0",
      HEADER START START_OK "S 0 connection.tune\nC 0 connection.tune-ok\n"
                            "C 0 connection.open virtual-host=\"/\"\nS 0 connection.open-ok\n"
                            "C 9 channel.open\nS 9 channel.open-ok\n" },
};

static void expect_none(const struct trace *t, const char *title, struct arena *a)
{
    struct violations v = { .arena = a };

    invariants_check(t, &v);
    CU_ASSERT_EQUAL(v.n, 0);
    for (size_t i = 0; i < v.n; i++)
        fprintf(stderr, "%s: violates %s: %.*s\n", title, v.at[i].invariant->name,
                STR_ARGS(v.at[i].text));
}

static void nothing_to_alarm(void)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena *a = arena_new();

        expect_none(kit_trace(table[i].text, a), table[i].title, a);
        arena_free(a);
    }
}

static void packets_of(const char *text, struct kit_packets *list, struct arena *a)
{
    struct synth s;

    *list = (struct kit_packets){ .arena = a };
    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, list);
    kit_synth_text(&s, text, a);
}

/* Whatever packet is missing, and from whichever on the capture begins: no alarm. */
static void holes_are_no_faults(void)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena *a = arena_new();
        struct kit_packets all;

        packets_of(table[i].text, &all, a);
        for (size_t k = 0; k < all.n; k++) {
            struct kit_packets less = { .arena = a };

            for (size_t j = 0; j < all.n; j++)
                if (j != k)
                    kit_take(&less, all.at[j]);
            expect_none(kit_flow_trace(&less, a), table[i].title, a);
            less = (struct kit_packets){ .at = all.at + k, .n = all.n - k };
            expect_none(kit_flow_trace(&less, a), table[i].title, a);
        }
        arena_free(a);
    }
}

static CU_TestInfo tests[] = {
    { "fair conversations break no invariant", nothing_to_alarm },
    { "nor do captures with holes", holes_are_no_faults },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(invariant_fair, tests)
