#include "link_tls.h"

#include "faulty.h"
#include "log.h"
#include "loop_inside.h"
#include "mem.h"
#include "tls.h"

#include <stdlib.h>

/* A record holds so much. */
enum { RECORD = 16 << 10 };

static uint64_t now_of(const struct link *k)
{
    return uv_now(&k->loop->uv);
}

/* ---- in ---- */

static void introduce(struct link *k)
{
    struct str name = tls_peer_name(k->tls);

    k->introduced = true;
    conn_identify(k->conn, name);
    log_conn(k->conn->number, LOG_LEVEL_DEBUG, "%s%s%.*s", tls_version(k->tls),
             name.p ? ", certificate of " : "", STR_ARGS(name));
}

/* Once in the life of a link. */
static void over(struct link *k)
{
    if (k->conn->state == CONN_DEAD)
        return;
    if (tls_failure(k->tls))
        conn_drop(k->conn, tls_failure(k->tls));
    else if (tls_ended(k->tls))
        conn_drop(k->conn, "TLS ended without Connection.Close");
}

static bool takes_turns(const struct link *k)
{
    const struct conn *before = TAILQ_PREV(k->conn, conn_list, link);
    const struct link *other = before ? before->owner : NULL;

    return other && other->tls && !other->closing && !tls_established(other->tls);
}

static bool takes_off(struct link *k, const char *p, size_t n)
{
    if (tls_established(k->tls) || n < 4 || memcmp(p, "AMQP", 4) != 0)
        return false;
    tls_free(k->tls);
    k->tls = NULL;
    conn_input(k->conn, p, n, now_of(k));
    return true;
}

void link_tls_input(struct link *k, const char *p, size_t n)
{
    char *plain = k->loop->buffer;
    size_t room = sizeof k->loop->buffer;

    if ((FAULTY(tls_handshakes_one_by_one) && takes_turns(k)) ||
        (FAULTY(tls_plain_served) && takes_off(k, p, n)))
        return;
    tls_feed(k->tls, p, n);
    do {
        n = tls_read(k->tls, plain, room);
        if (tls_established(k->tls) && !k->introduced)
            introduce(k);
        if (n && !(FAULTY(tls_lone_octets_lost) && n == 1))
            conn_input(k->conn, plain, n, now_of(k));
    } while (n && !FAULTY(tls_one_record_a_read));
    if (FAULTY(tls_refusals_unsaid) && tls_failure(k->tls))
        return;
    over(k);
    link_tls_flush(k);
}

/* ---- out ---- */

static void on_written(uv_write_t *w, int status)
{
    struct link *k = w->data;

    free(k->lent_cipher);
    k->lent_cipher = NULL;
    k->writing = false;
    if (k->closing)
        return;
    if (status < 0)
        link_close(k);
    else
        conn_talk(k->conn);
}

/* The socket is full. The rest gets a place of its own: reading goes on, and may add an alert to
   what OpenSSL has for the peer. */
static void write_later(struct link *k, struct str rest)
{
    uv_buf_t buf;

    k->lent_cipher = xmalloc(rest.n);
    str_put(k->lent_cipher, rest);
    buf = uv_buf_init(k->lent_cipher, (unsigned)rest.n);
    tls_out_done(k->tls, rest.n);
    k->write.data = k;
    k->writing = true;
    if (uv_write(&k->write, (uv_stream_t *)&k->tcp, &buf, 1, on_written) < 0) {
        on_written(&k->write, 0);
        link_close(k);
    }
}

static void send_cipher(struct link *k, struct str out)
{
    uv_buf_t buf = { .base = NULL };
    int sent;

    memcpy(&buf.base, &out.p, sizeof buf.base); /* libuv's buffers are not const */
    buf.len = out.n;
    sent = uv_try_write((uv_stream_t *)&k->tcp, &buf, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        link_close(k);
        return;
    }
    if (sent > 0)
        tls_out_done(k->tls, (size_t)sent);
    out = tls_out(k->tls);
    if (out.n)
        write_later(k, out);
}

/* Heads and bodies of several frames share a record. false: there is nothing to say. */
static bool encrypt_record(struct link *k)
{
    struct iovec iov[64];
    char record[RECORD];
    size_t n = conn_output(k->conn, iov, sizeof iov / sizeof iov[0]), taken = 0;

    for (size_t i = 0; i < n && taken < RECORD; i++) {
        size_t step = iov[i].iov_len < RECORD - taken ? iov[i].iov_len : RECORD - taken;

        memcpy(record + taken, iov[i].iov_base, step);
        taken += step;
    }
    if (taken == 0)
        return false;
    tls_write(k->tls, record, FAULTY(tls_full_records_cut) && taken == RECORD ? taken - 1 : taken);
    conn_output_done(k->conn, taken, now_of(k));
    return true;
}

/* No more than that is encrypted ahead of a peer who does not read. */
static void encrypt(struct link *k)
{
    if (tls_failure(k->tls))
        over(k);
    if (tls_failure(k->tls) || !tls_established(k->tls))
        return;
    while (tls_out(k->tls).n < LIMIT_TLS_AHEAD && encrypt_record(k))
        ;
    if (tls_out(k->tls).n == 0 && conn_finished(k->conn) && !k->said_goodbye) {
        k->said_goodbye = true;
        if (!FAULTY(tls_goodbye_unsaid))
            tls_end(k->tls);
    }
}

void link_tls_flush(struct link *k)
{
    while (!k->closing && !k->writing) {
        struct str out;

        encrypt(k);
        out = tls_out(k->tls);
        if (out.n == 0)
            break;
        send_cipher(k, out);
    }
}

bool link_tls_writing(const struct link *k)
{
    return k->tls && k->writing;
}

void link_tls_free(struct link *k)
{
    tls_free(k->tls);
}
