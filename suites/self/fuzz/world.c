#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "broker-under-test/reference/src/queue.h"
#include "memory_store.h"

/* OpenSSL's, for the names and salts that the broker makes up. */
int RAND_bytes(unsigned char *to, int n);
int RAND_bytes(unsigned char *to, int n)
{
    memset(to, 'r', (size_t)n);
    return 1;
}

struct broker *world_new(const struct settings *s)
{
    char error[256] = "";
    struct broker *b;

    b = broker_new(s, memory_store(), error, sizeof error);
    assert(b);
    return b;
}

void world_turn(struct broker *b, uint64_t batches)
{
    memory_store_commit(b->store, batches);
    broker_turn(b);
}

/* Deleting one may change the map, so from the start again after each. */
static void delete_queues(struct vhost *v)
{
    struct map_entry *it = NULL;
    struct str name;
    void *q;

    while (map_iter(v->queues, &it, &name, &q)) {
        queue_delete(q);
        it = NULL;
    }
}

void world_free(struct broker *b)
{
    struct map_entry *it = NULL;
    struct str name;
    void *v;

    while (map_iter(b->vhosts, &it, &name, &v))
        delete_queues(v);
    world_turn(b, UINT64_MAX);
    world_turn(b, UINT64_MAX);
    if (b->memory)
        fprintf(stderr, "%zu octets are still counted\n", b->memory);
    assert(b->memory == 0);
    broker_free(b);
}
