/* Clients that mean what they say and break no invariant: what both readings of the text allow,
   what crosses on the wire, and captures with holes. */
#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "fixtures/capture/invariant.h"
#include "invariant_poisons.h"

#define GONE "S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 method-id=30\n"

static const struct {
    const char *title, *text;
} table[] = {
    { "all is said at once", HEADER START_OK
      "C 0 connection.tune-ok frame-max=4096\n"
      "C 0 connection.open virtual-host=\"/\"\nC 1 channel.open\n"
      "C 1 confirm.select\n" PUBLISH START
      "S 0 connection.tune frame-max=4096\nS 0 connection.open-ok\n"
      "S 1 channel.open-ok\nS 1 confirm.select-ok\nS 1 basic.ack delivery-tag=1\n" },
    { "a wrong password", HEADER START START_OK "S - close rst\n" },
    { "two rounds of secure", HEADER START START_OK
      "S 0 connection.secure challenge=\"1\"\nC 0 connection.secure-ok response=\"a\"\n"
      "S 0 connection.secure challenge=\"2\"\nC 0 connection.secure-ok response=\"b\"\n" TUNE
      "C 0 connection.tune-ok\n" },
    { "limits of 0", HEADER START START_OK TUNE "C 0 connection.tune-ok\n"
                                                "C 0 connection.open virtual-host=\"/\"\n" },
    { "errata 57: numbers beyond channel-max, but no more channels",
      KIT_OPEN "C 60000 channel.open\nS 60000 channel.open-ok\n" },
    { "a channel too many that the server grants is the server's business",
      KIT_OPEN "C 2 channel.open\nS 2 channel.open-ok\nC 3 channel.open\nS 3 channel.open-ok\n" },
    { "more is said until the close of the server has come",
      KIT_OPEN "C 1 queue.purge queue=\"q\"\n" PUBLISH GONE PUBLISH "C 1 channel.close-ok\n"
               "C 1 channel.open\nC 1 tx.select\nS 1 channel.open-ok\nS 1 tx.select-ok\n" },
    { "both close the channel",
      KIT_OPEN "C 1 queue.purge queue=\"q\"\nC 1 channel.close reply-code=200\n" GONE
               "C 1 channel.close-ok\nS 1 channel.close-ok\nC 1 channel.open\n" },
    { "both close the channel, and the server's answer never comes",
      KIT_OPEN "C 1 queue.purge queue=\"q\"\nC 1 channel.close reply-code=200\n" GONE
               "C 1 channel.close-ok\nC 1 channel.open\n" },
    { "both close the connection",
      KIT_OPEN "C 0 connection.close reply-code=200\n"
               "S 0 connection.close reply-code=320 reply-text=\"CONNECTION_FORCED\"\n"
               "C 0 connection.close-ok\nC 0 heartbeat\nS 0 connection.close-ok\n" },
    { "a content is given up by closing the channel",
      KIT_OPEN "C 1 basic.publish\nC 1 header class=basic size=9\nC 1 body \"abc\"\n"
               "C 1 channel.close reply-code=200\n" },
    { "a content is given up as the server closes the channel",
      KIT_OPEN "C 1 basic.publish\n" GONE "C 1 channel.close-ok\nC 1 channel.open\n" PUBLISH },
    { "contents on two channels, heartbeats within",
      KIT_OPEN "C 2 channel.open\nC 1 basic.publish\nC 2 basic.publish\n"
               "C 2 header class=basic size=1\nC 1 header class=basic size=2\nC 1 body \"a\"\n"
               "C 0 heartbeat\nC 2 body \"c\"\nC 1 body \"\"\nC 1 body \"b\"\n" },
    { "acknowledging all of nothing", CONSUME "C 1 basic.ack multiple=1\n" },
    { "acknowledgements in any order, over what was settled before",
      CONSUME DELIVER(1) DELIVER(2) DELIVER(3) "C 1 basic.ack delivery-tag=2\n"
                                               "C 1 basic.ack delivery-tag=3 multiple=1\n" },
    { "acknowledging after cancel",
      CONSUME DELIVER(1) "C 1 basic.cancel consumer-tag=\"t\"\nC 1 basic.ack delivery-tag=1\n" },
    { "a tag taken back by recover",
      CONSUME DELIVER(1) "C 1 basic.recover requeue=1\nC 1 basic.ack delivery-tag=1\n"
                         "S 1 basic.recover-ok\n" DELIVER(2) "C 1 basic.ack delivery-tag=2\n" },
    { "an acknowledgement again after rollback",
      CONSUME DELIVER(1) "C 1 tx.select\nS 1 tx.select-ok\nC 1 basic.ack delivery-tag=1\n"
                         "C 1 tx.rollback\nS 1 tx.rollback-ok\nC 1 basic.ack delivery-tag=1\n"
                         "C 1 tx.commit\nS 1 tx.commit-ok\n" },
    { "a tag first without acknowledgements, then with them", KIT_OPEN
      "C 1 basic.consume queue=\"q\" consumer-tag=\"t\" no-ack=1\n"
      "S 1 basic.consume-ok consumer-tag=\"t\"\n" DELIVER(
          1) "C 1 basic.cancel consumer-tag=\"t\"\nS 1 basic.cancel-ok consumer-tag=\"t\"\n"
             "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"
             "S 1 basic.consume-ok consumer-tag=\"t\"\n" DELIVER(
                 2) "C 1 basic.ack delivery-tag=2\n" },
    { "tags begin again on a channel that was reopened",
      CONSUME DELIVER(1) "C 1 basic.ack delivery-tag=1\nC 1 channel.close reply-code=200\n"
                         "S 1 channel.close-ok\nC 1 channel.open\nS 1 channel.open-ok\n"
                         "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"
                         "S 1 basic.consume-ok consumer-tag=\"t\"\n" DELIVER(
                             1) "C 1 basic.ack delivery-tag=1\n" },
    { "an empty get between others",
      KIT_OPEN "C 1 basic.get queue=\"q\" no-ack=1\nS 1 basic.get-empty\n"
               "C 1 basic.get queue=\"q\"\nS 1 basic.get-ok delivery-tag=1\n"
               "S 1 header class=basic size=0\nC 1 basic.ack delivery-tag=1\n" },
    { "a tag used again after cancel, of either side",
      CONSUME "C 1 basic.cancel consumer-tag=\"t\" no-wait=1\n"
              "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"
              "S 1 basic.cancel consumer-tag=\"t\" no-wait=1\n"
              "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n" },
    { "two consumers without a name",
      KIT_OPEN "C 1 basic.consume queue=\"q\"\nC 1 basic.consume queue=\"q\"\n" },
    { "cancel-ok to a cancel that wants none",
      CONSUME "S 1 basic.cancel consumer-tag=\"t\" no-wait=1\n"
              "C 1 basic.cancel-ok consumer-tag=\"t\"\n" },
    { "flow of the server, stopped and started",
      KIT_OPEN "S 1 channel.flow active=0\nS 1 channel.flow active=1\n"
               "C 1 channel.flow-ok active=0\nC 1 channel.flow-ok active=1\n" },
    { "a client that is gone within a frame",
      KIT_OPEN "C 1 basic.publish\nC 1 header class=basic size=9\nC - close rst\n" },
};

static void expect_none(const struct trace *t, const char *title, struct arena *a)
{
    struct violations v = { .arena = a };

    invariants_check_client(t, &v);
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

/* Whatever packet is missing, and from whichever on the capture begins: no alarm. */
static void holes_of(const char *text, const char *title)
{
    struct arena *a = arena_new();
    struct kit_packets all = { .arena = a };
    struct synth s;

    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &all);
    kit_synth_text(&s, text, a);
    for (size_t k = 0; k < all.n; k++) {
        struct kit_packets less = { .arena = a };
        struct arena *judged = arena_new();

        for (size_t j = 0; j < all.n; j++)
            if (j != k)
                kit_take(&less, all.at[j]);
        expect_none(kit_flow_trace(&less, judged), title, judged);
        less = (struct kit_packets){ .at = all.at + k, .n = all.n - k };
        expect_none(kit_flow_trace(&less, judged), title, judged);
        arena_free(judged);
    }
    arena_free(a);
}

static void holes_are_no_faults(void)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        holes_of(table[i].text, table[i].title);
}

static CU_TestInfo tests[] = {
    { "fair clients break no invariant", nothing_to_alarm },
    { "nor do captures with holes", holes_are_no_faults },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(invariant_client, tests)
