/* Is it that the disk is full? Then nothing is lost but time; all other errors end the store. */
#include "store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside what a transaction writes: pages that it touches. */
enum { MARGIN = 1 << 20 };

static bool says_full(int rc)
{
    return rc == ENOSPC || rc == EDQUOT || rc == EFBIG;
}

/* Whether the file could take so many octets more. It is left as long as it was: what stands
   behind the last page of a transaction that was given up belongs to nobody. */
static bool has_room(struct store *s, size_t octets)
{
    struct stat file;
    mdb_filehandle_t fd;
    int rc;

    if (mdb_env_get_fd(s->env, &fd) || fstat(fd, &file) < 0)
        return true;
    rc = posix_fallocate(fd, file.st_size, (off_t)(octets + MARGIN));
    if (ftruncate(fd, file.st_size) < 0)
        return !says_full(rc); /* longer than it need be: no harm */
    return !says_full(rc);
}

/* LMDB calls a write that came out short, which is how a disk fills up, an input/output error. */
const char *store_no_room(struct store *s, int rc, size_t octets)
{
    if (rc == MDB_MAP_FULL)
        return "the store has reached its size limit";
    if (says_full(rc) || (rc == EIO && !has_room(s, octets)))
        return "the disk is full";
    return NULL;
}
