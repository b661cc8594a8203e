/* Crash states: what a power cut could leave of the store's file, at every moment of its life. Each
   is opened as a broker would; what is in it has to be the state after some batch: none before the
   last that was promised, none behind the last that was handed over, and never half of one. And it
   has to be a store that goes on: what is committed then is there the next time.

   AMQPROOF_CRASH_SEEDS=N: so many scripts of operations, one after the other (1).
   AMQPROOF_CRASH_STEP=N: of the moments each N-th only (1), beginning with another one for each
   seed; for builds in which a state costs a multiple, such as ThreadSanitizer's. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "model.h"
#include "suites/self/broker/store_rig.h"
#include "suites/self/broker/suites.h"

enum { BATCHES = 70, DRAWS = 1, TOLD_MOST = 20, NEW_QUEUE = 5000 };

struct crash {
    uint64_t seed;
    bool sync;
    uint64_t pictures[BATCHES + 1];
    struct image image;
    char dir[128];
    /* what came of it */
    size_t states, doubtful, wrong, unborn;
    size_t at_batch[BATCHES + 1];
};

/* ---- the script, recorded ---- */

static void hand_over(struct crash *c, struct model *m, struct rig *r, unsigned batch, bool alone)
{
    model_step(m, r->store, alone);
    c->pictures[batch] = model_picture(m);
    disk_issued(batch);
}

/* From the first octet of the file on. */
static void make_rig(struct rig *r, bool sync)
{
    char path[256];

    rig_init(r);
    rig_close(r);
    snprintf(path, sizeof path, "%s/data.mdb", r->dir);
    CU_ASSERT_EQUAL(unlink(path), 0);
    r->sync = sync;
    disk_record();
    rig_open(r);
}

/* Mostly a batch at a time; now and then several are under way. */
static void record(struct crash *c)
{
    struct model m;
    struct rig r;
    uint64_t number = 0;
    bool alone = true;

    model_init(&m, c->seed);
    c->pictures[0] = model_picture(&m);
    make_rig(&r, c->sync);
    for (unsigned batch = 1; batch <= BATCHES; batch++) {
        hand_over(c, &m, &r, batch, alone);
        number = store_seal(r.store);
        alone = batch % 7 >= 3 || batch == BATCHES;
        if (!alone)
            continue;
        CU_ASSERT_FATAL(rig_wait(&r, number));
        disk_promised(batch);
    }
    rig_close(&r);
    disk_stop();
    rig_open(&r);
    rig_clear(&r);
}

/* ---- a state ---- */

static void in_dir(const struct crash *c, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", c->dir, name);
}

static void lay_out(const struct crash *c)
{
    static const char *const others[] = { "lock.mdb", "broker.lock" };
    char path[256];
    FILE *f;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        in_dir(c, others[i], path, sizeof path);
        unlink(path);
    }
    in_dir(c, "data.mdb", path, sizeof path);
    unlink(path);
    if (!c->image.there)
        return;
    f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    if (c->image.n)
        CU_ASSERT_EQUAL(fwrite(c->image.p, 1, c->image.n, f), c->image.n);
    CU_ASSERT_EQUAL(fclose(f), 0);
}

static struct store *open_it(const struct crash *c, char *error, size_t size)
{
    struct store_options o = { .dir = c->dir, .map_bytes = (size_t)1 << 30 };

    return store_open(&o, error, size);
}

/* The batch that this is the state after, or -1. Pictures may be equal: any that fits will do. */
static int batch_of(const struct crash *c, uint64_t picture)
{
    for (unsigned batch = c->image.promised; batch <= c->image.issued; batch++) {
        if (c->pictures[batch] == picture)
            return (int)batch;
    }
    return -1;
}

static void complain(struct crash *c, size_t cut, enum loss loss, uint64_t draw, const char *what)
{
    if (c->wrong++ < TOLD_MOST && c->sync)
        fprintf(stderr,
                "seed %llu, cut %zu of %zu, loss %d, draw %llu (promised %u, issued %u): %s\n",
                (unsigned long long)c->seed, cut, disk_events(), loss, (unsigned long long)draw,
                c->image.promised, c->image.issued, what);
}

static bool see(void *context, const struct store_message *m, bool redelivered)
{
    *(bool *)context = m->body.n == 4 && !redelivered;
    return true;
}

/* A store that came through takes a message, keeps it, and keeps what it had. */
static const char *goes_on(const struct crash *c, struct store *s, uint64_t picture)
{
    struct store_message m = { .queue_id = NEW_QUEUE,
                               .seq = 1,
                               .exchange = STR(""),
                               .routing_key = STR(""),
                               .properties = STR("\0\0"),
                               .body = STR("more") };
    char error[512] = "";
    uint64_t again = 0;
    bool seen = false, good;

    store_put_message(s, &m, (struct store_hold){ .owner = NULL });
    store_seal(s);
    store_close(s); /* commits */
    s = open_it(c, error, sizeof error);
    if (!s)
        return "after one more message it does not open";
    good = store_each_message(s, NEW_QUEUE, see, &seen) && model_picture_of(s, &again);
    store_close(s);
    return good && seen && again == picture ? NULL : "after one more message it is another";
}

static void check(struct crash *c, size_t cut, enum loss loss, uint64_t draw)
{
    char error[512] = "";
    uint64_t picture;
    const char *wrong = NULL;
    struct store *s;
    int batch;

    lay_out(c);
    c->states++;
    s = open_it(c, error, sizeof error);
    if (!s && c->image.promised == 0) { /* nothing was promised; the line says what to do */
        c->unborn++;
        return;
    }
    if (!s) {
        complain(c, cut, loss, draw, error);
        return;
    }
    if (!model_picture_of(s, &picture))
        wrong = "it cannot be read";
    else if ((batch = batch_of(c, picture)) < 0)
        wrong = "it is no state between what was promised and what was handed over";
    else
        c->at_batch[batch]++;
    if (!wrong && c->states % 8 == 0)
        wrong = goes_on(c, s, picture);
    else
        store_close(s);
    if (wrong)
        complain(c, cut, loss, draw, wrong);
}

static void cut_at(struct crash *c, size_t cut)
{
    for (enum loss loss = LOSE_NOTHING; loss < LOSS_COUNT; loss++) {
        uint64_t draws = loss < LOSE_WRITES ? 1 : DRAWS;

        for (uint64_t draw = 0; draw < draws; draw++) {
            disk_image(&c->image, cut, loss, c->seed ^ cut << 20 ^ draw << 8 ^ loss);
            if (loss != LOSE_NOTHING && c->image.doubtful == 0)
                return; /* it is the same */
            c->doubtful += c->image.doubtful > 0;
            check(c, cut, loss, draw);
        }
    }
}

static void make_dir(struct crash *c)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(c->dir, sizeof c->dir, "%s/crash-XXXXXX", tmp ? tmp : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(c->dir));
}

static void remove_dir(struct crash *c)
{
    c->image.there = false;
    lay_out(c);
    CU_ASSERT_EQUAL(rmdir(c->dir), 0);
}

static void run(uint64_t seed, uint64_t step)
{
    struct crash c = { .seed = seed, .sync = true };
    size_t batches = 0;

    make_dir(&c);
    record(&c);
    for (size_t cut = seed % step; cut <= disk_events(); cut += step)
        cut_at(&c, cut);
    for (unsigned batch = 0; batch <= BATCHES; batch++)
        batches += c.at_batch[batch] > 0;
    printf(
        "crash: seed %llu, %zu events, %zu states, %zu of them with writes in doubt; %zu batches "
        "were the last, %zu states before the first promise did not open, %zu wrong\n",
        (unsigned long long)seed, disk_events(), c.states, c.doubtful, batches, c.unborn, c.wrong);
    fflush(stdout); /* ThreadSanitizer flushes in each child that ends, and so writes it again */
    CU_ASSERT_EQUAL(c.wrong, 0);
    /* Otherwise nothing was tried. */
    CU_ASSERT(c.states > 300 / step && c.doubtful > 200 / step && batches > BATCHES / 2 / step);
    remove_dir(&c);
    image_clear(&c.image);
}

static uint64_t number_of(const char *name)
{
    const char *n = getenv(name);
    uint64_t value = n ? strtoull(n, NULL, 10) : 1;

    return value ? value : 1;
}

TEST(every_cut_leaves_a_batch)
{
    uint64_t seeds = number_of("AMQPROOF_CRASH_SEEDS"), step = number_of("AMQPROOF_CRASH_STEP");

    /* A file system in memory writes as any other, and takes no time to sync. */
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    for (uint64_t seed = 1; seed <= seeds; seed++)
        run(seed, step);
}

/* The instrument: a store that promises and does not sync is found out, wherever the power goes
   after its first promise; a kill alone would not show it. */
TEST(no_sync_is_found_out)
{
    struct crash c = { .seed = 1 };
    size_t promised = 0;

    make_dir(&c);
    record(&c);
    for (size_t cut = 0; cut <= disk_events(); cut += 10) {
        disk_image(&c.image, cut, LOSE_NOTHING, 0);
        check(&c, cut, LOSE_NOTHING, 0);
    }
    CU_ASSERT_EQUAL(c.wrong, 0);
    for (size_t cut = 0; cut <= disk_events(); cut += 10) {
        disk_image(&c.image, cut, LOSE_ALL, 0);
        promised += c.image.promised > 0;
        check(&c, cut, LOSE_ALL, 0);
    }
    CU_ASSERT(promised > 0);
    CU_ASSERT_EQUAL(c.wrong, promised);
    remove_dir(&c);
    image_clear(&c.image);
}

SUITE(crash, TEST_CASE(every_cut_leaves_a_batch), TEST_CASE(no_sync_is_found_out));
