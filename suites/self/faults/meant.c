/* What people write who have read the language once: the complaint says what they meant, or what
   there is. */
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define SUITE "meant"

/* One `on` line, and the complaint about it; "": it is good. */
static void want(const char *on, const char *wanted)
{
    struct arena *a = arena_new();

    want_complaints(arena_printf(a, "fault f\non %s\n", on).p,
                    *wanted ? arena_printf(a, "F:2: %s\n", wanted).p : "");
    arena_free(a);
}

TEST(methods)
{
    want("S Basic.Deliver drop", "column 6: no method 'Basic.Deliver'; is it basic.deliver?");
    want("S deliver drop", "column 6: no method 'deliver'; is it basic.deliver?");
    want("S basic drop", "column 6: no method 'basic'; the class has basic.*");
    want("S Tx|basic.ack drop", "column 6: no method 'Tx'; the class has tx.*");
    want("S tx.begin drop", "column 6: no method 'tx.begin'; there are: select select-ok commit "
                            "commit-ok rollback rollback-ok");
    want("S everything drop",
         "column 6: no method 'everything'; besides methods there are: method header body "
         "heartbeat protocol-header frame");
}

TEST(blanks_in_frames)
{
    want("S basic.ack | basic.nack drop", "column 16: no blanks around |");
    want("S basic.ack |basic.nack drop", "column 16: no blanks around |");
    want("S basic.ack| basic.nack drop", "column 16: no blanks around |");
    want("S basic.deliver + content drop", "column 20: it is +content, without a blank in it");
    want("S basic.deliver +body drop", "column 20: it is +content, without a blank in it");
}

TEST(conditions_one_behind_the_other)
{
    static const char blank[] = "conditions follow each other with a blank only";
    struct arena *a = arena_new();

    want("S basic.ack if multiple=0 if delivery-tag=1 drop",
         arena_printf(a, "column 30: %s", blank).p);
    want("S basic.ack if multiple=0 and delivery-tag=1 drop",
         arena_printf(a, "column 30: %s", blank).p);
    want("S basic.ack if multiple=0 or delivery-tag=1 drop",
         arena_printf(a, "column 30: %s; for 'or' there is another 'on' line", blank).p);
    arena_free(a);
    want("S basic.ack if drop", "column 19: a condition is missing: FIELD=VALUE");
    want("S basic.ack if", "column 18: a condition is missing: FIELD=VALUE");
    want("C basic.publish if exchange=logs drop",
         "column 32: strings need quotes: \"logs\"; other values are 7, {table}, absent, $NAME, "
         ".FIELD");
    want("S basic.ack if multiple=0 delivery-tag=1 drop", "");
}

TEST(fields_of_the_same_frame)
{
    want("S basic.deliver set exchange=.nix",
         "column 34: no field 'nix' in basic.deliver; it has: consumer-tag delivery-tag "
         "redelivered exchange routing-key; all have: channel size type last");
    want("S basic.deliver set delivery-tag=.exchange",
         "column 37: 'delivery-tag' is a number, and 'exchange' is a string: \"in quotes\"");
    want("S basic.deliver set delivery-tag+=.exchange",
         "column 38: 'delivery-tag' is a number, and 'exchange' is a string: \"in quotes\"");
    want("S basic.deliver set exchange=.delivery-tag", "");
    want("S basic.deliver if exchange=.delivery-tag drop",
         "column 32: 'exchange' is a string: \"in quotes\", and 'delivery-tag' is a number");
    want("S basic.deliver if exchange=.routing-key drop", "");
    want("S basic.deliver remember x=.nix",
         "column 32: no field 'nix' in basic.deliver; it has: consumer-tag delivery-tag "
         "redelivered exchange routing-key; all have: channel size type last");
    want("S basic.ack|basic.nack insert S . basic.ack delivery-tag=.queue",
         "column 62: no field 'queue' in these frames; all have: channel size type last");
    want("C queue.declare insert C . queue.delete queue=.arguments",
         "column 50: 'queue' is a string: \"in quotes\", and 'arguments' is a table: "
         "{key:TYPE:VALUE}");
    want("C basic.publish answer S . body .body",
         "column 37: no field 'body' in basic.publish; it has: reserved-1 exchange routing-key "
         "mandatory immediate; all have: channel size type last");
    want("C basic.publish +content answer S . body .body", "");
    want("C queue.declare insert C . queue.delete queue=.arguments.q", "");
    want("C queue.declare if $n=.queue drop then remember n=1", "");
}

TEST(frames_made_up)
{
    want("S basic.ack insert basic.nack",
         "column 23: S (to the client) or C (to the server) expected, then a channel and a frame");
    want("S basic.ack insert S basic.nack", "column 25: a channel expected: . or a number");
    want("S basic.ack insert S .", "column 26: a frame expected behind the channel");
    want("S basic.ack insert S . basic.nack delivery-tag=.delivery-tag requeu=1",
         "column 65: no field 'requeu' in basic.nack; there are: delivery-tag multiple requeue");
    want("C basic.get answer S . basic.get-ok & S . header class=basic colour=1",
         "column 65: no property 'colour'; there are: class size weight content-type "
         "content-encoding headers delivery-mode priority correlation-id reply-to expiration "
         "message-id timestamp type user-id app-id reserved");
    want("C basic.get answer S . basic.get-ok delivery-tag=x", "column 53: a number expected");
}

TEST(numbers_and_lists)
{
    want("S basic.ack delay 1s", "column 23: a number without a unit expected: milliseconds");
    want("S basic.ack throttle 100k",
         "column 28: a number without a unit expected: octets a second");
    want("S basic.ack duplicate x", "column 26: a number expected: how many more");
    want("S basic.ack duplicate then mute", "");
    want("S basic.ack corrupt", "column 23: OCTET=VALUE expected");
    want("S basic.ack set then drop", "column 20: FIELD=VALUE expected");
    want("S basic.ack set delivery-tag=1 multiple=1 delivery-tag=2",
         "column 46: 'delivery-tag' a second time");
    want("C queue.declare set arguments.a=1 arguments.a.b=2 arguments.a=3",
         "column 54: 'arguments.a' a second time");
}

TEST(closes)
{
    want("S basic.ack close 999", "column 22: no such reply code; in a frame made up it can be "
                                  "said: S 0 connection.close reply-code=999");
    want("C connection.open close channel 404",
         "column 28: these frames are of channel 0, which cannot be closed; there is 'close "
         "CODE'");
    want("C heartbeat close channel 404",
         "column 22: these frames are of channel 0, which cannot be closed; there is 'close "
         "CODE'");
    want("C connection.open|queue.declare close channel 404", "");
    want("C queue.declare close channel 540", "");
    want("C queue.declare close 404", "");
}

TEST(what_an_action_leaves)
{
    want("S basic.ack drop then set multiple=1",
         "column 26: nothing is left here of the frame to set");
    want("C basic.ack answer S . basic.ack then delay 5",
         "column 42: nothing is left here of the frame to delay");
    want("S basic.ack drop then insert S . basic.nack then delay 5", "");
    want("S basic.ack insert S . basic.nack then drop then split 1", "");
    want("S basic.ack insert S . basic.nack then close 404 then split 1",
         "column 58: nothing is left here of the frame to split");
    want("S basic.ack close rst then remember x=1",
         "column 31: nothing comes behind 'close fin' or 'close rst'");
    want("S basic.ack drop then mute then remember x=1", "");
}

/* ---- files ----------------------------------------------------------------------------- */

static void want_of_path(const char *path, const char *wanted)
{
    struct fault_file f;
    char *said = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&said, &n);

    CU_ASSERT_FATAL(out != NULL);
    CU_ASSERT(!fault_file_load(&f, path, out));
    fclose(out);
    want_text(str_of(said), str_of(wanted), path);
    fault_file_clear(&f);
    free(said);
}

TEST(what_is_no_fault_file)
{
    want_of_path("/", "/:1: cannot be read: Is a directory\n");
    want_complaints("# A title\n\nSome words.\nOthers.\n",
                    "F:3: no fault file: it begins with a line 'fault NAME', not 'Some'\n");
    want_complaints("\xef\xbb\xbf"
                    "fault f\n  on S body drop\n",
                    "F:1: a byte order mark before the first line; save the file without one\n");
}

TEST(many_complaints_are_cut)
{
    struct arena *a = arena_new();
    struct str text = S("fault f\non S body drop\n"), wanted = S("");

    for (unsigned i = 0; i < 60; i++) {
        text = arena_printf(a, "%.*swat\n", STR_ARGS(text));
        if (i < 50)
            wanted = arena_printf(a,
                                  "%.*sF:%u: no line 'wat'; there are: fault what rule real "
                                  "reds try ends on\n",
                                  STR_ARGS(wanted), i + 3);
    }
    want_complaints(text.p, arena_printf(a, "%.*sF: and 10 more\n", STR_ARGS(wanted)).p);
    arena_free(a);
}
