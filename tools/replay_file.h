/* A recorded conversation: the lines of a .frames file, and what its "#!" comments say of the
   failure (fixtures/harness/frames_file.c writes them). For the replay program alone. All of it
   lives in the arena it was read into. */
#ifndef REPLAY_FILE_H
#define REPLAY_FILE_H

#include "fixtures/wire/frame.h"

enum line_kind { LINE_FRAME, LINE_OCTETS, LINE_CLOSE, LINE_RESTART };

struct line {
    unsigned number; /* in the file */
    unsigned conn;   /* index of its letter */
    char who;
    enum line_kind kind;
    struct str octets;
    struct frame frame; /* LINE_FRAME */
    bool reset, kill;   /* LINE_CLOSE, LINE_RESTART */
    unsigned pause_ms;  /* before it */
    bool done;          /* server: heard with an earlier line */
};

/* A method with its content, or any other frame alone. */
struct unit {
    const struct frame *head, *header; /* header: NULL if there is none (yet) */
    struct str body;                   /* in the arena */
    bool whole;                        /* nothing more belongs to it */
};

struct recording {
    const char *file;
    struct arena *arena;
    struct line *at;
    size_t n;
    const struct str *letters; /* of the connections */
    size_t connections;
    bool lettered;
    struct str id, rule, verdict, step, user, password, vhost;
    size_t broken; /* before this line; n: at the end */
    size_t judged; /* the line that was judged; SIZE_MAX: none */
    bool is_broken;
    struct str invariant, wanted, got;
    unsigned broken_conn, broken_number;
};

/* False: one line on stderr says what is wrong and where. */
bool recording_read(struct recording *r, const char *file, struct arena *a);
/* The unit that begins with line i; its lines are done. */
struct unit recorded_unit(struct recording *r, size_t i);

/* Adds f to u if it belongs to it; false: it does not, or u is whole already. */
bool unit_add(struct unit *u, const struct frame *f, struct arena *a);
struct unit unit_of(const struct frame *head);

#endif
