#include "books.h"

#include "fixtures/peer/clock.h"

#include <signal.h>
#include <string.h>

/* An answer that does not come in so long never will. While there is no room none is to come: so
   long is waited for it. */
enum { SOON_MS = 10000, SLICE_MS = 5, NEVER_MS = 60, STOP_MS = 5000 };

static const char jobs[] = "jobs", old[] = "old";

/* Long ones have pages of their own in the store. */
static struct str body_of(unsigned i)
{
    static char text[MESSAGES][9000];
    size_t n = i % 3 == 0 ? sizeof text[i] : 200;

    memset(text[i], 'a' + (int)i, n);
    snprintf(text[i], 16, "%02u", i);
    return (struct str){ text[i], n };
}

static bool failing(const struct books *b)
{
    return atomic_load(&b->host->trouble->failed) > 0;
}

static bool declare(struct talk *t, const char *queue, bool durable, int within_ms)
{
    struct m_queue_declare m = { .queue = str_of(queue), .durable = durable };

    return talk_ask(t, M_queue_declare, &m, M_queue_declare_ok, within_ms);
}

/* A second client, while the first one waits: it can do what needs no disk. */
static bool served(struct books *b, struct talk *t, const char *queue)
{
    struct m_basic_get get = { .queue = str_of(queue), .no_ack = true };

    if (!CHECK(talk_open(t, b->host->port, SOON_MS), "nobody is let in"))
        return false;
    return CHECK(declare(t, queue, false, SOON_MS), "no transient queue") &&
           CHECK(talk_ask(t, M_basic_get, &get, M_basic_get_empty, SOON_MS), "no get");
}

static bool hear_blocked(struct talk *t, bool blocked)
{
    int64_t until = clock_ms() + SOON_MS;

    while (t->blocked != blocked && t->up && clock_left(until))
        talk_hear(t, until);
    return t->blocked == blocked;
}

/* The disk is full. What is published is not taken, and the publisher is told; when there is room
   it goes on. Half of the last page is the place where LMDB gives up, at the next try: from then on
   it is as if it were broken, and that may come before the publisher is heard. */
static void while_full(struct books *b)
{
    struct talk t;
    int code;

    b->troubled = true;
    if (!served(b, &t, "transient")) {
        talk_end(&t);
        return;
    }
    talk_publish(&t, "transient", false, S("t"));
    if (!hear_blocked(&t, true)) {
        host_listen(b->host);
        CHECK(strstr(b->host->said, "failed for good"), "publishers are not blocked");
        talk_end(&t);
        return;
    }
    CHECK(strcmp(t.reason, "low on disk") == 0, "blocked: '%s'", t.reason);
    switch (b->end) {
    case ROOM:
        atomic_store(&b->host->trouble->from, 0);
        CHECK(hear_blocked(&t, false), "publishers stay blocked");
        break;
    case KILL:
        host_kill(b->host);
        b->over = true;
        break;
    default:
        kill(b->host->pid, SIGTERM);
        code = host_ended(b->host, STOP_MS);
        CHECK(code == 4, "stopped with %d: %s", code, b->host->said);
        CHECK(strstr(b->host->said, "not kept:"), "it does not say what is lost: %s",
              b->host->said);
        b->over = true;
    }
    talk_end(&t);
}

/* For an answer: true, it came. False: it was refused (541), or the conversation is over. */
static bool wait_for(struct books *b, struct talk *t, enum method_id answer)
{
    int64_t until = clock_ms() + SOON_MS;

    t->last = M_none;
    while (t->up && clock_left(until)) {
        if (talk_hear(t, clock_ms() + SLICE_MS)) {
            if (t->last == answer)
                return true;
        } else if (failing(b) && !b->troubled && b->way != BROKEN &&
                   !talk_hear(t, clock_ms() + NEVER_MS)) {
            while_full(b);
            if (b->over)
                return false;
        } else if (t->last == answer) {
            return true;
        }
    }
    CHECK(!t->up && t->code == INTERNAL_ERROR && failing(b), "no answer %d, code %d", (int)answer,
          t->code);
    return false;
}

static void publish(struct books *b, struct talk *t, unsigned i)
{
    talk_publish(t, jobs, true, body_of(i));
    b->fate[i] = 's';
}

static void confirmed(struct books *b, struct talk *t, unsigned first)
{
    int64_t until = clock_ms() + SOON_MS;

    while (t->up && t->settled < t->published && clock_left(until)) {
        if (!talk_hear(t, clock_ms() + SLICE_MS) && failing(b) && !b->troubled &&
            b->way != BROKEN && !talk_hear(t, clock_ms() + NEVER_MS)) {
            while_full(b);
            if (b->over)
                break;
        }
    }
    for (uint64_t tag = 1; tag <= t->published; tag++) {
        if (t->answer[tag])
            b->fate[first + tag - 1] = t->answer[tag];
    }
    if (!b->over)
        CHECK(t->settled == t->published, "%d of %d publishes were answered, code %d",
              (int)t->settled, (int)t->published, t->code);
    CHECK(failing(b) || !memchr(t->answer, 'n', sizeof t->answer), "refused without a reason");
}

static void declare_and_publish(struct books *b)
{
    struct m_queue_declare mine = { .queue = str_of(jobs), .durable = true };
    struct m_queue_declare other = { .queue = str_of(old), .durable = true };
    struct talk t;

    if (CHECK(talk_open(&t, b->host->port, SOON_MS), "nobody is let in")) {
        talk_say(&t, M_queue_declare, &mine);
        b->queue = wait_for(b, &t, M_queue_declare_ok);
        if (b->queue && !b->over) {
            talk_say(&t, M_queue_declare, &other);
            wait_for(b, &t, M_queue_declare_ok);
        }
        if (t.up && !b->over &&
            CHECK(talk_ask(&t, M_confirm_select, &(struct m_confirm_select){ .nowait = false },
                           M_confirm_select_ok, SOON_MS),
                  "no confirms")) {
            for (unsigned i = 0; i < FIRST_OF_TX; i++)
                publish(b, &t, i);
            confirmed(b, &t, 0);
        }
    }
    talk_end(&t);
}

static void transact(struct books *b)
{
    struct talk t;

    if (CHECK(talk_open(&t, b->host->port, SOON_MS), "nobody is let in") &&
        CHECK(
            talk_ask(&t, M_tx_select, &(struct m_tx_select){ .end_ = 0 }, M_tx_select_ok, SOON_MS),
            "no transactions")) {
        for (unsigned i = FIRST_OF_TX; i < BEHIND_TX; i++)
            publish(b, &t, i);
        b->commit_said = true;
        talk_say(&t, M_tx_commit, &(struct m_tx_commit){ .end_ = 0 });
        b->commit = wait_for(b, &t, M_tx_commit_ok);
    }
    talk_end(&t);
}

static void delete_and_publish(struct books *b)
{
    struct m_queue_delete gone = { .queue = str_of(old) };
    struct talk t;

    if (CHECK(talk_open(&t, b->host->port, SOON_MS), "nobody is let in")) {
        talk_ask(&t, M_confirm_select, &(struct m_confirm_select){ .nowait = false },
                 M_confirm_select_ok, SOON_MS);
        for (unsigned i = BEHIND_TX; i < MESSAGES; i++)
            publish(b, &t, i);
        confirmed(b, &t, BEHIND_TX);
        if (t.up && !b->over) {
            talk_say(&t, M_queue_delete, &gone);
            b->gone = wait_for(b, &t, M_queue_delete_ok) ||
                      (t.last == M_channel_close && t.code == NOT_FOUND);
        }
    }
    talk_end(&t);
}

/* The store is beyond help: what needs it is refused, and nothing else. */
static void when_broken(struct books *b)
{
    struct talk t;

    if (served(b, &t, "still") &&
        CHECK(talk_ask(&t, M_confirm_select, &(struct m_confirm_select){ .nowait = false },
                       M_confirm_select_ok, SOON_MS),
              "no confirms")) {
        talk_publish(&t, "still", false, S("t"));
        CHECK(talk_wait(&t, M_basic_ack, SOON_MS), "a transient message was not taken");
        if (b->queue) {
            talk_publish(&t, jobs, true, S("never"));
            CHECK(talk_wait(&t, M_basic_nack, SOON_MS), "a persistent one was not refused");
        }
        CHECK(!declare(&t, "durable", true, SOON_MS) && t.code == INTERNAL_ERROR,
              "a durable queue was declared, code %d", t.code);
    }
    talk_end(&t);
}

static void stop(struct books *b, bool broken)
{
    int code;

    if (b->end == KILL) {
        host_kill(b->host);
        return;
    }
    kill(b->host->pid, SIGTERM);
    code = host_ended(b->host, STOP_MS);
    CHECK(code == (broken ? 4 : 0), "stopped with %d: %s", code, b->host->said);
}

void books_talk(struct books *b)
{
    bool broken;

    declare_and_publish(b);
    if (!b->over && b->queue)
        transact(b);
    if (!b->over && b->queue)
        delete_and_publish(b);
    if (b->over)
        return;
    host_listen(b->host);
    broken = strstr(b->host->said, "failed for good") != NULL;
    CHECK(failing(b) || !broken, "broken without a reason: %s", b->host->said);
    CHECK(!broken || b->way != FULL || strstr(b->host->said, "MDB_PANIC"), "%s", b->host->said);
    if (broken)
        when_broken(b);
    atomic_store(&b->host->trouble->from, 0);
    stop(b, broken);
}

/* ---- what is there afterwards ---- */

static bool get(struct talk *t, bool *more)
{
    struct m_basic_get m = { .queue = str_of(jobs), .no_ack = true };

    *more = talk_ask(t, M_basic_get, &m, M_basic_get_ok, SOON_MS);
    return *more || t->last == M_basic_get_empty;
}

static void count(struct books *b, struct talk *t, unsigned seen[MESSAGES])
{
    unsigned before = 0;
    bool more;

    while (CHECK(get(t, &more), "no get") && more) {
        unsigned i = 0;

        if (!CHECK(sscanf(t->body, "%2u", &i) == 1 && i < MESSAGES, "'%.8s'", t->body))
            return;
        CHECK(t->body_octets == body_of(i).n && memcmp(t->body, body_of(i).p, t->body_octets) == 0,
              "message %u came altered", i);
        CHECK(b->fate[i], "message %u was never sent", i);
        CHECK(i >= before, "message %u behind %u", i, before);
        before = i;
        seen[i]++;
    }
}

static void judge(const struct books *b, const unsigned seen[MESSAGES])
{
    unsigned whole = 0;

    for (unsigned i = 0; i < MESSAGES; i++) {
        bool tx = i >= FIRST_OF_TX && i < BEHIND_TX;

        CHECK(seen[i] <= 1, "message %u came %u times", i, seen[i]);
        CHECK(seen[i] || b->fate[i] != 'a', "message %u was confirmed, and is lost", i);
        whole += tx && seen[i];
    }
    CHECK(whole == BEHIND_TX - FIRST_OF_TX || (whole == 0 && !b->commit),
          "%u of %u of the transaction, Commit-Ok %d", whole, BEHIND_TX - FIRST_OF_TX, b->commit);
}

void books_audit(struct books *b)
{
    struct m_queue_declare passive = { .queue = str_of(jobs), .passive = true, .durable = true };
    unsigned seen[MESSAGES] = { 0 };
    struct talk t;
    int code;

    if (!CHECK(host_start(b->host, false), "does not start again: %s",
               (host_ended(b->host, STOP_MS), b->host->said)))
        return;
    if (CHECK(talk_open(&t, b->host->port, SOON_MS), "nobody is let in")) {
        bool there = talk_ask(&t, M_queue_declare, &passive, M_queue_declare_ok, SOON_MS);

        CHECK(there || !b->queue, "the queue was declared, and is lost");
        if (there) {
            count(b, &t, seen);
            judge(b, seen);
        }
        passive.queue = str_of(old);
        if (there && b->gone)
            CHECK(!talk_ask(&t, M_queue_declare, &passive, M_queue_declare_ok, SOON_MS) &&
                      t.code == NOT_FOUND,
                  "what was deleted is there");
    }
    talk_end(&t);
    kill(b->host->pid, SIGTERM);
    code = host_ended(b->host, STOP_MS);
    CHECK(code == 0, "stopped with %d: %s", code, b->host->said);
}
