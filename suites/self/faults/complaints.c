/* What is wrong with a file, and where. */
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define SUITE "complaints"

TEST(a_good_file)
{
    struct fault_file f;
    struct fault_facts facts;
    struct buf complaints;

    buf_init(&complaints, 4096);
    CU_ASSERT(load_text(&f,
                        "# two faults\n"
                        "fault one # the first\n"
                        "  what  the tag#1's 0\n"
                        "  rule  a.b  c.d\n"
                        "  rule  e.f\n"
                        "  real  bug-1\n"
                        "  reds  ack confirm\n"
                        "  try   ack/* wire/*\n"
                        "  ends\n"
                        "  on    S basic.ack  set delivery-tag=0   # so\n"
                        "\n"
                        "fault two_2\n"
                        "\ton C body if body=\" # no comment\" drop\r\n",
                        &complaints));
    CU_ASSERT_FATAL(f.n == 2);
    fault_describe(fault_find(&f, "one"), &facts);
    CU_ASSERT_STRING_EQUAL(facts.name, "one");
    CU_ASSERT_STRING_EQUAL(facts.what, "the tag#1's 0");
    CU_ASSERT_STRING_EQUAL(facts.rules, "a.b c.d e.f");
    CU_ASSERT_STRING_EQUAL(facts.real, "bug-1");
    CU_ASSERT_STRING_EQUAL(facts.reds, "ack confirm");
    CU_ASSERT_STRING_EQUAL(facts.tries, "ack/* wire/*");
    CU_ASSERT(facts.ends && facts.line == 2);
    fault_describe(fault_find(&f, "two_2"), &facts);
    CU_ASSERT_STRING_EQUAL(facts.rules, "");
    CU_ASSERT(!facts.ends && facts.line == 12);
    CU_ASSERT(fault_find(&f, "three") == NULL);
    fault_file_clear(&f);
    buf_clear(&complaints);
}

TEST(a_file_that_is_not_there)
{
    struct fault_file f;
    char *said = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&said, &n);

    CU_ASSERT_FATAL(out != NULL);
    CU_ASSERT(!fault_file_load(&f, "/nowhere/x", out));
    fclose(out);
    CU_ASSERT_STRING_EQUAL(said, "/nowhere/x:1: cannot be read: No such file or directory\n");
    fault_file_clear(&f);
    free(said);
}

TEST(blocks)
{
    want_complaints("", "F:1: no fault in this file; one begins with a line 'fault NAME'\n");
    want_complaints("# nothing\n\n",
                    "F:2: no fault in this file; one begins with a line 'fault NAME'\n");
    want_complaints("what x\nfault f\non S body drop\n", "F:1: 'what' before the first 'fault'\n");
    want_complaints("fault f\n", "F:1: the fault 'f' has no 'on' line\n");
    want_complaints("fault F\non S body drop\n",
                    "F:1: a fault's name is of small letters, digits, - and _, not 'F'\n");
    want_complaints("fault\non S body drop\n",
                    "F:1: a fault's name is of small letters, digits, - and _, not ''\n");
    want_complaints("fault f\non S body drop\nfault g\non S body drop\nfault f\non S body drop\n",
                    "F:5: a second fault 'f', the first is in line 1\n");
    want_complaints("fault f\nwhat a\nwhat b\nrule\nends now\nwhen\non S body drop\n",
                    "F:3: a second 'what' of the fault 'f'\n"
                    "F:4: 'rule' says nothing\n"
                    "F:5: 'ends' stands alone\n"
                    "F:6: no line 'when'; there are: fault what rule real reds try ends on\n");
}

/* One `on` line, and the complaint about it. */
static void want_bad(const char *on, const char *wanted)
{
    struct arena *a = arena_new();

    want_complaints(arena_printf(a, "fault f\non %s\n", on).p,
                    arena_printf(a, "F:2: %s\n", wanted).p);
    arena_free(a);
}

TEST(frames)
{
    want_bad("X body drop", "column 4: S (the server's frames) or C (the client's) expected");
    want_bad("S", "column 5: frames expected: a method, method, header, body, frame …");
    want_bad("S basic.delivr drop", "column 6: no method 'basic.delivr'; is it basic.deliver?");
    want_bad("S basic.publish drop", "column 6: 'basic.publish' is sent by C only");
    want_bad("C *.declare-ok drop", "column 6: '*.declare-ok' is sent by S only");
    want_bad("C body|| drop",
             "column 11: frames expected: a method, method, header, body, frame …");
    want_bad("S basic.ack +content drop",
             "column 16: none of these has content; basic.publish, basic.deliver, basic.get-ok "
             "and basic.return have");
    want_bad("S basic.ack@65536 drop", "column 16: number greater than 65535");
    want_bad("S basic.ack!drop", "column 15: a blank expected behind the frames");
}

TEST(conditions)
{
    want_bad("S basic.ack if queue=\"q\" drop",
             "column 19: no field 'queue' in basic.ack; it has: delivery-tag multiple; all have: "
             "channel size type last");
    want_bad("S header if prority=1 drop",
             "column 16: no field 'prority' in a header; it has: size class weight content-type "
             "content-encoding headers delivery-mode priority correlation-id reply-to expiration "
             "message-id timestamp type user-id app-id reserved");
    want_bad("S basic.* if prority=1 drop",
             "column 17: no field 'prority' in these frames; all have: channel size type last");
    want_bad("S basic.ack if delivery-tag drop", "column 31: one of = != < > <= >= expected");
    want_bad("S basic.ack if delivery-tag=\"1\" drop", "column 32: 'delivery-tag' is a number");
    want_bad("S basic.ack if multiple=2 drop", "column 28: 'multiple' is a number from 0 to 1");
    want_bad("S basic.ack if multiple=x drop",
             "column 28: strings need quotes: \"x\"; other values are 7, {table}, absent, $NAME, "
             ".FIELD");
    want_bad("S basic.ack if multiple=\"\" drop", "column 28: 'multiple' is a bit: 0 or 1");
    want_bad("C queue.delete if queue=7 drop", "column 28: 'queue' is a string: \"in quotes\"");
    want_bad("C queue.declare if arguments=7 drop",
             "column 33: 'arguments' is a table: {key:TYPE:VALUE}");
    want_bad("C queue.declare if queue.x=7 drop", "column 23: 'queue' is no table, it has no keys");
    want_bad("C queue.declare if queue>\"x\" drop", "column 29: only numbers are less or greater");
    want_bad("C queue.declare if queue=\"x\"drop", "column 32: a blank expected behind the value");
    want_bad("C queue.declare if queue=\"x drop", "column 29: a string that does not end");
    want_bad("C queue.declare if last=queue.declar drop",
             "column 28: no method 'queue.declar'; is it queue.declare?");
    want_bad("C queue.declare if queue=$q drop", "column 29: $q is remembered by no line of 'f'");
}

TEST(whens)
{
    want_bad("S basic.ack nth drop", "column 20: a number expected");
    want_bad("S basic.ack nth 0 drop", "column 20: counting begins at 1");
    want_bad("S basic.ack nth 1st drop", "column 21: a blank expected behind the number");
    want_bad("S basic.ack chance 2 drop", "column 23: a probability from 0 to 1 expected");
    want_bad("S basic.ack chance nan drop", "column 23: a probability from 0 to 1 expected");
    want_bad("S basic.ack nth 1 per queue drop",
             "column 26: per channel, per connection or per proxy");
    want_bad("S basic.ack nth 1 every 2 drop",
             "column 22: only one of nth every from first chance");
    want_bad("S basic.ack nth 1 if multiple=1 drop", "column 22: the 'if' belongs before it");
}

TEST(actions)
{
    want_bad(
        "S basic.ack",
        "column 15: an action expected: set drop duplicate delay hold swap insert answer close "
        "split merge throttle truncate corrupt raw mute remember");
    want_bad("S basic.ack dorp",
             "column 16: no action 'dorp'; there are: set drop duplicate delay hold swap insert "
             "answer close split merge throttle truncate corrupt raw mute remember");
    want_bad("S basic.ack drop drop",
             "column 21: 'then' and another action expected, or the line's end");
    want_bad(
        "S basic.ack drop then",
        "column 25: an action expected: set drop duplicate delay hold swap insert answer close "
        "split merge throttle truncate corrupt raw mute remember");
    want_bad("S basic.ack delay", "column 21: a number expected: milliseconds");
    want_bad("S basic.ack delay 10ms", "column 24: a number without a unit expected: milliseconds");
    want_bad("S basic.ack hold", "column 20: a number expected: milliseconds; or until WHO FRAMES");
    want_bad("S basic.ack hold until basic.ack",
             "column 27: S (the server's frames) or C (the client's) expected");
    want_bad("S basic.ack duplicate 10001", "column 31: at most 10000 more");
    want_bad("S basic.ack split 0", "column 22: a number expected, not 0: octets");
    want_bad("S basic.ack close",
             "column 21: fin, rst, a reply code, or channel and a reply code expected");
    want_bad("S basic.ack close channel", "column 29: a number expected: a reply code");
    want_bad("S basic.ack close 65536", "column 22: a reply code is at most 65535");
    want_bad("S basic.ack close 404 no",
             "column 26: 'then' and another action expected, or the line's end");
    want_bad("S basic.ack corrupt 0=256", "column 26: number greater than 255");
    want_bad("S basic.ack corrupt crc=1",
             "column 24: the number of an octet, or type, channel, size or end expected");
    want_bad("S basic.ack raw 0", "column 20: octets expected, two hexadecimal digits each");
    want_bad("S basic.ack raw", "column 19: octets expected, two hexadecimal digits each");
}

TEST(sets)
{
    want_bad("S basic.ack set", "column 19: FIELD=VALUE expected");
    want_bad("S basic.ack set multiple", "column 28: '=' expected");
    want_bad("S basic.ack set tag=1",
             "column 20: no field 'tag' in basic.ack; it has: delivery-tag multiple");
    want_bad("S tx.select-ok set tag=1",
             "column 23: no field 'tag' in tx.select-ok; it has: nothing");
    want_bad("S basic.ack set multiple=2", "column 29: 'multiple' is a number from 0 to 1");
    want_bad("S basic.ack set delivery-tag=absent",
             "column 33: 'delivery-tag' is always there; only properties and keys can be absent");
    want_bad("S basic.ack set delivery-tag=!", "column 34: only a bit can be turned round");
    want_bad("S basic.deliver set exchange+=1",
             "column 34: only a number can be counted up or down");
    want_bad("S basic.ack set delivery-tag+=\"1\"", "column 34: a number expected");
    want_bad("S basic.ack set last=basic.ack",
             "column 20: no field 'last' in basic.ack; it has: delivery-tag multiple");
    want_bad("S header set class=x", "column 23: no class 'x'");
}

TEST(remembering)
{
    want_bad("S basic.ack remember", "column 24: NAME=FIELD or NAME=VALUE expected");
    want_bad("S basic.ack remember tag", "column 28: '=' expected");
    want_bad("S basic.ack remember tag=queue",
             "column 29: no field 'queue' in basic.ack; it has: delivery-tag multiple; all have: "
             "channel size type last");
    want_bad("S basic.ack remember tag=delivery-tag per x",
             "column 46: per channel, per connection or per proxy");
    want_bad("S basic.ack remember a=1 per channel then remember a=2",
             "column 55: 'a' is remembered with another 'per' above");
}

TEST(frames_made_up)
{
    want_bad("S basic.ack insert", "column 22: a frame expected, as S 1 basic.ack delivery-tag=1");
    want_bad("S basic.ack insert S . basic.akc",
             "column 27: no method 'basic.akc'; is it basic.ack?");
    want_bad("S basic.ack insert after S . basic.ack tag=1",
             "column 43: no field 'tag' in basic.ack; there are: delivery-tag multiple");
    want_bad("S basic.ack insert S - close fin",
             "column 23: that is no frame; there is the action 'close fin' or 'close rst'");
    want_bad("S basic.ack answer S . basic.ack",
             "column 23: only what C sends can be answered; there is 'insert'");
    want_bad("C basic.ack answer C . basic.ack",
             "column 23: an answer comes from S; there is 'insert'");
    want_bad(
        "C basic.ack answer S . basic.ack & S . basic.x",
        "column 43: no method 'basic.x'; there are: qos qos-ok consume consume-ok cancel cancel-ok "
        "publish return deliver get get-ok get-empty ack reject recover-async recover recover-ok "
        "nack");
    want_bad("C basic.ack answer S . basic.ack delivery-tag=$t",
             "column 50: $t is remembered by no line of 'f'");
}

/* All mistakes of a file, not the first. */
TEST(all_of_them)
{
    want_complaints("fault f\n"
                    "on S basic.ack dropp\n"
                    "on S basic.ack delay x\n"
                    "wat\n"
                    "fault g\n"
                    "on S basic.ack if multiple=$m drop\n",
                    "F:2: column 16: no action 'dropp'; there are: set drop duplicate delay hold "
                    "swap insert answer close split merge throttle truncate corrupt raw mute "
                    "remember\n"
                    "F:3: column 22: a number expected: milliseconds\n"
                    "F:4: no line 'wat'; there are: fault what rule real reds try ends on\n"
                    "F:6: column 28: $m is remembered by no line of 'g'\n");
}
