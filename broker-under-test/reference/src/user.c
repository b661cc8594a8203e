#include "user.h"

#include "mem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

enum { SALT_BYTES = 4 };

static const struct {
    const char *name, *digest;
} hashings[HASHINGS] = {
    [HASH_SHA256] = { "rabbit_password_hashing_sha256", "SHA256" },
    [HASH_SHA512] = { "rabbit_password_hashing_sha512", "SHA512" },
    [HASH_MD5] = { "rabbit_password_hashing_md5", "MD5" },
};

/* Looked up once: OpenSSL takes longer to find a digest than to use it. */
static const EVP_MD *digest_of(enum hashing hashing)
{
    static EVP_MD *found[HASHINGS];

    if (!found[hashing])
        found[hashing] = EVP_MD_fetch(NULL, hashings[hashing].digest, NULL);
    return found[hashing];
}

struct user *user_new(struct str name)
{
    struct user *u = xcalloc(1, sizeof *u);

    u->name = str_dup(name);
    u->rights = map_new();
    return u;
}

void user_free(struct user *u)
{
    struct map_entry *it = NULL;
    struct str vhost;
    void *rights;

    while (map_iter(u->rights, &it, &vhost, &rights))
        rights_free(rights);
    map_free(u->rights);
    str_free(&u->name);
    str_free(&u->password_hash);
    str_free(&u->tags);
    free(u);
}

const char *hashing_name(enum hashing hashing)
{
    return hashings[hashing].name;
}

bool hashing_of(struct str name, enum hashing *hashing)
{
    for (int i = 0; i < HASHINGS; i++) {
        if (str_eq(name, str_of(hashings[i].name))) {
            *hashing = (enum hashing)i;
            return true;
        }
    }
    return false;
}

size_t hashing_bytes(enum hashing hashing)
{
    return (size_t)EVP_MD_get_size(digest_of(hashing));
}

/* Returns the number of octets, salt included. */
static size_t hash_password(enum hashing hashing, struct str salt, struct str password,
                            char out[SALT_BYTES + EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned n = 0;

    str_put(out, salt);
    if (!ctx || !EVP_DigestInit_ex(ctx, digest_of(hashing), NULL) ||
        !EVP_DigestUpdate(ctx, salt.p, salt.n) || !EVP_DigestUpdate(ctx, password.p, password.n) ||
        !EVP_DigestFinal_ex(ctx, (unsigned char *)out + salt.n, &n))
        abort(); /* hashing memory cannot fail unless OpenSSL itself is broken */
    EVP_MD_CTX_free(ctx);
    return salt.n + n;
}

void user_set_password(struct user *u, struct str password)
{
    char salt[SALT_BYTES], hash[SALT_BYTES + EVP_MAX_MD_SIZE];
    size_t n;

    if (RAND_bytes((unsigned char *)salt, sizeof salt) != 1)
        abort();
    n = hash_password(HASH_SHA256, (struct str){ salt, sizeof salt }, password, hash);
    user_set_hash(u, (struct str){ hash, n }, HASH_SHA256);
}

void user_set_hash(struct user *u, struct str hash, enum hashing hashing)
{
    str_free(&u->password_hash);
    u->password_hash = str_dup(hash);
    u->hashing = hashing;
}

void user_set_tags(struct user *u, struct str tags)
{
    str_free(&u->tags);
    u->tags = str_dup(tags);
}

bool user_password_ok(const struct user *u, struct str password)
{
    char hash[SALT_BYTES + EVP_MAX_MD_SIZE];
    size_t n;

    if (u->password_hash.n <= SALT_BYTES || password.n == 0)
        return false;
    n = hash_password(u->hashing, (struct str){ u->password_hash.p, SALT_BYTES }, password, hash);
    return n == u->password_hash.n && CRYPTO_memcmp(hash, u->password_hash.p, n) == 0;
}

bool user_grant(struct user *u, struct str vhost, const struct str patterns[PERMISSIONS])
{
    struct rights *r = rights_new(patterns), *had = map_get(u->rights, vhost);

    if (!r)
        return false;
    if (had)
        rights_replace(had, r);
    else
        map_set(u->rights, vhost, r);
    return true;
}

const struct rights *user_rights(const struct user *u, struct str vhost)
{
    return map_get(u->rights, vhost);
}
