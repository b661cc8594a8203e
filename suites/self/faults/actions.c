/* Every action. */
#include "tests.h"

#define SUITE "actions"

TEST(set_changes_an_argument)
{
    play("on S basic.deliver|basic.get-ok set redelivered=0",
         "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=7 redelivered=1 exchange=\"\"\n"
         "  S 1 basic.deliver consumer-tag=\"t\" delivery-tag=7 exchange=\"\"\n"
         "S 1 basic.get-ok delivery-tag=8 redelivered=1 exchange=\"\" message-count=2\n"
         "  S 1 basic.get-ok delivery-tag=8 exchange=\"\" message-count=2\n"
         "S 1 basic.ack delivery-tag=1\n"
         "  S 1 basic.ack delivery-tag=1\n");
}

TEST(set_counts_and_turns_bits)
{
    play("on S basic.deliver set delivery-tag+=2 redelivered=!\n"
         "on S basic.get-ok set delivery-tag-=1 exchange=.routing-key",
         "S 1 basic.deliver delivery-tag=7 exchange=\"\"\n"
         "  S 1 basic.deliver delivery-tag=9 redelivered=1 exchange=\"\"\n"
         "S 1 basic.get-ok delivery-tag=3 exchange=\"\" routing-key=\"k\"\n"
         "  S 1 basic.get-ok delivery-tag=2 exchange=\"k\" routing-key=\"k\"\n");
}

TEST(set_changes_a_header)
{
    play("on S header set priority+=1 expiration=absent size-=1 content-type=\"x\" headers.n=7",
         "S 1 header class=basic size=5 headers={a:t:1} priority=3 expiration=\"1\"\n"
         "  S 1 header class=basic size=4 content-type=\"x\" headers={a:t:1, n:I:7} priority=4\n"
         "S 1 header class=basic size=5\n"
         "  S 1 header class=basic size=4 content-type=\"x\" headers={n:I:7}\n");
    play("on S header set class=queue weight=2", "S 1 header class=basic size=5\n"
                                                 "  S 1 header class=queue size=5 weight=2\n");
}

TEST(set_changes_a_body_and_a_channel)
{
    play("on S body set body=\"bye\" channel=2", "S 1 body \"hello\"\n"
                                                 "  S 2 body \"bye\"\n");
}

TEST(set_changes_keys)
{
    play("on S connection.start set server-properties.product=\"x\" "
         "server-properties.capabilities.basic.nack=0 server-properties.version=absent",
         "S 0 connection.start server-properties={product:S:\"p\", version:S:\"1\", "
         "capabilities:F:{basic.nack:t:1, z:t:1}}\n"
         "  S 0 connection.start server-properties={product:S:\"x\", "
         "capabilities:F:{basic.nack:t:0, z:t:1}}\n");
    play("on C queue.declare set arguments.x-max-length-=5 arguments.x-big=5000000000",
         "C 1 queue.declare queue=\"q\" arguments={x-max-length:l:3}\n"
         "  C 1 queue.declare queue=\"q\" arguments={x-max-length:l:-2, x-big:l:5000000000}\n");
}

TEST(drop_leaves_the_content)
{
    play("on C basic.publish drop", "C 1 basic.publish exchange=\"\"\n"
                                    "C 1 header class=basic size=1\n"
                                    "  C 1 header class=basic size=1\n");
}

TEST(drop_with_content)
{
    play("on S basic.return +content drop", "S 1 basic.return reply-code=312 exchange=\"\"\n"
                                            "S 1 header class=basic size=2\n"
                                            "S 1 body \"a\"\n"
                                            "S 2 body \"other\"\n"
                                            "  S 2 body \"other\"\n"
                                            "S 1 body \"b\"\n"
                                            "S 1 basic.ack delivery-tag=1\n"
                                            "  S 1 basic.ack delivery-tag=1\n"
                                            "S 1 basic.return reply-code=312 exchange=\"\"\n"
                                            "S 1 header class=basic size=0\n"
                                            "S 1 heartbeat\n"
                                            "  S 1 heartbeat\n");
}

TEST(duplicate)
{
    play("on S basic.ack duplicate",
         "S 1 basic.ack delivery-tag=1\n"
         "  S 1 basic.ack delivery-tag=1 + S 1 basic.ack delivery-tag=1\n");
    play("on S basic.deliver +content duplicate 2",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=1\n"
         "S 1 body \"x\"\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=1 + "
         "S 1 body \"x\" + S 1 basic.deliver delivery-tag=1 exchange=\"\" + "
         "S 1 header class=basic size=1 + S 1 body \"x\" + "
         "S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=1 + "
         "S 1 body \"x\"\n");
}

TEST(delay_is_for_all_that_follows)
{
    play("on S basic.ack nth 1 delay 100", "S 1 basic.ack delivery-tag=1\n"
                                           "  S waits 100\n"
                                           "  S 1 basic.ack delivery-tag=1\n"
                                           "S 1 basic.ack delivery-tag=2\n"
                                           "  S 1 basic.ack delivery-tag=2\n");
}

TEST(hold_is_for_one)
{
    play("on S basic.ack nth 1 hold 100", "S 1 basic.ack delivery-tag=1\n"
                                          "S 1 basic.ack delivery-tag=2\n"
                                          "  S 1 basic.ack delivery-tag=2\n"
                                          "at 99\n"
                                          "at 100\n"
                                          "  S 1 basic.ack delivery-tag=1\n");
}

TEST(hold_until_a_frame_of_either_side)
{
    play("on S basic.ack nth 1 hold until C basic.publish @2", "S 1 basic.ack delivery-tag=1\n"
                                                               "C 1 basic.publish exchange=\"\"\n"
                                                               "  C 1 basic.publish exchange=\"\"\n"
                                                               "C 2 basic.publish exchange=\"\"\n"
                                                               "  C 2 basic.publish exchange=\"\"\n"
                                                               "  S 1 basic.ack delivery-tag=1\n");
    play("on S basic.ack first 1 hold until S basic.ack then duplicate",
         "S 1 basic.ack delivery-tag=1\n"
         "S 1 basic.ack delivery-tag=2\n"
         "  S 1 basic.ack delivery-tag=2 + S 1 basic.ack delivery-tag=1 + "
         "S 1 basic.ack delivery-tag=1\n");
}

TEST(what_is_held_comes_out_at_the_end)
{
    play("on S basic.ack hold 100\non S basic.nack hold until C channel.close",
         "S 1 basic.ack delivery-tag=1\n"
         "S 1 basic.nack delivery-tag=2\n"
         "C ends\n"
         "  S 1 basic.nack delivery-tag=2\n"
         "S ends\n"
         "  S 1 basic.ack delivery-tag=1\n");
    play("on S basic.ack hold 100", "S 1 basic.ack delivery-tag=1\n"
                                    "C resets\n"
                                    "  S 1 basic.ack delivery-tag=1\n");
}

TEST(swap)
{
    play("on S basic.ack if delivery-tag<4 swap",
         "S 1 basic.ack delivery-tag=1\n"
         "S 1 basic.ack delivery-tag=9\n"
         "  S 1 basic.ack delivery-tag=9\n"
         "S 1 basic.ack delivery-tag=2\n"
         "  S 1 basic.ack delivery-tag=2 + S 1 basic.ack delivery-tag=1\n"
         "S 1 basic.ack delivery-tag=3\n"
         "S ends\n"
         "  S 1 basic.ack delivery-tag=3\n");
}

TEST(swap_of_contents_begun_by_one)
{
    play("on S basic.deliver +content nth 1 swap",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=0\n"
         "S 1 basic.deliver delivery-tag=2 exchange=\"\"\n"
         "S 1 header class=basic size=0\n"
         "  S 1 basic.deliver delivery-tag=2 exchange=\"\" + S 1 header class=basic size=0 + "
         "S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=0\n");
}

TEST(insert)
{
    play("on S basic.ack insert S . basic.nack delivery-tag=.delivery-tag",
         "S 3 basic.ack delivery-tag=7\n"
         "  S 3 basic.nack delivery-tag=7 + S 3 basic.ack delivery-tag=7\n");
    play("on S queue.declare-ok insert after S . basic.cancel consumer-tag=.queue",
         "S 1 queue.declare-ok queue=\"q\"\n"
         "  S 1 queue.declare-ok queue=\"q\" + S 1 basic.cancel consumer-tag=\"q\"\n");
    play("on S queue.declare-ok insert C . queue.delete queue=.queue",
         "S 1 queue.declare-ok queue=\"q\"\n"
         "  C 1 queue.delete queue=\"q\"\n"
         "  S 1 queue.declare-ok queue=\"q\"\n");
    play("on S heartbeat insert S 0 heartbeat & S 1 raw type=9 payload=\"x\" end=1",
         "S 0 heartbeat\n"
         "  S 0 heartbeat + S octets \"\\x09\\x00\\x01\\x00\\x00\\x00\\x01x\\x01\\x08\\x00\\x00"
         "\\x00\\x00\\x00\\x00\\xce\"\n");
}

/* From left to right: what was inserted before the drop goes, what was matched does not. */
TEST(insert_then_drop)
{
    play("on S basic.ack insert S . basic.nack delivery-tag=.delivery-tag then drop",
         "S 1 basic.ack delivery-tag=1\n"
         "  S 1 basic.nack delivery-tag=1\n");
    play("on S basic.ack insert after S . basic.nack delivery-tag=.delivery-tag then drop",
         "S 1 basic.ack delivery-tag=1\n"
         "  S 1 basic.nack delivery-tag=1\n");
    play("on S basic.ack duplicate then drop", "S 1 basic.ack delivery-tag=1\n");
    play("on C tx.commit insert C . tx.rollback then answer S . tx.commit-ok",
         "C 1 tx.commit\n"
         "  S 1 tx.commit-ok\n"
         "  C 1 tx.rollback\n");
    play("on S basic.deliver +content insert S . basic.ack delivery-tag=1 then insert after S . "
         "basic.ack delivery-tag=2 then drop",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=1\n"
         "S 1 body \"x\"\n"
         "  S 1 basic.ack delivery-tag=1 + S 1 basic.ack delivery-tag=2\n"
         "S 1 basic.ack delivery-tag=3\n"
         "  S 1 basic.ack delivery-tag=3\n");
}

TEST(inserts_stand_as_they_are_written)
{
    play("on S basic.ack insert S . basic.nack delivery-tag=1 then insert S . basic.nack "
         "delivery-tag=2 then insert after S . basic.nack delivery-tag=4 then insert after S . "
         "basic.nack delivery-tag=5",
         "S 1 basic.ack delivery-tag=3\n"
         "  S 1 basic.nack delivery-tag=1 + S 1 basic.nack delivery-tag=2 + "
         "S 1 basic.ack delivery-tag=3 + S 1 basic.nack delivery-tag=4 + "
         "S 1 basic.nack delivery-tag=5\n");
    play("on S basic.deliver +content insert S . basic.nack delivery-tag=1 then insert S . "
         "basic.nack delivery-tag=2",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=0\n"
         "  S 1 basic.nack delivery-tag=1 + S 1 basic.nack delivery-tag=2 + "
         "S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=0\n");
    play("on S basic.ack drop then insert S . basic.nack delivery-tag=1 then insert S . "
         "basic.nack delivery-tag=2",
         "S 1 basic.ack delivery-tag=3\n"
         "  S 1 basic.nack delivery-tag=1 + S 1 basic.nack delivery-tag=2\n");
}

TEST(insert_then_close)
{
    play("on S basic.deliver +content insert S . basic.ack delivery-tag=1 then close channel 404 "
         "\"x\"",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=0\n"
         "  S 1 basic.ack delivery-tag=1 + "
         "S 1 channel.close reply-code=404 reply-text=\"x\" class-id=60 method-id=60\n"
         "  C 1 channel.close reply-code=404 reply-text=\"x\" class-id=60 method-id=60\n");
    play("on C basic.get insert C . basic.ack delivery-tag=1 then close channel 404 \"x\"",
         "C 1 basic.get queue=\"q\"\n"
         "  C 1 basic.ack delivery-tag=1\n"
         "  S 1 channel.close reply-code=404 reply-text=\"x\" class-id=60 method-id=70\n"
         "  C 1 channel.close reply-code=404 reply-text=\"x\" class-id=60 method-id=70\n");
    play("on S basic.deliver insert S . basic.ack delivery-tag=1 then close 541 \"x\"",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.ack delivery-tag=1 + "
         "S 0 connection.close reply-code=541 reply-text=\"x\" class-id=60 method-id=60\n");
    play("on S basic.ack insert S . basic.nack delivery-tag=1 then close fin",
         "S 1 basic.ack delivery-tag=1\n"
         "  S 1 basic.nack delivery-tag=1\n"
         "  fin\n");
}

/* What goes on later is still about the frame that matched. */
TEST(insert_then_hold)
{
    play("on S basic.ack insert S . basic.nack delivery-tag=7 then hold 5 then insert after S . "
         "basic.nack delivery-tag=.delivery-tag then drop",
         "S 1 basic.ack delivery-tag=1\n"
         "at 5\n"
         "  S 1 basic.nack delivery-tag=7 + S 1 basic.nack delivery-tag=1\n");
}

TEST(answer)
{
    play("on C queue.delete answer S . queue.delete-ok message-count=0",
         "C 4 queue.delete queue=\"q\"\n"
         "  S 4 queue.delete-ok\n");
    play("on C basic.get remember q=queue\n"
         "on C basic.get answer S . basic.get-ok delivery-tag=1 exchange=\"\" routing-key=$q & "
         "S . header class=basic size=1 & S . body \"&\"",
         "C 4 basic.get queue=\"jobs\"\n"
         "  S 4 basic.get-ok delivery-tag=1 exchange=\"\" routing-key=\"jobs\" + "
         "S 4 header class=basic size=1 + S 4 body \"&\"\n");
}

TEST(an_answer_to_a_content)
{
    play("on C basic.publish +content if mandatory=1 answer S . basic.return reply-code=312 "
         "exchange=.exchange routing-key=.routing-key & S . header class=basic size=.size "
         "content-type=.content-type & S . body .body",
         "C 1 basic.publish exchange=\"e\" routing-key=\"k\" mandatory=1\n"
         "C 1 header class=basic size=2 content-type=\"t\"\n"
         "C 1 body \"\\x22x\"\n"
         "  S 1 basic.return reply-code=312 exchange=\"e\" routing-key=\"k\" + "
         "S 1 header class=basic size=2 content-type=\"t\" + S 1 body \"\\x22x\"\n");
}

TEST(close_of_the_stream)
{
    play("on C basic.publish close fin", "C 1 basic.publish exchange=\"\"\n"
                                         "  fin\n"
                                         "S 0 heartbeat\n");
    play("on C basic.publish insert S . basic.ack delivery-tag=1 then close rst",
         "C 1 basic.publish exchange=\"\"\n"
         "  S 1 basic.ack delivery-tag=1\n"
         "  rst\n"
         "C 0 heartbeat\n");
}

TEST(close_of_the_connection)
{
    play("on C basic.qos close 540",
         "C 1 basic.qos prefetch-count=1\n"
         "  S 0 connection.close reply-code=540 reply-text=\"NOT_IMPLEMENTED\" class-id=60 "
         "method-id=10\n"
         "S 1 basic.qos-ok\n"
         "C 1 basic.ack delivery-tag=1\n"
         "C 0 connection.close reply-code=200\n"
         "  S 0 connection.close-ok\n"
         "C 0 connection.close-ok\n"
         "  fin\n"
         "S 0 heartbeat\n");
}

TEST(close_of_the_channel)
{
    play("on C queue.declare close channel 406 \"no\"",
         "C 1 queue.declare queue=\"q\"\n"
         "  S 1 channel.close reply-code=406 reply-text=\"no\" class-id=50 method-id=10\n"
         "  C 1 channel.close reply-code=406 reply-text=\"no\" class-id=50 method-id=10\n"
         "S 1 basic.ack delivery-tag=1\n"
         "S 2 basic.ack delivery-tag=1\n"
         "  S 2 basic.ack delivery-tag=1\n"
         "C 1 basic.ack delivery-tag=1\n"
         "C 1 channel.close-ok\n"
         "C 1 channel.open\n"
         "  C 1 channel.open\n"
         "S 1 channel.close reply-code=404\n"
         "  C 1 channel.close-ok\n"
         "S 1 channel.close-ok\n"
         "S 1 channel.open-ok\n"
         "  S 1 channel.open-ok\n");
}

TEST(a_close_names_the_method_of_a_content)
{
    play("on S body close channel 501",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=1\n"
         "  S 1 header class=basic size=1\n"
         "S 1 body \"x\"\n"
         "  S 1 channel.close reply-code=501 reply-text=\"FRAME_ERROR\" class-id=60 "
         "method-id=60\n"
         "  C 1 channel.close reply-code=501 reply-text=\"FRAME_ERROR\" class-id=60 "
         "method-id=60\n");
}

TEST(split)
{
    play("on S heartbeat split 3", "S 0 heartbeat\n"
                                   "  S octets \"\\x08\\x00\\x00\"\n"
                                   "  S octets \"\\x00\\x00\\x00\"\n"
                                   "  S octets \"\\x00\\xce\"\n");
}

TEST(merge)
{
    play("on S basic.ack merge", "S 1 basic.ack delivery-tag=1\n"
                                 "S 0 heartbeat\n"
                                 "  S 1 basic.ack delivery-tag=1 + S 0 heartbeat\n"
                                 "S 1 basic.ack delivery-tag=2\n"
                                 "S 1 basic.ack delivery-tag=3\n"
                                 "  S 1 basic.ack delivery-tag=2 + S 1 basic.ack delivery-tag=3\n"
                                 "S 1 basic.ack delivery-tag=4\n"
                                 "S ends\n"
                                 "  S 1 basic.ack delivery-tag=4\n");
}

TEST(throttle)
{
    play("on S channel.open-ok throttle 10", "S 1 channel.open-ok\n"
                                             "  S throttled 10\n"
                                             "  S 1 channel.open-ok\n");
}

TEST(octets)
{
    play("on S heartbeat truncate 3\non S heartbeat drop", "S 0 heartbeat\n"
                                                           "  S octets \"\\x08\\x00\\x00\"\n");
    play("on S heartbeat corrupt type=9 channel=0x102 size=0x3040506 end=7 -2=1",
         "S 0 heartbeat\n"
         "  S octets \"\\x09\\x01\\x02\\x03\\x04\\x05\\x01\\x07\"\n");
    play("on S heartbeat corrupt 1=5 8=1 -9=1", "S 0 heartbeat\n"
                                                "  S 1280 heartbeat\n");
    play("on S heartbeat raw 00 ffFE then duplicate",
         "S 0 heartbeat\n"
         "  S octets \"\\x00\\xff\\xfe\\x00\\xff\\xfe\"\n");
}

/* What has become another frame is that one for the rules below. */
TEST(rules_below_see_what_became_of_it)
{
    play("on S basic.ack raw 08000000000000ce\non S heartbeat duplicate",
         "S 1 basic.ack delivery-tag=1\n"
         "  S 0 heartbeat + S 0 heartbeat\n");
    play("on S basic.ack set delivery-tag=2\non S basic.ack if delivery-tag=2 drop",
         "S 1 basic.ack delivery-tag=1\n");
    play("on S basic.ack insert S . basic.ack delivery-tag=2 then duplicate\n"
         "on S basic.ack if delivery-tag=2 drop",
         "S 1 basic.ack delivery-tag=1\n"
         "  S 1 basic.ack delivery-tag=2 + S 1 basic.ack delivery-tag=1 + "
         "S 1 basic.ack delivery-tag=2 + S 1 basic.ack delivery-tag=1\n");
}

TEST(mute)
{
    play("on S basic.ack mute", "S 1 basic.ack delivery-tag=1\n"
                                "  S 1 basic.ack delivery-tag=1\n"
                                "S 1 basic.ack delivery-tag=2\n"
                                "C 0 heartbeat\n"
                                "  C 0 heartbeat\n");
    play("on S basic.ack drop then mute", "S 1 basic.ack delivery-tag=1\n"
                                          "S 0 heartbeat\n");
}

TEST(remember)
{
    play("on C basic.consume remember tag=consumer-tag n=7\n"
         "on S basic.deliver if consumer-tag=$tag set delivery-tag=$n",
         "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.deliver consumer-tag=\"t\" delivery-tag=1 exchange=\"\"\n"
         "C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"
         "  C 1 basic.consume queue=\"q\" consumer-tag=\"t\"\n"
         "S 1 basic.deliver consumer-tag=\"t\" delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.deliver consumer-tag=\"t\" delivery-tag=7 exchange=\"\"\n"
         "S 1 basic.deliver consumer-tag=\"u\" delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.deliver consumer-tag=\"u\" delivery-tag=1 exchange=\"\"\n");
}

TEST(remember_tables_and_bodies)
{
    play("on C basic.publish +content remember h=headers b=body\n"
         "on S header if $h!=absent set headers=$h\n"
         "on S body set body=$b",
         "C 1 basic.publish exchange=\"\"\n"
         "C 1 header class=basic size=1 headers={a:A:[t:1], d:d:1.5}\n"
         "C 1 body \"x\"\n"
         "  C 1 basic.publish exchange=\"\" + C 1 header class=basic size=1 "
         "headers={a:A:[t:1], d:d:1.5} + C 1 body \"x\"\n"
         "S 1 header class=basic size=1\n"
         "  S 1 header class=basic size=1 headers={a:A:[t:1], d:d:1.5}\n"
         "S 1 body \"yy\"\n"
         "  S 1 body \"x\"\n");
}

TEST(remember_per_channel)
{
    play("on C queue.declare remember q=queue per channel\n"
         "on S queue.declare-ok set queue=$q",
         "C 1 queue.declare queue=\"a\"\n"
         "  C 1 queue.declare queue=\"a\"\n"
         "C 2 queue.declare queue=\"b\"\n"
         "  C 2 queue.declare queue=\"b\"\n"
         "S 1 queue.declare-ok queue=\"x\"\n"
         "  S 1 queue.declare-ok queue=\"a\"\n"
         "S 2 queue.declare-ok queue=\"x\"\n"
         "  S 2 queue.declare-ok queue=\"b\"\n"
         "C 2 channel.open\n"
         "  C 2 channel.open\n"
         "S 2 queue.declare-ok queue=\"x\"\n"
         "  S 2 queue.declare-ok queue=\"x\"\n");
}
