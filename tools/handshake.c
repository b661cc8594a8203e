/* Does an AMQP 0-9-1 broker answer here? Exit 0 after a full handshake, up to
   connection.open-ok and a close in good order; 1 and one line with the reason if not.

     handshake --port N [--host H] [--user U] [--password P] [--vhost V]
               [--within SECONDS] [--pid N] [--describe]
     handshake --url amqp://user:password@host:port/vhost …
     handshake --split URL

   amqps:// speaks TLS: the broker's certificate must come from ca.pem in the folder AMQPROOF_CERTS,
   or, where that is not set, from an authority that this machine believes.

   --within tries again until then, --pid stops trying when that process has ended:
   so an adapter learns at once that its broker is up, or that it never will be. --describe
   prints product and version as the broker gives them, --split the parts of a URL. */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { TRY_S = 5, PAUSE_MS = 20, GREETING_MS = 300 };

struct options {
    const char *host, *user, *password, *vhost;
    int port;
    long within_ms, pid;
    bool describe, tls;
};

/* What a try came to. FINAL will not get better by trying again. */
enum result { UP, NOT_YET, FINAL };

static char reason[512];

__attribute__((format(printf, 2, 3))) static enum result because(enum result r, const char *format,
                                                                 ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(reason, sizeof reason, format, ap);
    va_end(ap);
    return r;
}

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000L + t.tv_nsec / 1000000L;
}

/* Connecting, sending and receiving all give up after TRY_S. Sets reason. */
static int dial(const struct options *o)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    struct timeval limit = { .tv_sec = TRY_S };
    char port[8];
    int fd = -1, e;

    snprintf(port, sizeof port, "%d", o->port);
    if ((e = getaddrinfo(o->host, port, &want, &list)) != 0) {
        because(NOT_YET, "no such host: %s", gai_strerror(e));
        return -1;
    }
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            because(NOT_YET, "nobody answers: %s",
                    strerror(errno == EINPROGRESS ? ETIMEDOUT : errno));
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* What the peer answers to these octets, at most n of it. */
static ssize_t answer_to(const struct options *o, const void *said, size_t length,
                         unsigned char *to, size_t n)
{
    int fd = dial(o);
    ssize_t got = -1;

    if (fd < 0)
        return -1;
    if (send(fd, said, length, MSG_NOSIGNAL) == (ssize_t)length)
        got = recv(fd, to, n, MSG_WAITALL);
    close(fd);
    return got;
}

/* Some TLS servers answer what is no TLS with an alert, others hang up. All of them answer the
   smallest ClientHello there is, if only with the alert that it is too small. */
static bool speaks_tls(const struct options *o)
{
    // clang-format off
    static const unsigned char hello[52] = {
        0x16, 3, 1, 0, 47,          /* record: handshake, TLS 1.0, length */
        1, 0, 0, 43, 3, 3,          /* ClientHello, length, TLS 1.2; 32 random octets: zeros */
        [43] = 0, 0, 2, 0xc0, 0x2f, /* no session; one cipher, ECDHE-RSA-AES128-GCM-SHA256 */
        1, 0, 0, 0,                 /* one compression: none; no extensions */
    };
    // clang-format on
    unsigned char b[2] = { 0 };

    return answer_to(o, hello, sizeof hello, b, sizeof b) == 2 && (b[0] == 0x15 || b[0] == 0x16) &&
           b[1] == 3;
}

/* AMQP servers wait for the client's first word. Who greets is something else, and would be
   missed by writing to it: with our octets unread, its hanging up takes the greeting along. */
static bool greets(const struct options *o)
{
    int fd = dial(o);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char c;
    bool spoke = fd >= 0 && poll(&p, 1, GREETING_MS) == 1 && recv(fd, &c, 1, 0) == 1;

    if (fd >= 0)
        close(fd);
    return spoke;
}

/* The library says only that it failed; the peer's own words say why. */
static enum result look_closer(const struct options *o, const char *said)
{
    unsigned char b[8] = { 0 };
    ssize_t n;

    if (o->tls)
        return because(NOT_YET, "no AMQP by TLS (%s)", said);
    n = answer_to(o, "AMQP\0\0\t\1", 8, b, sizeof b);

    if ((n >= 2 && b[0] == 0x15 && b[1] == 3) || (n <= 0 && speaks_tls(o)))
        return because(FINAL, "the peer speaks TLS where plain AMQP is expected");
    if (n == 8 && memcmp(b, "AMQP", 4) == 0)
        return because(FINAL, "the peer speaks AMQP %d.%d.%d, not 0-9-1", b[5], b[6], b[7]);
    if (n > 0 ? b[0] != 1 : greets(o))
        return because(FINAL, "the peer is no AMQP broker");
    if (n > 0)
        return because(NOT_YET, "the broker broke off the handshake (%s); wrong user or password?",
                       said);
    return because(NOT_YET, "the peer does not answer the AMQP handshake (%s)", said);
}

static enum result judge(const struct options *o, amqp_rpc_reply_t r, const char *user)
{
    const amqp_connection_close_t *m = r.reply.decoded;

    if (r.reply_type == AMQP_RESPONSE_NORMAL)
        return UP;
    if (r.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION ||
        r.reply.id != AMQP_CONNECTION_CLOSE_METHOD)
        return look_closer(o, amqp_error_string2(r.library_error));
    if (m->reply_code == AMQP_ACCESS_REFUSED || m->reply_code == AMQP_NOT_ALLOWED)
        return because(FINAL, "the broker refuses user '%s' on vhost '%s': %d %.*s", user, o->vhost,
                       m->reply_code, (int)m->reply_text.len, (const char *)m->reply_text.bytes);
    return because(NOT_YET, "the broker closed the handshake: %d %.*s", m->reply_code,
                   (int)m->reply_text.len, (const char *)m->reply_text.bytes);
}

static void print_property(amqp_connection_state_t c, const char *key)
{
    const amqp_table_t *t = amqp_get_server_properties(c);

    for (int i = 0; i < t->num_entries; i++) {
        amqp_bytes_t name = t->entries[i].key, value = t->entries[i].value.value.bytes;

        if (t->entries[i].value.kind == AMQP_FIELD_KIND_UTF8 && name.len == strlen(key) &&
            memcmp(name.bytes, key, name.len) == 0)
            printf("%s=%.*s\n", key, (int)value.len, (const char *)value.bytes);
    }
}

static bool plain_socket(amqp_connection_state_t c, const struct options *o)
{
    amqp_socket_t *s = amqp_tcp_socket_new(c);
    int fd = dial(o);

    if (s && fd >= 0)
        amqp_tcp_socket_set_sockfd(s, fd); /* the connection closes it */
    else if (fd >= 0)
        close(fd);
    return s && fd >= 0;
}

/* The library looks for the host among the names of a certificate only; OpenSSL looks among its
   addresses too. */
static bool expect(SSL_CTX *x, const char *host)
{
    X509_VERIFY_PARAM *p = SSL_CTX_get0_param(x);
    struct in6_addr any;

    if (inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1;
    return X509_VERIFY_PARAM_set1_host(p, host, 0) == 1;
}

static bool tls_socket(amqp_connection_state_t c, const struct options *o)
{
    struct timeval limit = { .tv_sec = TRY_S };
    const char *certs = getenv("AMQPROOF_CERTS");
    amqp_socket_t *s = amqp_ssl_socket_new(c);
    SSL_CTX *x = s ? amqp_ssl_socket_get_context(s) : NULL;
    char ca[1024];
    int status;

    snprintf(ca, sizeof ca, "%s/ca.pem", certs ? certs : "");
    if (!x || !expect(x, o->host) ||
        (certs ? SSL_CTX_load_verify_locations(x, ca, NULL)
               : SSL_CTX_set_default_verify_paths(x)) != 1)
        return because(FINAL, "no authorities to believe%s%s", certs ? " in " : "",
                       certs ? ca : ""),
               false;
    amqp_ssl_socket_set_verify_peer(s, 1);
    amqp_ssl_socket_set_verify_hostname(s, 0);
    status = amqp_socket_open_noblock(s, o->host, o->port, &limit);
    if (status != AMQP_STATUS_OK)
        because(NOT_YET, "no connection by TLS: %s", amqp_error_string2(status));
    return status == AMQP_STATUS_OK;
}

static enum result shake(const struct options *o)
{
    struct timeval limit = { .tv_sec = TRY_S };
    amqp_connection_state_t c = amqp_new_connection();
    enum result r = NOT_YET;

    if (!c || !(o->tls ? tls_socket(c, o) : plain_socket(c, o)))
        goto out;
    amqp_set_handshake_timeout(c, &limit);
    r = judge(o,
              amqp_login(c, o->vhost, 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN,
                         o->user, o->password),
              o->user);
    if (r == UP && o->describe) {
        print_property(c, "product");
        print_property(c, "version");
    }
    if (r == UP)
        amqp_connection_close(c, AMQP_REPLY_SUCCESS);
out:
    if (c)
        amqp_destroy_connection(c);
    return r;
}

static int usage(void)
{
    fputs("usage: handshake --port N [--host H] [--user U] [--password P] [--vhost V] [--url URL] "
          "[--within SECONDS] [--pid N] [--describe] | --split URL\n",
          stderr);
    return 2;
}

/* Once: the parts point into the one copy there is. */
static bool from_url(struct options *o, const char *url)
{
    static char copy[1024];
    struct amqp_connection_info info;

    snprintf(copy, sizeof copy, "%s", url);
    if (strlen(url) >= sizeof copy || amqp_parse_url(copy, &info) != AMQP_STATUS_OK) {
        fprintf(stderr, "not an AMQP URL; it reads amqp[s]://user:password@host:port/vhost\n");
        return false;
    }
    o->tls = info.ssl;
    o->host = info.host;
    o->port = info.port;
    o->user = info.user;
    o->password = info.password;
    o->vhost = *info.vhost ? info.vhost : "/"; /* what ".../" is meant to say */
    return true;
}

static int split(const char *url)
{
    struct options o = { .port = 0 };

    if (!from_url(&o, url))
        return 2;
    if (o.tls) { /* for who asks in order to connect by itself, in plain octets */
        fprintf(stderr, "amqps:// (TLS) is not supported here, only by 'run'\n");
        return 2;
    }
    printf("%s\n%d\n%s\n%s\n%s\n", o.host, o.port, o.user, o.password, o.vhost);
    return 0;
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        { "host", 1, NULL, 'h' },     { "port", 1, NULL, 'p' },  { "user", 1, NULL, 'u' },
        { "password", 1, NULL, 'w' }, { "vhost", 1, NULL, 'v' }, { "within", 1, NULL, 't' },
        { "pid", 1, NULL, 'i' },      { "url", 1, NULL, 'l' },   { "describe", 0, NULL, 'd' },
        { NULL, 0, NULL, 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'h': o->host = optarg; break;
        case 'p': o->port = atoi(optarg); break;
        case 'u': o->user = optarg; break;
        case 'w': o->password = optarg; break;
        case 'v': o->vhost = optarg; break;
        case 't': o->within_ms = atol(optarg) * 1000; break;
        case 'i': o->pid = atol(optarg); break;
        case 'd': o->describe = true; break;
        case 'l':
            if (!from_url(o, optarg))
                exit(2);
            break;
        default: return false;
        }
    }
    return optind == argc && o->port > 0 && o->port < 65536 && o->within_ms >= 0;
}

int main(int argc, char **argv)
{
    struct options o = { "127.0.0.1", "guest", "guest", "/", 0, 0, 0, false, false };
    struct timespec pause = { 0, PAUSE_MS * 1000000L };
    enum result r;

    if (argc == 3 && strcmp(argv[1], "--split") == 0)
        return split(argv[2]);
    if (!parse(argc, argv, &o))
        return usage();
    signal(SIGPIPE, SIG_IGN);
    for (long end = now_ms() + o.within_ms; (r = shake(&o)) == NOT_YET;) {
        if (o.pid > 0 && kill((pid_t)o.pid, 0) < 0) {
            r = because(FINAL, "the broker's process has ended");
            break;
        }
        if (now_ms() >= end)
            break;
        nanosleep(&pause, NULL);
    }
    if (r != UP)
        fprintf(stderr, "%s:%d: %s\n", o.host, o.port, reason);
    return r != UP;
}
