#include "suites/steps.h"

#include <assert.h>
#include <string.h>

static const void *said(const struct trace *trace, char who, enum method_id id)
{
    const struct trace_event *e = trace_find(trace, NULL, who, id);

    assert(e && e->frame.args);
    return e->frame.args;
}

struct witness witness(struct t *t)
{
    struct witness w = { .c = OPEN() };
    const struct trace *trace = TRACE(w.c);
    const struct m_connection_start_ok *login = said(trace, 'C', M_connection_start_ok);
    const struct m_connection_open *open = said(trace, 'C', M_connection_open);
    const struct m_connection_tune *tune = said(trace, 'S', M_connection_tune);

    w.mechanism = arena_copy(t_arena(t), login->mechanism);
    w.response = arena_copy(t_arena(t), login->response);
    w.vhost = arena_copy(t_arena(t), open->virtual_host);
    w.offer = *tune;
    return w;
}

void undisturbed(struct t *t, const struct witness *w)
{
    STEP("the broker serves others");
    QUIET(w->c, 1);
    CLOSE(OPEN());
}

void never_declared(struct t *t, const struct witness *w, struct str queue)
{
    STEP("no trace was left");
    SEND(w->c, 1, queue_declare, .queue = queue, .passive = true);
    REFUSED(w->c, 1, NOT_FOUND, queue_declare);
}

struct peer *up_to_start(struct t *t)
{
    struct peer *c = CONNECT();

    RAW(c, PROTOCOL_HEADER);
    RECV(c, 0, connection_start);
    return c;
}

struct peer *up_to_tune(struct t *t, const struct witness *w)
{
    struct peer *c = up_to_start(t);

    CALL(c, 0, connection_start_ok, .mechanism = w->mechanism, .response = w->response,
         .locale = S("en_US"));
    return c;
}

struct peer *up_to_open(struct t *t, const struct witness *w, struct m_connection_tune_ok limits)
{
    struct peer *c = up_to_tune(t, w);

    t_send(HERE, c, 0, M_connection_tune_ok, &limits);
    return c;
}

void on_to_channel(struct t *t, struct peer *c, const struct witness *w)
{
    CALL(c, 0, connection_open, .virtual_host = w->vhost);
    CALL(c, 1, channel_open);
}

struct m_connection_tune_ok as_offered(const struct witness *w)
{
    return (struct m_connection_tune_ok){ .channel_max = w->offer.channel_max,
                                          .frame_max = w->offer.frame_max };
}

static void answer_close(struct t *t, int line, struct peer *c)
{
    t_send(t, line, c, 0, M_connection_close_ok, &(struct m_connection_close_ok){ .end_ = 0 });
}

void t_ends_silently(struct t *t, int line, struct peer *c, bool undecoded)
{
    struct next n = t_next(t, line, c, 0, false);

    if (n.kind == GOT_FRAME) {
        if (!n.frame.method || n.frame.method->id != M_connection_close || !n.frame.args)
            t_fail(t, line, n.frame.method ? n.frame.method->name : "a frame that is no method",
                   "the stream ends");
        if (undecoded)
            t_weak(t, line, "errata 13: Connection.Close after octets that are no frame");
        else
            t_weak(t, line, "errata 14: Connection.Close instead of silence before Open-Ok");
        answer_close(t, line, c);
    }
    t_hangup(t, line, c);
}

static bool among(uint64_t code, const uint64_t *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* The condition is what a failure is known by: it names what came instead. */
static void refused_otherwise(struct t *t, int line, enum method_id id, struct str got)
{
    t_fail(t, line, TEXT("%.*s for %s", STR_ARGS(got), wire_method(id)->name).p,
           "%s, or a fair refusal", wire_method(id)->name);
}

const void *t_served(struct t *t, int line, struct peer *c, enum method_id id,
                     const uint64_t *codes, size_t n)
{
    struct next next = t_next(t, line, c, 0, false);
    const struct method_info *m = next.kind == GOT_FRAME ? next.frame.method : NULL;
    const struct m_connection_close *close = next.frame.args;

    if (next.kind != GOT_FRAME) {
        if (!among(END_OF_STREAM, codes, n))
            refused_otherwise(t, line, id, S("the end of the stream"));
        t_hangup(t, line, c);
        return NULL;
    }
    if (m && next.frame.args && m->id == id)
        return next.frame.args;
    if (!m || !next.frame.args || m->id != M_connection_close)
        refused_otherwise(t, line, id, m ? str_of(m->name) : S("a frame that is no method"));
    if (!among(close->reply_code, codes, n))
        refused_otherwise(t, line, id, TEXT("connection.close %u", close->reply_code));
    answer_close(t, line, c);
    t_hangup(t, line, c);
    return NULL;
}

bool handshake_refused(const char *why)
{
    static const char *const fair[] = { " alert ", "FIN within", "RST within", "TLS has ended" };

    for (size_t i = 0; i < sizeof fair / sizeof fair[0]; i++)
        if (strstr(why, fair[i]))
            return true;
    return false;
}

struct str frame_octets(struct t *t, uint16_t channel, enum method_id id, const void *args)
{
    struct buf b;
    struct str octets;

    buf_init(&b, 1 << 20);
    frame_put_method(&b, channel, id, args);
    octets = arena_copy(t_arena(t), buf_str(&b));
    buf_clear(&b);
    return octets;
}

struct str payload_of(struct str frame)
{
    assert(frame.n >= FRAME_OVERHEAD);
    return (struct str){ frame.p + FRAME_OVERHEAD - 1, frame.n - FRAME_OVERHEAD };
}

struct str glued(struct t *t, struct str a, struct str b)
{
    char *p = arena_alloc(t_arena(t), a.n + b.n + 1);

    if (a.n)
        memcpy(p, a.p, a.n);
    if (b.n)
        memcpy(p + a.n, b.p, b.n);
    return (struct str){ p, a.n + b.n };
}

struct str first_octets(struct str s, size_t n)
{
    assert(n <= s.n);
    return (struct str){ s.p, n };
}

struct str repeated(struct t *t, char octet, size_t n)
{
    char *p = arena_alloc(t_arena(t), n + 1);

    memset(p, octet, n);
    return (struct str){ p, n };
}

unsigned deliveries_now(struct t *t, struct peer *c, struct str queue)
{
    unsigned n = 0;

    SEND(c, 1, queue_declare, .queue = queue, .passive = true);
    for (;;) {
        struct next next = NEXT(c);

        CHECK(next.kind == GOT_FRAME, "the connection ended");
        if (next.frame.method && next.frame.method->id == M_queue_declare_ok)
            return n;
        n += next.frame.method && next.frame.method->id == M_basic_deliver;
    }
}

/* The tag a confirm names is always a new one; with `multiple` those below it may be old. */
void await_confirms(struct t *t, struct peer *c, uint64_t first, uint64_t last)
{
    uint64_t left = last - first + 1;
    bool *settled = arena_alloc(t_arena(t), left * sizeof *settled);

    memset(settled, 0, left * sizeof *settled);
    while (left > 0) {
        const struct m_basic_ack *ack = RECV(c, 1, basic_ack, .delivery_tag = BETWEEN(first, last));
        uint64_t from = ack->multiple ? first : ack->delivery_tag;

        CHECK(!settled[ack->delivery_tag - first], "number %d confirmed twice",
              (int)ack->delivery_tag);
        for (uint64_t n = from; n <= ack->delivery_tag; n++) {
            left -= !settled[n - first];
            settled[n - first] = true;
        }
    }
}

void publish_numbers(struct t *t, struct peer *c, struct str q, int first, int last)
{
    for (int i = first; i <= last; i++)
        PUBLISH(c, 1, TEXT("%d", i), .routing_key = q);
}

void numbers_delivered(struct t *t, struct peer *c, uint16_t channel, int first, int last)
{
    for (int i = first; i <= last; i++)
        DELIVERED(c, channel, TEXT("%d", i), .delivery_tag = EQ(i));
}

static const char *or_else(struct t *t, struct either fair)
{
    struct str text = S("");

    if (fair.ok != M_none)
        text = TEXT("%s", wire_method(fair.ok)->name);
    if (fair.channel_code)
        text =
            TEXT("%.*s%schannel.close %u", STR_ARGS(text), text.n ? " or " : "", fair.channel_code);
    if (fair.connection_code)
        text = TEXT("%.*s%sconnection.close %u", STR_ARGS(text), text.n ? " or " : "",
                    fair.connection_code);
    return text.p;
}

enum answer either(struct t *t, struct peer *c, struct either fair)
{
    struct next n = NEXT(c);

    CHECK(n.kind == GOT_FRAME && n.frame.method && n.frame.args, "wanted %s", or_else(t, fair));
    if (n.frame.method->id == fair.ok)
        return ACCEPTED;
    if (n.frame.method->id == M_channel_close) {
        uint16_t code = ((const struct m_channel_close *)n.frame.args)->reply_code;

        CHECK(code == fair.channel_code, "wanted %s, got code %u", or_else(t, fair), code);
        SEND(c, 1, channel_close_ok);
        CALL(c, 1, channel_open);
        return CHANNEL_REFUSED;
    }
    CHECK(n.frame.method->id == M_connection_close, "wanted %s", or_else(t, fair));
    CHECK(((const struct m_connection_close *)n.frame.args)->reply_code == fair.connection_code,
          "wanted %s", or_else(t, fair));
    SEND(c, 0, connection_close_ok);
    HANGUP(c);
    return CONNECTION_REFUSED;
}

bool announced(struct t *t, struct peer *c, struct str capability)
{
    const struct trace_event *e = trace_find(TRACE(c), NULL, 'S', M_connection_start);
    const struct m_connection_start *start = e->frame.args;
    const struct value *all = table_find(start->server_properties, S("capabilities"));
    const struct value *one = all && all->tag == 'F' ? table_find(all->table, capability) : NULL;

    return one && one->tag == 't' && one->u;
}
