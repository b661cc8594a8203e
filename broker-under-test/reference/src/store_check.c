/* Is the file sound? LMDB trusts what it reads: a page that is missing or overwritten ends
   the process by SIGBUS, SIGSEGV or an assertion of its own. So a child reads everything
   first and says so; if it dies before it could, that is the answer too. The folder is locked,
   nobody else writes. */
#include "store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two databases that every LMDB file has under a fixed number. */
enum { FREE_PAGES = 0, DATABASES = 1 };

/* First and last octet: a value lies in one run of pages, and a file cut short lacks
   its end. */
static void touch(const MDB_val *v)
{
    const volatile unsigned char *p = v->mv_data;

    if (v->mv_size) {
        (void)p[0];
        (void)p[v->mv_size - 1];
    }
}

/* Every record of one database, and as many as the database says it has. */
static bool sound(MDB_txn *txn, MDB_dbi dbi)
{
    MDB_cursor *c;
    MDB_stat stat;
    MDB_val k, v;
    size_t n = 0;
    int rc;

    if (mdb_stat(txn, dbi, &stat) || mdb_cursor_open(txn, dbi, &c))
        return false;
    while (!(rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) && n <= stat.ms_entries) {
        touch(&k);
        touch(&v);
        n++;
    }
    mdb_cursor_close(c);
    return rc == MDB_NOTFOUND && n == stat.ms_entries;
}

/* LMDB's list of free pages: per transaction, a count and the pages. */
static bool is_free(MDB_txn *txn, size_t page)
{
    bool found = false;
    MDB_cursor *c;
    MDB_val k, v;

    if (mdb_cursor_open(txn, FREE_PAGES, &c))
        return false;
    while (!found && mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
        const size_t *list = v.mv_data;

        for (size_t i = 1; i <= list[0] && (i + 1) * sizeof *list <= v.mv_size; i++)
            found = found || list[i] == page;
    }
    mdb_cursor_close(c);
    return found;
}

/* A page of which only the front is in the file reads as if it ended in zeros. A full
   disk leaves one behind too, but no record is in it then. */
static bool broken_off(MDB_env *env, MDB_txn *txn)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    mdb_filehandle_t fd;
    size_t whole;

    if (mdb_env_info(env, &info) || mdb_env_stat(env, &stat) || mdb_env_get_fd(env, &fd) ||
        fstat(fd, &file) < 0)
        return true;
    whole = (size_t)file.st_size / stat.ms_psize;
    return (size_t)file.st_size % stat.ms_psize != 0 && whole <= info.me_last_pgno &&
           !is_free(txn, whole);
}

static bool all_sound(MDB_env *env, MDB_txn *txn)
{
    static const char *const names[] = { "about", "defs", "messages", "marks" };
    MDB_dbi dbi;

    if (!sound(txn, FREE_PAGES) || !sound(txn, DATABASES) || broken_off(env, txn))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int rc = mdb_dbi_open(txn, names[i], 0, &dbi);

        if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
            continue; /* not our file: the caller will say so */
        if (rc || !sound(txn, dbi))
            return false;
    }
    return true;
}

/* What cannot be opened at all is left for the caller to find, who says why. */
static bool read_all(const char *dir)
{
    MDB_env *env;
    MDB_txn *txn;
    bool answer = true;

    if (mdb_env_create(&env))
        return true;
    if (!mdb_env_set_maxdbs(env, 4) && !mdb_env_open(env, dir, MDB_RDONLY | MDB_NOLOCK, 0600) &&
        !mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)) {
        answer = all_sound(env, txn);
        mdb_txn_abort(txn);
    }
    mdb_env_close(env);
    return answer;
}

/* LMDB's last words and a core file would only hide the line that we print. */
static _Noreturn void child(const char *dir, int told)
{
    struct rlimit none = { 0, 0 };
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    setrlimit(RLIMIT_CORE, &none);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
    _exit(read_all(dir) && write(told, "s", 1) == 1 ? 0 : 1);
}

bool store_sound(const char *dir)
{
    int ends[2];
    char answer;
    ssize_t n;
    pid_t pid;

    /* No room for a pipe or a child: then without this comfort. */
    if (pipe(ends) < 0)
        return true;
    pid = fork();
    if (pid == 0)
        child(dir, ends[1]);
    close(ends[1]);
    do
        n = read(ends[0], &answer, 1);
    while (n < 0 && errno == EINTR);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return pid < 0 || n == 1;
}
