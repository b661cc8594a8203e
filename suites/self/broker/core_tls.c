/* TLS from arrays: a client of OpenSSL's own and the broker's side, and what passes between them
   cut anyhow. Certificates are made here, in a folder that is gone at the end. */
#include "suites/self/broker/core_peer.h"

#include "broker-under-test/reference/src/mem.h"
#include "broker-under-test/reference/src/tls.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/selftest-tls.XXXXXX";
static EVP_PKEY *ca_key;
static X509 *ca;

/* ---- certificates ---- */

static const char *path(const char *name)
{
    static char text[4][96];
    static unsigned i;

    i = (i + 1) % 4;
    snprintf(text[i], sizeof text[i], "%s/%s", dir, name);
    return text[i];
}

/* "CN=a" and "O=b", in the order of the certificate; who: NULL signs itself. */
static X509 *mint(EVP_PKEY *key, const char *const *parts, X509 *issuer, EVP_PKEY *with)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);

    X509_set_version(x, issuer ? X509_VERSION_3 : X509_VERSION_1); /* may sign without extensions */
    ASN1_INTEGER_set(X509_get_serialNumber(x), rand());
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    for (; *parts; parts++) {
        char type[4] = { 0 };

        memcpy(type, *parts, strcspn(*parts, "="));
        X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
                                   (const unsigned char *)*parts + strlen(type) + 1, -1, -1, 0);
    }
    X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : name);
    X509_set_pubkey(x, key);
    X509_sign(x, with ? with : key, EVP_sha256());
    return x;
}

static void keep(const char *name, X509 *x, EVP_PKEY *key)
{
    char file[32];
    FILE *f;

    snprintf(file, sizeof file, "%s.pem", name);
    f = fopen(path(file), "w");
    PEM_write_X509(f, x);
    fclose(f);
    snprintf(file, sizeof file, "%s.key", name);
    f = fopen(path(file), "w");
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void issue(const char *name, const char *const *parts)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    keep(name, mint(key, parts, ca, ca_key), key);
}

static void authority(void)
{
    if (ca)
        return;
    if (!mkdtemp(dir))
        abort();
    ca_key = EVP_EC_gen("P-256");
    ca = mint(ca_key, (const char *[]){ "CN=authority", NULL }, NULL, NULL);
    X509_up_ref(ca);
    EVP_PKEY_up_ref(ca_key);
    keep("ca", ca, ca_key);
    issue("server", (const char *[]){ "CN=localhost", NULL });
    issue("client", (const char *[]){ "O=Owl & Co", "CN=m\xc3\xbcller", NULL });
    issue("twins", (const char *[]){ "CN=one", "CN=other", NULL });
    keep("stranger", mint(ca_key, (const char *[]){ "CN=guest", NULL }, NULL, NULL), ca_key);
    EVP_PKEY_up_ref(ca_key);
}

static void forget(void)
{
    static const char *const names[] = { "ca", "server", "client", "twins", "stranger", "odd" };
    char file[32];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(file, sizeof file, "%s.pem", names[i]);
        unlink(path(file));
        snprintf(file, sizeof file, "%s.key", names[i]);
        unlink(path(file));
    }
    rmdir(dir);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    ca = NULL;
}

static struct tls_settings settings(void)
{
    struct tls_settings s = { .verify_peer = true };

    authority();
    s.certfile = str_dup(str_of(path("server.pem")));
    s.keyfile = str_dup(str_of(path("server.key")));
    s.cacertfile = str_dup(str_of(path("ca.pem")));
    return s;
}

static void settings_free(struct tls_settings *s)
{
    str_free(&s->certfile);
    str_free(&s->keyfile);
    str_free(&s->cacertfile);
}

static struct tls_context *context(const struct tls_settings *s)
{
    char error[256] = "";
    struct tls_context *x = tls_context_new(s, error, sizeof error);

    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    return x;
}

/* ---- a client ---- */

struct client {
    SSL *ssl;
    BIO *in, *out;
};

static struct client client(const char *certificate)
{
    SSL_CTX *x = SSL_CTX_new(TLS_client_method());
    struct client c = { .ssl = SSL_new(x),
                        .in = BIO_new(BIO_s_mem()),
                        .out = BIO_new(BIO_s_mem()) };
    char file[32];

    SSL_set_bio(c.ssl, c.in, c.out);
    SSL_set_connect_state(c.ssl);
    if (certificate) {
        snprintf(file, sizeof file, "%s.pem", certificate);
        CU_ASSERT(SSL_use_certificate_file(c.ssl, path(file), SSL_FILETYPE_PEM) == 1);
        snprintf(file, sizeof file, "%s.key", certificate);
        CU_ASSERT(SSL_use_PrivateKey_file(c.ssl, path(file), SSL_FILETYPE_PEM) == 1);
    }
    SSL_CTX_free(x);
    return c;
}

/* What each has for the other, in pieces; plaintext for the broker's side goes to `heard`. */
static void pass(struct client *c, struct tls *t, size_t piece, char *heard, size_t *n, size_t room)
{
    char octets[512];
    struct str out;
    int got;

    while ((got = BIO_read(c->out, octets, (int)piece)) > 0) {
        size_t more;

        tls_feed(t, octets, (size_t)got);
        while ((more = tls_read(t, heard + *n, room - *n)) > 0)
            *n += more;
    }
    while ((out = tls_out(t)).n) {
        size_t step = out.n < piece ? out.n : piece;

        BIO_write(c->in, out.p, (int)step);
        tls_out_done(t, step);
    }
}

static void shake(struct client *c, struct tls *t, size_t piece)
{
    char heard[16];
    size_t n = 0;

    for (int round = 0; round < 6; round++) {
        SSL_do_handshake(c->ssl);
        pass(c, t, piece, heard, &n, sizeof heard);
    }
    CU_ASSERT_EQUAL(n, 0);
}

static void done(struct client *c, struct tls *t)
{
    SSL_free(c->ssl);
    tls_free(t);
}

/* ---- tests ---- */

/* Both ways, more than a record, in pieces of every size; then good-bye from both. */
TEST(tls_cut_anyhow)
{
    enum { SIZE = 40000 };
    static char said[SIZE], heard[SIZE + 1];
    struct tls_settings s = settings();
    struct tls_context *x = context(&s);

    for (size_t i = 0; i < SIZE; i++)
        said[i] = (char)(i * 7);
    for (size_t piece = 1; piece <= 512; piece = piece * 3 + 1) {
        struct tls *t = tls_new(x);
        struct client c = client(NULL);
        size_t n = 0, at = 0;
        int got;

        shake(&c, t, piece);
        CU_ASSERT(tls_established(t) && !tls_failure(t) && !tls_peer_name(t).p);
        CU_ASSERT_EQUAL(SSL_write(c.ssl, said, SIZE), SIZE);
        pass(&c, t, piece, heard, &n, sizeof heard);
        CU_ASSERT(n == SIZE && memcmp(said, heard, SIZE) == 0);
        tls_write(t, said, SIZE);
        tls_end(t);
        pass(&c, t, piece, heard, &n, sizeof heard);
        while (at < SIZE && (got = SSL_read(c.ssl, heard + at, (int)(SIZE - at))) > 0)
            at += (size_t)got;
        CU_ASSERT(at == SIZE && memcmp(said, heard, SIZE) == 0);
        CU_ASSERT(SSL_read(c.ssl, heard, 1) == 0 &&
                  SSL_get_shutdown(c.ssl) & SSL_RECEIVED_SHUTDOWN);
        SSL_shutdown(c.ssl);
        n = 0;
        pass(&c, t, piece, heard, &n, sizeof heard);
        CU_ASSERT(n == 0 && tls_ended(t) && !tls_failure(t));
        done(&c, t);
    }
    tls_context_free(x);
    settings_free(&s);
}

static struct str name_in(const char *certificate, bool by_common_name)
{
    struct tls_settings s = settings();
    struct tls_context *x;
    struct client c = client(certificate);
    struct tls *t;
    struct str name;

    s.by_common_name = by_common_name;
    x = context(&s);
    t = tls_new(x);
    shake(&c, t, 512);
    CU_ASSERT(tls_established(t));
    name = tls_peer_name(t).p ? str_dup(tls_peer_name(t)) : (struct str){ NULL, 0 };
    done(&c, t);
    tls_context_free(x);
    settings_free(&s);
    return name;
}

TEST(tls_names)
{
    struct str dn = name_in("client", false), cn = name_in("client", true);

    CU_ASSERT(str_eq(dn, STR("CN=m\xc3\xbcller,O=Owl & Co")));
    CU_ASSERT(str_eq(cn, STR("m\xc3\xbcller")));
    CU_ASSERT_PTR_NULL(name_in("twins", true).p);
    str_free(&dn);
    str_free(&cn);
}

TEST(tls_strangers)
{
    struct tls_settings s = settings();
    struct tls_context *x = context(&s);
    struct tls *t = tls_new(x);
    struct client c = client("stranger");

    shake(&c, t, 512);
    CU_ASSERT(tls_failure(t) && !tls_peer_name(t).p);
    done(&c, t);

    s.fail_if_no_peer_cert = true;
    tls_context_free(x);
    x = context(&s);
    t = tls_new(x);
    c = client(NULL);
    shake(&c, t, 512);
    CU_ASSERT_PTR_NOT_NULL(tls_failure(t));
    done(&c, t);
    tls_context_free(x);
    settings_free(&s);
}

/* No TLS at all, and more of it than anybody should keep. */
TEST(tls_garbage)
{
    struct tls_settings s = settings();
    struct tls_context *x = context(&s);
    struct tls *t = tls_new(x);
    char heard[64];

    tls_feed(t, "AMQP\0\0\11\1", 8);
    CU_ASSERT_EQUAL(tls_read(t, heard, sizeof heard), 0);
    CU_ASSERT(tls_failure(t) && !tls_established(t));
    for (int i = 0; i < 1000; i++)
        tls_feed(t, heard, sizeof heard);
    CU_ASSERT_EQUAL(tls_read(t, heard, sizeof heard), 0);
    tls_end(t);
    tls_free(t);
    tls_context_free(x);
    settings_free(&s);
}

static void complains(struct tls_settings *s, struct str *file, const char *name, const char *of)
{
    struct str right = *file;
    char error[256] = "";

    *file = name ? str_dup(str_of(path(name))) : (struct str){ NULL, 0 };
    CU_ASSERT_PTR_NULL(tls_context_new(s, error, sizeof error));
    CU_ASSERT(strstr(error, of) != NULL && !strchr(error, '\n'));
    str_free(file);
    *file = right;
}

TEST(tls_bad_files)
{
    struct tls_settings s = settings();

    complains(&s, &s.certfile, "missing.pem", "ssl_options.certfile = ");
    complains(&s, &s.certfile, "missing.pem", "No such file");
    complains(&s, &s.certfile, NULL, "needs ssl_options.certfile");
    complains(&s, &s.certfile, "client.key", "holds no certificate");
    complains(&s, &s.keyfile, "client.key", "is not the key of the certificate");
    complains(&s, &s.keyfile, "server.pem", "holds no private key");
    complains(&s, &s.keyfile, NULL, "needs ssl_options.keyfile");
    complains(&s, &s.cacertfile, "ca.key", "ssl_options.cacertfile = ");
    complains(&s, &s.cacertfile, NULL, "needs ssl_options.cacertfile");
    settings_free(&s);
}

/* The certificate of a new connection is the new one; a file that is no good changes nothing. */
TEST(tls_reloads)
{
    struct tls_settings s = settings();
    struct tls_context *x;
    char error[256] = "", subject[64];

    str_free(&s.certfile);
    str_free(&s.keyfile);
    issue("odd", (const char *[]){ "CN=before", NULL });
    s.certfile = str_dup(str_of(path("odd.pem")));
    s.keyfile = str_dup(str_of(path("odd.key")));
    x = context(&s);
    issue("odd", (const char *[]){ "CN=after", NULL });
    for (int broken = 0; broken < 2; broken++) {
        struct tls *t;
        struct client c = client(NULL);

        if (broken)
            unlink(path("odd.key"));
        CU_ASSERT_EQUAL(tls_reload(x, error, sizeof error), !broken);
        t = tls_new(x);
        shake(&c, t, 512);
        X509_NAME_oneline(X509_get_subject_name(SSL_get0_peer_certificate(c.ssl)), subject,
                          sizeof subject);
        CU_ASSERT_STRING_EQUAL(subject, "/CN=after");
        done(&c, t);
    }
    tls_context_free(x);
    settings_free(&s);
}

/* ---- EXTERNAL ---- */

static struct str mechanisms(struct peer *p, struct frame *f)
{
    peer_header(p);
    CU_ASSERT_FATAL(peer_gets(p, M_connection_start, f));
    return READ(*f, connection_start).mechanisms;
}

static void external(struct peer *p, struct str response)
{
    SAY(p, 0, connection_start_ok, .mechanism = STR("EXTERNAL"), .response = response,
        .locale = STR("en_US"));
}

TEST(external_by_name)
{
    static const struct str responses[] = { { "", 0 }, { "guest", 5 }, { "other", 5 } };
    struct world w;
    struct frame f;

    world_open(&w);
    for (size_t i = 0; i < 3; i++) {
        struct peer p;

        peer_raw(&p, &w);
        conn_identify(p.c, STR("guest"));
        CU_ASSERT(str_eq(mechanisms(&p, &f), STR("PLAIN AMQPLAIN EXTERNAL RABBIT-CR-DEMO")));
        external(&p, responses[i]);
        CU_ASSERT(i < 2 ? peer_gets(&p, M_connection_tune, &f) : peer_silent(&p));
        peer_leave(&p);
    }
    world_close(&w);
}

TEST(external_by_nobody)
{
    struct world w;
    struct peer p;
    struct frame f;

    world_open(&w);
    peer_raw(&p, &w);
    conn_identify(p.c, STR("nobody"));
    mechanisms(&p, &f);
    external(&p, STR(""));
    CU_ASSERT(peer_silent(&p));
    peer_leave(&p);
    peer_raw(&p, &w);
    conn_identify(p.c, (struct str){ NULL, 0 });
    CU_ASSERT(str_eq(mechanisms(&p, &f), STR("PLAIN AMQPLAIN RABBIT-CR-DEMO")));
    external(&p, STR(""));
    CU_ASSERT(peer_silent(&p));
    peer_leave(&p);
    world_close(&w);
}

/* Last of them: the folder goes. */
TEST(tls_forgotten)
{
    authority();
    forget();
    CU_ASSERT(access(dir, F_OK) < 0);
}

SUITE(core_tls, TEST_CASE(tls_cut_anyhow), TEST_CASE(tls_names), TEST_CASE(tls_strangers),
      TEST_CASE(tls_garbage), TEST_CASE(tls_bad_files), TEST_CASE(tls_reloads),
      TEST_CASE(external_by_name), TEST_CASE(external_by_nobody), TEST_CASE(tls_forgotten));
