/* A virtual host: its exchanges and queues by name, and how a message finds its way
   from one to the other. */
#ifndef REF_VHOST_H
#define REF_VHOST_H

#include "map.h"
#include "route.h"

struct broker;
struct queue;
struct exchange;

struct vhost {
    struct broker *broker;
    struct str name;
    struct map *exchanges; /* the nameless one too, under "" */
    struct map *queues;
};

/* With the standard exchanges in it. */
struct vhost *vhost_new(struct broker *b, struct str name);
void vhost_free(struct vhost *v);
struct exchange *vhost_exchange(const struct vhost *v, struct str name);
struct queue *vhost_queue(const struct vhost *v, struct str name);

/* What a binding leads to: first member of struct queue and struct exchange. Keeps
   which exchanges have bindings to it, so that it can go without a search. */
struct destination {
    bool is_queue;
    bool durable;
    uint64_t batch; /* of the store, that makes it durable; 0: none or long done */
    struct str name;
    struct source {
        struct exchange *exchange;
        size_t bindings;
    } * sources;
    size_t source_count;
};

struct exchange {
    struct destination dest; /* it may be one, by Exchange.Bind */
    struct vhost *vhost;
    enum route_type type;
    struct router *router;
    bool auto_delete, internal;
    struct str arguments;
    struct str alternate; /* view into arguments; empty: none */
    uint64_t visited;     /* by which routing, see vhost_route */
};

/* false: no such type. */
bool exchange_type(struct str name, enum route_type *type);
const char *exchange_type_name(enum route_type type);
struct exchange *exchange_add(struct vhost *v, struct str name, enum route_type type, bool durable);
/* Declared with; arguments are copied. */
void exchange_set(struct exchange *x, bool auto_delete, bool internal, struct str arguments);
/* With all bindings from it and to it. */
void exchange_delete(struct exchange *x);
bool exchange_in_use(const struct exchange *x);

/* A binding is durable when both its ends are. false: there already (or not there). */
bool binding_add(struct exchange *x, struct destination *d, struct str key, struct str arguments);
bool binding_remove(struct exchange *x, struct destination *d, struct str key,
                    struct str arguments);
/* All bindings to it, when it goes. */
void destination_clear(struct destination *d);

/* The queues a message reaches, each once; the array lives until the next call.
   Exchanges bound to exchanges are followed, alternates where nothing matched, and
   none is visited twice, so cycles end. */
struct route {
    struct queue **at;
    size_t n;
};
struct route vhost_route(struct vhost *v, struct exchange *x, struct str key, struct str headers);

#endif
