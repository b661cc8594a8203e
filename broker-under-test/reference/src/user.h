/* Who may come in and what they may do: users, password hashes, permissions.
   Knows nothing of connections. */
#ifndef REF_USER_H
#define REF_USER_H

#include "map.h"

enum hashing { HASH_SHA256, HASH_SHA512 };
enum permission { MAY_CONFIGURE, MAY_WRITE, MAY_READ, PERMISSIONS };

struct user {
    struct str name;
    struct str password_hash; /* four octets of salt, then hash(salt + password) */
    enum hashing hashing;
    struct str tags;
    struct map *rights; /* vhost name -> struct rights */
};

struct rights;

struct user *user_new(struct str name);
void user_free(struct user *u);
void user_set_password(struct user *u, struct str password);
/* The hash as RabbitMQ writes it into definitions.json, decoded from base64. */
void user_set_hash(struct user *u, struct str hash, enum hashing hashing);
bool user_password_ok(const struct user *u, struct str password);

/* Three regular expressions, matched as RabbitMQ does: anywhere in the name, and an
   empty one matches only the empty name. false: one of them does not compile. */
bool user_grant(struct user *u, struct str vhost, const struct str patterns[PERMISSIONS]);
/* NULL: not even the door. Valid until the next grant. */
const struct rights *user_rights(const struct user *u, struct str vhost);
bool rights_allow(const struct rights *r, enum permission p, struct str name);
struct str rights_pattern(const struct rights *r, enum permission p);

#endif
