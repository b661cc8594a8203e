/* A replay: the recording, the broker, and what came of it. Between the replay's own files. */
#ifndef REPLAY_H
#define REPLAY_H

#include "replay_compare.h"
#include "replay_confirms.h"
#include "replay_demand.h"
#include "replay_talk.h"

enum verdict {
    HELD,    /* nothing was broken in the recording, and nothing is different here */
    PASS,    /* at the broken place this broker does what was wanted */
    FAIL,    /* it does not */
    DIFFERS, /* the conversation left the recording before that place */
    UNREACHED,
    UNABLE, /* the adapter could not do what was recorded */
};

struct litter { /* what is deleted afterwards */
    bool exchange;
    struct str name;
    struct litter *next;
};

struct replay {
    struct recording *recording;
    struct broker broker;
    struct names names;
    struct demand demand;
    struct talk *talks;  /* one for each connection */
    const char *adapter; /* NULL: the broker cannot be restarted */
    unsigned deadline_ms;
    size_t judged; /* the line that was judged, or with which its content begins; SIZE_MAX: none */
    size_t poll;   /* the first line of a question that was repeated; SIZE_MAX: none */
    const char *count; /* a count that differs since the client spoke last */
    struct litter *litter;
    struct confirms *confirms;
    bool over;
    enum verdict verdict;
    struct str got;  /* at the broken place */
    struct str why;  /* DIFFERS, UNREACHED, UNABLE */
    unsigned number; /* line of the file where that was */
};

/* ---- replay_hold.c: the conversation ---- */

void replay_hold(struct replay *r);
/* Ends the replay; the first word stands. */
void replay_end(struct replay *r, enum verdict v, struct str got);
void replay_differs(struct replay *r, const struct line *l, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int64_t replay_deadline(const struct replay *r);
void replay_say(struct replay *r, const struct line *l);

/* ---- replay_await.c ---- */

/* The unit of this channel that is akin to head; false: none came. A frame that comes instead is
   in *stranger, or it is NULL. */
bool replay_await(struct replay *r, struct talk *t, const struct frame *head, struct unit *here,
                  const struct frame **stranger);

/* ---- replay_place.c, replay_judge.c: the broken place ---- */

void judge_prepare(struct replay *r); /* where is it, and what was wanted there? */
void judge_place(struct replay *r);   /* nothing before it was different */
void judge_poll(struct replay *r);
bool judge_violated(struct replay *r); /* the recording's invariant is broken here, too */
struct str frame_said(struct replay *r, const struct frame *f);

/* ---- replay_litter.c: nothing is left behind on the broker ---- */

void litter_note(struct replay *r, const struct frame *said);
void litter_delete(struct replay *r);

#endif
