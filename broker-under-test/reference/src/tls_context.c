/* From files to a context: certificates, key, who is believed, which versions. */
#include "tls_inside.h"

#include "faulty.h"
#include "log.h"
#include "mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct complaint {
    char *text;
    size_t size;
};

const char *tls_reason(void)
{
    unsigned long last = ERR_peek_last_error();
    const char *text = last ? ERR_reason_error_string(last) : NULL;

    ERR_clear_error();
    return text ? text : "for no reason that OpenSSL gives";
}

/* Which setting, which file, what is wrong with it. */
static bool no(const struct complaint *c, const char *key, struct str file, const char *why)
{
    snprintf(c->text, c->size, "ssl_options.%s = %.*s: %s", key, STR_ARGS(file), why);
    ERR_clear_error();
    return false;
}

/* OpenSSL calls a file that is not there an error of the system library, at best. */
static bool readable(const struct complaint *c, const char *key, struct str file)
{
    FILE *f;

    if (!file.n) {
        snprintf(c->text, c->size, "a TLS listener needs ssl_options.%s", key);
        return false;
    }
    f = fopen(file.p, "r");
    if (!f)
        return no(c, key, file, strerror(errno));
    fclose(f);
    return true;
}

/* A broker has nobody to ask for a passphrase. */
static int no_passphrase(char *out, int size, int writing, void *unused)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)unused;
    return -1;
}

static bool load_own(SSL_CTX *ssl, const struct tls_settings *s, const struct complaint *c)
{
    if (!readable(c, "certfile", s->certfile) || !readable(c, "keyfile", s->keyfile))
        return false;
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(ssl, s->certfile.p) != 1)
        return no(c, "certfile", s->certfile, "holds no certificate in PEM that can be used");
    if (SSL_CTX_use_PrivateKey_file(ssl, s->keyfile.p, SSL_FILETYPE_PEM) == 1)
        return true;
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
        return no(c, "keyfile", s->keyfile, "is not the key of the certificate in certfile");
    return no(c, "keyfile", s->keyfile, "holds no private key in PEM without a passphrase");
}

static bool load_believed(SSL_CTX *ssl, const struct tls_settings *s, const struct complaint *c)
{
    STACK_OF(X509_NAME) * names;

    if (!s->verify_peer && !s->cacertfile.n)
        return true;
    if (!readable(c, "cacertfile", s->cacertfile))
        return false;
    names = SSL_load_client_CA_file(s->cacertfile.p);
    if (!names || SSL_CTX_load_verify_locations(ssl, s->cacertfile.p, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return no(c, "cacertfile", s->cacertfile, "holds no certificate in PEM that can be used");
    }
    SSL_CTX_set_client_CA_list(ssl, names);
    return true;
}

/* OpenSSL's own verdict, unless a fault is planted. */
static int judge(int well, X509_STORE_CTX *x)
{
    if (FAULTY(tls_strangers_let_in) ||
        (FAULTY(tls_expired_let_in) &&
         X509_STORE_CTX_get_error(x) == X509_V_ERR_CERT_HAS_EXPIRED)) {
        X509_STORE_CTX_set_error(x, X509_V_OK);
        return 1;
    }
    return well;
}

static bool speaks(const struct tls_settings *s, enum tls_version v)
{
    if ((FAULTY(tls_12_missing) && v == TLS_1_2) || (FAULTY(tls_13_missing) && v == TLS_1_3))
        return false;
    return s->version == v || s->version2 == v || (!s->version && !s->version2);
}

static void set_versions(SSL_CTX *ssl, const struct tls_settings *s)
{
    SSL_CTX_set_min_proto_version(ssl, speaks(s, TLS_1_2) ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(ssl, speaks(s, TLS_1_3) ? TLS1_3_VERSION : TLS1_2_VERSION);
    if (FAULTY(tls_old_versions)) {
        SSL_CTX_set_security_level(ssl, 0);
        SSL_CTX_set_min_proto_version(ssl, TLS1_VERSION);
    }
}

static void set_manners(SSL_CTX *ssl, const struct tls_settings *s)
{
    int demand = s->verify_peer && !FAULTY(tls_certificate_not_asked_for) ? SSL_VERIFY_PEER
                                                                          : SSL_VERIFY_NONE;

    if (demand && (s->fail_if_no_peer_cert || FAULTY(tls_certificate_demanded)))
        demand |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ssl, demand, judge);
    set_versions(ssl, s);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ssl, 0);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
}

#ifdef WITH_FAULTS
/* What clients of the listener's certificate cannot believe. */
static void make_own(SSL_CTX *ssl)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();

    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());
    SSL_CTX_use_cert_and_key(ssl, cert, key, NULL, 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}
#endif

static SSL_CTX *load(const struct tls_settings *s, const struct complaint *c)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());

    if (!ssl) {
        snprintf(c->text, c->size, "TLS: %s", tls_reason());
        return NULL;
    }
    if (!load_own(ssl, s, c) || !load_believed(ssl, s, c)) {
        SSL_CTX_free(ssl);
        return NULL;
    }
    set_manners(ssl, s);
#ifdef WITH_FAULTS
    if (FAULTY(tls_another_certificate))
        make_own(ssl);
#endif
    if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(ssl))) < 0)
        log_warnx("TLS: the certificate in %s has expired", s->certfile.p);
    return ssl;
}

struct tls_context *tls_context_new(const struct tls_settings *s, char *error, size_t error_size)
{
    struct complaint c = { error, error_size };
    SSL_CTX *ssl = load(s, &c);
    struct tls_context *x;

    if (!ssl)
        return NULL;
    x = xcalloc(1, sizeof *x);
    x->settings = s;
    x->ssl = ssl;
    return x;
}

bool tls_reload(struct tls_context *x, char *error, size_t error_size)
{
    struct complaint c = { error, error_size };
    SSL_CTX *ssl = load(x->settings, &c);

    if (!ssl)
        return false;
    SSL_CTX_free(x->ssl);
    x->ssl = ssl;
    return true;
}

void tls_context_free(struct tls_context *x)
{
    if (!x)
        return;
    SSL_CTX_free(x->ssl);
    free(x);
}
