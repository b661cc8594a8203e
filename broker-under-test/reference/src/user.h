/* Who may come in and what they may do: users, password hashes, permissions.
   Knows nothing of connections. */
#ifndef REF_USER_H
#define REF_USER_H

#include "map.h"
#include "rights.h"

/* Kept in the store by number. */
enum hashing { HASH_SHA256, HASH_SHA512, HASH_MD5, HASHINGS };

struct user {
    struct str name;
    struct str
        password_hash; /* four octets of salt, then hash(salt + password); empty: none fits */
    enum hashing hashing;
    struct str tags;    /* words with commas between, as RabbitMQ had them */
    struct map *rights; /* vhost name -> struct rights */
};

struct user *user_new(struct str name);
void user_free(struct user *u);
void user_set_password(struct user *u, struct str password);
/* The hash as RabbitMQ writes it into definitions.json, decoded from base64. */
void user_set_hash(struct user *u, struct str hash, enum hashing hashing);
void user_set_tags(struct user *u, struct str tags);
bool user_password_ok(const struct user *u, struct str password);

/* RabbitMQ's name of it, "rabbit_password_hashing_sha256". */
const char *hashing_name(enum hashing hashing);
/* false: none of those we know. */
bool hashing_of(struct str name, enum hashing *hashing);
/* Octets of a hash, without its salt. */
size_t hashing_bytes(enum hashing hashing);

/* See rights_new; false: one of the patterns does not compile. Holds at once, for open
   connections too. */
bool user_grant(struct user *u, struct str vhost, const struct str patterns[PERMISSIONS]);
/* NULL: not even the door. Valid as long as the user. */
const struct rights *user_rights(const struct user *u, struct str vhost);

#endif
