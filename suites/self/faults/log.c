/* What the log says a fault has done: each change behind the frame it is of. */
#include "tests.h"

#define SUITE "log"

/* The second of three: in the old days a change of its header could be told of the first's. */
TEST(a_change_stands_behind_its_frame)
{
    play_log("on S basic.deliver +content nth 2 set body=\"hey\" size=3",
             "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
             "S 1 header class=basic size=3\n"
             "S 1 body \"one\"\n"
             "S 1 basic.deliver delivery-tag=2 exchange=\"\"\n"
             "S 1 header class=basic size=5\n"
             "S 1 body \"seven\"\n"
             "  - S 1 header class=basic size=5\n"
             "  + S 1 header class=basic size=3\n"
             "  - S 1 body \"seven\"\n"
             "  + S 1 body \"hey\"\n"
             "S 1 basic.deliver delivery-tag=3 exchange=\"\"\n"
             "S 1 header class=basic size=5\n"
             "S 1 body \"three\"\n");
}

TEST(what_changes_nothing_is_not_told)
{
    play_log("on S basic.ack set multiple=0", "S 1 basic.ack delivery-tag=1\n"
                                              "S 1 basic.ack delivery-tag=2 multiple=1\n"
                                              "  - S 1 basic.ack delivery-tag=2 multiple=1\n"
                                              "  + S 1 basic.ack delivery-tag=2\n");
}

TEST(made_up_and_gone)
{
    play_log("on S basic.ack insert S . basic.nack delivery-tag=.delivery-tag then drop",
             "S 1 basic.ack delivery-tag=1\n"
             "  + S 1 basic.nack delivery-tag=1\n"
             "  - S 1 basic.ack delivery-tag=1\n");
    play_log("on C basic.qos answer S . basic.qos-ok", "C 1 basic.qos prefetch-count=1\n"
                                                       "  - C 1 basic.qos prefetch-count=1\n"
                                                       "  + S 1 basic.qos-ok\n");
    play_log("on S basic.ack duplicate", "S 1 basic.ack delivery-tag=1\n"
                                         "  + S 1 basic.ack delivery-tag=1\n");
}

TEST(a_frame_that_cannot_be_made)
{
    play_log("on C basic.publish remember n=65536\n"
             "on C basic.qos insert C . basic.qos prefetch-count=$n",
             "C 1 basic.publish exchange=\"\"\n"
             "C 1 basic.qos prefetch-count=1\n"
             "  fault: no frame is made, a value does not fit its place\n");
}

TEST(octets)
{
    play_log("on S heartbeat truncate 3", "S 0 heartbeat\n"
                                          "  - S 0 heartbeat\n"
                                          "  + S - octets \"\\x08\\x00\\x00\"\n");
    play_log("on S heartbeat truncate 0", "S 0 heartbeat\n"
                                          "  - S 0 heartbeat\n");
    play_log("on S heartbeat corrupt end=1",
             "S 0 heartbeat\n"
             "  - S 0 heartbeat\n"
             "  + S 0 raw type=8 payload=\"\" end=0x01 # bad end octet\n");
}

TEST(time)
{
    play_log("on S basic.ack delay 100", "S 1 basic.ack delivery-tag=1\n"
                                         "  fault: 100 ms of nothing to the client\n");
    play_log("on S basic.ack nth 1 hold 100",
             "S 1 basic.ack delivery-tag=1\n"
             "  fault: held for 100 ms: S 1 basic.ack delivery-tag=1\n"
             "S 1 basic.ack delivery-tag=2\n"
             "at 100\n"
             "  fault: goes on: S 1 basic.ack delivery-tag=1\n");
    play_log("on S basic.get-ok +content hold until C basic.ack @1",
             "S 1 basic.get-ok delivery-tag=1 exchange=\"\" message-count=0\n"
             "S 1 header class=basic size=1\n"
             "S 1 body \"x\"\n"
             "  fault: held until C basic.ack @1: S 1 basic.get-ok delivery-tag=1 exchange=\"\", "
             "with 2 more behind it\n"
             "C 1 basic.ack delivery-tag=1\n"
             "  fault: goes on: S 1 basic.get-ok delivery-tag=1 exchange=\"\", with 2 more behind "
             "it\n");
    play_log("on S basic.ack nth 1 swap",
             "S 1 basic.ack delivery-tag=1\n"
             "  fault: waits to change places with the next: S 1 basic.ack delivery-tag=1\n"
             "S 1 basic.ack delivery-tag=2\n"
             "  fault: goes on: S 1 basic.ack delivery-tag=1\n");
    play_log("on S channel.open-ok throttle 10",
             "S 1 channel.open-ok\n"
             "  fault: at most 10 octets a second to the client\n");
}

TEST(writes)
{
    play_log("on S basic.ack split 3", "S 1 basic.ack delivery-tag=1\n"
                                       "  fault: in writes of 3 octets: S 1 basic.ack "
                                       "delivery-tag=1\n");
    play_log("on S basic.ack merge", "S 1 basic.ack delivery-tag=1\n"
                                     "  fault: waits to go in one write with the next: S 1 "
                                     "basic.ack delivery-tag=1\n"
                                     "S 0 heartbeat\n");
}

TEST(mute)
{
    play_log("on C basic.ack mute", "C 1 basic.ack delivery-tag=1\n"
                                    "  fault: nothing more passes to the server\n"
                                    "C 1 basic.ack delivery-tag=2\n"
                                    "  - C 1 basic.ack delivery-tag=2\n");
}

TEST(closes)
{
    play_log("on C basic.get close rst", "C 1 basic.get queue=\"q\"\n"
                                         "  - C 1 basic.get queue=\"q\"\n"
                                         "  fault: both sides are ended by RST\n");
    play_log("on C basic.get close 404",
             "C 1 basic.get queue=\"q\"\n"
             "  - C 1 basic.get queue=\"q\"\n"
             "  + S 0 connection.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=60 "
             "method-id=70\n"
             "  fault: nothing passes from here to Close-Ok, then both sides are ended\n"
             "S 1 basic.get-empty\n"
             "  - S 1 basic.get-empty\n"
             "C 0 connection.close-ok\n"
             "  - C 0 connection.close-ok\n"
             "  fault: both sides are ended by FIN\n");
    play_log("on C basic.get close channel 404",
             "C 1 basic.get queue=\"q\"\n"
             "  - C 1 basic.get queue=\"q\"\n"
             "  + S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=60 "
             "method-id=70\n"
             "  + C 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=60 "
             "method-id=70\n"
             "S 1 channel.close-ok\n"
             "  - S 1 channel.close-ok\n");
}
