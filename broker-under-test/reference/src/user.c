#include "user.h"

#include "mem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <regex.h>
#include <stdlib.h>

enum { SALT_BYTES = 4 };

struct rights {
    struct str pattern[PERMISSIONS];
    regex_t regex[PERMISSIONS];
    bool all[PERMISSIONS]; /* the usual ".*", not worth an engine per publish */
};

struct user *user_new(struct str name)
{
    struct user *u = xcalloc(1, sizeof *u);

    u->name = str_dup(name);
    u->rights = map_new();
    return u;
}

static void rights_free(struct rights *r)
{
    if (!r)
        return;
    for (int i = 0; i < PERMISSIONS; i++) {
        str_free(&r->pattern[i]);
        if (!r->all[i])
            regfree(&r->regex[i]);
    }
    free(r);
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

/* Returns the number of octets, salt included. */
static size_t hash_password(enum hashing hashing, struct str salt, struct str password,
                            char out[SALT_BYTES + EVP_MAX_MD_SIZE])
{
    const EVP_MD *md = hashing == HASH_SHA512 ? EVP_sha512() : EVP_sha256();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned n = 0;

    str_put(out, salt);
    if (!ctx || !EVP_DigestInit_ex(ctx, md, NULL) || !EVP_DigestUpdate(ctx, salt.p, salt.n) ||
        !EVP_DigestUpdate(ctx, password.p, password.n) ||
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
    struct rights *r = xcalloc(1, sizeof *r);

    for (int i = 0; i < PERMISSIONS; i++)
        r->all[i] = true; /* nothing compiled yet */
    for (int i = 0; i < PERMISSIONS; i++) {
        r->pattern[i] = str_dup(patterns[i]);
        if (str_eq(patterns[i], STR(".*")))
            continue;
        if (regcomp(&r->regex[i], patterns[i].n ? r->pattern[i].p : "^$",
                    REG_EXTENDED | REG_NOSUB) != 0) {
            rights_free(r);
            return false;
        }
        r->all[i] = false;
    }
    rights_free(map_set(u->rights, vhost, r));
    return true;
}

const struct rights *user_rights(const struct user *u, struct str vhost)
{
    return map_get(u->rights, vhost);
}

bool rights_allow(const struct rights *r, enum permission p, struct str name)
{
    char z[256];

    if (r->all[p])
        return true;
    if (name.n >= sizeof z)
        return false;
    *str_put(z, name) = '\0';
    return regexec(&r->regex[p], z, 0, NULL, 0) == 0;
}

struct str rights_pattern(const struct rights *r, enum permission p)
{
    return r->pattern[p];
}
