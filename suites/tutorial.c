/* The tutorial, as one would run it: programs that use a client library, side by side.
   Each session is one program. */
#define CHAPTER "tutorial"
#include "fixtures/harness/case.h"

/* A worker's `basic_consume` with an answer: the consumer tag the broker knows it by. */
static void works_on(struct t *t, struct session *worker, struct str queue, uint16_t prefetch)
{
    if (prefetch)
        DO(worker, 1, basic_qos, .prefetch_count = prefetch);
    DO(worker, 1, basic_consume, .queue = queue);
}

static void done(struct t *t, struct session *worker, struct delivery task)
{
    SAY(worker, 1, basic_ack, .delivery_tag = task.delivery_tag);
}

/* One program sends "Hello World!" to a queue by name, another prints it. */
CLIENT_CASE(hello_world, .title = "hello world: send and receive through a named queue",
            .rules = "exchange.default-exchange basic.consume.chassis-server "
                     "basic.publish.chassis-server queue.declare.chassis-server")
{
    struct session *sender = SESSION(), *receiver = SESSION();
    struct str hello = NAME("hello");
    struct delivery got;

    DO(sender, 1, queue_declare, .queue = hello);
    PUB(sender, 1, S("Hello World!"), .routing_key = hello);
    LEAVE(sender);

    DO(receiver, 1, queue_declare, .queue = hello);
    DO(receiver, 1, basic_consume, .queue = hello, .no_ack = true);
    got = CONSUMED(receiver, S("Hello World!"));
    CHECK(str_eq(got.routing_key, hello), "the routing key is the queue's name");
    CHECK(str_eq(got.exchange, S("")), "the default exchange has no name");
    want_quiet(t, receiver, 1, hello);
    DO(receiver, 1, queue_delete, .queue = hello);
}

/* Three workers on the queue "world" take turns: seven tasks go 1, 2, 3, 1, 2, 3, 1. */
CLIENT_CASE(work_queue_round_robin, .title = "three workers share a queue in turn",
            .rules = "model.queue.round-robin model.queue.single-recipient")
{
    static const char *const tasks[] = { "1.", "2..", "3...", "4.", "5..", "6...", "7." };
    struct session *boss = SESSION(), *worker[3];
    struct str world = NAME("world");

    DO(boss, 1, queue_declare, .queue = world);
    for (size_t i = 0; i < 3; i++) {
        worker[i] = SESSION();
        works_on(t, worker[i], world, 0);
    }
    for (size_t i = 0; i < 7; i++)
        PUB(boss, 1, str_of(tasks[i]), .routing_key = world);
    for (size_t i = 0; i < 7; i++) {
        STEP("task %zu goes to worker %zu", i + 1, i % 3 + 1);
        done(t, worker[i % 3], CONSUMED(worker[i % 3], str_of(tasks[i])));
    }
    for (size_t i = 0; i < 3; i++)
        want_quiet(t, worker[i], 1, world);
    DO(boss, 1, queue_delete, .queue = world);
}

/* A worker is killed with a task in its hands: another one gets it, told that it is a repeat. */
CLIENT_CASE(killed_worker, .title = "the task of a killed worker goes to another",
            .rules = "basic.10 domain.redelivered.implementation transport.closure.redelivery")
{
    struct session *boss = SESSION(), *first = SESSION(), *second = SESSION();
    struct str tasks = NAME("tasks");
    struct delivery again;

    DO(boss, 1, queue_declare, .queue = tasks);
    works_on(t, first, tasks, 0);
    PUB(boss, 1, S("a long task......"), .routing_key = tasks);
    CHECK(!CONSUMED(first, S("a long task......")).redelivered, "the first delivery is no repeat");
    works_on(t, second, tasks, 0);
    t_session_killed(t, first);
    again = CONSUMED(second, S("a long task......"));
    CHECK(again.redelivered, "a repeated delivery says so");
    done(t, second, again);
    want_quiet(t, second, 1, tasks);
    LEAVE(second);
    await_ready(t, boss, 1, tasks, 0, 0);
    DO(boss, 1, queue_delete, .queue = tasks);
}

/* What was acknowledged is gone for good, also when the worker leaves. */
CLIENT_CASE(acked_task_is_gone, .title = "an acknowledged task does not come back",
            .rules = "basic.ack.chassis-server model.ack.explicit")
{
    struct session *boss = SESSION(), *worker = SESSION();
    struct str tasks = NAME("tasks");

    DO(boss, 1, queue_declare, .queue = tasks);
    works_on(t, worker, tasks, 0);
    PUB(boss, 1, S("done"), .routing_key = tasks);
    PUB(boss, 1, S("not done"), .routing_key = tasks);
    done(t, worker, CONSUMED(worker, S("done")));
    CONSUMED(worker, S("not done"));
    want_quiet(t, worker, 1, tasks);
    t_session_drop(t, worker);
    await_ready(t, boss, 1, tasks, 1, 0);
    CHECK(FETCH(boss, 1, tasks, S("not done")).redelivered, "it was delivered before");
    FETCH_EMPTY(boss, 1, tasks);
    DO(boss, 1, queue_delete, .queue = tasks);
}

/* A durable queue keeps a persistent task while the broker is restarted. */
CLIENT_CASE(durable_task, .title = "a durable task survives a restart of the broker",
            .rules = "basic.01 queue.declare.durable.persistence conventions.persistent-not-lost",
            .restart = GRACEFUL)
{
    struct session *boss = SESSION(), *worker;
    struct str queue = NAME("task_queue");

    DO(boss, 1, queue_declare, .queue = queue, .durable = true);
    DO(boss, 1, confirm_select);
    PUB_WITH(boss, 1, PROPS(.delivery_mode = 2), S("a durable task"), .routing_key = queue);
    CONFIRMED(boss, 1, 1);

    broker_restart(t, GRACEFUL);
    worker = SESSION();
    DO(worker, 1, queue_declare, .queue = queue, .durable = true);
    works_on(t, worker, queue, 1);
    done(t, worker, CONSUMED(worker, S("a durable task")));
    want_quiet(t, worker, 1, queue);
    DO(worker, 1, queue_delete, .queue = queue);
}

/* With prefetch 1 a busy worker gets nothing new; the idle one does the rest. */
CLIENT_CASE(fair_dispatch, .title = "prefetch 1 dispatches to whoever is free",
            .rules = "basic.qos.prefetch-count.01")
{
    struct session *boss = SESSION(), *busy = SESSION(), *idle = SESSION();
    struct str queue = NAME("task_queue");
    struct delivery heavy;

    DO(boss, 1, queue_declare, .queue = queue);
    works_on(t, busy, queue, 1);
    PUB(boss, 1, S("heavy"), .routing_key = queue);
    heavy = CONSUMED(busy, S("heavy"));
    works_on(t, idle, queue, 1);
    for (int i = 0; i < 5; i++)
        PUB(boss, 1, TEXT("light %d", i), .routing_key = queue);
    for (int i = 0; i < 5; i++)
        done(t, idle, CONSUMED(idle, TEXT("light %d", i)));
    want_quiet(t, busy, 1, queue);
    LEAVE(idle);
    PUB(boss, 1, S("next"), .routing_key = queue);
    await_ready(t, boss, 1, queue, 1, 1);
    done(t, busy, heavy);
    done(t, busy, CONSUMED(busy, S("next")));
    DO(boss, 1, queue_delete, .queue = queue);
}

static struct str temporary(struct t *t, struct session *s)
{
    const struct m_queue_declare_ok *ok = DO(s, 1, queue_declare, .exclusive = true);

    CHECK(ok->queue.n > 0, "the broker names a queue declared without a name");
    return ok->queue;
}

/* Every receiver has a temporary queue of its own on the fanout "logs". */
CLIENT_CASE(logs, .title = "publish/subscribe: fanout to temporary queues",
            .rules = "model.exchange.fanout queue.declare.queue.default-name "
                     "queue.declare.exclusive.doc-deleted-on-close")
{
    struct session *emitter = SESSION(), *screen = SESSION(), *disk = SESSION();
    struct str logs = NAME("logs"), to_screen, to_disk;

    DO(emitter, 1, exchange_declare, .exchange = logs, .type = S("fanout"));
    PUB(emitter, 1, S("nobody listens yet"), .exchange = logs);
    to_screen = temporary(t, screen);
    to_disk = temporary(t, disk);
    CHECK(!str_eq(to_screen, to_disk), "two temporary queues have two names");
    DO(screen, 1, queue_bind, .queue = to_screen, .exchange = logs);
    DO(disk, 1, queue_bind, .queue = to_disk, .exchange = logs);
    DO(screen, 1, basic_consume, .queue = to_screen, .no_ack = true);
    DO(disk, 1, basic_consume, .queue = to_disk, .no_ack = true);
    PUB(emitter, 1, S("info: Hello World!"), .exchange = logs);
    CONSUMED(screen, S("info: Hello World!"));
    CONSUMED(disk, S("info: Hello World!"));
    want_quiet(t, screen, 1, to_screen);
    LEAVE(screen);
    DO_REFUSED(emitter, 1, NOT_FOUND, queue_declare, .queue = to_screen, .passive = true);
    PUB(emitter, 1, S("one listener left"), .exchange = logs);
    CONSUMED(disk, S("one listener left"));
    DO(emitter, 1, exchange_delete, .exchange = logs);
}

/* info and warning go to pass1, error goes to pass2, anything else nowhere. */
CLIENT_CASE(direct_logs, .title = "routing: info and warning to pass1, error to pass2",
            .rules = "model.exchange.direct queue.bind.binding-count")
{
    struct session *emitter = SESSION(), *pass1 = SESSION(), *pass2 = SESSION();
    struct str x = NAME("direct_logs"), q1, q2;

    DO(emitter, 1, exchange_declare, .exchange = x, .type = S("direct"));
    q1 = temporary(t, pass1);
    q2 = temporary(t, pass2);
    DO(pass1, 1, queue_bind, .queue = q1, .exchange = x, .routing_key = S("info"));
    DO(pass1, 1, queue_bind, .queue = q1, .exchange = x, .routing_key = S("warning"));
    DO(pass2, 1, queue_bind, .queue = q2, .exchange = x, .routing_key = S("error"));
    DO(pass1, 1, basic_consume, .queue = q1, .no_ack = true);
    DO(pass2, 1, basic_consume, .queue = q2, .no_ack = true);
    PUB(emitter, 1, S("an info"), .exchange = x, .routing_key = S("info"));
    PUB(emitter, 1, S("an error"), .exchange = x, .routing_key = S("error"));
    PUB(emitter, 1, S("a debug"), .exchange = x, .routing_key = S("debug"));
    PUB(emitter, 1, S("a warning"), .exchange = x, .routing_key = S("warning"));
    CONSUMED(pass1, S("an info"));
    CONSUMED(pass1, S("a warning"));
    CONSUMED(pass2, S("an error"));
    want_quiet(t, pass1, 1, q1);
    want_quiet(t, pass2, 1, q2);
    DO(emitter, 1, exchange_delete, .exchange = x);
}

/* old.* wants exactly one more word, old.# any number. */
CLIENT_CASE(topic_logs, .title = "topics: old.* leaves old.boy.python, old.# takes it",
            .rules = "model.exchange.topic-star model.exchange.topic-hash")
{
    struct session *emitter = SESSION(), *star = SESSION(), *hash = SESSION();
    struct str x = NAME("topic_logs"), q_star, q_hash;

    DO(emitter, 1, exchange_declare, .exchange = x, .type = S("topic"));
    q_star = temporary(t, star);
    q_hash = temporary(t, hash);
    DO(star, 1, queue_bind, .queue = q_star, .exchange = x, .routing_key = S("old.*"));
    DO(hash, 1, queue_bind, .queue = q_hash, .exchange = x, .routing_key = S("old.#"));
    DO(star, 1, basic_consume, .queue = q_star, .no_ack = true);
    DO(hash, 1, basic_consume, .queue = q_hash, .no_ack = true);
    PUB(emitter, 1, S("three words"), .exchange = x, .routing_key = S("old.boy.python"));
    PUB(emitter, 1, S("two words"), .exchange = x, .routing_key = S("old.boy"));
    PUB(emitter, 1, S("one word"), .exchange = x, .routing_key = S("old"));
    PUB(emitter, 1, S("none of these"), .exchange = x, .routing_key = S("new.boy"));
    CONSUMED(hash, S("three words"));
    CONSUMED(hash, S("two words"));
    CONSUMED(hash, S("one word"));
    CONSUMED(star, S("two words"));
    want_quiet(t, star, 1, q_star);
    want_quiet(t, hash, 1, q_hash);
    DO(emitter, 1, exchange_delete, .exchange = x);
}

/* The same dispatch, frame by frame: in the capture, no worker ever holds two tasks. */
WIRE_CASE(fair_dispatch, .title = "prefetch 1: never two unacknowledged tasks at one worker",
          .rules = "basic.qos.prefetch-count.01")
{
    struct peer *boss = OPEN(), *slow = OPEN(), *fast = OPEN();
    struct str queue = NAME("task_queue");

    CALL(boss, 1, queue_declare, .queue = queue);
    CALL(slow, 1, basic_qos, .prefetch_count = 1);
    CALL(fast, 1, basic_qos, .prefetch_count = 1);
    CONSUME(slow, 1, .queue = queue, .consumer_tag = S("slow"));
    PUBLISH(boss, 1, S("heavy"), .routing_key = queue);
    DELIVERED(slow, 1, S("heavy"), .consumer_tag = IS(S("slow")));
    CONSUME(fast, 1, .queue = queue, .consumer_tag = S("fast"));
    for (uint64_t i = 1; i <= 6; i++) {
        PUBLISH(boss, 1, TEXT("light %d", (int)i), .routing_key = queue);
        DELIVERED(fast, 1, TEXT("light %d", (int)i), .delivery_tag = EQ(i));
        SEND(fast, 1, basic_ack, .delivery_tag = i);
    }
    QUIET_QUEUE(slow, 1, queue);
    SEND(slow, 1, basic_ack, .delivery_tag = 1);
    CHECK(trace_count(TRACE(slow), 'S', M_basic_deliver) == 1, "the busy worker got one task");
    CHECK(trace_count(TRACE(fast), 'S', M_basic_deliver) == 6, "the free worker got the rest");
    CALL(boss, 1, queue_delete, .queue = queue);
}
