/* The store when things go wrong: folders that are not ours, files that are damaged, disks
   that are full, and a broker killed in the middle of its work. */
#include "store_rig.h"
#include "broker-under-test/reference/src/store_inside.h"
#include "broker-under-test/reference/src/mem.h"
#include "suites.h"

#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *path_in(struct rig *r, const char *file)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", r->dir, file);
    return path;
}

static bool says(const char *error, struct rig *r, const char *what)
{
    if (!strstr(error, what))
        fprintf(stderr, "wanted \"%s\" in: %s\n", what, error);
    return strstr(error, what) && strncmp(error, r->dir, strlen(r->dir)) == 0 &&
           !strchr(error, '\n');
}

TEST(folder_missing)
{
    struct rig r;
    char dir[sizeof r.dir];

    rig_init(&r);
    rig_close(&r);
    strcpy(dir, r.dir);
    strcat(r.dir, "/not");
    CU_ASSERT(says(rig_open_error(&r), &r, "No such file or directory"));
    strcpy(r.dir, dir);
    rig_clear(&r);
}

TEST(folder_in_use)
{
    struct rig r;
    char pid[32];

    rig_init(&r);
    snprintf(pid, sizeof pid, "(process %ld)", (long)getpid());
    CU_ASSERT(says(rig_open_error(&r), &r, "in use by another broker"));
    CU_ASSERT(says(rig_open_error(&r), &r, pid));
    rig_put(&r, 1, 1, "m"); /* the first is none the worse */
    CU_ASSERT(rig_commit(&r));
    rig_reopen(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1 ");
    rig_clear(&r);
}

static void overwrite(struct rig *r, off_t at, const char *bytes, size_t n)
{
    int fd = open(path_in(r, "data.mdb"), O_WRONLY | O_CREAT, 0600);

    CU_ASSERT_EQUAL(pwrite(fd, bytes, n, at), (ssize_t)n);
    close(fd);
}

TEST(file_of_somebody_else)
{
    struct rig r;
    char *text = xmalloc(100000);

    memset(text, 'x', 100000);
    rig_init(&r);
    rig_close(&r);
    unlink(path_in(&r, "data.mdb"));
    overwrite(&r, 0, text, 10);
    CU_ASSERT(says(rig_open_error(&r), &r, "damaged, or not a file of this broker"));
    overwrite(&r, 0, text, 100000);
    CU_ASSERT(says(rig_open_error(&r), &r, "damaged, or not a file of this broker"));
    unlink(path_in(&r, "data.mdb"));
    rig_open(&r);
    rig_clear(&r);
    free(text);
}

/* An LMDB file with one record, in the unnamed database or in one with that name. */
static void write_foreign(struct rig *r, const char *database, char *key, char *value)
{
    MDB_val k = { strlen(key), key }, v = { strlen(value), value };
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;

    CU_ASSERT_EQUAL_FATAL(mdb_env_create(&env), 0);
    mdb_env_set_maxdbs(env, 2);
    CU_ASSERT_EQUAL_FATAL(mdb_env_open(env, r->dir, MDB_NOSYNC, 0600), 0);
    CU_ASSERT_EQUAL_FATAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
    CU_ASSERT_EQUAL_FATAL(mdb_dbi_open(txn, database, MDB_CREATE, &dbi), 0);
    CU_ASSERT_EQUAL(mdb_put(txn, dbi, &k, &v, 0), 0);
    CU_ASSERT_EQUAL(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

TEST(lmdb_of_somebody_else)
{
    struct rig r;
    char key[] = "format", value[] = "theirs";

    rig_init(&r);
    rig_close(&r);
    unlink(path_in(&r, "data.mdb"));
    write_foreign(&r, NULL, key, value);
    CU_ASSERT(says(rig_open_error(&r), &r, "not a file of this broker"));
    unlink(path_in(&r, "data.mdb"));
    write_foreign(&r, "about", key, value);
    CU_ASSERT(says(rig_open_error(&r), &r, "not a file of this broker"));
    rig_clear(&r);
}

TEST(format_of_tomorrow)
{
    struct rig r;
    char key[] = "format", value[] = "amqproof reference broker, format 2";

    rig_init(&r);
    rig_close(&r);
    write_foreign(&r, "about", key, value);
    CU_ASSERT(says(rig_open_error(&r), &r, "format 2"));
    CU_ASSERT(says(rig_open_error(&r), &r, "this broker reads"));
    rig_clear(&r);
}

static off_t size_of(struct rig *r)
{
    struct stat st = { .st_size = -1 };

    stat(path_in(r, "data.mdb"), &st);
    return st.st_size;
}

/* Cut to each page: never a crash, never silence about it, and the file is left as found. */
TEST(file_cut_short)
{
    struct rig r;
    off_t whole;

    rig_init(&r);
    for (uint64_t seq = 1; seq <= 200; seq++) {
        rig_put(&r, 1, seq, "a message long enough to fill some pages with two hundred of it");
        if (seq % 50 == 0)
            CU_ASSERT(rig_commit(&r));
    }
    rig_close(&r);
    whole = size_of(&r);
    for (off_t cut = whole - 1; cut > 2 * 4096; cut -= 1500) {
        CU_ASSERT_EQUAL_FATAL(truncate(path_in(&r, "data.mdb"), cut), 0);
        CU_ASSERT(says(rig_open_error(&r), &r, "damaged"));
        CU_ASSERT_EQUAL(size_of(&r), cut);
    }
    rig_clear(&r);
}

/* Each page in turn overwritten with zeros: refused, or not needed. */
TEST(pages_overwritten)
{
    static const char zeros[4096];
    struct rig r;
    char *image;
    off_t whole;
    int refused = 0, fd;

    rig_init(&r);
    for (uint64_t seq = 1; seq <= 400; seq++)
        rig_put(&r, 1, seq, "a message long enough to fill some pages with four hundred of it");
    CU_ASSERT(rig_commit(&r));
    rig_close(&r);
    whole = size_of(&r);
    image = xmalloc((size_t)whole);
    fd = open(path_in(&r, "data.mdb"), O_RDONLY);
    CU_ASSERT_EQUAL_FATAL(read(fd, image, (size_t)whole), whole);
    close(fd);
    for (off_t at = 2 * 4096; at < whole; at += 4096) {
        overwrite(&r, at, zeros, sizeof zeros);
        if (!store_sound(r.dir)) {
            CU_ASSERT(says(rig_open_error(&r), &r, "damaged"));
            refused++;
        }
        overwrite(&r, 0, image, (size_t)whole);
    }
    CU_ASSERT(refused > 5);
    rig_open(&r);
    rig_clear(&r);
    free(image);
}

/* Octets that stay, as the store looks at them until they are written. */
static char large[(2 << 20) + 1];

static bool put_large(struct rig *r, uint64_t seq, size_t octets)
{
    memset(large, 'b', octets);
    large[octets] = '\0';
    rig_put(r, 1, seq, large);
    return rig_wait(r, store_seal(r->store));
}

/* Until the store has found out that there is room again. */
static bool wait_for_room(struct rig *r, uint64_t number)
{
    for (int tries = 0; tries < 20; tries++) {
        if (rig_wait(r, number))
            return true;
        if (store_failed(r->store))
            return false;
        rig_wait_wakes(r, r->wakes + 1);
    }
    return false;
}

/* Nothing is lost, and nothing promised, until what is too much is deleted. */
TEST(size_limit_reached)
{
    struct rig r;
    uint64_t committed, last;

    rig_init(&r);
    rig_close(&r);
    r.map_bytes = 1 << 20;
    rig_open(&r);
    rig_put(&r, 1, 1, "kept");
    CU_ASSERT(rig_commit(&r));
    CU_ASSERT_PTR_NULL(store_full(r.store));
    committed = store_committed(r.store);
    CU_ASSERT(!put_large(&r, 2, 2 << 20));
    CU_ASSERT_STRING_EQUAL(store_full(r.store), "the store has reached its size limit");
    CU_ASSERT_PTR_NULL(store_failed(r.store));
    rig_put(&r, 1, 3, "behind it");
    last = store_seal(r.store);
    CU_ASSERT(!rig_wait(&r, last));
    CU_ASSERT_EQUAL(store_committed(r.store), committed);
    store_del_message(r.store, 1, 2);
    last = store_seal(r.store);
    CU_ASSERT(wait_for_room(&r, last));
    CU_ASSERT_PTR_NULL(store_full(r.store));
    rig_close(&r);
    CU_ASSERT(r.retained == 3 && r.released == 3);
    rig_open(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1 3 ");
    rig_clear(&r);
}

/* The limit is reached by what is kept; what is deleted then makes room for what waits. */
TEST(deletes_make_room)
{
    enum { MOST = 4096 };
    char body[600];
    struct rig r;
    uint64_t seq = 1, last;

    memset(body, 'b', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    rig_init(&r);
    rig_close(&r);
    r.map_bytes = 1 << 20;
    rig_open(&r);
    do {
        for (int i = 0; i < 10; i++)
            rig_put(&r, 1, seq++, body);
    } while (rig_commit(&r) && seq < MOST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store_full(r.store));
    for (uint64_t old = 1; old < seq - 15; old++)
        store_del_message(r.store, 1, old);
    last = store_seal(r.store);
    CU_ASSERT(wait_for_room(&r, last));
    rig_reopen(&r);
    for (uint64_t kept = seq - 15; kept < seq; kept++) {
        char number[32];

        snprintf(number, sizeof number, "%llu ", (unsigned long long)kept);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig_list(&r, 1), number));
    }
    rig_clear(&r);
}

/* Beyond the first size of the map, and beyond what one transaction writes. */
TEST(file_grows)
{
    enum { PIECES = 90 };
    struct rig r;
    char *body = xmalloc((1 << 20) + 1);

    memset(body, 'b', 1 << 20);
    body[1 << 20] = '\0';
    rig_init(&r);
    for (uint64_t seq = 1; seq <= PIECES; seq++)
        rig_put(&r, 1, seq, body);
    CU_ASSERT(store_backlog(r.store) > PIECES << 20);
    CU_ASSERT(rig_commit(&r));
    CU_ASSERT_EQUAL(store_backlog(r.store), 0);
    store_del_message(r.store, 1, 2);
    rig_reopen(&r);
    CU_ASSERT_NSTRING_EQUAL(rig_list(&r, 1), "1 3 4 ", 6);
    store_del_queue(r.store, 1);
    CU_ASSERT(rig_commit(&r));
    rig_reopen(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "");
    rig_clear(&r);
    free(body);
}

/* A file that may not grow stands for a disk that is full. */
static void write_until_full(struct rig *r, bool room)
{
    struct rlimit limit = { 300000, RLIM_INFINITY };
    uint64_t last;

    signal(SIGXFSZ, SIG_IGN);
    rig_open(r);
    rig_put(r, 1, 1, "kept");
    if (!rig_commit(r) || setrlimit(RLIMIT_FSIZE, &limit) < 0)
        _exit(1);
    if (put_large(r, 2, 1 << 20))
        _exit(2);
    if (strcmp(store_full(r->store), "the disk is full") != 0)
        _exit(3);
    rig_put(r, 1, 3, "behind it");
    last = store_seal(r->store);
    if (rig_wait(r, last))
        _exit(4);
    if (!room)
        _exit(store_close(r->store) ? 5 : 0);
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        _exit(6);
    _exit(wait_for_room(r, last) ? 0 : 7);
}

static void write_and_give_up(struct rig *r)
{
    write_until_full(r, false);
}

static void write_and_go_on(struct rig *r)
{
    write_until_full(r, true);
}

TEST(disk_full)
{
    struct rig r;

    rig_init(&r);
    rig_close(&r);
    CU_ASSERT_EQUAL(rig_in_child(&r, write_and_give_up), 0);
    rig_open(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1 ");
    store_del_message(r.store, 1, 1);
    rig_close(&r);
    CU_ASSERT_EQUAL(rig_in_child(&r, write_and_go_on), 0);
    rig_open(&r);
    CU_ASSERT_STRING_EQUAL(rig_list(&r, 1), "1 2 3 ");
    rig_clear(&r);
}

/* Puts without end; whatever is committed is told, as a confirm would, to the pipe. */
static void publish_for_ever(struct rig *r, uint64_t from, int told)
{
    uint64_t seq = from, waiting = 0, up_to = 0;

    rig_open(r);
    for (;;) {
        for (int i = 0; i < 20; i++)
            rig_put(r, 1, seq++, "m");
        if (waiting && store_committed(r->store) >= waiting) {
            if (write(told, &up_to, sizeof up_to) != sizeof up_to)
                _exit(1);
            waiting = 0;
        }
        if (!waiting) {
            up_to = seq - 1;
            waiting = store_seal(r->store);
        } else {
            store_seal(r->store);
        }
        store_reap(r->store);
        if (store_backlog(r->store) > 1 << 20 && !rig_wait(r, waiting))
            _exit(2);
    }
}

/* Reads some confirms, then kills without warning; the last number that was told. */
static uint64_t kill_after(struct rig *r, uint64_t from, int confirms)
{
    uint64_t last = 0, up_to;
    int ends[2], status;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0)
        publish_for_ever(r, from, ends[1]);
    close(ends[1]);
    while (confirms-- > 0 && read(ends[0], &up_to, sizeof up_to) == sizeof up_to)
        last = up_to;
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read(ends[0], &up_to, sizeof up_to) == sizeof up_to)
        last = up_to;
    close(ends[0]);
    return last;
}

static bool no_gaps(void *context, const struct store_message *m, bool redelivered)
{
    uint64_t *next = context;

    CU_ASSERT(!redelivered);
    return m->seq == (*next)++;
}

TEST(killed_in_the_middle)
{
    struct rig r;
    uint64_t next = 1;

    rig_init(&r);
    rig_close(&r);
    r.sync = true;
    for (int round = 1; round <= 8; round++) {
        uint64_t confirmed = kill_after(&r, next, round * 3), seen = 1;

        CU_ASSERT(confirmed >= next);
        rig_open(&r);
        CU_ASSERT(store_each_message(r.store, 1, no_gaps, &seen));
        CU_ASSERT(seen > confirmed);
        next = seen;
        rig_close(&r);
    }
    rig_clear(&r);
}

SUITE(leaves_store_faults, TEST_CASE(folder_missing), TEST_CASE(folder_in_use),
      TEST_CASE(file_of_somebody_else), TEST_CASE(lmdb_of_somebody_else),
      TEST_CASE(format_of_tomorrow), TEST_CASE(file_cut_short), TEST_CASE(pages_overwritten),
      TEST_CASE(size_limit_reached), TEST_CASE(deletes_make_room), TEST_CASE(file_grows),
      TEST_CASE(disk_full), TEST_CASE(killed_in_the_middle));
