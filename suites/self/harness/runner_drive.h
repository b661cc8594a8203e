/* Drives the runner as a user does: this program again, as `run OPTIONS`, in a folder of its
   own with a fake broker; then what it printed, its exit code and its event stream. */
#ifndef SELF_HARNESS_RUNNER_DRIVE_H
#define SELF_HARNESS_RUNNER_DRIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct drive {
    char dir[64], adapter[96], port[8];
    pid_t pid; /* of a runner that was started and not waited for */
    int exit;  /* 128 + signal if it was killed */
    char *out, *err;
    json_t *events; /* array; empty if there is no stream */
};

/* With a fake broker running, or only its folder and adapter. */
void drive_begin(struct drive *d, bool broker);
void drive_end(struct drive *d);
/* Options end with NULL. --adapter and --out are given already; drive_bare gives none. */
void drive_run(struct drive *d, ...);
void drive_bare(struct drive *d, ...);
void drive_start(struct drive *d, ...); /* returns while it runs */
void drive_wait(struct drive *d);
void drive_wait_unread(struct drive *d); /* leaves the event stream alone */
void drive_touch(const struct drive *d, const char *name);
void drive_write(const struct drive *d, const char *name, const char *text);

/* The n-th (from 0) event of that name, of that case (NULL: any). NULL: none. */
json_t *drive_event(const struct drive *d, const char *event, const char *id, size_t n);
size_t drive_count(const struct drive *d, const char *event);
/* "" if there is no such result. */
const char *drive_verdict(const struct drive *d, const char *id);
const char *drive_text(json_t *event, const char *key);
/* One plan, one end, and for every planned case exactly its results. */
bool drive_is_complete(const struct drive *d);

#endif
