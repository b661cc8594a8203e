#include "tls_inside.h"

#include "faulty.h"
#include "mem.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct tls {
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
    bool by_common_name;
    bool established, ended;
    const char *failure;
    struct str name;
};

struct tls *tls_new(const struct tls_context *x)
{
    struct tls *t = xcalloc(1, sizeof *t);

    t->ssl = SSL_new(x->ssl);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (!t->ssl || !t->in || !t->out)
        abort(); /* out of memory, as in mem.c */
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_accept_state(t->ssl);
    t->by_common_name = x->settings->by_common_name;
    return t;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    str_free(&t->name);
    free(t);
}

/* ---- who is there ---- */

static void take_bio(struct str *at, BIO *b)
{
    char *p;
    long n = BIO_get_mem_data(b, &p);

    *at = str_dup((struct str){ p, n > 0 ? (size_t)n : 0 });
    BIO_free(b);
}

/* RFC 2253's spelling, the last part first: CN=client,O=somebody. */
static void take_distinguished(struct str *at, const X509_NAME *subject)
{
    BIO *b = BIO_new(BIO_s_mem());

    if (!b)
        abort();
    X509_NAME_print_ex(b, subject, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    take_bio(at, b);
}

/* The only one there is: of several none could claim to be meant. */
static void take_common(struct str *at, const X509_NAME *subject)
{
    int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text;
    int n;

    if (i < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, i) >= 0)
        return;
    n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
    if (n < 0)
        return;
    *at = str_dup((struct str){ (const char *)text, (size_t)n });
    OPENSSL_free(text);
}

static void recognise(struct tls *t)
{
    X509 *cert = SSL_get1_peer_certificate(t->ssl);

    t->established = true;
    if (!cert)
        return;
    if (SSL_get_verify_result(t->ssl) == X509_V_OK && t->by_common_name)
        take_common(&t->name, X509_get_subject_name(cert));
    else if (SSL_get_verify_result(t->ssl) == X509_V_OK)
        take_distinguished(&t->name, X509_get_subject_name(cert));
    X509_free(cert);
}

/* ---- octets ---- */

/* What comes behind the end is nobody's, and must not pile up. */
void tls_feed(struct tls *t, const char *p, size_t n)
{
    assert(n <= INT_MAX);
    if (t->failure || t->ended)
        return;
    if (BIO_write(t->in, p, (int)n) != (int)n)
        abort();
}

static void stumbled(struct tls *t, int result)
{
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: break;
    case SSL_ERROR_ZERO_RETURN: t->ended = !FAULTY(tls_goodbye_unnoticed); break;
    default:
        t->failure = SSL_get_verify_result(t->ssl) == X509_V_OK
                         ? tls_reason()
                         : X509_verify_cert_error_string(SSL_get_verify_result(t->ssl));
    }
    ERR_clear_error();
}

/* The handshake happens in here too. */
size_t tls_read(struct tls *t, char *p, size_t room)
{
    int n;

    if (t->failure || t->ended)
        return 0;
    ERR_clear_error();
    n = SSL_read(t->ssl, p, room < INT_MAX ? (int)room : INT_MAX);
    if (!t->established && SSL_is_init_finished(t->ssl))
        recognise(t);
    if (n > 0)
        return (size_t)n;
    stumbled(t, n);
    return 0;
}

void tls_write(struct tls *t, const char *p, size_t n)
{
    assert(t->established && n <= INT_MAX);
    if (n == 0 || t->failure)
        return;
    ERR_clear_error();
    if (SSL_write(t->ssl, p, (int)n) != (int)n)
        t->failure = tls_reason(); /* memory takes all: so OpenSSL itself has given up */
}

struct str tls_out(struct tls *t)
{
    char *p = NULL;
    long n = BIO_get_mem_data(t->out, &p);

    return (struct str){ p, n > 0 ? (size_t)n : 0 };
}

void tls_out_done(struct tls *t, size_t n)
{
    char gone[4096];

    while (n > 0) {
        size_t step = n < sizeof gone ? n : sizeof gone;

        if (BIO_read(t->out, gone, (int)step) != (int)step)
            abort();
        n -= step;
    }
}

void tls_end(struct tls *t)
{
    if (!t->established || t->failure)
        return;
    SSL_shutdown(t->ssl);
    ERR_clear_error();
}

/* ---- what is known ---- */

bool tls_established(const struct tls *t)
{
    return t->established;
}

bool tls_ended(const struct tls *t)
{
    return t->ended;
}

const char *tls_failure(const struct tls *t)
{
    return t->failure;
}

struct str tls_peer_name(const struct tls *t)
{
    return t->name;
}

const char *tls_version(const struct tls *t)
{
    return SSL_get_version(t->ssl);
}
