/* FRAMES, conditions, WHEN: which frames a rule is about. */
#include "tests.h"

#define SUITE "conditions"

/* Drops what the rule is about, so that the rest is seen. */

TEST(kinds_of_frames)
{
    play("on C method|header drop", "C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
                                    "  C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
                                    "C 1 basic.publish exchange=\"\"\n"
                                    "C 1 header class=basic size=1\n"
                                    "C 1 body \"x\"\n"
                                    "  C 1 body \"x\"\n"
                                    "C 0 heartbeat\n"
                                    "  C 0 heartbeat\n");
    play("on C protocol-header|body|heartbeat drop",
         "C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"
         "C 1 body \"x\"\n"
         "C 0 heartbeat\n"
         "C 1 basic.ack\n"
         "  C 1 basic.ack\n");
    play("on C frame drop", "C 1 body \"x\"\nC 1 basic.ack\nC 0 heartbeat\n");
}

TEST(patterns_of_methods)
{
    play("on S *.declare-ok|tx.* drop", "S 1 queue.declare-ok queue=\"q\"\n"
                                        "S 1 exchange.declare-ok\n"
                                        "S 1 tx.select-ok\n"
                                        "S 1 queue.bind-ok\n"
                                        "  S 1 queue.bind-ok\n");
}

TEST(one_channel)
{
    play("on S basic.ack@2 drop\non S basic.nack @3 drop", "S 1 basic.ack\n"
                                                           "  S 1 basic.ack\n"
                                                           "S 2 basic.ack\n"
                                                           "S 3 basic.nack\n"
                                                           "S 2 basic.nack\n"
                                                           "  S 2 basic.nack\n");
}

TEST(numbers)
{
    play("on S basic.ack if delivery-tag=2 drop\n"
         "on S basic.ack if delivery-tag>=9 drop\n"
         "on S basic.ack if delivery-tag>4 delivery-tag<6 drop\n"
         "on S basic.nack if delivery-tag!=3 drop\n"
         "on S basic.nack if delivery-tag<=3 multiple=0 drop",
         "S 1 basic.ack delivery-tag=2\n"
         "S 1 basic.ack delivery-tag=9\n"
         "S 1 basic.ack delivery-tag=5\n"
         "S 1 basic.ack delivery-tag=4\n"
         "  S 1 basic.ack delivery-tag=4\n"
         "S 1 basic.nack delivery-tag=2\n"
         "S 1 basic.nack delivery-tag=3\n"
         "S 1 basic.nack delivery-tag=3 multiple=1\n"
         "  S 1 basic.nack delivery-tag=3 multiple=1\n");
}

TEST(strings_with_stars)
{
    play("on C queue.declare if queue=\"amq.*\" drop\n"
         "on C queue.declare if queue!=\"*x*y\" drop",
         "C 1 queue.declare queue=\"amq.q\"\n"
         "C 1 queue.declare queue=\"xx\"\n"
         "C 1 queue.declare queue=\"axxyzy\"\n"
         "  C 1 queue.declare queue=\"axxyzy\"\n");
}

TEST(keys_and_tables)
{
    play("on C queue.declare if arguments.x-max-length=3 drop\n"
         "on C queue.declare if arguments.a.b.c=\"x\" drop\n"
         "on C queue.declare if arguments={n:I:-1} drop\n"
         "on C queue.declare if arguments.n<-4 drop\n"
         "on C exchange.declare if arguments.x=absent drop",
         "C 1 queue.declare arguments={x-max-length:l:3}\n"
         "C 1 queue.declare arguments={x-max-length:S:\"3\"}\n"
         "  C 1 queue.declare arguments={x-max-length:S:\"3\"}\n"
         "C 1 queue.declare arguments={a:F:{b.c:S:\"x\"}}\n"
         "C 1 queue.declare arguments={a.b:F:{c:S:\"x\"}}\n"
         "C 1 queue.declare arguments={n:I:-1}\n"
         "C 1 queue.declare arguments={n:I:-5}\n"
         "C 1 queue.declare arguments={n:I:5}\n"
         "  C 1 queue.declare arguments={n:I:5}\n"
         "C 1 exchange.declare exchange=\"\" type=\"t\"\n"
         "C 1 exchange.declare exchange=\"\" type=\"t\" arguments={x:V}\n"
         "  C 1 exchange.declare exchange=\"\" type=\"t\" arguments={x:V}\n");
}

TEST(properties)
{
    play("on S header if expiration=absent delivery-mode=2 drop\n"
         "on S header if size>4 headers.x-death!=absent drop",
         "S 1 header class=basic size=1 delivery-mode=2\n"
         "S 1 header class=basic size=1 delivery-mode=2 expiration=\"\"\n"
         "  S 1 header class=basic size=1 delivery-mode=2 expiration=\"\"\n"
         "S 1 header class=basic size=5 headers={x-death:A:[]}\n");
}

TEST(what_every_frame_has)
{
    play("on S frame if channel=7 drop\n"
         "on S frame if type=8 drop\n"
         "on S body if size=3 drop\n"
         "on S body if body=\"*o\" drop",
         "S 7 basic.ack\n"
         "S 0 heartbeat\n"
         "S 1 body \"abc\"\n"
         "S 1 body \"foo \"\n"
         "  S 1 body \"foo \"\n"
         "S 1 body \"hello\"\n");
}

TEST(the_method_of_a_content)
{
    play("on S header|body if method=basic.get-* drop", "S 1 basic.deliver exchange=\"\"\n"
                                                        "  S 1 basic.deliver exchange=\"\"\n"
                                                        "S 1 header class=basic size=1\n"
                                                        "  S 1 header class=basic size=1\n"
                                                        "S 2 basic.get-ok exchange=\"\"\n"
                                                        "  S 2 basic.get-ok exchange=\"\"\n"
                                                        "S 1 body \"x\"\n"
                                                        "  S 1 body \"x\"\n"
                                                        "S 2 header class=basic size=1\n"
                                                        "S 2 body \"x\"\n");
}

TEST(the_last_of_the_other_side)
{
    play("on S channel.close if last=queue.declare drop",
         "C 1 queue.declare queue=\"q\"\n"
         "  C 1 queue.declare queue=\"q\"\n"
         "C 2 queue.bind queue=\"q\" exchange=\"e\"\n"
         "  C 2 queue.bind queue=\"q\" exchange=\"e\"\n"
         "S 2 channel.close reply-code=404\n"
         "  S 2 channel.close reply-code=404\n"
         "S 1 channel.close reply-code=404\n");
}

TEST(a_field_of_the_same_frame)
{
    play("on S basic.deliver if exchange=.routing-key drop",
         "S 1 basic.deliver exchange=\"*\" routing-key=\"x\"\n"
         "  S 1 basic.deliver exchange=\"*\" routing-key=\"x\"\n"
         "S 1 basic.deliver exchange=\"x\" routing-key=\"x\"\n");
}

TEST(when)
{
    play("on S basic.ack nth 2 drop",
         "S 1 basic.ack\n  S 1 basic.ack\nS 1 basic.ack\nS 1 basic.ack\n  S 1 basic.ack\n");
    play("on S basic.ack every 2 drop",
         "S 1 basic.ack\n  S 1 basic.ack\nS 1 basic.ack\nS 1 basic.ack\n  S 1 basic.ack\n"
         "S 1 basic.ack\n");
    play("on S basic.ack from 2 drop",
         "S 1 basic.ack\n  S 1 basic.ack\nS 1 basic.ack\nS 1 basic.ack\n");
    play("on S basic.ack first 2 drop",
         "S 1 basic.ack\nS 1 basic.ack\nS 1 basic.ack\n  S 1 basic.ack\n");
    play("on S basic.ack chance 0 drop", "S 1 basic.ack\n  S 1 basic.ack\n");
    play("on S basic.ack chance 1 drop", "S 1 basic.ack\n");
}

TEST(when_counts_what_matches)
{
    play("on S basic.ack if multiple=1 nth 2 drop", "S 1 basic.ack multiple=1\n"
                                                    "  S 1 basic.ack multiple=1\n"
                                                    "S 1 basic.ack\n"
                                                    "  S 1 basic.ack\n"
                                                    "S 1 basic.ack multiple=1\n");
}

TEST(when_per_channel)
{
    play("on C basic.ack nth 1 per channel drop", "C 1 basic.ack\n"
                                                  "C 1 basic.ack\n"
                                                  "  C 1 basic.ack\n"
                                                  "C 2 basic.ack\n"
                                                  "C 1 channel.open\n"
                                                  "  C 1 channel.open\n"
                                                  "C 1 basic.ack\n");
}

static size_t feed_ack(struct fault_engine *e)
{
    static const char ack[] = "\1\0\1\0\0\0\x0d\0\x3c\0\x50\0\0\0\0\0\0\0\1\0\xce";
    size_t n;

    fault_feed(e, 'S', (struct str){ ack, sizeof ack - 1 }, 0, &n);
    return n;
}

TEST(when_and_memory_per_proxy)
{
    struct fault_file f;
    struct buf complaints;
    struct fault_shared *s;
    struct fault_engine *one, *two;

    buf_init(&complaints, 4096);
    CU_ASSERT_FATAL(load_text(&f,
                              "fault f\non S basic.ack if $seen=absent nth 2 per proxy "
                              "remember seen=1 per proxy then drop\n",
                              &complaints));
    s = fault_shared_new(f.at[0], 1);
    one = fault_engine_new(s);
    two = fault_engine_new(s);
    CU_ASSERT(feed_ack(one) == 1);
    CU_ASSERT(feed_ack(two) == 0);
    CU_ASSERT(feed_ack(one) == 1);
    CU_ASSERT(feed_ack(two) == 1);
    fault_engine_free(one);
    fault_engine_free(two);
    fault_shared_free(s);
    fault_file_clear(&f);
    buf_clear(&complaints);
}

static unsigned dropped(const struct fault *f, uint64_t seed)
{
    struct fault_shared *s = fault_shared_new(f, seed);
    struct fault_engine *e = fault_engine_new(s);
    unsigned n = 0;

    for (int i = 0; i < 1000; i++)
        n = 2 * n % 1000003 + (feed_ack(e) == 0);
    fault_engine_free(e);
    fault_shared_free(s);
    return n;
}

TEST(chance_is_the_seeds)
{
    struct fault_file f;
    struct buf complaints;

    buf_init(&complaints, 4096);
    CU_ASSERT_FATAL(load_text(&f, "fault f\non S basic.ack chance 0.5 drop\n", &complaints));
    CU_ASSERT(dropped(f.at[0], 1) == dropped(f.at[0], 1));
    CU_ASSERT(dropped(f.at[0], 1) != dropped(f.at[0], 2));
    fault_file_clear(&f);
    buf_clear(&complaints);
}

/* ---- contents and what comes between --------------------------------------------------- */

TEST(contents_of_two_channels)
{
    play("on S basic.deliver +content if delivery-tag=1 duplicate\n"
         "on S basic.deliver +content if delivery-tag=2 set redelivered=1 priority=4 body=\"z\"",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 2 basic.deliver delivery-tag=2 exchange=\"\"\n"
         "S 1 header class=basic size=1\n"
         "S 2 header class=basic size=2\n"
         "S 2 body \"a\"\n"
         "S 1 body \"x\"\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=1 + "
         "S 1 body \"x\" + S 1 basic.deliver delivery-tag=1 exchange=\"\" + "
         "S 1 header class=basic size=1 + S 1 body \"x\"\n"
         "S 2 body \"b\"\n"
         "  S 2 basic.deliver delivery-tag=2 redelivered=1 exchange=\"\" + "
         "S 2 header class=basic size=2 priority=4 + S 2 body \"z\" + S 2 body \"z\"\n");
}

TEST(a_content_that_is_cut_short)
{
    play("on S basic.deliver +content duplicate",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=9\n"
         "S 1 channel.close reply-code=404\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=9 + "
         "S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=9 + "
         "S 1 channel.close reply-code=404\n"
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S ends\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\" + "
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n");
}

TEST(a_content_whose_last_frame_is_dropped_above)
{
    play("on S body drop\non S basic.deliver +content duplicate",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=1\n"
         "S 1 body \"x\"\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=1 + "
         "S 1 basic.deliver delivery-tag=1 exchange=\"\" + S 1 header class=basic size=1\n");
}

/* An answer, and what was held, wait for the end of the content that is under way. */
TEST(nothing_comes_into_a_content)
{
    play("on C queue.delete answer S . queue.delete-ok\non S basic.nack hold 5",
         "S 1 basic.nack\n"
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "C 1 queue.delete\n"
         "C 2 queue.delete\n"
         "  S 2 queue.delete-ok\n"
         "at 5\n"
         "S 1 header class=basic size=1\n"
         "  S 1 header class=basic size=1\n"
         "S 1 body \"x\"\n"
         "  S 1 body \"x\" + S 1 queue.delete-ok + S 1 basic.nack\n");
}

/* … but for what a rule puts there on purpose. */
TEST(only_a_rule_about_it_comes_into_a_content)
{
    play("on S header insert S . basic.nack\non S body close channel 501",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "S 1 header class=basic size=1\n"
         "  S 1 basic.nack + S 1 header class=basic size=1\n"
         "S 1 body \"x\"\n"
         "  S 1 channel.close reply-code=501 reply-text=\"FRAME_ERROR\" class-id=60 "
         "method-id=60\n"
         "  C 1 channel.close reply-code=501 reply-text=\"FRAME_ERROR\" class-id=60 "
         "method-id=60\n");
}

TEST(a_channel_closed_by_the_other_side_after_its_content)
{
    play("on C queue.delete close channel 404",
         "S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "  S 1 basic.deliver delivery-tag=1 exchange=\"\"\n"
         "C 1 queue.delete\n"
         "  C 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" class-id=50 "
         "method-id=40\n"
         "S 1 header class=basic size=1\n"
         "  S 1 header class=basic size=1\n"
         "S 1 body \"x\"\n"
         "  S 1 body \"x\" + S 1 channel.close reply-code=404 reply-text=\"NOT_FOUND\" "
         "class-id=50 method-id=40\n"
         "S 1 basic.ack\n"
         "S 1 channel.close-ok\n"
         "C 1 basic.ack\n"
         "C 1 channel.close-ok\n"
         "C 1 channel.open\n"
         "  C 1 channel.open\n");
}
