/* What the store does to its file, in order: the calls by which LMDB writes go through here on
   their way to the kernel, since a function of the program comes before that of the C library. And
   from what was recorded, the files that a power cut could have left.

   What is certain at a cut: a write before an fdatasync that has returned, and a write through a
   descriptor with O_DSYNC that has returned. Of the others any may be there and any not, whole or
   in sectors of 512 octets. */
#ifndef SELF_STORE_DISK_H
#define SELF_STORE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of files named data.mdb, from now on, forgetting what was before. */
void disk_record(void);
void disk_stop(void);
/* The test's own entries among the writes: batches up to this one are handed over; are promised. */
void disk_issued(unsigned batch);
void disk_promised(unsigned batch);

size_t disk_events(void);

enum loss {
    LOSE_NOTHING, /* as after SIGKILL */
    LOSE_ALL,     /* everything that is not certain */
    LOSE_WRITES,  /* some of it, any */
    LOSE_SECTORS, /* the same, sector by sector */
    LOSS_COUNT,
};

struct image {
    uint8_t *p; /* the file; NULL and 0: there is none, or it is empty */
    size_t n, room;
    bool there;
    unsigned issued, promised;
    size_t doubtful; /* writes that are not certain */
};

/* The file when the power goes just before event `cut` returns (0 to disk_events()). */
void disk_image(struct image *i, size_t cut, enum loss loss, uint64_t seed);
void image_clear(struct image *i);

#endif
