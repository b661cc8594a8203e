/* The cases that case_verdicts.c runs against the fake broker: one for each way to end. */
#define CHAPTER "zz-self"
#include "fixtures/harness/case.h"

#include <string.h>

#define RULE "queue.declare.passive.passive"

WIRE_CASE(pass, .title = "all is as demanded", .rules = RULE)
{
    struct peer *c = OPEN(.channels = 2);

    CALL(c, 1, queue_declare, .queue = NAME("jobs"));
    SEND(c, 1, queue_declare, .queue = NAME("missing"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
    QUIET(c, 2);
    GET_EMPTY(c, 1, NAME("jobs"));
    WANT_PROPS(GET(c, 1, NAME("full"), S("hello")), .delivery_mode = EQ(2));
    GET(c, 1, NAME("bulky"), S("hello"));
    CALL(c, 1, queue_delete, .queue = NAME("cancelled"));
    CHECK(TRACE(c)->n > 10, "the trace holds all that");
}

CLIENT_CASE(pass, .title = "all is as demanded", .rules = RULE)
{
    struct session *s = SESSION();
    const struct m_queue_declare_ok *ok = DO(s, 1, queue_declare, .queue = NAME("jobs"));

    CHECK(str_eq(ok->queue, NAME("jobs")), "the name comes back");
    DO_REFUSED(s, 1, NOT_FOUND, queue_declare, .queue = NAME("missing"), .passive = true);
    FETCH_EMPTY(s, 1, NAME("jobs"));
    CHECK(FETCH(s, 1, NAME("bulky"), S("hello")).properties.delivery_mode == 2, "persistent");
    want_quiet(t, s, 1, NAME("jobs"));
}

WIRE_CASE(hard, .title = "a refusal that costs the connection", .rules = RULE)
{
    struct peer *c = OPEN(), *other = OPEN();

    SEND(c, 1, queue_declare, .queue = NAME("hard"));
    REFUSED_HARD(c, NOT_ALLOWED, queue_declare);
    CALL(other, 1, queue_declare, .queue = NAME("jobs"));
    SEND(other, 1, queue_declare, .queue = NAME("hangup"));
    HANGUP(other);
}

CLIENT_CASE(hard, .title = "a refusal that costs the connection", .rules = RULE)
{
    DO_REFUSED_HARD(SESSION(), 1, NOT_ALLOWED, queue_declare, .queue = NAME("hard"));
}

WIRE_CASE(wrong_code, .title = "another code than the right one", .rules = RULE)
{
    struct peer *c = OPEN();

    STEP("asking for the second time");
    SEND(c, 1, queue_declare, .queue = NAME("inequivalent"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

CLIENT_CASE(wrong_code, .title = "another code than the right one", .rules = RULE)
{
    DO_REFUSED(SESSION(), 1, NOT_FOUND, queue_declare, .queue = NAME("inequivalent"));
}

WIRE_CASE(refused_unasked, .title = "a refusal where none was awaited", .rules = RULE)
{
    CALL(OPEN(), 1, queue_declare, .queue = NAME("inequivalent"));
}

WIRE_CASE(not_refused, .title = "no refusal where one was awaited", .rules = RULE)
{
    struct peer *c = OPEN();

    SEND(c, 1, queue_declare, .queue = NAME("jobs"), .passive = true);
    REFUSED(c, 1, NOT_FOUND, queue_declare);
}

WIRE_CASE(silence, .title = "no answer", .rules = RULE)
{
    CALL(OPEN(), 1, queue_declare, .queue = NAME("silent"));
}

CLIENT_CASE(silence, .title = "no answer", .rules = RULE)
{
    DO(SESSION(), 1, queue_declare, .queue = NAME("silent"));
}

WIRE_CASE(hangup, .title = "FIN instead of an answer", .rules = RULE)
{
    CALL(OPEN(), 1, queue_declare, .queue = NAME("hangup"));
}

WIRE_CASE(reset, .title = "RST instead of an answer", .rules = RULE)
{
    CALL(OPEN(), 1, queue_declare, .queue = NAME("reset"));
}

CLIENT_CASE(hangup, .title = "FIN instead of an answer", .rules = RULE)
{
    DO(SESSION(), 1, queue_declare, .queue = NAME("hangup"));
}

WIRE_CASE(padded, .title = "a frame that is none", .rules = RULE)
{
    CALL(OPEN(), 1, queue_declare, .queue = NAME("padded"));
}

WIRE_CASE(other_field, .title = "a field with another value", .rules = RULE)
{
    struct peer *c = OPEN();

    SEND(c, 1, queue_declare, .queue = NAME("jobs"));
    RECV(c, 1, queue_declare_ok, .message_count = AT_LEAST(3));
}

WIRE_CASE(other_body, .title = "another body", .rules = RULE)
{
    GET(OPEN(), 1, NAME("full"), S("howdy"));
}

WIRE_CASE(check, .title = "a CHECK that does not hold", .rules = RULE)
{
    CHECK(OPEN() == NULL, "the answer is %d", 42);
}

WIRE_CASE(weak, .title = "a SHOULD is missed", .rules = RULE)
{
    OPEN();
    WEAK("errata 44: delete-ok for a missing queue");
    INFO("and something else was seen");
}

WIRE_CASE(info, .title = "the text is silent", .rules = RULE)
{
    OPEN();
    INFO("redelivered to the same consumer");
}

WIRE_CASE(weak_then_fail, .title = "a SHOULD is missed, then a MUST", .rules = RULE)
{
    WEAK("first this");
    FAIL("then that, %d times", 2);
}

WIRE_CASE(unsupported, .title = "the broker cannot do it", .rules = RULE)
{
    OPEN();
    UNSUPPORTED("no exchange type %s", "x-random");
}

WIRE_CASE(no_restart, .title = "nobody restarts the broker", .rules = RULE, .restart = GRACEFUL)
{
    broker_restart(t, GRACEFUL);
}

WIRE_CASE(restart, .title = "a restart drops the connections", .rules = RULE, .restart = KILL)
{
    struct peer *before = OPEN();

    CALL(before, 1, queue_declare, .queue = NAME("jobs"), .durable = true);
    broker_restart(t, KILL);
    CALL(OPEN(), 1, queue_declare, .queue = NAME("jobs"), .passive = true);
}

WIRE_CASE(unannounced, .title = "a restart the case did not announce", .rules = RULE)
{
    broker_restart(t, KILL);
}

WIRE_CASE(after_close, .title = "a case that uses what it has closed", .rules = RULE)
{
    struct peer *c = OPEN();

    CLOSE(c);
    CALL(c, 1, queue_declare, .queue = NAME("jobs"));
}

WIRE_CASE(no_broker, .title = "no connection", .rules = RULE)
{
    OPEN();
}

WIRE_CASE(drops, .title = "every way to leave", .rules = RULE)
{
    struct peer *fin = OPEN(), *rst = OPEN(), *killed = OPEN(), *silent = OPEN(), *closed = OPEN();

    t_drop_fin(t, fin);
    t_drop_rst(t, rst);
    t_drop_killed(t, killed);
    t_drop_silent(t, silent);
    CLOSE(closed);
    CHECK(TRACE(rst)->at[TRACE(rst)->n - 1].kind == TRACE_RST, "the capture holds the RST");
}

CLIENT_CASE(drops, .title = "every way to leave", .rules = RULE)
{
    struct session *dropped = SESSION(), *killed = SESSION(), *left = SESSION();

    t_session_drop(t, dropped);
    t_session_killed(t, killed);
    LEAVE(left);
}

WIRE_CASE(names, .title = "names and chance", .rules = RULE)
{
    struct str jobs = NAME("jobs"), odd = NAME("a b/c");

    CHECK(str_eq(jobs, NAME("jobs")) && !str_eq(jobs, NAME("other")), "one name for one literal");
    CHECK(jobs.n < 127 && memcmp(jobs.p, "amqproof.0a0b", 13) == 0, "the run is in it");
    CHECK(str_eq((struct str){ odd.p + odd.n - 5, 5 }, S("a-b-c")), "legal letters only");
    CHECK(t_random(t, 10) < 10 && t_random(t, 1) == 0, "below the limit");
    CHECK(t_random(t, 1u << 31) != t_random(t, 1u << 31), "not always the same");
}
