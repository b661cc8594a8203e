/* Cases that kill the fake broker, hang it, or ask for its restart. */
#define CHAPTER "zz-death"
#include "fixtures/harness/case.h"

#define RULE "transport.closure.states"

WIRE_CASE(killer, .title = "the broker dies when asked", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("die"));
}

WIRE_CASE(killer_again, .title = "and again", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("die"));
}

WIRE_CASE(killer_third, .title = "and a third time", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("die"));
}

WIRE_CASE(killer_yet_again, .title = "and a fourth time", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("die"));
}

WIRE_CASE(later, .title = "a case behind them all", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("plain"));
}

#undef CHAPTER
#define CHAPTER "zz-together"

WIRE_CASE(bystander, .title = "waits for an answer while the broker dies", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("wait"));
}

WIRE_CASE(culprit, .title = "the broker dies once another case waits", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("together"));
}

WIRE_CASE(later_on, .title = "a case behind them", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("plain"));
}

#undef CHAPTER
#define CHAPTER "zz-hang"

WIRE_CASE(hangs, .title = "the broker falls silent", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("hang"));
}

WIRE_CASE(one_answer_missing, .title = "one answer never comes, others do", .rules = RULE)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("wait"));
}

#undef CHAPTER
#define CHAPTER "zz-restart"

static void before_and_after(struct t *t, enum restart kind)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("before"));
    broker_restart(t, kind);
    c = OPEN();
    CALL(c, 1, queue_declare, .queue = NAME("after"));
}

WIRE_CASE(graceful_one, .title = "asks for a graceful restart", .rules = RULE, .restart = GRACEFUL)
{
    before_and_after(t, GRACEFUL);
}

WIRE_CASE(graceful_two, .title = "asks for one too", .rules = RULE, .restart = GRACEFUL)
{
    before_and_after(t, GRACEFUL);
}

WIRE_CASE(graceful_three, .title = "and so does a third", .rules = RULE, .restart = GRACEFUL)
{
    before_and_after(t, GRACEFUL);
}

WIRE_CASE(kill_one, .title = "asks for a kill", .rules = RULE, .restart = KILL)
{
    before_and_after(t, KILL);
}

WIRE_CASE(kill_two, .title = "asks for one too", .rules = RULE, .restart = KILL)
{
    before_and_after(t, KILL);
}

static void broken_and_mended(struct t *t, enum restart kind)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("before"));
    cluster_broken(t, kind);
    CALL(c, 1, queue_declare, .queue = NAME("broken"));
    cluster_mended(t);
    CALL(c, 1, queue_declare, .queue = NAME("after"));
}

#undef CHAPTER
#define CHAPTER "zz-cluster"

WIRE_CASE(node_one, .title = "has a node killed", .rules = RULE, .restart = NODE_KILL)
{
    broken_and_mended(t, NODE_KILL);
}

WIRE_CASE(node_two, .title = "has it killed too", .rules = RULE, .restart = NODE_KILL)
{
    broken_and_mended(t, NODE_KILL);
}

WIRE_CASE(partition, .title = "has a node cut off", .rules = RULE, .restart = PARTITION)
{
    broken_and_mended(t, PARTITION);
}

WIRE_CASE(gives_up, .title = "ends while the cluster is broken", .rules = RULE,
          .restart = PARTITION)
{
    cluster_broken(t, PARTITION);
    FAIL("enough");
}

WIRE_CASE(forgot_to_mend, .title = "passes while the cluster is broken", .rules = RULE,
          .restart = PARTITION)
{
    cluster_broken(t, PARTITION);
}

#undef CHAPTER
#define CHAPTER "zz-restart"

WIRE_CASE(forgot, .title = "never asks for the restart it is about", .rules = RULE,
          .restart = GRACEFUL)
{
    struct peer *c = OPEN();

    CALL(c, 1, queue_declare, .queue = NAME("plain"));
}
