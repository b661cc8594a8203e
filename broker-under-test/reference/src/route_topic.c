/* Topic patterns as a tree of words, and a key's walk through it.

   The walk keeps the set of all nodes that the words read so far lead to, as one
   does with a regular expression, and never goes back: its cost is words times
   live nodes, whatever the number of '#' in the patterns. A walk that tries each
   length for each '#' in turn needs C(words, '#'s) steps and can be made to hang.

   The empty key has no words at all: '#' matches it, '*' does not. An empty word
   between, before or after dots is a word ("a." has two). As RabbitMQ has it. */
#include "route_inside.h"

#include "faulty.h"
#include "limits.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

/* A word of a binding key, which came as a short string. */
enum { LIMIT_WORD = UINT8_MAX };

struct node {
    struct place place; /* bindings whose pattern ends here */
    struct node *parent, *star, *hash;
    uint32_t children; /* literal ones; found through trie.edges */
    bool is_hash;
    bool behind_hash;
    uint64_t step;   /* the last step that reached it */
    struct str word; /* of the edge from the parent */
    char bytes[];
};

struct node_set {
    struct node **at;
    size_t n, max;
};

/* All literal edges are in one map, keyed by node and word: a map per node would
   cost half a kilobyte for each of the many nodes with one child. */
struct trie {
    struct node *root;
    struct map *edges;
    uint64_t step;
    struct node_set now, next;
    size_t bytes;  /* of nodes */
    size_t hashes; /* behind another one */
};

/* Takes the first word off; false once there is none. *rest.p is NULL after the last. */
static bool next_word(struct str *rest, struct str *word)
{
    const char *dot;

    if (!rest->p)
        return false;
    dot = memchr(rest->p, '.', rest->n);
    *word = (struct str){ rest->p, dot ? (size_t)(dot - rest->p) : rest->n };
    if (dot)
        *rest = (struct str){ dot + 1, rest->n - word->n - 1 };
    else
        *rest = (struct str){ NULL, 0 };
    return true;
}

static struct str words_of(struct str key)
{
    return key.n || FAULTY(empty_key_is_a_word) ? key : (struct str){ NULL, 0 };
}

static struct node *node_new(struct node *parent, struct str word)
{
    struct node *n = xcalloc(1, sizeof *n + word.n);

    TAILQ_INIT(&n->place.bindings);
    n->parent = parent;
    n->word = (struct str){ n->bytes, word.n };
    if (word.n)
        memcpy(n->bytes, word.p, word.n);
    return n;
}

struct trie *trie_new(void)
{
    struct trie *t = xcalloc(1, sizeof *t);

    t->root = node_new(NULL, STR(""));
    t->edges = map_new();
    return t;
}

/* Its bindings are gone by now, and with them all nodes but the root. */
void trie_free(struct trie *t)
{
    if (!t)
        return;
    assert(map_count(t->edges) == 0 && !t->root->star && !t->root->hash);
    map_free(t->edges);
    free(t->root);
    free(t->now.at);
    free(t->next.at);
    free(t);
}

size_t trie_hashes(const struct trie *t)
{
    return t->hashes;
}

size_t trie_bytes(const struct trie *t)
{
    return t->bytes;
}

static struct str edge_key(char *buffer, const struct node *n, struct str word)
{
    memcpy(buffer, &n, sizeof n);
    if (word.n)
        memcpy(buffer + sizeof n, word.p, word.n);
    return (struct str){ buffer, sizeof n + word.n };
}

static struct node *literal(const struct trie *t, const struct node *n, struct str word)
{
    char buffer[sizeof n + LIMIT_WORD];

    if (!n->children || word.n > LIMIT_WORD)
        return NULL;
    return map_get(t->edges, edge_key(buffer, n, word));
}

static struct node *grow(struct trie *t, struct node *n, struct str word)
{
    char buffer[sizeof n + LIMIT_WORD];
    struct node **special = NULL, *child;

    if (str_eq(word, STR("*")))
        special = &n->star;
    else if (str_eq(word, STR("#")))
        special = &n->hash;
    child = special ? *special : literal(t, n, word);
    if (child)
        return child;
    child = node_new(n, word);
    t->bytes += COST_WORD + word.n;
    child->is_hash = special && (special == &n->hash || FAULTY(star_takes_many));
    child->behind_hash = n->is_hash || n->behind_hash;
    t->hashes += child->is_hash && child->behind_hash;
    if (special) {
        *special = child;
    } else {
        map_set(t->edges, edge_key(buffer, n, word), child);
        n->children++;
    }
    return child;
}

void trie_add(struct trie *t, struct binding *b)
{
    struct str rest = words_of(b->key), word;
    struct node *n = t->root;

    while (next_word(&rest, &word))
        n = grow(t, n, word);
    b->place = &n->place;
    TAILQ_INSERT_TAIL(&n->place.bindings, b, of_place);
}

static bool idle(const struct node *n)
{
    return TAILQ_EMPTY(&n->place.bindings) && !n->children && !n->star && !n->hash;
}

static void prune(struct trie *t, struct node *n)
{
    char buffer[sizeof n + LIMIT_WORD];
    struct node *parent = n->parent;

    t->bytes -= COST_WORD + n->word.n;
    t->hashes -= n->is_hash && n->behind_hash;
    if (parent->star == n) {
        parent->star = NULL;
    } else if (parent->hash == n) {
        parent->hash = NULL;
    } else {
        map_pop(t->edges, edge_key(buffer, parent, n->word));
        parent->children--;
    }
    free(n);
}

void trie_remove(struct trie *t, struct binding *b)
{
    struct node *n = (struct node *)b->place; /* its first member */

    TAILQ_REMOVE(&n->place.bindings, b, of_place);
    while (n->parent && idle(n)) {
        struct node *parent = n->parent;

        prune(t, n);
        n = parent;
    }
}

/* A node with a '#' below is at once past that '#' too: it matches no words at all. */
static void reach(struct trie *t, struct node_set *set, struct node *n)
{
    for (; n && n->step != t->step; n = FAULTY(hash_needs_a_word) ? NULL : n->hash) {
        n->step = t->step;
        if (set->n == set->max) {
            set->max = set->max ? set->max * 2 : 16;
            set->at = xgrow(set->at, set->max, sizeof *set->at);
        }
        set->at[set->n++] = n;
    }
}

static void read_word(struct trie *t, struct str word)
{
    struct node_set swap = t->now;

    t->step++;
    t->next.n = 0;
    for (size_t i = 0; i < t->now.n; i++) {
        struct node *n = t->now.at[i];

        if (n->is_hash && !(FAULTY(hash_greedy) && literal(t, n, word)))
            reach(t, &t->next, n);
        if (FAULTY(hash_needs_a_word))
            reach(t, &t->next, n->hash);
        if (!(FAULTY(star_hidden_by_literals) && n->children) &&
            !(FAULTY(star_behind_star_dead) && n->parent && n->parent->star == n))
            reach(t, &t->next, n->star);
        reach(t, &t->next, literal(t, n, word));
    }
    t->now = t->next;
    t->next = swap;
}

void trie_match(struct trie *t, struct router *r, struct str key)
{
    struct str rest = words_of(key), word;
    const struct binding *b;

    t->step++;
    t->now.n = 0;
    reach(t, &t->now, t->root);
    while (t->now.n && next_word(&rest, &word))
        if (word.n || !FAULTY(empty_words_skipped))
            read_word(t, word);
    for (size_t i = 0; i < t->now.n; i++)
        for (b = TAILQ_FIRST(&t->now.at[i]->place.bindings); b; b = TAILQ_NEXT(b, of_place))
            route_found(r, b);
}
